/*
 * Merging a run.
 *
 * Only the keeper takes segments out of the store's list, so that it may walk its inputs without
 * the lock; what is alive in them is asked of the index, entry by entry, and may die meanwhile.
 */
#include "merge.h"

#include "ballot.h"
#include "batch.h"
#include "commit.h"
#include "log.h"
#include "placement.h"
#include "space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	IN_MEMORY = 8 << 20,
	ROOM_MORE = 1 << 20,
	MOVE_AT_ONCE = 256 /* entries, before others have the lock again */
};

struct merge {
	struct store *store;
	struct merge_run run;
	uint64_t lo, hi;
	struct index_object *dropping; /* left out, then dropped; or NULL */
	struct segment_image *image;
	struct pack_out entries; /* of the output's @seal */
	uint32_t entry_count;
	struct index_segment *output; /* before it is in the list */
	char name[STORE_TMP_NAME];    /* in tmp/ */
};

/* ---- what still counts --------------------------------------------------------------- */

static bool put_entry(struct merge *merge, const struct seal_entry *entry)
{
	if (!batch_put_entry(&merge->entries, entry))
		return false;
	merge->entry_count++;
	return true;
}

static int copy_record(struct merge *merge, struct segment *file, enum frame_type type,
		       const struct frame_key *key)
{
	dfs_bytes data;
	void *record;
	int rc = store_fetch(file, type, key, &record, &data);

	if (rc != 0)
		return rc;
	rc = segment_image_add(merge->image, key, record, frame_size(key->len, data.len));
	free(record);
	/* Content that came twice, in other sets of chunks: the same bytes. */
	return rc == EEXIST && type == FRAME_UNIT ? 0 : rc;
}

/* An overtaken value, whose content is still needed, lives on as bindings. */
static int keep_overtaken(struct merge *merge, const struct seal_entry *entry)
{
	struct seal_entry binding = *entry;

	binding.type = SEAL_BINDING;
	for (unsigned i = 0; i < entry->object_count; i++) {
		binding.objects[0] = entry->objects[i];
		if (!put_entry(merge, &binding))
			return ENOMEM;
	}
	return 0;
}

static int keep_register(struct merge *merge, struct index_segment *input,
			 struct seal_entry *entry)
{
	struct store *store = merge->store;
	const struct index_register *reg;
	bool current, overtaken;
	struct frame_key key;

	pthread_rwlock_rdlock(&store->lock);
	reg = index_find_register(store->index, entry->path, entry->path_len);
	current = reg && reg->segment == input &&
		  ballot_compare(&reg->ballot, &entry->ballot) == 0;
	if (current)
		entry->settled = reg->settled;
	overtaken = !current && index_find_overtaken(store->index, entry->path,
						     entry->path_len, &entry->ballot);
	pthread_rwlock_unlock(&store->lock);
	if (overtaken)
		return keep_overtaken(merge, entry);
	if (!current)
		return 0;
	if (!put_entry(merge, entry))
		return ENOMEM;
	frame_key_register(&key, entry->path, entry->path_len);
	return copy_record(merge, input->file, FRAME_REGISTER, &key);
}

/* A binding counts while the index has it, or an overtaken value in its stead. */
static int keep_binding(struct merge *merge, const struct seal_entry *entry)
{
	struct store *store = merge->store;
	const struct index_binding *binding;
	bool keep;

	pthread_rwlock_rdlock(&store->lock);
	binding = index_find_binding(store->index, &entry->objects[0], entry->path,
				     entry->path_len);
	keep = (binding && ballot_compare(&binding->ballot, &entry->ballot) == 0) ||
	       index_find_overtaken(store->index, entry->path, entry->path_len,
				    &entry->ballot);
	pthread_rwlock_unlock(&store->lock);
	return keep && !put_entry(merge, entry) ? ENOMEM : 0;
}

