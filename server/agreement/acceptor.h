/*
 * The acceptor: the server's side of the agreement on registers (doc/AGREEMENT.md 2).
 *
 * It judges ballots, keeps promises (in memory, with a durable reservation of counters)
 * and lets one message at a time work on a path, from the check to the end of its commit.
 *
 * A new one does not vote: whoever has heard from the peers says when it does
 * (recovery.h). Until then LOOKUP is answered, marked as such, and all else that changes
 * something is DFS_RECOVERING.
 */
#ifndef DFS_ACCEPTOR_H
#define DFS_ACCEPTOR_H

#include "dfs.h"
#include "proof.h"
#include "sets.h"
#include "store.h"

struct acceptor;

/* Rules that tests replace; the product uses acceptor_rules_default. */
struct acceptor_rules {
	uint64_t stride; /* counters reserved at a time */
	uint64_t jump;   /* a ballot's counter is at most this far above what was seen */
	int64_t ask_ms;  /* peers are asked what they have seen at most so often */
	/* What one peer alone may say of epochs and counters: see acceptor_follow. */
	uint32_t epoch_step;
	unsigned epochs;
	uint64_t counters;
	int64_t alone_ms;
	size_t promises;      /* kept in memory */
	size_t promise_bytes; /* of paths in them */

	/* Each of these, off, is a fault that the model of the agreement finds. */
	bool honour;          /* off: promises are given and not kept */
	bool reserve;         /* off: promises are forgotten by a restart */
	bool check_data;      /* off: a holder accepts without the content */
	bool check_floor;     /* off: what was forgotten is learned again */
	bool check_confirmed; /* off: forgets what came by LEARN or before a restart */
	bool fence; /* off: hands its registers over and does not adopt the epoch */
	bool prove; /* off: values need no proof */
};
extern const struct acceptor_rules acceptor_rules_default;

/* NULL when out of memory.  The store outlives the acceptor. */
struct acceptor *acceptor_new(struct store *store, unsigned server,
			      const struct acceptor_rules *rules);
void acceptor_free(struct acceptor *acceptor);

/*
 * By what it knows that a value is proved; without it nothing is.  Set before there are
 * calls; it outlives the acceptor.
 */
void acceptor_set_proof(struct acceptor *acceptor, struct proof *proof);
/*
 * With what it signs; without it it signs nothing.  Set before there are calls; it
 * outlives the acceptor.
 */
void acceptor_set_key(struct acceptor *acceptor, const struct server_key *key);
/*
 * DFS_OK when what a single server tells is proved, and its signer may make such a value;
 * see proof_check_proved.  Whoever takes a value in another way than by a message asks.
 */
dfs_status acceptor_check_told(struct acceptor *acceptor, struct authority_claim *claim);
/* By what it knows of others' keys; NULL without proof. */
const struct authority_source *acceptor_source(const struct acceptor *acceptor);
/* An account that is not accepted here yet: see proof_know. */
void acceptor_know_account(struct acceptor *acceptor, const dfs_user *user,
			   const dfs_account *account);

/* What a proposer must exceed to be heard. */
dfs_seen acceptor_seen(struct acceptor *acceptor);

/*
 * A ballot of a higher epoch, or one that is more than a jump above what was seen here,
 * may be from a proposer that has been at a server which has seen more.  Before such a
 * one is refused, ask(context) is called, on the thread of the call: it asks the peers
 * and hands over what they have seen (acceptor_follow).  Set before there are calls.
 */
void acceptor_set_ask(struct acceptor *acceptor, void (*ask)(void *context),
		      void *context);
/*
 * What these peers have seen counts as seen here, as far as two of them, or one and this
 * server, are: one of them may lie.  Who is alone above the others moves the epoch by
 * rules.epochs steps of rules.epoch_step at once, and then by one in rules.alone_ms; and
 * counters by rules.counters in that time.  So what one says cannot use up either.
 */
void acceptor_follow(struct acceptor *acceptor, const dfs_seen told[DFS_SERVERS],
		     server_set peers);
/*
 * The same of the epoch that one server names, adopted durably if it may be: once
 * every ACCEPT of an older one has been committed or refused.  0, also for one that is
 * not higher; EPERM: it is too far above what others name; EHOSTDOWN: RECOVERING; an
 * errno of store_commit.
 */
int acceptor_hear_epoch(struct acceptor *acceptor, unsigned server, uint32_t epoch);
/* Is it further above what two name than one server may be?  Then it is a lie. */
bool acceptor_epoch_is_far(struct acceptor *acceptor, uint32_t epoch);

/* ---- standing ------------------------------------------------------------------ */

enum { ACCEPTOR_WHY = DFS_TEXT_MAX + 1 };
struct acceptor_standing {
	dfs_state state;
	char why[ACCEPTOR_WHY];         /* a sentence; or empty while it votes */
	uint64_t recovered, to_recover; /* registers; of RECOVERING */
};

dfs_state acceptor_state(struct acceptor *acceptor);
void acceptor_get_standing(struct acceptor *acceptor, struct acceptor_standing *ret);

