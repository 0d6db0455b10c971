/* The contents of several small files at once. */
#include "small.h"

#include "cipher.h"
#include "clock.h"
#include "fetch.h"
#include "leaves.h"
#include "object.h"
#include "placement.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_MAX = 65536 };

/* One unit that is asked for, and where it goes. */
struct target {
	size_t file;
	uint64_t unit;
	uint8_t *bytes;
};

struct small_call {
	struct job job; /* first: its run gets it back */
	struct small_gather *gather;
	struct cipher *cipher; /* its thread's */
	u_int count, tickets_count;
	dfs_want wants[DFS_UNITS_MAX];
	struct target targets[DFS_UNITS_MAX];
	dfs_ticket tickets[DFS_BATCH_MAX];
};

struct small_gather {
	pthread_mutex_t lock; /* of running and got */
	pthread_cond_t ended;
	unsigned running;
	uint64_t *got;                 /* units that came, for each file, */
	struct range_units *units;     /* and that are wanted */
	const dfs_content **contents;  /* of which these are, */
	struct cipher_object *objects; /* likewise */
	size_t files;
	struct small_call *asking[DFS_SERVERS];
};

static void take(struct small_call *asking, const struct target *target,
		 const dfs_got *got)
{
	struct small_gather *gather = asking->gather;
	const dfs_bytes *data = &got->dfs_got_u.data;

	/* A small file has at most four units: its leaves are all there. */
	if (got->status != DFS_OK ||
	    !leaves_prove(&gather->objects[target->file].maker, target->unit, data,
			  &gather->contents[target->file]->tree.tree_val[target->unit]) ||
	    !cipher_open(asking->cipher, &gather->objects[target->file], target->unit,
			 data, target->bytes))
		return;
	pthread_mutex_lock(&gather->lock);
	gather->got[target->file]++;
	pthread_mutex_unlock(&gather->lock);
}

static void run_call(struct job *job, unsigned server, struct call *call, const char *why)
{
	struct small_call *asking = (struct small_call *)job;
	struct small_gather *gather = asking->gather;
	u_int done = 0;

	(void)server;
	(void)why;
	asking->cipher = cipher_new();
	/* An answer may be the first of the units only: ask again for the rest. */
	while (call && asking->cipher && done < asking->count) {
		dfs_get_args args = {
			.wants = {asking->count - done, asking->wants + done},
			.tickets = {asking->tickets_count, asking->tickets}};
		dfs_get_res res;
		char text[LINKS_WHY] = "";
		u_int came;

		if (!call_run(call, DFS_GET, &args, &res,
			      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, text,
						sizeof text}))
			break;
		came = res.status == DFS_OK ? res.dfs_get_res_u.items.items_len : 0;
		for (u_int i = 0; i < came && done < asking->count; i++, done++)
			take(asking, &asking->targets[done],
			     &res.dfs_get_res_u.items.items_val[i]);
		call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
		if (came == 0)
			break;
	}
	cipher_free(asking->cipher);
	pthread_mutex_lock(&gather->lock);
	gather->running--;
	pthread_cond_broadcast(&gather->ended);
	pthread_mutex_unlock(&gather->lock);
}

/* One for each file: its units come one after the other. */
static void add_ticket(struct small_call *asking, const dfs_ticket *ticket)
{
	u_int count = asking->tickets_count;

	if (count == 0 ||
	    memcmp(&asking->tickets[count - 1], ticket, sizeof *ticket) != 0)
		asking->tickets[asking->tickets_count++] = *ticket;
}

/*
 * Adds a file's units to what the servers are asked for; false when it cannot be had so.
 */
