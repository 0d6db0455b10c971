/*
 * The acceptor: judging ballots, promising, accepting.
 *
 * A message on paths runs like this: take the latches of its paths, judge every item,
 * commit what must be durable in one batch, then note the outcome in memory and answer.
 * Since the message has its paths for itself from the first step to the last, nothing can
 * come between a check and its commit.
 *
 * Promises live in memory.  Before a counter is promised for the first time, a
 * reservation above it is made durable; after a restart everything up to the reservation
 * is refused, which stands for the promises that were lost.  So a promise costs no fsync
 * of its own.
 */
#include "acceptor_internal.h"

#include "ballot.h"
#include "errors.h"
#include "path.h"
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct acceptor *acceptor_new(struct store *store, unsigned server,
			      const struct acceptor_rules *rules)
{
	struct acceptor *acceptor = calloc(1, sizeof *acceptor);
	const char *why = "It has just started and asks its peers what they remember.";

	if (!acceptor)
		return NULL;
	acceptor->rules = rules ? *rules : acceptor_rules_default;
	acceptor->store = store;
	acceptor->server = server;
	acceptor->latches = latches_new();
	acceptor_gate_init(acceptor);
	pthread_mutex_init(&acceptor->lock, NULL);
	pthread_mutex_init(&acceptor->reserving, NULL);
	if (!acceptor->latches || acceptor_load(acceptor) != 0) {
		acceptor_free(acceptor);
		return NULL;
	}
	acceptor->standing.state =
		store_whole(store, &why) ? DFS_STATE_STARTING : DFS_STATE_RECOVERING;
	(void)snprintf(acceptor->standing.why, sizeof acceptor->standing.why, "%s", why);
	return acceptor;
}

int acceptor_load(struct acceptor *acceptor)
{
	const struct acceptor_rules *rules = &acceptor->rules;
	struct store_numbers numbers;
	struct promises *promises;

	store_get_numbers(acceptor->store, &numbers);
	promises = promises_new(rules->promises, rules->promise_bytes,
				rules->reserve ? numbers.reserved : 0);
	if (!promises)
		return ENOMEM;
	pthread_mutex_lock(&acceptor->reserving);
	acceptor->reserved = numbers.reserved;
	pthread_mutex_unlock(&acceptor->reserving);
	pthread_mutex_lock(&acceptor->lock);
	promises_free(acceptor->promises);
	acceptor->promises = promises;
	acceptor->epoch = numbers.epoch;
	acceptor->floor = numbers.floor;
	acceptor->seen = rules->reserve ? numbers.reserved : 0;
	if (numbers.highest_counter > acceptor->seen)
		acceptor->seen = numbers.highest_counter;
	if (numbers.floor.epoch == numbers.epoch &&
	    numbers.floor.counter > acceptor->seen)
		acceptor->seen = numbers.floor.counter;
	pthread_mutex_unlock(&acceptor->lock);
	return 0;
}

void acceptor_free(struct acceptor *acceptor)
{
	if (!acceptor)
		return;
	latches_free(acceptor->latches);
	promises_free(acceptor->promises);
	pthread_rwlock_destroy(&acceptor->gate);
	pthread_mutex_destroy(&acceptor->lock);
	pthread_mutex_destroy(&acceptor->reserving);
	free(acceptor);
}

dfs_seen acceptor_seen(struct acceptor *acceptor)
{
	pthread_mutex_lock(&acceptor->lock);
	dfs_seen seen = {.epoch = acceptor->epoch, .counter = acceptor->seen};
	pthread_mutex_unlock(&acceptor->lock);
	return seen;
}

/* ---- judging ------------------------------------------------------------------- */

/* With the lock held: is the ballot of this epoch, and no jump above what was seen? */
static bool in_reach(const struct acceptor *acceptor, const dfs_ballot *ballot)
{
	return ballot->epoch == acceptor->epoch &&
	       ballot->counter <= acceptor->seen + acceptor->rules.jump;
}

