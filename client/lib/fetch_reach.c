/* Who can give a unit, and whether enough servers can for a range. */
#include "fetch.h"

#include "placement.h"

#include <stdio.h>

unsigned fetch_source(const dfs_content *content, uint64_t unit, server_set servers)
{
	unsigned chunk = placement_chunk(unit), best = 0;
	chunk_set pair = set_of(chunk) | set_of(chunk % DFS_SERVERS + 1);

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		unsigned held = placement_held(content->holders, s);

		if (!set_has(held, chunk) || !set_has(servers, s))
			continue;
		if (best == 0 || placement_pair(content->row, s) == pair)
			best = s;
	}
	return best;
}

bool fetch_out_of_reach(const struct fetch *fetch, server_set servers, char text[DFS_WHY])
{
	const dfs_content *content = fetch->content;
	struct range_units units =
		range_units(&fetch->range, placement_unit_size(content->size));
	unsigned reach = placement_reachable(content->holders, servers);
	char absent[DFS_WHY];

	for (unsigned chunk = 1; chunk <= DFS_SERVERS; chunk++) {
		char names[DFS_WHY];
		unsigned having = 0;

		if (set_has(reach, chunk) || !set_has(range_chunks(&units), chunk))
			continue;
		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			if (set_has(placement_held(content->holders, s), chunk))
				having = set_with(having, s);
		(void)snprintf(
			text, DFS_WHY,
			"transfer failed: chunk %u is on %s, which cannot be reached "
			"(%.600s): start one of them",
			chunk, having ? session_names(having, names) : "no server",
			session_absent(fetch->dfs, servers, absent));
		return true;
	}
	return false;
}
