/* client/credentials: which sessions stay when one is added; amounts of bytes. */
#include "credentials.h"

#include "amount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { NOW = 1000 };

/* A session of this number; ends 0: a recovery file. */
static dfs_session session(unsigned number, int64_t ends)
{
	dfs_session made = {.ends = ends};

	memset(made.id.bytes, (int)number, sizeof made.id.bytes);
	return made;
}

static dfs_credentials record(dfs_session *sessions, u_int count)
{
	return (dfs_credentials){.sessions = {count, sessions}};
}

static bool has(const dfs_session *sessions, u_int count, unsigned number)
{
	for (u_int i = 0; i < count; i++)
		if (sessions[i].id.bytes[0] == (char)number)
			return true;
	return false;
}

static void test_one_more(void **state)
{
	dfs_session before[] = {session(1, NOW + 1), session(2, NOW), session(3, NOW - 1),
				session(4, 0)};
	const dfs_session added = session(5, NOW + 9);
	const dfs_credentials credentials = record(before, 4);
	dfs_session after[DFS_SESSIONS_MAX];
	u_int count = credentials_add_session(&credentials, &added, NULL, NOW, after);

	(void)state;
	/* What has ended goes; what ends later, and recovery files, stay. */
	assert_int_equal(count, 3);
	assert_true(has(after, count, 1) && has(after, count, 4) && has(after, count, 5));
}

static void test_in_place_of_another(void **state)
{
	dfs_session before[] = {session(1, NOW + 1), session(2, NOW + 2)};
	const dfs_session added = session(5, NOW + 9);
	const dfs_credentials credentials = record(before, 2);
	dfs_session after[DFS_SESSIONS_MAX];
	u_int count = credentials_add_session(&credentials, &added,
					      (uint8_t *)before[0].id.bytes, NOW, after);

	(void)state;
	assert_int_equal(count, 2);
	assert_true(has(after, count, 2) && has(after, count, 5));
	/* The same once more is the same. */
	const dfs_credentials again = record(after, count);
	dfs_session twice[DFS_SESSIONS_MAX];

	assert_int_equal(credentials_add_session(&again, &added, NULL, NOW, twice), 2);
}

static void test_a_full_house(void **state)
{
	dfs_session before[DFS_SESSIONS_MAX], after[DFS_SESSIONS_MAX];
	const dfs_session added = session(99, NOW + 1);
	u_int count;

	(void)state;
	for (unsigned i = 0; i < DFS_SESSIONS_MAX; i++)
		before[i] = session(i + 1, NOW + 100 - (int64_t)i);
	before[DFS_SESSIONS_MAX - 1] = session(DFS_SESSIONS_MAX, 0);
	/* There is room for one more. */
	dfs_credentials credentials = record(before, DFS_SESSIONS_MAX - 1);

	count = credentials_add_session(&credentials, &added, NULL, NOW, after);
	assert_int_equal(count, DFS_SESSIONS_MAX);
	assert_true(has(after, count, DFS_SESSIONS_MAX - 1));
	/* There is none: the first to end goes, not the recovery file. */
	credentials = record(before, DFS_SESSIONS_MAX);
	count = credentials_add_session(&credentials, &added, NULL, NOW, after);
	assert_int_equal(count, DFS_SESSIONS_MAX);
	assert_false(has(after, count, DFS_SESSIONS_MAX - 1));
	assert_true(has(after, count, DFS_SESSIONS_MAX) && has(after, count, 99) &&
		    has(after, count, 1));
	/* Recovery files and nothing else: one of them has to go. */
	for (unsigned i = 0; i < DFS_SESSIONS_MAX; i++)
		before[i].ends = 0;
	count = credentials_add_session(&credentials, &added, NULL, NOW, after);
	assert_int_equal(count, DFS_SESSIONS_MAX);
	assert_true(has(after, count, 99));
}

