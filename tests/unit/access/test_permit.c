/*
 * server/permit: users against rights against paths, by name, by what is accepted here
 * and by what three servers say.
 */
#include "permit.h"

#include "peers.h"
#include "secrets.h"
#include "store_fixture.h"
#include "store_forget.h"
#include "ticket.h"
#include "value.h"
#include "value_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Of the one server here. */
static struct secrets the_secrets;

/* A file that carol may read and dave may write, if it is shared. */
static dfs_value make_file(const char *owner, bool shared, uint64_t counter)
{
	return value_fixture_file(
		&(struct value_fixture_file){.owner = owner,
					     .reader = shared ? "carol" : NULL,
					     .writer = shared ? "dave" : NULL,
					     .size = 1000,
					     .object = 7,
					     .counter = counter});
}

static void accept_file(struct store *store, const char *path, const char *owner,
			bool shared, uint64_t counter)
{
	assert_int_equal(
		value_fixture_accept(store, path, make_file(owner, shared, counter), 0),
		0);
}

/* ---- what three servers say -------------------------------------------------- */

/* In place of server/agreement/peers.c. */
static struct {
	bool heard;
	unsigned answers;
	bool known, shared;
	uint64_t counter;
	atomic_uint calls, inside, most;
	bool pairs;       /* each call waits for others to be in it */
	atomic_bool held; /* calls for /bob/x have no end as long as this */
	pthread_barrier_t pair;
	size_t asked;
	char first[64];
} world;

bool peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_register *ret)
{
	(void)peers;
	assert_true(deadline_ms > 0);
	unsigned inside = ++world.inside;

	if (inside > world.most)
		world.most = inside;
	if (world.pairs)
		pthread_barrier_wait(&world.pair);
	while (world.held && memcmp(paths->paths.paths_val[0].dfs_path_val, "/bob/x",
				    strlen("/bob/x")) == 0)
		sched_yield();
	world.inside--;
	world.calls++;
	if (world.pairs) {
		memset(ret, 0, sizeof *ret);
		ret->answers = 3;
		return true;
	}
	world.asked = paths->paths.paths_len;
	(void)snprintf(world.first, sizeof world.first, "%.*s",
		       (int)paths->paths.paths_val[0].dfs_path_len,
		       paths->paths.paths_val[0].dfs_path_val);
	if (!world.heard)
		return false;
	for (u_int i = 0; i < paths->paths.paths_len; i++) {
		memset(&ret[i], 0, sizeof ret[i]);
		ret[i].answers = world.answers;
		ret[i].reg.known = world.known;
		if (!world.known)
			continue;
		ret[i].reg.dfs_register_u.accepted.ballot =
			store_fixture_ballot(world.counter);
		ret[i].reg.dfs_register_u.accepted.value =
			make_file("bob", world.shared, world.counter);
	}
	return true;
}

void peers_free_registers(struct peers_register *registers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (registers[i].reg.known)
			value_free(&registers[i].reg.dfs_register_u.accepted.value);
}

void peers_check_lone(struct peers *peers, const dfs_confirm_args *args,
		      dfs_status *statuses)
{
	(void)peers;
	(void)args;
	(void)statuses;
	fail_msg("a handler asked other servers");
}

/* ---- the fixture ------------------------------------------------------------- */

struct fixture {
	struct store_fixture store;
	struct server_parts server;
};

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_start(&fixture->store);
	fixture->server.store = fixture->store.store;
	memset(&the_secrets, 0, sizeof the_secrets);
	memset(the_secrets.newest, 9, sizeof the_secrets.newest);
	fixture->server.secrets = &the_secrets;
	memset(&world, 0, sizeof world);
	world.heard = true;
	world.answers = 3;
	world.counter = 1;
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	store_fixture_end(&fixture->store);
	free(fixture);
	return 0;
}

static dfs_path path_of(const char *text, char *copy, size_t size)
{
	(void)snprintf(copy, size, "%s", text);
	return (dfs_path){(u_int)strlen(copy), copy};
}

