/*
 * Files by the million, without a client: straight into the store of a server that does
 * not run.
 *
 *	store_fill CLUSTER.CONF SERVER FILES
 *
 * The four servers are each filled by themselves, with the same registers, settled, and
 * each with its pair of every content.  Content is four bytes, one a unit, that no client
 * could decrypt.
 */
#include "store_fixture.h"
#include "value_fixture.h"

#include "cluster.h"
#include "object.h"
#include "placement.h"
#include "text.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 4000, PATH_LEN = 64, UNITS = 4 };

static void make_path(char *path, uint64_t number)
{
	/* A thousand in a folder, and as long as the paths that memory is counted for. */
	(void)snprintf(path, PATH_LEN + 1, "/bench/%036llu/%020llu",
		       (unsigned long long)number / 1000, (unsigned long long)number);
}

static dfs_value make_value(uint64_t number)
{
	dfs_value value = value_fixture_file(&(struct value_fixture_file){
		.owner = "bench", .size = UNITS, .object = number + 1, .counter = 1});
	dfs_content *content = &value.body.dfs_body_u.manifest.content;

	value.operation = store_fixture_id(number + 1000000000);
	value.content_version.operation = value.operation;
	content->row = (uint32_t)(number % DFS_SERVERS);
	content->holders = 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		content->holders = placement_hold(content->holders, s,
						  placement_pair(content->row, s));
	return value;
}

static int add_file(struct store_batch *batch, unsigned server, uint64_t number)
{
	static const uint8_t byte = 1;
	dfs_value value = make_value(number);
	const dfs_content *content = &value.body.dfs_body_u.manifest.content;
	dfs_share share = object_share(content, placement_held(content->holders, server));
	dfs_unit units[UNITS];
	char path[PATH_LEN + 1];
	size_t count = 0;
	int rc;

	for (uint64_t u = 0; u < UNITS; u++)
		if (set_has(share.chunks, placement_chunk(u)))
			units[count++] = (dfs_unit){u, {1, &byte}};
	make_path(path, number);
	rc = store_batch_content(batch, &share, units, count);
	if (rc == 0)
		rc = store_fixture_bind(batch, store_fixture_object_of(&share), path,
					PATH_LEN, &value.origin);
	if (rc == 0)
		rc = store_fixture_batch_value(batch, path, &value.origin, &value,
					       STORE_CONFIRMED);
	value_free(&value);
	return rc;
}

static int fill_batch(struct store *store, unsigned server, uint64_t from, uint64_t to)
{
	struct store_batch *batch = store_batch_new(store);
	char path[PATH_LEN + 1];
	int rc = batch ? 0 : -1;

	for (uint64_t i = from; i < to && rc == 0; i++)
		rc = add_file(batch, server, i);
	if (rc == 0)
		rc = store_commit(batch);
	for (uint64_t i = from; i < to && rc == 0; i++) {
		make_path(path, i);
		store_fixture_settle(store, path, 1);
	}
	return rc;
}

int main(int argc, char **argv)
{
	static struct cluster cluster;
	struct store_options options = {.server = 0};
	uint64_t server, files;
	struct store *store;
	char why[512], *folder;

	if (argc != 4 || !text_number(argv[2], 1, DFS_SERVERS, &server) ||
	    !text_number(argv[3], 1, 100000000, &files)) {
		fprintf(stderr, "usage: store_fill CLUSTER.CONF SERVER FILES\n");
		return 2;
	}
	if (!cluster_read(argv[1], &cluster, why, sizeof why)) {
		fprintf(stderr, "store_fill: %s\n", why);
		return 1;
	}
	options.server = (unsigned)server;
	options.cluster = cluster.id;
	if (asprintf(&folder, "%.*sdfs%u/data",
		     (int)(strrchr(argv[1], '/') + 1 - argv[1]), argv[1],
		     options.server) < 0)
		return 1;
	options.folder = folder;
	if (store_open(&options, &store, why, sizeof why) != 0) {
		fprintf(stderr, "store_fill: %s\n", why);
		return 1;
	}
	for (uint64_t from = 0; from < files; from += BATCH)
		if (fill_batch(store, options.server, from,
			       from + BATCH < files ? from + BATCH : files) != 0) {
			fprintf(stderr, "store_fill: a commit failed\n");
			return 1;
		}
	store_close(store);
	free(folder);
	return 0;
}
