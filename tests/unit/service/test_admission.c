/* Admission: caps in all and per address, on connections and on memory. */
#include "admission_internal.h"

#include "clock.h"
#include "wire_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 20000 };

/* While set, tables of addresses have no memory. */
static bool is_short;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return is_short ? NULL : __real_malloc(size);
}

static const struct admission_limits limits = {
	.connections = 6,
	.per_address = 4,
	.strangers = 6,
	.strangers_of = {2, 6},
	.bytes = {100, 1000},
	.bytes_per_address = {60, 600},
};

/* A connection as admission sees it: a socket of ours and the peer's end of it. */
struct guest {
	struct admission_seat *seat;
	int ends[2];
};

static bool enter_from(struct admission *admission, struct guest *guest, int family,
		       const char *host)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(4711)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(4712)};
	const struct sockaddr *address = (const struct sockaddr *)&v4;

	if (family == AF_INET6) {
		assert_int_equal(inet_pton(AF_INET6, host, &v6.sin6_addr), 1);
		address = (const struct sockaddr *)&v6;
	} else {
		assert_int_equal(inet_pton(AF_INET, host, &v4.sin_addr), 1);
	}
	wire_fixture_pair(guest->ends);
	guest->seat = admission_enter(admission, address, guest->ends[0]);
	return guest->seat != NULL;
}

static bool enter(struct admission *admission, struct guest *guest, const char *host)
{
	return enter_from(admission, guest, AF_INET, host);
}

static bool is_cut_off(const struct guest *guest)
{
	char byte;

	return recv(guest->ends[1], &byte, 1, MSG_DONTWAIT) == 0;
}

static void leave(struct guest *guest)
{
	if (guest->seat != NULL)
		admission_leave(guest->seat);
	guest->seat = NULL;
	close(guest->ends[0]);
	close(guest->ends[1]);
}

static void test_1_10_one_address_leaves_room_for_others(void **state)
{
	struct admission *admission = admission_new(&limits);
	struct guest guests[8];

	(void)state;
	memset(guests, 0, sizeof guests);
	for (int i = 0; i < 4; i++) {
		assert_true(enter(admission, &guests[i], "127.0.0.2"));
		assert_true(admission_promote(guests[i].seat, PORTIONS_NOBODY));
	}
	assert_false(enter(admission, &guests[4], "127.0.0.2"));
	/* The same address, as IPv6 writes it */
	assert_false(enter_from(admission, &guests[5], AF_INET6, "::ffff:127.0.0.2"));
	leave(&guests[4]);
	leave(&guests[5]);
	assert_true(enter(admission, &guests[4], "127.0.0.1"));
	assert_true(enter_from(admission, &guests[5], AF_INET6, "2001:db8::1"));
	assert_int_equal(admission_count(admission), 6);
	/* Full: for everyone. */
	assert_false(enter(admission, &guests[6], "127.0.0.3"));
	leave(&guests[6]);
	leave(&guests[0]);
	assert_true(enter(admission, &guests[0], "127.0.0.3"));
	for (int i = 0; i < 6; i++)
		leave(&guests[i]);
	assert_int_equal(admission_count(admission), 0);
	admission_free(admission);
}

static void test_1_10_the_oldest_stranger_makes_room(void **state)
{
	struct admission *admission = admission_new(&limits);
	struct guest guests[5];

	(void)state;
	memset(guests, 0, sizeof guests);
	assert_true(enter(admission, &guests[0], "127.0.0.1"));
	assert_true(enter(admission, &guests[1], "127.0.0.2"));
	assert_true(enter(admission, &guests[2], "127.0.0.2"));
	assert_true(admission_promote(guests[1].seat, PORTIONS_NOBODY));
	assert_true(enter(admission, &guests[3], "127.0.0.2"));
	assert_false(is_cut_off(&guests[2]));
	assert_true(enter(admission, &guests[4], "127.0.0.2"));
	assert_true(is_cut_off(&guests[2]));
	assert_false(is_cut_off(&guests[0]));
	assert_false(is_cut_off(&guests[1]));
	assert_false(is_cut_off(&guests[3]));
	/* Who was cut off keeps its seat until it has left: four are really there. */
	struct guest late;
	assert_false(enter(admission, &late, "127.0.0.2"));
	leave(&late);
	leave(&guests[2]);
	assert_true(enter(admission, &late, "127.0.0.2"));
	assert_true(is_cut_off(&guests[3]));
	leave(&late);
	for (int i = 0; i < 5; i++)
		if (i != 2)
			leave(&guests[i]);
	admission_free(admission);
}