static dfs_status judge(struct fixture *fixture, const char *user, unsigned peer,
			enum permit_right right, const char *path)
{
	struct caller caller = {.server = &fixture->server, .peer = peer};
	char copy[128];
	dfs_path named = path_of(path, copy, sizeof copy);
	const struct permit_demand demand = {right, &named, NULL};
	dfs_status status = DFS_IO;

	(void)snprintf(caller.user, sizeof caller.user, "%s", user);
	permit_judge(&caller, &demand, 1, &status);
	return status;
}

/* ---- the table --------------------------------------------------------------- */

static const char *const users[] = {"bob", "alice", "carol", "dave", "admin", ""};
enum { USERS = sizeof users / sizeof users[0] };

/*
 * Of a path, a line for each right (read, write, delete, list), with a column for each
 * user: y is yes, - denied, ! invalid.
 */
static const struct {
	const char *path;
	const char *rights[4];
} table[] = {
	/*                             bob alice carol dave admin nobody */
	{"/bob/private", {"y---y-", "y-----", "y---y-", "!!!!!-"}},
	{"/bob/shared", {"y-yyy-", "y--y--", "y--yy-", "!!!!!-"}},
	{"/bob/nothing", {"y---y-", "y-----", "y---y-", "!!!!!-"}},
	{"/bob/deleted", {"y---y-", "y-----", "y---y-", "!!!!!-"}},
	{"/shared/file", {"yyyyy-", "yyyyy-", "yyyyy-", "!!!!!-"}},
	{"/shared/nothing", {"yyyyy-", "yyyyy-", "yyyyy-", "!!!!!-"}},
	{"/bobby/file", {"----y-", "------", "----y-", "!!!!!-"}},
	{"/@accounts/bob", {"yyyyy-", "----y-", "----y-", "!!!!!-"}},
	{"/@accounts/nobody", {"yyyyy-", "----y-", "----y-", "!!!!!-"}},
	{"/@credentials/bob", {"y---y-", "y---y-", "y---y-", "!!!!!-"}},
	{"/@credentials/admin", {"----y-", "----y-", "----y-", "!!!!!-"}},
	{"/bob/", {"!!!!!-", "!!!!!-", "!!!!!-", "yyyyy-"}},
	{"/", {"!!!!!-", "!!!!!-", "!!!!!-", "yyyyy-"}},
	{"/shared/", {"!!!!!-", "!!!!!-", "!!!!!-", "yyyyy-"}},
	{"/@accounts/", {"!!!!!-", "!!!!!-", "!!!!!-", "----y-"}},
	{"/@credentials/", {"!!!!!-", "!!!!!-", "!!!!!-", "!!!!!-"}},
	{"/@other/bob", {"!!!!!-", "!!!!!-", "!!!!!-", "!!!!!-"}},
	{"/@accounts/bob/x", {"!!!!!-", "!!!!!-", "!!!!!-", "!!!!!-"}},
	{"/bob/../alice/x", {"!!!!!-", "!!!!!-", "!!!!!-", "!!!!!-"}},
	{"bob/x", {"!!!!!-", "!!!!!-", "!!!!!-", "!!!!!-"}},
};

static void fill(struct fixture *fixture)
{
	struct store *store = fixture->store.store;

	accept_file(store, "/bob/private", "bob", false, 5);
	accept_file(store, "/bob/shared", "bob", true, 5);
	accept_file(store, "/bob/deleted", "bob", true, 5);
	assert_int_equal(store_fixture_accept(store, "/bob/deleted", 0, 6), 0);
	accept_file(store, "/shared/file", "bob", false, 5);
}

static void test_2_2_users_rights_and_paths(void **state)
{
	struct fixture *fixture = *state;

	fill(fixture);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		for (size_t right = 0; right < 4; right++)
			for (size_t user = 0; user < USERS; user++) {
				char want = table[i].rights[right][user];
				dfs_status status =
					judge(fixture, users[user], 0,
					      (enum permit_right)right, table[i].path);

				if (status != (want == 'y'   ? DFS_OK
					       : want == '-' ? DFS_DENIED
							     : DFS_INVALID))
					fail_msg("%s, right %zu, user \"%s\": %d",
						 table[i].path, right, users[user],
						 (int)status);
				/* A server may do anything. */
				assert_int_equal(judge(fixture, users[user], 3,
						       (enum permit_right)right,
						       table[i].path),
						 DFS_OK);
			}
}

