/*
 * Which server keeps which chunk: the table of doc/DESIGN.md 2, as arithmetic.
 *
 * Servers are numbered 1..4 and stand in a ring.  Chunks are numbered 1..4.
 * All functions are pure; arguments out of range are a programming error (assert).
 */
#ifndef DFS_PLACEMENT_H
#define DFS_PLACEMENT_H

#include "dfs.h"
#include "sets.h"
#include <stdbool.h>
#include <stdint.h>

/* The pair that server keeps of a file of this row (0..3). */
chunk_set placement_pair(unsigned row, unsigned server);

/* The server two steps on in the ring: it keeps the other two chunks. */
unsigned placement_opposite(unsigned server);

/* Holders: four bits a server, dfs1's lowest (struct dfs_content). */
chunk_set placement_held(uint32_t holders, unsigned server);
uint32_t placement_hold(uint32_t holders, unsigned server, chunk_set chunks);

/*
 * The chunks that the servers in live can give, and in
 * how many living copies the worst chunk is there.
 */
chunk_set placement_reachable(uint32_t holders, server_set live);
unsigned placement_copies(uint32_t holders, server_set live);

/* Bytes of content in every unit but the last, for a file of size bytes: at least 1. */
uint32_t placement_unit_size(uint64_t size);

/* A stored unit is at most so many bytes longer than its content. */
enum { PLACEMENT_UNIT_MORE = DFS_UNIT_MAX - DFS_UNIT_SIZE };

/* Units of a file; 0 for an empty one. */
uint64_t placement_units(uint64_t size, uint32_t unit_size);

/* The chunks that have units, of a file of size bytes: from the first one on. */
chunk_set placement_filled(uint64_t size);

/* The row of which these holders have their pairs; 4 when none of them has a pair. */
unsigned placement_row(uint32_t holders);

/* Units that belong to these chunks, of an object with that many units. */
uint64_t placement_units_of(uint64_t units, chunk_set chunks);

/* Bytes of content in the units of these chunks, of a file of size bytes. */
uint64_t placement_bytes_of(uint64_t size, chunk_set chunks);

/* The chunk (1..4) of a unit. */
unsigned placement_chunk(uint64_t unit);

/* Bytes of content in one unit. */
uint32_t placement_unit_len(uint64_t size, uint32_t unit_size, uint64_t unit);

#endif
