/*
 * Sets of the four servers, and of the four chunks: bit n - 1 stands for number n, which
 * is 1..4.
 *
 * On the wire and in stores they are numbers of the same form.
 */
#ifndef DFS_SETS_H
#define DFS_SETS_H

#include <stdbool.h>

typedef unsigned server_set;
typedef unsigned chunk_set;

enum { SERVERS_ALL = 0xf, CHUNKS_ALL = 0xf };

/* The set of this one number. */
static inline unsigned set_of(unsigned number)
{
	return 1U << (number - 1);
}

static inline bool set_has(unsigned set, unsigned number)
{
	return (set & set_of(number)) != 0;
}

static inline unsigned set_with(unsigned set, unsigned number)
{
	return set | set_of(number);
}

static inline unsigned set_without(unsigned set, unsigned number)
{
	return set & ~set_of(number);
}

static inline unsigned set_count(unsigned set)
{
	return (unsigned)__builtin_popcount(set);
}

#endif