/* ---- what is accepted elsewhere ---------------------------------------------- */

static void test_a_server_that_lags_asks(void **state)
{
	struct fixture *fixture = *state;

	accept_file(fixture->store.store, "/bob/file", "bob", false, 5);
	world.known = true;
	world.shared = true;
	assert_int_equal(judge(fixture, "carol", 0, PERMIT_READ, "/bob/file"), DFS_OK);
	assert_int_equal(world.calls, 1);
	assert_string_equal(world.first, "/bob/file");
	assert_int_equal(judge(fixture, "carol", 0, PERMIT_WRITE, "/bob/file"),
			 DFS_DENIED);
	assert_int_equal(judge(fixture, "dave", 0, PERMIT_WRITE, "/bob/file"), DFS_OK);
	assert_int_equal(judge(fixture, "alice", 0, PERMIT_READ, "/bob/file"),
			 DFS_DENIED);
	/* Also of what is not here at all. */
	assert_int_equal(judge(fixture, "carol", 0, PERMIT_READ, "/bob/other"), DFS_OK);
	/* Two answers know every change; with less nobody can tell. */
	world.answers = 2;
	assert_int_equal(judge(fixture, "carol", 0, PERMIT_READ, "/bob/file"), DFS_OK);
	assert_int_equal(judge(fixture, "alice", 0, PERMIT_READ, "/bob/file"),
			 DFS_DENIED);
	world.answers = 1;
	assert_int_equal(judge(fixture, "alice", 0, PERMIT_READ, "/bob/file"),
			 DFS_UNCHECKED);
	world.heard = false;
	assert_int_equal(judge(fixture, "carol", 0, PERMIT_READ, "/bob/file"),
			 DFS_UNCHECKED);
}

static dfs_status judge_vote_at(struct fixture *fixture, const char *user,
				enum permit_right right, uint64_t counter)
{
	const dfs_ballot ballot = store_fixture_ballot(counter);
	struct caller caller = {.server = &fixture->server};
	char copy[] = "/bob/file";
	dfs_path named = {sizeof copy - 1, copy};
	const struct permit_demand demand = {right, &named, &ballot};
	dfs_status status = DFS_IO;

	(void)snprintf(caller.user, sizeof caller.user, "%s", user);
	permit_judge(&caller, &demand, 1, &status);
	return status;
}

static dfs_status judge_vote(struct fixture *fixture, const char *user,
			     enum permit_right right)
{
	return judge_vote_at(fixture, user, right, 9);
}

/* Alone this server may not have heard that the list was made shorter. */
static void test_2_2_who_votes_is_on_the_list_of_three(void **state)
{
	struct fixture *fixture = *state;

	accept_file(fixture->store.store, "/bob/file", "bob", true, 5);
	world.known = true;
	assert_int_equal(judge(fixture, "dave", 0, PERMIT_WRITE, "/bob/file"), DFS_OK);
	assert_int_equal(world.calls, 0);
	assert_int_equal(judge_vote(fixture, "dave", PERMIT_WRITE), DFS_DENIED);
	assert_int_equal(judge_vote(fixture, "dave", PERMIT_DELETE), DFS_DENIED);
	assert_int_equal(world.calls, 2);
	world.shared = true;
	assert_int_equal(judge_vote(fixture, "dave", PERMIT_WRITE), DFS_OK);
	assert_int_equal(judge_vote(fixture, "carol", PERMIT_WRITE), DFS_DENIED);
	world.answers = 2;
	assert_int_equal(judge_vote(fixture, "dave", PERMIT_WRITE), DFS_OK);
	world.answers = 1;
	assert_int_equal(judge_vote(fixture, "dave", PERMIT_WRITE), DFS_UNCHECKED);
	world.heard = false;
	assert_int_equal(judge_vote(fixture, "dave", PERMIT_DELETE), DFS_UNCHECKED);
	/* Where the name decides there is nothing to ask for. */
	assert_int_equal(judge_vote(fixture, "bob", PERMIT_WRITE), DFS_OK);
	assert_int_equal(judge_vote(fixture, "admin", PERMIT_DELETE), DFS_OK);
}

