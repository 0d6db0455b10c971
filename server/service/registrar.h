/*
 * Keeps a server registered with the rpcbind of its machine, on a thread of its own, so
 * that neither start nor end of the server waits for rpcbind.
 *
 * A registration whose server lives is never taken over; a stale one is.  Without rpcbind
 * everything else works, and it is tried again.
 */
#ifndef DFS_REGISTRAR_H
#define DFS_REGISTRAR_H

#include "listener.h"
#include <stdint.h>

struct registrar;

/* Registers the program at the listener's address.  NULL when no thread could be had. */
struct registrar *registrar_start(const struct listener *listener, uint32_t program,
				  uint32_t version);

/* Unregisters what it registered and ends, within seconds.  NULL is allowed. */
void registrar_stop(struct registrar *registrar);

#endif
