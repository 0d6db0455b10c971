/* One segment of a store that starts. */
#include "load_seal.h"

#include "ballot.h"
#include "carry_over.h"
#include "watermark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void load_note(struct load *load, uint64_t at, const char *why)
{
	if (at < load->store->head.begun)
		return;
	load->wrong = true;
	load->wrong_at = at;
	(void)snprintf(load->why, load->why_size, "%s", why);
}

/* ---- entries ------------------------------------------------------------------- */

static int apply_register(struct store *store, const struct seal_entry *entry,
			  struct index_segment *segment)
{
	struct index_register *reg = index_register_new(store->index, entry);

	if (!reg)
		return ENOMEM;
	index_put_register(store->index, reg, segment);
	return 0;
}

static int apply_content(struct store *store, const struct seal_entry *entry,
			 struct index_segment *segment)
{
	struct index_object *object = index_hold(store->index, &entry->objects[0]);
	struct index_part *spare = calloc(1, sizeof *spare);

	if (!object || !spare) {
		free(spare);
		return ENOMEM;
	}
	index_put_content(store->index, object, entry, segment, spare);
	index_release(store->index, object);
	return 0;
}

static int apply_binding(struct store *store, const struct seal_entry *entry)
{
	struct index_binding *binding = index_binding_new(store->index, entry);

	if (!binding)
		return ENOMEM;
	index_put_binding(store->index, binding);
	return 0;
}

/* Of a segment from before a recovery only content counts. */
static bool counts(const struct store *store, const struct seal_entry *entry,
		   const struct index_segment *segment)
{
	return segment_lo(segment->file) >= store->head.begun ||
	       !store->rules.bury_registers || entry->type == SEAL_CONTENT ||
	       entry->type == SEAL_DROP || entry->type == SEAL_TRIM ||
	       entry->type == SEAL_PROVED;
}

static int apply(struct store *store, const struct seal_entry *entry,
		 struct index_segment *segment)
{
	struct index_object *object = NULL;

	if (!counts(store, entry, segment))
		return 0;
	if (entry->type == SEAL_DROP || entry->type == SEAL_TRIM ||
	    entry->type == SEAL_PROVED)
		object = index_find_object(store->index, &entry->objects[0]);
	switch (entry->type) {
	case SEAL_REGISTER:
		return apply_register(store, entry, segment);
	case SEAL_CONTENT:
		return apply_content(store, entry, segment);
	case SEAL_BINDING:
		return apply_binding(store, entry);
	case SEAL_DROP:
		if (object)
			index_drop_content(store->index, object);
		return 0;
	case SEAL_TRIM:
		if (object)
			index_trim(store->index, object, entry->chunks);
		return 0;
	case SEAL_PROVED:
		if (object)
			index_was_proved(store->index, object, entry->chunks);
		return 0;
	case SEAL_SETTLED:
		index_settle(store->index, entry->path, entry->path_len, &entry->ballot);
		return 0;
	case SEAL_FORGET:
		index_forget(store->index, entry->path, entry->path_len, &entry->ballot);
		return 0;
	}
	return 0;
}

/* ---- the head ------------------------------------------------------------------ */

static int refuse(struct load *load, const struct seal_head *head)
{
	bool same = id_equal(&head->cluster, &load->store->cluster);

	(void)snprintf(
		load->why, load->why_size,
		"The store belongs to dfs%u of %s: check which folder this server was "
		"given.",
		head->server, same ? "this cluster" : "another cluster");
	return EXDEV;
}

/* What was found so far is of a time before the recovery that begins with this number. */
static void begin_again(struct load *load, const struct seal_head *head)
{
	struct store *store = load->store;

	store->head = (struct seal_head){.store = head->store,
					 .cluster = store->cluster,
					 .server = store->server,
					 .begun = head->begun};
	if (store->rules.bury_registers)
		index_reset(store->index);
	if (load->wrong_at < head->begun)
		load->wrong = false;
}

