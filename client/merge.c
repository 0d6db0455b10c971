/* The listings of several servers, merged into one. */
#include "merge.h"

#include "ballot.h"
#include "clock.h"
#include "path.h"
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One server's listing: the page at hand and what comes after it. */
struct listing {
	dfs_list_res page; /* taken out of a round: ours to free */
	bool has_page;
	u_int at;
	bool more; /* pages after this one */
	char after[DFS_PATH_MAX + 2];
};

struct merge {
	struct dfs *dfs;
	char folder[DFS_PATH_MAX + 1];
	bool recursive, detail, owing;
	unsigned servers;
	unsigned nobody, unchecked; /* servers that refused to list; masks, see fail */
	struct listing listings[DFS_SERVERS];
	char skip[DFS_PATH_MAX + 2]; /* paths below this folder are done */
};

/* ---- pages --------------------------------------------------------------------- */

struct list_call {
	dfs_list_args args[DFS_SERVERS];
	char folder[DFS_PATH_MAX + 1];
	char after[DFS_SERVERS][DFS_PATH_MAX + 2];
};

static void drop_page(struct listing *listing)
{
	if (listing->has_page)
		xdr_free((xdrproc_t)xdr_dfs_list_res, &listing->page);
	listing->has_page = false;
}

static bool needs_page(const struct merge *merge, unsigned i)
{
	const struct listing *listing = &merge->listings[i];

	return merge->servers & 1U << i && listing->more &&
	       (!listing->has_page ||
		listing->at == listing->page.dfs_list_res_u.ok.entries.entries_len);
}

/* Remembers where the page ended, before it goes. */
static void note_end(struct listing *listing)
{
	const dfs_path *next = &listing->page.dfs_list_res_u.ok.next;

	if (listing->has_page)
		snprintf(listing->after, sizeof listing->after, "%.*s",
			 (int)next->dfs_path_len, next->dfs_path_val);
}

/*
 * Does the page lead on?  One that does not would be asked for without end.  A cursor that ends in
 * '/' stands behind all that is below the folder.
 */
static bool leads_on(const struct listing *listing, const dfs_list_ok *ok)
{
	char after[DFS_PATH_MAX + 3], next[DFS_PATH_MAX + 3];
	size_t len = strlen(listing->after);

	if (!ok->more)
		return true;
	snprintf(after, sizeof after, "%s%s", listing->after,
		 len > 0 && listing->after[len - 1] == '/' ? "\xff" : "");
	snprintf(next, sizeof next, "%.*s", (int)ok->next.dfs_path_len,
		 ok->next.dfs_path_val);
	len = strlen(next);
	if (len > 0 && next[len - 1] == '/')
		memcpy(next + len, "\xff", 2);
	return strcmp(next, after) > 0;
}

static struct round *ask_pages(struct merge *merge)
{
	struct list_call *call = calloc(1, sizeof *call);
	struct round *round;

	if (!call)
		return NULL;
	memcpy(call->folder, merge->folder, sizeof call->folder);
	round = round_new(merge->dfs->links, &session_list, call, free);
	for (unsigned i = 0; round && i < DFS_SERVERS; i++) {
		struct listing *listing = &merge->listings[i];
		dfs_list_args *args = &call->args[i];

		if (!needs_page(merge, i))
			continue;
		note_end(listing);
		memcpy(call->after[i], listing->after, sizeof call->after[i]);
		args->folder = (dfs_path){(u_int)strlen(call->folder), call->folder};
		args->after = (dfs_path){(u_int)strlen(call->after[i]), call->after[i]};
		args->recursive = merge->recursive;
		args->detail = merge->detail;
		args->owing = merge->owing;
		args->max = DFS_LIST_MAX;
		round_ask(round, i + 1, args, clock_now_ms() + LINKS_NEED_MS);
	}
	return round;
}

static bool needs_pages(const struct merge *merge)
{
	bool needed = false;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		needed |= needs_page(merge, i);
	return needed;
}

static void note_refusal(struct merge *merge, unsigned i, const dfs_list_res *res)
{
	if (res && res->status == DFS_DENIED)
		merge->nobody |= 1U << i;
	if (res && res->status == DFS_UNCHECKED)
		merge->unchecked |= 1U << i;
}

