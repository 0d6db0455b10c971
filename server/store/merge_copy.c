/*
 * What of a merge's inputs still counts.
 *
 * Only the compactor takes segments out of the store's list, so that it may walk its
 * inputs without the lock; what is alive in them is asked of the index, entry by entry,
 * and may die meanwhile.
 */
#include "merge_copy.h"

#include "ballot.h"
#include "pieces.h"
#include "placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what still counts ------------------------------------------------------------- */

static bool put_entry(struct merge *merge, const struct seal_entry *entry)
{
	if (!batch_put_entry(&merge->entries, entry))
		return false;
	merge->entry_count++;
	return true;
}

/* *ret_bytes: what it takes, if not NULL. */
static int copy_register(struct merge *merge, struct segment *file,
			 const struct frame_key *key)
{
	dfs_bytes data;
	void *record;
	int rc = store_record_fetch(file, FRAME_REGISTER, key, &record, &data);

	if (rc != 0)
		return rc;
	rc = segment_image_add(merge->image, key, record, frame_size(key->len, data.len));
	free(record);
	return rc;
}

/* One record of a content, which is under its object's id from now on. */
static int copy_unit(struct merge *merge, struct segment *file,
		     const struct seal_entry *entry, uint64_t number, uint64_t *ret_bytes)
{
	struct frame_key key, renamed;
	struct store_record *copy = NULL;
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_unit(&key, &entry->objects[entry->by_maker], number);
	frame_key_unit(&renamed, &entry->objects[0], number);
	rc = store_record_fetch(file, FRAME_UNIT, &key, &record, &data);
	if (rc != 0)
		return rc;
	*ret_bytes = store_record_bytes_of(&key, data.len);
	if (entry->by_maker)
		copy = store_record_new(FRAME_UNIT, &renamed, data.data, data.len);
	if (copy || !entry->by_maker)
		rc = segment_image_add(merge->image, &renamed,
				       copy ? copy->frame : record,
				       frame_size(key.len, data.len));
	else
		rc = ENOMEM;
	store_record_free_all(copy);
	free(record);
	/* Content that came twice, in other sets of chunks: the same bytes. */
	return rc == EEXIST ? 0 : rc;
}

/* What is on its way out counts against no quota. */
static void unstake(struct seal_entry *binding)
{
	binding->size = 0;
	binding->owner_len = 0;
}

/* An overtaken value, whose content is still needed, lives on as bindings. */
static int keep_overtaken(struct merge *merge, const struct seal_entry *entry)
{
	struct seal_entry binding = *entry;

	binding.type = SEAL_BINDING;
	unstake(&binding);
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
	return copy_register(merge, input->file, &key);
}

/* A binding counts while the index has it, or an overtaken value in its stead. */
static int keep_binding(struct merge *merge, const struct seal_entry *entry)
{
	struct store *store = merge->store;
	const struct index_binding *binding;
	struct seal_entry kept = *entry;
	bool overtaken, keep;

	pthread_rwlock_rdlock(&store->lock);
	binding = index_find_binding(store->index, &entry->objects[0], entry->path,
				     entry->path_len);
	overtaken = index_find_overtaken(store->index, entry->path, entry->path_len,
					 &entry->ballot);
	keep = overtaken ||
	       (binding && ballot_compare(&binding->ballot, &entry->ballot) == 0);
	pthread_rwlock_unlock(&store->lock);
	if (overtaken)
		unstake(&kept);
	return keep && !put_entry(merge, &kept) ? ENOMEM : 0;
}

/* The chunks of the entry that are still here, in this segment; and are they proved? */
static chunk_set chunks_left(struct merge *merge, const struct index_segment *input,
			     struct seal_entry *entry)
{
	struct store *store = merge->store;
	const struct index_part *part = NULL;
	struct index_object *object;
	chunk_set chunks = 0;

	pthread_rwlock_rdlock(&store->lock);
	object = index_find_object(store->index, &entry->objects[0]);
	if (object && object != merge->dropping)
		part = &object->part;
	/*
	 * A pair and, later, all four chunks may both be here: each entry stands for its
	 * own.
	 */
	for (; part; part = part->more)
		if (part->segment == input && (part->chunks & ~entry->chunks) == 0 &&
		    set_count(part->chunks) > set_count(chunks)) {
			chunks = part->chunks;
			entry->proved = part->proved;
		}
	pthread_rwlock_unlock(&store->lock);
	return chunks;
}