struct arrival {
	struct admission *admission;
	struct guest guest;
	bool entered;
};

static void *arrive(void *arg)
{
	struct arrival *arrival = arg;

	arrival->entered = enter(arrival->admission, &arrival->guest, "10.9.9.9");
	return NULL;
}

/* However many come at once: who has to leave leaves, and nobody is sent away for him. */
static void test_12_17_newcomers_wait_for_who_is_on_his_way_out(void **state)
{
	struct admission_limits full = limits;

	(void)state;
	full.connections = 3;
	full.strangers = 2;
	struct admission *admission = admission_new(&full);
	struct arrival arrival = {.admission = admission};
	struct guest guests[3], late;
	pthread_t thread;

	assert_true(enter(admission, &guests[0], "10.1.1.1"));
	assert_true(enter(admission, &guests[1], "10.1.1.1"));
	assert_true(enter(admission, &guests[2], "10.2.2.2"));
	assert_true(is_cut_off(&guests[0]));
	/* All seats are taken, the one that is to be free by who has yet to leave. */
	assert_int_equal(pthread_create(&thread, NULL, arrive, &arrival), 0);
	clock_pause(20);
	leave(&guests[0]);
	pthread_join(thread, NULL);
	assert_true(arrival.entered);
	/* Where nobody leaves there is nothing to wait for. */
	assert_true(is_cut_off(&guests[1]));
	leave(&guests[1]);
	assert_true(admission_promote(guests[2].seat, PORTIONS_NOBODY));
	assert_true(enter(admission, &guests[1], "10.1.1.1"));
	assert_true(admission_promote(guests[1].seat, PORTIONS_NOBODY));
	assert_false(enter(admission, &late, "10.3.3.3"));
	leave(&late);
	leave(&arrival.guest);
	leave(&guests[1]);
	leave(&guests[2]);
	admission_free(admission);
}

struct wait {
	struct admission_seat *seat;
	size_t bytes;
	bool granted;
};

/* Of the network with the most the address with the most, and there the oldest. */
static void test_12_9_the_greediest_makes_room(void **state)
{
	static const char *const hosts[] = {"10.1.1.9", "10.1.2.1", "10.1.2.1",
					    "10.1.2.2", "10.1.1.1"};
	const struct admission_limits few = {.connections = 9,
					     .per_address = 9,
					     .strangers = 5,
					     .strangers_of = {3, 4},
					     .bytes = {1, 1},
					     .bytes_per_address = {1, 1}};
	struct admission *admission = admission_new(&few);
	struct guest guests[5], late, v6;

	(void)state;
	memset(guests, 0, sizeof guests);
	for (int i = 0; i < 5; i++)
		assert_true(enter(admission, &guests[i], hosts[i]));
	/* Five may be there, and the sixth is one too many. */
	for (int i = 0; i < 5; i++)
		assert_false(is_cut_off(&guests[i]));
	assert_true(enter(admission, &late, "10.1.3.1"));
	for (int i = 0; i < 5; i++)
		assert_int_equal(is_cut_off(&guests[i]), i == 1);
	/* Who has proved something is in no line: now nobody is one too many. */
	assert_true(admission_promote(guests[0].seat, PORTIONS_NOBODY));
	assert_true(enter_from(admission, &v6, AF_INET6, "2001:db8:1:2:3::4"));
	for (int i = 0; i < 5; i++)
		assert_int_equal(is_cut_off(&guests[i]), i == 1);
	for (int i = 0; i < 5; i++)
		leave(&guests[i]);
	leave(&late);
	leave(&v6);
	admission_free(admission);
}

