/* The listings of several servers, merged into one. */
#include "listing.h"

#include "ballot.h"
#include "clock.h"
#include "listing_held.h"
#include "path.h"
#include "refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a server hides makes pages without entries.  Each of them stands for 256 files at
 * least: behind four million hidden ones in a row a listing counts as one without an end.
 */
enum { EMPTY_PAGES = 16384, PLACE = DFS_PATH_MAX + 3 };

/* One server's listing: the page at hand and what comes after it. */
struct listing_source {
	dfs_list_res page; /* taken out of a round: ours to free */
	bool has_page;
	u_int at;
	bool more; /* pages after this one */
	char after[DFS_CURSOR_MAX];
	u_int after_len;
	char last[PLACE]; /* of the last entry so far */
	unsigned empty;   /* pages since then */
};

struct listing {
	struct dfs *dfs;
	char folder[DFS_PATH_MAX + 1];
	bool recursive, detail, owing;
	unsigned servers;
	struct refusals refusals; /* of servers that do not list any more */
	struct listing_source sources[DFS_SERVERS];
	char skip[DFS_PATH_MAX + 2]; /* paths below this folder are done */
	struct listing_held *held;
	struct listing_held *told; /* the last one that was; or NULL */
};

/* ---- pages --------------------------------------------------------------------- */

struct list_call {
	dfs_list_args args[DFS_SERVERS];
	char folder[DFS_PATH_MAX + 1];
	char after[DFS_SERVERS][DFS_CURSOR_MAX];
};

static void drop_page(struct listing_source *source)
{
	if (source->has_page)
		xdr_free((xdrproc_t)xdr_dfs_list_res, &source->page);
	source->has_page = false;
}

static bool needs_page(const struct listing *listing, unsigned i)
{
	const struct listing_source *source = &listing->sources[i];

	return set_has(listing->servers, i + 1) && source->more &&
	       (!source->has_page ||
		source->at == source->page.dfs_list_res_u.ok.entries.entries_len);
}

/* Remembers where the page ended, before it goes. */
static void note_end(struct listing_source *source)
{
	const dfs_cursor *next = &source->page.dfs_list_res_u.ok.next;

	if (!source->has_page)
		return;
	if (next->dfs_cursor_len > 0)
		memcpy(source->after, next->dfs_cursor_val, next->dfs_cursor_len);
	source->after_len = next->dfs_cursor_len;
}

/* Is it a folder because of what is below it, and not of a register of its own? */
static bool is_only_above(const dfs_list_entry *entry)
{
	return entry->kind == DFS_FOLDER && !ballot_is_good(&entry->ballot);
}

/*
 * Where an entry stands: a folder that is only above others behind all that is below it,
 * for tombstones there.
 */
static void place(const dfs_list_entry *entry, char ret[PLACE])
{
	(void)snprintf(ret, PLACE, "%.*s%s", (int)entry->path.dfs_path_len,
		       entry->path.dfs_path_val, is_only_above(entry) ? "/\xff" : "");
}

/* Does the page go on behind the last entry before it, and will it come to an end? */
static bool leads_on(struct listing_source *source, const dfs_list_ok *ok)
{
	const u_int count = ok->entries.entries_len;
	char first[PLACE];
	bool good = true;

	source->empty = count > 0 ? 0 : source->empty + 1;
	if (count > 0) {
		place(&ok->entries.entries_val[0], first);
		good = strcmp(first, source->last) > 0;
		place(&ok->entries.entries_val[count - 1], source->last);
	}
	return good && source->empty < EMPTY_PAGES;
}

static struct round *ask_pages(struct listing *listing)
{
	struct list_call *call = calloc(1, sizeof *call);
	struct round *round;

	if (!call)
		return NULL;
	memcpy(call->folder, listing->folder, sizeof call->folder);
	round = round_new(listing->dfs->links, DFS_LIST, call, free);
	for (unsigned i = 0; round && i < DFS_SERVERS; i++) {
		struct listing_source *source = &listing->sources[i];
		dfs_list_args *args = &call->args[i];

		if (!needs_page(listing, i))
			continue;
		note_end(source);
		memcpy(call->after[i], source->after, source->after_len);
		args->folder = (dfs_path){(u_int)strlen(call->folder), call->folder};
		args->after = (dfs_cursor){source->after_len, call->after[i]};
		args->recursive = listing->recursive;
		args->detail = listing->detail;
		args->owing = listing->owing;
		args->max = DFS_LIST_MAX;
		round_ask(round, i + 1, args, clock_now_ms() + LINKS_NEED_MS);
	}
	return round;
}

static bool needs_pages(const struct listing *listing)
{
	bool needed = false;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		needed |= needs_page(listing, i);
	return needed;
}

