/* What is to be done: damaged, unsettled, owed, too much, abandoned. */
#include "store_survey.h"

#include "path.h"
#include "ballot.h"
#include "clock.h"
#include "object.h"
#include "placement.h"
#include "register.h"
#include "walk.h"
#include "value.h"

#include <errno.h>
#include <string.h>

/* ---- registers of one kind ------------------------------------------------------- */

struct wanted_register {
	const struct store *store;
	bool (*is)(const struct index_register *reg);
	struct store_found *ret;
};

static bool is_damaged(const struct index_register *reg)
{
	return reg->damaged;
}

static bool is_unsettled(const struct index_register *reg)
{
	return !reg->settled;
}

static bool is_any(const struct index_register *reg)
{
	(void)reg;
	return true;
}

static bool tell_wanted(void *context, struct index_register *reg)
{
	struct wanted_register *wanted = context;

	if (!wanted->is(reg))
		return false;
	register_tell(wanted->store, reg, wanted->ret);
	return true;
}

static int next_wanted(struct index_walk *walk, struct wanted_register *wanted,
		       const char *after, size_t after_len)
{
	walk->visit = tell_wanted;
	walk->context = wanted;
	walk_after(walk, after, after_len);
	return walk_registers(walk) ? 0 : ENOENT;
}

/* Of both trees the one that comes first; its path may be what it comes after. */
static int next_of_both(struct store *store, struct wanted_register *wanted,
			const char *after, size_t after_len)
{
	struct store_found found;
	struct wanted_register live = {store, wanted->is, &found};
	struct index_walk dead_walk = {.store = store, .tree = INDEX_DEAD};
	struct index_walk live_walk = {.store = store, .tree = INDEX_LIVE};
	int rc = next_wanted(&live_walk, &live, after, after_len);

	if (rc == 0) {
		dead_walk.to = found.path;
		dead_walk.to_len = found.path_len;
	}
	if (next_wanted(&dead_walk, wanted, after, after_len) == 0)
		return 0;
	if (rc == 0)
		*wanted->ret = found;
	return rc;
}

int store_next_damaged(struct store *store, const char *after, size_t after_len,
		       struct store_found *ret)
{
	struct wanted_register wanted = {store, is_damaged, ret};
	struct index_counts counts;

	pthread_rwlock_rdlock(&store->lock);
	index_count(store->index, &counts);
	pthread_rwlock_unlock(&store->lock);
	if (counts.damaged == 0)
		return ENOENT;
	return next_of_both(store, &wanted, after, after_len);
}

int store_next_tombstone(struct store *store, const char *after, size_t after_len,
			 struct store_found *ret)
{
	struct wanted_register wanted = {store, is_any, ret};
	struct index_walk walk = {.store = store, .tree = INDEX_DEAD};

	return next_wanted(&walk, &wanted, after, after_len);
}

int store_next_unsettled(struct store *store, const char *after, size_t after_len,
			 struct store_found *ret)
{
	struct wanted_register wanted = {store, is_unsettled, ret};

	return next_of_both(store, &wanted, after, after_len);
}

/* ---- owed ------------------------------------------------------------------------ */

/*
 * Takes note of a content if any of its chunks that are missing according to the content
 * are not here.  With the store's lock held.
 */
static void note_owed(struct store *store, struct store_owed *owed,
		      const struct store_owed_content *content, const dfs_key *tree)
{
	const struct index_object *found =
		index_find_object(store->index, &content->object);
	struct store_owed_content *noted = &owed->contents[owed->count];
	chunk_set missing = content->missing & placement_filled(content->size);

	if (found)
		missing &= ~(index_chunks(found) | index_unbrought_ever(found));
	if (missing == 0 || owed->count == 1 + DFS_EARLIER_MAX)
		return;
	*noted = *content;
	noted->missing = missing;
	noted->unbrought = found ? missing & index_unbrought(found) : 0;
	if (content->tree_len > 0)
		memcpy(noted->tree, tree, content->tree_len * sizeof *tree);
	owed->count++;
}

/* Less than a pair of an earlier version is here, and more may be had. */
static bool lacks_earlier(const struct index_register *reg)
{
	for (unsigned i = 1; i < reg->object_count; i++)
		if (set_count(index_chunks(reg->objects[i])) < 2 &&
		    reg->objects[i]->unbrought != INDEX_UNBROUGHT_EVER)
			return true;
	return false;
}

/* Of these chunks something is missing, and may be had. */
static bool lacks(const struct index_register *reg, chunk_set chunks)
{
	const struct index_object *object = reg->objects[0];

	return (chunks & placement_filled(reg->size) & ~index_chunks(object) &
		~index_unbrought_ever(object)) != 0;
}

/*
 * May the value give this server something that is not here?  One that gives it nothing
 * has to be read, for its row tells which pair is its own: but for one that nobody has.
 */
static bool may_lack(const struct index_register *reg, chunk_set given)
{
	if (given != 0)
		return lacks(reg, given);
	return reg->objects[0]->unbrought != INDEX_UNBROUGHT_EVER ||
	       lacks(reg, CHUNKS_ALL);
}

struct owing {
	struct store *store;
	struct store_owed *ret;
};

/* It may owe something: its value says what. */
static bool owes(void *context, struct index_register *reg)
{
	struct owing *owing = context;
	struct store_owed *owed = owing->ret;
	chunk_set given = placement_held(reg->holders, owing->store->server);

	owed->count = 0;
	if (!index_has_content(reg) || reg->object_count == 0)
		return false;
	if (!may_lack(reg, given) && !lacks_earlier(reg))
		return false;
	owed->path_len = reg->path_len;
	memcpy(owed->path, index_path(reg), reg->path_len);
	return true;
}

