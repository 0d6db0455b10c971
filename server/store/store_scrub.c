/*
 * Reading everything again, and proving it.
 *
 * A scrub goes through the entries of one segment's @seal after another, and reads what
 * of it the index still finds there.  It holds a reference of the segment's file, and no
 * lock while it reads; a merge that takes the segment away has verified what was in it.
 * A prover does the same with the segments that have something unproved, the newest
 * first.
 */
#include "store_scrub.h"

#include "ballot.h"
#include "pieces.h"
#include "placement.h"
#include "prove.h"
#include "statement.h"
#include "store_internal.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The number of no record. */
#define PAST_ALL (UINT64_MAX - 1)

struct store_scrub {
	struct store *store;
	struct store_scrub_position position;
	struct segment *file; /* whose entries are being read; or NULL */
	bool counts;          /* it is not from before a recovery */
	void *seal;
	struct seal_reader reader;
	struct seal_entry entry; /* if has_entry */
	bool has_entry;
	bool proving; /* its content; prove has been begun */
	struct prove prove;
	bool is_prover;
	uint64_t
		below; /* of a prover: it got no further with those from this number on */
};

struct store_scrub *store_scrub_new_prover(struct store *store)
{
	const struct store_scrub_position beginning = {0};
	struct store_scrub *scrub = store_scrub_new(store, &beginning);

	if (scrub) {
		scrub->is_prover = true;
		scrub->below = UINT64_MAX;
	}
	return scrub;
}

struct store_scrub *store_scrub_new(struct store *store,
				    const struct store_scrub_position *from)
{
	struct store_scrub *scrub = calloc(1, sizeof *scrub);

	if (!scrub)
		return NULL;
	scrub->store = store;
	scrub->position = *from;
	return scrub;
}

static void end_proving(struct store_scrub *scrub)
{
	if (scrub->proving)
		prove_end(&scrub->prove);
	scrub->proving = false;
}

static void close_segment(struct store_scrub *scrub)
{
	end_proving(scrub);
	segment_unref(scrub->file);
	scrub->file = NULL;
	free(scrub->seal);
	scrub->seal = NULL;
	scrub->has_entry = false;
}

void store_scrub_free(struct store_scrub *scrub)
{
	if (!scrub)
		return;
	close_segment(scrub);
	free(scrub);
}

void store_scrub_position(const struct store_scrub *scrub,
			  struct store_scrub_position *ret)
{
	*ret = scrub->position;
}

/* ---- segments ---------------------------------------------------------------------- */

static void count_damage(struct store_scrubbed *ret, bool seal)
{
	ret->damaged++;
	ret->seal_damaged |= seal;
}

/* Has the segment that is being read something unproved? */
static bool has_unproved(const struct store_scrub *scrub)
{
	const struct index_segment *segment;
	bool has;

	pthread_rwlock_rdlock(&scrub->store->lock);
	TAILQ_FOREACH (segment, &scrub->store->segments.list, order)
		if (segment->file == scrub->file)
			break;
	has = segment && segment->unproved > 0;
	pthread_rwlock_unlock(&scrub->store->lock);
	return has;
}

/* What follows the segment that was being read. */
static void go_on_behind(struct store_scrub *scrub)
{
	/* A prover turns to the newest again, but not to what its list does not tell. */
	if (scrub->is_prover && has_unproved(scrub))
		scrub->below = scrub->position.lo;
	scrub->position = (struct store_scrub_position){.lo = scrub->position.hi + 1};
	close_segment(scrub);
}

/* The segment of the position, or the first one behind it; false: there is none. */
static bool find_next_segment(struct store_scrub *scrub)
{
	struct store_scrub_position *position = &scrub->position;
	struct store *store = scrub->store;
	struct index_segment *segment = NULL;

	pthread_rwlock_rdlock(&store->lock);
	TAILQ_FOREACH (segment, &store->segments.list, order) {
		if (segment_hi(segment->file) < position->lo)
			continue;
		scrub->file = segment_ref(segment->file);
		scrub->counts = segment_lo(segment->file) >= store->head.begun;
		break;
	}
	pthread_rwlock_unlock(&store->lock);
	if (!scrub->file)
		return false;
	if (segment_lo(scrub->file) != position->lo ||
	    segment_hi(scrub->file) != position->hi)
		*position = (struct store_scrub_position){.lo = segment_lo(scrub->file),
							  .hi = segment_hi(scrub->file)};
	return true;
}

