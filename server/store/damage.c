/* What was found damaged: known until it is replaced, and logged by name. */
#include "damage.h"

#include "ballot.h"
#include "log.h"
#include "pieces.h"
#include "sets.h"
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Objects that are looked at before others have the lock again. */
enum { MARKED_AT_ONCE = 4096 };

void damage_init(struct damage *damage)
{
	pthread_mutex_init(&damage->lock, NULL);
}

void damage_free(struct damage *damage)
{
	pthread_mutex_destroy(&damage->lock);
}

uint64_t damage_count(struct damage *damage)
{
	uint64_t count;

	pthread_mutex_lock(&damage->lock);
	count = damage->count;
	pthread_mutex_unlock(&damage->lock);
	return count;
}

/*
 * The same record, read again and again, is counted once: the last ones are remembered.
 */
static bool is_news(struct damage *damage, const char *line)
{
	uint64_t hash = XXH3_64bits(line, strlen(line));
	bool news = true;

	pthread_mutex_lock(&damage->lock);
	for (size_t i = 0; i < DAMAGE_REMEMBERED && news; i++)
		news = damage->hashes[i] != hash;
	if (news)
		damage->hashes[damage->count++ % DAMAGE_REMEMBERED] = hash;
	pthread_mutex_unlock(&damage->lock);
	return news;
}

/* Logs and counts a damaged record; the segment is left as it is from now on. */
static void note_damage(struct store *store, const struct segment *file, const char *what,
			const char *path, size_t path_len)
{
	char name[SEGMENT_NAME], quoted[512], line[768];

	(void)snprintf(line, sizeof line, "segment=%s %s=%s",
		       segment_name(segment_lo(file), segment_hi(file), name), what,
		       log_quote(path, path_len, quoted, sizeof quoted));
	if (is_news(&store->damage, line))
		log_event(LOG_WARN, "damaged", "%s", line);
}

bool damage_mark_register(struct store *store, struct segment *file, const char *path,
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
		note_damage(store, file, "path", path, len);
	return is_here;
}

/* Of the object, in this segment: one of its chunks, or (0) all, with their proofs. */
static bool mark_chunk(struct store *store, const struct segment *file,
		       const dfs_id *object, unsigned chunk)
{
	struct index_object *found = index_find_object(store->index, object);
	bool marked = false;

	for (struct index_part *part = found ? &found->part : NULL; part;
	     part = part->more) {
		if ((chunk != 0 && !set_has(part->chunks, chunk)) || part->chunks == 0 ||
		    part->segment->file != file)
			continue;
		if (chunk == 0)
			index_damage_part(store->index, part);
		else
			part->damaged = set_with(part->damaged, chunk) & CHUNKS_ALL;
		part->segment->damaged = true;
		index_segment_changed(part->segment);
		marked = true;
	}
	return marked;
}

bool damage_mark_unit(struct store *store, struct segment *file, const dfs_id *object,
		      uint64_t unit)
{
	char hex[ID_TEXT], text[ID_TEXT + 32];
	bool marked;

	pthread_rwlock_wrlock(&store->lock);
	marked = mark_chunk(store, file, object,
			    unit < PIECES_FIRST ? placement_chunk(unit) : 0);
	store->changes += marked;
	pthread_rwlock_unlock(&store->lock);
	if (!marked)
		return false;
	(void)snprintf(text, sizeof text, "%s:%llu", id_text(object, hex),
		       (unsigned long long)unit);
	note_damage(store, file, "unit", text, strlen(text));
	return true;
}

/* The chunk of the object, in this segment; false where it was proved. */
static bool mark_unbrought(struct store *store, const struct segment *file,
			   struct index_object *found, unsigned chunk)
{
	bool marked = false;

	for (struct index_part *part = &found->part; part; part = part->more) {
		if (!part->segment || part->segment->file != file ||
		    !set_has(part->chunks, chunk))
			continue;
		if (part->proved)
			return false;
		part->damaged = set_with(part->damaged, chunk) & CHUNKS_ALL;
		part->unbrought = set_with(part->unbrought, chunk) & CHUNKS_ALL;
		part->segment->damaged = true;
		index_segment_changed(part->segment);
		marked = true;
	}
	/* Whatever was known of it: the peers are to be asked for this chunk. */
	if (marked)
		found->unbrought = INDEX_UNBROUGHT;
	store->changes += marked;
	return marked;
}

bool damage_mark_unbrought(struct store *store, struct segment *file,
			   const dfs_id *object, uint64_t unit)
{
	char hex[ID_TEXT], name[SEGMENT_NAME];
	struct index_object *found;
	bool marked;

	pthread_rwlock_wrlock(&store->lock);
	found = index_find_object(store->index, object);
	marked = found && mark_unbrought(store, file, found, placement_chunk(unit));
	pthread_rwlock_unlock(&store->lock);
	if (marked)
		log_event(LOG_WARN, "not-brought", "segment=%s unit=%s:%llu",
			  segment_name(segment_lo(file), segment_hi(file), name),
			  id_text(object, hex), (unsigned long long)unit);
	return marked;
}

/* With the store's lock held. */
static struct index_segment *find_listed(struct store *store, const struct segment *file)
{
	struct index_segment *segment;

	TAILQ_FOREACH (segment, &store->segments.list, order)
		if (segment->file == file)
			break;
	return segment;
}

bool damage_mark_segment(struct store *store, struct segment *file)
{
	struct index_segment *segment;
	char name[SEGMENT_NAME];

	pthread_rwlock_wrlock(&store->lock);
	segment = find_listed(store, file);
	if (segment) {
		segment->damaged = true;
		segment->unreadable = segment->live == 0;
		index_segment_changed(segment);
	}
	pthread_rwlock_unlock(&store->lock);
	if (!segment)
		return false;
	segment_name(segment_lo(file), segment_hi(file), name);
	note_damage(store, file, "file", name, strlen(name));
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
		segment = find_listed(store, file);
		more = segment && index_damage_segment(store->index, segment, &cursor,
						       MARKED_AT_ONCE);
		store->changes++;
		pthread_rwlock_unlock(&store->lock);
	}
}

bool damage_mark_list(struct store *store, struct segment *file)
{
	if (!damage_mark_segment(store, file))
		return false;
	mark_contents(store, file);
	return true;
}
