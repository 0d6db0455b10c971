/*
 * The scrub: a thread that reads everything stored again and verifies it, round after
 * round.
 *
 * It takes at most a share of the time, and spreads a round over a time (tuning.h).
 * Where it is is kept in a file, so that a start does not begin anew.  What it finds
 * damaged the store logs by name; then whoever repairs is woken.  A segment's list that
 * is damaged would make the next start a recovery, at a time when peers may be missing:
 * so the recovery is asked for at once.
 */
#ifndef DFS_SCRUBBER_H
#define DFS_SCRUBBER_H

#include "acceptor.h"
#include <stdbool.h>

struct scrubber;

struct scrubber_calls {
	void *context;
	/* Something was found damaged. */
	void (*damaged)(void *context);
	/* A segment's list is: the store will not be whole when it is opened next. */
	void (*condemn)(void *context, const char *why);
	/* In place of its thread's own rest, or NULL; false when all is to end. */
	bool (*pause)(void *context, int64_t ms);
};

struct scrubber_options {
	struct store *store;
	struct acceptor *acceptor; /* it reads only while this votes */
	const char *folder;        /* the data/ of this server, where its file is */
	int64_t share;             /* percent */
	int64_t round_ms;
	struct scrubber_calls calls;
};

/*
 * NULL when out of memory.  Store and acceptor outlive it; the folder's name is copied.
 */
struct scrubber *scrubber_new(const struct scrubber_options *options);
/* false: no thread to be had. */
bool scrubber_start(struct scrubber *scrubber);
/* Ends its thread; with a pause of others, it waits until that says so. */
void scrubber_stop(struct scrubber *scrubber);
/* Ends it likewise, and frees it.  NULL is allowed. */
void scrubber_free(struct scrubber *scrubber);

/* Of STATUS, from any thread. */
void scrubber_status(struct scrubber *scrubber, dfs_scrubbing *ret);

#endif
