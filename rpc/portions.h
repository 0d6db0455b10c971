/*
 * Portions: of what there is only so much, and who may take how much of it.
 *
 * The one rule: **nobody takes more than he leaves to all others**.  Of 1,024 one user
 * gets at most 512, the next at most half of what then is left, and so on: whoever comes
 * finds something.  Who has nothing may always take what he needs of what is left.
 * What servers and strangers take is nobody's: it counts as taken, and is held to the
 * limit alone.
 *
 * Not locked: whoever has it has a lock.
 */
#ifndef DFS_PORTIONS_H
#define DFS_PORTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct portion;

struct portions {
	uint64_t limit, taken; /* in all */
	struct portion *users; /* of those that have something */
};

/* For what is nobody's. */
#define PORTIONS_NOBODY ""

void portions_init(struct portions *portions, uint64_t limit);
/* Forgets who has what. */
void portions_clear(struct portions *portions);

/* false: it is not to be had by this user, now; or out of memory. */
bool portions_take(struct portions *portions, const char *user, uint64_t amount);
void portions_give(struct portions *portions, const char *user, uint64_t amount);

/* What one has becomes another's; false, and nothing changes, when he may not take it. */
bool portions_move(struct portions *portions, const char *from, const char *to,
		   uint64_t amount);

#endif
