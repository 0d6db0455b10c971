/* The thread that compares, and finding what is different. */
#include "compare_internal.h"

#include "ballot.h"
#include "clock.h"
#include "log.h"
#include "store_digest.h"
#include "store_survey.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct compare_rules compare_rules_default = {
	.every_ms = 60000,
	.settle_ms = 2000,
	.small = 512,
	.per_second = 4096,
	.three = true,
};

/*
 * So many are found before they are looked up: what was found first is not old by then.
 */
enum { SUSPECTS_MOST = 4096, TIMES_MOST = 3 };

/* ---- suspects ------------------------------------------------------------------ */

bool compare_add_suspect(struct suspects *suspects, const char *path, size_t len,
			 const dfs_ballot *newest)
{
	struct suspect *grown, *suspect;
	char *copy;

	if (suspects->count == suspects->room) {
		size_t room = suspects->room ? 2 * suspects->room : 64;

		grown = realloc(suspects->list, room * sizeof *grown);
		if (!grown)
			return false;
		suspects->list = grown;
		suspects->room = room;
	}
	copy = malloc(len);
	if (!copy)
		return false;
	memcpy(copy, path, len);
	suspect = &suspects->list[suspects->count++];
	suspect->path = copy;
	suspect->len = len;
	suspect->newest = *newest;
	return true;
}

void compare_drop_suspects(struct suspects *suspects)
{
	for (size_t i = 0; i < suspects->count; i++)
		free(suspects->list[i].path);
	free(suspects->list);
	*suspects = (struct suspects){.list = NULL};
}

/* ---- ranges -------------------------------------------------------------------- */

/* One comparison with one peer. */
struct passing {
	struct compare *compare;
	unsigned peer;
	bool must;
	struct suspects suspects;
	struct compare_outcome *outcome;
};

static bool flush(struct passing *passing)
{
	struct compare *compare = passing->compare;
	bool good = true;

	if (passing->suspects.count > 0)
		good = compare->calls.pause(compare->calls.context,
					    compare->rules.settle_ms) &&
		       compare_mend(compare, &passing->suspects, passing->must,
				    passing->outcome);
	passing->outcome->different += passing->suspects.count;
	compare_drop_suspects(&passing->suspects);
	return good;
}

static bool suspect(struct passing *passing, const char *path, size_t len,
		    const dfs_ballot *a, const dfs_ballot *b)
{
	return compare_add_suspect(&passing->suspects, path, len,
				   ballot_compare(a, b) > 0 ? a : b) &&
	       (passing->suspects.count < SUSPECTS_MOST || flush(passing));
}

/* Paths of this server's registers in a range, one after another. */
struct walk {
	struct store *store;
	struct store_range range;
	bool found; /* there is one at hand */
	struct store_found at;
};

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t shorter = a_len < b_len ? a_len : b_len;
	int order = shorter > 0 ? memcmp(a, b, shorter) : 0;

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static struct store_range range_of(const dfs_path *from, const dfs_path *to)
{
	return (struct store_range){.from = from->dfs_path_val,
				    .from_len = from->dfs_path_len,
				    .to = to->dfs_path_len > 0 ? to->dfs_path_val : NULL,
				    .to_len = to->dfs_path_len,
				    .tombstones = true};
}

static void walk_on(struct walk *walk)
{
	walk->found = store_next_in(walk->store, &walk->range, walk->at.path,
				    walk->at.path_len, &walk->at) == 0;
}

static void walk_begin(struct walk *walk, struct store *store, const dfs_path *from,
		       const dfs_path *to)
{
	walk->store = store;
	walk->range = range_of(from, to);
	walk->found = store_next_in(store, &walk->range, NULL, 0, &walk->at) == 0;
}

