/*
 * Why a store is not whole: sentences for people, the newest of which holds.
 *
 * All of them live as long as the store: who was told one may read on.  Any thread, no
 * lock.
 */
#ifndef DFS_WHYS_H
#define DFS_WHYS_H

#include <stdatomic.h>

struct why;

/* Zeroed: none. */
struct whys {
	_Atomic(struct why *) newest;
};

/* The text is copied; one that was set last is not kept twice. */
void whys_set(struct whys *whys, const char *text);

/* The newest; when there was no memory for it, a sentence of our own. */
const char *whys_text(const struct whys *whys);

void whys_free(struct whys *whys);

#endif
