/*
 * The recovery: the registers of the peers, merged.
 *
 * All hand theirs over in the order of their paths, page by page, so a few heads are
 * compared at a time.  What was accepted by three is with at least two of three that
 * vote, of which one may lie, and with at least one of any two.
 */
#include "recovery_internal.h"

#include "ballot.h"
#include "log.h"
#include "path.h"
#include "statement.h"
#include "store_forget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMIT_REGISTERS = 1024, COMMIT_BYTES = 2 << 20 };

/* One peer's registers: the page at hand, and where the next one begins. */
struct recovery_stream {
	unsigned server; /* 0: not asked */
	dfs_fence_res page;
	bool has_page, more;
	u_int at;
	dfs_id store;
	dfs_seen seen; /* as it told last */
	dfs_ballot floor;
	size_t after_len;
	char after[DFS_PATH_MAX];
};

struct recovery_merging {
	struct recovery *recovery;
	const struct recovery_source *source;
	struct recovery_stream streams[DFS_SERVERS];
	struct store_batch *batch;
	size_t batched, bytes;
	dfs_settled_item *settled; /* of the batch; paths are their own */
	size_t settled_count;
	uint64_t taken;
	char *why;
};

static bool fail(struct recovery_merging *merging, const char *what)
{
	(void)snprintf(merging->why, RECOVERY_WHY, "%s", what);
	return false;
}

/* ---- pages --------------------------------------------------------------------- */

static void drop_page(struct recovery_stream *stream)
{
	if (stream->has_page)
		xdr_free((xdrproc_t)xdr_dfs_fence_res, &stream->page);
	stream->has_page = false;
}

static bool take_page(struct recovery_merging *merging, struct recovery_stream *stream)
{
	const dfs_fence_ok *ok = &stream->page.dfs_fence_res_u.ok;
	u_int count = ok->registers.registers_len;

	if (!id_is_zero(&stream->store) && !id_equal(&stream->store, &ok->store)) {
		(void)snprintf(merging->why, RECOVERY_WHY,
			       "dfs%u has lost its store meanwhile", stream->server);
		return false;
	}
	stream->store = ok->store;
	stream->more = ok->more;
	stream->floor = ok->floor;
	stream->seen = ok->seen;
	merging->recovery->opened = merging->source->epoch;
	if (count > 0) {
		const dfs_path *last = &ok->registers.registers_val[count - 1].path;

		memcpy(stream->after, last->dfs_path_val, last->dfs_path_len);
		stream->after_len = last->dfs_path_len;
	}
	return true;
}

static bool fetch_page(struct recovery_merging *merging, struct recovery_stream *stream)
{
	struct recovery *recovery = merging->recovery;
	dfs_fence_args args = {
		.epoch = merging->source->epoch,
		.store = merging->source->store,
		.after = {(u_int)stream->after_len, stream->after},
	};

	drop_page(stream);
	if (atomic_load(&recovery->stopping))
		return fail(merging, "the server is going to stop");
	recovery->passed_over = stream->server; /* if it fails */
	if (!recovery->calls.fence(recovery->calls.context, stream->server, &args,
				   &stream->page, merging->why))
		return false;
	recovery->passed_over = 0;
	stream->has_page = true;
	stream->at = 0;
	return take_page(merging, stream);
}

/* The stream's next register in *ret, NULL at its end. */
static bool next_register(struct recovery_merging *merging,
			  struct recovery_stream *stream, const dfs_handed **ret)
{
	const dfs_fence_ok *ok = &stream->page.dfs_fence_res_u.ok;

	*ret = NULL;
	if (stream->server == 0)
		return true;
	while (stream->at == (stream->has_page ? ok->registers.registers_len : 0)) {
		if (!stream->more)
			return true;
		if (!fetch_page(merging, stream))
			return false;
	}
	*ret = &ok->registers.registers_val[stream->at];
	return true;
}

/* ---- one path ------------------------------------------------------------------ */

/* What the peers have of the path that is next. */
struct choice {
	const dfs_handed *heads[DFS_SERVERS]; /* NULL: nothing of this path */
	const dfs_path *path;                 /* NULL: all is done */
	server_set unproved; /* servers whose word on it counts for nothing */
};

