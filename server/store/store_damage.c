/* What was found damaged: known until it is replaced, and logged by name. */
#include "store_internal.h"

#include "ballot.h"
#include "log.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Objects that are looked at before others have the lock again. */
enum { MARKED_AT_ONCE = 4096 };

/*
 * The same record, read again and again, is counted once: the last ones are remembered.
 */
static bool is_news(struct store *store, const char *line)
{
	uint64_t hash = XXH3_64bits(line, strlen(line));
	bool news = true;

	pthread_mutex_lock(&store->damage_lock);
	for (size_t i = 0; i < STORE_DAMAGE && news; i++)
		news = store->damage[i] != hash;
	if (news)
		store->damage[store->damaged++ % STORE_DAMAGE] = hash;
	pthread_mutex_unlock(&store->damage_lock);
	return news;
}

void store_note_damage(struct store *store, const struct segment *file, const char *what,
		       const char *path, size_t path_len)
{
	char name[SEGMENT_NAME], quoted[512], line[768];

	(void)snprintf(line, sizeof line, "segment=%s %s=%s",
		       segment_name(segment_lo(file), segment_hi(file), name), what,
		       log_quote(path, path_len, quoted, sizeof quoted));
	if (is_news(store, line))
		log_event(LOG_WARN, "damaged", "%s", line);
}

int store_read_value(struct segment *file, const char *path, size_t len,
		     const dfs_ballot *ballot, dfs_value *ret)
{
	struct pack_in in = {0};
	struct frame_key key;
	dfs_ballot stored;
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_register(&key, path, len);
	rc = store_fetch(file, FRAME_REGISTER, &key, &record, &data);
	if (rc != 0)
		return rc;
	in.at = data.data;
	in.left = data.len;
	stored = pack_get_ballot(&in);
	if (in.failed || ballot_compare(&stored, ballot) != 0 ||
	    !value_unpack(in.at, in.left, ret))
		rc = EBADMSG;
	free(record);
	return rc;
}

bool store_mark_register(struct store *store, struct segment *file, const char *path,
			 size_t len, const dfs_ballot *ballot)
{
	struct index_register *reg;
	bool is_here;

	pthread_rwlock_wrlock(&store->lock);
	reg = index_find_register(store->index, path, len);
	is_here = reg && reg->segment->file == file &&
		  ballot_compare(&reg->ballot, ballot) == 0;
	store->changes += is_here;
	if (is_here)
		index_mark_damaged(store->index, reg);
	pthread_rwlock_unlock(&store->lock);
	if (is_here)
		store_note_damage(store, file, "path", path, len);
	return is_here;
}

/* Of the object, in this segment. */
static bool mark_chunk(struct store *store, const struct segment *file,
		       const dfs_id *object, unsigned chunk)
{
	struct index_object *found = index_find_object(store->index, object);
	bool marked = false;

	for (struct index_part *part = found ? &found->part : NULL; part;
	     part = part->more) {
		if (!(part->chunks & 1U << (chunk - 1)) || part->segment->file != file)
			continue;
		part->damaged = (part->damaged | 1U << (chunk - 1)) & CHUNKS_ALL;
		part->segment->damaged = true;
		marked = true;
	}
	return marked;
}

bool store_mark_unit(struct store *store, struct segment *file, const dfs_id *object,
		     uint64_t unit)
{
	char hex[ID_TEXT], text[ID_TEXT + 32];
	bool marked;

	pthread_rwlock_wrlock(&store->lock);
	marked = mark_chunk(store, file, object, placement_chunk(unit));
	store->changes += marked;
	pthread_rwlock_unlock(&store->lock);
	if (!marked)
		return false;
	(void)snprintf(text, sizeof text, "%s:%llu", id_text(object, hex),
		       (unsigned long long)unit);
	store_note_damage(store, file, "unit", text, strlen(text));
	return true;
}

/* With the store's lock held. */
static struct index_segment *find_segment(struct store *store, const struct segment *file)
{
	struct index_segment *segment;

	TAILQ_FOREACH (segment, &store->segments, order)
		if (segment->file == file)
			break;
	return segment;
}

bool store_mark_segment(struct store *store, struct segment *file)
{
	struct index_segment *segment;
	char name[SEGMENT_NAME];

	pthread_rwlock_wrlock(&store->lock);
	segment = find_segment(store, file);
	if (segment) {
		segment->damaged = true;
		segment->unreadable = segment->live == 0;
	}
	pthread_rwlock_unlock(&store->lock);
	if (!segment)
		return false;
	segment_name(segment_lo(file), segment_hi(file), name);
	store_note_damage(store, file, "file", name, strlen(name));
	return true;
}

/*
 * Without its list the next start knows nothing of what is in it, and no scrub reads it:
 * as good as damaged, all of it.  Whoever reads it meanwhile may still be lucky.
 */
static void mark_contents(struct store *store, const struct segment *file)
{
	struct index_segment *segment;
	dfs_id cursor = {{0}};
	bool more = true;

	while (more) {
		pthread_rwlock_wrlock(&store->lock);
		segment = find_segment(store, file);
		more = segment && index_damage_segment(store->index, segment, &cursor,
						       MARKED_AT_ONCE);
		store->changes++;
		pthread_rwlock_unlock(&store->lock);
	}
}

bool store_mark_list(struct store *store, struct segment *file)
{
	if (!store_mark_segment(store, file))
		return false;
	mark_contents(store, file);
	return true;
}
