/*
 * For attacks: who has the certificate and the key of one server, and speaks to the
 * others as that server does.
 */
#ifndef DFS_BAD_SERVER_H
#define DFS_BAD_SERVER_H

#include "attack.h"

struct bad_server {
	struct cluster cluster;
	unsigned server; /* whose key he has */
	struct call *calls[DFS_SERVERS];
};

/* Connects to the three others; broken where that fails. */
void bad_server_begin(struct bad_server *ret, unsigned server);
void bad_server_end(struct bad_server *bad);

/* The three others. */
server_set bad_server_others(const struct bad_server *bad);

/* One call to each of these; broken when it gets no answer.  The caller frees res. */
void bad_server_say(struct bad_server *bad, unsigned server, uint32_t procedure,
		    const void *args, void *res);

/*
 * What one of them has of the path; *ret_seen: how far it is.  false: nothing.  Freed
 * with value_free.
 */
bool bad_server_look(struct bad_server *bad, unsigned server, const dfs_path *path,
		     dfs_learn_item *ret, dfs_seen *ret_seen);

#endif
