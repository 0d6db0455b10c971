/* A sparse bitmap. */
#include "unit_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BITS = 4096, FIRST_ROOM = 8 };

struct unit_page {
	uint64_t number;
	uint8_t bits[PAGE_BITS / 8];
};

/* With its place in the list, which doubles. */
enum { PAGE_COST = sizeof(struct unit_page) + 2 * sizeof(struct unit_page *) };

void unit_set_free(struct unit_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->pages[i]);
	free(set->pages);
	memset(set, 0, sizeof *set);
}

/* The first page that is not below the one of this unit; count when all are. */
static size_t search(const struct unit_set *set, uint64_t unit)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->pages[middle]->number < unit / PAGE_BITS)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct unit_page *find_page(const struct unit_set *set, uint64_t unit)
{
	size_t at = search(set, unit);

	return at < set->count && set->pages[at]->number == unit / PAGE_BITS
		       ? set->pages[at]
		       : NULL;
}

bool unit_set_has(const struct unit_set *set, uint64_t unit)
{
	const struct unit_page *page = find_page(set, unit);
	unsigned bit = unit % PAGE_BITS;

	return page && (page->bits[bit / 8] & 1U << bit % 8) != 0;
}

size_t unit_set_cost(const struct unit_set *set, uint64_t unit)
{
	return find_page(set, unit) ? 0 : PAGE_COST;
}

bool unit_set_make_room(struct unit_set *set, uint64_t unit)
{
	size_t at = search(set, unit);
	struct unit_page *page;

	if (at < set->count && set->pages[at]->number == unit / PAGE_BITS)
		return true;
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : FIRST_ROOM;
		struct unit_page **grown =
			reallocarray(set->pages, room, sizeof(struct unit_page *));

		if (!grown)
			return false;
		set->pages = grown;
		set->room = room;
	}
	page = calloc(1, sizeof *page);
	if (!page)
		return false;
	page->number = unit / PAGE_BITS;
	memmove(set->pages + at + 1, set->pages + at,
		(set->count - at) * sizeof(struct unit_page *));
	set->pages[at] = page;
	set->count++;
	return true;
}

void unit_set_add(struct unit_set *set, uint64_t unit)
{
	struct unit_page *page = find_page(set, unit);
	unsigned bit = unit % PAGE_BITS;

	assert(page);
	page->bits[bit / 8] |= (uint8_t)(1U << bit % 8);
}

size_t unit_set_bytes(const struct unit_set *set)
{
	return set->count * PAGE_COST;
}