static bool next_choice(struct recovery_merging *merging, struct choice *ret)
{
	*ret = (struct choice){.path = NULL};
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		if (!next_register(merging, &merging->streams[i], &ret->heads[i]))
			return false;
		const dfs_handed *handed = ret->heads[i];

		if (handed &&
		    (!ret->path ||
		     path_compare(handed->path.dfs_path_val, handed->path.dfs_path_len,
				  ret->path->dfs_path_val, ret->path->dfs_path_len) < 0))
			ret->path = &handed->path;
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (ret->heads[i] &&
		    path_compare(ret->heads[i]->path.dfs_path_val,
				 ret->heads[i]->path.dfs_path_len,
				 ret->path->dfs_path_val, ret->path->dfs_path_len) != 0)
			ret->heads[i] = NULL;
	return true;
}

/* Do both tell of the same value? */
static bool are_alike(const dfs_handed *a, const dfs_handed *b)
{
	dfs_key one, other;

	return a && b && a->value && b->value &&
	       ballot_compare(&a->ballot, &b->ballot) == 0 &&
	       statement_digest(a->value, &one) && statement_digest(b->value, &other) &&
	       memcmp(&one, &other, sizeof one) == 0;
}

/* How far the peers are, as far as that may be true: "ahead" counters for one alone. */
static dfs_seen believable_seen(const struct recovery_merging *merging, uint64_t ahead)
{
	uint64_t epochs[DFS_SERVERS] = {0}, counters[DFS_SERVERS] = {0};

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		epochs[i] = merging->streams[i].seen.epoch;
		counters[i] = merging->streams[i].seen.counter;
	}
	return (dfs_seen){.epoch = (uint32_t)recovery_believable(
				  epochs, merging->source->epoch, RECOVERY_EPOCHS_AHEAD),
			  .counter = recovery_believable(counters, 0, ahead)};
}

/*
 * Nobody has accepted anything far above that.  (Somewhat above it one may have learned
 * what others accepted.)
 */
static bool is_believable(const dfs_seen *seen, const dfs_ballot *ballot, uint64_t ahead)
{
	return ballot->epoch <= seen->epoch && (ballot->counter <= seen->counter ||
						ballot->counter - seen->counter <= ahead);
}

/* Is it told by two, of whom one is honest, or proved? */
static bool is_proved(const struct recovery_merging *merging, const struct choice *choice,
		      unsigned at)
{
	const dfs_handed *handed = choice->heads[at];
	struct authority_claim claim = {
		.path = choice->path, .ballot = &handed->ballot, .value = handed->value};

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (i != at && are_alike(choice->heads[i], handed))
			return true;
	return acceptor_check_told(merging->recovery->acceptor, &claim) == DFS_OK;
}

/* Whose word on this path is not to be believed. */
static void note_unproved(const struct recovery_merging *merging, struct choice *choice)
{
	const dfs_seen seen = believable_seen(merging, RECOVERY_COUNTERS_AHEAD);

	for (unsigned i = 0; choice->path && i < DFS_SERVERS; i++)
		if (choice->heads[i] &&
		    (!is_believable(&seen, &choice->heads[i]->ballot,
				    RECOVERY_COUNTERS_AHEAD) ||
		     (choice->heads[i]->value && !is_proved(merging, choice, i))))
			choice->unproved = set_with(choice->unproved, i + 1);
}

/*
 * The highest ballot, of which somebody must have the value.  One that is damaged where
 * it is can be passed over if all three peers were asked and no other has it: with the
 * one that was lost that makes two acceptances at most, and in the new epoch there will
 * be no third.
 */