/* What is to be told of a state that is not VOTING: all of standing but the state. */
void acceptor_note(struct acceptor *acceptor, const struct acceptor_standing *standing);

/* It votes from now on, with the numbers that its store has now.  0 or ENOMEM. */
int acceptor_vote(struct acceptor *acceptor);

/* It is as after its start: it does not vote yet, and tells what it has. */
void acceptor_restart(struct acceptor *acceptor);

/* It votes no more; messages under way have ended when this returns. */
void acceptor_retire(struct acceptor *acceptor, const char *why);

/*
 * Holds the standing as it is while registers are read for an answer; false, and nothing
 * is held, when it is RECOVERING.  Not within another call of the acceptor.
 */
bool acceptor_enter(struct acceptor *acceptor, dfs_state *ret_state);
void acceptor_leave(struct acceptor *acceptor);

/* Adopts an epoch, whoever named it; as acceptor_hear_epoch. */
int acceptor_adopt(struct acceptor *acceptor, uint32_t epoch);

/*
 * Values that it accepted or learned which give this server other chunks of their content
 * than are here: it grows when the repair has something to do.
 */
uint64_t acceptor_owed(struct acceptor *acceptor);

/* Messages that it worked on: it grows before there is something new to be remembered. */
uint64_t acceptor_messages(struct acceptor *acceptor);

/* ---- messages ------------------------------------------------------------------ */

/*
 * Each fills res, whose arrays are allocated; the paths were checked before.  These take
 * messages from servers.
 */
void acceptor_lookup(struct acceptor *, const dfs_paths *, dfs_lookup_res *);
void acceptor_prepare(struct acceptor *, const dfs_prepare_args *, dfs_prepare_res *);
/*
 * CONFIRM: signs that these are the values that may be proposed at this ballot, one of
 * each path; that is promised then, too.
 */
void acceptor_confirm(struct acceptor *, const dfs_confirm_args *, dfs_confirm_res *);
void acceptor_accept(struct acceptor *, const dfs_accept_args *, dfs_accept_res *);

/*
 * LEARN: the sender knows that three have accepted these.  Taken whatever was promised,
 * the epoch adopted first; DFS_REFUSED where the path was forgotten at or above the
 * ballot.
 */
void acceptor_learn(struct acceptor *, const dfs_learn_args *, dfs_learn_res *);

/* FORGET: all four have confirmed these tombstones; those go that this one has, too. */
void acceptor_forget(struct acceptor *, const dfs_forget_args *, dfs_settled_res *);

/* FENCE, for a server that recovers: its store is remembered, the epoch adopted first. */
void acceptor_fence(struct acceptor *, unsigned server, const dfs_fence_args *,
		    dfs_fence_res *);

struct store_surplus;
/*
 * Gives up what is here of these (at most DFS_BATCH_MAX) beyond what their values give
 * this server, if it is still so once the paths and objects are ours.  How many; 0 or an
 * errno of store_commit.
 */
int acceptor_trim(struct acceptor *, struct store_surplus *, size_t count,
		  uint64_t *ret_trimmed);
void acceptor_digest(struct acceptor *, const dfs_digest_args *, dfs_digest_res *);

/*
 * Whom a message is from.  Of a user nothing is taken on trust: content has to fit the
 * size that is claimed for it, his quota and that of the path's owner, and an object that
 * is here has to be this path's.
 */
struct acceptor_caller {
	const char *user; /* NULL: a server, */
	unsigned server;  /* which has this number (0: this one) */
	/* Of each item; one that is not DFS_OK is answered with this.  NULL: all are. */
	const dfs_status *judged;
	/*
	 * What was judged may have changed before the message had the path for itself:
	 * of an item that was DFS_OK this is called when it has, and is the last word.
	 * It asks no other server, and calls no acceptor.  NULL: nothing changes.
	 */
	dfs_status (*judge_again)(const void *context, size_t item, const dfs_path *path);
	const void *context;
};

/* These take messages from anybody. */
void acceptor_lookup_for(struct acceptor *, const struct acceptor_caller *,
			 const dfs_paths *, dfs_lookup_res *);
void acceptor_prepare_for(struct acceptor *, const struct acceptor_caller *,
			  const dfs_prepare_args *, dfs_prepare_res *);
void acceptor_confirm_for(struct acceptor *, const struct acceptor_caller *,
			  const dfs_confirm_args *, dfs_confirm_res *);
void acceptor_accept_for(struct acceptor *, const struct acceptor_caller *,
			 const dfs_accept_args *, dfs_accept_res *);
void acceptor_bind_for(struct acceptor *, const struct acceptor_caller *,
		       struct store_uploads *, const dfs_bind_args *, dfs_bind_res *);
/*
 * SETTLED: three have accepted these ballots.  The result is that of the last that was
 * refused.
 */
void acceptor_settled_for(struct acceptor *, const struct acceptor_caller *,
			  const dfs_settled_args *, dfs_settled_res *);

#endif
