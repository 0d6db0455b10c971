/*
 * One call to several servers at once, and waiting for enough answers.
 *
 * Whoever asks may go on before all have answered; what a late answer still needs belongs
 * to the round, which ends when both the asker and the last call are done with it.
 */
#ifndef DFS_ROUND_H
#define DFS_ROUND_H

#include "links.h"

struct round;

/*
 * A round of calls of a procedure of dfs.x whose result begins with a dfs_status and
 * holds no dfs_bytes.  owner is what the arguments point into; free_owner (or NULL) is
 * called with it when the round ends.  NULL when out of memory, and the owner is freed.
 */
struct round *round_new(struct links *links, uint32_t procedure, void *take_owner,
			void (*free_owner)(void *));

/* Asks a server (1..4), each at most once.  args lives as long as the owner. */
void round_ask(struct round *round, unsigned server, const void *args,
	       int64_t deadline_ms);

/*
 * Waits until all that were asked have ended; or, once `needed` of them answered DFS_OK,
 * until patience_ms after the first question.  A server that then still has not ended is
 * left behind as too slow, if patience_ms is not 0.
 */
void round_wait(struct round *round, unsigned needed, int64_t patience_ms);

/*
 * Waits until so many answered DFS_OK, until all that were asked have ended, or until
 * until_ms, and leaves nobody behind.  How many answered DFS_OK.
 */
unsigned round_await(struct round *round, unsigned needed, int64_t until_ms);

/* The answer of a server, NULL when there is none (yet); valid until round_free. */
const void *round_answer(struct round *round, unsigned server);

/*
 * Takes a server's answer out of the round: the caller frees what it points to
 * (xdr_free), and then itself (free).
 */
void *round_take(struct round *round, unsigned server);

/*
 * Was it asked, and has it failed or not answered?  Then why (LINKS_WHY bytes) says so.
 */
bool round_failed(struct round *round, unsigned server, char *why);

/* Servers that were asked and have neither answered nor failed. */
server_set round_pending(struct round *round);

void round_free(struct round *round);

#endif
