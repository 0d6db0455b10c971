/* "--create-store": what a store begins with, and what it does not begin with. */
#include "create.h"

#include "status.h"
#include "store.h"
#include "sign_fixture.h"
#include "store_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
	char folder[64];
	struct settings settings;
	dfs_learn_args first;
	int errors; /* what stderr was */
};

/* ---- registers --------------------------------------------------------------- */

/* As admin says it, whatever it is. */
static void sign(dfs_learn_item *item)
{
	char path[DFS_PATH_MAX + 1];
	dfs_body *body = &item->value.body;

	(void)snprintf(path, sizeof path, "%.*s", (int)item->path.dfs_path_len,
		       item->path.dfs_path_val);
	if (body->kind == DFS_ACCOUNT)
		sign_fixture_account(strrchr(path, '/') + 1, &body->dfs_body_u.account);
	sign_fixture_prove(path, &item->value.origin, "admin", 1, &item->value);
	sign_fixture_confirm(path, &item->value.origin, &item->value);
}

static void add(struct fixture *fixture, const char *path, dfs_value take_value)
{
	dfs_learn_item *item;
	u_int count = fixture->first.items.items_len;

	fixture->first.items.items_val =
		realloc(fixture->first.items.items_val, (count + 1) * sizeof *item);
	item = &fixture->first.items.items_val[count];
	assert_non_null(item);
	item->path = (dfs_path){(u_int)strlen(path), strdup(path)};
	item->ballot = take_value.origin;
	item->value = take_value;
	sign(item);
	fixture->first.items.items_len++;
}