/* With the lock held: is the ballot above all that was promised of the path? */
static bool exceeds_promises(const struct acceptor *acceptor, const dfs_path *path,
			     const dfs_ballot *ballot)
{
	const dfs_ballot *promised = promises_find(acceptor->promises, path);

	return ballot->counter > promises_lowest(acceptor->promises, path) &&
	       (!promised || !acceptor->rules.honour ||
		ballot_compare(ballot, promised) >= 0);
}

enum acceptor_judged acceptor_judge(struct acceptor *acceptor, const dfs_path *path,
				    const dfs_ballot *ballot, bool known,
				    const struct store_register *reg)
{
	enum acceptor_judged judged = ACCEPTOR_LOW;

	pthread_mutex_lock(&acceptor->lock);
	const dfs_ballot *accepted = known ? &reg->ballot : &acceptor->floor;

	if (!in_reach(acceptor, ballot))
		judged = ACCEPTOR_LOW;
	else if (known && ballot_compare(ballot, accepted) == 0)
		judged = ACCEPTOR_AGAIN;
	else if (exceeds_promises(acceptor, path, ballot) &&
		 ballot_compare(ballot, accepted) > 0)
		judged = ACCEPTOR_GOOD;
	pthread_mutex_unlock(&acceptor->lock);
	return judged;
}

bool acceptor_can_hear(struct acceptor *acceptor, const dfs_ballot *ballot)
{
	pthread_mutex_lock(&acceptor->lock);
	bool can = ballot->counter > 0 && in_reach(acceptor, ballot);
	pthread_mutex_unlock(&acceptor->lock);
	return can;
}

int acceptor_look(struct acceptor *acceptor, const dfs_path *path,
		  struct store_register *reg)
{
	return store_register(acceptor->store, path->dfs_path_val, path->dfs_path_len,
			      reg);
}

dfs_status acceptor_judge_path(struct acceptor *acceptor, const dfs_path *path,
			       const dfs_ballot *ballot)
{
	struct store_register reg;
	int rc = acceptor_look(acceptor, path, &reg);

	if (rc != 0 && rc != ENOENT)
		return errors_status(ERRORS_READING, rc);
	return acceptor_judge(acceptor, path, ballot, rc == 0, &reg) == ACCEPTOR_GOOD
		       ? DFS_OK
		       : DFS_REFUSED;
}

int acceptor_reserve(struct acceptor *acceptor, uint64_t counter)
{
	int rc = 0;

	if (!acceptor->rules.reserve)
		return 0;
	pthread_mutex_lock(&acceptor->reserving);
	if (counter > acceptor->reserved) {
		struct store_batch *batch = store_batch_new(acceptor->store);
		uint64_t upto = counter + acceptor->rules.stride;

		rc = batch ? 0 : ENOMEM;
		if (rc == 0)
			rc = store_batch_reserve(batch, upto);
		if (rc == 0) {
			store_batch_may_use_reserve(batch);
			rc = store_commit(batch);
			batch = NULL;
		}
		if (rc == 0)
			acceptor->reserved = upto;
		store_batch_free(batch);
	}
	pthread_mutex_unlock(&acceptor->reserving);
	return rc;
}

/* ---- keys ---------------------------------------------------------------------- */

static bool enter_to_vote(struct acceptor *acceptor)
{
	dfs_state state;

	if (!acceptor_enter(acceptor, &state))
		return false;
	if (state == DFS_STATE_VOTING)
		return true;
	acceptor_leave(acceptor);
	return false;
}

/* Is the object's latch taken for an item before this one, to bind it as well? */
static bool is_bound_before(const struct acceptor_caller *caller,
			    const struct acceptor_items *items, size_t item)
{
	if (!items->only_bind || !items->only_bind[item])
		return false;
	for (size_t i = 0; i < item; i++)
		if (items->only_bind[i] && acceptor_judged(caller, i) == DFS_OK &&
		    id_equal(&items->objects[i], &items->objects[item]))
			return true;
	return false;
}

int acceptor_take(struct acceptor *acceptor, const struct acceptor_caller *caller,
		  struct acceptor_items *items)
{
	struct latches_key *keys = calloc(2 * items->count + 1, sizeof *keys);
	size_t taken = 0;
	int rc;

