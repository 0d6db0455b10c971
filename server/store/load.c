/* The start of a store. */
#include "load.h"

#include "grow.h"
#include "log.h"
#include "load_seal.h"

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
	if (fstatat(store->folders.seg_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno;
	file.bytes = (uint64_t)status.st_size;
	grown = grow_by_one(folder->files, folder->count, &folder->room, sizeof *grown);
	if (!grown)
		return ENOMEM;
	folder->files = grown;
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
	int rc = folders_list(store->folders.seg_fd, &dir);

	if (rc != 0)
		return rc;
	errno = 0;
	while (rc == 0 && (entry = readdir(dir))) {
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

/* Marks what a merged segment covers. */
static void set_aside(struct folder *folder)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < folder->count; i++) {
		struct found *file = &folder->files[i];

		file->covered = file->hi <= newest;
		if (file->hi > newest)
			newest = file->hi;
	}
}

static void note_missing(struct load *load, uint64_t lo, uint64_t hi)
{
	char why[128];

	(void)snprintf(why, sizeof why,
		       "Segments %llu to %llu are missing: stored data is lost.",
		       (unsigned long long)lo, (unsigned long long)hi);
	load_note(load, hi, why);
}

/* Demands that what counts tiles its range from the first number on. */
static void check_tiling(struct load *load, const struct folder *folder)
{
	struct store *store = load->store;
	uint64_t next = store->head.begun > 0 ? store->head.begun : 1;

	for (size_t i = 0; i < folder->count; i++) {
		const struct found *file = &folder->files[i];

		if (file->hi > store->newest)
			store->newest = file->hi;
		if (file->covered || file->hi < next)
			continue;
		if (file->lo > next)
			note_missing(load, next, file->lo - 1);
		else if (file->lo < next)
			load_note(load, file->hi,
				  "A segment overlaps the one before it.");
		next = file->hi + 1;
	}
	if (next == store->head.begun)
		note_missing(load, next, next);
	if (folder->count == 0)
		load_note(load, next,
			  store->folders.made
				  ? "The store's folder was gone; it was made anew and "
				    "is empty."
				  : "The store is empty: its segments are gone.");
}

static int read_segment(struct load *load, const struct found *file)
{
	struct store *store = load->store;
	struct index_segment *segment =
		index_segment_new(store->cache, file->lo, file->hi, file->bytes);

	if (!segment)
		return ENOMEM;
	index_segments_append(&store->segments, segment);
	return load_seal(load, segment);
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
		if (unlinkat(store->folders.seg_fd, name, 0) != 0)
			return errno;
		count++;
	}
	return count > 0 && fsync(store->folders.seg_fd) != 0 ? errno : 0;
}

/* What holds is on the disk; whether it may vote. */
static void judge(struct load *load)
{
	struct store *store = load->store;

	memcpy(store->head.peers, store->heard, sizeof store->heard);
	if (!load->wrong && !store->head.votes)
		load_note(load, store->head.begun,
			  "A recovery had not ended; it begins anew.");
	atomic_store(&store->phase, load->wrong ? STORE_LOST : STORE_WHOLE);
}

int load_store(struct store *store, char *why, size_t why_size)
{
	struct load load = {.store = store, .why = why, .why_size = why_size};
	struct folder folder = {0};
	int rc = folders_empty_tmp(&store->folders);

	/* A rename that we see may not be on the disk yet; what we tell of it must be. */
	if (rc == 0 && fsync(store->folders.seg_fd) != 0)
		rc = errno;
	if (rc == 0)
		rc = read_folder(store, &folder);
	set_aside(&folder);
	for (size_t i = 0; i < folder.count && rc == 0; i++)
		if (!folder.files[i].covered || !store->rules.drop_covered)
			rc = read_segment(&load, &folder.files[i]);
	if (rc == 0) {
		check_tiling(&load, &folder);
		index_prune(store->index);
		judge(&load);
	}
	if (rc == 0 && !load.wrong && store->rules.drop_covered)
		rc = unlink_covered(store, &folder);
	free(folder.files);
	return rc;
}
