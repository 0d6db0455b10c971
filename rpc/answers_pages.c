/* Answers that are pages of something that has an order: LIST, FENCE and DIGEST. */
#include "answers_internal.h"

#include "ballot.h"
#include "path.h"
#include "sets.h"
#include "text.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- places in the order of paths -------------------------------------------------- */

/*
 * A path, or with "behind" the place behind all that is below a folder: its path, '/' and
 * a byte that is in no valid path.
 */
struct place {
	const char *path;
	size_t len;
	const char *behind; /* "" or more of it */
};

static struct place place_of(const dfs_path *path)
{
	return (struct place){path->dfs_path_val, path->dfs_path_len, ""};
}

/* Is it a folder because of what is below it, and not of a register of its own? */
static bool is_only_above(const dfs_list_entry *entry)
{
	return entry->kind == DFS_FOLDER && entry->ballot.counter == 0;
}

static struct place place_of_entry(const dfs_list_entry *entry)
{
	struct place place = place_of(&entry->path);

	if (is_only_above(entry))
		place.behind = "/\xff";
	return place;
}

/* -1: it has ended there. */
static int byte_at(const struct place *place, size_t at)
{
	if (at < place->len)
		return (uint8_t)place->path[at];
	at -= place->len;
	return at < strlen(place->behind) ? (uint8_t)place->behind[at] : -1;
}

static int compare(const struct place *a, const struct place *b)
{
	size_t at = a->len < b->len ? a->len : b->len;
	int order = at > 0 ? memcmp(a->path, b->path, at) : 0;

	while (order == 0 && (byte_at(a, at) >= 0 || byte_at(b, at) >= 0)) {
		order = byte_at(a, at) - byte_at(b, at);
		at++;
	}
	return order;
}

/* ---- LIST ------------------------------------------------------------------------ */

static bool is_in(const dfs_path *folder, const dfs_path *path)
{
	return path->dfs_path_len > folder->dfs_path_len &&
	       memcmp(path->dfs_path_val, folder->dfs_path_val, folder->dfs_path_len) ==
		       0;
}

static bool is_child(const dfs_path *folder, const dfs_path *path)
{
	return !memchr(path->dfs_path_val + folder->dfs_path_len, '/',
		       path->dfs_path_len - folder->dfs_path_len);
}

static const char *check_folder(const dfs_list_args *asked, const dfs_list_entry *entry)
{
	char folder[DFS_PATH_MAX + 1];
	u_int len = entry->path.dfs_path_len;

	if (asked->recursive)
		return "a folder where only files were asked for";
	memcpy(folder, entry->path.dfs_path_val, len);
	folder[len] = '/';
	if (path_check_folder(folder, len + 1))
		return "a listing entry with a path that no folder can have";
	if (!is_child(&asked->folder, &entry->path))
		return "a folder from further below than was asked for";
	return entry->value ? "a folder with a value" : NULL;
}

/* What may stand at a path besides a tombstone; DFS_FOLDER: nothing may. */
static dfs_kind kind_at(const dfs_path *path)
{
	switch (path_kind(path->dfs_path_val, path->dfs_path_len)) {
	case PATH_OF_FILE:
		return DFS_FILE;
	case PATH_OF_ACCOUNT:
		return DFS_ACCOUNT;
	case PATH_OF_CREDENTIALS:
		return DFS_CREDENTIALS;
	default:
		return DFS_FOLDER;
	}
}

static const char *check_value(const dfs_list_args *asked, const dfs_list_entry *entry)
{
	const dfs_path *path = &entry->path;

	if (!entry->value)
		return NULL;
	if (!asked->detail)
		return "a value that was not asked for";
	if (entry->value->body.kind != entry->kind)
		return "a listing entry of another kind than its value";
	return value_check_at(path->dfs_path_val, path->dfs_path_len, entry->value);
}

/* A path that has a register; tombstones are told of from everywhere below. */
static const char *check_path(const dfs_list_args *asked, const dfs_list_entry *entry)
{
	dfs_kind kind = kind_at(&entry->path);

	if (kind == DFS_FOLDER)
		return "a listing entry with a path that cannot be";
	/* A link or a folder stands where a file may. */
	if (entry->kind != kind && entry->kind != DFS_TOMBSTONE &&
	    !((entry->kind == DFS_LINK || entry->kind == DFS_FOLDER) && kind == DFS_FILE))
		return "a listing entry of another kind than its path";
	if (!asked->recursive && entry->kind != DFS_TOMBSTONE &&
	    !is_child(&asked->folder, &entry->path))
		return "a file from further below than was asked for";
	if (!ballot_is_good(&entry->ballot))
		return "a listing entry at no ballot";
	return check_value(asked, entry);
}