/* No server lists any more. */
static void fail(const struct merge *merge, struct dfs_result *result)
{
	if (merge->nobody)
		session_fail(result, DFS_EXIT_DENIED, READER_NOBODY);
	else if (merge->unchecked)
		session_unchecked(result, merge->unchecked);
	else
		session_too_few(merge->dfs, result, 0, "the servers went");
}

/*
 * Gets the pages that are needed.  A server that fails is left out from there on: what it
 * told before stays told.
 */
static bool get_pages(struct merge *merge, struct dfs_result *result)
{
	struct round *round;
	unsigned left = 0;

	round = ask_pages(merge);
	if (!round) {
		session_fail(result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		left += merge->servers >> i & !needs_page(merge, i);
	round_wait(round, left >= 2 ? 0 : 2 - left, LINKS_PATIENCE_MS);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct listing *listing = &merge->listings[i];
		dfs_list_res *res;

		if (!needs_page(merge, i))
			continue;
		drop_page(listing);
		listing->at = 0;
		res = round_take(round, i + 1);
		if (res && res->status == DFS_OK &&
		    !leads_on(listing, &res->dfs_list_res_u.ok)) {
			xdr_free((xdrproc_t)xdr_dfs_list_res, res);
			merge->servers &= ~(1U << i);
		} else if (res && res->status == DFS_OK) {
			listing->page = *res;
			listing->has_page = true;
			listing->more = res->dfs_list_res_u.ok.more;
		} else {
			merge->servers &= ~(1U << i);
			note_refusal(merge, i, res);
		}
		free(res);
	}
	round_free(round);
	return true;
}

/* A page may be empty though there are more: then the next one is asked for. */
static bool fill(struct merge *merge, struct dfs_result *result)
{
	while (needs_pages(merge))
		if (!get_pages(merge, result))
			return false;
	return true;
}

/* ---- merging ------------------------------------------------------------------- */

static const dfs_list_entry *head(const struct merge *merge, unsigned i)
{
	const struct listing *listing = &merge->listings[i];
	const dfs_list_ok *ok = &listing->page.dfs_list_res_u.ok;

	if (!(merge->servers & 1U << i) || !listing->has_page ||
	    listing->at == ok->entries.entries_len)
		return NULL;
	return &ok->entries.entries_val[listing->at];
}

/* Byte order of the printed names: a folder's has a final '/'. */
static int compare(const dfs_list_entry *a, const dfs_list_entry *b)
{
	char left[DFS_PATH_MAX + 2], right[DFS_PATH_MAX + 2];

	snprintf(left, sizeof left, "%.*s%s", (int)a->path.dfs_path_len,
		 a->path.dfs_path_val, a->kind == DFS_FOLDER ? "/" : "");
	snprintf(right, sizeof right, "%.*s%s", (int)b->path.dfs_path_len,
		 b->path.dfs_path_val, b->kind == DFS_FOLDER ? "/" : "");
	return strcmp(left, right);
}

/*
 * Is it the folder that was given last, or below it?  A server lists the tombstones there
 * one by one until it meets a live file, and only then the folder.
 */
static bool is_skipped(const struct merge *merge, const dfs_list_entry *entry)
{
	size_t len = strlen(merge->skip);
	size_t same = entry->kind == DFS_FOLDER && len > 0 ? len - 1 : len;

	return len > 0 &&
	       (entry->kind == DFS_FOLDER ? entry->path.dfs_path_len == same
					  : entry->path.dfs_path_len > same) &&
	       memcmp(entry->path.dfs_path_val, merge->skip, same) == 0;
}

/* Takes the lowest entry of all, from every server that has it; NULL at the end. */
static const dfs_list_entry *take_lowest(struct merge *merge, unsigned *ret_from)
{
	const dfs_list_entry *lowest = NULL, *newest = NULL;
	unsigned from = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_list_entry *entry = head(merge, i);

		if (entry && (!lowest || compare(entry, lowest) < 0))
			lowest = entry;
	}
	for (unsigned i = 0; lowest && i < DFS_SERVERS; i++) {
		const dfs_list_entry *entry = head(merge, i);

		if (!entry || compare(entry, lowest) != 0)
			continue;
		from |= 1U << i;
		int order = newest ? ballot_compare(&entry->ballot, &newest->ballot) : 1;

		if (order > 0 || (order == 0 && !newest->value))
			newest = entry;
	}
	*ret_from = from;
	return newest;
}

