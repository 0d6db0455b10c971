/*
 * LIST: one page of the ordered index.
 *
 * Not recursive, a folder is one entry however much is below it: having met the first
 * live file or folder below, the walk jumps behind the folder.  Where all below are
 * tombstones, they are listed one by one, so that a caller who hears of the folder from
 * another server can judge.  A folder that has a register is told of where that stands,
 * as files are, and once more where something lives below it.
 *
 * What the caller may not read is passed over.  Folders of people who share nothing are
 * jumped over; of the others each file that names readers has to be read, so that a page
 * ends after so much looking, too.  Such a page tells that it looked at much, and nothing
 * of what: its cursor is boxed, as all are.  One that is full ends where something else
 * is to be seen: what is hidden behind its last entry makes no difference.
 */
#include "procs.h"

#include "cursor.h"
#include "path.h"
#include "permit.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* A page ends with so many entries as are asked for, or so many bytes of XDR, */
	PAGE_BYTES = DFS_RECORD_MAX / 2,
	/* or so many looks at paths. */
	PAGE_LOOKS = 8192,
	VALUE_LOOKS = 32 /* reading a value counts as so many */
};

struct list_walk {
	struct store *store;
	const struct caller *caller;
	const dfs_list_args *args;
	dfs_list_entry *entries;
	size_t count, bytes, looks;
	bool more;
	char cursor[CURSOR_PLACE]; /* what comes after this has not been looked at */
	size_t cursor_len;
};

/* What is known of the path at hand. */
struct list_look {
	char *path;
	size_t len;
	struct store_register reg;
	bool has_value;
	dfs_value value;
};

/* Puts the cursor behind all paths below a folder: '/' and what no path goes on with. */
static void jump_behind(struct list_walk *walk, const char *folder, size_t len)
{
	memcpy(walk->cursor, folder, len);
	walk->cursor[len] = '/';
	walk->cursor[len + 1] = (char)0xff; /* in no valid UTF-8, above all that is */
	walk->cursor_len = len + 2;
}

/* The length of the child of the listed folder that the path lies below; 0: it is one. */
static size_t child_len(const struct list_walk *walk, const char *path, size_t len)
{
	size_t below = walk->args->folder.dfs_path_len;
	const char *slash = memchr(path + below, '/', len - below);

	return slash ? (size_t)(slash - path) : 0;
}

/* ---- what the caller may see ------------------------------------------------- */

/* It may have changed since the index was asked: what is told is one story. */
static void read_value(struct list_walk *walk, struct list_look *look)
{
	walk->looks += VALUE_LOOKS;
	look->has_value = store_value(walk->store, look->path, look->len, &look->reg,
				      &look->value) == 0;
}

/* Jumps behind the first part of the path, if nothing below it is for the caller. */
static bool jump_whole(struct list_walk *walk, const struct list_look *look)
{
	struct store_owner owner;
	size_t whose_len;
	const char *whose = path_of_whom(look->path, look->len, &whose_len);
	bool of_users = look->path[1] == '@';

	if (of_users && walk->args->folder.dfs_path_len > 1)
		return false; /* the folder itself was asked for, by who may */
	if (of_users) {
		jump_behind(walk, look->path,
			    (size_t)((const char *)memchr(look->path + 1, '/',
							  look->len - 1) -
				     look->path));
		return true;
	}
	if (permit_is_admin(walk->caller) ||
	    permit_is_own(walk->caller, look->path, look->len))
		return false;
	store_owner(walk->store, whose, whose_len, &owner);
	if (owner.shared > 0)
		return false;
	jump_behind(walk, look->path, whose_len + 1);
	return true;
}

static bool is_visible(struct list_walk *walk, struct list_look *look)
{
	const dfs_path path = {(u_int)look->len, look->path};

	if (look->path[1] == '@' || permit_is_admin(walk->caller) ||
	    permit_is_own(walk->caller, look->path, look->len))
		return true;
	if (!look->reg.has_readers)
		return false;
	read_value(walk, look);
	return look->has_value && permit_content(walk->caller, &path, &look->value);
}

/* ---- entries ----------------------------------------------------------------- */

/* The path at hand, or (len shorter) the folder that it lies below. */
static bool add(struct list_walk *walk, struct list_look *look, size_t len)
{
	dfs_list_entry *entry = &walk->entries[walk->count];
	const dfs_kind kind = look->reg.kind;

	memset(entry, 0, sizeof *entry);
	entry->path.dfs_path_val = malloc(len);
	if (!entry->path.dfs_path_val)
		return false;
	memcpy(entry->path.dfs_path_val, look->path, len);
	entry->path.dfs_path_len = (u_int)len;
	entry->kind = DFS_FOLDER;
	walk->count++;
	walk->bytes += len + 64;
	if (len < look->len)
		return true;
	if (walk->args->detail && kind != DFS_TOMBSTONE && !look->has_value)
		read_value(walk, look);
	entry->kind = kind;
	entry->ballot = look->reg.ballot;
	entry->digest = look->reg.digest;
	entry->settled = look->reg.settled;
	entry->holders = look->reg.holders;
	entry->full = look->reg.full;
	entry->missing = look->reg.missing & ~look->reg.unbrought;
	entry->unbrought = look->reg.unbrought;
	if (walk->args->detail && look->has_value) {
		entry->value = malloc(sizeof *entry->value);
		if (!entry->value)
			return false;
		*entry->value = look->value;
		look->has_value = false;
		walk->bytes += xdr_sizeof((xdrproc_t)xdr_dfs_value, entry->value);
	}
	return true;
}