static bool add(struct small_gather *gather, unsigned up, const struct lookup *lookup,
		size_t file, uint8_t *bytes)
{
	const dfs_content *content = &lookup_file(lookup)->content;
	const struct range_units *units = &gather->units[file];
	dfs_id object;

	gather->contents[file] = content;
	if (!object_of_content(content, &object) || units->end > DFS_SERVERS)
		return false;
	for (uint64_t u = units->first; u < units->end; u++) {
		unsigned s = fetch_source(content, u, up);
		struct small_call *asking = s ? gather->asking[s - 1] : NULL;

		if (!asking || asking->count == DFS_UNITS_MAX)
			return false;
		add_ticket(asking, &lookup->ticket);
		asking->wants[asking->count] = (dfs_want){object, u};
		asking->targets[asking->count++] = (struct target){
			file, u, bytes + u * gather->objects[file].unit_size};
	}
	return true;
}

static void ask_all(struct dfs *dfs, struct small_gather *gather)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		gather->running += gather->asking[i]->count > 0;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct small_call *asking = gather->asking[i];

		asking->job.run = run_call;
		asking->gather = gather;
		if (asking->count > 0)
			links_submit(dfs->links, i + 1, &asking->job);
	}
	pthread_mutex_lock(&gather->lock);
	while (gather->running > 0)
		pthread_cond_wait(&gather->ended, &gather->lock);
	pthread_mutex_unlock(&gather->lock);
}

static void gather_free(struct small_gather *gather)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		free(gather->asking[i]);
	if (gather->objects)
		secret_wipe(gather->objects, gather->files * sizeof *gather->objects);
	free(gather->objects);
	free(gather->contents);
	free(gather->units);
	free(gather->got);
	pthread_cond_destroy(&gather->ended);
	pthread_mutex_destroy(&gather->lock);
	free(gather);
}

static struct small_gather *gather_new(size_t files)
{
	struct small_gather *gather = calloc(1, sizeof *gather);
	bool good;

	if (!gather)
		return NULL;
	pthread_mutex_init(&gather->lock, NULL);
	pthread_cond_init(&gather->ended, NULL);
	gather->got = calloc(files + 1, sizeof *gather->got);
	gather->units = calloc(files + 1, sizeof *gather->units);
	gather->objects = calloc(files + 1, sizeof *gather->objects);
	gather->contents = calloc(files + 1, sizeof(dfs_content *));
	gather->files = files;
	good = gather->got && gather->units && gather->objects && gather->contents;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		gather->asking[i] = calloc(1, sizeof *gather->asking[i]);
		good = good && gather->asking[i];
	}
	if (!good) {
		gather_free(gather);
		return NULL;
	}
	return gather;
}

struct small_file *small_fetch(struct dfs *dfs, const struct lookup *lookups,
			       const struct manifest_secret *openings,
			       const struct dfs_range *ranges, const bool *opened,
			       size_t count)
{
	struct small_file *files = calloc(count + 1, sizeof *files);
	struct small_gather *gather = files ? gather_new(count) : NULL;
	unsigned up = links_up(dfs->links);

	for (size_t i = 0; gather && i < count; i++) {
		const dfs_manifest *manifest = lookup_file(&lookups[i]);
		const dfs_content *content = manifest ? &manifest->content : NULL;

		if (!opened[i] || !content || content->size > SMALL_MAX ||
		    !cipher_object_init(&gather->objects[i], content, openings[i].key))
			continue;
		gather->units[i] =
			range_units(&ranges[i], placement_unit_size(content->size));
		files[i].bytes = malloc((size_t)content->size + 1);
		if (files[i].bytes && !add(gather, up, &lookups[i], i, files[i].bytes))
			gather->got[i] = UINT64_MAX / 2; /* never complete */
	}
	if (gather)
		ask_all(dfs, gather);
	for (size_t i = 0; files && i < count; i++) {
		if (!files[i].bytes ||
		    (gather &&
		     gather->got[i] == gather->units[i].end - gather->units[i].first))
			continue;
		free(files[i].bytes);
		files[i].bytes = NULL;
	}
	if (gather)
		gather_free(gather);
	return files;
}

void small_free(struct small_file *files, size_t count)
{
	for (size_t i = 0; files && i < count; i++)
		free(files[i].bytes);
	free(files);
}