/*
 * Two servers were faster to accept the tombstone that is voted on, and have no list any
 * more: that is no reason to refuse who may delete.
 */
static void test_2_2_who_deletes_is_not_stopped_by_his_own_tombstone(void **state)
{
	struct fixture *fixture = *state;

	accept_file(fixture->store.store, "/bob/file", "bob", true, 5);
	world.known = true;
	world.counter = 6;
	assert_int_equal(judge_vote_at(fixture, "dave", PERMIT_DELETE, 6), DFS_OK);
	assert_int_equal(judge_vote_at(fixture, "carol", PERMIT_DELETE, 6), DFS_DENIED);
	/* Another's change, before this vote or after it, is one. */
	assert_int_equal(judge_vote_at(fixture, "dave", PERMIT_DELETE, 7), DFS_DENIED);
	assert_int_equal(judge_vote_at(fixture, "dave", PERMIT_DELETE, 5), DFS_DENIED);
	world.answers = 1;
	assert_int_equal(judge_vote_at(fixture, "dave", PERMIT_DELETE, 6), DFS_UNCHECKED);
	world.answers = 3;
	/* Here he was taken off the list. */
	accept_file(fixture->store.store, "/bob/file", "bob", false, 6);
	assert_int_equal(judge_vote_at(fixture, "dave", PERMIT_DELETE, 6), DFS_DENIED);
}

/* ---- judged again ------------------------------------------------------------- */

static const dfs_path bobs_file = {sizeof "/bob/file" - 1, "/bob/file"};

/* A caller who was permitted to write the path; votes: by what three servers say. */
static struct caller permitted(struct fixture *fixture, const char *user, bool votes)
{
	struct caller caller = {.server = &fixture->server};
	const dfs_ballot ballot = store_fixture_ballot(9);
	const struct permit_demand demand = {PERMIT_WRITE, &bobs_file,
					     votes ? &ballot : NULL};

	(void)snprintf(caller.user, sizeof caller.user, "%s", user);
	permit_judge(&caller, &demand, 1, caller.permitted);
	assert_int_equal(caller.permitted[0], DFS_OK);
	return caller;
}

static void test_8_8_what_changed_here_is_the_last_word(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store.store;

	accept_file(store, "/bob/file", "bob", true, 5);
	struct caller dave = permitted(fixture, "dave", false);
	struct caller bob = permitted(fixture, "bob", true);

	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_OK);
	/* It changed, and he is on the list still. */
	accept_file(store, "/bob/file", "bob", true, 6);
	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_OK);
	accept_file(store, "/bob/file", "bob", false, 7);
	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_DENIED);
	/* What is permitted by its name stays permitted. */
	assert_int_equal(permit_judge_again(&bob, 0, &bobs_file), DFS_OK);
	assert_int_equal(world.calls, 0);
}

/* What comes here late, and was known when the three were asked, changes nothing. */
static void test_8_8_what_the_three_knew_is_no_change(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store.store;

	world.known = world.shared = true;
	world.counter = 8;
	struct caller dave = permitted(fixture, "dave", true);

	assert_int_equal(world.calls, 1);
	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_OK);
	accept_file(store, "/bob/file", "bob", false, 7);
	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_OK);
	accept_file(store, "/bob/file", "bob", false, 9);
	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_DENIED);
	assert_int_equal(world.calls, 1);
}

/* Deleted and forgotten meanwhile: the list that permitted is nowhere any more. */
static void test_8_8_what_was_forgotten_permits_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store.store;
	const dfs_ballot deleted = store_fixture_ballot(6);

	accept_file(store, "/bob/file", "bob", true, 5);
	struct caller dave = permitted(fixture, "dave", false);

	assert_int_equal(store_fixture_accept(store, "/bob/file", 0, 6), 0);
	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_DENIED);
	struct store_batch *batch = store_batch_new(store);

	assert_int_equal(store_batch_forget(batch, bobs_file.dfs_path_val,
					    bobs_file.dfs_path_len, &deleted, &deleted),
			 0);
	assert_int_equal(store_commit(batch), 0);
	assert_int_equal(permit_judge_again(&dave, 0, &bobs_file), DFS_UNCHECKED);
}