static void note_content(struct store *store, struct store_owed *owed,
			 const dfs_content *content)
{
	chunk_set given = placement_held(content->holders, store->server);
	chunk_set wanted =
		given != 0 ? given : placement_pair(content->row, store->server);
	dfs_id object;

	if (!object_of_content(content, &object))
		return;
	note_owed(store, owed,
		  &(struct store_owed_content){.object = object,
					       .maker = content->maker,
					       .size = content->size,
					       .tree_len = content->tree.tree_len,
					       .holders = content->holders,
					       .given = given,
					       .missing = wanted},
		  content->tree.tree_val);
}

/* What the value owes; false: nothing. */
static bool read_owed(struct store *store, struct store_owed *owed)
{
	const dfs_manifest *manifest;
	struct store_register reg;
	dfs_value value;

	/* What cannot be read is damaged, and mended as that. */
	if (store_value(store, owed->path, owed->path_len, &reg, &value) != 0)
		return false;
	owed->ballot = reg.ballot;
	if (value_has_content(&value)) {
		manifest = &value.body.dfs_body_u.manifest;
		pthread_rwlock_rdlock(&store->lock);
		note_content(store, owed, &manifest->content);
		for (u_int i = 0; i < manifest->earlier.earlier_len; i++)
			note_content(store, owed,
				     &manifest->earlier.earlier_val[i].content);
		pthread_rwlock_unlock(&store->lock);
	}
	value_free(&value);
	return owed->count > 0;
}

int store_next_owed(struct store *store, const char *after, size_t after_len,
		    struct store_owed *ret)
{
	struct owing owing = {.store = store, .ret = ret};
	struct index_walk walk = {
		.store = store, .tree = INDEX_LIVE, .visit = owes, .context = &owing};

	walk_after(&walk, after, after_len);
	while (walk_registers(&walk))
		if (read_owed(store, ret))
			return 0;
	return ENOENT;
}

void store_judge_unbrought(struct store *store, const dfs_id *object, bool agreed)
{
	struct index_object *found;
	unsigned before;

	pthread_rwlock_wrlock(&store->lock);
	found = index_find_object(store->index, object);
	before = found ? found->unbrought : 0;
	if (found && agreed)
		found->unbrought = INDEX_UNBROUGHT_EVER;
	else if (before != INDEX_BROUGHT)
		found->unbrought = INDEX_DOUBTED;
	store->changes += found && found->unbrought != before;
	pthread_rwlock_unlock(&store->lock);
}

/* ---- too much -------------------------------------------------------------------- */

struct exceeding {
	const struct store *store;
	struct store_surplus *ret;
};

static bool exceeds(void *context, struct index_register *reg)
{
	struct exceeding *exceeding = context;
	chunk_set given = placement_held(reg->holders, exceeding->store->server), here;

	if (!index_has_content(reg) || !reg->settled || given == 0 ||
	    reg->object_count == 0 || reg->objects[0]->refs != 1)
		return false;
	here = index_chunks(reg->objects[0]);
	/* What was not proved does not make up for what would go. */
	if ((here & ~given) == 0 || (given & ~index_proved(reg->objects[0])) != 0)
		return false;
	*exceeding->ret = (struct store_surplus){.path_len = reg->path_len,
						 .ballot = reg->ballot,
						 .object = reg->objects[0]->id,
						 .given = given,
						 .here = here};
	memcpy(exceeding->ret->path, index_path(reg), reg->path_len);
	return true;
}

int store_next_surplus(struct store *store, const char *after, size_t after_len,
		       struct store_surplus *ret)
{
	struct exceeding exceeding = {.store = store, .ret = ret};
	struct index_walk walk = {.store = store,
				  .tree = INDEX_LIVE,
				  .visit = exceeds,
				  .context = &exceeding};

	walk_after(&walk, after, after_len);
	return walk_registers(&walk) ? 0 : ENOENT;
}

int store_surplus(struct store *store, const char *path, size_t len,
		  struct store_surplus *ret)
{
	struct exceeding exceeding = {.store = store, .ret = ret};
	struct index_register *reg;
	int rc = ENOENT;

	pthread_rwlock_rdlock(&store->lock);
	reg = index_find_register(store->index, path, len);
	if (reg && exceeds(&exceeding, reg))
		rc = 0;
	pthread_rwlock_unlock(&store->lock);
	return rc;
}

/* ---- abandoned ------------------------------------------------------------------- */

struct abandoning {
	struct store *store;
	int64_t before_ms;
	struct store_abandoned *ret;
	bool found;
};

/* Stops at the first binding behind those of the path that is told. */
static bool is_abandoned(void *context, const struct index_binding *binding)
{
	struct abandoning *abandoning = context;
	struct store_abandoned *ret = abandoning->ret;

	if (abandoning->found &&
	    path_compare(ret->path, ret->path_len, binding->path, binding->path_len) != 0)
		return true;
	if (binding->since_ms > abandoning->before_ms ||
	    index_is_named(abandoning->store->index, binding) ||
	    (abandoning->found && ballot_compare(&binding->ballot, &ret->ballot) <= 0))
		return false;
	ret->path_len = binding->path_len;
	memcpy(ret->path, binding->path, binding->path_len);
	ret->ballot = binding->ballot;
	ret->object = binding->object->id;
	abandoning->found = true;
	return false;
}

int store_next_abandoned(struct store *store, int64_t older_than_ms, const char *after,
			 size_t after_len, struct store_abandoned *ret)
{
	struct abandoning abandoning = {
		.store = store, .before_ms = clock_now_ms() - older_than_ms, .ret = ret};
	struct index_walk walk = {
		.store = store, .visit_binding = is_abandoned, .context = &abandoning};

	walk_after(&walk, after, after_len);
	(void)walk_bindings(&walk);
	return abandoning.found ? 0 : ENOENT;
}
