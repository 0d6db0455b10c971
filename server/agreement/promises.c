/*
 * Promises: a hash by path, and for each folder in which order they came.
 *
 * Whoever may write below a folder can promise himself any number of paths there.  So the
 * folder that has most gives up first, and what it gave up binds its own paths alone.
 */
#include "promises.h"

#include "ballot.h"
#include "path.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>
#include <utlist.h>

struct promise {
	bool lost; /* set by uthash when it had no memory to add this */
	bool has_confirmed;
	dfs_ballot ballot;
	dfs_key confirmed; /* of the one value that was confirmed for it */
	UT_hash_handle hh;
	struct folder *folder;
	struct promise *prev, *next; /* in the folder: the oldest is first */
	size_t len;
	char path[];
};

/* All paths of one user, or those below /shared/. */
struct folder {
	bool lost; /* as above */
	UT_hash_handle hh;
	char name[DFS_USER_MAX];
	uint64_t lowest;
	struct promise *oldest;
	size_t count, bytes; /* of the paths */
};

/* More users have folders of their own than any cluster is made for. */
enum { FOLDERS_MAX = 4096 };

struct promises {
	struct promise *table;
	struct folder *folders;
	struct folder rest; /* where there were too many; its bound is for all paths */
	size_t most, most_bytes;
	size_t bytes; /* of the paths in the table */
};

struct promises *promises_new(size_t most, size_t most_bytes, uint64_t lowest)
{
	struct promises *promises = calloc(1, sizeof *promises);

	if (promises) {
		promises->most = most;
		promises->most_bytes = most_bytes;
		promises->rest.lowest = lowest;
	}
	return promises;
}

/* ---- folders ------------------------------------------------------------------- */

struct name {
	char text[DFS_USER_MAX];
};

static struct name name_of(const dfs_path *path)
{
	struct name name = {""};
	size_t len;
	const char *whose = path_of_whom(path->dfs_path_val, path->dfs_path_len, &len);

	memcpy(name.text, whose, len < sizeof name.text ? len : sizeof name.text);
	return name;
}

static struct folder *find_folder(const struct promises *promises, const dfs_path *path)
{
	const struct name name = name_of(path);
	struct folder *folder;

	HASH_FIND(hh, promises->folders, name.text, sizeof name.text, folder);
	return folder;
}

/* NULL when out of memory. */
static struct folder *use_folder(struct promises *promises, const dfs_path *path)
{
	struct folder *folder = find_folder(promises, path);
	const struct name name = name_of(path);

	if (folder)
		return folder;
	if (HASH_COUNT(promises->folders) == FOLDERS_MAX)
		return &promises->rest;
	folder = calloc(1, sizeof *folder);
	if (!folder)
		return NULL;
	memcpy(folder->name, name.text, sizeof folder->name);
	HASH_ADD(hh, promises->folders, name, sizeof folder->name, folder);
	if (folder->lost) {
		free(folder);
		return NULL;
	}
	return folder;
}

/* It goes when it says nothing any more. */
static void leave_folder(struct promises *promises, struct folder *folder)
{
	if (folder == &promises->rest || folder->count > 0 ||
	    folder->lowest > promises->rest.lowest)
		return;
	HASH_DEL(promises->folders, folder);
	free(folder);
}

uint64_t promises_lowest(const struct promises *promises, const dfs_path *path)
{
	const struct folder *folder = find_folder(promises, path);
	uint64_t lowest = promises->rest.lowest;

	return folder && folder->lowest > lowest ? folder->lowest : lowest;
}

/* The one that has most bytes of paths, or most paths. */
static struct folder *find_greediest(struct promises *promises, bool by_bytes)
{
	struct folder *greediest = &promises->rest, *folder, *next;

	HASH_ITER (hh, promises->folders, folder, next) {
		if (by_bytes ? folder->bytes > greediest->bytes
			     : folder->count > greediest->count)
			greediest = folder;
	}
	return greediest;
}

