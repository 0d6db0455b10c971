/* Clients come first. */
#include "foreground.h"

#include "clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t noted_ms = INT64_MIN / 2;

void foreground_note(void)
{
	atomic_store(&noted_ms, clock_now_ms());
}

void foreground_wait(int64_t most_ms)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	int64_t until = clock_now_ms() + most_ms, now;

	while ((now = clock_now_ms()) < until &&
	       now - atomic_load(&noted_ms) < FOREGROUND_QUIET_MS)
		(void)nanosleep(&moment, NULL);
}
