/* The index of paths and what they have accepted. */
#include "index_internal.h"

#include "path.h"
#include "ballot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* What 41 bits hold: a file is at most 2^40 bytes. */
#define SIZE_MASK ((UINT64_C(1) << 41) - 1)
_Static_assert((uint64_t)DFS_FILE_UNITS_MAX *DFS_UNIT_SIZE <= SIZE_MASK, "size");
#define BYTES_MASK ((1U << 15) - 1)
_Static_assert(DFS_VALUE_MAX + 2 * DFS_PATH_MAX + 1024 <= BYTES_MASK, "a record's bytes");
#define PATH_MASK ((1U << 13) - 1)
_Static_assert(DFS_PATH_MAX <= PATH_MASK, "the length of a path");
#define UNBROUGHT_MASK ((1U << SEAL_OBJECTS_MAX) - 1)
/*
 * With a path of 72 bytes and an object just what malloc has in 192: there may be
 * millions.
 */
_Static_assert(sizeof(struct index_register) == 104, "a register in memory");

const char *index_path(const struct index_register *reg)
{
	return (const char *)(reg->objects + reg->object_count);
}

bool index_has_content(const struct index_register *reg)
{
	return reg->kind == DFS_FILE || reg->kind == DFS_LINK;
}

static int compare_registers(const struct index_register *a,
			     const struct index_register *b)
{
	return path_compare(index_path(a), a->path_len, index_path(b), b->path_len);
}

INDEX_TREE(index_registers, index_register, compare_registers)

struct index *index_new(int64_t grace_ms)
{
	struct index *index = calloc(1, sizeof *index);

	if (!index)
		return NULL;
	if (getrandom(&index->seed, sizeof index->seed, GRND_NONBLOCK) < 0)
		index->seed = (uintptr_t)index;
	index->grace_ms = grace_ms;
	RB_INIT(&index->live);
	RB_INIT(&index->dead);
	RB_INIT(&index->objects);
	RB_INIT(&index->bindings);
	RB_INIT(&index->owners);
	RB_INIT(&index->stagings);
	index->queue_end = &index->queue;
	return index;
}

/* Without looking at what it refers to. */
static void free_tree(struct index_registers *tree)
{
	struct index_register *reg, *next, *older;

	for (reg = RB_MIN(index_registers, tree); reg; reg = next) {
		next = RB_NEXT(index_registers, tree, reg);
		RB_REMOVE(index_registers, tree, reg);
		for (; reg; reg = older) {
			older = reg->older;
			free(reg);
		}
	}
}

void index_free(struct index *index)
{
	if (!index)
		return;
	free_tree(&index->live);
	free_tree(&index->dead);
	index_bindings_free(index);
	index_objects_free(index);
	index_owners_free(index);
	free(index);
}

void index_count(const struct index *index, struct index_counts *ret)
{
	*ret = index->counts;
}

/* ---- nodes --------------------------------------------------------------------- */

/* Of what may name contents; of others size says something else. */
static bool has_size(dfs_kind kind)
{
	return kind == DFS_FILE || kind == DFS_LINK || kind == DFS_TOMBSTONE;
}

struct index_register *index_register_new(struct index *index,
					  const struct seal_entry *entry)
{
	size_t objects = entry->object_count * sizeof(struct index_object *);
	const uint64_t *more = entry->kind == DFS_ACCOUNT ? &entry->size
			       : entry->object_count > 1  ? &entry->earlier_size
							  : NULL;
	struct index_register *reg = calloc(1, sizeof *reg + objects + entry->path_len +
						       (more ? sizeof *more : 0));
	uint32_t owner = INDEX_OWNER_NOBODY;

	if (!reg)
		return NULL;
	if (entry->owner_len > 0 &&
	    !index_number_owner(index, entry->owner, entry->owner_len, &owner)) {
		free(reg);
		return NULL;
	}
	reg->ballot = entry->ballot;
	reg->size = has_size(entry->kind) ? entry->size & SIZE_MASK : 0;
	reg->digest = entry->digest;
	reg->owner = owner & INDEX_OWNER_NOBODY;
	reg->bytes = entry->bytes & BYTES_MASK;
	reg->holders = (uint16_t)entry->holders;
	reg->path_len = entry->path_len & PATH_MASK;
	reg->kind = (unsigned)entry->kind & 7;
	reg->has_readers = entry->has_readers;
	reg->settled = entry->settled;
	reg->unbrought = entry->unbrought & UNBROUGHT_MASK;
	for (unsigned i = 0; i < entry->object_count; i++) {
		reg->objects[i] = index_hold(index, &entry->objects[i]);
		if (!reg->objects[i]) {
			index_register_free(index, reg);
			return NULL;
		}
		reg->object_count++;
	}
	memcpy(reg->objects + reg->object_count, entry->path, entry->path_len);
	if (more)
		memcpy((char *)(reg->objects + reg->object_count) + entry->path_len, more,
		       sizeof *more);
	return reg;
}

void index_register_free(struct index *index, struct index_register *reg)
{
	if (!reg)
		return;
	for (unsigned i = 0; i < reg->object_count; i++)
		index_release(index, reg->objects[i]);
	free(reg);
}

