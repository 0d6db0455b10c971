/*
 * server/accounts: who is let in, and for how long; against users that are made up here
 * in place of what three servers would tell.
 */
#include "accounts.h"

#include "clock.h"
#include "path.h"
#include "peers.h"
#include "secrets.h"
#include "sign_fixture.h"
#include "stream.h"
#include "value.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <semaphore.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVER = 2, FRESH_MS = 10000, FLOOR_MS = 25, HOUR_MS = 3600000 };

/* ---- a world of one user: bob ------------------------------------------------ */

static struct world {
	pthread_mutex_t lock;
	bool heard; /* false: peers_read fails */
	unsigned answers, equal[2];
	bool gone[2]; /* the account, the credentials: unknown */
	bool deleted; /* the account: a tombstone */
	bool forged;  /* the account: not as admin signed it */
	dfs_value values[2];
	bool finishes; /* else too few are in reach for it */
	dfs_value finished[2];
	unsigned readings, finishings;
	sem_t *begun, *go_on; /* a reading stops between these two */
	int64_t now_ms, wall_ns;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char ring[] = "a keyring", session_ring[] = "the ring of a session";
static dfs_session sessions[2];

/* What server 1..4 is shown by who has this secret. */
static dfs_key proof_of(char secret, unsigned server)
{
	dfs_key proof;

	memset(&proof, 0, sizeof proof);
	proof.bytes[0] = secret;
	proof.bytes[1] = (char)server;
	return proof;
}

static dfs_verifiers verifiers_of(char secret)
{
	dfs_verifiers verifiers;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_key proof = proof_of(secret, s);

		assert_int_equal(EVP_Digest(proof.bytes, sizeof proof.bytes,
					    (unsigned char *)verifiers.of[s - 1].bytes,
					    NULL, EVP_sha256(), NULL),
				 1);
	}
	return verifiers;
}

static void give_password(dfs_value *value, char secret)
{
	dfs_credentials *credentials = &value->body.dfs_body_u.credentials;

	credentials->scrypt = (dfs_scrypt){.log2_n = 16, .r = 8, .p = 2};
	memset(credentials->scrypt.salt, secret, sizeof credentials->scrypt.salt);
	credentials->verifiers = verifiers_of(secret);
}

/* Everybody agrees on bob, whose password is 'p' and whose session 7 is proved by 's'. */
static void world_begin(void)
{
	dfs_value *account = &world.values[0], *credentials = &world.values[1];

	memset(world.values, 0, sizeof world.values);
	account->body.kind = DFS_ACCOUNT;
	account->body.dfs_body_u.account.quota = 77;
	account->body.dfs_body_u.account.number = account->body.dfs_body_u.account.key =
		1;
	credentials->body.kind = DFS_CREDENTIALS;
	give_password(credentials, 'p');
	credentials->body.dfs_body_u.credentials.keyring.keyring_val = ring;
	credentials->body.dfs_body_u.credentials.keyring.keyring_len = sizeof ring;
	memset(sessions, 0, sizeof sessions);
	for (unsigned i = 0; i < 2; i++) {
		sessions[i].id.bytes[0] = (char)(7 + i);
		sessions[i].verifiers = verifiers_of((char)('s' + i));
		sessions[i].ends = INT64_MAX;
		sessions[i].keyring.keyring_val = session_ring;
		sessions[i].keyring.keyring_len = sizeof session_ring;
	}
	credentials->body.dfs_body_u.credentials.sessions.sessions_val = sessions;
	credentials->body.dfs_body_u.credentials.sessions.sessions_len = 2;
	memcpy(world.finished, world.values, sizeof world.values);
	world.heard = world.finishes = true;
	world.answers = world.equal[0] = world.equal[1] = 3;
	world.gone[0] = world.gone[1] = world.deleted = world.forged = false;
	world.readings = world.finishings = 0;
	world.begun = world.go_on = NULL;
	world.now_ms = 1000000;
	world.wall_ns = 5000;
}

/* 0 for an account's path, 1 for credentials; whether it is bob's. */
static bool is_bobs(const dfs_path *path, unsigned *ret)
{
	size_t len;
	const char *whose = path_of_whom(path->dfs_path_val, path->dfs_path_len, &len);

	*ret = path_kind(path->dfs_path_val, path->dfs_path_len) == PATH_OF_CREDENTIALS;
	return len == 3 && memcmp(whose, "bob", 3) == 0;
}