/* A new recovery file ends the log-in by the ones before, and no session. */
static void test_recovery(void **state)
{
	dfs_session before[] = {session(1, NOW + 1), session(2, 0), session(3, 0)};
	const dfs_session added = session(5, 0);
	const dfs_credentials credentials = record(before, 3);
	dfs_session after[DFS_SESSIONS_MAX];
	u_int count = credentials_add_session(&credentials, &added, NULL, NOW, after);

	(void)state;
	assert_int_equal(count, 2);
	assert_true(has(after, count, 1) && has(after, count, 5));
	count = credentials_keep_recovery(&credentials, after);
	assert_int_equal(count, 2);
	assert_true(has(after, count, 2) && has(after, count, 3));
}

static void test_drop(void **state)
{
	dfs_session before[] = {session(1, NOW + 1), session(2, 0)};
	const dfs_credentials credentials = record(before, 2);
	dfs_session after[DFS_SESSIONS_MAX];

	(void)state;
	assert_int_equal(credentials_drop_session(&credentials,
						  (uint8_t *)before[0].id.bytes, after),
			 1);
	assert_true(has(after, 1, 2));
	memset(before[0].id.bytes, 9, sizeof before[0].id.bytes);
	assert_int_equal(credentials_drop_session(&credentials,
						  (const uint8_t *)"0123456789abcdef",
						  after),
			 2);
}

/*
 * A password opens the ring of the record that was made with it, and so does a session
 * its own.
 */
static void test_made(void **state)
{
	struct keys_ring ring = {.count = 2}, back;
	struct credentials made;
	struct dfs_pass pass = {.ends_ns = 5};
	uint8_t master[KEYS_MASTER], keyring[DFS_KEYRING_MAX];
	dfs_session opened;
	dfs_verifiers verifiers;

	(void)state;
	assert_true(keys_random(ring.secrets, sizeof ring.secrets));
	assert_true(credentials_make(&made, "correct horse", 13, &ring));
	assert_true(keys_master_of_password("correct horse", 13, &made.record.scrypt,
					    master));
	assert_true(keys_verifiers(master, &verifiers));
	assert_memory_equal(&verifiers, &made.record.verifiers, sizeof verifiers);
	assert_true(keys_unlock_ring((uint8_t *)made.record.keyring.keyring_val,
				     made.record.keyring.keyring_len, master, &back));
	assert_memory_equal(back.secrets, ring.secrets, 2 * KEYS_LEN);
	assert_int_equal(made.record.sessions.sessions_len, 0);

	assert_true(keys_random(pass.secret, sizeof pass.secret));
	assert_true(credentials_make_session(&pass, &ring, keyring, &opened));
	assert_int_equal(opened.ends, 5);
	assert_false(keys_unlock_ring((uint8_t *)opened.keyring.keyring_val,
				      opened.keyring.keyring_len, master, &back));
	assert_true(keys_master_of_secret(pass.secret, master));
	assert_true(keys_unlock_ring((uint8_t *)opened.keyring.keyring_val,
				     opened.keyring.keyring_len, master, &back));
	assert_memory_equal(back.secrets, ring.secrets, 2 * KEYS_LEN);
}

static void test_amounts(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} right[] = {
		{"0", 0},
		{"1", 1},
		{"0K", 0},
		{"1K", 1024},
		{"500M", UINT64_C(500) << 20},
		{"10G", UINT64_C(10) << 30},
		{"3T", UINT64_C(3) << 40},
		{"9223372036854775807", INT64_MAX},
		{"9007199254740991K", UINT64_C(9007199254740991) << 10},
		{"8388607T", UINT64_C(8388607) << 40},
	};
	static const char *const wrong[] = {"",
					    "K",
					    "-1",
					    "+1",
					    " 1",
					    "1 ",
					    "1k",
					    "1KB",
					    "1KK",
					    "1.5G",
					    "0x10",
					    "1e9",
					    "1P",
					    "9223372036854775808",
					    "9007199254740992K",
					    "8388608T",
					    "18446744073709551617",
					    "99999999999999999999999"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		bytes = 7;
		if (!amount_parse(right[i].text, &bytes) || bytes != right[i].bytes)
			fail_msg("%s", right[i].text);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (amount_parse(wrong[i], &bytes))
			fail_msg("taken: %s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_more),
		cmocka_unit_test(test_in_place_of_another),
		cmocka_unit_test(test_a_full_house),
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_amounts),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
