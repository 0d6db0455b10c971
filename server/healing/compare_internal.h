/* Inside the comparing: its state, and what was found different. */
#ifndef DFS_COMPARE_INTERNAL_H
#define DFS_COMPARE_INTERNAL_H

#include "compare.h"

#include "worker.h"

#include <pthread.h>

struct compare {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct compare_calls calls;
	struct compare_rules rules;
	server_set differed; /* peers with which there was something, the last time */

	struct worker worker;
	pthread_mutex_t lock; /* of what follows */
	server_set returned;  /* peers that vote again, not compared with yet */
	server_set alike;     /* peers, but for tombstones, the last time */
	bool runs;            /* and can be woken */
};

/* A path that two servers do not have alike, or that is damaged here. */
struct suspect {
	char *path;
	size_t len;
	dfs_ballot newest; /* of both, when it was found */
};

struct suspects {
	struct suspect *list;
	size_t count, room;
};

bool compare_add_suspect(struct suspects *suspects, const char *path, size_t len,
			 const dfs_ballot *newest);
void compare_drop_suspects(struct suspects *suspects);

/*
 * Looks the suspects up on all servers and mends what is to be mended, in batches, not
 * faster than the rules allow.  false when it was broken off.
 */
bool compare_mend(struct compare *compare, const struct suspects *suspects, bool must,
		  struct compare_outcome *outcome);

/* Does nothing for so long; false when all is to end. */
bool compare_rest(struct compare *compare, int64_t ms);

#endif
