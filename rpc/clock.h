/* Deadlines are absolute milliseconds of the monotonic clock. */
#ifndef DFS_CLOCK_H
#define DFS_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds since some moment before the program started; never goes back. */
int64_t clock_now_ms(void);

/* Nanoseconds since 1970 UTC, for people only: nothing is ordered by it. */
int64_t clock_wall_ns(void);

/* A moment of the monotonic clock (or a span), as the system wants it. */
struct timespec clock_timespec(int64_t ms);

/* Does nothing for so long. */
void clock_pause(int64_t ms);

/* A condition variable that waits by the monotonic clock; destroyed as any other. */
void clock_condition_init(pthread_cond_t *condition);

/*
 * With the mutex held: waits for a signal, or until then (INT64_MAX: for ever).  false:
 * it is past that time.  As always with conditions, true may come without a signal.
 */
bool clock_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ms);

#endif
