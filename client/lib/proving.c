/* Proving contents: every unit from every server that its manifest names for it. */
#include "proving.h"

#include "cipher.h"
#include "clock.h"
#include "leaves.h"
#include "object.h"
#include "placement.h"
#include "tree.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 200, BUSY_MAX = 20, BUSY_PAUSE_MS = 100 };

/* What is known of a file's units while servers are asked. */
struct proof {
	struct proving *file;
	dfs_id id; /* of the object */
	struct cipher_object object;
	uint64_t units;
	uint8_t *once, *twice; /* a bit a unit: so many good copies, or more */
};

/* The leaves that a walk has: of one piece. */
struct walk_leaves {
	bool here;
	bool refused; /* its own server did not give it: others are to be asked */
	size_t file;
	uint64_t piece;
	dfs_key *leaves; /* room for a piece */
};

/* Where a server is. */
struct walk {
	struct job job; /* first: its run gets it back */
	struct prover *prover;
	struct cipher *cipher; /* its thread's */
	uint8_t *plain;        /* room for a unit */
	size_t file;
	uint64_t unit;
	unsigned busy; /* times that it was, without anything in between */
	struct walk_leaves leaves;
};

struct prover {
	pthread_mutex_t
		lock; /* of the results in files and proofs, of bytes and running */
	pthread_cond_t ended;
	unsigned running;
	uint64_t bytes;
	size_t count;
	struct proof proofs[PROVING_MAX];
	struct walk walks[DFS_SERVERS];
};

/* A call: what is wanted, and of which file each is. */
struct wanted {
	u_int count, tickets_count;
	dfs_want wants[DFS_UNITS_MAX];
	size_t files[DFS_UNITS_MAX];
	dfs_ticket tickets[DFS_BATCH_MAX];
};

/*
 * ---- which units ---------------------------------------------------------------------
 */

/*
 * Moves on to a unit that this server should have, if it does not stand on one; false at
 * the end.
 */
static bool has_unit(struct walk *walk, unsigned server)
{
	const struct prover *prover = walk->prover;

	for (; walk->file < prover->count; walk->file++, walk->unit = 0) {
		const struct proof *proof = &prover->proofs[walk->file];
		const struct dfs_bad_units *only = proof->file->only;
		unsigned held = placement_held(proof->file->content->holders, server);
		uint64_t end = proof->units;

		if (only) {
			held &= only->chunks[server - 1];
			if (walk->unit < only->first[server - 1])
				walk->unit = only->first[server - 1];
			if (only->last[server - 1] < end)
				end = only->last[server - 1] + 1;
		}
		for (; held != 0 && walk->unit < end; walk->unit++)
			if (set_has(held, placement_chunk(walk->unit)))
				return true;
	}
	return false;
}

static uint64_t piece_of(uint64_t unit)
{
	return unit / DFS_PIECE_LEAVES;
}

/* Is the leaf of this unit here, in the manifest or in the walk's piece? */
static bool has_leaf(const struct walk *walk, size_t file, uint64_t unit)
{
	const struct walk_leaves *leaves = &walk->leaves;

	return tree_pieces(walk->prover->proofs[file].units) == 0 ||
	       (leaves->here && leaves->file == file && leaves->piece == piece_of(unit));
}

static const dfs_key *leaf_of(const struct walk *walk, size_t file, uint64_t unit)
{
	const struct proof *proof = &walk->prover->proofs[file];

	return tree_pieces(proof->units) == 0
		       ? &proof->file->content->tree.tree_val[unit]
		       : &walk->leaves.leaves[unit % DFS_PIECE_LEAVES];
}

/* As many as one call takes, from where the walk stands, which stays there. */
static void choose(const struct walk *walk, unsigned server, struct wanted *ret)
{
	const struct prover *prover = walk->prover;
	struct walk at = *walk;
	size_t bytes = 0;

	ret->count = ret->tickets_count = 0;
	while (ret->count < DFS_UNITS_MAX && has_unit(&at, server)) {
		const struct proving *file = prover->proofs[at.file].file;
		bool first = ret->count == 0 || ret->files[ret->count - 1] != at.file;

		if (!has_leaf(walk, at.file, at.unit))
			break;

		bytes += placement_unit_len(file->content->size, file->content->unit_size,
					    at.unit) +
			 CIPHER_MORE;
		if ((ret->count > 0 && bytes > DFS_CONTENT_MAX) ||
		    (first && ret->tickets_count == DFS_BATCH_MAX))
			break;
		if (first)
			ret->tickets[ret->tickets_count++] = *file->ticket;
		ret->files[ret->count] = at.file;
		ret->wants[ret->count++] =
			(dfs_want){prover->proofs[at.file].id, at.unit};
		at.unit++;
	}
}

