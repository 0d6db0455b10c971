/* Room in arrays that grow by one item at a time. */
#ifndef DFS_GROW_H
#define DFS_GROW_H

#include <stdbool.h>
#include <stdlib.h>

/*
 * Room for one item more in an array of items of this size, which holds count of them and
 * has *room: the array, perhaps elsewhere, with its new room; or NULL when out of memory,
 * and what was there stays as it is.
 */
static inline void *grow_by_one(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 16;

	if (count < *room)
		return array;
	array = reallocarray(array, more, size);
	if (array)
		*room = more;
	return array;
}

#endif