	if (!keys)
		return ENOMEM;
	for (size_t i = 0; i < items->count; i++) {
		const dfs_path *path = items->path_of(items->items, i);
		const dfs_id *object = items->objects ? &items->objects[i] : NULL;

		if (acceptor_judged(caller, i) != DFS_OK)
			continue;
		keys[taken++] = (struct latches_key){LATCHES_PATH, path->dfs_path_val,
						     path->dfs_path_len};
		if (object && !id_is_zero(object) && !is_bound_before(caller, items, i))
			keys[taken++] = (struct latches_key){
				LATCHES_OBJECT, object->bytes, sizeof object->bytes};
	}
	if (!enter_to_vote(acceptor)) {
		free(keys);
		return EHOSTDOWN;
	}
	rc = latches_take(acceptor->latches, keys, taken);
	if (rc != 0) {
		acceptor_leave(acceptor);
		free(keys);
		return rc;
	}
	items->keys = keys;
	items->key_count = taken;
	return 0;
}

int acceptor_take_at(struct acceptor *acceptor, const struct acceptor_caller *caller,
		     const dfs_ballot *ballot, struct acceptor_items *items)
{
	acceptor_catch_up(acceptor, ballot);
	return acceptor_take(acceptor, caller, items);
}

void acceptor_give(struct acceptor *acceptor, struct acceptor_items *items)
{
	latches_give(acceptor->latches, items->keys, items->key_count);
	free(items->keys);
	pthread_mutex_lock(&acceptor->lock);
	acceptor->messages++;
	pthread_mutex_unlock(&acceptor->lock);
	acceptor_leave(acceptor);
}

/* ---- callers ------------------------------------------------------------------- */

const struct acceptor_caller acceptor_server;

dfs_status acceptor_judged(const struct acceptor_caller *caller, size_t item)
{
	return caller->judged ? caller->judged[item] : DFS_OK;
}

dfs_status acceptor_judged_again(const struct acceptor_caller *caller, size_t item,
				 const dfs_path *path)
{
	dfs_status status = acceptor_judged(caller, item);

	return status == DFS_OK && caller->judge_again
		       ? caller->judge_again(caller->context, item, path)
		       : status;
}

dfs_status acceptor_check_object(struct acceptor *acceptor,
				 const struct acceptor_claim *claim)
{
	struct store *store = acceptor->store;
	chunk_set here = store_chunks(store, claim->object);

	if ((claim->chunks & ~here) != 0 &&
	    store_is_of_others(store, claim->object, claim->path->dfs_path_val,
			       claim->path->dfs_path_len))
		return DFS_DENIED;
	if (here == 0)
		return DFS_OK;
	if (!claim->has_ticket &&
	    !store_is_of_path(store, claim->object, claim->path->dfs_path_val,
			      claim->path->dfs_path_len))
		return DFS_DENIED;
	return DFS_OK;
}

/* ---- proofs -------------------------------------------------------------------- */

void acceptor_set_proof(struct acceptor *acceptor, struct proof *proof)
{
	acceptor->proof = proof;
}

void acceptor_set_key(struct acceptor *acceptor, const struct server_key *key)
{
	acceptor->key = key;
}

/*
 * What is proved needs no look at what is accepted here, for three have looked, or it is
 * the owner's; but for what an old key of his signed (acceptor_check_readers).
 */
dfs_status acceptor_check_proved(struct acceptor *acceptor, struct authority_claim *claim)
{
	dfs_status status;

	if (!acceptor->rules.prove)
		return DFS_OK;
	if (!acceptor->proof)
		return DFS_UNCHECKED;
	status = proof_check_proved(acceptor->proof, claim);
	if (status != DFS_OK)
		return status;
	struct authority_claim told = *claim;

	told.old_readers = false;
	return proof_check_allowed(&told, NULL);
}

dfs_status acceptor_check_told(struct acceptor *acceptor, struct authority_claim *claim)
{
	return acceptor_check_proved(acceptor, claim);
}

const struct authority_source *acceptor_source(const struct acceptor *acceptor)
{
	return acceptor->proof ? proof_source(acceptor->proof) : NULL;
}