/* What admin says of bob at the moment. */
static void sign(bool forged, dfs_value *value)
{
	if (value->body.kind != DFS_ACCOUNT)
		return;
	sign_fixture_account("bob", &value->body.dfs_body_u.account);
	value->body.dfs_body_u.account.quota += forged;
}

static bool fake_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		      struct peers_register *ret)
{
	struct world now;

	(void)peers;
	assert_true(deadline_ms > clock_now_ms());
	pthread_mutex_lock(&world.lock);
	world.readings++;
	now = world;
	pthread_mutex_unlock(&world.lock);
	if (now.begun != NULL) {
		sem_post(now.begun);
		sem_wait(now.go_on);
	}
	memset(ret, 0, paths->paths.paths_len * sizeof *ret);
	for (u_int i = 0; now.heard && i < paths->paths.paths_len; i++) {
		dfs_accepted *accepted = &ret[i].reg.dfs_register_u.accepted;
		unsigned which;
		bool bobs = is_bobs(&paths->paths.paths_val[i], &which);

		ret[i].answers = now.answers;
		ret[i].equal = now.equal[which];
		if (!bobs || now.gone[which])
			continue;
		ret[i].reg.known = TRUE;
		assert_true(value_copy(&now.values[which], &accepted->value));
		sign(now.forged, &accepted->value);
		if (now.deleted && which == 0) {
			value_free(&accepted->value);
			accepted->value.body.kind = DFS_TOMBSTONE;
		}
	}
	return now.heard;
}

static void fake_finish(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
			dfs_looked *items)
{
	(void)peers;
	assert_true(deadline_ms > clock_now_ms());
	world.finishings += paths->paths.paths_len;
	for (u_int i = 0; i < paths->paths.paths_len; i++) {
		dfs_register *reg = &items[i].dfs_looked_u.reg;
		unsigned which;

		assert_true(is_bobs(&paths->paths.paths_val[i], &which));
		items[i].status = world.finishes ? DFS_OK : DFS_UNCHECKED;
		if (!world.finishes)
			continue;
		reg->known = TRUE;
		assert_true(value_copy(&world.finished[which],
				       &reg->dfs_register_u.accepted.value));
		sign(world.forged, &reg->dfs_register_u.accepted.value);
	}
}

static int64_t fake_now(void)
{
	return world.now_ms;
}

static int64_t fake_wall(void)
{
	return world.wall_ns;
}

static const struct accounts_rules rules = {
	.fresh_ms = FRESH_MS,
	.ask_ms = 0,
	.wait_ms = HOUR_MS,
	.slowdown = {.floor_ms = 0,
		     .free_tries = 100,
		     .slow_first_ms = HOUR_MS,
		     .slow_most_ms = HOUR_MS,
		     .forget_ms = HOUR_MS,
		     .pairs = 100},
	.now_ms = fake_now,
	.wall_ns = fake_wall,
	.read = fake_read,
	.finish = fake_finish,
};

/* ---- trying ------------------------------------------------------------------ */

static struct accounts *new_accounts(unsigned server, const uint8_t secret[32],
				     const struct accounts_rules *with)
{
	static struct secrets shared[2]; /* as many as there are accounts at a time */
	static unsigned made;
	struct secrets *own = &shared[made++ % 2];

	memcpy(own->newest, secret, SECRET_LEN);
	return accounts_new(
		&(struct accounts_options){.server = server,
					   .secrets = own,
					   .admin_key = sign_fixture_key("admin", 1),
					   .rules = with});
}

static struct accounts *begin_with(const struct accounts_rules *with)
{
	static const uint8_t secret[32] = "of the four";
	struct accounts *accounts;

	world_begin();
	accounts = new_accounts(SERVER, secret, with);
	assert_non_null(accounts);
	return accounts;
}

static struct accounts *begin(void)
{
	return begin_with(&rules);
}

static struct caller a_caller(void)
{
	return (struct caller){.address = "10.0.0.1:4711"};
}

static dfs_login_res try(struct accounts *accounts, struct caller *caller,
			 const char *name, const dfs_login_how *how)
{
	char user[DFS_USER_MAX + 1];
	dfs_login_args args = {.how = *how};
	dfs_login_res res;

	(void)snprintf(user, sizeof user, "%s", name);
	args.user = (dfs_user){(u_int)strlen(user), user};
	memset(&res, 0, sizeof res);
	accounts_login(accounts, caller, &args, &res);
	return res;
}