/* ---- promises ------------------------------------------------------------------ */

static void forget(struct promises *promises, struct promise *promise)
{
	struct folder *folder = promise->folder;

	promises->bytes -= promise->len;
	folder->bytes -= promise->len;
	folder->count--;
	DL_DELETE(folder->oldest, promise);
	HASH_DEL(promises->table, promise);
	free(promise);
	leave_folder(promises, folder);
}

void promises_free(struct promises *promises)
{
	struct promise *promise, *next_promise;
	struct folder *folder;

	if (!promises)
		return;
	HASH_ITER (hh, promises->table, promise, next_promise) {
		forget(promises, promise);
	}
	folder = promises->folders;
	HASH_CLEAR(hh, promises->folders);
	while (folder) {
		struct folder *next = folder->hh.next;

		free(folder);
		folder = next;
	}
	free(promises);
}

static struct promise *find(const struct promises *promises, const dfs_path *path)
{
	struct promise *promise;

	HASH_FIND(hh, promises->table, path->dfs_path_val, path->dfs_path_len, promise);
	return promise;
}

const dfs_ballot *promises_find(const struct promises *promises, const dfs_path *path)
{
	const struct promise *promise = find(promises, path);

	return promise ? &promise->ballot : NULL;
}

static bool is_too_much(const struct promises *promises)
{
	return HASH_COUNT(promises->table) > promises->most ||
	       (promises->bytes > promises->most_bytes &&
		HASH_COUNT(promises->table) > 1);
}

/* The greediest folder's oldest; its paths are bound by it. */
static void give_up(struct promises *promises)
{
	bool by_bytes = HASH_COUNT(promises->table) <= promises->most;
	struct folder *folder = find_greediest(promises, by_bytes);
	struct promise *oldest = folder->oldest;

	if (oldest->ballot.counter > folder->lowest)
		folder->lowest = oldest->ballot.counter;
	forget(promises, oldest);
}

/* NULL when out of memory. */
static struct promise *add(struct promises *promises, const dfs_path *path)
{
	struct promise *promise = calloc(1, sizeof *promise + path->dfs_path_len);
	struct folder *folder;

	if (!promise)
		return NULL;
	promise->len = path->dfs_path_len;
	memcpy(promise->path, path->dfs_path_val, promise->len);
	HASH_ADD_KEYPTR(hh, promises->table, promise->path, promise->len, promise);
	if (promise->lost) {
		free(promise);
		return NULL;
	}
	folder = use_folder(promises, path);
	if (!folder) {
		HASH_DEL(promises->table, promise);
		free(promise);
		return NULL;
	}
	promise->folder = folder;
	DL_APPEND(folder->oldest, promise);
	folder->count++;
	folder->bytes += promise->len;
	promises->bytes += promise->len;
	return promise;
}

bool promises_set(struct promises *promises, const dfs_path *path,
		  const dfs_ballot *ballot)
{
	struct promise *promise = find(promises, path);

	if (promise) {
		if (ballot_compare(&promise->ballot, ballot) != 0)
			promise->has_confirmed = false;
		promise->ballot = *ballot;
		return true;
	}
	promise = add(promises, path);
	if (!promise)
		return false;
	promise->ballot = *ballot;
	while (is_too_much(promises))
		give_up(promises);
	return true;
}

bool promises_confirm(struct promises *promises, const dfs_path *path,
		      const dfs_key *digest)
{
	struct promise *promise = find(promises, path);

	if (!promise || (promise->has_confirmed &&
			 memcmp(&promise->confirmed, digest, sizeof *digest) != 0))
		return false;
	promise->has_confirmed = true;
	promise->confirmed = *digest;
	return true;
}

void promises_accepted(struct promises *promises, const dfs_path *path,
		       const dfs_ballot *ballot)
{
	struct promise *promise = find(promises, path);

	if (promise && ballot_compare(&promise->ballot, ballot) <= 0)
		forget(promises, promise);
}
