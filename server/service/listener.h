/* The socket that a server listens on, and the thread that accepts from it. */
#ifndef DFS_LISTENER_H
#define DFS_LISTENER_H

#include "admission.h"
#include "connection.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct listener;

enum { LISTENER_ADDRESS = 280 };

/*
 * Binds and listens: to "host:port" or "[v6]:port", port 0 for one that the system
 * chooses.  NULL, with a sentence in why.
 */
struct listener *listener_open(const char *address, char *why, size_t why_size);

/* The actual one, as listener_open takes it. */
const char *listener_address(const struct listener *listener);
const struct sockaddr *listener_socket_address(const struct listener *listener,
					       socklen_t *ret_len);
/* On an address that only this machine reaches? */
bool listener_is_loopback(const struct listener *listener);
/* On a v6 address that v4 peers reach too? */
bool listener_is_dual(const struct listener *listener);

/* Accepts from now on; what is passed outlives the listener and its connections. */
bool listener_start(struct listener *listener, struct admission *admission,
		    const struct connection_shared *shared);

/* Accepts no more and closes the socket; connections go on.  NULL is allowed. */
void listener_close(struct listener *listener);

#endif