/* What is here and not there, up to the path (NULL: to the end of the range). */
static bool only_here(struct passing *passing, struct walk *walk, const dfs_path *upto)
{
	while (walk->found &&
	       (!upto || compare_bytes(walk->at.path, walk->at.path_len,
				       upto->dfs_path_val, upto->dfs_path_len) < 0)) {
		if (!suspect(passing, walk->at.path, walk->at.path_len,
			     &walk->at.reg.ballot, &ballot_none))
			return false;
		walk_on(walk);
	}
	return true;
}

static bool compare_entries(struct passing *passing, struct walk *walk,
			    const dfs_digest_ok *ok)
{
	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		const dfs_digest_entry *entry = &ok->entries.entries_val[i];
		const dfs_path *path = &entry->path;
		const dfs_ballot *here = &ballot_none;
		bool same;

		if (!only_here(passing, walk, path))
			return false;
		same = walk->found &&
		       compare_bytes(walk->at.path, walk->at.path_len, path->dfs_path_val,
				     path->dfs_path_len) == 0;
		if (same)
			here = &walk->at.reg.ballot;
		if (ballot_compare(here, &entry->ballot) != 0 &&
		    !suspect(passing, path->dfs_path_val, path->dfs_path_len, here,
			     &entry->ballot))
			return false;
		if (same)
			walk_on(walk);
	}
	return true;
}

/*
 * The first path that may come after this page: its last one with the least byte behind
 * it; or, where that would be too long, with its last byte raised, for none that is
 * longer can be there.
 */
static bool behind(const dfs_digest_ok *ok, char *cursor, dfs_path *ret)
{
	const dfs_path *last;

	if (ok->entries.entries_len == 0)
		return false;
	last = &ok->entries.entries_val[ok->entries.entries_len - 1].path;
	*ret = (dfs_path){last->dfs_path_len, cursor};
	memcpy(cursor, last->dfs_path_val, last->dfs_path_len);
	if (last->dfs_path_len < DFS_PATH_MAX)
		cursor[ret->dfs_path_len++] = '\0';
	else
		cursor[DFS_PATH_MAX - 1]++;
	return true;
}

/* One by one, all of the range. */
static bool compare_listed(struct passing *passing, const dfs_path *from,
			   const dfs_path *to)
{
	struct compare *compare = passing->compare;
	dfs_digest_args args = {
		.from = *from, .to = *to, .tombstones = TRUE, .entries = DFS_PAGE_MAX};
	struct walk *walk = malloc(sizeof *walk);
	char cursor[DFS_PATH_MAX];
	bool good = walk, more = true;

	if (good)
		walk_begin(walk, compare->store, from, to);
	while (good && more) {
		dfs_digest_res res = {0};
		const dfs_digest_ok *ok = &res.dfs_digest_res_u.ok;

		passing->outcome->calls++;
		good = compare->calls.digest(compare->calls.context, passing->peer, &args,
					     &res);
		if (!good)
			break;
		more = ok->more;
		good = compare_entries(passing, walk, ok) &&
		       (!more || behind(ok, cursor, &args.from));
		xdr_free((xdrproc_t)xdr_dfs_digest_res, &res);
	}
	good = good && only_here(passing, walk, NULL);
	free(walk);
	return good;
}

/* The path in the middle of what is here of the range. */
static bool middle(struct compare *compare, const dfs_path *from, const dfs_path *to,
		   uint64_t registers, char *path, size_t *ret_len)
{
	struct walk *walk = malloc(sizeof *walk);
	bool good = walk;

	if (good)
		walk_begin(walk, compare->store, from, to);
	for (uint64_t i = 0; good && i < registers / 2 && walk->found; i++)
		walk_on(walk);
	/* What has gone meanwhile is compared one by one. */
	good = good && walk->found &&
	       compare_bytes(walk->at.path, walk->at.path_len, from->dfs_path_val,
			     from->dfs_path_len) > 0;
	if (good) {
		memcpy(path, walk->at.path, walk->at.path_len);
		*ret_len = walk->at.path_len;
	}
	free(walk);
	return good;
}

