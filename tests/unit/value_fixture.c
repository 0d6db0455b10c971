/* Values of registers. */
#include "value_fixture.h"

#include "placement.h"
#include "store_fixture.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "value fixture: out of memory\n");
	abort();
}

void *value_fixture_copy(const void *bytes, size_t len)
{
	return memcpy(must(malloc(len)), bytes, len);
}

static dfs_user user_of(const char *name)
{
	return (dfs_user){(u_int)strlen(name), must(strdup(name))};
}

static dfs_value begin(dfs_kind kind, uint64_t counter)
{
	dfs_value value;

	memset(&value, 0, sizeof value);
	value.operation = store_fixture_id(counter + 1000000000);
	value.origin = value.proof.ballot = store_fixture_ballot(counter);
	value.number = counter;
	value.content_version = (dfs_version){counter, value.operation};
	value.body.kind = kind;
	return value;
}

static void add_reader(dfs_access *access, const char *name, bool writes)
{
	u_int count = access->readers.readers_len++;
	dfs_reader *reader;

	access->readers.readers_val =
		must(realloc(access->readers.readers_val, (count + 1) * sizeof *reader));
	reader = &access->readers.readers_val[count];
	memset(reader, 0, sizeof *reader);
	reader->user = user_of(name);
	reader->writes = writes;
	if (count == 0)
		access->signature = must(calloc(1, sizeof *access->signature));
	access->signature->leaves = 1;
}

dfs_value value_fixture_file(const struct value_fixture_file *file)
{
	dfs_value value = begin(DFS_FILE, file->counter);
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;
	dfs_content *content = &manifest->content;

	manifest->owner = user_of(file->owner);
	content->writer = user_of(file->owner);
	content->signature.leaves = 1;
	if (file->reader)
		add_reader(&manifest->access, file->reader, false);
	if (file->writer)
		add_reader(&manifest->access, file->writer, true);
	manifest->keys.keys_len = 1 + manifest->access.readers.readers_len;
	manifest->keys.keys_val =
		must(calloc(manifest->keys.keys_len, sizeof *manifest->keys.keys_val));
	store_fixture_resize(file->object, file->size);
	store_fixture_content(file->object, content);
	content->tree.tree_val =
		must(calloc(DFS_SERVERS, sizeof *content->tree.tree_val));
	for (unsigned server = 1; server <= DFS_SERVERS; server++)
		content->holders = placement_hold(content->holders, server,
						  placement_pair(0, server));
	return value;
}

dfs_value value_fixture_account(uint64_t quota, uint64_t counter)
{
	dfs_value value = begin(DFS_ACCOUNT, counter);

	value.body.dfs_body_u.account.quota = quota;
	value.body.dfs_body_u.account.number = value.body.dfs_body_u.account.key = 1;
	value.body.dfs_body_u.account.signature.leaves = 1; /* nobody looks at it */
	return value;
}

dfs_value value_fixture_credentials(uint64_t counter)
{
	dfs_value value = begin(DFS_CREDENTIALS, counter);

	value.body.dfs_body_u.credentials.scrypt =
		(dfs_scrypt){.log2_n = 15, .r = 8, .p = 1};
	return value;
}

dfs_value value_fixture_tombstone(uint64_t counter)
{
	return begin(DFS_TOMBSTONE, counter);
}

dfs_value value_fixture_folder(const char *owner, uint64_t counter)
{
	dfs_value value = begin(DFS_FOLDER, counter);
	dfs_user *whose = &value.body.dfs_body_u.folder.owner;

	whose->dfs_user_len = (u_int)strlen(owner);
	whose->dfs_user_val = value_fixture_copy(owner, strlen(owner));
	return value;
}

int value_fixture_accept(struct store *store, const char *path, dfs_value take_value,
			 unsigned how)
{
	struct store_batch *batch = must(store_batch_new(store));
	dfs_ballot ballot = take_value.origin;
	int rc = store_fixture_batch_value(batch, path, &ballot, &take_value, how);

	value_free(&take_value);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}