static bool choose_newest(struct recovery_merging *merging, const struct choice *choice,
			  const dfs_handed **ret)
{
	const dfs_ballot *below = NULL;
	char quoted[256];

	for (;;) {
		const dfs_handed *best = NULL;
		unsigned names = 0;

		for (unsigned i = 0; i < DFS_SERVERS; i++) {
			const dfs_handed *handed = choice->heads[i];
			int order;

			if (!handed || set_has(choice->unproved, i + 1) ||
			    (below && ballot_compare(&handed->ballot, below) >= 0))
				continue;
			order = best ? ballot_compare(&handed->ballot, &best->ballot) : 1;
			names = order > 0 ? 1 : names + (order == 0);
			if (order > 0 || (order == 0 && !best->value))
				best = handed;
		}
		*ret = best;
		if (!best || best->value)
			return true;
		if (set_count(merging->source->peers) < 3 || names > 1) {
			(void)snprintf(
				merging->why, RECOVERY_WHY,
				"the register of %s is damaged where it was asked for",
				log_quote(choice->path->dfs_path_val,
					  choice->path->dfs_path_len, quoted,
					  sizeof quoted));
			return false;
		}
		below = &best->ballot;
	}
}

/* ---- making them durable ------------------------------------------------------- */

static void drop_settled(struct recovery_merging *merging)
{
	for (size_t i = 0; i < merging->settled_count; i++)
		free(merging->settled[i].path.dfs_path_val);
	merging->settled_count = 0;
}

static bool commit_batch(struct recovery_merging *merging)
{
	struct recovery *recovery = merging->recovery;
	struct acceptor_standing standing = {.recovered = merging->taken,
					     .to_recover = merging->source->expected};
	struct store_batch *batch = merging->batch;
	int rc;

	merging->batch = NULL;
	merging->batched = merging->bytes = 0;
	store_batch_may_use_reserve(batch);
	rc = store_commit(batch);
	if (rc != 0) {
		(void)snprintf(merging->why, RECOVERY_WHY,
			       "what was taken cannot be stored: %s", strerror(rc));
		return false;
	}
	for (size_t i = 0; i < merging->settled_count; i++) {
		const dfs_settled_item *item = &merging->settled[i];

		store_settled(recovery->store, item->path.dfs_path_val,
			      item->path.dfs_path_len, &item->ballot);
	}
	drop_settled(merging);
	if (standing.to_recover < standing.recovered)
		standing.to_recover = standing.recovered;
	(void)snprintf(standing.why, sizeof standing.why,
		       "It takes its registers from its peers: %llu of about %llu.",
		       (unsigned long long)standing.recovered,
		       (unsigned long long)standing.to_recover);
	acceptor_note(recovery->acceptor, &standing);
	return true;
}

static bool is_settled(const struct choice *choice, const dfs_ballot *ballot)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (choice->heads[i] && !set_has(choice->unproved, i + 1) &&
		    choice->heads[i]->settled &&
		    ballot_compare(&choice->heads[i]->ballot, ballot) == 0)
			return true;
	return false;
}

static bool take_one(struct recovery_merging *merging, const struct choice *choice,
		     const dfs_handed *best)
{
	const dfs_path *path = &best->path;
	int rc;

	if (!merging->batch)
		merging->batch = store_batch_new(merging->recovery->store);
	rc = merging->batch ? store_batch_accept(merging->batch, path, &best->ballot,
						 best->value, 0)
			    : ENOMEM;
	if (rc == 0 && is_settled(choice, &best->ballot)) {
		dfs_settled_item *item = &merging->settled[merging->settled_count];

		item->ballot = best->ballot;
		item->path.dfs_path_val = malloc(path->dfs_path_len);
		rc = item->path.dfs_path_val ? 0 : ENOMEM;
		if (rc == 0) {
			memcpy(item->path.dfs_path_val, path->dfs_path_val,
			       path->dfs_path_len);
			item->path.dfs_path_len = path->dfs_path_len;
			merging->settled_count++;
		}
	}
	if (rc != 0) {
		(void)snprintf(merging->why, RECOVERY_WHY,
			       "what was taken cannot be kept: %s", strerror(rc));
		return false;
	}
	merging->taken++;
	merging->batched++;
	merging->bytes += xdr_sizeof((xdrproc_t)xdr_dfs_value, best->value);
	return (merging->batched < COMMIT_REGISTERS && merging->bytes < COMMIT_BYTES) ||
	       commit_batch(merging);
}