static void pass(struct list_walk *walk, const struct list_look *look)
{
	memcpy(walk->cursor, look->path, look->len);
	walk->cursor_len = look->len;
}

static bool is_full(const struct list_walk *walk)
{
	return walk->count == walk->args->max || walk->bytes >= PAGE_BYTES;
}

/* One path that is to be seen, and the cursor goes past it; false when out of memory. */
static bool take(struct list_walk *walk, struct list_look *look)
{
	size_t child = walk->args->recursive ? 0 : child_len(walk, look->path, look->len);

	if (child > 0 && look->reg.kind != DFS_TOMBSTONE) {
		jump_behind(walk, look->path, child);
		return add(walk, look, child);
	}
	pass(walk, look);
	return add(walk, look, look->len);
}

/* One path: it is passed over or taken, or ends the page, which is full. */
static bool look_at(struct list_walk *walk, struct list_look *look)
{
	bool good = true;

	walk->looks++;
	if (jump_whole(walk, look))
		return true;
	if ((walk->args->owing && look->reg.missing == 0) || !is_visible(walk, look))
		pass(walk, look);
	else if (is_full(walk))
		walk->more = true;
	else
		good = take(walk, look);
	if (look->has_value)
		value_free(&look->value);
	return good;
}

/* Fills the page; false when out of memory. */
static bool walk_on(struct list_walk *walk)
{
	const dfs_path *folder = &walk->args->folder;
	struct store_found found;
	bool good = true;

	while (good && !walk->more) {
		struct list_look look = {.path = found.path};

		if (store_next(walk->store, walk->cursor, walk->cursor_len, &found) != 0)
			break;
		look.len = found.path_len;
		look.reg = found.reg;
		if (look.len <= folder->dfs_path_len ||
		    memcmp(look.path, folder->dfs_path_val, folder->dfs_path_len) != 0)
			break;
		if (walk->looks >= PAGE_LOOKS)
			walk->more = true;
		else
			good = look_at(walk, &look);
	}
	return good;
}

/* Where a next page begins. */
static bool tell_next(const struct list_walk *walk, dfs_cursor *ret)
{
	return !walk->more ||
	       cursor_box(walk->caller, walk->args, walk->cursor, walk->cursor_len, ret);
}

/*
 * Where to begin: behind the cursor, or with the first path below the folder.  false: it
 * is a cursor of something else.
 */
static bool begin(struct list_walk *walk)
{
	const dfs_path *folder = &walk->args->folder;

	if (walk->args->after.dfs_cursor_len > 0)
		return cursor_open(walk->caller, walk->args, walk->cursor,
				   &walk->cursor_len);
	memcpy(walk->cursor, folder->dfs_path_val, folder->dfs_path_len);
	walk->cursor_len = folder->dfs_path_len;
	return true;
}

void procs_list(struct caller *caller, const dfs_list_args *args, dfs_list_res *res)
{
	struct list_walk walk = {
		.store = caller->server->store, .caller = caller, .args = args};
	dfs_list_ok *ok = &res->dfs_list_res_u.ok;
	struct acceptor *acceptor = caller->server->acceptor;
	dfs_state state = acceptor_state(acceptor);
	uint32_t epoch = acceptor_seen(acceptor).epoch;
	bool good;

	if (args->max == 0 || args->max > DFS_LIST_MAX || !begin(&walk)) {
		res->status = DFS_INVALID;
		return;
	}
	walk.entries = calloc(args->max, sizeof *walk.entries);
	if (!walk.entries) {
		res->status = DFS_BUSY;
		return;
	}
	res->status = DFS_OK;
	ok->entries.entries_val = walk.entries;
	good = walk_on(&walk) && tell_next(&walk, &ok->next);
	ok->entries.entries_len = (u_int)walk.count;
	if (!good) {
		xdr_free((xdrproc_t)xdr_dfs_list_res, res);
		memset(res, 0, sizeof *res);
		res->status = DFS_BUSY;
		return;
	}
	/*
	 * Registers that were lost and found meanwhile, in a new epoch, are not all in
	 * the page.
	 */
	if (acceptor_state(acceptor) == DFS_STATE_RECOVERING ||
	    acceptor_seen(acceptor).epoch != epoch) {
		xdr_free((xdrproc_t)xdr_dfs_list_res, res);
		memset(res, 0, sizeof *res);
		res->status = DFS_RECOVERING;
		return;
	}
	ok->votes = state == DFS_STATE_VOTING;
	ok->more = walk.more;
}
