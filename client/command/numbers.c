/* The numbers that a listing gave to names. */
#include "numbers.h"

#include "text.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64 };

struct numbers {
	struct listing {
		char **names;
		size_t count, room;
	} of[NUMBERS_KINDS];
};

struct numbers *numbers_new(void)
{
	return calloc(1, sizeof(struct numbers));
}

static void forget(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
	*listing = (struct listing){0};
}

void numbers_free(struct numbers *numbers)
{
	for (size_t kind = 0; numbers && kind < NUMBERS_KINDS; kind++)
		forget(&numbers->of[kind]);
	free(numbers);
}

void numbers_begin(struct numbers *numbers, enum numbers_kind kind)
{
	if (numbers)
		forget(&numbers->of[kind]);
}

size_t numbers_add(struct numbers *numbers, enum numbers_kind kind, const char *name)
{
	struct listing *listing;
	char **names;

	if (!numbers)
		return 0;
	listing = &numbers->of[kind];
	if (listing->count == listing->room) {
		size_t room = 2 * listing->room + ROOM;

		names = reallocarray(listing->names, room, sizeof *names);
		if (!names)
			return 0;
		listing->names = names;
		listing->room = room;
	}
	listing->names[listing->count] = strdup(name);
	if (!listing->names[listing->count])
		return 0;
	return ++listing->count;
}

bool numbers_is_one(const char *typed)
{
	return *typed != '0' && *typed != '\0' &&
	       typed[strspn(typed, "0123456789")] == '\0';
}

const char *numbers_find(const struct numbers *numbers, enum numbers_kind kind,
			 const char *typed)
{
	const struct listing *listing = &numbers->of[kind];
	uint64_t number;

	if (!text_number(typed, 1, listing->count, &number))
		return NULL;
	return listing->names[number - 1];
}