/* No server lists any more. */
static void fail(const struct listing *listing, struct dfs_result *result)
{
	const struct refusals_case of = {.what = REFUSALS_READ};
	const struct refusals told = {.denied = listing->refusals.denied,
				      .nobody = listing->refusals.nobody,
				      .unchecked = listing->refusals.unchecked};

	if (!refusals_explain(&told, &of, result))
		session_too_few(listing->dfs, result, 0, "the servers went");
}

/*
 * A page that came.  Who does not lead on, or goes on without an entry for longer than a
 * server with files that are hidden can, is left out: it would go on for ever.
 */
static void take_page(struct listing *listing, unsigned i, const dfs_list_res *take_res)
{
	struct listing_source *source = &listing->sources[i];
	const dfs_list_ok *ok = &take_res->dfs_list_res_u.ok;

	source->page = *take_res;
	source->has_page = true;
	source->more = ok->more;
	if (leads_on(source, ok))
		return;
	links_leave_out(listing->dfs->links, i + 1,
			source->empty < EMPTY_PAGES
				? "a listing that does not go on behind its last entry"
				: "a listing that does not end");
	listing->servers = set_without(listing->servers, i + 1);
}

/*
 * Gets the pages that are needed.  A server that fails is left out from there on: what it
 * told before stays told.
 */
static bool get_pages(struct listing *listing, struct dfs_result *result)
{
	struct round *round;
	unsigned left = 0;

	round = ask_pages(listing);
	if (!round) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		left += listing->servers >> i & !needs_page(listing, i);
	round_wait(round, left >= 2 ? 0 : 2 - left, LINKS_PATIENCE_MS);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct listing_source *source = &listing->sources[i];
		dfs_list_res *res;

		if (!needs_page(listing, i))
			continue;
		drop_page(source);
		source->at = 0;
		res = round_take(round, i + 1);
		if (res && res->status == DFS_OK) {
			take_page(listing, i, res);
		} else {
			listing->servers = set_without(listing->servers, i + 1);
			if (res)
				refusals_note_call(&listing->refusals, i + 1,
						   res->status);
		}
		free(res);
	}
	round_free(round);
	return true;
}

/* A page may be empty though there are more: then the next one is asked for. */
static bool fill(struct listing *listing, struct dfs_result *result)
{
	while (needs_pages(listing))
		if (!get_pages(listing, result))
			return false;
	return true;
}

/* ---- merging ------------------------------------------------------------------- */

static const dfs_list_entry *head(const struct listing *listing, unsigned i)
{
	const struct listing_source *source = &listing->sources[i];
	const dfs_list_ok *ok = &source->page.dfs_list_res_u.ok;

	if (!set_has(listing->servers, i + 1) || !source->has_page ||
	    source->at == ok->entries.entries_len)
		return NULL;
	return &ok->entries.entries_val[source->at];
}

/*
 * Byte order of the printed names: a folder's has a final '/'; but that of a register is
 * met where the register is, to be held until then.
 */
static int compare(const dfs_list_entry *a, const dfs_list_entry *b)
{
	char left[DFS_PATH_MAX + 2], right[DFS_PATH_MAX + 2];

	(void)snprintf(left, sizeof left, "%.*s%s", (int)a->path.dfs_path_len,
		       a->path.dfs_path_val, is_only_above(a) ? "/" : "");
	(void)snprintf(right, sizeof right, "%.*s%s", (int)b->path.dfs_path_len,
		       b->path.dfs_path_val, is_only_above(b) ? "/" : "");
	return strcmp(left, right);
}

/*
 * Is it the folder that was given last, or below it?  A server lists the tombstones there
 * one by one until it meets a live file, and only then the folder.
 */
static bool is_skipped(const struct listing *listing, const dfs_list_entry *entry)
{
	size_t len = strlen(listing->skip);
	size_t same = entry->kind == DFS_FOLDER && len > 0 ? len - 1 : len;

	return len > 0 &&
	       (entry->kind == DFS_FOLDER ? entry->path.dfs_path_len == same
					  : entry->path.dfs_path_len > same) &&
	       memcmp(entry->path.dfs_path_val, listing->skip, same) == 0;
}

/* Takes the lowest entry of all, from every server that has it; NULL at the end. */
static const dfs_list_entry *take_lowest(struct listing *listing, unsigned *ret_from)
{
	const dfs_list_entry *lowest = NULL, *newest = NULL;
	unsigned from = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_list_entry *entry = head(listing, i);

		if (entry && (!lowest || compare(entry, lowest) < 0))
			lowest = entry;
	}
	for (unsigned i = 0; lowest && i < DFS_SERVERS; i++) {
		const dfs_list_entry *entry = head(listing, i);

		if (!entry || compare(entry, lowest) != 0)
			continue;
		from = set_with(from, i + 1);
		int order = newest ? ballot_compare(&entry->ballot, &newest->ballot) : 1;

		if (order > 0 || (order == 0 && !newest->value))
			newest = entry;
	}
	*ret_from = from;
	return newest;
}