static int keep_content(struct merge *merge, struct index_segment *input,
			const struct seal_entry *entry)
{
	struct store *store = merge->store;
	struct index_object *object;
	struct index_part *part = NULL;
	struct frame_key key;
	int rc = 0;

	pthread_rwlock_rdlock(&store->lock);
	object = index_find_object(store->index, &entry->objects[0]);
	if (object && object != merge->dropping)
		part = &object->part;
	while (part && (part->segment != input || part->chunks != entry->chunks))
		part = part->more;
	pthread_rwlock_unlock(&store->lock);
	if (!part)
		return 0;
	if (!put_entry(merge, entry))
		return ENOMEM;
	for (uint64_t unit = 0; unit < entry->units && rc == 0; unit++) {
		if (!(entry->chunks & 1U << (placement_chunk(unit) - 1)))
			continue;
		frame_key_unit(&key, &entry->objects[0], unit);
		rc = copy_record(merge, input->file, FRAME_UNIT, &key);
	}
	return rc;
}

/* A note counts while its register is the accepted one, and elsewhere. */
static int keep_note(struct merge *merge, const struct seal_entry *entry)
{
	struct store *store = merge->store;
	const struct index_register *reg;
	bool keep;

	pthread_rwlock_rdlock(&store->lock);
	reg = index_find_register(store->index, entry->path, entry->path_len);
	keep = reg && ballot_compare(&reg->ballot, &entry->ballot) == 0 &&
	       segment_lo(reg->segment->file) < merge->lo;
	pthread_rwlock_unlock(&store->lock);
	return keep && !put_entry(merge, entry) ? ENOMEM : 0;
}

static int keep_entry(struct merge *merge, struct index_segment *input,
		      struct seal_entry *entry)
{
	switch (entry->type) {
	case SEAL_REGISTER:
		return keep_register(merge, input, entry);
	case SEAL_BINDING:
		return keep_binding(merge, entry);
	case SEAL_CONTENT:
		return keep_content(merge, input, entry);
	case SEAL_SETTLED:
		return keep_note(merge, entry);
	case SEAL_DROP:
		if (merge->lo == 1 || !merge->store->rules.keep_undone)
			return 0;
		return put_entry(merge, entry) ? 0 : ENOMEM;
	}
	return EBADMSG;
}

/* ---- building ------------------------------------------------------------------------ */

static int copy_input(struct merge *merge, struct index_segment *input)
{
	enum seal_step step = SEAL_BROKEN;
	struct seal_reader reader;
	struct seal_entry entry;
	struct seal_head head;
	struct frame_key key;
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_seal(&key);
	rc = store_fetch(input->file, FRAME_SEAL, &key, &record, &data);
	segment_close(input->file);
	if (rc != 0)
		return rc;
	if (!seal_open(data, &head, &reader))
		rc = EBADMSG;
	while (rc == 0 && (step = seal_next(&reader, &entry)) == SEAL_ENTRY)
		rc = keep_entry(merge, input, &entry);
	if (rc == 0 && step != SEAL_END)
		rc = EBADMSG;
	free(record);
	return rc;
}

/* What cannot be copied is left where it is, for what is still good in it. */
static void leave_alone(struct merge *merge, struct index_segment *input)
{
	char name[SEGMENT_NAME];

	pthread_rwlock_wrlock(&merge->store->lock);
	input->damaged = true;
	pthread_rwlock_unlock(&merge->store->lock);
	segment_name(segment_lo(input->file), segment_hi(input->file), name);
	store_note_damage(merge->store, input->file, "file", name, strlen(name));
}

static int copy_inputs(struct merge *merge)
{
	struct index_segment *input = merge->run.first;
	int rc = 0;

	for (size_t i = 0; i < merge->run.count && rc == 0; i++) {
		rc = copy_input(merge, input);
		if (rc == EBADMSG || rc == EIO)
			leave_alone(merge, input);
		input = TAILQ_NEXT(input, order);
	}
	return rc;
}

