/* Who has how much. */
#include "portions.h"

#include "dfs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Out of memory is an error like others: uthash reports it instead of ending the process.
 */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

/* A user who has something; gone with the last of it. */
struct portion {
	char user[DFS_USER_MAX + 1];
	uint64_t has;
	bool lost; /* set by uthash when it had no memory to add this */
	UT_hash_handle hh;
};

void portions_init(struct portions *portions, uint64_t limit)
{
	*portions = (struct portions){.limit = limit};
}

void portions_clear(struct portions *portions)
{
	struct portion *portion = portions->users;

	HASH_CLEAR(hh, portions->users);
	while (portion) {
		struct portion *next = portion->hh.next;

		free(portion);
		portion = next;
	}
}

static struct portion *find(const struct portions *portions, const char *user)
{
	struct portion *portion;

	HASH_FIND_STR(portions->users, user, portion);
	return portion;
}

/* NULL when out of memory. */
static struct portion *add(struct portions *portions, const char *user)
{
	struct portion *portion = calloc(1, sizeof *portion);

	if (!portion)
		return NULL;
	(void)snprintf(portion->user, sizeof portion->user, "%s", user);
	HASH_ADD_STR(portions->users, user, portion);
	if (!portion->lost)
		return portion;
	free(portion);
	return NULL;
}

bool portions_take(struct portions *portions, const char *user, uint64_t amount)
{
	uint64_t left = portions->limit - portions->taken;
	struct portion *portion;

	if (amount > left)
		return false;
	left -= amount;
	if (user[0] != '\0' && amount > 0) {
		portion = find(portions, user);
		if (portion && portion->has + amount > left)
			return false;
		if (!portion)
			portion = add(portions, user);
		if (!portion)
			return false;
		portion->has += amount;
	}
	portions->taken += amount;
	return true;
}

/* Takes it from the user, and leaves the sum as it is. */
static void deduct(struct portions *portions, const char *user, uint64_t amount)
{
	struct portion *portion = user[0] != '\0' ? find(portions, user) : NULL;

	if (!portion)
		return;
	assert(portion->has >= amount);
	portion->has -= amount;
	if (portion->has > 0)
		return;
	HASH_DEL(portions->users, portion);
	free(portion);
}

void portions_give(struct portions *portions, const char *user, uint64_t amount)
{
	assert(portions->taken >= amount);
	deduct(portions, user, amount);
	portions->taken -= amount;
}

bool portions_move(struct portions *portions, const char *from, const char *to,
		   uint64_t amount)
{
	bool moved;

	if (strcmp(from, to) == 0)
		return true;
	portions->taken -= amount;
	moved = portions_take(portions, to, amount);
	if (moved)
		deduct(portions, from, amount);
	else
		portions->taken += amount;
	return moved;
}
