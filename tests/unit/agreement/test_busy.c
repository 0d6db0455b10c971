/* Keys that somebody is at work on: one at a time, and no two wait for one another. */
#include "busy.h"

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
	struct busy *busy;
	int inside[3]; /* how many threads hold each key: guarded by the key alone */
	atomic_int faults;
};

static const char *const names[] = {"/a/1", "/a/2", "/b/1"};

static void *worker(void *argument)
{
	struct shared *shared = argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned first = i % 3, second = (i + 1 + i / 3 % 2) % 3;
		struct busy_key keys[2] = {{names[first], strlen(names[first])},
					   {names[second], strlen(names[second])}};

		if (busy_take(shared->busy, keys, 2) != 0) {
			shared->faults++;
			continue;
		}
		if (++shared->inside[first] != 1 || ++shared->inside[second] != 1)
			shared->faults++;
		shared->inside[first]--;
		shared->inside[second]--;
		busy_give(shared->busy, keys, 2);
	}
	return NULL;
}

static void test_one_at_a_time(void **state)
{
	struct shared shared = {.busy = busy_new()};
	pthread_t threads[THREADS];

	(void)state;
	assert_non_null(shared.busy);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, &shared), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.faults, 0);
	busy_free(shared.busy);
}

static void test_a_key_twice_is_refused(void **state)
{
	struct busy *busy = busy_new();
	struct busy_key keys[3] = {{"b", 1}, {"a", 1}, {"b", 1}};

	(void)state;
	assert_int_equal(busy_take(busy, keys, 3), EINVAL);
	/* None was taken: the rest can be had at once. */
	assert_int_equal(busy_take(busy, keys, 2), 0);
	busy_give(busy, keys, 2);
	busy_free(busy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_a_key_twice_is_refused),
	};

	return cmocka_run_group_tests_name("busy", tests, NULL, NULL);
}