/*
 * ---- a server's thread ---------------------------------------------------------------
 */

static void set_good(struct proof *proof, uint64_t unit)
{
	uint8_t bit = (uint8_t)(1U << unit % 8);

	proof->twice[unit / 8] |= proof->once[unit / 8] & bit;
	proof->once[unit / 8] |= bit;
}

/* Under the lock: this copy is not good, for a reason among the file's sets of chunks. */
static void set_bad(struct proving *file, unsigned server, uint64_t unit,
		    unsigned reason[DFS_SERVERS])
{
	unsigned i = server - 1;
	bool first = (file->damaged[i] | file->missing[i] | file->wrong[i] |
		      file->unbrought[i] | file->unreached[i]) == 0;

	/* A walk goes upwards. */
	file->first[i] = first ? unit : file->first[i];
	file->last[i] = unit;
	reason[i] |= set_of(placement_chunk(unit));
	file->mendable += reason == file->damaged || reason == file->missing;
}

/* Under the lock: where among the file's sets it counts that a server did not give. */
static unsigned *reason_of(struct proving *file, dfs_status status)
{
	switch (status) {
	case DFS_DAMAGED:
	case DFS_IO:
		return file->damaged;
	case DFS_UNKNOWN:
	case DFS_NODATA:
		return file->missing;
	case DFS_UNBROUGHT:
		return file->unbrought;
	case DFS_DENIED:
		file->denied = true;
		return file->unreached;
	default:
		return file->unreached;
	}
}

/* One answer. */
static void judge(struct walk *walk, unsigned server, size_t at, uint64_t unit,
		  const dfs_got *got)
{
	struct prover *prover = walk->prover;
	struct proof *proof = &prover->proofs[at];
	const dfs_bytes *data = &got->dfs_got_u.data;
	struct proving *file = proof->file;
	bool good =
		got->status == DFS_OK &&
		leaves_prove(&proof->object.maker, unit, data, leaf_of(walk, at, unit)) &&
		cipher_open(walk->cipher, &proof->object, unit, data, walk->plain);

	pthread_mutex_lock(&prover->lock);
	if (good)
		set_good(proof, unit);
	else if (got->status == DFS_OK)
		set_bad(file, server, unit, file->wrong);
	else
		set_bad(file, server, unit, reason_of(file, got->status));
	prover->bytes +=
		placement_unit_len(file->content->size, file->content->unit_size, unit);
	pthread_mutex_unlock(&prover->lock);
}

/* The server gives no more: all that it should have is out of reach. */
static void give_up(struct walk *walk, unsigned server)
{
	struct prover *prover = walk->prover;

	pthread_mutex_lock(&prover->lock);
	for (; has_unit(walk, server); walk->unit++) {
		struct proving *file = prover->proofs[walk->file].file;

		set_bad(file, server, walk->unit, file->unreached);
	}
	pthread_mutex_unlock(&prover->lock);
}

/*
 * Takes the answers there are, in order; one that is "busy" is asked for again, and ends
 * them.
 */
static void take(struct walk *walk, unsigned server, const struct wanted *wanted,
		 const dfs_get_res *res)
{
	const dfs_got *items = res->dfs_get_res_u.items.items_val;
	u_int came = res->status == DFS_OK ? res->dfs_get_res_u.items.items_len : 0;
	u_int i = 0;

	for (; i < came && i < wanted->count && items[i].status != DFS_BUSY; i++) {
		(void)has_unit(walk, server);
		judge(walk, server, walk->file, walk->unit, &items[i]);
		walk->unit++;
	}
	walk->busy = i > 0 ? 0 : walk->busy + 1;
}