/* For a prover: the newest segment that has something unproved, from its beginning. */
static bool find_unproved_segment(struct store_scrub *scrub)
{
	struct store *store = scrub->store;
	struct index_segment *segment;
	bool found = false;

	pthread_rwlock_rdlock(&store->lock);
	TAILQ_FOREACH_REVERSE(segment, &store->segments.list, index_segment_list, order)
	{
		/* cppcheck-suppress uninitvar ; the list's macro sets it */
		found = segment->unproved > 0 && segment_hi(segment->file) < scrub->below;
		if (found)
			break;
	}
	if (found) {
		scrub->file = segment_ref(segment->file);
		scrub->counts = segment_lo(segment->file) >= store->head.begun;
		scrub->position = (struct store_scrub_position){
			.lo = segment_lo(segment->file), .hi = segment_hi(segment->file)};
	}
	pthread_rwlock_unlock(&store->lock);
	return found;
}

/* Goes to the entry of the position; the one that was begun is there again. */
static bool skip_entries(struct store_scrub *scrub)
{
	for (uint64_t i = 0; i < scrub->position.record; i++)
		if (seal_next(&scrub->reader, &scrub->entry) != SEAL_ENTRY)
			return false;
	return true;
}

/* Other errors are not the record's. */
static bool is_damage(int rc)
{
	return rc == EBADMSG || rc == EIO;
}

/* Begins with a segment: its file as the disk has it, and its list. */
static int open_segment(struct store_scrub *scrub, struct store_scrubbed *ret)
{
	struct seal_head head;
	struct frame_key key;
	dfs_bytes data;
	int rc;

	segment_refresh(scrub->file);
	frame_key_seal(&key);
	rc = store_record_fetch(scrub->file, FRAME_SEAL, &key, &scrub->seal, &data);
	segment_close(scrub->file);
	if (rc != 0 && !is_damage(rc)) {
		close_segment(scrub);
		return rc == ESTALE ? 0 : rc;
	}
	ret->records++;
	if (rc == 0)
		ret->bytes += data.len;
	if (rc != 0 || !seal_open(data, &head, &scrub->reader)) {
		if (damage_mark_list(scrub->store, scrub->file))
			count_damage(ret, scrub->counts);
		go_on_behind(scrub);
	} else if (!skip_entries(scrub)) {
		/* The position was of another segment with this range. */
		go_on_behind(scrub);
	}
	return 0;
}

/* ---- entries ----------------------------------------------------------------------- */

/* What the index finds in this segment is worth reading. */
static bool has_register(struct store_scrub *scrub)
{
	const struct seal_entry *entry = &scrub->entry;
	const struct index_register *reg;
	bool has;

	pthread_rwlock_rdlock(&scrub->store->lock);
	reg = index_find_register(scrub->store->index, entry->path, entry->path_len);
	has = reg && reg->segment->file == scrub->file &&
	      ballot_compare(&reg->ballot, &entry->ballot) == 0;
	pthread_rwlock_unlock(&scrub->store->lock);
	return has;
}

/*
 * Is something of the content unproved here?  If done, it is so no more, and what was not
 * found damaged stays proved.
 */
