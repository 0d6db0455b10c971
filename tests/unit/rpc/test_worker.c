/* rpc/worker: a thread that rests, is woken and is told to stop. */
#include "worker.h"

#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LONG_MS = 60000 };

/* What a worker has done, seen from outside. */
struct log {
	struct worker worker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned steps; /* rests that ended, but not the last */
	bool ended;
	bool (*rest)(struct worker *worker, int64_t ms);
	int64_t rest_ms;
};

static void *work(void *argument)
{
	struct log *log = argument;
	bool goes_on = true;

	while (goes_on) {
		goes_on = log->rest(&log->worker, log->rest_ms);
		pthread_mutex_lock(&log->lock);
		log->steps += goes_on;
		log->ended = !goes_on;
		pthread_cond_broadcast(&log->changed);
		pthread_mutex_unlock(&log->lock);
	}
	return NULL;
}

static void begin(struct log *log, bool (*rest)(struct worker *worker, int64_t ms),
		  int64_t rest_ms)
{
	*log = (struct log){.rest = rest, .rest_ms = rest_ms};
	pthread_mutex_init(&log->lock, NULL);
	clock_condition_init(&log->changed);
	assert_int_equal(worker_start(&log->worker, work, log), 0);
}

static void await_steps(struct log *log, unsigned steps)
{
	int64_t until = clock_now_ms() + LONG_MS;

	pthread_mutex_lock(&log->lock);
	while (log->steps < steps)
		assert_true(clock_wait(&log->changed, &log->lock, until));
	pthread_mutex_unlock(&log->lock);
}

static void end(struct log *log)
{
	worker_stop(&log->worker);
	assert_true(log->ended);
	pthread_cond_destroy(&log->changed);
	pthread_mutex_destroy(&log->lock);
}

static void test_rest_ends_by_itself(void **state)
{
	struct log log;

	(void)state;
	begin(&log, worker_rest, 1);
	await_steps(&log, 3);
	end(&log);
}

/* One wake ends one rest, also when it comes before the rest begins. */
static void test_wake_ends_one_rest(void **state)
{
	struct log log;

	(void)state;
	begin(&log, worker_rest, INT64_MAX);
	for (unsigned steps = 1; steps <= 3; steps++) {
		worker_wake(&log.worker);
		await_steps(&log, steps);
	}
	end(&log);
	assert_int_equal(log.steps, 3);
}

static void test_undisturbed_rest_is_not_woken(void **state)
{
	int64_t begun = clock_now_ms();
	struct log log;

	(void)state;
	begin(&log, worker_rest_undisturbed, 30);
	worker_wake(&log.worker);
	await_steps(&log, 1);
	assert_true(clock_now_ms() - begun >= 30);
	end(&log);
}

static void test_stop_ends_any_rest(void **state)
{
	struct log log;

	(void)state;
	begin(&log, worker_rest, INT64_MAX);
	assert_false(worker_is_ending(&log.worker));
	worker_end(&log.worker);
	assert_true(worker_is_ending(&log.worker));
	end(&log);
	assert_int_equal(log.steps, 0);
	begin(&log, worker_rest_undisturbed, LONG_MS);
	end(&log);
	assert_int_equal(log.steps, 0);
}

static void test_one_that_never_started_is_stopped(void **state)
{
	struct worker worker = {.runs = false};

	(void)state;
	worker_end(&worker);
	worker_stop(&worker);
	assert_false(worker.runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rest_ends_by_itself),
		cmocka_unit_test(test_wake_ends_one_rest),
		cmocka_unit_test(test_undisturbed_rest_is_not_woken),
		cmocka_unit_test(test_stop_ends_any_rest),
		cmocka_unit_test(test_one_that_never_started_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
