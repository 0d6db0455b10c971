/* Merging a run: building its output, putting it in place, removing the inputs. */
#include "merge.h"

#include "commit.h"
#include "log.h"
#include "merge_copy.h"
#include "space.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	IN_MEMORY = 8 << 20,
	ROOM_MORE = 1 << 20,
	MOVE_AT_ONCE = 256, /* entries, before others have the lock again */
	LEFT_AT_ONCE = 4096 /* objects, likewise */
};

/* ---- building ---------------------------------------------------------------------- */

static int make_image(struct merge *merge)
{
	struct index_segment *input = merge->run.first;
	uint64_t live = 0, seal = 0;
	struct space space;
	int rc = space_read(merge->store->folders.seg_fd, &space);

	pthread_rwlock_rdlock(&merge->store->lock);
	merge->begun = merge->store->head.begun;
	merge->from_first = input == TAILQ_FIRST(&merge->store->segments.list);
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
	if (!space_has_room(&space, live + seal + ROOM_MORE, SPACE_ALL))
		return ENOSPC;
	folders_tmp_name(&merge->store->folders, merge->name);
	errno = 0;
	merge->image = live <= IN_MEMORY
			       ? segment_image_in_memory(live / 256)
			       : segment_image_in_file(merge->store->folders.tmp_fd,
						       merge->name);
	if (!merge->image)
		return errno ? errno : ENOMEM;
	return 0;
}

/* A range from before a recovery needs no segment. */
static bool leaves_nothing(const struct merge *merge)
{
	return merge->entry_count == 0 && merge->hi < merge->begun;
}

static int build_output(struct merge *merge)
{
	struct store *store = merge->store;
	struct seal_head head;
	int rc = make_image(merge);

	if (rc == 0)
		rc = merge_copy_inputs(merge);
	if (rc == 0 && leaves_nothing(merge))
		return 0;
	if (rc == 0 && merge->entries.len > SEAL_ENTRIES_MAX)
		rc = EFBIG;
	if (rc != 0)
		return rc;
	pthread_rwlock_rdlock(&store->lock);
	head = store->head;
	pthread_rwlock_unlock(&store->lock);
	rc = commit_add_seal(merge->image, &head, merge->entry_count, &merge->entries);
	if (rc == 0)
		rc = merge_copy_verify(merge);
	if (rc == 0)
		rc = segment_image_seal(merge->image, store->folders.tmp_fd, merge->name,
					store->rules.fsync_segments);
	if (rc != 0)
		return rc;
	merge->output = index_segment_new(store->cache, merge->lo, merge->hi,
					  segment_image_bytes(merge->image));
	if (!merge->output) {
		folders_unlink_tmp(&store->folders, merge->name);
		return ENOMEM;
	}
	merge->output->seal_bytes = (uint32_t)merge->entries.len;
	merge->output->undo = merge->undo;
	return 0;
}

/* ---- putting it in place ---------------------------------------------------------- */

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
		if (replaces)
			segment_keep(merge->run.first->file);
		folders_unlink_tmp(&store->folders, merge->name);
		index_segment_free(merge->output);
		return rc;
	}
	pthread_rwlock_wrlock(&store->lock);
	index_segments_put_before(&store->segments, merge->run.first, merge->output);
	pthread_rwlock_unlock(&store->lock);
	return 0;
}

/* What takes no space, such as an empty file, may still be said to be there. */
static void leave_inputs(struct merge *merge)
{
	struct index_segment *input = merge->run.first;
	struct store *store = merge->store;

	for (size_t i = 0; i < merge->run.count; i++) {
		dfs_id cursor = {{0}};
		bool more = true;

		while (more) {
			pthread_rwlock_wrlock(&store->lock);
			more = index_leave_segment(store->index, input, &cursor,
						   LEFT_AT_ONCE);
			store->changes++;
			pthread_rwlock_unlock(&store->lock);
		}
		/* Behind the last one, commits append. */
		if (i + 1 < merge->run.count)
			input = TAILQ_NEXT(input, order);
	}
}

/* The index finds it in the output from now on. */
static void move(struct merge *merge)
{
	struct store *store = merge->store;
	struct seal_reader reader = merge_copy_entries(merge);
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
	if (merge->output) {
		merge->output->full = merge->output->live;
		if (merge->output->live == 0)
			merge->output->swept = merge->from_first ? SWEPT_AS_FIRST : SWEPT;
	}
	pthread_rwlock_unlock(&store->lock);
}

static void remove_inputs(struct merge *merge)
{
	struct store *store = merge->store;
	struct index_segment *input = merge->run.first, *next;
	bool replaced = merge->run.count == 1 && merge->output;
	char name[SEGMENT_NAME];

	for (size_t i = 0; i < merge->run.count; i++, input = next) {
		pthread_rwlock_wrlock(&store->lock);
		next = TAILQ_NEXT(input, order);
		index_segments_remove(&store->segments, input);
		pthread_rwlock_unlock(&store->lock);
		if (!replaced) {
			(void)segment_retire(input->file, false);
			segment_name(segment_lo(input->file), segment_hi(input->file),
				     name);
			/* One that stays is covered: the next start drops it. */
			(void)unlinkat(store->folders.seg_fd, name, 0);
		}
		index_segment_free(input);
	}
	/* Before this range is merged again: no start may find half of its inputs. */
	if (!replaced)
		commit_sync_folder(store);
}

static int merge_one(struct merge *merge)
{
	int rc = build_output(merge);

	if (rc == 0 && merge->output)
		rc = put_in_place(merge);
	segment_image_free(merge->image);
	if (rc == 0) {
		move(merge);
		if (merge->left_out)
			leave_inputs(merge);
		remove_inputs(merge);
	}
	pack_free(&merge->entries);
	/* A full disk is no news here. */
	log_event(rc == 0 || rc == ENOSPC ? LOG_DEBUG : LOG_WARN, "merged",
		  "segments=%zu lo=%llu hi=%llu result=\"%s\"", merge->run.count,
		  (unsigned long long)merge->lo, (unsigned long long)merge->hi,
		  strerror(rc));
	return rc;
}

int merge_step(struct store *store, bool *ret_more)
{
	struct merge merge = {.store = store};
	bool more = true;

	while (merge.run.count == 0 && more) {
		pthread_rwlock_wrlock(&store->lock);
		merge.run = merge_pick(&store->segments, &store->rules, store->head.begun,
				       &more);
		pthread_rwlock_unlock(&store->lock);
	}
	if (merge.run.count == 0)
		return 0;
	*ret_more = true;
	return merge_one(&merge);
}

int merge_rewrite(struct store *store, struct index_segment *segment,
		  struct index_object *dropping)
{
	struct merge merge = {.store = store, .dropping = dropping};

	merge.run = (struct merge_run){.first = segment, .count = 1};
	return merge_one(&merge);
}