static bool take_registers(struct recovery_merging *merging)
{
	struct choice choice;
	const dfs_handed *best;

	for (;;) {
		if (!next_choice(merging, &choice))
			return false;
		if (!choice.path)
			return !merging->batch || commit_batch(merging);
		note_unproved(merging, &choice);
		if (!choose_newest(merging, &choice, &best) ||
		    (best && !take_one(merging, &choice, best)))
			return false;
		for (unsigned i = 0; i < DFS_SERVERS; i++)
			merging->streams[i].at += choice.heads[i] ? 1 : 0;
	}
}

/* From the beginning, or from behind these bytes. */
static void begin_streams(struct recovery_merging *merging, const char *after)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct recovery_stream *stream = &merging->streams[i];

		drop_page(stream);
		stream->at = 0;
		stream->more = stream->server != 0;
		stream->after_len = strlen(after);
		memcpy(stream->after, after, stream->after_len);
	}
}

/*
 * The accounts first, of all peers: by their keys all else is proved, and paths of users
 * may come before theirs.
 */
static bool know_accounts(struct recovery_merging *merging)
{
	struct choice choice;

	begin_streams(merging, PATH_ACCOUNTS);
	for (;;) {
		dfs_user user;
		size_t len;

		if (!next_choice(merging, &choice))
			return false;
		if (!choice.path ||
		    path_kind(choice.path->dfs_path_val, choice.path->dfs_path_len) !=
			    PATH_OF_ACCOUNT)
			break;
		len = choice.path->dfs_path_len - strlen(PATH_ACCOUNTS);
		user = (dfs_user){(u_int)len,
				  choice.path->dfs_path_val + strlen(PATH_ACCOUNTS)};
		for (unsigned i = 0; i < DFS_SERVERS; i++) {
			const dfs_handed *handed = choice.heads[i];

			if (handed && handed->value &&
			    handed->value->body.kind == DFS_ACCOUNT)
				acceptor_know_account(
					merging->recovery->acceptor, &user,
					&handed->value->body.dfs_body_u.account);
			merging->streams[i].at += handed ? 1 : 0;
		}
	}
	begin_streams(merging, "");
	return true;
}

/* What the peers have seen, so that nobody is out of the others' reach. */
static bool take_numbers(struct recovery_merging *merging)
{
	struct store_batch *batch = store_batch_new(merging->recovery->store);
	const dfs_seen seen = believable_seen(merging, RECOVERY_RESERVED_AHEAD);
	dfs_ballot floor = ballot_none;
	int rc = batch ? store_batch_epoch(batch, seen.epoch) : ENOMEM;

	/* Nor is a floor above it that all had to confirm. */
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (is_believable(&seen, &merging->streams[i].floor,
				  merging->streams[i].floor.epoch < seen.epoch
					  ? RECOVERY_COUNTERS_AHEAD
					  : 0) &&
		    ballot_compare(&merging->streams[i].floor, &floor) > 0)
			floor = merging->streams[i].floor;
	if (rc == 0)
		rc = store_batch_reserve(batch, seen.counter);
	if (rc == 0)
		rc = store_batch_floor(batch, &floor);
	if (rc == 0) {
		store_batch_may_use_reserve(batch);
		rc = store_commit(batch);
		batch = NULL;
	}
	store_batch_free(batch);
	if (rc != 0)
		(void)snprintf(merging->why, RECOVERY_WHY,
			       "what was taken cannot be stored: %s", strerror(rc));
	return rc == 0;
}

bool recovery_merge(struct recovery *recovery, const struct recovery_source *source,
		    uint32_t *ret_epoch, char *why)
{
	struct recovery_merging *merging = calloc(1, sizeof *merging);
	bool done = false;

	(void)snprintf(why, RECOVERY_WHY, "out of memory");
	if (!merging)
		return false;
	*merging = (struct recovery_merging){
		.recovery = recovery, .source = source, .why = why};
	merging->settled = calloc(COMMIT_REGISTERS, sizeof *merging->settled);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (set_has(source->peers, i + 1))
			merging->streams[i].server = i + 1;
	if (merging->settled)
		done = know_accounts(merging) && take_registers(merging) &&
		       take_numbers(merging);
	*ret_epoch = believable_seen(merging, 0).epoch;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		drop_page(&merging->streams[i]);
	store_batch_free(merging->batch);
	drop_settled(merging);
	free(merging->settled);
	free(merging);
	return done;
}