static struct origin origin_from(const char *host, enum origin_width width)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	assert_int_equal(inet_pton(AF_INET6, host, &v6.sin6_addr), 1);
	return origin_of((const struct sockaddr *)&v6, width);
}

static bool same(const char *one, const char *other, enum origin_width width)
{
	const struct origin a = origin_from(one, width), b = origin_from(other, width);

	return memcmp(&a, &b, sizeof a) == 0;
}

static void test_12_13_one_key_for_an_address(void **state)
{
	(void)state;
	assert_true(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::", ORIGIN_ADDRESS));
	assert_false(same("2001:db8:1:2::1", "2001:db8:1:3::1", ORIGIN_ADDRESS));
	assert_true(same("2001:db8:1::1", "2001:db8:ffff::1", ORIGIN_NETWORK));
	assert_false(same("2001:db8::1", "2001:db9::1", ORIGIN_NETWORK));
	assert_false(same("::ffff:10.0.0.1", "::ffff:10.0.0.2", ORIGIN_ADDRESS));
	assert_true(same("::ffff:10.0.0.1", "::ffff:10.0.0.255", ORIGIN_NETWORK));
	assert_false(same("::ffff:10.0.0.1", "::ffff:10.0.1.1", ORIGIN_NETWORK));
}

static void *reserve(void *arg)
{
	struct wait *wait = arg;

	wait->granted = admission_reserve(wait->seat, ADMISSION_CALLS, wait->bytes,
					  clock_now_ms() + LONG_MS);
	return NULL;
}

static void test_1_10_memory_is_capped_and_waited_for(void **state)
{
	struct admission *admission = admission_new(&limits);
	struct guest first, second, third;
	pthread_t thread;

	(void)state;
	assert_true(enter(admission, &first, "127.0.0.2"));
	assert_true(enter(admission, &second, "127.0.0.2"));
	assert_true(enter(admission, &third, "127.0.0.1"));
	assert_true(admission_reserve(first.seat, ADMISSION_CALLS, 50, 0));
	/* Above what one address may have; another one, and answers, are not hurt. */
	assert_false(admission_reserve(second.seat, ADMISSION_CALLS, 20, 0));
	assert_true(admission_reserve(second.seat, ADMISSION_ANSWERS, 500, 0));
	assert_true(admission_reserve(third.seat, ADMISSION_CALLS, 50, 0));
	assert_false(
		admission_reserve(third.seat, ADMISSION_CALLS, 10, clock_now_ms() + 20));

	struct wait wait = {.seat = second.seat, .bytes = 60};
	assert_int_equal(pthread_create(&thread, NULL, reserve, &wait), 0);
	admission_release(third.seat, ADMISSION_CALLS, 50);
	admission_release(first.seat, ADMISSION_CALLS, 50);
	pthread_join(thread, NULL);
	assert_true(wait.granted);
	admission_release(second.seat, ADMISSION_CALLS, 60);
	admission_release(second.seat, ADMISSION_ANSWERS, 500);
	leave(&first);
	leave(&second);
	leave(&third);
	admission_free(admission);
}

/* He gets none, and his thread leaves, however long he could have waited. */
static void test_12_9_who_is_cut_off_waits_for_no_memory(void **state)
{
	struct admission *admission = admission_new(&limits);
	const int64_t began = clock_now_ms();
	struct guest first, second, late[2];
	pthread_t thread;

	(void)state;
	assert_true(enter(admission, &first, "127.0.0.2"));
	assert_true(enter(admission, &second, "127.0.0.2"));
	assert_true(admission_reserve(first.seat, ADMISSION_CALLS, 50, 0));
	struct wait wait = {.seat = second.seat, .bytes = 20};
	assert_int_equal(pthread_create(&thread, NULL, reserve, &wait), 0);
	assert_true(enter(admission, &late[0], "127.0.0.2"));
	assert_true(enter(admission, &late[1], "127.0.0.2"));
	assert_true(is_cut_off(&second));
	pthread_join(thread, NULL);
	assert_false(wait.granted);
	assert_true(clock_now_ms() - began < LONG_MS);
	admission_release(first.seat, ADMISSION_CALLS, 50);
	leave(&first);
	leave(&second);
	leave(&late[0]);
	leave(&late[1]);
	admission_free(admission);
}

static void test_a_newcomer_for_whom_there_is_no_memory(void **state)
{
	struct admission *admission = admission_new(&limits);
	struct guest guest;

	(void)state;
	is_short = true;
	bool entered = enter(admission, &guest, "127.0.0.1");
	is_short = false;
	assert_false(entered);
	leave(&guest);
	assert_int_equal(admission_count(admission), 0);
	assert_true(enter(admission, &guest, "127.0.0.1"));
	leave(&guest);
	admission_free(admission);
}

/* Of six seats one user has three, from wherever he comes; the fourth stays nobody's. */
static void test_8_6_seats_are_shared_out(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "127.0.0.2"};
	struct admission *admission = admission_new(&limits);
	struct guest guests[6];

	(void)state;
	memset(guests, 0, sizeof guests);
	for (int i = 0; i < 4; i++) {
		assert_true(enter(admission, &guests[i], hosts[i % 2]));
		assert_int_equal(admission_promote(guests[i].seat, "greedy"), i < 3);
	}
	/* Who logs in again where he sits needs no other seat. */
	assert_true(admission_promote(guests[0].seat, "greedy"));
	/* Others come in, and a server in any case. */
	assert_true(admission_promote(guests[3].seat, "modest"));
	assert_true(enter(admission, &guests[4], "127.0.0.3"));
	assert_true(admission_promote(guests[4].seat, PORTIONS_NOBODY));
	/* Where every seat is taken nobody gets another one. */
	leave(&guests[0]);
	assert_true(enter(admission, &guests[0], "127.0.0.1"));
	assert_true(enter(admission, &guests[5], "127.0.0.3"));
	assert_false(admission_promote(guests[5].seat, "greedy"));
	for (int i = 0; i < 6; i++)
		leave(&guests[i]);
	assert_int_equal(admission_count(admission), 0);
	admission_free(admission);
}