/* One call; false when the server is to be given up. */
static bool prove_some(struct walk *walk, unsigned server, struct call *call,
		       struct wanted *wanted)
{
	dfs_get_args args;
	dfs_get_res res;
	char why[LINKS_WHY];

	choose(walk, server, wanted);
	args = (dfs_get_args){.wants = {wanted->count, wanted->wants},
			      .tickets = {wanted->tickets_count, wanted->tickets}};
	if (!call_run(call, DFS_GET, &args, &res,
		      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, sizeof why}))
		return false;
	bool refused = res.status != DFS_OK && res.status != DFS_BUSY;

	if (!refused)
		take(walk, server, wanted, &res);
	call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	if (walk->busy > 0)
		clock_pause(BUSY_PAUSE_MS);
	return !refused && walk->busy < BUSY_MAX;
}

/*
 * The piece for the unit on which the walk stands, from its own server.  One that is not
 * good there counts with that unit.  false: the server is to be given up.
 */
static bool take_leaves(struct walk *walk, unsigned server, struct call *call)
{
	struct prover *prover = walk->prover;
	struct proving *file = prover->proofs[walk->file].file;
	const struct leaves_source source = {file->content, file->ticket};
	dfs_status status;
	enum leaves_end end = leaves_ask(call, &source, piece_of(walk->unit),
					 walk->leaves.leaves, &status);

	if (end == LEAVES_LOST)
		return false;
	if (end == LEAVES_REFUSED && status == DFS_BUSY) {
		clock_pause(BUSY_PAUSE_MS);
		return ++walk->busy < BUSY_MAX;
	}
	walk->leaves.file = walk->file;
	walk->leaves.piece = piece_of(walk->unit);
	walk->leaves.here = end == LEAVES_PROVED;
	walk->leaves.refused = !walk->leaves.here;
	pthread_mutex_lock(&prover->lock);
	if (end == LEAVES_WRONG)
		set_bad(file, server, walk->unit, file->wrong);
	else if (end == LEAVES_REFUSED)
		set_bad(file, server, walk->unit, reason_of(file, status));
	pthread_mutex_unlock(&prover->lock);
	return true;
}

static void run_walk(struct job *job, unsigned server, struct call *call, const char *why)
{
	struct walk *walk = (struct walk *)job;
	struct prover *prover = walk->prover;
	struct wanted *wanted = malloc(sizeof *wanted);

	(void)why;
	if (!walk->cipher)
		walk->cipher = cipher_new();
	bool goes = call && walk->cipher && wanted;

	while (goes && !walk->leaves.refused && has_unit(walk, server))
		goes = has_leaf(walk, walk->file, walk->unit)
			       ? prove_some(walk, server, call, wanted)
			       : take_leaves(walk, server, call);
	if (!goes) {
		give_up(walk, server);
		walk->leaves.refused = false;
	}
	free(wanted);
	pthread_mutex_lock(&prover->lock);
	prover->running--;
	pthread_cond_broadcast(&prover->ended);
	pthread_mutex_unlock(&prover->lock);
}

/*
 * ---- the caller's thread -------------------------------------------------------------
 */

static void prover_free(struct prover *prover)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		cipher_free(prover->walks[i].cipher);
		free(prover->walks[i].plain);
		free(prover->walks[i].leaves.leaves);
	}
	for (size_t i = 0; i < prover->count; i++) {
		free(prover->proofs[i].once);
		free(prover->proofs[i].twice);
		secret_wipe(&prover->proofs[i].object, sizeof prover->proofs[i].object);
	}
	pthread_cond_destroy(&prover->ended);
	pthread_mutex_destroy(&prover->lock);
	free(prover);
}

static struct prover *prover_new(struct proving *files, size_t count)
{
	struct prover *prover = calloc(1, sizeof *prover);

