/* Deadlines are absolute milliseconds of the monotonic clock. */
#ifndef DFS_CLOCK_H
#define DFS_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment before the program started; never goes back. */
int64_t clock_now_ms(void);

/* Nanoseconds since 1970 UTC, for people only: nothing is ordered by it. */
int64_t clock_wall_ns(void);

#endif