static dfs_learn_item *item(struct fixture *fixture, u_int i)
{
	return &fixture->first.items.items_val[i];
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/dfs-create-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	strcpy(fixture->settings.name, "dfs3");
	fixture->settings.number = 3;
	fixture->settings.cluster.id = store_fixture_id(77);
	fixture->settings.cluster.admin_key = sign_fixture_key("admin", 1);
	fixture->settings.cluster.sign = *sign_fixture_servers();
	(void)snprintf(fixture->settings.data, sizeof fixture->settings.data, "%s/data",
		       fixture->folder);
	add(fixture, "/@accounts/admin", value_fixture_account(0, 1));
	add(fixture, "/@credentials/admin", value_fixture_credentials(1));
	/* The sentences for people are not for this test's output. */
	fixture->errors = dup(STDERR_FILENO);
	assert_non_null(freopen("/dev/null", "w", stderr));
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;
	char command[128];

	fflush(stderr);
	dup2(fixture->errors, STDERR_FILENO);
	close(fixture->errors);
	xdr_free((xdrproc_t)xdr_dfs_learn_args, &fixture->first);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

/* ---- creating ---------------------------------------------------------------- */

/* What the program is given, less or more than the list by some bytes; its exit code. */
static int create_with(struct fixture *fixture, int more)
{
	char *wire = calloc(1, 2 * DFS_RECORD_MAX), file[96];
	size_t len;
	int fd, code;
	XDR xdrs;

	assert_non_null(wire);
	xdrmem_create(&xdrs, wire, 2 * DFS_RECORD_MAX, XDR_ENCODE);
	/* By hand: one item too many has to be encoded too. */
	assert_true(xdr_u_int(&xdrs, &fixture->first.items.items_len));
	for (u_int i = 0; i < fixture->first.items.items_len; i++)
		assert_true(xdr_dfs_learn_item(&xdrs, item(fixture, i)));
	len = (size_t)((int)xdr_getpos(&xdrs) + more);
	(void)snprintf(file, sizeof file, "%s/first", fixture->folder);
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, wire, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	code = create_store(&fixture->settings, fd);
	close(fd);
	free(wire);
	return code;
}

static int create(struct fixture *fixture)
{
	return create_with(fixture, 0);
}

static void refused(struct fixture *fixture)
{
	assert_int_equal(create(fixture), DFS_EXIT_USAGE);
	assert_false(store_exists(fixture->settings.data));
}

static struct store *open_store(struct fixture *fixture)
{
	const struct store_options options = {.folder = fixture->settings.data,
					      .server = 3,
					      .cluster = fixture->settings.cluster.id};
	struct store *store;
	char why[256] = "";

	assert_int_equal(store_open(&options, &store, why, sizeof why), 0);
	return store;
}

static void test_a_store_begins_with_its_registers(void **state)
{
	struct fixture *fixture = *state;
	struct store_numbers numbers;
	struct store_register reg;
	struct store_owner owner;
	struct store *store;
	dfs_value value;
	const char *why;

	add(fixture, "/@accounts/bob", value_fixture_account(5000, 9));
	assert_false(store_exists(fixture->settings.data));
	assert_int_equal(create(fixture), DFS_EXIT_DONE);
	assert_true(store_exists(fixture->settings.data));
	store = open_store(fixture);
	assert_true(store_whole(store, &why));
	for (u_int i = 0; i < 3; i++) {
		const dfs_path *path = &item(fixture, i)->path;
		uint8_t want[DFS_VALUE_MAX], got[DFS_VALUE_MAX];
		size_t len;

		assert_int_equal(store_value(store, path->dfs_path_val,
					     path->dfs_path_len, &reg, &value),
				 0);
		assert_true(reg.settled);
		assert_false(reg.confirmed);
		assert_memory_equal(&reg.ballot, &item(fixture, i)->ballot,
				    sizeof reg.ballot);
		len = value_pack(&value, got, sizeof got);
		assert_int_equal(value_pack(&item(fixture, i)->value, want, sizeof want),
				 len);
		assert_memory_equal(got, want, len);
		value_free(&value);
	}
	store_get_numbers(store, &numbers);
	assert_int_equal(numbers.highest_counter, 9);
	assert_int_equal(numbers.epoch, 0);
	assert_int_equal(numbers.files, 0);
	assert_int_equal(numbers.tombstones, 0);
	assert_int_equal(numbers.segments, 1);
	store_owner(store, "bob", 3, &owner);
	assert_int_equal(owner.quota, 5000);
	store_close(store);
	/* There is one now: nothing is read, nothing is changed. */
	assert_int_equal(create(fixture), DFS_EXIT_CONFLICT);
	fixture->first.items.items_len = 1;
	assert_int_equal(create(fixture), DFS_EXIT_CONFLICT);
	fixture->first.items.items_len = 3;
}

static void test_the_bytes_are_one_list_and_no_more(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(create_with(fixture, 1), DFS_EXIT_USAGE);
	assert_int_equal(create_with(fixture, 4), DFS_EXIT_USAGE);
	assert_int_equal(create_with(fixture, -1), DFS_EXIT_USAGE);
	assert_int_equal(create_with(fixture, -4), DFS_EXIT_USAGE);
	fixture->first.items.items_len = 0;
	assert_int_equal(create_with(fixture, -4), DFS_EXIT_USAGE);
	refused(fixture);
	fixture->first.items.items_len = 2;
	assert_int_equal(create(fixture), DFS_EXIT_DONE);
}

static void test_admin_has_both_of_his(void **state)
{
	struct fixture *fixture = *state;

	fixture->first.items.items_len = 1;
	refused(fixture);
	fixture->first.items.items_len = 2;
	item(fixture, 0)->path.dfs_path_val[11] = 'b';
	sign(item(fixture, 0));
	refused(fixture);
	item(fixture, 0)->path.dfs_path_val[11] = 'a';
	sign(item(fixture, 0));
	item(fixture, 1)->path.dfs_path_val[14] = 'b';
	sign(item(fixture, 1));
	refused(fixture);
	item(fixture, 1)->path.dfs_path_val[14] = 'a';
	sign(item(fixture, 1));
	assert_int_equal(create(fixture), DFS_EXIT_DONE);
}

static void prove(dfs_value *account, const dfs_ballot *ballot, uint32_t key)
{
	sign_fixture_prove("/@accounts/admin", ballot, "admin", key, account);
	sign_fixture_confirm("/@accounts/admin", ballot, account);
}

/* What admin did not sign is no beginning. */
static void test_all_of_it_is_signed(void **state)
{
	struct fixture *fixture = *state;
	dfs_value *account = &item(fixture, 0)->value;
	dfs_key *admin = &fixture->settings.cluster.admin_key;
	const dfs_ballot ballot = account->origin;

	account->body.dfs_body_u.account.quota++;
	prove(account, &ballot, 1);
	refused(fixture);
	account->body.dfs_body_u.account.quota--;
	prove(account, &ballot, 2);
	refused(fixture);
	/* Nor what the servers did not confirm. */
	sign_fixture_prove("/@accounts/admin", &ballot, "admin", 1, account);
	refused(fixture);
	prove(account, &ballot, 1);
	admin->bytes[0] ^= 1;
	refused(fixture);
	admin->bytes[0] ^= 1;
	assert_int_equal(create(fixture), DFS_EXIT_DONE);
}

static void test_only_users_and_only_in_the_beginning(void **state)
{
	struct fixture *fixture = *state;

	item(fixture, 1)->ballot.epoch = item(fixture, 1)->value.origin.epoch = 1;
	sign(item(fixture, 1));
	refused(fixture);
	item(fixture, 1)->ballot.epoch = item(fixture, 1)->value.origin.epoch = 0;
	sign(item(fixture, 1));
	item(fixture, 1)->ballot.counter++;
	refused(fixture);
	item(fixture, 1)->ballot.counter--;
	item(fixture, 1)->value.body.dfs_body_u.credentials.scrypt.log2_n = 14;
	sign(item(fixture, 1));
	refused(fixture);
	item(fixture, 1)->value.body.dfs_body_u.credentials.scrypt.log2_n = 15;
	sign(item(fixture, 1));
	/* A third one, of another kind than users have, or gone, or there already. */
	add(fixture, "/bob/file",
	    value_fixture_file(&(struct value_fixture_file){
		    .owner = "bob", .size = 100, .object = 1, .counter = 1}));
	refused(fixture);
	free(item(fixture, 2)->path.dfs_path_val);
	value_free(&item(fixture, 2)->value);
	fixture->first.items.items_len = 2;
	add(fixture, "/@accounts/bob", value_fixture_tombstone(1));
	refused(fixture);
	free(item(fixture, 2)->path.dfs_path_val);
	value_free(&item(fixture, 2)->value);
	fixture->first.items.items_len = 2;
	add(fixture, "/@accounts/admin", value_fixture_account(0, 1));
	assert_int_not_equal(create(fixture), DFS_EXIT_DONE);
	assert_false(store_exists(fixture->settings.data));
}

static void test_as_many_as_a_message_has_and_one_more(void **state)
{
	struct fixture *fixture = *state;
	char path[40];

	while (fixture->first.items.items_len <= DFS_BATCH_MAX) {
		(void)snprintf(path, sizeof path, "/@accounts/user%u",
			       fixture->first.items.items_len);
		add(fixture, path, value_fixture_account(0, 1));
	}
	refused(fixture);
	free(item(fixture, DFS_BATCH_MAX)->path.dfs_path_val);
	value_free(&item(fixture, DFS_BATCH_MAX)->value);
	fixture->first.items.items_len = DFS_BATCH_MAX;
	assert_int_equal(create(fixture), DFS_EXIT_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_store_begins_with_its_registers),
		TEST(test_the_bytes_are_one_list_and_no_more),
		TEST(test_admin_has_both_of_his),
		TEST(test_all_of_it_is_signed),
		TEST(test_only_users_and_only_in_the_beginning),
		TEST(test_as_many_as_a_message_has_and_one_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