/* What is remembered of peers was true whenever it was written. */
static void take_memory(struct store *store, const struct seal_head *head)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		(void)watermark_take(&store->heard[i], &head->peers[i]);
}

static void take_numbers(struct store *store, const struct seal_head *head)
{
	if (head->votes) {
		store->head.votes = true;
		store->head.born = head->born;
	}
	if (head->epoch > store->head.epoch)
		store->head.epoch = head->epoch;
	if (head->reserved > store->head.reserved)
		store->head.reserved = head->reserved;
	if (ballot_compare(&head->floor, &store->head.floor) > 0)
		store->head.floor = head->floor;
}

static int take_head(struct load *load, const struct seal_head *head,
		     const struct index_segment *segment)
{
	struct store *store = load->store;
	uint64_t lo = segment_lo(segment->file), hi = segment_hi(segment->file);

	if (head->server != store->server || !id_equal(&head->cluster, &store->cluster))
		return refuse(load, head);
	take_memory(store, head);
	if (head->begun > store->head.begun)
		begin_again(load, head);
	if (hi < store->head.begun)
		return 0;
	if (lo < store->head.begun)
		load_note(load, hi, "A segment reaches back before a recovery.");
	else if (head->begun < store->head.begun)
		load_note(load, hi, "A segment is from before a recovery.");
	else if (!id_equal(&head->store, &store->head.store))
		load_note(load, hi, "One of the segments is from another store.");
	else
		take_numbers(store, head);
	return 0;
}

/* ---- both ---------------------------------------------------------------------- */

static void note_unreadable(struct load *load, const struct index_segment *segment,
			    int error)
{
	uint64_t lo = segment_lo(segment->file), hi = segment_hi(segment->file);
	char name[SEGMENT_NAME], why[160];

	(void)snprintf(why, sizeof why, "The list of segment %s cannot be read: %s.",
		       segment_name(lo, hi, name),
		       error == EBADMSG ? "it is damaged" : strerror(error));
	load_note(load, hi, why);
}

static int read_entries(struct load *load, struct index_segment *segment, dfs_bytes data)
{
	enum seal_step step = SEAL_BROKEN;
	struct seal_reader reader;
	struct seal_entry entry;
	struct seal_head head;
	int rc;

	if (!seal_open(data, &head, &reader)) {
		note_unreadable(load, segment, EBADMSG);
		return 0;
	}
	rc = take_head(load, &head, segment);
	segment->seal_bytes = data.len;
	while (rc == 0 && (step = seal_next(&reader, &entry)) == SEAL_ENTRY) {
		segment->full += entry.bytes;
		index_segment_add_undo(segment,
				       seal_undo_bytes(entry.type, entry.path_len));
		rc = apply(load->store, &entry, segment);
	}
	if (rc == 0 && step == SEAL_BROKEN)
		note_unreadable(load, segment, EBADMSG);
	return rc;
}

static int refuse_version(struct load *load, uint32_t version)
{
	if (version < SEAL_VERSION)
		(void)snprintf(
			load->why, load->why_size,
			"The store was written by an older version of this program, and "
			"is left as it is: " CARRY_OVER ".");
	else
		(void)snprintf(
			load->why, load->why_size,
			"The store was written by a newer version of this program: run "
			"that one.");
	return EPROTO;
}

int load_seal(struct load *load, struct index_segment *segment)
{
	struct frame_key key;
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_seal(&key);
	rc = store_record_fetch(segment->file, FRAME_SEAL, &key, &record, &data);
	segment_close(segment->file);
	if (rc == ENOMEM)
		return rc;
	if (rc != 0) {
		note_unreadable(load, segment, rc);
		return 0;
	}
	if (seal_version(data) == SEAL_VERSION)
		rc = read_entries(load, segment, data);
	else
		rc = refuse_version(load, seal_version(data));
	free(record);
	return rc;
}