static void advance(struct merge *merge, unsigned from)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (from & 1U << i)
			merge->listings[i].at++;
}

/*
 * Of somebody else's files only what is shared is told, and no tombstones: one that a single server
 * of three or more tells of is gone, or not shared any more, and this server has yet to learn it.
 */
static bool is_vouched(const struct merge *merge, const dfs_list_entry *entry,
		       unsigned from)
{
	const char *user = merge->dfs->user, *path = entry->path.dfs_path_val;
	size_t len = entry->path.dfs_path_len, whose_len;
	const char *whose = path_of_whom(path, len, &whose_len);

	return merge->owing || __builtin_popcount(merge->servers) < 3 ||
	       __builtin_popcount(from) >= 2 || strcmp(user, "admin") == 0 ||
	       path_is_shared(path, len) ||
	       (whose_len == strlen(user) && memcmp(whose, user, whose_len) == 0);
}

bool merge_next(struct merge *merge, struct merge_entry *ret, struct dfs_result *result)
{
	for (;;) {
		const dfs_list_entry *entry;
		unsigned from;

		if (!fill(merge, result))
			return false;
		if (__builtin_popcount(merge->servers) == 0) {
			fail(merge, result);
			return false;
		}
		entry = take_lowest(merge, &from);
		if (!entry)
			return false;
		if (entry->kind == DFS_TOMBSTONE || is_skipped(merge, entry) ||
		    !is_vouched(merge, entry, from)) {
			advance(merge, from);
			continue;
		}
		memcpy(ret->path, entry->path.dfs_path_val, entry->path.dfs_path_len);
		ret->path[entry->path.dfs_path_len] = '\0';
		ret->folder = entry->kind == DFS_FOLDER;
		ret->agreed = from == merge->servers;
		ret->holders = entry->holders;
		ret->full = entry->full;
		ret->from = from;
		for (unsigned i = 0; i < DFS_SERVERS; i++)
			ret->missing[i] = from & 1U << i ? head(merge, i)->missing : 0;
		ret->value = entry->value;
		if (ret->folder)
			snprintf(merge->skip, sizeof merge->skip, "%s/", ret->path);
		/* The entry stays where it is until a later call fetches pages. */
		advance(merge, from);
		return true;
	}
}

static struct merge *merge_of(struct dfs *dfs, const char *folder, unsigned servers,
			      struct dfs_result *result)
{
	struct merge *merge;

	if (servers == 0) {
		session_too_few(dfs, result, 0, "");
		return NULL;
	}
	merge = calloc(1, sizeof *merge);
	if (!merge) {
		session_fail(result, DFS_EXIT_OTHER, "out of memory");
		return NULL;
	}
	merge->dfs = dfs;
	merge->servers = servers;
	snprintf(merge->folder, sizeof merge->folder, "%s", folder);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		merge->listings[i].more = true;
	return merge;
}

struct merge *merge_new(struct dfs *dfs, const char *folder, bool recursive, bool detail,
			struct dfs_result *result)
{
	struct merge *merge = merge_of(dfs, folder, session_tellers(dfs, 2), result);

	if (merge) {
		merge->recursive = recursive;
		merge->detail = detail;
	}
	return merge;
}

struct merge *merge_new_owing(struct dfs *dfs, unsigned servers,
			      struct dfs_result *result)
{
	struct merge *merge = merge_of(dfs, "/", servers, result);

	if (merge)
		merge->recursive = merge->owing = true;
	return merge;
}

void merge_free(struct merge *merge)
{
	if (!merge)
		return;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		drop_page(&merge->listings[i]);
	free(merge);
}

unsigned merge_servers(const struct merge *merge)
{
	return merge->servers;
}
