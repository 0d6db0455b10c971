/* Clients come first. */
#include "foreground.h"

#include "clock.h"

#include <stdatomic.h>

static _Atomic int64_t noted_ms = INT64_MIN / 2;

void foreground_note(void)
{
	atomic_store(&noted_ms, clock_now_ms());
}

void foreground_wait(int64_t most_ms)
{
	int64_t until = clock_now_ms() + most_ms, now;

	while ((now = clock_now_ms()) < until &&
	       now - atomic_load(&noted_ms) < FOREGROUND_QUIET_MS)
		clock_pause(1);
}
