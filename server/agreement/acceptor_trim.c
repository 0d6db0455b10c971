/*
 * Giving up chunks that settled values give to others: nobody else is at the object
 * meanwhile.
 */
#include "acceptor_internal.h"

#include "store_survey.h"
#include "store_trim.h"

#include <errno.h>
#include <stdlib.h>

/* Of whom the keys are taken. */
struct trimming {
	dfs_path path;
	const struct store_surplus *surplus;
};

static const dfs_path *trimming_path(const void *items, size_t i)
{
	return &((const struct trimming *)items)[i].path;
}

/* Is it as it was found?  Then it goes into the batch. */
static int trim_one(struct acceptor *acceptor, struct store_batch *batch,
		    const struct store_surplus *found, uint64_t *trimmed)
{
	struct store_surplus *now = malloc(sizeof *now);
	int rc = now ? 0 : ENOMEM;

	if (rc == 0 &&
	    store_surplus(acceptor->store, found->path, found->path_len, now) == 0) {
		rc = store_batch_trim(batch, &now->object, now->given);
		*trimmed += rc == 0;
	}
	free(now);
	return rc;
}

static int trim_items(struct acceptor *acceptor, const struct store_surplus *surpluses,
		      size_t count, uint64_t *trimmed)
{
	struct store_batch *batch = store_batch_new(acceptor->store);
	int rc = batch ? 0 : ENOMEM;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = trim_one(acceptor, batch, &surpluses[i], trimmed);
	if (rc != 0 || *trimmed == 0) {
		store_batch_free(batch);
		return rc;
	}
	store_batch_may_use_reserve(batch);
	return store_commit(batch);
}

int acceptor_trim(struct acceptor *acceptor, struct store_surplus *surpluses,
		  size_t count, uint64_t *ret_trimmed)
{
	struct trimming *trimmings = calloc(count + 1, sizeof *trimmings);
	struct acceptor_items items = {
		.items = trimmings, .count = count, .path_of = trimming_path};
	dfs_id objects[DFS_BATCH_MAX];
	uint64_t trimmed = 0;
	int rc = trimmings ? 0 : ENOMEM;

	items.objects = objects;
	for (size_t i = 0; i < count && rc == 0; i++) {
		objects[i] = surpluses[i].object;
		trimmings[i] = (struct trimming){
			{(u_int)surpluses[i].path_len, surpluses[i].path}, &surpluses[i]};
	}
	if (rc == 0)
		rc = acceptor_take(acceptor, &acceptor_server, &items);
	if (rc == 0) {
		rc = trim_items(acceptor, surpluses, count, &trimmed);
		acceptor_give(acceptor, &items);
	}
	free(trimmings);
	*ret_trimmed = rc == 0 ? trimmed : 0;
	return rc;
}