/* Of 1,000 bytes one user has 500 at most, and waits for himself alone. */
static void test_8_6_memory_is_shared_out(void **state)
{
	struct admission_limits wide = limits;

	(void)state;
	wide.bytes_per_address[ADMISSION_ANSWERS] = 1000;
	struct admission *admission = admission_new(&wide);
	struct guest greedy[3], modest;

	for (int i = 0; i < 3; i++) {
		assert_true(enter(admission, &greedy[i], "127.0.0.1"));
		assert_true(admission_promote(greedy[i].seat, "greedy"));
	}
	assert_true(enter(admission, &modest, "127.0.0.1"));
	assert_true(admission_reserve(greedy[0].seat, ADMISSION_ANSWERS, 250, 0));
	assert_true(admission_reserve(greedy[1].seat, ADMISSION_ANSWERS, 250, 0));
	assert_false(admission_reserve(greedy[2].seat, ADMISSION_ANSWERS, 1, 0));
	/* A stranger's stays nobody's when he has logged in. */
	assert_true(admission_reserve(modest.seat, ADMISSION_ANSWERS, 450, 0));
	assert_true(admission_promote(modest.seat, "modest"));
	admission_release(modest.seat, ADMISSION_ANSWERS, 450);
	assert_true(admission_reserve(modest.seat, ADMISSION_ANSWERS, 500, 0));
	admission_release(modest.seat, ADMISSION_ANSWERS, 500);
	admission_release(greedy[0].seat, ADMISSION_ANSWERS, 250);
	assert_true(admission_reserve(greedy[2].seat, ADMISSION_ANSWERS, 250, 0));
	admission_release(greedy[1].seat, ADMISSION_ANSWERS, 250);
	admission_release(greedy[2].seat, ADMISSION_ANSWERS, 250);
	for (int i = 0; i < 3; i++)
		leave(&greedy[i]);
	leave(&modest);
	admission_free(admission);
}

