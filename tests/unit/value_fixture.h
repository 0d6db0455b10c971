/* Values of registers as tests of servers need them; all are freed with value_free. */
#ifndef DFS_VALUE_FIXTURE_H
#define DFS_VALUE_FIXTURE_H

#include "store.h"

/*
 * A file of size bytes, of the object and first proposed at the ballot of these numbers
 * (store_fixture_id, store_fixture_ballot); reader and writer are in its access list, or
 * NULL.
 */
struct value_fixture_file {
	const char *owner;
	const char *reader, *writer;
	uint64_t size, object, counter;
};
dfs_value value_fixture_file(const struct value_fixture_file *file);

dfs_value value_fixture_account(uint64_t quota, uint64_t counter);
dfs_value value_fixture_credentials(uint64_t counter);
dfs_value value_fixture_tombstone(uint64_t counter);
dfs_value value_fixture_folder(const char *owner, uint64_t counter);

/*
 * Accepts it at the ballot at which it was first proposed, and frees it; 0 or an errno.
 */
int value_fixture_accept(struct store *store, const char *path, dfs_value take_value,
			 unsigned how);

/* A copy that value_free frees. */
void *value_fixture_copy(const void *bytes, size_t len);

#endif
