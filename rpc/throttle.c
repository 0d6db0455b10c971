/* Keeps a flood from filling the log. */
#include "throttle.h"

#include "clock.h"

enum { PER_SECOND = 10 };

bool throttle_pass(struct throttle *throttle, unsigned *ret_held_back)
{
	int64_t second = clock_now_ms() / 1000;

	pthread_mutex_lock(&throttle->lock);
	if (second != throttle->second) {
		throttle->second = second;
		throttle->passed = 0;
	}
	bool pass = throttle->passed < PER_SECOND;
	if (pass) {
		throttle->passed++;
		*ret_held_back = throttle->held_back;
		throttle->held_back = 0;
	} else {
		throttle->held_back++;
	}
	pthread_mutex_unlock(&throttle->lock);
	return pass;
}
