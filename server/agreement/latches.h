/*
 * Latches: who has the latch of a key is alone at work on it.  Keys are paths, and
 * objects while they are bound: two kinds, each with keys of its own, because clients
 * choose the ids of objects, and nobody may so hold up the path of somebody else.
 *
 * A message takes the latches of all its keys before its first check and gives them back
 * after its commit, so that one message at a time works on a path.  Latches are taken in
 * one order (by kind, then by bytes), which is why two messages with several keys each
 * cannot wait for one another.
 */
#ifndef DFS_LATCHES_H
#define DFS_LATCHES_H

#include <stdbool.h>
#include <stddef.h>

struct latches;

enum latches_kind { LATCHES_PATH, LATCHES_OBJECT, LATCHES_KINDS };
struct latches_key {
	enum latches_kind kind;
	const char *bytes; /* borrowed until the key is given back */
	size_t len;
};

/* NULL when out of memory. */
struct latches *latches_new(void);
void latches_free(struct latches *latches);

/*
 * Sorts the keys and waits until all are ours.  EINVAL when a key is there twice, ENOMEM;
 * then none is taken.
 */
int latches_take(struct latches *latches, struct latches_key *keys, size_t count);
void latches_give(struct latches *latches, const struct latches_key *keys, size_t count);

#endif
