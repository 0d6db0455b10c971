/*
 * The numbers that a listing gave to names, so that the commands behind it can take them:
 * one listing of remote names and one of local ones, each until there is a newer.
 */
#ifndef DFS_NUMBERS_H
#define DFS_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

struct numbers;

enum numbers_kind { NUMBERS_REMOTE, NUMBERS_LOCAL, NUMBERS_KINDS };

/* NULL when out of memory. */
struct numbers *numbers_new(void);
void numbers_free(struct numbers *numbers);

/*
 * A listing begins, and its numbers are 1, 2, ...: that of each name is returned, or 0
 * where there is none, because numbers is NULL or no memory is left.  The names are whole
 * ones: where somebody is does not change what they mean.
 */
void numbers_begin(struct numbers *numbers, enum numbers_kind kind);
size_t numbers_add(struct numbers *numbers, enum numbers_kind kind, const char *name);

/* Is it typed like a number of a listing: digits alone, the first of them no 0? */
bool numbers_is_one(const char *typed);

/* The name that has it, NULL when none has; lives until the next listing begins. */
const char *numbers_find(const struct numbers *numbers, enum numbers_kind kind,
			 const char *typed);

#endif
