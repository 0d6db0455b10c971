/* The start of a store. */
#include "recover.h"

#include "ballot.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of seg/. */
struct found {
	uint64_t lo, hi, bytes;
	bool covered;
};

struct folder {
	struct found *files;
	size_t count, room;
};

/* The first thing that is wrong is what people are told. */
static void not_whole(struct store *store, const char *why)
{
	if (store->whole)
		snprintf(store->why, sizeof store->why, "%s", why);
	store->whole = false;
}

/* ---- the folder ---------------------------------------------------------------- */

static int add_file(struct store *store, struct folder *folder, const char *name)
{
	struct found file = {0}, *grown;
	struct stat status;

	if (name[0] == '.')
		return 0;
	if (!segment_parse_name(name, &file.lo, &file.hi)) {
		log_event(LOG_WARN, "foreign", "file=seg/%s ignored=yes", name);
		return 0;
	}
	if (fstatat(store->seg_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno;
	file.bytes = (uint64_t)status.st_size;
	if (folder->count == folder->room) {
		size_t room = folder->room ? 2 * folder->room : 64;

		grown = realloc(folder->files, room * sizeof *grown);
		if (!grown)
			return ENOMEM;
		folder->files = grown;
		folder->room = room;
	}
	folder->files[folder->count++] = file;
	return 0;
}

/* By the first number, the widest range first. */
static int compare_files(const void *a, const void *b)
{
	const struct found *left = a, *right = b;

	if (left->lo != right->lo)
		return left->lo < right->lo ? -1 : 1;
	return (left->hi < right->hi) - (left->hi > right->hi);
}

static int read_folder(struct store *store, struct folder *folder)
{
	struct dirent *entry;
	DIR *dir;
	int rc = store_list_folder(store->seg_fd, &dir);

	if (rc != 0)
		return rc;
	errno = 0;
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		rc = add_file(store, folder, entry->d_name);
		errno = 0;
	}
	if (rc == 0)
		rc = errno;
	closedir(dir);
	if (folder->count > 0)
		qsort(folder->files, folder->count, sizeof *folder->files, compare_files);
	return rc;
}

/* Marks what a merged segment covers, and demands that the rest tile 1 to the newest. */
static void check_tiling(struct store *store, struct folder *folder)
{
	uint64_t next = 1;
	char why[128];

	if (folder->count == 0 && store->made_folder)
		not_whole(store, "The store's folder was gone; it was made anew and is "
				 "empty.");
	else if (folder->count == 0)
		not_whole(store, "The store is empty: its segments are gone.");
	for (size_t i = 0; i < folder->count; i++) {
		struct found *file = &folder->files[i];

		if (file->hi < next) {
			file->covered = true;
			continue;
		}
		if (file->lo > next) {
			snprintf(
				why, sizeof why,
				"Segments %llu to %llu are missing: stored data is lost.",
				(unsigned long long)next,
				(unsigned long long)file->lo - 1);
			not_whole(store, why);
		} else if (file->lo < next) {
			not_whole(store, "A segment overlaps the one before it.");
		}
		next = file->hi + 1;
	}
	store->newest = next - 1;
}

/* ---- one segment --------------------------------------------------------------- */

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

static int apply(struct store *store, const struct seal_entry *entry,
		 struct index_segment *segment)
{
	struct index_binding *binding;
	struct index_object *object;

	switch (entry->type) {
	case SEAL_REGISTER:
		return apply_register(store, entry, segment);
	case SEAL_CONTENT:
		return apply_content(store, entry, segment);
	case SEAL_BINDING:
		binding = index_binding_new(store->index, entry);
		if (!binding)
			return ENOMEM;
		index_put_binding(store->index, binding);
		return 0;
	case SEAL_DROP:
		object = index_find_object(store->index, &entry->objects[0]);
		if (object)
			index_drop_content(store->index, object);
		return 0;
	case SEAL_SETTLED:
		index_settle(store->index, entry->path, entry->path_len, &entry->ballot);
		return 0;
	}
	return 0;
}

static int check_head(struct store *store, const struct seal_head *head)
{
	if (head->server != store->server || !id_equal(&head->cluster, &store->cluster)) {
		snprintf(store->why, sizeof store->why,
			 "The store belongs to dfs%u of %s: check which folder this "
			 "server "
			 "was given.",
			 head->server,
			 id_equal(&head->cluster, &store->cluster) ? "this cluster"
								   : "another cluster");
		return EXDEV;
	}
	if (id_is_zero(&store->head.store))
		store->head.store = head->store;
	else if (!id_equal(&head->store, &store->head.store))
		not_whole(store, "One of the segments is from another store.");
	if (head->epoch > store->head.epoch)
		store->head.epoch = head->epoch;
	if (head->reserved > store->head.reserved)
		store->head.reserved = head->reserved;
	if (ballot_compare(&head->floor, &store->head.floor) > 0)
		store->head.floor = head->floor;
	return 0;
}

static int read_seal(struct store *store, struct index_segment *segment, const char *name)
{
	struct seal_reader reader;
	struct seal_entry entry;
	struct seal_head head;
	struct frame_key key;
	enum seal_step step = SEAL_BROKEN;
	char why[128];
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_seal(&key);
	rc = store_fetch(segment->file, FRAME_SEAL, &key, &record, &data);
	segment_close(segment->file);
	if (rc == ENOMEM)
		return rc;
	if (rc == 0 && seal_version(data) != SEAL_VERSION) {
		free(record);
		snprintf(
			store->why, sizeof store->why,
			"The store was written by another version of this program, which "
			"this one cannot read: run that one, or make a new cluster.");
		return EPROTO;
	}
	if (rc == 0 && !seal_open(data, &head, &reader)) {
		free(record);
		rc = EBADMSG;
	}
	if (rc != 0) {
		snprintf(why, sizeof why, "The list of segment %s cannot be read: %s.",
			 name, rc == EBADMSG ? "it is damaged" : strerror(rc));
		not_whole(store, why);
		return 0;
	}
	rc = check_head(store, &head);
	segment->seal_bytes = data.len;
	while (rc == 0 && (step = seal_next(&reader, &entry)) == SEAL_ENTRY) {
		segment->full += entry.bytes;
		rc = apply(store, &entry, segment);
	}
	if (rc == 0 && step == SEAL_BROKEN)
		not_whole(store, "The list of a segment is damaged.");
	free(record);
	return rc;
}

static int read_segment(struct store *store, const struct found *file)
{
	struct index_segment *segment =
		store_segment_new(store, file->lo, file->hi, file->bytes);
	char name[SEGMENT_NAME];

	if (!segment)
		return ENOMEM;
	TAILQ_INSERT_TAIL(&store->segments, segment, order);
	store->segment_count++;
	store->stored_bytes += file->bytes;
	return read_seal(store, segment, segment_name(file->lo, file->hi, name));
}

/* ---- all of it ----------------------------------------------------------------- */

static int unlink_covered(struct store *store, const struct folder *folder)
{
	char name[SEGMENT_NAME];
	size_t count = 0;

	for (size_t i = 0; i < folder->count; i++) {
		const struct found *file = &folder->files[i];

		if (!file->covered)
			continue;
		segment_name(file->lo, file->hi, name);
		if (unlinkat(store->seg_fd, name, 0) != 0)
			return errno;
		count++;
	}
	return count > 0 && fsync(store->seg_fd) != 0 ? errno : 0;
}

static int empty_tmp(struct store *store)
{
	struct dirent *entry;
	DIR *dir;
	int rc = store_list_folder(store->tmp_fd, &dir);

	if (rc != 0)
		return rc;
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    unlinkat(store->tmp_fd, entry->d_name, 0) != 0)
			rc = errno;
	closedir(dir);
	return rc;
}

int recover_read(struct store *store)
{
	struct folder folder = {0};
	int rc = empty_tmp(store);

	store->whole = true;
	/* A rename that we see here may not be on the disk yet; what we tell of it must
	 * be. */
	if (rc == 0 && fsync(store->seg_fd) != 0)
		rc = errno;
	if (rc == 0)
		rc = read_folder(store, &folder);
	if (rc == 0)
		check_tiling(store, &folder);
	for (size_t i = 0; i < folder.count && rc == 0; i++)
		if (!folder.files[i].covered || !store->rules.drop_covered)
			rc = read_segment(store, &folder.files[i]);
	if (rc == 0)
		index_prune(store->index);
	if (rc == 0 && store->whole && store->rules.drop_covered)
		rc = unlink_covered(store, &folder);
	free(folder.files);
	return rc;
}
