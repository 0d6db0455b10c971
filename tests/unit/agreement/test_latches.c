/* agreement/latches: one at a time has a key, and no two wait for one another. */
#include "latches.h"

#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8, ROUNDS = 2000, LONG_MS = 20000 };

struct shared {
	struct latches *latches;
	int inside[3]; /* how many threads hold each key: guarded by the key alone */
	atomic_int faults;
};

static const char *const names[] = {"/a/1", "/a/2", "/b/1"};

static void *worker(void *argument)
{
	struct shared *shared = argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned first = i % 3, second = (i + 1 + i / 3 % 2) % 3;
		struct latches_key keys[2] = {
			{LATCHES_PATH, names[first], strlen(names[first])},
			{LATCHES_PATH, names[second], strlen(names[second])}};

		if (latches_take(shared->latches, keys, 2) != 0) {
			shared->faults++;
			continue;
		}
		if (++shared->inside[first] != 1 || ++shared->inside[second] != 1)
			shared->faults++;
		shared->inside[first]--;
		shared->inside[second]--;
		latches_give(shared->latches, keys, 2);
	}
	return NULL;
}

static void test_one_at_a_time(void **state)
{
	struct shared shared = {.latches = latches_new()};
	pthread_t threads[THREADS];

	(void)state;
	assert_non_null(shared.latches);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, &shared), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.faults, 0);
	latches_free(shared.latches);
}

static void test_a_key_twice_is_refused(void **state)
{
	struct latches *latches = latches_new();
	struct latches_key keys[3] = {
		{LATCHES_PATH, "b", 1}, {LATCHES_PATH, "a", 1}, {LATCHES_PATH, "b", 1}};

	(void)state;
	assert_int_equal(latches_take(latches, keys, 3), EINVAL);
	/* None was taken: the rest can be had at once. */
	assert_int_equal(latches_take(latches, keys, 2), 0);
	latches_give(latches, keys, 2);
	latches_free(latches);
}

struct taking {
	struct latches *latches;
	struct latches_key key;
	sem_t done;
};

static void *take_and_give(void *argument)
{
	struct taking *taking = argument;

	if (latches_take(taking->latches, &taking->key, 1) == 0)
		latches_give(taking->latches, &taking->key, 1);
	sem_post(&taking->done);
	return NULL;
}

/* Whose id reads as a path of somebody else does not hold up that path. */
static void test_8_11_objects_do_not_hold_up_paths(void **state)
{
	const struct timespec until = clock_timespec(clock_now_ms() + LONG_MS);
	struct taking taking = {.latches = latches_new(),
				.key = {LATCHES_PATH, "/tester/exactly1", 16}};
	struct latches_key both[2] = {{LATCHES_OBJECT, "/tester/exactly1", 16},
				      {LATCHES_PATH, "/tester/exactly2", 16}};
	pthread_t thread;

	(void)state;
	sem_init(&taking.done, 0, 0);
	assert_int_equal(latches_take(taking.latches, both, 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, take_and_give, &taking), 0);
	bool was_held_up = sem_clockwait(&taking.done, CLOCK_MONOTONIC, &until) != 0;
	latches_give(taking.latches, both, 2);
	pthread_join(thread, NULL);
	assert_false(was_held_up);
	/* One message may have both: an object whose id is its own path. */
	both[1] = taking.key;
	assert_int_equal(latches_take(taking.latches, both, 2), 0);
	latches_give(taking.latches, both, 2);
	sem_destroy(&taking.done);
	latches_free(taking.latches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_8_11_objects_do_not_hold_up_paths),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_a_key_twice_is_refused),
	};

	return cmocka_run_group_tests_name("latches", tests, NULL, NULL);
}
