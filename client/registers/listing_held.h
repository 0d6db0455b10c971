/*
 * Folders with a register that a listing keeps until their place in the order has come:
 * that of their name with a '/' behind it.
 *
 * A server tells of "a" before "a-b", and of "a/x" behind that.  What comes between "a"
 * and "a/" may be held itself, as "a-": the last one is the first to be told.
 */
#ifndef DFS_LISTING_HELD_H
#define DFS_LISTING_HELD_H

#include "listing.h"

struct listing_held;

/* Keeps a copy of it, on top of the others; false when out of memory. */
bool listing_held_add(struct listing_held **held, const struct listing_entry *entry);

/* Is the turn of the one on top before this entry, or is it the same folder? */
bool listing_held_is_due(const struct listing_held *held, const dfs_list_entry *entry);

/* Takes the one on top off; *ret points into it, for as long as it is not freed. */
struct listing_held *listing_held_take(struct listing_held **held,
				       struct listing_entry *ret);

/* All of them; NULL allowed. */
void listing_held_free(struct listing_held *held);

#endif
