/* Users come first, and nobody waits for ever. */
#include "clock.h"
#include "foreground.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_3_5_waits_until_users_are_quiet(void **state)
{
	int64_t began;

	(void)state;
	began = clock_now_ms();
	foreground_note();
	foreground_wait(60000);
	assert_true(clock_now_ms() - began >= FOREGROUND_QUIET_MS);
	assert_true(clock_now_ms() - began < 60000);
}

static atomic_bool over;

static void *call_without_a_pause(void *unused)
{
	(void)unused;
	while (!atomic_load(&over))
		foreground_note();
	return NULL;
}

static void test_3_5_gets_on_under_any_load(void **state)
{
	pthread_t user;

	(void)state;
	assert_int_equal(pthread_create(&user, NULL, call_without_a_pause, NULL), 0);
	/* That it returns at all. */
	foreground_wait(20 * FOREGROUND_QUIET_MS);
	atomic_store(&over, true);
	pthread_join(user, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_3_5_waits_until_users_are_quiet),
		cmocka_unit_test(test_3_5_gets_on_under_any_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
