/* Creating, opening, closing and reading a store. */
#include "store_internal.h"

#include "group.h"
#include "keeper.h"
#include "log.h"
#include "recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* With what gdbm caches, so many open segments stay below 10 MiB. */
enum { OPEN_SEGMENTS = 16 };

const struct store_rules store_rules_default = {
	.fsync_segments = true,
	.fsync_folder = true,
	.drop_covered = true,
	.keep_undone = true,
	.bury_registers = true,
	.seal_recovering = true,
	.raise_floor = true,
	.grace_ms = 60000,
	.merge_fan = 8,
	.merge_bytes = 256 << 20,
	.upload_in_memory = 1 << 20,
	.uploads = 1024,
};

/* ---- parts --------------------------------------------------------------------- */

struct index_segment *store_segment_new(struct store *store, uint64_t lo, uint64_t hi,
					uint64_t bytes)
{
	struct index_segment *segment = calloc(1, sizeof *segment);

	if (!segment)
		return NULL;
	segment->file = segment_new(store->cache, lo, hi, bytes);
	if (!segment->file) {
		free(segment);
		return NULL;
	}
	return segment;
}

void store_segment_free(struct index_segment *segment)
{
	if (!segment)
		return;
	segment_unref(segment->file);
	free(segment);
}

void store_tmp_name(struct store *store, char *ret)
{
	(void)snprintf(ret, STORE_TMP_NAME, "%016llx",
		       (unsigned long long)atomic_fetch_add(&store->tmp_names, 1));
}

int store_fetch(struct segment *file, enum frame_type type, const struct frame_key *key,
		void **ret_record, dfs_bytes *ret_data)
{
	void *record;
	size_t len;
	int rc = segment_fetch(file, key, &record, &len);

	if (rc == ENOENT)
		return EBADMSG;
	if (rc != 0)
		return rc;
	if (!frame_unpack(record, len, type, key, ret_data)) {
		free(record);
		return EBADMSG;
	}
	*ret_record = record;
	return 0;
}

/* ---- opening ------------------------------------------------------------------- */

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_folders(struct store *store, const char *folder)
{
	/* Gone with all that was in it: made anew, so that it can be filled again. */
	if (mkdir(folder, 0700) == 0)
		store->made_folder = true;
	else if (errno != EEXIST)
		return errno;
	store->folder_fd = open_folder(AT_FDCWD, folder);
	if (store->folder_fd < 0)
		return errno;
	store->lock_fd =
		openat(store->folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return errno;
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? EBUSY : errno;
	/* Both may be gone with the data; then this is RECOVERING, not a failure. */
	if ((mkdirat(store->folder_fd, "seg", 0700) != 0 && errno != EEXIST) ||
	    (mkdirat(store->folder_fd, "tmp", 0700) != 0 && errno != EEXIST))
		return errno;
	store->seg_fd = open_folder(store->folder_fd, "seg");
	store->tmp_fd = open_folder(store->folder_fd, "tmp");
	return store->seg_fd < 0 || store->tmp_fd < 0 ? errno : 0;
}

/* Connections and segments need descriptors too. */
static void limit_uploads(struct store *store)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur / 4 < store->rules.uploads)
		store->rules.uploads = limit.rlim_cur / 4;
}

static void init_locks(struct store *store)
{
	pthread_rwlockattr_t kind;
	pthread_condattr_t clock;

	/* Readers that never stop must not keep commits from being published. */
	pthread_rwlockattr_init(&kind);
	pthread_rwlockattr_setkind_np(&kind,
				      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&store->lock, &kind);
	pthread_rwlockattr_destroy(&kind);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&store->serial, NULL);
	pthread_mutex_init(&store->damage_lock, NULL);
	pthread_mutex_init(&store->census_lock, NULL);
	pthread_mutex_init(&store->queue_lock, NULL);
	pthread_cond_init(&store->queue_more, &clock);
	pthread_cond_init(&store->queue_done, NULL);
	pthread_mutex_init(&store->keeper_lock, NULL);
	pthread_cond_init(&store->keeper_more, &clock);
	pthread_cond_init(&store->keeper_dropped, NULL);
	pthread_condattr_destroy(&clock);
}

static struct store *new_store(const struct store_options *options)
{
	struct store *store = calloc(1, sizeof *store);

	if (!store)
		return NULL;
	store->rules = options->rules ? *options->rules : store_rules_default;
	limit_uploads(store);
	store->server = options->server;
	store->cluster = options->cluster;
	store->head =
		(struct seal_head){.server = store->server, .cluster = store->cluster};
	store->folder_fd = store->seg_fd = store->tmp_fd = store->lock_fd = -1;
	store->queue_end = &store->queue;
	TAILQ_INIT(&store->segments);
	init_locks(store);
	store->index = index_new(store->rules.grace_ms);
	if (!store->index) {
		store_close(store);
		return NULL;
	}
	return store;
}

static const char *open_problem(int error)
{
	switch (error) {
	case EBUSY:
		return "another process uses it (is this server running already?)";
	default:
		return strerror(error);
	}
}

int store_open(const struct store_options *options, struct store **ret, char *why,
	       size_t why_size)
{
	struct store *store = new_store(options);
	char sentence[256] = "";
	bool whole;
	int rc = store ? open_folders(store, options->folder) : ENOMEM;

	if (rc != 0) {
		(void)snprintf(why, why_size, "The store in %s cannot be opened: %s.",
			       options->folder, open_problem(rc));
		goto fail;
	}
	store->cache = segment_cache_new(store->seg_fd, OPEN_SEGMENTS);
	rc = store->cache ? recover_read(store, sentence, sizeof sentence) : ENOMEM;
	whole = rc == 0 && atomic_load(&store->phase) == STORE_WHOLE;
	if (whole)
		rc = group_start(store);
	if (whole && rc == 0)
		rc = keeper_start(store);
	if (rc == EXDEV || rc == EPROTO)
		(void)snprintf(why, why_size, "%s", sentence);
	else if (rc != 0)
		(void)snprintf(why, why_size, "The store in %s cannot be read: %s.",
			       options->folder, strerror(rc));
	if (rc != 0)
		goto fail;
	if (!whole) {
		store_set_why(store, sentence);
		log_event(LOG_ERROR, "recovering", "why=\"%s\"", sentence);
	}
	*ret = store;
	return 0;
fail:
	store_close(store);
	return rc;
}

void store_close(struct store *store)
{
	struct index_segment *segment;

	if (!store)
		return;
	keeper_stop(store);
	group_stop(store);
	index_free(store->index);
	while ((segment = TAILQ_FIRST(&store->segments))) {
		TAILQ_REMOVE(&store->segments, segment, order);
		store_segment_free(segment);
	}
	segment_cache_free(store->cache);
	pack_free(&store->notes);
	close_fd(store->seg_fd);
	close_fd(store->tmp_fd);
	close_fd(store->lock_fd);
	close_fd(store->folder_fd);
	store_free_whys(store);
	pthread_rwlock_destroy(&store->lock);
	pthread_mutex_destroy(&store->serial);
	store_census_free(&store->census);
	pthread_mutex_destroy(&store->census_lock);
	pthread_mutex_destroy(&store->damage_lock);
	pthread_mutex_destroy(&store->queue_lock);
	pthread_cond_destroy(&store->queue_more);
	pthread_cond_destroy(&store->queue_done);
	pthread_mutex_destroy(&store->keeper_lock);
	pthread_cond_destroy(&store->keeper_more);
	pthread_cond_destroy(&store->keeper_dropped);
	free(store);
}