/* What comes of it; a caller that is let in is who he said, others are nobody. */
static dfs_status outcome(struct accounts *accounts, struct caller *caller,
			  const char *name, const dfs_login_how *how)
{
	dfs_login_res res = try(accounts, caller, name, how);

	if (res.status == DFS_OK)
		assert_int_equal(res.dfs_login_res_u.answer.kind, how->kind);
	assert_string_equal(caller->user, res.status == DFS_OK ? name : "");
	xdr_free((xdrproc_t)xdr_dfs_login_res, (char *)&res);
	return res.status;
}

static dfs_login_how by_password(char secret, unsigned server)
{
	dfs_login_how how = {.kind = DFS_LOGIN_PASSWORD};

	how.dfs_login_how_u.proof = proof_of(secret, server);
	return how;
}

static dfs_login_how by_session(char id, char secret, unsigned server)
{
	dfs_login_how how = {.kind = DFS_LOGIN_SESSION};

	how.dfs_login_how_u.session.session.bytes[0] = id;
	how.dfs_login_how_u.session.proof = proof_of(secret, server);
	return how;
}

static dfs_status password(struct accounts *accounts, const char *name, char secret)
{
	const dfs_login_how how = by_password(secret, SERVER);
	struct caller caller = a_caller();

	return outcome(accounts, &caller, name, &how);
}

static dfs_status session(struct accounts *accounts, char id, char secret)
{
	const dfs_login_how how = by_session(id, secret, SERVER);
	struct caller caller = a_caller();

	return outcome(accounts, &caller, "bob", &how);
}

/* A caller who is logged in. */
static struct caller let_in(struct accounts *accounts, const dfs_login_how *how)
{
	struct caller caller = a_caller();

	assert_int_equal(outcome(accounts, &caller, "bob", how), DFS_OK);
	return caller;
}

/* ---- who is let in ----------------------------------------------------------- */

static void test_2_4_the_password_lets_in_and_opens_the_keyring(void **state)
{
	struct accounts *accounts = begin();
	struct caller caller = a_caller();
	dfs_login_how how = by_password('p', SERVER);
	dfs_login_res res = try(accounts, &caller, "bob", &how);
	const dfs_identity *identity =
		&res.dfs_login_res_u.answer.dfs_login_answer_u.identity;

	(void)state;
	assert_int_equal(res.status, DFS_OK);
	assert_string_equal(caller.user, "bob");
	assert_int_equal(identity->account.quota, 77);
	assert_int_equal(identity->keyring.keyring_len, sizeof ring);
	assert_memory_equal(identity->keyring.keyring_val, ring, sizeof ring);
	xdr_free((xdrproc_t)xdr_dfs_login_res, (char *)&res);

	how = by_session(7, 's', SERVER);
	res = try(accounts, &caller, "bob", &how);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(identity->keyring.keyring_len, sizeof session_ring);
	assert_memory_equal(identity->keyring.keyring_val, session_ring,
			    sizeof session_ring);
	xdr_free((xdrproc_t)xdr_dfs_login_res, (char *)&res);
	accounts_free(accounts);
}

static void test_2_5_all_others_are_refused_alike(void **state)
{
	struct accounts *accounts = begin();

	(void)state;
	assert_int_equal(password(accounts, "bob", 'x'), DFS_DENIED);
	assert_int_equal(password(accounts, "bob", 0), DFS_DENIED);
	assert_int_equal(password(accounts, "nobody", 'p'), DFS_DENIED);
	/*
	 * Neither a session's secret nor another session's is a password, nor the
	 * reverse.
	 */
	assert_int_equal(password(accounts, "bob", 's'), DFS_DENIED);
	assert_int_equal(session(accounts, 7, 'p'), DFS_DENIED);
	assert_int_equal(session(accounts, 7, 't'), DFS_DENIED);
	assert_int_equal(session(accounts, 8, 't'), DFS_OK);
	assert_int_equal(session(accounts, 9, 's'), DFS_DENIED);
	world.values[0].body.dfs_body_u.account.disabled = TRUE;
	assert_int_equal(password(accounts, "bob", 'p'), DFS_DENIED);
	assert_int_equal(session(accounts, 7, 's'), DFS_DENIED);
	world.values[0].body.dfs_body_u.account.disabled = FALSE;
	assert_int_equal(password(accounts, "bob", 'p'), DFS_OK);
	for (unsigned i = 0; i < 2; i++) {
		world.gone[i] = true;
		assert_int_equal(password(accounts, "bob", 'p'), DFS_DENIED);
		world.gone[i] = false;
	}
	world.deleted = true;
	assert_int_equal(password(accounts, "bob", 'p'), DFS_DENIED);
	accounts_free(accounts);
}

