/*
 * Inside the acceptor: its state, and the steps that its files share.
 *
 * Locks, in the order in which they are taken: the gate, the latches of a message's keys,
 * `reserving`, `lock`.  The store's own locks come after all of them.  `lock` is never
 * held over I/O; `reserving` is held over the commit of a reservation, once in
 * rules.stride counters.
 */
#ifndef DFS_ACCEPTOR_INTERNAL_H
#define DFS_ACCEPTOR_INTERNAL_H

#include "acceptor.h"
#include "latches.h"
#include "promises.h"
#include "sets.h"

#include <pthread.h>
#include <stdbool.h>

/* What a peer says of how far it is, and how far that alone may still move this one. */
struct acceptor_peer {
	uint32_t epoch;    /* that it named last */
	int64_t since_ms;  /* when what follows was given to it last; 0: never */
	unsigned epochs;   /* times */
	uint64_t counters; /* so much */
};

struct acceptor {
	struct store *store;
	unsigned server;
	struct acceptor_rules rules;
	void (*ask)(void *context); /* set before there are calls; or NULL */
	void *ask_context;
	struct proof *proof;          /* set before there are calls */
	const struct server_key *key; /* likewise; or NULL */
	struct latches *latches;

	/* Of the epoch and of whether this server votes (acceptor_standing.c). */
	pthread_rwlock_t gate;

	/* lock guards these; the epoch and the state change with the gate held alone. */
	pthread_mutex_t lock;
	struct acceptor_standing standing;
	uint32_t epoch;
	uint64_t seen; /* the highest counter: doc/AGREEMENT.md 1.3 */
	dfs_ballot floor;
	struct promises *promises;
	struct acceptor_peer peers[DFS_SERVERS];
	uint64_t messages, owed;
	int64_t asked_ms;

	/* reserving guards this. */
	pthread_mutex_t reserving;
	uint64_t reserved;
};

/* If the ballot is out of reach here, asks how far the peers are. */
void acceptor_catch_up(struct acceptor *acceptor, const dfs_ballot *ballot);

void acceptor_gate_init(struct acceptor *acceptor);

/* Takes the store's numbers for its own; promises are gone.  0 or ENOMEM. */
int acceptor_load(struct acceptor *acceptor);

/* How a ballot stands against what is promised and accepted for a path. */
enum acceptor_judged {
	ACCEPTOR_LOW,   /* refused */
	ACCEPTOR_AGAIN, /* it is the accepted ballot itself */
	ACCEPTOR_GOOD
};

/*
 * known tells whether the path has an accepted value, which is then in reg.  An equal
 * promise is no obstacle, neither to promising again nor to accepting.
 */
enum acceptor_judged acceptor_judge(struct acceptor *acceptor, const dfs_path *path,
				    const dfs_ballot *ballot, bool known,
				    const struct store_register *reg);

/* Could a ballot of this epoch and counter be heard at all? */
bool acceptor_can_hear(struct acceptor *acceptor, const dfs_ballot *ballot);

/* The path's register, from memory: 0, ENOENT or EBADMSG. */
int acceptor_look(struct acceptor *acceptor, const dfs_path *path,
		  struct store_register *reg);

/* What is accepted for the path, with its value. */
dfs_status acceptor_read(struct acceptor *acceptor, const dfs_path *path,
			 dfs_register *ret);

/*
 * A value was accepted or learned here, durably, at this ballot: it stands for the
 * promise of its path, and may give this server something else than is here.
 */
void acceptor_note_value(struct acceptor *acceptor, const dfs_path *path,
			 const dfs_ballot *ballot, const dfs_value *value);

/* Makes sure that no restart will take the counter for one that was never promised. */
int acceptor_reserve(struct acceptor *acceptor, uint64_t counter);

/* Is the value what is accepted at the path here? */
bool acceptor_has_value(struct acceptor *acceptor, const dfs_path *path,
			const dfs_value *value);

/*
 * DFS_OK when the claim is proved, and its signer may make such a value.  Not with a
 * latch: it may ask peers.
 */
dfs_status acceptor_check_proved(struct acceptor *acceptor,
				 struct authority_claim *claim);

/*
 * DFS_DENIED: its owner proposes, signed with a key that signs no new ones, other readers
 * than those of what is accepted here.  With the path's latch held that stays so.
 */
dfs_status acceptor_check_readers(struct acceptor *acceptor,
				  const struct authority_claim *claim);

/* Signs these, at most DFS_BATCH_MAX; false when it has no key, or no memory. */
bool acceptor_sign(const struct acceptor *acceptor, const dfs_key *statements,
		   size_t count, uint8_t ret[DFS_SIGNATURE_LEN]);

/*
 * May the ballot be promised on this path?  DFS_REFUSED: it is too low; or an error of
 * reading.
 */
dfs_status acceptor_judge_path(struct acceptor *acceptor, const dfs_path *path,
			       const dfs_ballot *ballot);

/* The items of a message, and the latches that it holds. */
struct acceptor_items {
	const void *items;
	size_t count;
	const dfs_path *(*path_of)(const void *items, size_t i);
	/* Of each item, if they have any: the object that goes with it, or zero. */
	const dfs_id *objects;
	/* Of each item: it only binds the object, which others may too; or NULL: none. */
	const bool *only_bind;
	struct latches_key *keys; /* acceptor_take's */
	size_t key_count;
};

/*
 * Passes the gate and waits until the paths and objects of the items are this message's
 * own, until acceptor_give.  EINVAL when one is there twice, but for an object that all
 * who name it only bind; ENOMEM; EHOSTDOWN when this server does not vote.
 */
int acceptor_take(struct acceptor *acceptor, const struct acceptor_caller *caller,
		  struct acceptor_items *items);
void acceptor_give(struct acceptor *acceptor, struct acceptor_items *items);

/* As acceptor_take, of a message with a ballot, which acceptor_catch_up sees first. */
int acceptor_take_at(struct acceptor *acceptor, const struct acceptor_caller *caller,
		     const dfs_ballot *ballot, struct acceptor_items *items);

/* What was judged of the item before it came here. */
dfs_status acceptor_judged(const struct acceptor_caller *caller, size_t item);
/* The last word on it, now that its path is the message's own. */
dfs_status acceptor_judged_again(const struct acceptor_caller *caller, size_t item,
				 const dfs_path *path);

/* What a user says of the content that a path is to have. */
struct acceptor_claim {
	const dfs_path *path;
	const dfs_id *object;
	bool has_ticket;  /* for the object, which may then be another path's */
	chunk_set chunks; /* that it brings content of */
};

/*
 * DFS_DENIED: the object is here and not this path's, or content is brought that is not
 * here, for an object that another path has: who may read that one knows its id, and
 * could put something else in the place of what this server has yet to fetch.
 */
dfs_status acceptor_check_object(struct acceptor *acceptor,
				 const struct acceptor_claim *claim);

extern const struct acceptor_caller acceptor_server; /* trusted */

#endif
