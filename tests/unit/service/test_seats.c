/* LOGIN: who has his portion of the seats is not logged in on another connection. */
#include "procs.h"

#include "accounts.h"
#include "admission.h"
#include "path.h"
#include "secrets.h"
#include "sign_fixture.h"
#include "store_fixture.h"
#include "value_fixture.h"
#include "wire_fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Of the one server here. */
static struct secrets shared;

enum { SEATS = 8 };

static const dfs_key proof;

/* Everybody exists, with that proof; admin has signed so. */
static bool read_users(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		       struct peers_register *ret)
{
	dfs_value values[2] = {value_fixture_account(0, 1), value_fixture_credentials(1)};
	dfs_verifiers *verifiers = &values[1].body.dfs_body_u.credentials.verifiers;
	char user[DFS_USER_MAX + 1];
	size_t len;
	const char *whose = path_of_whom(paths->paths.paths_val[0].dfs_path_val,
					 paths->paths.paths_val[0].dfs_path_len, &len);

	(void)peers;
	(void)deadline_ms;
	assert_int_equal(paths->paths.paths_len, 2);
	(void)snprintf(user, sizeof user, "%.*s", (int)len, whose);
	sign_fixture_account(user, &values[0].body.dfs_body_u.account);
	for (unsigned s = 0; s < DFS_SERVERS; s++)
		assert_int_equal(EVP_Digest(proof.bytes, sizeof proof.bytes,
					    (unsigned char *)verifiers->of[s].bytes, NULL,
					    EVP_sha256(), NULL),
				 1);
	for (unsigned i = 0; i < 2; i++) {
		ret[i] = (struct peers_register){.answers = 3, .equal = 3};
		ret[i].reg.known = TRUE;
		ret[i].reg.dfs_register_u.accepted.value = values[i];
	}
	return true;
}

struct guest {
	struct caller caller;
	int ends[2];
};

struct fixture {
	struct store_fixture store;
	struct server_parts server;
	struct admission *admission;
	struct guest guests[SEATS];
};

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct admission_limits limits = admission_limits_default;
	struct accounts_rules rules = accounts_rules_default;

	assert_non_null(fixture);
	limits.connections = SEATS;
	rules.read = read_users;
	store_fixture_rules(&fixture->store);
	fixture->store.rules.uploads = SEATS;
	store_fixture_start(&fixture->store);
	fixture->admission = admission_new(&limits);
	fixture->server.number = 2;
	fixture->server.store = fixture->store.store;
	fixture->server.secrets = &shared;
	fixture->server.accounts = accounts_new(
		&(struct accounts_options){.server = 2,
					   .secrets = &shared,
					   .admin_key = sign_fixture_key("admin", 1),
					   .rules = &rules});
	assert_non_null(fixture->server.accounts);
	for (unsigned i = 0; i < SEATS; i++) {
		struct guest *guest = &fixture->guests[i];
		struct sockaddr_in from = {.sin_family = AF_INET};

		wire_fixture_pair(guest->ends);
		guest->caller = (struct caller){
			.server = &fixture->server,
			.seat = admission_enter(fixture->admission,
						(const struct sockaddr *)&from,
						guest->ends[0]),
			.uploads = store_uploads_new(fixture->store.store)};
		assert_non_null(guest->caller.seat);
	}
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < SEATS; i++) {
		struct guest *guest = &fixture->guests[i];

		admission_leave(guest->caller.seat);
		store_uploads_free(guest->caller.uploads);
		close(guest->ends[0]);
		close(guest->ends[1]);
	}
	accounts_free(fixture->server.accounts);
	admission_free(fixture->admission);
	store_fixture_end(&fixture->store);
	free(fixture);
	return 0;
}

static dfs_status log_in(struct guest *guest, char *user)
{
	dfs_login_args args = {.user = {(u_int)strlen(user), user},
			       .how = {.kind = DFS_LOGIN_PASSWORD}};
	dfs_login_res res = {0};
	dfs_status status;

	args.how.dfs_login_how_u.proof = proof;
	procs_login(&guest->caller, &args, &res);
	status = res.status;
	assert_string_equal(guest->caller.user, status == DFS_OK ? user : "");
	xdr_free((xdrproc_t)xdr_dfs_login_res, &res);
	return status;
}

/* All seats are taken by connections that are nobody's yet: he gets one of them. */
static void test_8_6_a_user_past_his_portion_of_the_seats_is_told_busy(void **state)
{
	struct fixture *fixture = *state;
	char greedy[] = "greedy", modest[] = "modest";

	assert_int_equal(log_in(&fixture->guests[0], greedy), DFS_OK);
	assert_int_equal(log_in(&fixture->guests[1], greedy), DFS_BUSY);
	assert_int_equal(log_in(&fixture->guests[1], modest), DFS_OK);
	/* Again where he sits. */
	assert_int_equal(log_in(&fixture->guests[0], greedy), DFS_OK);
}

/* What he uploads is counted against him from his log-in on. */
static void test_8_6_uploads_are_of_who_logged_in(void **state)
{
	struct fixture *fixture = *state;
	char greedy[] = "greedy", modest[] = "modest";
	const dfs_unit unit = {0, {1, (const uint8_t *)"x"}};

	assert_int_equal(log_in(&fixture->guests[0], greedy), DFS_OK);
	assert_int_equal(log_in(&fixture->guests[1], modest), DFS_OK);
	for (uint64_t object = 1; object <= SEATS / 2 + 1; object++) {
		const dfs_id id = store_fixture_id(object);

		assert_int_equal(
			store_upload(fixture->guests[0].caller.uploads, &id, &unit),
			object <= SEATS / 2 ? 0 : EAGAIN);
	}
	const dfs_id other = store_fixture_id(99);

	assert_int_equal(store_upload(fixture->guests[1].caller.uploads, &other, &unit),
			 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
	const struct CMUnitTest tests[] = {
		TEST(test_8_6_a_user_past_his_portion_of_the_seats_is_told_busy),
		TEST(test_8_6_uploads_are_of_who_logged_in),
	};

	return cmocka_run_group_tests_name("seats", tests, NULL, NULL);
}