static void test_2_4_what_one_server_learns_logs_nobody_in_at_another(void **state)
{
	struct accounts *accounts = begin();

	(void)state;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct caller caller = a_caller();
		dfs_login_how how = by_password('p', s);
		dfs_status expected = s == SERVER ? DFS_OK : DFS_DENIED;

		assert_int_equal(outcome(accounts, &caller, "bob", &how), expected);
		how = by_session(7, 's', s);
		assert_int_equal(outcome(accounts, &caller, "bob", &how), expected);
	}
	accounts_free(accounts);
}

static void test_2_4_a_session_ends_and_a_recovery_file_does_not(void **state)
{
	struct accounts *accounts = begin();

	(void)state;
	sessions[0].ends = world.wall_ns + 1;
	assert_int_equal(session(accounts, 7, 's'), DFS_OK);
	world.wall_ns++;
	assert_int_equal(session(accounts, 7, 's'), DFS_DENIED);
	assert_int_equal(session(accounts, 8, 't'), DFS_OK);
	sessions[0].ends = 0;
	assert_int_equal(session(accounts, 7, 's'), DFS_OK);
	world.wall_ns = INT64_MAX;
	assert_int_equal(session(accounts, 7, 's'), DFS_OK);
	assert_int_equal(session(accounts, 8, 't'), DFS_DENIED);
	accounts_free(accounts);
}

static void test_2_5_another_log_in_on_the_same_connection(void **state)
{
	struct accounts *accounts = begin();
	dfs_login_how how = by_password('p', SERVER), ask = {.kind = DFS_LOGIN_ASK};
	struct caller caller = let_in(accounts, &how);
	dfs_login_res res;

	(void)state;
	/* To ask changes nothing; a proof that is wrong leaves nobody. */
	res = try(accounts, &caller, "other", &ask);
	assert_int_equal(res.status, DFS_OK);
	assert_string_equal(caller.user, "bob");
	how = by_password('x', SERVER);
	assert_int_equal(outcome(accounts, &caller, "bob", &how), DFS_DENIED);
	assert_int_equal(accounts_check(accounts, &caller), DFS_DENIED);
	accounts_free(accounts);
}

/* ---- how a proof is made ----------------------------------------------------- */

static dfs_scrypt ask(struct accounts *accounts, const char *name)
{
	const dfs_login_how how = {.kind = DFS_LOGIN_ASK};
	struct caller caller = a_caller();
	dfs_login_res res = try(accounts, &caller, name, &how);

	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(res.dfs_login_res_u.answer.kind, DFS_LOGIN_ASK);
	return res.dfs_login_res_u.answer.dfs_login_answer_u.scrypt;
}

static bool equal(dfs_scrypt a, dfs_scrypt b)
{
	return memcmp(a.salt, b.salt, sizeof a.salt) == 0 && a.log2_n == b.log2_n &&
	       a.r == b.r && a.p == b.p;
}

