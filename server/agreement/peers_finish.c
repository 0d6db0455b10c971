/*
 * Finishing: a proposer on a server, for whoever may not propose himself.
 *
 * It follows the rule of reading (doc/AGREEMENT.md 3.4): three servers that tell the same
 * are the answer; else the fourth is waited for, then all are asked once more after a
 * moment, because somebody may be at work; and only then the highest value is proposed
 * again, at a new ballot.  It never proposes anything else; but for a path that nobody
 * has, whose abandoned content is to go, a tombstone.
 */
#include "peers_attempt.h"

#include "ballot.h"

#include <limits.h>
#include <string.h>

enum {
	PAUSE_FIRST_MS = 8,
	PAUSE_MOST_MS = 400,
	LOOK_AGAIN_MS = 10,
	LOOK_AGAIN_MORE_MS = 40,
	CHANGE_TRIES = 2 /* the first may only have been too low */
};

/* ---- what is open ------------------------------------------------------------ */

static bool is_open(const struct finishing *finishing, size_t path)
{
	return finishing->items[path].status == DFS_UNCHECKED;
}

/* Forgets those that are finished; false when nothing is left. */
static bool keep_open(struct finishing *finishing)
{
	size_t kept = 0;

	for (size_t i = 0; i < finishing->count; i++)
		if (is_open(finishing, finishing->open[i]))
			finishing->open[kept++] = finishing->open[i];
	finishing->count = kept;
	return kept > 0;
}

static dfs_paths open_paths(const struct finishing *finishing,
			    dfs_path paths[DFS_BATCH_MAX])
{
	for (size_t i = 0; i < finishing->count; i++)
		paths[i] = finishing->paths->paths.paths_val[finishing->open[i]];
	return (dfs_paths){.paths = {(u_int)finishing->count, paths}};
}

/* Three that told the same are the answer; are all finished? */
static bool close_agreed(struct finishing *finishing, const struct peers_look *look)
{
	bool all = true;

	for (size_t i = 0; i < finishing->count; i++) {
		const struct peers_told told = peers_told(finishing->peers, look, i);
		const struct peers_tally tally = peers_tally(&told);

		if (is_open(finishing, finishing->open[i]) && tally.equal >= PEERS_THREE)
			peers_attempt_close(finishing, finishing->open[i], tally.newest);
		all &= !is_open(finishing, finishing->open[i]);
	}
	return all;
}

/* Asks all; true while something is left open. */
static bool look(struct finishing *finishing)
{
	dfs_path room[DFS_BATCH_MAX];
	const dfs_paths paths = open_paths(finishing, room);
	struct peers_look looked;

	if (peers_look(finishing->peers, &paths, finishing->deadline, &looked) &&
	    !close_agreed(finishing, &looked)) {
		peers_look_rest(finishing->peers, &looked);
		(void)close_agreed(finishing, &looked);
	}
	peers_look_free(&looked);
	return keep_open(finishing);
}

/* ---- from beginning to end --------------------------------------------------- */

/* A number below so many. */
static int64_t some(int64_t below)
{
	dfs_id id = {{0}};
	uint32_t number = 0;

	(void)id_random(&id);
	memcpy(&number, id.bytes, sizeof number);
	return number % below;
}

/* Until all is finished, or there are no three, or the time is over. */
static void try_until_done(struct finishing *finishing)
{
	int64_t most = PAUSE_FIRST_MS;
	unsigned tries = finishing->proposal && finishing->proposal->change ? CHANGE_TRIES
									    : UINT_MAX;

	while (peers_attempt(finishing) && keep_open(finishing) && --tries > 0) {
		if (!peers_pause(finishing->peers, 1 + some(most), finishing->deadline))
			break;
		most = most * 2 < PAUSE_MOST_MS ? most * 2 : PAUSE_MOST_MS;
	}
}

static void begin(struct finishing *finishing)
{
	finishing->count = finishing->paths->paths.paths_len;
	for (size_t i = 0; i < finishing->count; i++) {
		finishing->open[i] = i;
		finishing->items[i].status = DFS_UNCHECKED;
	}
}

static void end(struct finishing *finishing)
{
	try_until_done(finishing);
	for (size_t i = 0; i < finishing->count && finishing->refused; i++)
		if (is_open(finishing, finishing->open[i]))
			finishing->items[finishing->open[i]].status = DFS_BUSY;
}

void peers_finish(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		  dfs_looked *items)
{
	struct finishing finishing = {
		.peers = peers, .paths = paths, .items = items, .deadline = deadline_ms};

	begin(&finishing);
	if (look(&finishing) &&
	    peers_pause(peers, LOOK_AGAIN_MS + some(LOOK_AGAIN_MORE_MS), deadline_ms) &&
	    look(&finishing))
		end(&finishing);
}

void peers_propose(struct peers *peers, const struct peers_proposal *proposal)
{
	struct finishing finishing = {.peers = peers,
				      .paths = proposal->paths,
				      .items = proposal->items,
				      .deadline = proposal->deadline_ms,
				      .proposal = proposal};

	memset(proposal->accepted_by, 0,
	       proposal->paths->paths.paths_len * sizeof *proposal->accepted_by);
	begin(&finishing);
	/* As if its last ballot had been the highest of them: the next one is above. */
	for (size_t i = 0; proposal->above && i < finishing.count; i++)
		if (proposal->above[i].counter > finishing.counter)
			finishing.counter = proposal->above[i].counter;
	end(&finishing);
}
