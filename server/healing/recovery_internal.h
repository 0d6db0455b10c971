/* Inside the recovery: its state, and the taking of registers from peers. */
#ifndef DFS_RECOVERY_INTERNAL_H
#define DFS_RECOVERY_INTERNAL_H

#include "recovery.h"

#include "sets.h"
#include "worker.h"

#include <pthread.h>
#include <stdatomic.h>

/* What a peer says of this server's store. */
enum recovery_verdict {
	RECOVERY_UNTOLD, /* nothing yet */
	RECOVERY_KNOWS_NOTHING,
	RECOVERY_FINE,
	RECOVERY_OLDER, /* it was further */
	RECOVERY_FOREIGN
};

struct recovery {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct recovery_calls calls;
	struct recovery_rules rules;
	void (*news)(void *context, server_set servers);
	void *news_context;

	/* Of the thread alone. */
	uint64_t named[DFS_SERVERS]; /* the highest epoch that each has told of */
	uint32_t opened; /* the epoch in which a peer handed over last; 0: none */
	enum recovery_verdict verdicts[DFS_SERVERS]; /* as each told last */
	unsigned passed_over;   /* the next attempt is without this peer; 0: with all */
	int64_t two_since_ms;   /* since when two vote, and no third; 0: not so */
	uint64_t told_messages; /* of the acceptor, when the peers were told */
	uint64_t told_newest;
	int64_t told_ms;
	bool gone;                   /* the folder of the store, when it looked last */
	unsigned failures;           /* of recoveries, one after the other */
	int64_t next_ms;             /* not before this it is tried again */
	char last_why[RECOVERY_WHY]; /* so that it is logged once */

	struct worker worker;
	atomic_bool stopping;         /* also where steps are taken without a thread */
	pthread_mutex_t lock;         /* of what follows */
	bool runs;                    /* and can be woken */
	char condemned[RECOVERY_WHY]; /* why the store is to be given up; or empty */
	server_set answered;          /* peers, since the start */
	server_set voting;            /* peers, as they told last */
};

/* What a recovery takes from its peers. */
struct recovery_source {
	server_set peers;  /* those that are asked */
	uint32_t epoch;    /* that they adopt */
	dfs_id store;      /* that this server has from now on */
	uint64_t expected; /* registers, about */
};

/*
 * Has the peers adopt the epoch, takes their registers, by the highest ballot of each
 * path, and makes them durable; then their floors and counters, with the highest epoch
 * that they have, in *ret_epoch.  false, with a sentence in why (RECOVERY_WHY bytes).
 */
bool recovery_merge(struct recovery *recovery, const struct recovery_source *source,
		    uint32_t *ret_epoch, char *why);

/*
 * The highest of what the servers told (0: nothing); but one that is alone with more than
 * `ahead` above what another told, or is known here, may lie, and does not count.
 */
uint64_t recovery_believable(const uint64_t told[DFS_SERVERS], uint64_t known,
			     uint64_t ahead);
/* Honest servers are not further ahead of each other: */
enum { RECOVERY_EPOCHS_AHEAD = 15 };
#define RECOVERY_SEGMENTS_AHEAD (UINT64_C(1) << 32)
#define RECOVERY_COUNTERS_AHEAD (UINT64_C(1) << 44)
/*
 * Of the new epoch nothing was promised or forgotten yet: so no more of its counters
 * are taken from one alone than the others follow at once (acceptor_rules.counters).
 */
#define RECOVERY_RESERVED_AHEAD (UINT64_C(1) << 38)

/* What is to be remembered of this server's store. */
dfs_watermark recovery_own(struct recovery *recovery);

/* These have answered too; all that have since the start. */
server_set recovery_note_answered(struct recovery *recovery, server_set peers);

/* Does nobody accuse this store, or do two others know better? */
bool recovery_is_cleared(const struct recovery *recovery);

/* The store is not the one that it should be: it votes no more. */
void recovery_lose(struct recovery *recovery, const char *why);

/*
 * Asks all peers, tells them, and judges this store by what they say: it may be lost
 * afterwards.  Who answered; the answers are freed with recovery_free_answers.
 */
server_set recovery_ask(struct recovery *recovery, dfs_recall_res res[DFS_SERVERS]);
void recovery_free_answers(dfs_recall_res res[DFS_SERVERS]);
/* Asks, tells and judges likewise, and frees the answers. */
void recovery_tell(struct recovery *recovery);

#endif
