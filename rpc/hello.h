/* HELLO: what calls, and whether it is the right server that answers. */
#ifndef DFS_HELLO_H
#define DFS_HELLO_H

#include "links.h"

/* What is said; borrowed for the call. */
struct links_hello {
	const struct cluster *cluster;
	const char *caller; /* a text for the server's log, cut off at DFS_TEXT_MAX */
};

/*
 * Says HELLO to a server (1..4), waiting LINKS_NEED_MS at most.  false, with a sentence
 * in why (LINKS_WHY bytes), when it does not answer or is not the server, or not of the
 * cluster, that the configuration speaks of.  One that has just started, or is
 * recovering, is good, does not vote, and why says so.
 */
bool links_hello(const struct links_hello *hello, unsigned server, struct call *call,
		 struct links_introduction *ret, char *why);

/*
 * Asks a server that was introduced how it is now; false, with why, when it does not
 * answer.
 */
bool links_state(unsigned server, struct call *call, dfs_state *ret, char *why);

#endif
