/* agreement/latches: one at a time has a key, and no two wait for one another. */
#include "latches.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8, ROUNDS = 2000 };

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
		struct latches_key keys[2] = {{names[first], strlen(names[first])},
					      {names[second], strlen(names[second])}};

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
	struct latches_key keys[3] = {{"b", 1}, {"a", 1}, {"b", 1}};

	(void)state;
	assert_int_equal(latches_take(latches, keys, 3), EINVAL);
	/* None was taken: the rest can be had at once. */
	assert_int_equal(latches_take(latches, keys, 2), 0);
	latches_give(latches, keys, 2);
	latches_free(latches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_a_key_twice_is_refused),
	};

	return cmocka_run_group_tests_name("latches", tests, NULL, NULL);
}
