/* Promises: a hash by path that also remembers in which order they came. */
#include "promises.h"

#include "ballot.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

struct promise {
	bool lost; /* set by uthash when it had no memory to add this */
	bool has_confirmed;
	dfs_ballot ballot;
	dfs_key confirmed; /* of the one value that was confirmed for it */
	UT_hash_handle hh;
	size_t len;
	char path[];
};

struct promises {
	/* uthash keeps the order of insertion: the oldest is first. */
	struct promise *table;
	size_t most, most_bytes;
	size_t bytes; /* of the paths in the table */
	uint64_t lowest;
};

struct promises *promises_new(size_t most, size_t most_bytes, uint64_t lowest)
{
	struct promises *promises = calloc(1, sizeof *promises);

	if (promises) {
		promises->most = most;
		promises->most_bytes = most_bytes;
		promises->lowest = lowest;
	}
	return promises;
}

static void forget(struct promises *promises, struct promise *promise)
{
	promises->bytes -= promise->len;
	HASH_DEL(promises->table, promise);
	free(promise);
}

void promises_free(struct promises *promises)
{
	struct promise *promise, *next;

	if (!promises)
		return;
	HASH_ITER (hh, promises->table, promise, next) {
		forget(promises, promise);
	}
	free(promises);
}

uint64_t promises_lowest(const struct promises *promises)
{
	return promises->lowest;
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
	promise = calloc(1, sizeof *promise + path->dfs_path_len);
	if (!promise)
		return false;
	promise->ballot = *ballot;
	promise->len = path->dfs_path_len;
	memcpy(promise->path, path->dfs_path_val, promise->len);
	HASH_ADD_KEYPTR(hh, promises->table, promise->path, promise->len, promise);
	if (promise->lost) {
		free(promise);
		return false;
	}
	promises->bytes += promise->len;
	/* At most so many, and so many bytes of paths: the oldest are given up. */
	while (HASH_COUNT(promises->table) > promises->most ||
	       (promises->bytes > promises->most_bytes &&
		HASH_COUNT(promises->table) > 1)) {
		struct promise *oldest = promises->table;

		if (oldest->ballot.counter > promises->lowest)
			promises->lowest = oldest->ballot.counter;
		forget(promises, oldest);
	}
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