bool acceptor_sign(const struct acceptor *acceptor, const dfs_key *statements,
		   size_t count, uint8_t ret[DFS_SIGNATURE_LEN])
{
	return acceptor->key && server_key_sign(acceptor->key, statements, count, ret);
}

void acceptor_know_account(struct acceptor *acceptor, const dfs_user *user,
			   const dfs_account *account)
{
	if (acceptor->proof)
		proof_know(acceptor->proof, user, account);
}

/* What is accepted at the path, to be freed; false: nothing that can be read. */
static bool read_accepted(struct acceptor *acceptor, const dfs_path *path, dfs_value *ret)
{
	struct store_register reg;

	return store_value(acceptor->store, path->dfs_path_val, path->dfs_path_len, &reg,
			   ret) == 0;
}

bool acceptor_has_value(struct acceptor *acceptor, const dfs_path *path,
			const dfs_value *value)
{
	dfs_value accepted;
	dfs_key own, other;
	bool same;

	if (!read_accepted(acceptor, path, &accepted))
		return false;
	same = statement_digest(&accepted, &own) && statement_digest(value, &other) &&
	       memcmp(&own, &other, sizeof own) == 0;
	value_free(&accepted);
	return same;
}

/*
 * An owner's list of readers that an old key signed is that of the value before.  Of what
 * others propose three servers have seen that.
 */
dfs_status acceptor_check_readers(struct acceptor *acceptor,
				  const struct authority_claim *claim)
{
	dfs_value accepted;
	dfs_status status;

	if (!acceptor->rules.prove || !claim->old_readers || !authority_is_own(claim))
		return DFS_OK;
	if (!read_accepted(acceptor, claim->path, &accepted))
		return proof_check_allowed(claim, NULL);
	status = proof_check_allowed(claim, &accepted);
	value_free(&accepted);
	return status;
}

/* ---- LOOKUP -------------------------------------------------------------------- */

dfs_status acceptor_read(struct acceptor *acceptor, const dfs_path *path,
			 dfs_register *ret)
{
	struct store_register reg;
	dfs_value value;
	int rc = store_value(acceptor->store, path->dfs_path_val, path->dfs_path_len,
			     &reg, &value);

	if (rc == ENOENT) {
		pthread_mutex_lock(&acceptor->lock);
		ret->known = FALSE;
		ret->dfs_register_u.floor = acceptor->floor;
		pthread_mutex_unlock(&acceptor->lock);
		return DFS_OK;
	}
	if (rc != 0)
		return errors_status(ERRORS_READING, rc);
	ret->known = TRUE;
	ret->dfs_register_u.accepted.ballot = reg.ballot;
	ret->dfs_register_u.accepted.settled = reg.settled;
	ret->dfs_register_u.accepted.value = value;
	return DFS_OK;
}

void acceptor_lookup(struct acceptor *acceptor, const dfs_paths *args,
		     dfs_lookup_res *res)
{
	acceptor_lookup_for(acceptor, &acceptor_server, args, res);
}

void acceptor_lookup_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
			 const dfs_paths *args, dfs_lookup_res *res)
{
	size_t count = args->paths.paths_len;
	dfs_looked *items = calloc(count + 1, sizeof *items);
	dfs_state state;

	if (!items) {
		res->status = DFS_BUSY;
		return;
	}
	if (!acceptor_enter(acceptor, &state)) {
		free(items);
		res->status = DFS_RECOVERING;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		items[i].status = acceptor_judged(caller, i);
		if (items[i].status == DFS_OK)
			items[i].status =
				acceptor_read(acceptor, &args->paths.paths_val[i],
					      &items[i].dfs_looked_u.reg);
	}
	acceptor_leave(acceptor);
	res->status = DFS_OK;
	res->dfs_lookup_res_u.ok.votes = state == DFS_STATE_VOTING;
	res->dfs_lookup_res_u.ok.seen = acceptor_seen(acceptor);
	res->dfs_lookup_res_u.ok.items.items_val = items;
	res->dfs_lookup_res_u.ok.items.items_len = (u_int)count;
}
