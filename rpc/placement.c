/* Which server keeps which chunk. */
#include "placement.h"

#include "dfs.h"
#include <assert.h>

chunk_set placement_pair(unsigned row, unsigned server)
{
	assert(row < 4 && server >= 1 && server <= 4);
	/*
	 * Row 0 begins with chunk 1 at dfs1; each further row turns the ring by one
	 * server.
	 */
	unsigned first = (server - 1 + 4 - row) % 4;

	return set_of(first + 1) | set_of((first + 1) % 4 + 1);
}

unsigned placement_opposite(unsigned server)
{
	assert(server >= 1 && server <= 4);
	return (server + 1) % 4 + 1;
}

chunk_set placement_held(uint32_t holders, unsigned server)
{
	assert(server >= 1 && server <= 4);
	return holders >> 4 * (server - 1) & CHUNKS_ALL;
}

uint32_t placement_hold(uint32_t holders, unsigned server, chunk_set chunks)
{
	assert(server >= 1 && server <= 4 && chunks <= CHUNKS_ALL);
	return holders | (uint32_t)chunks << 4 * (server - 1);
}

chunk_set placement_reachable(uint32_t holders, server_set live)
{
	chunk_set chunks = 0;

	assert(live <= SERVERS_ALL);
	for (unsigned server = 1; server <= 4; server++)
		if (set_has(live, server))
			chunks |= placement_held(holders, server);
	return chunks;
}

unsigned placement_copies(uint32_t holders, server_set live)
{
	unsigned worst = 4;

	assert(live <= SERVERS_ALL);
	for (unsigned chunk = 1; chunk <= 4; chunk++) {
		unsigned copies = 0;

		for (unsigned server = 1; server <= 4; server++)
			if (set_has(live, server) &&
			    set_has(placement_held(holders, server), chunk))
				copies++;
		if (copies < worst)
			worst = copies;
	}
	return worst;
}

uint32_t placement_unit_size(uint64_t size)
{
	if (size >= 4 * (uint64_t)DFS_UNIT_SIZE)
		return DFS_UNIT_SIZE;
	if (size == 0)
		return 1;
	return (uint32_t)((size + 3) / 4);
}

uint64_t placement_units(uint64_t size, uint32_t unit_size)
{
	assert(unit_size > 0);
	return size / unit_size + (size % unit_size != 0);
}

chunk_set placement_filled(uint64_t size)
{
	uint64_t units = placement_units(size, placement_unit_size(size));

	return units >= 4 ? CHUNKS_ALL : (1U << units) - 1;
}

unsigned placement_row(uint32_t holders)
{
	for (unsigned row = 0; row < 4; row++)
		for (unsigned server = 1; server <= 4; server++)
			if (placement_held(holders, server) ==
			    placement_pair(row, server))
				return row;
	return 4;
}

uint64_t placement_units_of(uint64_t units, chunk_set chunks)
{
	uint64_t count = 0;

	assert(chunks <= CHUNKS_ALL);
	for (unsigned chunk = 1; chunk <= 4; chunk++)
		if (set_has(chunks, chunk))
			count += units / 4 + (units % 4 >= chunk);
	return count;
}

uint64_t placement_bytes_of(uint64_t size, chunk_set chunks)
{
	uint32_t unit_size = placement_unit_size(size);
	uint64_t units = placement_units(size, unit_size);
	uint64_t bytes = placement_units_of(units, chunks) * unit_size;

	/* The last unit may be shorter. */
	if (units > 0 && set_has(chunks, placement_chunk(units - 1)))
		bytes -= unit_size - placement_unit_len(size, unit_size, units - 1);
	return bytes;
}

unsigned placement_chunk(uint64_t unit)
{
	return (unsigned)(unit % 4) + 1;
}

uint32_t placement_unit_len(uint64_t size, uint32_t unit_size, uint64_t unit)
{
	uint64_t units = placement_units(size, unit_size);

	assert(unit < units);
	if (unit + 1 < units)
		return unit_size;
	return (uint32_t)(size - unit * unit_size);
}
