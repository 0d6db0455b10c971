/* The two clocks. */
#include "clock.h"

#include <time.h>

int64_t clock_now_ms(void)
{
	struct timespec now;

	/* Cannot fail for these clocks with a valid pointer. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