static bool is_unproved(struct store_scrub *scrub, bool done)
{
	struct seal_entry proved = {.type = SEAL_PROVED,
				    .objects[0] = scrub->entry.objects[0]};
	struct store *store = scrub->store;
	struct index_object *object;
	bool is = false;

	if (done)
		pthread_rwlock_wrlock(&store->lock);
	else
		pthread_rwlock_rdlock(&store->lock);
	object = index_find_object(store->index, &scrub->entry.objects[0]);
	for (struct index_part *part = object ? &object->part : NULL; part;
	     part = part->more) {
		if (part->chunks == 0 || part->proved ||
		    part->segment->file != scrub->file)
			continue;
		is = true;
		if (!done)
			continue;
		if (part->damaged == 0 && (part->chunks & ~scrub->entry.chunks) == 0)
			proved.chunks = part->chunks;
		index_prove(store->index, object, part->segment, scrub->entry.chunks);
	}
	pthread_rwlock_unlock(&store->lock);
	if (proved.chunks != 0)
		group_note(store, &proved);
	return is;
}

/*
 * Is some of these chunks, of the entry, still here in this segment, and worth reading?
 * Of what is known to be other bytes than its tree says, nothing is.
 */
static bool is_here(struct store_scrub *scrub, chunk_set chunk)
{
	const struct index_part *part = NULL;
	struct index_object *object;

	pthread_rwlock_rdlock(&scrub->store->lock);
	object = index_find_object(scrub->store->index, &scrub->entry.objects[0]);
	if (object && !object->dropping && (scrub->entry.chunks & chunk) != 0)
		part = &object->part;
	while (part && ((part->chunks & ~part->unbrought & chunk) == 0 ||
			part->segment->file != scrub->file))
		part = part->more;
	pthread_rwlock_unlock(&scrub->store->lock);
	return part;
}

/* 0, also for what is damaged; ESTALE: the segment is not there any more; an errno. */
static int read_register(struct store_scrub *scrub, struct store_scrubbed *ret)
{
	const struct seal_entry *entry = &scrub->entry;
	dfs_value value;
	dfs_key digest;
	int rc;

	if (!has_register(scrub))
		return 0;
	rc = store_record_fetch_value(scrub->file, entry->path, entry->path_len,
				      &entry->ballot, &value);
	if (rc == 0) {
		/* The same ballot with another value: not what was accepted. */
		if (!statement_digest(&value, &digest))
			rc = ENOMEM;
		else if (statement_short(&digest) != entry->digest)
			rc = EBADMSG;
		value_free(&value);
	}
	if (rc != 0 && !is_damage(rc))
		return rc;
	ret->records++;
	ret->bytes += entry->bytes;
	if (rc != 0 && damage_mark_register(scrub->store, scrub->file, entry->path,
					    entry->path_len, &entry->ballot))
		count_damage(ret, false);
	return 0;
}

/*
 * Does the entry tell of the object, with its pieces?  Also where it tells of no records:
 * it may not be true.  0, and what it tells can be proved; EBADMSG: all of it counts as
 * damaged; or an errno of reading.
 */
static int prove_entry(struct store_scrub *scrub, struct store_scrubbed *ret)
{
	int rc;

	if (scrub->proving || !scrub->store->rules.prove)
		return 0;
	rc = prove_begin(&scrub->prove, scrub->file, &scrub->entry);
	scrub->proving = rc == 0;
	if (is_damage(rc) && damage_mark_unit(scrub->store, scrub->file,
					      &scrub->entry.objects[0], PIECES_FIRST))
		count_damage(ret, false);
	return is_damage(rc) ? EBADMSG : rc;
}

static int read_unit(struct store_scrub *scrub, uint64_t unit, struct store_scrubbed *ret)
{
	const dfs_id *object = &scrub->entry.objects[0];
	struct frame_key key;
	uint64_t bad = unit;
	bool read_well;
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_unit(&key, &scrub->entry.objects[scrub->entry.by_maker], unit);
	rc = store_record_fetch(scrub->file, FRAME_UNIT, &key, &record, &data);
	read_well = rc == 0;
	if (rc == 0) {
		if (scrub->proving)
			rc = prove_record(&scrub->prove, unit, &data, &bad);
		free(record);
	}
	if (rc != 0 && !is_damage(rc))
		return rc;
	ret->records++;
	ret->bytes += rc == 0 ? data.len : DFS_UNIT_SIZE;
	/* No disk makes another unit with the right checksum. */
	if (rc != 0 && read_well && bad < PIECES_FIRST &&
	    damage_mark_unbrought(scrub->store, scrub->file, object, bad))
		ret->unbrought++;
	else if (rc != 0 && damage_mark_unit(scrub->store, scrub->file, object, bad))
		count_damage(ret, false);
	/* Without what proves them the others are as good as damaged, and marked so. */
	if (rc != 0 && bad >= PIECES_FIRST)
		scrub->position.unit = PAST_ALL;
	return 0;
}

