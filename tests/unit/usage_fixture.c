/* Who has stored how much: what tests of it repeat. */
#include "usage_fixture.h"

#include "path.h"
#include "store_fixture.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

int usage_fixture_start(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	fixture->rules.merge_fan = 0; /* but where a test wants it */
	store_fixture_start(fixture);
	*state = fixture;
	return 0;
}

int usage_fixture_end(void **state)
{
	store_fixture_end(*state);
	free(*state);
	return 0;
}

int usage_fixture_accept(struct store_fixture *fixture, const char *path,
			 const char *owner, uint64_t size, uint64_t counter, unsigned how)
{
	return value_fixture_accept(
		fixture->store, path,
		value_fixture_file(&(struct value_fixture_file){.owner = owner,
								.size = size,
								.object = counter,
								.counter = counter}),
		how);
}

void usage_fixture_put(struct store_fixture *fixture, const char *path, const char *owner,
		       uint64_t size, uint64_t counter)
{
	assert_int_equal(usage_fixture_accept(fixture, path, owner, size, counter, 0), 0);
}

void usage_fixture_drop(struct store_fixture *fixture, const char *path, uint64_t counter)
{
	assert_int_equal(value_fixture_accept(fixture->store, path,
					      value_fixture_tombstone(counter), 0),
			 0);
}

void usage_fixture_set_quota(struct store_fixture *fixture, const char *path,
			     uint64_t quota, uint64_t counter)
{
	assert_int_equal(value_fixture_accept(fixture->store, path,
					      value_fixture_account(quota, counter), 0),
			 0);
}

struct store_owner usage_fixture_owner(struct store_fixture *fixture, const char *name)
{
	struct store_owner owner;

	store_owner(fixture->store, name, strlen(name), &owner);
	return owner;
}

uint64_t usage_fixture_used(struct store_fixture *fixture, const char *name)
{
	struct store_owner owner = usage_fixture_owner(fixture, name);

	assert_int_equal(owner.used, owner.contents + owner.registers + owner.staged);
	return owner.used;
}

uint64_t usage_fixture_contents(struct store_fixture *fixture, const char *name)
{
	(void)usage_fixture_used(fixture, name);
	return usage_fixture_owner(fixture, name).contents;
}

uint64_t usage_fixture_staged(struct store_fixture *fixture, const char *name)
{
	(void)usage_fixture_used(fixture, name);
	return usage_fixture_owner(fixture, name).staged;
}

bool usage_fixture_is_merged(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	(void)context;
	store_get_numbers(fixture->store, &numbers);
	return numbers.segments < 10;
}

bool usage_fixture_fits(struct store_fixture *fixture, const char *path, uint64_t size)
{
	const dfs_id object = store_fixture_id(987654321);
	const dfs_path name = path_borrow(path);
	const struct store_stake stake = {.user = "bob", .path = &name, .size = size};

	return store_fits_quota(fixture->store, &object, &stake);
}

uint64_t usage_fixture_register(struct store_fixture *fixture, const char *name)
{
	char path[32];
	uint64_t before, bytes;

	(void)snprintf(path, sizeof path, "/dan/%s", name);
	before = usage_fixture_used(fixture, "dan");
	usage_fixture_put(fixture, path, "dan", 1000, 1);
	bytes = usage_fixture_used(fixture, "dan") - before;
	assert_true(bytes > 1000);
	return bytes - 1000;
}

int usage_fixture_accept_kept(struct store_fixture *fixture, uint64_t size,
			      uint64_t first, uint64_t second, uint64_t counter,
			      unsigned how)
{
	dfs_value value = value_fixture_file(&(struct value_fixture_file){
		.owner = "bob", .size = size, .object = counter, .counter = counter});
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;
	const uint64_t sizes[2] = {first, second};

	manifest->earlier.earlier_val = calloc(2, sizeof(dfs_earlier));
	assert_non_null(manifest->earlier.earlier_val);
	manifest->earlier.earlier_len = 2;
	for (unsigned i = 0; i < 2; i++) {
		dfs_earlier *earlier = &manifest->earlier.earlier_val[i];

		earlier->content_version = (dfs_version){2 - i, store_fixture_id(70 + i)};
		earlier->content = manifest->content;
		store_fixture_resize(80 + i, sizes[i]);
		store_fixture_content(80 + i, &earlier->content);
		earlier->content.tree.tree_val =
			calloc(DFS_SERVERS, sizeof *earlier->content.tree.tree_val);
		assert_non_null(earlier->content.tree.tree_val);
		earlier->content.writer.dfs_user_val = strdup("bob");
		assert_non_null(earlier->content.writer.dfs_user_val);
	}
	return value_fixture_accept(fixture->store, "/bob/a", value, how);
}