static void test_2_5_unknown_users_have_salts_too(void **state)
{
	static const uint8_t other[32] = "another four";
	struct accounts *accounts = begin(), *others;
	const dfs_scrypt bobs = world.values[1].body.dfs_body_u.credentials.scrypt;
	dfs_scrypt nobodys = ask(accounts, "nobody");

	(void)state;
	assert_true(equal(ask(accounts, "bob"), bobs));
	assert_true(equal(ask(accounts, "nobody"), nobodys));
	assert_false(equal(ask(accounts, "nobody2"), nobodys));
	assert_int_equal(nobodys.log2_n, 15);
	assert_int_equal(nobodys.r, 8);
	assert_int_equal(nobodys.p, 3);
	/* Deleted, he is as if he had never been. */
	world.gone[0] = true;
	nobodys = ask(accounts, "bob");
	assert_false(equal(nobodys, bobs));
	world.gone[1] = true;
	assert_true(equal(ask(accounts, "bob"), nobodys));
	/*
	 * The four tell the same; who does not know their secret cannot tell which are
	 * invented.
	 */
	others = new_accounts(
		3,
		(const uint8_t *)"of the four\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		&rules);
	assert_non_null(others);
	assert_true(equal(ask(others, "bob"), nobodys));
	accounts_free(others);
	others = new_accounts(SERVER, other, &rules);
	assert_non_null(others);
	assert_false(equal(ask(others, "bob"), nobodys));
	accounts_free(others);
	accounts_free(accounts);
}

static void test_2_5_both_kinds_of_answer_take_the_same_readings(void **state)
{
	struct accounts *accounts = begin();

	(void)state;
	(void)ask(accounts, "bob");
	assert_int_equal(world.readings, 1);
	(void)ask(accounts, "nobody");
	assert_int_equal(world.readings, 2);
	(void)password(accounts, "bob", 'x');
	assert_int_equal(world.readings, 3);
	(void)password(accounts, "nobody", 'x');
	assert_int_equal(world.readings, 4);
	accounts_free(accounts);
}

/* ---- time -------------------------------------------------------------------- */

static void test_2_5_nothing_is_refused_before_the_floor(void **state)
{
	struct accounts_rules with_floor = rules;
	struct accounts *accounts;
	int64_t began;

	(void)state;
	with_floor.slowdown.floor_ms = FLOOR_MS;
	with_floor.ask_ms = FLOOR_MS;
	accounts = begin_with(&with_floor);
	began = clock_now_ms();
	assert_int_equal(password(accounts, "bob", 'x'), DFS_DENIED);
	assert_true(clock_now_ms() - began >= FLOOR_MS);
	began = clock_now_ms();
	assert_int_equal(password(accounts, "nobody", 'x'), DFS_DENIED);
	assert_true(clock_now_ms() - began >= FLOOR_MS);
	began = clock_now_ms();
	(void)ask(accounts, "nobody");
	assert_true(clock_now_ms() - began >= FLOOR_MS);
	accounts_free(accounts);
}

/* From a host of one and the same /64. */
static void come_from(struct caller *caller, uint8_t host)
{
	struct sockaddr_in6 from = {.sin6_family = AF_INET6};

	from.sin6_addr.s6_addr[0] = 0xfe;
	from.sin6_addr.s6_addr[8] = from.sin6_addr.s6_addr[15] = host;
	caller->origin = origin_of((const struct sockaddr *)&from, ORIGIN_ADDRESS);
}

static void test_12_13_the_fourth_wrong_one_is_slow_from_any_host_of_64_bits(void **state)
{
	struct accounts_rules slow = rules;
	const dfs_login_how wrong = by_password('x', SERVER);
	struct caller caller = a_caller();
	struct accounts *accounts;
	int64_t began;

	(void)state;
	slow.slowdown.free_tries = 3;
	slow.slowdown.slow_first_ms = FLOOR_MS;
	accounts = begin_with(&slow);
	for (unsigned i = 0; i < 3; i++) {
		come_from(&caller, (uint8_t)i);
		assert_int_equal(outcome(accounts, &caller, "bob", &wrong), DFS_DENIED);
	}
	come_from(&caller, 9);
	began = clock_now_ms();
	assert_int_equal(outcome(accounts, &caller, "bob", &wrong), DFS_DENIED);
	assert_true(clock_now_ms() - began >= FLOOR_MS);
	/*
	 * The next one would take twice as long; a right one is let in at once and clears
	 * them.
	 */
	dfs_login_how right = by_password('p', SERVER);
	assert_int_equal(outcome(accounts, &caller, "bob", &right), DFS_OK);
	accounts_free(accounts);
}

/* ---- who stays in ------------------------------------------------------------ */

static void test_2_4_looked_at_again_after_ten_seconds(void **state)
{
	const dfs_login_how how = by_password('p', SERVER);
	struct accounts *accounts = begin();
	struct caller one = let_in(accounts, &how), two = let_in(accounts, &how);

	(void)state;
	assert_int_equal(world.readings, 2);
	world.now_ms += FRESH_MS - 1;
	assert_int_equal(accounts_check(accounts, &one), DFS_OK);
	assert_int_equal(world.readings, 2);
	world.now_ms++;
	assert_int_equal(accounts_check(accounts, &one), DFS_OK);
	assert_int_equal(world.readings, 3);
	/* For all connections of the user. */
	assert_int_equal(accounts_check(accounts, &two), DFS_OK);
	assert_int_equal(world.readings, 3);
	world.now_ms += FRESH_MS - 1;
	assert_int_equal(accounts_check(accounts, &two), DFS_OK);
	assert_int_equal(world.readings, 3);
	/* But a log-in is judged by what was read after it came. */
	(void)let_in(accounts, &how);
	assert_int_equal(world.readings, 4);
	accounts_free(accounts);
}

static void disable(void)
{
	world.values[0].body.dfs_body_u.account.disabled = TRUE;
}

static void delete (void)
{
	world.deleted = true;
}

static void change_password(void)
{
	give_password(&world.values[1], 'q');
}

static void end_session(void)
{
	sessions[0].ends = world.wall_ns;
}

static void log_out(void)
{
	world.values[1].body.dfs_body_u.credentials.sessions.sessions_val++;
	world.values[1].body.dfs_body_u.credentials.sessions.sessions_len--;
}

static void test_2_4_a_change_ends_what_it_has_to_end(void **state)
{
	static const struct {
		void (*change)(void);
		bool password_stays, session_stays;
	} changes[] = {{disable, false, false},
		       {delete, false, false},
		       {change_password, false, true},
		       {end_session, true, false},
		       {log_out, true, false}};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		const dfs_login_how how[] = {by_password('p', SERVER),
					     by_session(7, 's', SERVER)};
		const bool stays[] = {changes[i].password_stays,
				      changes[i].session_stays};
		struct accounts *accounts = begin();

		for (unsigned k = 0; k < 2; k++) {
			struct caller caller;

			world_begin();
			caller = let_in(accounts, &how[k]);
			changes[i].change();
			world.now_ms += FRESH_MS - 1;
			assert_int_equal(accounts_check(accounts, &caller), DFS_OK);
			world.now_ms++;
			assert_int_equal(accounts_check(accounts, &caller),
					 stays[k] ? DFS_OK : DFS_DENIED);
			/* He is nobody then, also when all is as before. */
			world_begin();
			world.now_ms += HOUR_MS;
			assert_int_equal(accounts_check(accounts, &caller),
					 stays[k] ? DFS_OK : DFS_DENIED);
			assert_string_equal(caller.user, stays[k] ? "bob" : "");
		}
		accounts_free(accounts);
	}
}