/* ---- finding ------------------------------------------------------------------- */

static struct index_register *find_register(const struct index_registers *tree,
					    const char *path, size_t len)
{
	struct index_register *reg = RB_ROOT(tree);

	while (reg) {
		int order = path_compare(path, len, index_path(reg), reg->path_len);

		if (order == 0)
			return reg;
		reg = order < 0 ? RB_LEFT(reg, entry) : RB_RIGHT(reg, entry);
	}
	return NULL;
}

struct index_register *index_find_register(const struct index *index, const char *path,
					   size_t len)
{
	struct index_register *reg = find_register(&index->live, path, len);

	return reg ? reg : find_register(&index->dead, path, len);
}

/* From this path on, or strictly after it. */
static struct index_register *find_from(const struct index_registers *tree,
					const char *path, size_t len, bool after)
{
	struct index_register *reg = RB_ROOT(tree), *best = NULL;

	while (reg) {
		int order = path_compare(path, len, index_path(reg), reg->path_len);

		if (order < 0 || (order == 0 && !after)) {
			best = reg;
			reg = RB_LEFT(reg, entry);
		} else {
			reg = RB_RIGHT(reg, entry);
		}
	}
	return best;
}

struct index_register *index_first(const struct index *index, enum index_tree tree,
				   const char *path, size_t len, bool after)
{
	return find_from(tree == INDEX_LIVE ? &index->live : &index->dead, path, len,
			 after);
}

struct index_register *index_step(struct index_register *reg)
{
	return RB_NEXT(index_registers, NULL, reg);
}

const struct index_register *index_next(const struct index *index, const char *after,
					size_t len)
{
	const struct index_register *live = find_from(&index->live, after, len, true);
	const struct index_register *dead = find_from(&index->dead, after, len, true);

	if (live && dead)
		return compare_registers(live, dead) < 0 ? live : dead;
	return live ? live : dead;
}

const struct index_register *index_blocker(const struct index *index, const char *path,
					   size_t len)
{
	const struct index_register *reg;
	char folder[DFS_PATH_MAX + 1];

	for (size_t i = 1; i < len; i++) {
		reg = path[i] == '/' ? find_register(&index->live, path, i) : NULL;
		if (reg && reg->kind != DFS_FOLDER)
			return reg;
	}
	if (len > DFS_PATH_MAX)
		return NULL;
	memcpy(folder, path, len);
	folder[len] = '/';
	reg = find_from(&index->live, folder, len + 1, true);
	if (reg && reg->path_len > len + 1 &&
	    memcmp(index_path(reg), folder, len + 1) == 0)
		return reg;
	return NULL;
}

/* ---- changing ------------------------------------------------------------------ */

static void free_older(struct index *index, struct index_register *reg)
{
	struct index_register *older, *next;

	for (older = reg->older; older; older = next) {
		next = older->older;
		index_uncount_overtaken(index, older);
		index_register_free(index, older);
	}
	reg->older = NULL;
}

/* What a settled value overtakes is forgotten. */
static void settle(struct index *index, struct index_register *reg)
{
	reg->settled = true;
	free_older(index, reg);
	index_resolve_bindings(index, index_path(reg), reg->path_len, &reg->ballot);
	index_restage(index, index_path(reg), reg->path_len);
}

static struct index_registers *tree_of(struct index *index,
				       const struct index_register *reg)
{
	return reg->kind == DFS_TOMBSTONE ? &index->dead : &index->live;
}

/* What a path has accepted counts until it is uncounted. */
static void count(struct index *index, const struct index_register *reg)
{
	struct index_counts *counts = &index->counts;

	if (index_has_content(reg))
		counts->files++;
	else if (reg->kind == DFS_TOMBSTONE)
		counts->tombstones++;
	else if (reg->kind == DFS_FOLDER)
		counts->folders++;
	else
		counts->users++;
	index_count_owner(index, reg);
}

static void uncount(struct index *index, const struct index_register *reg)
{
	struct index_counts *counts = &index->counts;

	if (index_has_content(reg))
		counts->files--;
	else if (reg->kind == DFS_TOMBSTONE)
		counts->tombstones--;
	else if (reg->kind == DFS_FOLDER)
		counts->folders--;
	else
		counts->users--;
	counts->damaged -= reg->damaged;
	index_uncount_owner(index, reg);
}

static void leave_its_segment(struct index_register *reg)
{
	if (reg->segment)
		index_segment_lose(reg->segment, reg->bytes);
	reg->segment = NULL;
}

static void note_ballot(struct index_counts *counts, const dfs_ballot *ballot)
{
	if (ballot->epoch > counts->epoch) {
		counts->epoch = ballot->epoch;
		counts->highest_counter = 0;
	}
	if (ballot->epoch == counts->epoch && ballot->counter > counts->highest_counter)
		counts->highest_counter = ballot->counter;
}