static void test_nobody_is_asked_where_the_name_decides(void **state)
{
	struct fixture *fixture = *state;

	fill(fixture);
	world.heard = false;
	assert_int_equal(judge(fixture, "bob", 0, PERMIT_WRITE, "/bob/private"), DFS_OK);
	assert_int_equal(judge(fixture, "alice", 0, PERMIT_WRITE, "/shared/file"),
			 DFS_OK);
	assert_int_equal(judge(fixture, "carol", 0, PERMIT_READ, "/bob/shared"), DFS_OK);
	assert_int_equal(judge(fixture, "dave", 0, PERMIT_WRITE, "/bob/shared"), DFS_OK);
	assert_int_equal(judge(fixture, "admin", 0, PERMIT_READ, "/bob/private"), DFS_OK);
	assert_int_equal(judge(fixture, "admin", 0, PERMIT_DELETE, "/bob/private"),
			 DFS_OK);
	assert_int_equal(judge(fixture, "alice", 0, PERMIT_WRITE, "/@accounts/alice"),
			 DFS_DENIED);
	assert_int_equal(world.calls, 0);
}

/* What exists and what does not are refused alike, and cost alike: both are asked for. */
static void test_existence_is_not_told(void **state)
{
	static const char *const paths[] = {"/bob/private", "/bob/nothing",
					    "/bob/deleted"};
	struct fixture *fixture = *state;

	fill(fixture);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(judge(fixture, "alice", 0, PERMIT_READ, paths[i]),
				 DFS_DENIED);
		assert_int_equal(world.calls, i + 1);
	}
}

static void test_a_batch_is_asked_for_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct caller caller = {.server = &fixture->server, .user = "carol"};
	static const char *const paths[] = {"/carol/own", "/bob/a", "/shared/b",
					    "/bob/shared", "/bob/c"};
	struct permit_demand demands[DFS_BATCH_MAX];
	dfs_path named[DFS_BATCH_MAX];
	char copies[DFS_BATCH_MAX][32];
	dfs_status status[DFS_BATCH_MAX];

	fill(fixture);
	for (size_t i = 0; i < 5; i++) {
		named[i] = path_of(paths[i], copies[i], sizeof copies[i]);
		demands[i] = (struct permit_demand){PERMIT_READ, &named[i], NULL};
	}
	permit_judge(&caller, demands, 5, status);
	assert_int_equal(world.calls, 1);
	assert_int_equal(world.asked, 2);
	assert_int_equal(status[0], DFS_OK);
	assert_int_equal(status[1], DFS_DENIED);
	assert_int_equal(status[2], DFS_OK);
	assert_int_equal(status[3], DFS_OK);
	assert_int_equal(status[4], DFS_DENIED);
	for (size_t i = 0; i < DFS_BATCH_MAX; i++) {
		(void)snprintf(copies[i], sizeof copies[i], "/bob/%zu", i);
		named[i] = (dfs_path){(u_int)strlen(copies[i]), copies[i]};
		demands[i] = (struct permit_demand){PERMIT_READ, &named[i], NULL};
	}
	permit_judge(&caller, demands, DFS_BATCH_MAX, status);
	assert_int_equal(world.asked, DFS_BATCH_MAX);
	for (size_t i = 0; i < DFS_BATCH_MAX; i++)
		assert_int_equal(status[i], DFS_DENIED);
}

/* ---- those who ask much ------------------------------------------------------ */

static void *judge_once(void *state)
{
	assert_int_equal(judge(state, "alice", 0, PERMIT_READ, "/bob/x"), DFS_DENIED);
	return NULL;
}

/*
 * However many calls one makes for what is not his, he has half of those that ask other
 * servers at a time.
 */
static void test_few_ask_at_a_time(void **state)
{
	enum { MANY = 12, HALF = 4 };
	pthread_t threads[MANY];

	pthread_barrier_init(&world.pair, NULL, HALF);
	world.pairs = true;
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, judge_once, *state),
				 0);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&world.pair);
	assert_int_equal(world.calls, MANY);
	assert_int_equal(world.most, HALF);
}