	if (!prover)
		return NULL;
	pthread_mutex_init(&prover->lock, NULL);
	clock_condition_init(&prover->ended);
	for (size_t i = 0; i < count; i++) {
		struct proof *proof = &prover->proofs[prover->count++];
		const dfs_content *content = files[i].content;
		size_t bytes;

		proof->file = &files[i];
		proof->units = placement_units(content->size, content->unit_size);
		bytes = (size_t)(proof->units / 8 + 1);
		proof->once = calloc(1, bytes);
		proof->twice = calloc(1, bytes);
		if (!proof->once || !proof->twice ||
		    !object_of_content(content, &proof->id) ||
		    !cipher_object_init(&proof->object, content, files[i].secret->key)) {
			prover_free(prover);
			return NULL;
		}
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct walk *walk = &prover->walks[i];

		walk->job.run = run_walk;
		walk->prover = prover;
		walk->plain = malloc(DFS_UNIT_SIZE);
		walk->leaves.leaves = calloc(DFS_PIECE_LEAVES, sizeof(dfs_key));
		if (!walk->plain || !walk->leaves.leaves) {
			prover_free(prover);
			return NULL;
		}
	}
	return prover;
}

/* Until all servers' threads have ended. */
static void wait(struct prover *prover, void (*tick)(void *context, uint64_t bytes),
		 void *context)
{
	pthread_mutex_lock(&prover->lock);
	while (prover->running > 0) {
		uint64_t bytes;

		(void)clock_wait(&prover->ended, &prover->lock, clock_now_ms() + TICK_MS);
		bytes = prover->bytes;
		pthread_mutex_unlock(&prover->lock);
		if (tick)
			tick(context, bytes);
		pthread_mutex_lock(&prover->lock);
	}
	pthread_mutex_unlock(&prover->lock);
}

static void count_copies(struct proof *proof)
{
	for (uint64_t u = 0; u < proof->units && !proof->file->only; u++) {
		uint8_t bit = (uint8_t)(1U << u % 8);

		if (!(proof->once[u / 8] & bit))
			proof->file->lost++;
		else if (!(proof->twice[u / 8] & bit))
			proof->file->single++;
	}
}

/* The jobs of those that have more to do, until all have ended or stopped. */
static void walk_on(struct dfs *dfs, struct prover *prover, server_set walking,
		    void (*tick)(void *context, uint64_t bytes), void *context)
{
	prover->running = set_count(walking);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(walking, s))
			links_submit(dfs->links, s, &prover->walks[s - 1].job);
	wait(prover, tick, context);
}

/* Another's piece for a walk whose own server did not give it.  false: nobody has it. */
static bool find_leaves(struct dfs *dfs, struct prover *prover, unsigned server)
{
	struct walk_leaves *leaves = &prover->walks[server - 1].leaves;
	const struct proving *file = prover->proofs[leaves->file].file;
	const struct leaves_source source = {file->content, file->ticket};
	server_set others = set_without(links_up(dfs->links), server);

	leaves->refused = false;
	leaves->here =
		leaves_find(dfs->links, &source, leaves->piece, others, leaves->leaves);
	return leaves->here;
}

/* Nothing can be said of the units whose leaves nobody gives. */
static void skip_piece(struct prover *prover, unsigned server)
{
	struct walk *walk = &prover->walks[server - 1];
	size_t at = walk->leaves.file;
	struct proving *file = prover->proofs[at].file;

	for (; has_unit(walk, server) && walk->file == at &&
	       piece_of(walk->unit) == walk->leaves.piece;
	     walk->unit++)
		set_bad(file, server, walk->unit, file->unreached);
}

/* The walks that stopped for want of a piece; all others have come to their end. */
static server_set find_all_leaves(struct dfs *dfs, struct prover *prover)
{
	server_set stopped = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (!prover->walks[s - 1].leaves.refused)
			continue;
		stopped = set_with(stopped, s);
		if (!find_leaves(dfs, prover, s))
			skip_piece(prover, s);
	}
	return stopped;
}

bool proving_run(struct dfs *dfs, struct proving *files, size_t count,
		 void (*tick)(void *context, uint64_t bytes), void *context)
{
	struct prover *prover = prover_new(files, count);
	server_set walking = links_up(dfs->links);

	if (!prover)
		return false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (!set_has(walking, s))
			give_up(&prover->walks[s - 1], s);
	for (; walking != 0; walking = find_all_leaves(dfs, prover))
		walk_on(dfs, prover, walking, tick, context);
	for (size_t i = 0; i < count; i++)
		count_copies(&prover->proofs[i]);
	prover_free(prover);
	return true;
}