static void test_2_4_a_server_that_can_ask_nobody_lets_nobody_go_on(void **state)
{
	const dfs_login_how how = by_session(7, 's', SERVER);
	struct accounts *accounts = begin();
	struct caller caller = let_in(accounts, &how);

	(void)state;
	world.answers = world.equal[0] = world.equal[1] = 1;
	assert_int_equal(session(accounts, 7, 's'), DFS_UNCHECKED);
	assert_int_equal(session(accounts, 7, 'x'), DFS_UNCHECKED);
	assert_int_equal(accounts_check(accounts, &caller), DFS_OK);
	world.now_ms += FRESH_MS;
	assert_int_equal(accounts_check(accounts, &caller), DFS_UNCHECKED);
	/* That is asked again at once, and he is still who he was. */
	world.answers = world.equal[0] = world.equal[1] = 2;
	assert_int_equal(accounts_check(accounts, &caller), DFS_OK);
	assert_string_equal(caller.user, "bob");
	world.heard = false;
	assert_int_equal(session(accounts, 7, 's'), DFS_UNCHECKED);
	accounts_free(accounts);
}

/* ---- what three servers tell ------------------------------------------------- */

static void test_2_4_three_that_differ_are_finished(void **state)
{
	struct accounts *accounts = begin();

	(void)state;
	give_password(&world.values[1], 'n'); /* the newest, on fewer than three */
	world.equal[1] = 2;
	/* Of the two registers only the one that differs; what is agreed then counts. */
	assert_int_equal(password(accounts, "bob", 'n'), DFS_DENIED);
	assert_int_equal(world.finishings, 1);
	assert_int_equal(password(accounts, "bob", 'p'), DFS_OK);
	world.equal[0] = 1;
	world.finished[0].body.dfs_body_u.account.disabled = TRUE;
	assert_int_equal(password(accounts, "bob", 'p'), DFS_DENIED);
	assert_int_equal(world.finishings, 4);
	/* Where that fails: the newest, which has all that was acknowledged. */
	world.finishes = false;
	assert_int_equal(password(accounts, "bob", 'n'), DFS_OK);
	assert_int_equal(password(accounts, "bob", 'p'), DFS_DENIED);
	accounts_free(accounts);
}

