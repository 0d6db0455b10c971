/* server/ticket: what it was made for, and nothing else. */
#include "ticket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t secret[32] = "a secret that the four share ...";
static const dfs_id object = {"an object's id ."};
enum { NOW = 1000 };
static const int64_t life = TICKET_HOURS * INT64_C(3600000000000);

static void test_opens_what_it_was_made_for(void **state)
{
	dfs_ticket ticket = ticket_make(secret, "alice", &object, NOW);

	(void)state;
	assert_memory_equal(&ticket.object, &object, sizeof object);
	assert_true(ticket.ends == NOW + life);
	assert_true(ticket_is_good(secret, "alice", &ticket, NOW));
	assert_true(ticket_is_good(secret, "alice", &ticket, NOW + life - 1));
}

static void test_ends(void **state)
{
	dfs_ticket ticket = ticket_make(secret, "alice", &object, NOW);

	(void)state;
	assert_false(ticket_is_good(secret, "alice", &ticket, NOW + life));
	ticket.ends++;
	assert_false(ticket_is_good(secret, "alice", &ticket, NOW));
}

static void test_is_for_one_user_and_one_cluster(void **state)
{
	static const char *const others[] = {"alic", "alicf", "alice2", "", "bob"};
	dfs_ticket ticket = ticket_make(secret, "alice", &object, NOW);
	uint8_t other[32];

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(ticket_is_good(secret, others[i], &ticket, NOW));
	for (size_t i = 0; i < sizeof other; i++) {
		memcpy(other, secret, sizeof other);
		other[i] ^= 1;
		assert_false(ticket_is_good(other, "alice", &ticket, NOW));
	}
}

static void test_each_byte_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < DFS_ID_LEN; i++) {
		dfs_ticket ticket = ticket_make(secret, "alice", &object, NOW);

		ticket.object.bytes[i] ^= 1;
		assert_false(ticket_is_good(secret, "alice", &ticket, NOW));
		ticket.object.bytes[i] ^= 1;
		ticket.mac[i] ^= 1;
		assert_false(ticket_is_good(secret, "alice", &ticket, NOW));
		ticket.mac[i] ^= 1;
		assert_true(ticket_is_good(secret, "alice", &ticket, NOW));
	}
	for (unsigned bit = 0; bit < 63; bit++) {
		dfs_ticket ticket = ticket_make(secret, "alice", &object, NOW);

		ticket.ends ^= INT64_C(1) << bit;
		assert_false(ticket_is_good(secret, "alice", &ticket, NOW));
	}
}

static void test_zeros_open_nothing(void **state)
{
	dfs_ticket zeros;
	dfs_id none;

	(void)state;
	memset(&zeros, 0, sizeof zeros);
	memset(&none, 0, sizeof none);
	assert_false(ticket_is_good(secret, "alice", &zeros, -1));
	zeros = ticket_make(secret, "alice", &none, NOW);
	assert_false(ticket_is_good(secret, "alice", &zeros, NOW));
}

/* The format, from the header alone: computed by another program. */
static void test_format(void **state)
{
	static const uint8_t known[16] = {0x6d, 0xde, 0xd7, 0x68, 0x07, 0x78, 0x99, 0x94,
					  0xc6, 0x85, 0x2f, 0x41, 0xe6, 0x26, 0xa1, 0x47};
	dfs_ticket ticket = ticket_make(secret, "alice", &object, NOW - life);

	(void)state;
	assert_true(ticket.ends == NOW);
	assert_memory_equal(ticket.mac, known, sizeof known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_what_it_was_made_for),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_is_for_one_user_and_one_cluster),
		cmocka_unit_test(test_each_byte_counts),
		cmocka_unit_test(test_zeros_open_nothing),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