/* Less of it where chunks were trimmed. */
static int keep_content(struct merge *merge, struct index_segment *input,
			struct seal_entry *entry)
{
	chunk_set chunks = chunks_left(merge, input, entry);
	bool trimmed = chunks != entry->chunks;
	uint64_t all = 0, bytes = 0;
	int rc = 0;

	if (chunks == 0)
		return 0;
	for (uint64_t i = 0; rc == 0 && pieces_next(entry->units, chunks, &i); i++) {
		rc = copy_unit(merge, input->file, entry, i, &bytes);
		all += bytes;
	}
	entry->by_maker = false;
	entry->chunks = chunks;
	if (trimmed)
		entry->bytes = all;
	if (rc == 0 && !put_entry(merge, entry))
		rc = ENOMEM;
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

/*
 * Could what the entry takes back be in an older segment?  Registers only where they
 * count.
 */
static bool may_undo(const struct merge *merge, const struct seal_entry *entry)
{
	return !merge->from_first &&
	       (entry->type != SEAL_FORGET || merge->lo != merge->begun);
}

/* What is in a segment from before a recovery. */
static bool is_dead(const struct merge *merge, const struct seal_entry *entry)
{
	return merge->hi < merge->begun && entry->type != SEAL_CONTENT &&
	       entry->type != SEAL_DROP && entry->type != SEAL_TRIM;
}

static int keep_entry(struct merge *merge, struct index_segment *input,
		      struct seal_entry *entry)
{
	if (is_dead(merge, entry))
		return 0;
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
	case SEAL_TRIM:
	case SEAL_FORGET:
		if (!may_undo(merge, entry) || !merge->store->rules.keep_undone)
			return 0;
		merge->undo += seal_undo_bytes(entry->type, entry->path_len);
		return put_entry(merge, entry) ? 0 : ENOMEM;
	}
	return EBADMSG;
}

/* ---- building ---------------------------------------------------------------------- */

/* From before a recovery, unreadable, and nothing of it is needed. */
static bool is_useless(const struct merge *merge, const struct index_segment *input)
{
	return merge->hi < merge->begun && input->live == 0 &&
	       (input->seal_bytes == 0 || input->unreadable);
}

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
	rc = store_record_fetch(input->file, FRAME_SEAL, &key, &record, &data);
	segment_close(input->file);
	if (rc == EBADMSG || rc == EIO) {
		if (is_useless(merge, input)) {
			merge->left_out = true;
			return 0;
		}
		(void)damage_mark_list(merge->store, input->file);
	}
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

int merge_copy_inputs(struct merge *merge)
{
	struct index_segment *input = merge->run.first;
	int rc = 0;

	for (size_t i = 0; i < merge->run.count && rc == 0; i++) {
		/* Behind the last one, commits append. */
		if (i > 0)
			input = TAILQ_NEXT(input, order);
		rc = copy_input(merge, input);
		/*
		 * What cannot be copied is left where it is, for what is still good in
		 * it.
		 */
		if (rc == EBADMSG || rc == EIO)
			(void)damage_mark_segment(merge->store, input->file);
	}
	return rc;
}

/* ---- verifying --------------------------------------------------------------------- */

struct seal_reader merge_copy_entries(const struct merge *merge)
{
	return (struct seal_reader){
		.in = {.at = merge->entries.bytes, .left = merge->entries.len},
		.count = merge->entry_count};
}

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
	if (entry->type != SEAL_CONTENT)
		return 0;
	for (uint64_t i = 0; rc == 0 && pieces_next(entry->units, entry->chunks, &i);
	     i++) {
		frame_key_unit(&key, &entry->objects[0], i);
		rc = verify_record(merge, FRAME_UNIT, &key);
	}
	return rc;
}

int merge_copy_verify(struct merge *merge)
{
	struct seal_reader reader = merge_copy_entries(merge);
	struct seal_entry entry;
	int rc = 0;

	while (rc == 0 && seal_next(&reader, &entry) == SEAL_ENTRY)
		rc = verify_entry(merge, &entry);
	return rc;
}