/* ---- the line of strangers ---------------------------------------------------- */

/* An address may owe 150 and all together 250. */
static const struct admission_limits turns = {
	.connections = 9,
	.per_address = 9,
	.strangers = 5,
	.strangers_of = {9, 9},
	.cost_ms = {[ADMISSION_CALL] = 0, [ADMISSION_HANDSHAKE] = 100},
	.free_ms_of = {150, 150},
	.free_ms = 250,
	.bytes = {1, 1},
	.bytes_per_address = {1, 1},
};

struct turn {
	struct guest *guest;
	pthread_t thread;
	unsigned *granted; /* so far, of all */
	unsigned place;    /* 1: the first; 0: none */
};

static void *ask(void *arg)
{
	struct turn *turn = arg;

	if (admission_turn(turn->guest->seat, ADMISSION_HANDSHAKE,
			   clock_now_ms() + LONG_MS))
		turn->place = __atomic_add_fetch(turn->granted, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static unsigned in_line(struct admission *admission)
{
	pthread_mutex_lock(&admission->lock);
	unsigned count = admission->waiting;
	pthread_mutex_unlock(&admission->lock);
	return count;
}

/* Returns once he stands in the line. */
static void ask_behind(struct admission *admission, struct turn *turn,
		       struct guest *guest, unsigned *granted)
{
	unsigned before = in_line(admission);

	*turn = (struct turn){.guest = guest, .granted = granted};
	assert_int_equal(pthread_create(&turn->thread, NULL, ask, turn), 0);
	while (in_line(admission) == before)
		clock_pause(1);
}

/* The next turn is then, whatever it cost so far. */
static void set_turn(struct admission *admission, int64_t turn_ms)
{
	pthread_mutex_lock(&admission->lock);
	admission->turn_ms = turn_ms;
	admission_line_go_on(admission);
	pthread_mutex_unlock(&admission->lock);
}

static bool turn_now(struct guest *guest)
{
	return admission_turn(guest->seat, ADMISSION_HANDSHAKE, clock_now_ms());
}

/* Three guests of one address, who owe more than they may, and one of another. */
static struct admission *begin_turns(struct guest greedy[3], struct guest *modest)
{
	struct admission *admission = admission_new(&turns);

	for (unsigned i = 0; i < 3; i++)
		assert_true(enter(admission, &greedy[i], "10.1.1.1"));
	assert_true(enter(admission, modest, "10.2.2.2"));
	assert_true(turn_now(&greedy[0]));
	assert_true(turn_now(&greedy[0]));
	set_turn(admission, clock_now_ms() + 2 * LONG_MS);
	assert_false(turn_now(&greedy[0]));
	return admission;
}

static void end_turns(struct admission *admission, struct guest greedy[3],
		      struct guest *modest)
{
	for (unsigned i = 0; i < 3; i++)
		leave(&greedy[i]);
	leave(modest);
	admission_free(admission);
}

static void test_12_17_the_least_greedy_is_next_and_there_the_oldest(void **state)
{
	struct guest greedy[3], modest;
	struct admission *admission = begin_turns(greedy, &modest);
	struct turn asked[4];
	unsigned granted = 0;

	(void)state;
	ask_behind(admission, &asked[0], &greedy[1], &granted);
	ask_behind(admission, &asked[1], &greedy[2], &granted);
	/* He owes nothing: behind them in the line, he goes at once. */
	asked[2] = (struct turn){.guest = &modest, .granted = &granted};
	(void)ask(&asked[2]);
	assert_int_equal(asked[2].place, 1);
	/* All together owe too much by now: he too stands in the line, and is next. */
	ask_behind(admission, &asked[3], &modest, &granted);
	set_turn(admission, 0);
	for (unsigned i = 0; i < 4; i++)
		if (i != 2)
			pthread_join(asked[i].thread, NULL);
	assert_int_equal(asked[3].place, 2);
	assert_int_equal(asked[0].place, 3);
	assert_int_equal(asked[1].place, 4);
	end_turns(admission, greedy, &modest);
}

static void test_12_17_who_proves_something_is_in_no_line_and_forgiven(void **state)
{
	struct guest greedy[3], modest;
	struct admission *admission = begin_turns(greedy, &modest);
	struct turn asked;
	unsigned granted = 0;

	(void)state;
	ask_behind(admission, &asked, &greedy[1], &granted);
	assert_true(admission_promote(greedy[0].seat, "user"));
	for (unsigned i = 0; i < 10; i++)
		assert_true(turn_now(&greedy[0]));
	/* What he cost was the address's debt: who waits there goes at once. */
	pthread_join(asked.thread, NULL);
	assert_int_equal(asked.place, 1);
	/* As it was no turn, it counts among what all had without one. */
	assert_int_equal(debt_now(&admission->debt, clock_now_ms()), 100);
	end_turns(admission, greedy, &modest);
}

/* What is owed is remembered beyond the connections, and halves every ten seconds. */
static void test_12_17_debts_outlive_connections_and_fade(void **state)
{
	struct guest greedy[3], modest;
	struct admission *admission = begin_turns(greedy, &modest);
	struct debt debt = {0, 0};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		leave(&greedy[i]);
	assert_true(enter(admission, &greedy[0], "10.1.1.1"));
	assert_false(turn_now(&greedy[0]));
	for (unsigned i = 1; i < 3; i++)
		assert_true(enter(admission, &greedy[i], "10.1.1.1"));
	end_turns(admission, greedy, &modest);

	debt_add(&debt, 1000, 5);
	assert_int_equal(debt_now(&debt, 10004), 1000);
	assert_int_equal(debt_now(&debt, 10006), 500);
	assert_int_equal(debt_now(&debt, 30006), 125);
	debt_forgive(&debt, 100, 30006);
	assert_int_equal(debt_now(&debt, 30006), 25);
	debt_forgive(&debt, 100, 30006);
	assert_int_equal(debt_now(&debt, 30006), 0);
	debt_add(&debt, 7, INT64_C(1) << 40);
	assert_int_equal(debt_now(&debt, INT64_C(1) << 40), 7);
	assert_int_equal(debt_now(&debt, INT64_C(1) << 42), 0);
}

static void assert_remembered(struct admission *admission, unsigned count)
{
	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++)
		assert_int_equal(HASH_COUNT(admission->groups[width]), count);
}

/* From however many addresses they come: the small debts go, the large ones stay. */
static void test_12_17_no_more_debts_are_remembered_than_that(void **state)
{
	enum { MOST = 4096 };
	struct admission_limits dear = turns;
	struct guest guest;

	(void)state;
	dear.cost_ms[ADMISSION_CALL] = 2;
	struct admission *admission = admission_new(&dear);
	assert_true(enter(admission, &guest, "10.1.1.1"));
	assert_true(turn_now(&guest));
	leave(&guest);
	for (unsigned i = 1; i <= MOST; i++) {
		char host[INET_ADDRSTRLEN];

		assert_remembered(admission, i);
		(void)snprintf(host, sizeof host, "11.%u.%u.1", i / 256, i % 256);
		assert_true(enter(admission, &guest, host));
		leave(&guest);
	}
	assert_remembered(admission, 2);
	assert_true(enter(admission, &guest, "10.1.1.1"));
	assert_int_equal(
		debt_now(&guest.seat->groups[ORIGIN_ADDRESS]->debt, clock_now_ms()), 104);
	leave(&guest);
	admission_free(admission);
}

static void test_12_17_who_is_cut_off_leaves_the_line(void **state)
{
	struct guest greedy[3], modest, late[2];
	struct admission *admission = begin_turns(greedy, &modest);
	struct turn asked;
	unsigned granted = 0;

	(void)state;
	ask_behind(admission, &asked, &greedy[0], &granted);
	/* Six are one too many. */
	assert_true(enter(admission, &late[0], "10.3.3.3"));
	assert_true(enter(admission, &late[1], "10.3.3.4"));
	pthread_join(asked.thread, NULL);
	assert_int_equal(asked.place, 0);
	assert_true(is_cut_off(&greedy[0]));
	assert_false(turn_now(&greedy[0]));
	/* Nor does anybody wait for a server that ends. */
	ask_behind(admission, &asked, &greedy[1], &granted);
	admission_end_input(admission);
	pthread_join(asked.thread, NULL);
	assert_int_equal(asked.place, 0);
	leave(&late[0]);
	leave(&late[1]);
	end_turns(admission, greedy, &modest);
}

static void *leave_later(void *arg)
{
	struct guest *guest = arg;
	char byte;

	/* As a connection does: its input has ended. */
	while (recv(guest->ends[0], &byte, 1, 0) != 0)
		;
	admission_leave(guest->seat);
	return NULL;
}

static void test_the_end(void **state)
{
	struct admission *admission = admission_new(&limits);
	struct guest guest, late;
	pthread_t thread;

	(void)state;
	assert_true(enter(admission, &guest, "127.0.0.1"));
	assert_false(admission_wait_empty(admission, clock_now_ms() + 20));
	admission_end_input(admission);
	/* What is being answered can still be answered. */
	assert_int_equal(send(guest.ends[0], "x", 1, MSG_NOSIGNAL), 1);
	assert_false(enter(admission, &late, "127.0.0.1"));
	leave(&late);
	assert_int_equal(pthread_create(&thread, NULL, leave_later, &guest), 0);
	assert_true(admission_wait_empty(admission, clock_now_ms() + LONG_MS));
	pthread_join(thread, NULL);
	guest.seat = NULL;
	leave(&guest);
	admission_free(admission);
	admission_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_10_one_address_leaves_room_for_others),
		cmocka_unit_test(test_1_10_the_oldest_stranger_makes_room),
		cmocka_unit_test(test_12_9_the_greediest_makes_room),
		cmocka_unit_test(test_12_13_one_key_for_an_address),
		cmocka_unit_test(test_1_10_memory_is_capped_and_waited_for),
		cmocka_unit_test(test_12_9_who_is_cut_off_waits_for_no_memory),
		cmocka_unit_test(test_a_newcomer_for_whom_there_is_no_memory),
		cmocka_unit_test(test_8_6_seats_are_shared_out),
		cmocka_unit_test(test_8_6_memory_is_shared_out),
		cmocka_unit_test(
			test_12_17_the_least_greedy_is_next_and_there_the_oldest),
		cmocka_unit_test(
			test_12_17_who_proves_something_is_in_no_line_and_forgiven),
		cmocka_unit_test(test_12_17_debts_outlive_connections_and_fade),
		cmocka_unit_test(test_12_17_no_more_debts_are_remembered_than_that),
		cmocka_unit_test(test_12_17_who_is_cut_off_leaves_the_line),
		cmocka_unit_test(test_12_17_newcomers_wait_for_who_is_on_his_way_out),
		cmocka_unit_test(test_the_end),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