/* Which chunks a record belongs to. */
static chunk_set unit_chunks(uint64_t unit)
{
	return unit < PIECES_FIRST ? set_of(placement_chunk(unit)) : CHUNKS_ALL;
}

/* Its units, one at least, as far as the budget goes; *ret_done: all of them. */
static int read_content(struct store_scrub *scrub, uint64_t bytes,
			struct store_scrubbed *ret, bool *ret_done)
{
	uint64_t *unit = &scrub->position.unit;
	int rc = 0;

	*ret_done = true;
	if (is_here(scrub, CHUNKS_ALL))
		rc = prove_entry(scrub, ret);
	if (rc != 0)
		return rc == EBADMSG ? 0 : rc;
	do {
		*ret_done = !pieces_next(scrub->entry.units, scrub->entry.chunks, unit);
		if (*ret_done)
			return 0;
		if (is_here(scrub, unit_chunks(*unit)))
			rc = read_unit(scrub, *unit, ret);
		if (rc != 0)
			return rc;
		++*unit;
	} while (ret->bytes < bytes);
	return 0;
}

/* The entry, or a part of it. */
static int read_entry(struct store_scrub *scrub, uint64_t bytes,
		      struct store_scrubbed *ret)
{
	bool done = true;
	int rc = 0;

	if (scrub->entry.type == SEAL_CONTENT &&
	    (!scrub->is_prover || is_unproved(scrub, false)))
		rc = read_content(scrub, bytes, ret, &done);
	else if (scrub->entry.type == SEAL_REGISTER && !scrub->is_prover)
		rc = read_register(scrub, ret);
	if (rc == ESTALE) {
		close_segment(scrub);
		return 0;
	}
	if (rc != 0 || !done)
		return rc;
	end_proving(scrub);
	if (scrub->is_prover && scrub->entry.type == SEAL_CONTENT)
		(void)is_unproved(scrub, true);
	scrub->has_entry = false;
	scrub->position.record++;
	scrub->position.unit = 0;
	return 0;
}

/* The next entry of the segment, or what is behind it. */
static void next_entry(struct store_scrub *scrub, struct store_scrubbed *ret)
{
	enum seal_step step = seal_next(&scrub->reader, &scrub->entry);

	scrub->has_entry = step == SEAL_ENTRY;
	if (scrub->has_entry)
		return;
	if (step == SEAL_BROKEN && damage_mark_list(scrub->store, scrub->file))
		count_damage(ret, scrub->counts);
	go_on_behind(scrub);
}

static bool is_at(const struct store_scrub *scrub,
		  const struct store_scrub_position *position)
{
	return memcmp(&scrub->position, position, sizeof *position) == 0;
}

int store_scrub_step(struct store_scrub *scrub, uint64_t bytes,
		     struct store_scrubbed *ret)
{
	const struct store_scrub_position began = scrub->position;
	int rc = 0;

	memset(ret, 0, sizeof *ret);
	/* However few bytes: who begins with a list each time gets on, too. */
	while (rc == 0 && (ret->bytes < bytes || is_at(scrub, &began))) {
		if (scrub->has_entry) {
			rc = read_entry(scrub, bytes, ret);
		} else if (scrub->file) {
			next_entry(scrub, ret);
		} else if (scrub->is_prover ? find_unproved_segment(scrub)
					    : find_next_segment(scrub)) {
			rc = open_segment(scrub, ret);
		} else {
			memset(&scrub->position, 0, sizeof scrub->position);
			scrub->below = UINT64_MAX;
			ret->end = true;
			break;
		}
	}
	return rc;
}
