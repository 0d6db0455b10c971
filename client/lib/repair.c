/* dfs_heal, dfs_owed: what servers mend by themselves, at once; and what they cannot. */
#include "libdfs_upkeep.h"

#include "clock.h"
#include "listing.h"
#include "placement.h"
#include "round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dfs_result dfs_heal(struct dfs *dfs)
{
	struct dfs_result result = {0};
	struct round *round = round_new(dfs->links, DFS_HEAL, NULL, NULL);
	unsigned up, told = 0;

	if (!round) {
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
		return result;
	}
	up = session_reached(dfs);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(up, s))
			round_ask(round, s, NULL, clock_now_ms() + LINKS_NEED_MS);
	round_wait(round, 0, LINKS_PATIENCE_MS);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_heal_res *res = round_answer(round, s);

		told |= res && res->status == DFS_OK ? set_of(s) : 0;
	}
	round_free(round);
	if (told == 0)
		session_too_few(dfs, &result, 0, "no server has been asked to heal");
	return result;
}

/*
 * ---- what is owed --------------------------------------------------------------------
 */

/* Servers, besides this one, that were given the chunk. */
static server_set others(const struct listing_entry *found, unsigned server,
			 unsigned chunk)
{
	server_set servers = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != server && set_has(placement_held(found->holders, s), chunk))
			servers = set_with(servers, s);
	return servers;
}

/* The worst reason of all that this file's servers lack. */
static void explain(const struct listing_entry *found, unsigned voting,
		    struct dfs_owed *ret)
{
	static const char *const by_rank[] = {
		"", "a good copy is there and not fetched yet",
		"the other copy is out of reach", "no good copy is left"};
	int rank = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		for (unsigned chunk = 1; chunk <= DFS_SERVERS; chunk++) {
			server_set from = others(found, s, chunk), good = 0;
			int own;

			if (!set_has(found->missing[s - 1], chunk))
				continue;
			for (unsigned other = 1; other <= DFS_SERVERS; other++)
				if (set_has(from & voting, other) &&
				    !set_has(found->missing[other - 1], chunk))
					good = set_with(good, other);
			own = good ? 1 : from & ~voting ? 2 : 3;
			rank = own > rank ? own : rank;
		}
	ret->why = by_rank[rank];
	ret->code = rank == 3 ? DFS_EXIT_DAMAGED : DFS_EXIT_FEW;
}

/* Is it the path, or below the folder, that was asked for? */
static bool is_asked(const char *path, const char *asked)
{
	size_t len = strlen(asked);

	if (len > 0 && asked[len - 1] == '/')
		return strncmp(path, asked, len) == 0;
	return strcmp(path, asked) == 0 ||
	       (strncmp(path, asked, len) == 0 && path[len] == '/');
}

struct dfs_result dfs_owed(struct dfs *dfs, const char *path,
			   int (*entry)(void *context, const struct dfs_owed *owed),
			   void *context)
{
	struct dfs_result result = {0};
	unsigned voting = session_servers(dfs, 1);
	struct listing *listing = listing_new_owing(dfs, voting, &result);
	struct listing_entry *found = listing ? malloc(sizeof *found) : NULL;

	if (listing && !found)
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	while (found && listing_next(listing, found, &result)) {
		struct dfs_owed owed = {.path = found->path};

		if (found->folder || !is_asked(found->path, path))
			continue;
		memcpy(owed.missing, found->missing, sizeof owed.missing);
		explain(found, voting, &owed);
		if (entry(context, &owed) != 0)
			break;
	}
	listing_free(listing);
	free(found);
	return result;
}
