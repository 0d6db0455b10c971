/*
 * LIST: one page of the ordered index.
 *
 * Not recursive, a folder is one entry however much is below it: having met the first
 * live file below, the walk jumps behind the folder.  Where all below are tombstones,
 * they are listed one by one, so that a caller who hears of the folder from another
 * server can judge.
 */
#include "procs.h"

#include "path.h"

#include <stdlib.h>
#include <string.h>

/* Besides the number of entries, a page ends where its encoding nears half a record. */
enum { PAGE_BYTES = DFS_RECORD_MAX / 2 };

struct walk {
	struct store *store;
	const dfs_list_args *args;
	dfs_list_entry *entries;
	size_t count, bytes;
	bool more;
	char cursor[DFS_PATH_MAX + 2];
	size_t cursor_len;
};

/* The last possible path below a folder sorts before its name followed by '0' ('/' + 1).
 */
static void jump_behind(struct walk *walk, const char *folder, size_t len)
{
	memcpy(walk->cursor, folder, len);
	walk->cursor[len] = '/';
	walk->cursor[len + 1] = (char)0xff; /* in no valid UTF-8, above all that is */
	walk->cursor_len = len + 2;
}

/* The length of the child of the listed folder that this path lies below; 0: it is one.
 */
static size_t child_len(const struct walk *walk, const char *path, size_t len)
{
	size_t below = walk->args->folder.dfs_path_len;
	const char *slash = memchr(path + below, '/', len - below);

	return slash ? (size_t)(slash - path) : 0;
}

static bool add(struct walk *walk, const char *path, size_t len,
		const struct store_register *reg, dfs_kind kind)
{
	dfs_list_entry *entry = &walk->entries[walk->count];

	memset(entry, 0, sizeof *entry);
	entry->path.dfs_path_val = malloc(len);
	if (!entry->path.dfs_path_val)
		return false;
	memcpy(entry->path.dfs_path_val, path, len);
	entry->path.dfs_path_len = (u_int)len;
	entry->kind = kind;
	walk->count++;
	walk->bytes += len + 64;
	if (kind == DFS_FOLDER)
		return true;
	entry->ballot = reg->ballot;
	entry->settled = reg->settled;
	entry->holders = reg->holders;
	if (walk->args->detail && kind == DFS_FILE) {
		struct store_register now;

		entry->value = calloc(1, sizeof *entry->value);
		if (!entry->value)
			return false;
		if (store_value(walk->store, path, len, &now, entry->value) != 0) {
			free(entry->value);
			entry->value = NULL;
			return true;
		}
		/* It may have changed since the index was asked: tell one story. */
		entry->kind = now.kind;
		entry->ballot = now.ballot;
		entry->settled = now.settled;
		entry->holders = now.holders;
		walk->bytes += xdr_sizeof((xdrproc_t)xdr_dfs_value, entry->value);
	}
	return true;
}

/* Fills the page; false when out of memory. */
static bool walk_on(struct walk *walk)
{
	const dfs_path *folder = &walk->args->folder;
	char path[DFS_PATH_MAX];
	struct store_register reg;
	size_t len;

	while (store_next(walk->store, walk->cursor, walk->cursor_len, path, &len,
			  &reg) == 0 &&
	       len > folder->dfs_path_len &&
	       memcmp(path, folder->dfs_path_val, folder->dfs_path_len) == 0) {
		size_t child = walk->args->recursive ? 0 : child_len(walk, path, len);

		if (walk->count == walk->args->max || walk->bytes >= PAGE_BYTES) {
			walk->more = true;
			return true;
		}
		if (child > 0 && reg.kind == DFS_FILE) {
			if (!add(walk, path, child, &reg, DFS_FOLDER))
				return false;
			jump_behind(walk, path, child);
			continue;
		}
		if (!add(walk, path, len, &reg, reg.kind))
			return false;
		memcpy(walk->cursor, path, len);
		walk->cursor_len = len;
	}
	return true;
}

/* Where to begin: behind the cursor, or with the first path below the folder. */
static void begin(struct walk *walk)
{
	const dfs_path *after = &walk->args->after, *folder = &walk->args->folder;
	size_t len = after->dfs_path_len;

	if (len == 0) {
		memcpy(walk->cursor, folder->dfs_path_val, folder->dfs_path_len);
		walk->cursor_len = folder->dfs_path_len;
	} else if (after->dfs_path_val[len - 1] == '/') {
		jump_behind(walk, after->dfs_path_val, len - 1);
	} else {
		memcpy(walk->cursor, after->dfs_path_val, len);
		walk->cursor_len = len;
	}
}

void procs_list(struct caller *caller, const dfs_list_args *args, dfs_list_res *res)
{
	struct walk walk = {.store = caller->server->store, .args = args};
	dfs_list_ok *ok = &res->dfs_list_res_u.ok;

	if (path_check_folder(args->folder.dfs_path_val, args->folder.dfs_path_len) ||
	    args->max == 0 || args->max > DFS_LIST_MAX) {
		res->status = DFS_INVALID;
		return;
	}
	walk.entries = calloc(args->max, sizeof *walk.entries);
	if (!walk.entries) {
		res->status = DFS_BUSY;
		return;
	}
	begin(&walk);
	res->status = DFS_OK;
	ok->entries.entries_val = walk.entries;
	if (!walk_on(&walk)) {
		ok->entries.entries_len = (u_int)walk.count;
		xdr_free((xdrproc_t)xdr_dfs_list_res, res);
		memset(res, 0, sizeof *res);
		res->status = DFS_BUSY;
		return;
	}
	ok->votes = TRUE;
	ok->more = walk.more;
	ok->entries.entries_len = (u_int)walk.count;
}
