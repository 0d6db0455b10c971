/* Creating a store: its folders and the first sealed segment. */
#include "store_internal.h"

#include "ballot.h"
#include "batch.h"
#include "commit.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_folder(int at, const char *name, int *ret_fd)
{
	if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
		return errno;
	*ret_fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? errno : 0;
}

/* 0, EEXIST, or another errno. */
static int must_be_empty(int folder_fd)
{
	struct dirent *entry;
	DIR *dir;
	int rc = folders_list(folder_fd, &dir);

	if (rc != 0 || !dir)
		return rc != 0 ? rc : EIO;
	while (rc == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			rc = EEXIST;
	closedir(dir);
	return rc;
}

/* A register that the store begins with, as if three had accepted it. */
static int add_first(struct segment_image *image, const dfs_learn_item *item,
		     struct pack_out *entries)
{
	struct seal_entry entry = {.path = item->path.dfs_path_val,
				   .path_len = item->path.dfs_path_len,
				   .ballot = item->ballot,
				   .settled = true};
	struct store_record *record;
	int rc = ENOMEM;

	if (value_check_at(entry.path, entry.path_len, &item->value))
		return EINVAL;
	record = batch_register_new(&entry, &item->value);
	if (record)
		rc = segment_image_add(image, record->key, record->frame, record->len);
	if (rc == 0 && !batch_put_entry(entries, &entry))
		rc = ENOMEM;
	store_record_free_all(record);
	return rc == EEXIST ? EINVAL : rc;
}

static int fill_first(struct segment_image *image, const struct store_options *options)
{
	struct seal_head head = {.cluster = options->cluster,
				 .server = options->server,
				 .begun = 1,
				 .votes = true};
	u_int count = options->first ? options->first->items.items_len : 0;
	struct pack_out entries = {0};
	int rc = id_random(&head.store) ? 0 : EIO;

	for (u_int i = 0; i < count && rc == 0; i++)
		rc = add_first(image, &options->first->items.items_val[i], &entries);
	if (rc == 0)
		rc = commit_add_seal(image, &head, count, &entries);
	pack_free(&entries);
	return rc;
}

static int write_first(int tmp_fd, int seg_fd, const struct store_options *options)
{
	size_t records = options->first ? options->first->items.items_len : 0;
	struct segment_image *image = segment_image_in_memory(records + 1);
	char name[SEGMENT_NAME];
	int rc = image ? fill_first(image, options) : ENOMEM;

	if (rc == 0)
		rc = segment_image_seal(image, tmp_fd, "first", true);
	segment_image_free(image);
	if (rc != 0)
		return rc;
	if (renameat(tmp_fd, "first", seg_fd, segment_name(1, 1, name)) != 0) {
		rc = errno;
		unlinkat(tmp_fd, "first", 0);
	}
	return rc;
}

bool store_exists(const char *folder)
{
	char *seg;
	int fd, rc;

	if (asprintf(&seg, "%s/seg", folder) < 0)
		return false;
	fd = open(seg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(seg);
	if (fd < 0)
		return false;
	rc = must_be_empty(fd);
	close(fd);
	return rc == EEXIST;
}

int store_create(const struct store_options *options)
{
	int folder_fd = -1, seg_fd = -1, tmp_fd = -1;
	int rc = make_folder(AT_FDCWD, options->folder, &folder_fd);

	if (rc == 0 && fchmod(folder_fd, 0700) != 0)
		rc = errno;
	if (rc == 0)
		rc = make_folder(folder_fd, "seg", &seg_fd);
	if (rc == 0)
		rc = make_folder(folder_fd, "tmp", &tmp_fd);
	if (rc == 0)
		rc = must_be_empty(seg_fd);
	if (rc == 0)
		rc = write_first(tmp_fd, seg_fd, options);
	if (rc == 0 && (fsync(seg_fd) != 0 || fsync(folder_fd) != 0))
		rc = errno;
	if (seg_fd >= 0)
		close(seg_fd);
	if (tmp_fd >= 0)
		close(tmp_fd);
	if (folder_fd >= 0)
		close(folder_fd);
	return rc;
}
