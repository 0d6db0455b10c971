/*
 * Keys that somebody is at work on: paths, and objects while they are bound.
 *
 * A message takes all its keys before its first check and gives them back after its
 * commit, so that one message at a time works on a path.  Keys are taken in byte order,
 * which is why two messages with several keys each cannot wait for one another.
 */
#ifndef DFS_BUSY_H
#define DFS_BUSY_H

#include <stdbool.h>
#include <stddef.h>

struct busy;

struct busy_key {
	const char *bytes; /* borrowed until the key is given back */
	size_t len;
};

/* NULL when out of memory. */
struct busy *busy_new(void);
void busy_free(struct busy *busy);

/*
 * Sorts the keys and waits until all are ours.  EINVAL when a key is there twice, ENOMEM;
 * then none is taken.
 */
int busy_take(struct busy *busy, struct busy_key *keys, size_t count);
void busy_give(struct busy *busy, const struct busy_key *keys, size_t count);

#endif