static int make_image(struct merge *merge)
{
	struct index_segment *input = merge->run.first;
	uint64_t live = 0, seal = 0;
	struct space space;
	int rc = space_read(merge->store->seg_fd, &space);

	pthread_rwlock_rdlock(&merge->store->lock);
	for (size_t i = 0; i < merge->run.count; i++) {
		live += input->live;
		seal += input->seal_bytes;
		merge->hi = segment_hi(input->file);
		input = TAILQ_NEXT(input, order);
	}
	pthread_rwlock_unlock(&merge->store->lock);
	merge->lo = segment_lo(merge->run.first->file);
	if (merge->dropping)
		live -= merge->dropping->part.bytes;
	if (rc != 0)
		return rc;
	if (!space_has_room(&space, live + seal + ROOM_MORE, true))
		return ENOSPC;
	store_tmp_name(merge->store, merge->name);
	errno = 0;
	merge->image = live <= IN_MEMORY
			       ? segment_image_in_memory(live / 256)
			       : segment_image_in_file(merge->store->tmp_fd, merge->name);
	if (!merge->image)
		return errno ? errno : ENOMEM;
	return 0;
}

/* Reads back what was built: the inputs go, so nothing may rest on hope. */
static int verify_record(struct merge *merge, enum frame_type type,
			 const struct frame_key *key)
{
	dfs_bytes data;
	void *record;
	size_t len;
	int rc = segment_image_fetch(merge->image, key, &record, &len);

	if (rc != 0)
		return rc;
	if (!frame_unpack(record, len, type, key, &data))
		rc = EIO;
	free(record);
	return rc;
}

static int verify_entry(struct merge *merge, const struct seal_entry *entry)
{
	struct frame_key key;
	int rc = 0;

	if (entry->type == SEAL_REGISTER) {
		frame_key_register(&key, entry->path, entry->path_len);
		return verify_record(merge, FRAME_REGISTER, &key);
	}
	for (uint64_t unit = 0; unit < entry->units && rc == 0; unit++) {
		if (!(entry->chunks & 1U << (placement_chunk(unit) - 1)))
			continue;
		frame_key_unit(&key, &entry->objects[0], unit);
		rc = verify_record(merge, FRAME_UNIT, &key);
	}
	return rc;
}

/* The entries of the output, one by one. */
static struct seal_reader read_entries(const struct merge *merge)
{
	return (struct seal_reader){
		.in = {.at = merge->entries.bytes, .left = merge->entries.len},
		.count = merge->entry_count};
}

static int build(struct merge *merge)
{
	struct store *store = merge->store;
	struct seal_reader reader;
	struct seal_entry entry;
	struct seal_head head;
	int rc = make_image(merge);

	if (rc == 0)
		rc = copy_inputs(merge);
	if (rc == 0 && merge->entries.len > SEAL_ENTRIES_MAX)
		rc = EFBIG;
	if (rc != 0)
		return rc;
	pthread_rwlock_rdlock(&store->lock);
	head = store->head;
	pthread_rwlock_unlock(&store->lock);
	rc = commit_add_seal(merge->image, &head, merge->entry_count, &merge->entries);
	reader = read_entries(merge);
	while (rc == 0 && seal_next(&reader, &entry) == SEAL_ENTRY)
		rc = verify_entry(merge, &entry);
	if (rc == 0)
		rc = segment_image_seal(merge->image, store->tmp_fd, merge->name,
					store->rules.fsync_segments);
	if (rc != 0)
		return rc;
	merge->output = store_segment_new(store, merge->lo, merge->hi,
					  segment_image_bytes(merge->image));
	if (!merge->output) {
		commit_unlink_tmp(store, merge->name);
		return ENOMEM;
	}
	merge->output->seal_bytes = (uint32_t)merge->entries.len;
	return 0;
}

/* ---- putting it in place ------------------------------------------------------------- */

