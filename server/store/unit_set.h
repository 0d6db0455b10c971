/*
 * Which units of a file are there: a bitmap of which only the pages exist that have a
 * bit, so that its size follows what has come and not the number of the highest unit.
 */
#ifndef DFS_UNIT_SET_H
#define DFS_UNIT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_page;

/* All zero: empty. */
struct unit_set {
	struct unit_page **pages; /* by number */
	size_t count, room;
};

void unit_set_free(struct unit_set *set);

bool unit_set_has(const struct unit_set *set, uint64_t unit);

/* Bytes that making room for this unit adds; 0 when there is room. */
size_t unit_set_cost(const struct unit_set *set, uint64_t unit);
/* false when out of memory. */
bool unit_set_make_room(struct unit_set *set, uint64_t unit);
/* Where room was made. */
void unit_set_add(struct unit_set *set, uint64_t unit);

/* All that was spent: the sum of unit_set_cost. */
size_t unit_set_bytes(const struct unit_set *set);

#endif
