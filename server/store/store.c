/* Opening and closing a store. */
#include "store_internal.h"

#include "load.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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
	.prove = true,
	.unbrought = true,
	.grace_ms = 60000,
	.merge_fan = 8,
	.merge_bytes = 256 << 20,
	.merge_enough = 4 << 20,
	.upload_in_memory = 1 << 20,
	.uploads = 1024,
};

/* ---- opening ------------------------------------------------------------------- */

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

	/* Readers that never stop must not keep commits from being published. */
	pthread_rwlockattr_init(&kind);
	pthread_rwlockattr_setkind_np(&kind,
				      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&store->lock, &kind);
	pthread_rwlockattr_destroy(&kind);
	pthread_mutex_init(&store->serial, NULL);
}

static struct store *new_store(const struct store_options *options)
{
	struct store *store = calloc(1, sizeof *store);

	if (!store)
		return NULL;
	store->rules = options->rules ? *options->rules : store_rules_default;
	limit_uploads(store);
	uploads_init(&store->uploads, store->rules.uploads);
	store->server = options->server;
	store->cluster = options->cluster;
	store->head =
		(struct seal_head){.server = store->server, .cluster = store->cluster};
	folders_init(&store->folders);
	index_segments_init(&store->segments);
	init_locks(store);
	census_init(&store->census);
	damage_init(&store->damage);
	group_init(&store->group);
	compactor_init(&store->compactor);
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
	int rc = store ? folders_open(&store->folders, options->folder) : ENOMEM;

	if (rc != 0) {
		(void)snprintf(why, why_size, "The store in %s cannot be opened: %s.",
			       options->folder, open_problem(rc));
		goto fail;
	}
	/* What is there, and whether it is whole; threads only for one that is. */
	store->cache = segment_cache_new(store->folders.seg_fd, OPEN_SEGMENTS);
	rc = store->cache ? load_store(store, sentence, sizeof sentence) : ENOMEM;
	whole = rc == 0 && atomic_load(&store->phase) == STORE_WHOLE;
	if (whole)
		rc = group_start(store);
	if (whole && rc == 0)
		rc = compactor_start(store);
	if (rc == EXDEV || rc == EPROTO)
		(void)snprintf(why, why_size, "%s", sentence);
	else if (rc != 0)
		(void)snprintf(why, why_size, "The store in %s cannot be read: %s.",
			       options->folder, strerror(rc));
	if (rc != 0)
		goto fail;
	if (!whole) {
		whys_set(&store->whys, sentence);
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
	if (!store)
		return;
	compactor_stop(store);
	group_stop(store);
	index_free(store->index);
	index_segments_free(&store->segments);
	segment_cache_free(store->cache);
	folders_close(&store->folders);
	whys_free(&store->whys);
	census_free(&store->census);
	damage_free(&store->damage);
	group_free(&store->group);
	compactor_free(&store->compactor);
	uploads_destroy(&store->uploads);
	pthread_rwlock_destroy(&store->lock);
	pthread_mutex_destroy(&store->serial);
	free(store);
}