/* And nobody else waits for him. */
static void test_2_2_who_asks_much_holds_up_himself(void **state)
{
	enum { MANY = 12, HALF = 4 };
	pthread_t threads[MANY];
	dfs_status others;

	world.heard = true;
	world.answers = 3;
	world.held = true;
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, judge_once, *state),
				 0);
	while (world.inside < HALF)
		sched_yield();
	others = judge(*state, "carol", 0, PERMIT_READ, "/bob/y");
	world.held = false;
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(others, DFS_DENIED);
	assert_int_equal(world.calls, MANY + 1);
	assert_true(world.most <= HALF + 1);
}

/* ---- tickets ----------------------------------------------------------------- */

static bool gives_ticket(struct fixture *fixture, const char *user, unsigned peer,
			 const char *path, bool shared)
{
	static const dfs_ticket none;
	struct caller caller = {.server = &fixture->server, .peer = peer};
	dfs_register reg = {.known = TRUE};
	dfs_accepted *accepted = &reg.dfs_register_u.accepted;
	char copy[64];
	dfs_path named = path_of(path, copy, sizeof copy);
	dfs_id object = store_fixture_object(7);
	bool gives;

	(void)snprintf(caller.user, sizeof caller.user, "%s", user);
	accepted->value = make_file("bob", shared, 1);
	permit_give_ticket(&caller, &named, &reg);
	gives = memcmp(&accepted->ticket, &none, sizeof none) != 0;
	if (gives) {
		assert_memory_equal(&accepted->ticket.object, &object, sizeof object);
		assert_true(ticket_is_good(the_secrets.newest, user, &accepted->ticket,
					   accepted->ticket.ends - 1));
	}
	value_free(&accepted->value);
	return gives;
}

static void test_tickets_are_for_who_may_read(void **state)
{
	struct fixture *fixture = *state;

	assert_true(gives_ticket(fixture, "bob", 0, "/bob/file", false));
	assert_true(gives_ticket(fixture, "carol", 0, "/bob/file", true));
	assert_true(gives_ticket(fixture, "dave", 0, "/bob/file", true));
	assert_true(gives_ticket(fixture, "alice", 0, "/shared/file", false));
	assert_false(gives_ticket(fixture, "carol", 0, "/bob/file", false));
	assert_false(gives_ticket(fixture, "alice", 0, "/bob/file", true));
	assert_false(gives_ticket(fixture, "admin", 0, "/bob/file", true));
	assert_false(gives_ticket(fixture, "", 0, "/bob/file", true));
	assert_false(gives_ticket(fixture, "bob", 2, "/bob/file", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_2_2_users_rights_and_paths, start,
						end),
		cmocka_unit_test_setup_teardown(test_a_server_that_lags_asks, start, end),
		cmocka_unit_test_setup_teardown(
			test_nobody_is_asked_where_the_name_decides, start, end),
		cmocka_unit_test_setup_teardown(
			test_2_2_who_votes_is_on_the_list_of_three, start, end),
		cmocka_unit_test_setup_teardown(
			test_2_2_who_deletes_is_not_stopped_by_his_own_tombstone, start,
			end),
		cmocka_unit_test_setup_teardown(
			test_8_8_what_changed_here_is_the_last_word, start, end),
		cmocka_unit_test_setup_teardown(test_8_8_what_the_three_knew_is_no_change,
						start, end),
		cmocka_unit_test_setup_teardown(
			test_8_8_what_was_forgotten_permits_nothing, start, end),
		cmocka_unit_test_setup_teardown(test_existence_is_not_told, start, end),
		cmocka_unit_test_setup_teardown(test_a_batch_is_asked_for_at_once, start,
						end),
		cmocka_unit_test_setup_teardown(test_few_ask_at_a_time, start, end),
		cmocka_unit_test_setup_teardown(test_2_2_who_asks_much_holds_up_himself,
						start, end),
		cmocka_unit_test_setup_teardown(test_tickets_are_for_who_may_read, start,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