static int put_in_place(struct merge *merge)
{
	struct store *store = merge->store;
	bool replaces = merge->run.count == 1;
	int rc = 0;

	if (replaces)
		rc = segment_retire(merge->run.first->file, true);
	if (rc == 0) {
		pthread_mutex_lock(&store->serial);
		rc = commit_rename(store, merge->name, merge->lo, merge->hi, replaces);
		if (rc == 0)
			commit_sync_folder(store);
		pthread_mutex_unlock(&store->serial);
	}
	if (rc != 0) {
		commit_unlink_tmp(store, merge->name);
		store_segment_free(merge->output);
		return rc;
	}
	pthread_rwlock_wrlock(&store->lock);
	TAILQ_INSERT_BEFORE(merge->run.first, merge->output, order);
	store->segment_count++;
	store->stored_bytes += segment_bytes(merge->output->file);
	pthread_rwlock_unlock(&store->lock);
	return 0;
}

/* The index finds it in the output from now on. */
static void move(struct merge *merge)
{
	struct store *store = merge->store;
	struct seal_reader reader = read_entries(merge);
	struct seal_entry entry;
	bool more = true;

	while (more) {
		pthread_rwlock_wrlock(&store->lock);
		for (unsigned i = 0; i < MOVE_AT_ONCE && more; i++) {
			more = seal_next(&reader, &entry) == SEAL_ENTRY;
			if (more && entry.type == SEAL_REGISTER)
				index_move_register(store->index, &entry, merge->lo,
						    merge->hi, merge->output);
			if (more && entry.type == SEAL_CONTENT)
				index_move_content(store->index, &entry, merge->lo,
						   merge->hi, merge->output);
		}
		pthread_rwlock_unlock(&store->lock);
	}
	pthread_rwlock_wrlock(&store->lock);
	if (merge->dropping)
		index_drop_content(store->index, merge->dropping);
	merge->output->full = merge->output->live;
	pthread_rwlock_unlock(&store->lock);
}

static void remove_inputs(struct merge *merge)
{
	struct store *store = merge->store;
	struct index_segment *input = merge->run.first, *next;
	char name[SEGMENT_NAME];

	for (size_t i = 0; i < merge->run.count; i++, input = next) {
		next = TAILQ_NEXT(input, order);
		pthread_rwlock_wrlock(&store->lock);
		TAILQ_REMOVE(&store->segments, input, order);
		store->segment_count--;
		store->stored_bytes -= segment_bytes(input->file);
		pthread_rwlock_unlock(&store->lock);
		if (merge->run.count > 1) {
			(void)segment_retire(input->file, false);
			segment_name(segment_lo(input->file), segment_hi(input->file),
				     name);
			/* One that stays is covered: the next start drops it. */
			(void)unlinkat(store->seg_fd, name, 0);
		}
		store_segment_free(input);
	}
	/* Before this range is merged again, so that no start finds half of its inputs. */
	if (merge->run.count > 1)
		commit_sync_folder(store);
}

static int run(struct merge *merge)
{
	int rc = build(merge);

	if (rc == 0)
		rc = put_in_place(merge);
	segment_image_free(merge->image);
	if (rc == 0) {
		move(merge);
		remove_inputs(merge);
	}
	pack_free(&merge->entries);
	log_event(rc == 0 ? LOG_DEBUG : LOG_WARN, "merged",
		  "segments=%zu lo=%llu hi=%llu result=\"%s\"", merge->run.count,
		  (unsigned long long)merge->lo, (unsigned long long)merge->hi,
		  strerror(rc));
	return rc;
}

int merge_step(struct store *store, bool *ret_more)
{
	struct merge merge = {.store = store};

	pthread_rwlock_rdlock(&store->lock);
	merge.run = merge_pick(store);
	pthread_rwlock_unlock(&store->lock);
	if (merge.run.count == 0)
		return 0;
	*ret_more = true;
	return run(&merge);
}

int merge_rewrite(struct store *store, struct index_segment *segment,
		  struct index_object *dropping)
{
	struct merge merge = {.store = store, .dropping = dropping};

	merge.run = (struct merge_run){.first = segment, .count = 1};
	return run(&merge);
}