static void advance(struct listing *listing, unsigned from)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (set_has(from, i + 1))
			listing->sources[i].at++;
}

/*
 * Of somebody else's files only what is shared is told, and no tombstones: one that a
 * single server of three or more tells of is gone, or not shared any more, and this
 * server has yet to learn it.
 */
static bool is_vouched(const struct listing *listing, const dfs_list_entry *entry,
		       unsigned from)
{
	const char *user = listing->dfs->user, *path = entry->path.dfs_path_val;
	size_t len = entry->path.dfs_path_len, whose_len;
	const char *whose = path_of_whom(path, len, &whose_len);

	return listing->owing || set_count(listing->servers) < 3 ||
	       set_count(from) >= 2 || strcmp(user, "admin") == 0 ||
	       path_is_shared(path, len) ||
	       (whose_len == strlen(user) && memcmp(whose, user, whose_len) == 0);
}

static void fill_entry(const struct listing *listing, const dfs_list_entry *entry,
		       unsigned from, struct listing_entry *ret)
{
	memcpy(ret->path, entry->path.dfs_path_val, entry->path.dfs_path_len);
	ret->path[entry->path.dfs_path_len] = '\0';
	ret->folder = entry->kind == DFS_FOLDER;
	ret->link = entry->kind == DFS_LINK;
	ret->own = ret->folder && !is_only_above(entry);
	ret->agreed = ret->own || from == listing->servers;
	ret->holders = entry->holders;
	ret->full = entry->full;
	ret->from = from;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		bool tells = set_has(from, i + 1);

		ret->missing[i] = tells ? head(listing, i)->missing : 0;
		ret->unbrought[i] = tells ? head(listing, i)->unbrought : 0;
	}
	ret->value = entry->value;
}

/* What is below a folder that was told is not told again. */
static void skip_below(struct listing *listing, const struct listing_entry *told)
{
	if (told->folder && !listing->recursive)
		(void)snprintf(listing->skip, sizeof listing->skip, "%s/", told->path);
}

bool listing_next(struct listing *listing, struct listing_entry *ret,
		  struct dfs_result *result)
{
	listing_held_free(listing->told);
	listing->told = NULL;
	for (;;) {
		const dfs_list_entry *entry;
		unsigned from;

		if (!fill(listing, result))
			return false;
		if (set_count(listing->servers) == 0) {
			fail(listing, result);
			return false;
		}
		entry = take_lowest(listing, &from);
		if (listing->held &&
		    (!entry || listing_held_is_due(listing->held, entry))) {
			listing->told = listing_held_take(&listing->held, ret);
			skip_below(listing, ret);
			return true;
		}
		if (!entry)
			return false;
		if (entry->kind == DFS_TOMBSTONE || is_skipped(listing, entry) ||
		    !is_vouched(listing, entry, from)) {
			advance(listing, from);
			continue;
		}
		fill_entry(listing, entry, from, ret);
		if (ret->own) {
			if (!listing_held_add(&listing->held, ret)) {
				result_fail(result, DFS_EXIT_OTHER, "out of memory");
				return false;
			}
			advance(listing, from);
			continue;
		}
		skip_below(listing, ret);
		/* The entry stays where it is until a later call fetches pages. */
		advance(listing, from);
		return true;
	}
}

static struct listing *listing_of(struct dfs *dfs, const char *folder, unsigned servers,
				  struct dfs_result *result)
{
	struct listing *listing;

	if (servers == 0) {
		session_too_few(dfs, result, 0, "");
		return NULL;
	}
	listing = calloc(1, sizeof *listing);
	if (!listing) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return NULL;
	}
	listing->dfs = dfs;
	listing->servers = servers;
	(void)snprintf(listing->folder, sizeof listing->folder, "%s", folder);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		listing->sources[i].more = true;
	return listing;
}

struct listing *listing_new(struct dfs *dfs, const char *folder, bool recursive,
			    bool detail, struct dfs_result *result)
{
	struct listing *listing =
		listing_of(dfs, folder, session_tellers(dfs, 2), result);

	if (listing) {
		listing->recursive = recursive;
		listing->detail = detail;
	}
	return listing;
}

struct listing *listing_new_owing(struct dfs *dfs, server_set servers,
				  struct dfs_result *result)
{
	struct listing *listing = listing_of(dfs, "/", servers, result);

	if (listing)
		listing->recursive = listing->owing = true;
	return listing;
}

void listing_free(struct listing *listing)
{
	if (!listing)
		return;
	listing_held_free(listing->told);
	listing_held_free(listing->held);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		drop_page(&listing->sources[i]);
	free(listing);
}

server_set listing_servers(const struct listing *listing)
{
	return listing->servers;
}