static const char *check_entry(const dfs_list_args *asked, const dfs_list_entry *entry)
{
	if (entry->path.dfs_path_len == 0)
		return "a listing entry without a path";
	if (!is_in(&asked->folder, &entry->path))
		return "a listing entry that is not below the folder";
	if (entry->holders >> 4 * DFS_SERVERS != 0 || entry->full > DFS_SERVERS ||
	    entry->missing > CHUNKS_ALL || entry->unbrought > CHUNKS_ALL ||
	    (entry->missing & entry->unbrought) != 0)
		return "a listing entry with chunks that there are not";
	return is_only_above(entry) ? check_folder(asked, entry)
				    : check_path(asked, entry);
}

/*
 * The cursor is the server's alone to read: whether a page goes on where the one before
 * it ended is seen by who asks for both.
 */
static const char *check_cursor(const dfs_list_ok *ok)
{
	if (ok->more && ok->next.dfs_cursor_len == 0)
		return "a listing that goes on nowhere";
	return !ok->more && ok->next.dfs_cursor_len > 0
		       ? "a cursor for more than there is"
		       : NULL;
}

const char *answers_list(const struct answers_call *call)
{
	const dfs_list_args *asked = call->args;
	const dfs_list_res *res = call->res;
	const dfs_list_ok *ok = &res->dfs_list_res_u.ok;
	struct place last = {0};

	if (ok->entries.entries_len > asked->max)
		return "more listing entries than were asked for";
	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		const dfs_list_entry *entry = &ok->entries.entries_val[i];
		const struct place here = place_of_entry(entry);
		const char *wrong = check_entry(asked, entry);

		if (wrong)
			return wrong;
		if (i > 0 && compare(&here, &last) <= 0)
			return "listing entries that are not in order";
		last = here;
	}
	return check_cursor(ok);
}

/* ---- FENCE and DIGEST -------------------------------------------------------------- */

/* A register's path and ballot. */
static const char *check_named(const dfs_path *path, const dfs_ballot *ballot)
{
	if (!path_is_good(path))
		return "a register with a path that cannot be";
	return ballot_is_good(ballot) ? NULL : "a register at no ballot";
}

static int compare_paths(const dfs_path *a, const dfs_path *b)
{
	return path_compare(a->dfs_path_val, a->dfs_path_len, b->dfs_path_val,
			    b->dfs_path_len);
}

const char *answers_fence(const struct answers_call *call)
{
	const dfs_fence_args *asked = call->args;
	const dfs_fence_res *res = call->res;
	const dfs_fence_ok *ok = &res->dfs_fence_res_u.ok;
	const dfs_path *last = &asked->after;

	for (u_int i = 0; i < ok->registers.registers_len; i++) {
		const dfs_handed *handed = &ok->registers.registers_val[i];
		const dfs_path *path = &handed->path;
		const char *wrong = check_named(path, &handed->ballot);

		if (!wrong && compare_paths(path, last) <= 0)
			wrong = "registers that are not in order";
		if (!wrong && handed->value)
			wrong = value_check_at(path->dfs_path_val, path->dfs_path_len,
					       handed->value);
		if (wrong)
			return wrong;
		last = path;
	}
	return ok->more && ok->registers.registers_len == 0
		       ? "a page without registers before others"
		       : NULL;
}

const char *answers_digest(const struct answers_call *call)
{
	const dfs_digest_args *asked = call->args;
	const dfs_digest_res *res = call->res;
	const dfs_digest_ok *ok = &res->dfs_digest_res_u.ok;
	const dfs_path *last = &asked->from;

	if (ok->entries.entries_len > asked->entries)
		return "more registers than were asked for";
	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		const dfs_digest_entry *entry = &ok->entries.entries_val[i];
		const char *wrong = check_named(&entry->path, &entry->ballot);
		int order = compare_paths(&entry->path, last);

		if (wrong)
			return wrong;
		/* The first may be where the range begins. */
		if (order < 0 || (order == 0 && i > 0))
			return "registers that are not in order";
		if (asked->to.dfs_path_len > 0 &&
		    compare_paths(&entry->path, &asked->to) >= 0)
			return "a register that is not in the range";
		last = &entry->path;
	}
	return ok->more && asked->entries > 0 && ok->entries.entries_len == 0
		       ? "a page without registers before others"
		       : NULL;
}