/* A range that is to be compared yet. */
struct range {
	struct range *next;
	dfs_path from, to;
	char bytes[]; /* of both */
};

static bool push(struct range **stack, const dfs_path *from, const dfs_path *to)
{
	struct range *range =
		malloc(sizeof *range + from->dfs_path_len + to->dfs_path_len);

	if (!range)
		return false;
	range->from = (dfs_path){from->dfs_path_len, range->bytes};
	range->to = (dfs_path){to->dfs_path_len, range->bytes + from->dfs_path_len};
	if (from->dfs_path_len > 0)
		memcpy(range->from.dfs_path_val, from->dfs_path_val, from->dfs_path_len);
	if (to->dfs_path_len > 0)
		memcpy(range->to.dfs_path_val, to->dfs_path_val, to->dfs_path_len);
	range->next = *stack;
	*stack = range;
	return true;
}

static bool compare_range(struct passing *passing, const struct range *range,
			  struct range **stack)
{
	struct compare *compare = passing->compare;
	const dfs_digest_args args = {
		.from = range->from, .to = range->to, .tombstones = TRUE};
	dfs_digest_res res = {0};
	const dfs_digest_ok *there = &res.dfs_digest_res_u.ok;
	const struct store_range whole = range_of(&range->from, &range->to);
	char path[DFS_PATH_MAX];
	dfs_path cut = {0, path};
	struct store_digest here;
	size_t len;
	bool same, large;

	passing->outcome->calls++;
	store_digest(compare->store, &whole, &here);
	if (!compare->calls.digest(compare->calls.context, passing->peer, &args, &res))
		return false;
	same = there->registers == here.registers &&
	       id_equal(&there->digest, &here.digest);
	large = here.registers > compare->rules.small;
	xdr_free((xdrproc_t)xdr_dfs_digest_res, &res);
	if (same)
		return true;
	if (!large ||
	    !middle(compare, &range->from, &range->to, here.registers, path, &len))
		return compare_listed(passing, &range->from, &range->to);
	cut.dfs_path_len = (u_int)len;
	return push(stack, &cut, &range->to) && push(stack, &range->from, &cut);
}

/* Registers whose record is damaged here: their ballots say nothing of that. */
static bool add_damaged(struct passing *passing)
{
	struct store_found found = {0};
	const char *after = NULL;

	for (; store_next_damaged(passing->compare->store, after, found.path_len,
				  &found) == 0;
	     after = found.path)
		if (!suspect(passing, found.path, found.path_len, &found.reg.ballot,
			     &ballot_none))
			return false;
	return true;
}

void compare_with(struct compare *compare, unsigned peer, bool must,
		  struct compare_outcome *ret)
{
	struct passing passing = {
		.compare = compare, .peer = peer, .must = must, .outcome = ret};
	const dfs_path all = {0, NULL};
	struct range *stack = NULL, *range;

	*ret = (struct compare_outcome){.whole = push(&stack, &all, &all) &&
						 add_damaged(&passing)};
	while ((range = stack)) {
		stack = range->next;
		ret->whole = ret->whole && compare_range(&passing, range, &stack);
		free(range);
	}
	ret->whole = ret->whole && flush(&passing);
	compare_drop_suspects(&passing.suspects);
}

/* ---- the thread ---------------------------------------------------------------- */

static void note_alike(struct compare *compare, unsigned bit, bool alike)
{
	pthread_mutex_lock(&compare->lock);
	compare->alike = alike ? compare->alike | bit : compare->alike & ~bit;
	pthread_mutex_unlock(&compare->lock);
}