static void test_2_4_of_two_the_newer(void **state)
{
	struct accounts *accounts = begin();

	(void)state;
	give_password(&world.values[1], 'n');
	world.answers = 2;
	world.equal[0] = world.equal[1] = 1;
	assert_int_equal(password(accounts, "bob", 'n'), DFS_OK);
	assert_int_equal(password(accounts, "bob", 'p'), DFS_DENIED);
	assert_int_equal(world.finishings, 0);
	accounts_free(accounts);
}

/* ---- several at once --------------------------------------------------------- */

struct visitor {
	struct accounts *accounts;
	char secret;
	dfs_status status;
	pthread_t thread;
};

static void *visit(void *argument)
{
	struct visitor *visitor = argument;

	visitor->status = password(visitor->accounts, "bob", visitor->secret);
	return NULL;
}

static void visit_begin(struct visitor *visitor, struct accounts *accounts, char secret)
{
	*visitor = (struct visitor){.accounts = accounts, .secret = secret};
	assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
}

static dfs_status visit_end(struct visitor *visitor)
{
	assert_int_equal(pthread_join(visitor->thread, NULL), 0);
	return visitor->status;
}

/*
 * The first reading has begun when the password is changed: who comes after that is not
 * judged by it, but shares the next one.
 */
static void test_2_4_nobody_is_judged_by_what_was_read_before_he_came(void **state)
{
	struct accounts *accounts = begin();
	struct visitor first, later[5];
	sem_t begun, go_on;

	(void)state;
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	world.begun = &begun;
	world.go_on = &go_on;
	visit_begin(&first, accounts, 'p');
	sem_wait(&begun);
	pthread_mutex_lock(&world.lock);
	give_password(&world.values[1], 'q');
	pthread_mutex_unlock(&world.lock);
	for (unsigned i = 0; i < 5; i++)
		visit_begin(&later[i], accounts, i < 4 ? 'q' : 'p');
	sem_post(&go_on);
	assert_int_equal(visit_end(&first), DFS_OK);
	/* However many come together: as many more as it takes, each let through. */
	for (unsigned i = 0; i < 5; i++)
		sem_post(&go_on);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(visit_end(&later[i]), DFS_OK);
	assert_int_equal(visit_end(&later[4]), DFS_DENIED);
	assert_true(world.readings >= 2 && world.readings <= 6);
	sem_destroy(&begun);
	sem_destroy(&go_on);
	accounts_free(accounts);
}

static void test_2_5_tries_of_one_pair_wait_for_one_another(void **state)
{
	struct accounts_rules one_by_one = rules;
	struct accounts *accounts;
	struct visitor first;
	sem_t begun, go_on;

	(void)state;
	one_by_one.slowdown.free_tries = 1;
	one_by_one.wait_ms = 0;
	accounts = begin_with(&one_by_one);
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	world.begun = &begun;
	world.go_on = &go_on;
	visit_begin(&first, accounts, 'p');
	sem_wait(&begun);
	/* It could wait, if it had the time. */
	assert_int_equal(password(accounts, "bob", 'p'), DFS_BUSY);
	sem_post(&go_on);
	assert_int_equal(visit_end(&first), DFS_OK);
	sem_post(&go_on);
	assert_int_equal(password(accounts, "bob", 'p'), DFS_OK);
	sem_destroy(&begun);
	sem_destroy(&go_on);
	accounts_free(accounts);
}

static void test_2_5_the_end_of_the_server_ends_all_waiting(void **state)
{
	struct accounts_rules slow = rules;
	struct accounts *accounts;
	struct visitor held_back, waiting;
	sem_t begun, go_on;

	(void)state;
	slow.slowdown.free_tries = 1;
	slow.slowdown.floor_ms = HOUR_MS;
	accounts = begin_with(&slow);
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 1);
	world.begun = &begun;
	world.go_on = &go_on;
	visit_begin(&held_back, accounts, 'x');
	sem_wait(&begun);
	visit_begin(&waiting, accounts, 'p');
	accounts_cancel(accounts);
	assert_int_equal(visit_end(&held_back), DFS_DENIED);
	assert_int_equal(visit_end(&waiting), DFS_BUSY);
	sem_destroy(&begun);
	sem_destroy(&go_on);
	accounts_free(accounts);
}

struct stranger {
	struct visitor visitor;
	struct caller caller;
	struct stream *stream;
	int end;
};

static void *visit_as_stranger(void *argument)
{
	struct stranger *stranger = argument;
	const dfs_login_how how = by_password(stranger->visitor.secret, SERVER);

	stranger->visitor.status =
		outcome(stranger->visitor.accounts, &stranger->caller, "bob", &how);
	return NULL;
}

