/*
 * The other three servers, as this one calls them: a connection and a thread for each,
 * which shows this server's certificate.
 *
 * All functions may be called from any thread.
 */
#ifndef DFS_PEERS_H
#define DFS_PEERS_H

#include "acceptor.h"
#include "cluster.h"
#include "links.h"
#include "sets.h"
#include <openssl/ssl.h>

struct peers;

/*
 * Links to the other three of one's own, apart from those that answer for log-ins.  NULL
 * when out of memory or threads.
 */
struct links *peers_connect(const struct cluster *cluster, unsigned server,
			    SSL_CTX *take_tls);

/* NULL when out of memory or threads.  The acceptor outlives it. */
struct peers *peers_new(const struct cluster *cluster, unsigned server, SSL_CTX *take_tls,
			struct acceptor *acceptor, struct store *store);
/* After the last connection has ended: nobody may be inside a call. */
void peers_free(struct peers *peers);
/* New certificates, for connections from now on. */
void peers_set_tls(struct peers *peers, SSL_CTX *take_tls);
/* Ends what is being waited for: the server is going to stop. */
void peers_cancel(struct peers *peers);

/* What three servers (this one included, if it votes) say of each path. */
struct peers_register {
	unsigned answers; /* servers that told of it */
	unsigned equal;   /* of these, exactly this ballot (or that there is nothing) */
	dfs_register reg; /* the newest; freed with peers_free_registers */
};

/*
 * For acceptor_set_ask, with the peers as its context: asks how far the others' counters
 * are, waiting a second at most, and hands that to the acceptor.
 */
void peers_follow(void *context);

/*
 * Waits until three have answered, a second for those beyond two, and at most until
 * deadline_ms.  ret has an entry for each path (at most DFS_BATCH_MAX); false when out of
 * memory.
 */
bool peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_register *ret);
void peers_free_registers(struct peers_register *registers, size_t count);

/*
 * For proof_set_ask, with the peers as its context: the account of a user, as three tell
 * it.
 */
bool peers_account(void *context, const dfs_user *user, dfs_account *ret);

/*
 * Brings what was begun on these paths to its end (doc/AGREEMENT.md 3.4: three equal
 * answers, or the highest value proposed again and accepted by three) and fills items
 * like LOOKUP: with what is agreed, DFS_BUSY where others were always faster,
 * DFS_UNCHECKED where too few servers are in reach.  items has an entry for each path.
 */
void peers_finish(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		  dfs_looked *items);

/* How the newest value of a path is changed before it is proposed anew. */
struct peers_change {
	/*
	 * The newest value of a path (the number of which is given); false: it is to stay
	 * as it is.
	 */
	bool (*change)(void *context, size_t path, dfs_value *value);
	void *context;
};

/* What a server proposes of its own accord; the arrays have an entry for each path. */
struct peers_proposal {
	const dfs_paths *paths;
	int64_t deadline_ms;
	/*
	 * NULL, or how the values are changed.  A writer's own work goes first: where a
	 * ballot is refused a second time the path is left as it is (DFS_BUSY).
	 */
	const struct peers_change *change;
	/*
	 * NULL, or ballots to exceed, so that what was bound to them comes to nothing:
	 * then a tombstone is proposed where nobody has anything (not where none may
	 * stand).
	 */
	const dfs_ballot *above;
	dfs_looked *items; /* filled as by peers_finish */
	/* Who said yes to the ballot in items; empty where nothing was to be proposed. */
	server_set *accepted_by;
};

/*
 * Proposes the newest value of each path anew, whatever three agree on, and waits for all
 * four: after it all that take part have the same ballot.
 */
void peers_propose(struct peers *peers, const struct peers_proposal *proposal);

/*
 * LEARN here, and on all that are connected, without waiting for those: three have said
 * yes to these (at most DFS_BATCH_MAX), which are copied.
 */
void peers_teach(struct peers *peers, const dfs_learn_item *items, u_int count);

/*
 * What another server tells (LEARN, FORGET): the three others are asked, and only what
 * they say themselves counts.  Learned is what this one sees accepted by three (all
 * others; or itself and two more, and then it is settled); forgotten a tombstone that
 * each of the others has, or has forgotten.
 */
void peers_learn(struct peers *peers, const dfs_learn_args *args, dfs_learn_res *res);
void peers_forget(struct peers *peers, const dfs_forget_args *args, dfs_settled_res *res);

/*
 * Before a server is confirmed what it proposes: DFS_REFUSED becomes the status of each
 * item whose highest value one promise alone tells of, and which the fourth server, that
 * did not promise, does not know either.  One that is out of reach decides nothing.
 */
void peers_check_lone(struct peers *peers, const dfs_confirm_args *args,
		      dfs_status *statuses);

#endif
