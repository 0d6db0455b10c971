/* rpc/clock: moments of the monotonic clock, and waiting by it. */
#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
};

static void gate_init(struct gate *gate)
{
	pthread_mutex_init(&gate->lock, NULL);
	clock_condition_init(&gate->changed);
	gate->open = false;
}

static void gate_destroy(struct gate *gate)
{
	pthread_cond_destroy(&gate->changed);
	pthread_mutex_destroy(&gate->lock);
}

static void *open_gate(void *argument)
{
	struct gate *gate = argument;

	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_signal(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
	return NULL;
}

static void test_timespec(void **state)
{
	struct timespec moment = clock_timespec(1999);

	(void)state;
	assert_int_equal(moment.tv_sec, 1);
	assert_int_equal(moment.tv_nsec, 999000000);
	moment = clock_timespec(0);
	assert_int_equal(moment.tv_sec, 0);
	assert_int_equal(moment.tv_nsec, 0);
}

static void test_pause_lasts(void **state)
{
	int64_t begin = clock_now_ms();

	(void)state;
	clock_pause(20);
	assert_true(clock_now_ms() - begin >= 20);
}

static void test_wait_ends_at_its_time(void **state)
{
	int64_t until = clock_now_ms() + 20;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	pthread_mutex_lock(&gate.lock);
	while (clock_wait(&gate.changed, &gate.lock, until))
		;
	pthread_mutex_unlock(&gate.lock);
	assert_true(clock_now_ms() >= until);
	/* What is past already is not waited for. */
	pthread_mutex_lock(&gate.lock);
	assert_false(clock_wait(&gate.changed, &gate.lock, until));
	pthread_mutex_unlock(&gate.lock);
	gate_destroy(&gate);
}

static void wait_for_gate(int64_t until)
{
	struct gate gate;
	pthread_t thread;
	bool in_time = true;

	gate_init(&gate);
	pthread_mutex_lock(&gate.lock);
	/* It can open the gate only once the wait has let go of the lock. */
	assert_int_equal(pthread_create(&thread, NULL, open_gate, &gate), 0);
	while (!gate.open && in_time)
		in_time = clock_wait(&gate.changed, &gate.lock, until);
	assert_true(gate.open);
	assert_true(in_time);
	pthread_mutex_unlock(&gate.lock);
	pthread_join(thread, NULL);
	gate_destroy(&gate);
}

static void test_wait_ends_with_a_signal(void **state)
{
	(void)state;
	wait_for_gate(clock_now_ms() + 60000);
	wait_for_gate(INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timespec),
		cmocka_unit_test(test_pause_lasts),
		cmocka_unit_test(test_wait_ends_at_its_time),
		cmocka_unit_test(test_wait_ends_with_a_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