static void stranger_begin(struct stranger *stranger, struct accounts *accounts,
			   char secret)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*stranger = (struct stranger){.visitor = {.accounts = accounts, .secret = secret},
				      .caller = a_caller(),
				      .stream = stream_new(ends[0]),
				      .end = ends[1]};
	assert_non_null(stranger->stream);
	stranger->caller.stream = stranger->stream;
	assert_int_equal(pthread_create(&stranger->visitor.thread, NULL,
					visit_as_stranger, stranger),
			 0);
}

static dfs_status stranger_end(struct stranger *stranger)
{
	dfs_status status = visit_end(&stranger->visitor);

	stream_close(stranger->stream);
	if (stranger->end >= 0)
		close(stranger->end);
	return status;
}

/*
 * Whoever is cut off keeps no thread, whether he waits for his answer or for his turn;
 * nor does who has hung up while he waits for his turn.  His wrong try costs the pair as
 * much as ever.
 */
static void test_12_9_who_is_cut_off_waits_no_longer(void **state)
{
	struct accounts_rules slow = rules;
	struct accounts *accounts;
	struct stranger held_back, waiting, gone;
	sem_t begun, go_on;

	(void)state;
	slow.slowdown.free_tries = 1;
	slow.slowdown.floor_ms = HOUR_MS;
	accounts = begin_with(&slow);
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 1);
	world.begun = &begun;
	world.go_on = &go_on;
	stranger_begin(&held_back, accounts, 'x');
	sem_wait(&begun);
	stranger_begin(&waiting, accounts, 'p');
	stranger_begin(&gone, accounts, 'p');
	close(gone.end);
	gone.end = -1;
	assert_int_equal(stranger_end(&gone), DFS_BUSY);
	stream_cancel(waiting.stream);
	assert_int_equal(stranger_end(&waiting), DFS_BUSY);
	/* He who has ended his half alone could read that he was wrong: not yet. */
	assert_int_equal(shutdown(held_back.end, SHUT_WR), 0);
	struct timespec soon;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &soon), 0);
	soon.tv_sec++;
	assert_int_equal(pthread_timedjoin_np(held_back.visitor.thread, NULL, &soon),
			 ETIMEDOUT);
	stream_cancel(held_back.stream);
	assert_int_equal(stranger_end(&held_back), DFS_DENIED);
	/* The next one waits as if the answer were still to come. */
	stranger_begin(&waiting, accounts, 'p');
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &soon), 0);
	soon.tv_sec++;
	assert_int_equal(pthread_timedjoin_np(waiting.visitor.thread, NULL, &soon),
			 ETIMEDOUT);
	accounts_cancel(accounts);
	assert_int_equal(stranger_end(&waiting), DFS_BUSY);
	sem_destroy(&begun);
	sem_destroy(&go_on);
	accounts_free(accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_2_4_the_password_lets_in_and_opens_the_keyring),
		cmocka_unit_test(test_2_5_all_others_are_refused_alike),
		cmocka_unit_test(
			test_2_4_what_one_server_learns_logs_nobody_in_at_another),
		cmocka_unit_test(test_2_4_a_session_ends_and_a_recovery_file_does_not),
		cmocka_unit_test(test_2_5_another_log_in_on_the_same_connection),
		cmocka_unit_test(test_2_5_unknown_users_have_salts_too),
		cmocka_unit_test(test_2_5_both_kinds_of_answer_take_the_same_readings),
		cmocka_unit_test(test_2_5_nothing_is_refused_before_the_floor),
		cmocka_unit_test(
			test_12_13_the_fourth_wrong_one_is_slow_from_any_host_of_64_bits),
		cmocka_unit_test(test_2_4_looked_at_again_after_ten_seconds),
		cmocka_unit_test(test_2_4_a_change_ends_what_it_has_to_end),
		cmocka_unit_test(test_2_4_a_server_that_can_ask_nobody_lets_nobody_go_on),
		cmocka_unit_test(test_2_4_three_that_differ_are_finished),
		cmocka_unit_test(test_2_4_of_two_the_newer),
		cmocka_unit_test(
			test_2_4_nobody_is_judged_by_what_was_read_before_he_came),
		cmocka_unit_test(test_2_5_tries_of_one_pair_wait_for_one_another),
		cmocka_unit_test(test_2_5_the_end_of_the_server_ends_all_waiting),
		cmocka_unit_test(test_12_9_who_is_cut_off_waits_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
