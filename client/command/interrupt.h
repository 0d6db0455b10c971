/*
 * Ctrl-C in a shell: ends the command, and not the program.
 *
 * Once it is watched for, SIGINT is noted, and a thread of its own cancels what the
 * library is doing for the command, whose calls then fail at once; output says nothing
 * any more.  Waiting that the library does not do looks at interrupt_came.  Without
 * interrupt_watch all this does nothing, and SIGINT is what it was.
 */
#ifndef DFS_INTERRUPT_H
#define DFS_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dfs;

/* From now on, until the program ends.  false when there is no thread for it. */
bool interrupt_watch(void);

/* What is to be cancelled; NULL, before it is closed, for nothing. */
void interrupt_use(struct dfs *dfs);

/* Was it pressed since interrupt_clear? */
bool interrupt_came(void);
void interrupt_clear(void);

/* Waits so long, or until it comes. */
void interrupt_pause(int64_t ms);

/* As read(2); but once it came, and while nothing is to be read, it fails with EINTR. */
ssize_t interrupt_read(int fd, void *buf, size_t size);

#endif
