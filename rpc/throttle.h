/*
 * Keeps a flood from filling the log: so many lines a second, and how many were left out.
 * Any thread.
 */
#ifndef DFS_THROTTLE_H
#define DFS_THROTTLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct throttle {
	pthread_mutex_t lock;
	int64_t second;
	unsigned passed, held_back;
};
#define THROTTLE_INIT                                                                    \
	{                                                                                \
		.lock = PTHREAD_MUTEX_INITIALIZER                                        \
	}

/* May a line be written now?  Then *ret_held_back is how many were not since the last. */
bool throttle_pass(struct throttle *throttle, unsigned *ret_held_back);

#endif
