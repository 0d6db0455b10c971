/* Reading: what is known from memory, and from segments values and units, verified. */
#include "store_internal.h"

#include "ballot.h"
#include "clock.h"
#include "pieces.h"
#include "placement.h"
#include "register.h"
#include "space.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS_MAX = 200, LOOK_PAUSE_MS = 10 };

/*
 * ESTALE: a merge has moved it, and another look finds it elsewhere; at once, or, where
 * reading from what is being replaced failed, when the merge is through.
 */
static bool look_again(int *rc, unsigned *looks)
{
	if (*rc != ESTALE)
		return false;
	if (++*looks == LOOKS_MAX) {
		*rc = EAGAIN;
		return false;
	}
	if (*looks > 1)
		clock_pause(LOOK_PAUSE_MS);
	return true;
}

/* ---- registers ----------------------------------------------------------------- */

int store_register(struct store *store, const char *path, size_t len,
		   struct store_register *ret)
{
	const struct index_register *reg;
	int rc = ENOENT;

	pthread_rwlock_rdlock(&store->lock);
	reg = index_find_register(store->index, path, len);
	if (reg) {
		register_describe(store, reg, ret);
		rc = reg->damaged ? EBADMSG : 0;
	}
	pthread_rwlock_unlock(&store->lock);
	return rc;
}

int store_value(struct store *store, const char *path, size_t len,
		struct store_register *ret, dfs_value *ret_value)
{
	unsigned looks = 0;
	int rc;

	do {
		const struct index_register *reg;
		struct segment *file = NULL;

		rc = ENOENT;
		pthread_rwlock_rdlock(&store->lock);
		reg = index_find_register(store->index, path, len);
		if (reg) {
			register_describe(store, reg, ret);
			rc = reg->damaged ? EBADMSG : 0;
			file = segment_ref(reg->segment->file);
		}
		pthread_rwlock_unlock(&store->lock);
		if (rc == 0)
			rc = store_record_fetch_value(file, path, len, &ret->ballot,
						      ret_value);
		if (rc == EBADMSG || rc == EIO)
			(void)damage_mark_register(store, file, path, len, &ret->ballot);
		segment_unref(file);
	} while (look_again(&rc, &looks));
	return rc;
}

int store_next(struct store *store, const char *after, size_t after_len,
	       struct store_found *ret)
{
	const struct index_register *reg;

	pthread_rwlock_rdlock(&store->lock);
	reg = index_next(store->index, after ? after : "", after ? after_len : 0);
	if (reg)
		register_tell(store, reg, ret);
	pthread_rwlock_unlock(&store->lock);
	return reg ? 0 : ENOENT;
}

size_t store_blocker(struct store *store, const char *path, size_t len, char *blocker)
{
	const struct index_register *reg;
	size_t found = 0;

	pthread_rwlock_rdlock(&store->lock);
	reg = index_blocker(store->index, path, len);
	if (reg) {
		found = reg->path_len;
		memcpy(blocker, index_path(reg), found);
	}
	pthread_rwlock_unlock(&store->lock);
	return found;
}

/* ---- content ------------------------------------------------------------------- */

chunk_set store_chunks(struct store *store, const dfs_id *object)
{
	const struct index_object *found;
	chunk_set chunks;

	pthread_rwlock_rdlock(&store->lock);
	found = index_find_object(store->index, object);
	chunks = found ? index_chunks(found) : 0;
	pthread_rwlock_unlock(&store->lock);
	return chunks;
}

chunk_set store_proved(struct store *store, const dfs_id *object)
{
	const struct index_object *found;
	chunk_set chunks;

	pthread_rwlock_rdlock(&store->lock);
	found = index_find_object(store->index, object);
	chunks = found ? index_proved(found) : 0;
	pthread_rwlock_unlock(&store->lock);
	return chunks;
}

uint64_t store_units(struct store *store, const dfs_id *object)
{
	const struct index_object *found;
	uint64_t units;

	pthread_rwlock_rdlock(&store->lock);
	found = index_find_object(store->index, object);
	units = found && !found->dropping && found->part.chunks != 0 ? found->units : 0;
	pthread_rwlock_unlock(&store->lock);
	return units;
}

/* A chunk that is here, if possible undamaged; 0: none. */
static unsigned any_chunk(const struct index_object *object)
{
	chunk_set good = index_chunks(object), chunks = good ? good : object->part.chunks;

	for (unsigned chunk = 1; chunk <= DFS_SERVERS; chunk++)
		if (set_has(chunks, chunk))
			return chunk;
	return 0;
}

/*
 * With a reference, and for somebody who reads it; NULL when the record is not here.  A
 * piece is in each segment that has some of the content.
 */
static struct segment *find_unit(struct store *store, const dfs_id *object, uint64_t unit,
				 struct frame_key *ret_key)
{
	struct segment *file = NULL;
	struct index_object *found;
	struct index_part *part;

