/* One connection, from its first byte to its end, on a thread of its own. */
#ifndef DFS_CONNECTION_H
#define DFS_CONNECTION_H

#include "admission.h"
#include "procs.h"
#include <stdint.h>

/* Milliseconds.  Tests replace them; the product uses connection_times_default. */
struct connection_times {
	int64_t stranger; /* without a call, in the clear */
	int64_t idle;     /* without a call, inside TLS */
	int64_t handshake;
	int64_t record; /* from its first byte to its last */
	int64_t answer;
	int64_t linger; /* that memory is kept for the next call */
};
extern const struct connection_times connection_times_default;

/* What all connections share; outlives them. */
struct connection_shared {
	const struct server_parts *server;
	struct certificate *certificate;
	const struct connection_times *times;
};

/* Serves the socket until its end; address is for the log. */
void connection_serve(const struct connection_shared *shared,
		      struct admission_seat *take_seat, int take_fd, const char *address);

#endif