/* Below the accepted one: what it names is kept until that is settled. */
static void put_below(struct index *index, struct index_register *top,
		      struct index_register *reg)
{
	if (top->settled) {
		index_register_free(index, reg);
		return;
	}
	reg->segment = NULL;
	reg->older = top->older;
	top->older = reg;
	index_count_overtaken(index, reg);
}

static void put_above(struct index *index, struct index_register *top,
		      struct index_register *reg)
{
	bool same = ballot_compare(&top->ballot, &reg->ballot) == 0;

	/* What was good in its segment may be copied from now on. */
	if (top->damaged && top->segment)
		top->segment->damaged = false;
	leave_its_segment(top);
	RB_REMOVE(index_registers, tree_of(index, top), top);
	uncount(index, top);
	if (same) {
		reg->settled = reg->settled || top->settled;
		reg->confirmed = reg->confirmed || top->confirmed;
		reg->older = top->older;
		index_register_free(index, top);
	} else {
		/* top keeps its chain behind it */
		reg->older = top;
		index_count_overtaken(index, top);
	}
}

static void note_named(const struct index_register *reg)
{
	for (unsigned i = 0; i < reg->object_count; i++)
		reg->objects[i]->named = 1;
}

void index_set_unbrought(struct index_register *reg, unsigned unbrought)
{
	reg->unbrought = unbrought & UNBROUGHT_MASK;
}

/* That what it gives this server was not here is true of its contents, too. */
static void note_unbrought(const struct index_register *reg)
{
	for (unsigned i = 0; i < reg->object_count; i++)
		if (((reg->unbrought >> i) & 1U) != 0 &&
		    reg->objects[i]->unbrought == INDEX_BROUGHT)
			reg->objects[i]->unbrought = INDEX_UNBROUGHT;
}

void index_put_register(struct index *index, struct index_register *take_reg,
			struct index_segment *segment)
{
	struct index_register *reg = take_reg, *inserted;
	struct index_register *top =
		index_find_register(index, index_path(reg), reg->path_len);

	note_ballot(&index->counts, &reg->ballot);
	if (top && ballot_compare(&reg->ballot, &top->ballot) < 0) {
		put_below(index, top, reg);
		index_restage(index, index_path(top), top->path_len);
		return;
	}
	note_named(reg);
	note_unbrought(reg);
	if (top)
		put_above(index, top, reg);
	reg->segment = segment;
	segment->live += reg->bytes;
	if (reg->object_count > 0)
		reg->objects[0]->last_path =
			index_hash_path(index, index_path(reg), reg->path_len);
	inserted = RB_INSERT(index_registers, tree_of(index, reg), reg);
	assert(!inserted);
	(void)inserted;
	count(index, reg);
	if (reg->settled)
		settle(index, reg);
	else
		index_restage(index, index_path(reg), reg->path_len);
}

bool index_settle(struct index *index, const char *path, size_t len,
		  const dfs_ballot *ballot)
{
	struct index_register *reg = index_find_register(index, path, len);

	if (!reg || reg->settled || ballot_compare(&reg->ballot, ballot) != 0)
		return false;
	settle(index, reg);
	return true;
}

/* It is in no tree any more. */
static void take_out(struct index *index, struct index_register *reg)
{
	leave_its_segment(reg);
	RB_REMOVE(index_registers, tree_of(index, reg), reg);
	uncount(index, reg);
	free_older(index, reg);
	index_restage(index, index_path(reg), reg->path_len);
	index_register_free(index, reg);
}

void index_forget(struct index *index, const char *path, size_t len,
		  const dfs_ballot *ballot)
{
	struct index_register *reg = index_find_register(index, path, len);

	if (!reg || ballot_compare(&reg->ballot, ballot) > 0)
		return;
	index_resolve_bindings(index, path, len, ballot);
	take_out(index, reg);
}

void index_mark_damaged(struct index *index, struct index_register *reg)
{
	if (reg->damaged)
		return;
	reg->damaged = true;
	if (reg->segment) {
		reg->segment->damaged = true;
		index_segment_changed(reg->segment);
	}
	index->counts.damaged++;
}

void index_reset(struct index *index)
{
	struct index_register *reg;

	index_bindings_free(index);
	while ((reg = RB_ROOT(&index->live)) || (reg = RB_ROOT(&index->dead)))
		take_out(index, reg);
	index->counts.epoch = 0;
	index->counts.highest_counter = 0;
}

void index_move_register(struct index *index, const struct seal_entry *entry, uint64_t lo,
			 uint64_t hi, struct index_segment *to)
{
	struct index_register *reg =
		index_find_register(index, entry->path, entry->path_len);

	if (!reg || !index_is_within(reg->segment, lo, hi) || reg->segment == to ||
	    ballot_compare(&reg->ballot, &entry->ballot) != 0)
		return;
	leave_its_segment(reg);
	reg->segment = to;
	to->live += reg->bytes;
}

const struct index_register *index_find_overtaken(const struct index *index,
						  const char *path, size_t len,
						  const dfs_ballot *ballot)
{
	const struct index_register *reg = index_find_register(index, path, len);

	if (reg)
		reg = reg->older;
	while (reg && ballot_compare(&reg->ballot, ballot) != 0)
		reg = reg->older;
	return reg;
}