/* Is there anything left?  Once more then, for what was finished has yet to reach all. */
static bool compare_once(struct compare *compare, unsigned peer)
{
	unsigned bit = 1U << (peer - 1);
	struct compare_outcome outcome;

	compare_with(compare, peer, compare->differed & bit, &outcome);
	compare->differed &= ~bit;
	if (outcome.different > 0 || !outcome.whole)
		compare->differed |= bit;
	note_alike(compare, bit, outcome.whole && outcome.files == 0);
	if (outcome.different > 0)
		log_event(LOG_INFO, "compared",
			  "peer=dfs%u different=%" PRIu64 " learned=%" PRIu64
			  " taught=%" PRIu64 " finished=%" PRIu64,
			  peer, outcome.different, outcome.learned, outcome.taught,
			  outcome.finished);
	return outcome.whole && outcome.learned + outcome.taught + outcome.finished > 0;
}

static void compare_one(struct compare *compare, unsigned peer)
{
	unsigned times = 0;

	while (compare_once(compare, peer) && ++times < TIMES_MOST)
		continue;
}

static bool is_stopping(struct compare *compare)
{
	pthread_mutex_lock(&compare->lock);
	bool stopping = compare->stopping;
	pthread_mutex_unlock(&compare->lock);
	return stopping;
}

static void compare_all(struct compare *compare, unsigned peers)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (peers & 1U << (s - 1) && s != compare->server &&
		    acceptor_state(compare->acceptor) == DFS_STATE_VOTING &&
		    !is_stopping(compare))
			compare_one(compare, s);
}

/* Waits for a reason, or so long: the peers that gave one; *ret_end: it is over. */
static unsigned wait_for_reason(struct compare *compare, int64_t until, bool *ret_end)
{
	struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
	int rc = 0;

	pthread_mutex_lock(&compare->lock);
	while (!compare->stopping && compare->returned == 0 && rc == 0)
		rc = pthread_cond_timedwait(&compare->woken, &compare->lock, &at);
	unsigned returned = compare->returned;

	compare->returned = 0;
	*ret_end = compare->stopping;
	pthread_mutex_unlock(&compare->lock);
	return returned;
}

static void *compare_main(void *argument)
{
	struct compare *compare = argument;
	int64_t due = clock_now_ms() + compare->rules.every_ms;
	bool end;

	for (;;) {
		unsigned peers = wait_for_reason(compare, due, &end);

		if (end)
			return NULL;
		if (clock_now_ms() >= due) {
			peers = compare->calls.voting(compare->calls.context);
			due = clock_now_ms() + compare->rules.every_ms;
		}
		compare_all(compare, peers);
	}
}

void compare_wake(struct compare *compare, unsigned servers)
{
	pthread_mutex_lock(&compare->lock);
	compare->returned |= servers;
	compare->alike &= ~servers;
	pthread_cond_signal(&compare->woken);
	pthread_mutex_unlock(&compare->lock);
}

unsigned compare_alike(struct compare *compare)
{
	pthread_mutex_lock(&compare->lock);
	unsigned alike = compare->alike;
	pthread_mutex_unlock(&compare->lock);
	return alike;
}

struct compare *compare_new(const struct compare_options *options)
{
	struct compare *compare = calloc(1, sizeof *compare);
	pthread_condattr_t monotonic;

	if (!compare)
		return NULL;
	compare->store = options->store;
	compare->acceptor = options->acceptor;
	compare->server = options->server;
	compare->calls = options->calls;
	compare->rules = options->rules ? *options->rules : compare_rules_default;
	pthread_mutex_init(&compare->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&compare->woken, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return compare;
}

bool compare_start(struct compare *compare)
{
	compare->runs =
		pthread_create(&compare->thread, NULL, compare_main, compare) == 0;
	return compare->runs;
}

void compare_stop(struct compare *compare)
{
	pthread_mutex_lock(&compare->lock);
	compare->stopping = true;
	pthread_cond_signal(&compare->woken);
	pthread_mutex_unlock(&compare->lock);
	if (compare->runs)
		pthread_join(compare->thread, NULL);
	compare->runs = false;
}

void compare_free(struct compare *compare)
{
	if (!compare)
		return;
	compare_stop(compare);
	pthread_cond_destroy(&compare->woken);
	pthread_mutex_destroy(&compare->lock);
	free(compare);
}
