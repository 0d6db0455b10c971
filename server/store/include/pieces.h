/*
 * The records that a content has in its segment besides units: what proves them.
 *
 * Of a content of more than four units these are the pieces of its tree (rpc/tree.h),
 * numbered as units are, from DFS_FILE_UNITS_MAX on; and where there are several, their
 * tops, DFS_PIECE_LEAVES in a record, from PIECES_TOPS on.  Every segment that has some
 * of the content has all of them.
 */
#ifndef DFS_PIECES_H
#define DFS_PIECES_H

#include "placement.h"
#include "tree.h"
#include <stdbool.h>
#include <stdint.h>

#define PIECES_FIRST ((uint64_t)DFS_FILE_UNITS_MAX)
#define PIECES_TOPS (PIECES_FIRST + DFS_PIECES_MAX)

/* How many records of tops. */
static inline uint64_t pieces_tops(uint64_t units)
{
	uint64_t pieces = tree_pieces(units);

	return pieces > 1 ? (pieces + DFS_PIECE_LEAVES - 1) / DFS_PIECE_LEAVES : 0;
}

/* Has a content of so many units a record of this number, in these chunks? */
static inline bool pieces_has(uint64_t units, chunk_set chunks, uint64_t number)
{
	if (number >= PIECES_TOPS)
		return number - PIECES_TOPS < pieces_tops(units);
	if (number >= PIECES_FIRST)
		return number - PIECES_FIRST < tree_pieces(units);
	return number < units && set_has(chunks, placement_chunk(number));
}

/*
 * The first number of such a record from *number on, in *number: false when there is
 * none.
 */
static inline bool pieces_next(uint64_t units, chunk_set chunks, uint64_t *number)
{
	while (*number < units && !set_has(chunks, placement_chunk(*number)))
		++*number;
	if (*number >= units && *number < PIECES_FIRST)
		*number = PIECES_FIRST;
	if (*number >= PIECES_FIRST + tree_pieces(units) && *number < PIECES_TOPS)
		*number = PIECES_TOPS;
	return pieces_has(units, chunks, *number);
}

#endif
