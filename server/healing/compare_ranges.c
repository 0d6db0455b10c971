/*
 * Finding what is different from a peer: ranges of paths are halved until they are alike
 * or small, and of small ones the registers are compared.
 */
#include "compare_internal.h"

#include "ballot.h"
#include "clock.h"
#include "grow.h"
#include "path.h"
#include "store.h"
#include "store_digest.h"
#include "store_survey.h"

#include <stdlib.h>
#include <string.h>

/* So many are looked up at a time: what was found first is not old by then. */
enum { SUSPECTS_MOST = 4096 };

/* ---- suspects ------------------------------------------------------------------ */

bool compare_add_suspect(struct suspects *suspects, const char *path, size_t len,
			 const dfs_ballot *newest)
{
	struct suspect *grown, *suspect;
	char *copy;

	grown = grow_by_one(suspects->list, suspects->count, &suspects->room,
			    sizeof *grown);
	if (!grown)
		return false;
	suspects->list = grown;
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
struct compare_passing {
	struct compare *compare;
	unsigned peer;
	bool must;
	int64_t until_ms;
	struct suspects suspects;
	struct compare_outcome *outcome;
};

/* The others have their turn; the next time it begins with what differs then. */
static bool is_over(const struct compare_passing *passing)
{
	return clock_now_ms() >= passing->until_ms;
}

static bool flush(struct compare_passing *passing)
{
	struct compare *compare = passing->compare;
	bool good = true;

	if (passing->suspects.count > 0)
		good = compare_rest(compare, compare->rules.patience_ms) &&
		       compare_mend(compare, &passing->suspects, passing->must,
				    passing->outcome);
	passing->outcome->different += passing->suspects.count;
	compare_drop_suspects(&passing->suspects);
	return good;
}

static bool suspect(struct compare_passing *passing, const char *path, size_t len,
		    const dfs_ballot *a, const dfs_ballot *b)
{
	return compare_add_suspect(&passing->suspects, path, len,
				   ballot_compare(a, b) > 0 ? a : b) &&
	       (passing->suspects.count < SUSPECTS_MOST || flush(passing));
}

/* A range that is to be compared yet. */
struct compare_range {
	struct compare_range *next;
	dfs_path from, to;
	char bytes[]; /* of both */
};

static struct store_range range_of(const struct compare_range *range)
{
	return (struct store_range){
		.from = range->from.dfs_path_val,
		.from_len = range->from.dfs_path_len,
		.to = range->to.dfs_path_len > 0 ? range->to.dfs_path_val : NULL,
		.to_len = range->to.dfs_path_len,
		.tombstones = true};
}

/* Paths of this server's registers in a range, one after another. */
struct compare_walk {
	struct store *store;
	struct store_range range;
	bool found; /* there is one at hand */
	struct store_found at;
};

static void walk_on(struct compare_walk *walk)
{
	walk->found = store_next_in(walk->store, &walk->range, walk->at.path,
				    walk->at.path_len, &walk->at) == 0;
}

static void walk_begin(struct compare_walk *walk, struct store *store,
		       const struct compare_range *range)
{
	walk->store = store;
	walk->range = range_of(range);
	walk->found = store_next_in(store, &walk->range, NULL, 0, &walk->at) == 0;
}

/* What is here and not there, up to the path (NULL: to the end of the range). */
static bool only_here(struct compare_passing *passing, struct compare_walk *walk,
		      const dfs_path *upto)
{
	while (walk->found &&
	       (!upto || path_compare(walk->at.path, walk->at.path_len,
				      upto->dfs_path_val, upto->dfs_path_len) < 0)) {
		if (!suspect(passing, walk->at.path, walk->at.path_len,
			     &walk->at.reg.ballot, &ballot_none))
			return false;
		walk_on(walk);
	}
	return true;
}

static bool compare_entries(struct compare_passing *passing, struct compare_walk *walk,
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
		       path_compare(walk->at.path, walk->at.path_len, path->dfs_path_val,
				    path->dfs_path_len) == 0;
		if (same)
			here = &walk->at.reg.ballot;
		if ((ballot_compare(here, &entry->ballot) != 0 ||
		     (same && walk->at.reg.digest != entry->digest)) &&
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
static bool compare_listed(struct compare_passing *passing,
			   const struct compare_range *range)
{
	struct compare *compare = passing->compare;
	dfs_digest_args args = {.from = range->from,
				.to = range->to,
				.tombstones = TRUE,
				.entries = DFS_PAGE_MAX};
	struct compare_walk *walk = calloc(1, sizeof *walk);
	char cursor[DFS_PATH_MAX];
	bool good = walk, more = true;

	if (good)
		walk_begin(walk, compare->store, range);
	while (good && more) {
		dfs_digest_res res = {0};
		const dfs_digest_ok *ok = &res.dfs_digest_res_u.ok;

		passing->outcome->calls++;
		good = !is_over(passing) &&
		       compare->calls.digest(compare->calls.peers.context, passing->peer,
					     &args, &res);
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

/* The path in the middle of what is here of the range; ret has room for any. */
static bool middle(struct compare *compare, const struct compare_range *range,
		   uint64_t registers, dfs_path *ret)
{
	struct compare_walk *walk = calloc(1, sizeof *walk);
	bool good = walk;

	if (good)
		walk_begin(walk, compare->store, range);
	for (uint64_t i = 0; good && i < registers / 2 && walk->found; i++)
		walk_on(walk);
	/* What has gone meanwhile is compared one by one. */
	good = good && walk->found &&
	       path_compare(walk->at.path, walk->at.path_len, range->from.dfs_path_val,
			    range->from.dfs_path_len) > 0;
	if (good) {
		memcpy(ret->dfs_path_val, walk->at.path, walk->at.path_len);
		ret->dfs_path_len = (u_int)walk->at.path_len;
	}
	free(walk);
	return good;
}

static bool push(struct compare_range **stack, const dfs_path *from, const dfs_path *to)
{
	struct compare_range *range =
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

static bool look_at_range(struct compare_passing *passing,
			  const struct compare_range *range, struct compare_range **stack)
{
	struct compare *compare = passing->compare;
	const dfs_digest_args args = {
		.from = range->from, .to = range->to, .tombstones = TRUE};
	dfs_digest_res res = {0};
	const dfs_digest_ok *there = &res.dfs_digest_res_u.ok;
	const struct store_range whole = range_of(range);
	char path[DFS_PATH_MAX];
	dfs_path cut = {0, path};
	struct store_digest here;
	bool same, large;

	passing->outcome->calls++;
	store_digest(compare->store, &whole, &here);
	if (!compare->calls.digest(compare->calls.peers.context, passing->peer, &args,
				   &res))
		return false;
	same = there->registers == here.registers &&
	       id_equal(&there->digest, &here.digest);
	large = here.registers > compare->rules.small;
	xdr_free((xdrproc_t)xdr_dfs_digest_res, &res);
	if (same)
		return true;
	if (!large || !middle(compare, range, here.registers, &cut))
		return compare_listed(passing, range);
	return push(stack, &cut, &range->to) && push(stack, &range->from, &cut);
}

/* Registers whose record is damaged here: their ballots say nothing of that. */
static bool add_damaged(struct compare_passing *passing)
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
	struct compare_passing passing = {.compare = compare,
					  .peer = peer,
					  .must = must,
					  .outcome = ret,
					  .until_ms = clock_now_ms() +
						      compare->rules.pass_ms};
	const dfs_path all = {0, NULL};
	struct compare_range *stack = NULL, *range;

	*ret = (struct compare_outcome){.whole = push(&stack, &all, &all) &&
						 add_damaged(&passing)};
	while ((range = stack)) {
		stack = range->next;
		ret->whole = ret->whole && !is_over(&passing) &&
			     look_at_range(&passing, range, &stack);
		free(range);
	}
	/* So there is less each time. */
	if (ret->whole || is_over(&passing))
		ret->whole = flush(&passing) && ret->whole;
	compare_drop_suspects(&passing.suspects);
}