	pthread_rwlock_rdlock(&store->lock);
	found = index_find_object(store->index, object);
	part = found && pieces_has(found->units, CHUNKS_ALL, unit)
		       ? index_part(found, unit < PIECES_FIRST ? placement_chunk(unit)
							       : any_chunk(found))
		       : NULL;
	if (part) {
		frame_key_unit(ret_key, index_record_id(found, part), unit);
		file = segment_ref(part->segment->file);
		index_read(store->index, found);
	}
	pthread_rwlock_unlock(&store->lock);
	return file;
}

int store_unit(struct store *store, const dfs_id *object, uint64_t unit,
	       void **ret_record, dfs_bytes *ret_data)
{
	struct frame_key key;
	unsigned looks = 0;
	int rc;

	do {
		struct segment *file = find_unit(store, object, unit, &key);

		if (!file)
			return ENOENT;
		rc = store_record_fetch(file, FRAME_UNIT, &key, ret_record, ret_data);
		if (rc == EBADMSG || rc == EIO)
			(void)damage_mark_unit(store, file, object, unit);
		segment_unref(file);
	} while (look_again(&rc, &looks));
	return rc;
}

bool store_is_of_path(struct store *store, const dfs_id *object, const char *path,
		      size_t len)
{
	const struct index_object *found;
	bool is;

	pthread_rwlock_rdlock(&store->lock);
	found = index_find_object(store->index, object);
	is = found && index_is_of_path(store->index, found, path, len);
	pthread_rwlock_unlock(&store->lock);
	return is;
}

bool store_is_of_others(struct store *store, const dfs_id *object, const char *path,
			size_t len)
{
	const struct index_object *found;
	bool is;

	pthread_rwlock_rdlock(&store->lock);
	found = index_find_object(store->index, object);
	is = found && index_is_of_others(store->index, found, path, len);
	pthread_rwlock_unlock(&store->lock);
	return is;
}

bool store_is_bound(struct store *store, const dfs_id *object, const char *path,
		    size_t len, const dfs_ballot *ballot)
{
	const struct index_binding *binding;
	bool bound;

	pthread_rwlock_rdlock(&store->lock);
	binding = index_find_binding(store->index, object, path, len);
	bound = binding && ballot_compare(&binding->ballot, ballot) == 0;
	pthread_rwlock_unlock(&store->lock);
	return bound;
}

/* ---- owners -------------------------------------------------------------------- */

void store_owner(struct store *store, const char *name, size_t len,
		 struct store_owner *ret)
{
	const struct index_owner *owner;

	memset(ret, 0, sizeof *ret);
	pthread_rwlock_rdlock(&store->lock);
	owner = index_find_owner(store->index, name, len);
	if (owner)
		*ret = (struct store_owner){.used = owner->contents + owner->registers +
						    owner->staged,
					    .contents = owner->contents,
					    .registers = owner->registers,
					    .staged = owner->staged,
					    .quota = owner->quota,
					    .shared = owner->shared};
	pthread_rwlock_unlock(&store->lock);
}

struct index_stake store_index_stake(const dfs_id *object,
				     const struct store_stake *stake)
{
	return (struct index_stake){.path = stake->path->dfs_path_val,
				    .path_len = stake->path->dfs_path_len,
				    .owner = stake->user,
				    .owner_len = stake->user ? strlen(stake->user) : 0,
				    .object = object,
				    .size = stake->user ? stake->size : 0};
}

bool store_fits_quota(struct store *store, const dfs_id *object,
		      const struct store_stake *stake)
{
	const struct index_stake what = store_index_stake(object, stake);
	bool fits;

	pthread_rwlock_rdlock(&store->lock);
	fits = what.owner_len == 0 || index_fits_quota(store->index, &what);
	pthread_rwlock_unlock(&store->lock);
	return fits;
}

/* ---- numbers ------------------------------------------------------------------- */

void store_get_numbers(struct store *store, struct store_numbers *ret)
{
	struct index_counts counts;
	struct space space = {0};

	memset(ret, 0, sizeof *ret);
	/* A disk that does not say counts as full. */
	(void)space_read(store->folders.seg_fd, &space);
	pthread_rwlock_rdlock(&store->lock);
	index_count(store->index, &counts);
	ret->id = store->head.store;
	ret->epoch = store->head.epoch;
	ret->born = store->head.born;
	ret->reserved = store->head.reserved;
	ret->floor = store->head.floor;
	ret->newest_segment = store->newest;
	ret->segments = store->segments.count;
	ret->stored_bytes = store->segments.bytes;
	pthread_rwlock_unlock(&store->lock);
	if (counts.epoch == ret->epoch)
		ret->highest_counter = counts.highest_counter;
	ret->files = counts.files;
	ret->tombstones = counts.tombstones;
	ret->objects = counts.objects;
	ret->unproved = counts.unproved;
	ret->damaged_registers = counts.damaged;
	ret->damaged = damage_count(&store->damage);
	ret->disk_error = atomic_load(&store->disk_error);
	ret->disk_free = space.free;
	ret->disk_size = space.size;
}

bool store_has_room(struct store *store, uint64_t bytes)
{
	struct space space;

	return space_read(store->folders.seg_fd, &space) == 0 &&
	       space_has_room(&space, bytes, SPACE_ORDINARY);
}
