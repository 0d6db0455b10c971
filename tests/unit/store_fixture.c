/* A store in a folder of its own. */
#include "store_fixture.h"

#include "clock.h"
#include "object.h"
#include "pieces.h"
#include "path.h"
#include "placement.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void store_fixture_rules(struct store_fixture *fixture)
{
	fixture->rules = store_rules_default;
	fixture->rules.prove = false;
	fixture->options.rules = &fixture->rules;
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "store fixture: %s: %s\n", what, strerror(errno));
	abort();
}

void store_fixture_start(struct store_fixture *fixture)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(fixture->folder, sizeof fixture->folder, "%s/dfs-store-XXXXXX",
		       base ? base : "/tmp");
	must(mkdtemp(fixture->folder) != NULL, "mkdtemp");
	fixture->options.folder = fixture->folder;
	fixture->options.server = 2;
	fixture->options.cluster = store_fixture_id(4711);
	if (!fixture->options.rules)
		store_fixture_rules(fixture);
	errno = store_create(&fixture->options);
	must(errno == 0, "create");
	store_fixture_reopen(fixture);
}

void store_fixture_reopen(struct store_fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
	errno = store_open(&fixture->options, &fixture->store, fixture->why,
			   sizeof fixture->why);
	must(errno == 0, fixture->why);
}

static void remove_files(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

void store_fixture_end(struct store_fixture *fixture)
{
	static const char *const folders[] = {"seg", "tmp", ""};
	char path[PATH_MAX];

	store_close(fixture->store);
	fixture->store = NULL;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		remove_files(store_fixture_file(fixture, folders[i], path));
		rmdir(path);
	}
}

dfs_id store_fixture_id(uint64_t number)
{
	dfs_id id;

	memset(id.bytes, 0x5a, sizeof id.bytes);
	memcpy(id.bytes, &number, sizeof number);
	return id;
}

dfs_ballot store_fixture_ballot(uint64_t counter)
{
	return (dfs_ballot){.counter = counter, .proposer = store_fixture_id(counter)};
}

/* ---- objects ------------------------------------------------------------------- */

dfs_key store_fixture_token(uint64_t object)
{
	dfs_key token;

	memset(token.bytes, 0x5a, sizeof token.bytes);
	memcpy(token.bytes, &object, sizeof object);
	return token;
}

dfs_id store_fixture_maker(uint64_t object)
{
	const dfs_key token = store_fixture_token(object);
	dfs_id maker;

	must(object_maker(&token, &maker), "a maker");
	return maker;
}

/* What the objects of numbers were given besides four units, one byte or more each. */
enum { OBJECTS = 1 << 18 };
static struct {
	uint64_t number, size;
	bool used;
} sized[OBJECTS];

uint64_t store_fixture_size(uint64_t units)
{
	return units == 4 ? 1000 : units < 4 ? units : units * DFS_UNIT_SIZE;
}

/* Where it is noted, or is to be. */
static size_t place_of(uint64_t object)
{
	size_t at = object % OBJECTS, seen = 0;

	for (; sized[at].used && sized[at].number != object; at = (at + 1) % OBJECTS)
		must(++seen < OBJECTS, "too many objects");
	return at;
}

static const uint64_t *size_of(uint64_t object)
{
	size_t at = place_of(object);

	return sized[at].used ? &sized[at].size : NULL;
}

void store_fixture_resize(uint64_t object, uint64_t size)
{
	size_t at = place_of(object);

	sized[at].number = object;
	sized[at].size = size;
	sized[at].used = true;
}

void store_fixture_content(uint64_t object, dfs_content *content)
{
	static dfs_key none[DFS_SERVERS];
	const uint64_t *size = size_of(object);
	uint64_t units;

	content->maker = store_fixture_maker(object);
	content->size = size ? *size : store_fixture_size(4);
	content->unit_size = placement_unit_size(content->size);
	units = placement_units(content->size, content->unit_size);
	content->tree.tree_val = none;
	content->tree.tree_len = units > DFS_SERVERS ? 1 : (u_int)units;
}

dfs_share store_fixture_share(uint64_t object, uint64_t units, chunk_set chunks)
{
	dfs_content content = {0};

	if (store_fixture_size(units) != store_fixture_size(4) || size_of(object))
		store_fixture_resize(object, store_fixture_size(units));
	store_fixture_content(object, &content);
	return object_share(&content, chunks);
}

const dfs_id *store_fixture_object_of(const dfs_share *share)
{
	static dfs_id ids[16];
	static unsigned next;
	dfs_id *id = &ids[next++ % 16];

	must(object_of_share(share, id), "an object");
	return id;
}

dfs_id store_fixture_object(uint64_t object)
{
	dfs_content content = {0};
	dfs_id id;

	store_fixture_content(object, &content);
	must(object_of_content(&content, &id), "an object");
	return id;
}

/* ---- content ------------------------------------------------------------------- */

static void make_units(dfs_unit *units, uint8_t *bytes, size_t count, uint32_t len)
{
	for (size_t i = 0; i < count; i++) {
		memset(bytes + i * len, (int)i + 1, len);
		units[i] = (dfs_unit){.number = i, .data = {len, bytes + i * len}};
	}
}

int store_fixture_bind(struct store_batch *batch, const dfs_id *object, const char *path,
		       size_t len, const dfs_ballot *ballot)
{
	const dfs_path at = {(u_int)len, path_borrow(path).dfs_path_val};
	const struct store_stake stake = {.path = &at};

	return store_batch_stake(batch, object, ballot, &stake);
}

int store_fixture_stage(struct store *store, const char *path, uint64_t object,
			uint64_t counter, uint32_t len)
{
	struct store_batch *batch = store_batch_new(store);
	dfs_share share = store_fixture_share(object, 4, CHUNKS_ALL);
	dfs_ballot ballot = store_fixture_ballot(counter);
	uint8_t *bytes = malloc(4 * (size_t)len + 1);
	dfs_unit units[4];
	int rc;

	must(batch && bytes, "stage");
	make_units(units, bytes, 4, len);
	rc = store_batch_content(batch, &share, units, 4);
	if (rc == 0)
		rc = store_fixture_bind(batch, store_fixture_object_of(&share), path,
					strlen(path), &ballot);
	free(bytes);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

static void make_value(dfs_value *value, uint64_t object, uint64_t counter,
		       dfs_id *operation)
{
	static char owner[] = "admin";
	static dfs_wrapped key;
	dfs_content *content = &value->body.dfs_body_u.manifest.content;

	*operation = store_fixture_id(counter + 1000000000);
	memset(value, 0, sizeof *value);
	value->operation = *operation;
	value->origin = store_fixture_ballot(counter);
	value->number = counter;
	value->recent.recent_len = 1;
	value->recent.recent_val = operation;
	value->content_version =
		(dfs_version){.number = counter, .operation = *operation};
	value->body.kind = object == 0 ? DFS_TOMBSTONE : DFS_FILE;
	if (object == 0)
		return;
	value->body.dfs_body_u.manifest.owner.dfs_user_val = owner;
	value->body.dfs_body_u.manifest.owner.dfs_user_len = 5;
	content->writer = value->body.dfs_body_u.manifest.owner;
	content->signature.leaves = 1;
	value->body.dfs_body_u.manifest.keys.keys_val = &key;
	value->body.dfs_body_u.manifest.keys.keys_len = 1;
	store_fixture_content(object, content);
	for (unsigned server = 1; server <= DFS_SERVERS; server++)
		content->holders = placement_hold(content->holders, server,
						  placement_pair(0, server));
}

int store_fixture_batch_value(struct store_batch *batch, const char *path,
			      const dfs_ballot *ballot, const dfs_value *value,
			      unsigned how)
{
	char copy[DFS_PATH_MAX + 1];
	dfs_path name = {(u_int)strlen(path), copy};

	must(name.dfs_path_len <= DFS_PATH_MAX, "a path");
	memcpy(copy, path, name.dfs_path_len);
	return store_batch_accept(batch, &name, ballot, value, how);
}

int store_fixture_batch_accept(struct store_batch *batch, const char *path,
			       uint64_t object, uint64_t counter)
{
	dfs_ballot ballot = store_fixture_ballot(counter);
	dfs_value value;
	dfs_id operation;

	make_value(&value, object, counter, &operation);
	return store_fixture_batch_value(batch, path, &ballot, &value, STORE_CONFIRMED);
}

int store_fixture_accept(struct store *store, const char *path, uint64_t object,
			 uint64_t counter)
{
	struct store_batch *batch = store_batch_new(store);
	int rc;

	must(batch, "accept");
	store_batch_may_use_reserve(batch);
	rc = store_fixture_batch_accept(batch, path, object, counter);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

void store_fixture_settle(struct store *store, const char *path, uint64_t counter)
{
	dfs_ballot ballot = store_fixture_ballot(counter);

	store_settled(store, path, strlen(path), &ballot);
}

int store_fixture_put(struct store *store, const char *path, uint64_t object,
		      uint64_t counter, uint32_t len)
{
	int rc = store_fixture_stage(store, path, object, counter, len);

	if (rc == 0)
		rc = store_fixture_accept(store, path, object, counter);
	if (rc == 0)
		store_fixture_settle(store, path, counter);
	return rc;
}

static int upload_piece(struct store_uploads *uploads, const dfs_id *maker,
			uint64_t units, uint64_t piece)
{
	uint32_t len = (uint32_t)(tree_piece_leaves(units, piece) * DFS_KEY_LEN);
	uint8_t *leaves = calloc(1, len);
	dfs_unit unit = {.number = PIECES_FIRST + piece, .data = {len, leaves}};
	int rc;

	must(leaves != NULL, "a piece");
	rc = store_upload(uploads, maker, &unit);
	free(leaves);
	return rc;
}

int store_fixture_upload(struct store_uploads *uploads, uint64_t object, uint64_t units,
			 unsigned chunks, uint32_t len)
{
	dfs_id id = store_fixture_maker(object);
	uint8_t *bytes = malloc((size_t)len + 1);
	int rc = 0;

	must(bytes != NULL, "upload");
	for (uint64_t i = 0; i < tree_pieces(units) && rc == 0; i++)
		rc = upload_piece(uploads, &id, units, i);
	for (uint64_t i = 0; i < units && rc == 0; i++) {
		dfs_unit unit = {.number = i, .data = {len, bytes}};

		memset(bytes, (int)(i & 0x7f) + 1, len);
		if (set_has(chunks, placement_chunk(i)))
			rc = store_upload(uploads, &id, &unit);
	}
	free(bytes);
	return rc;
}

int store_fixture_unit(struct store *store, uint64_t object, uint64_t unit, uint32_t len)
{
	dfs_id id = store_fixture_object(object);
	dfs_bytes data;
	void *record;
	int rc = store_unit(store, &id, unit, &record, &data);

	if (rc != 0)
		return rc;
	if (data.len != len)
		rc = ERANGE;
	for (uint32_t i = 0; i < data.len && rc == 0; i++)
		if (data.data[i] != (unit & 0x7f) + 1)
			rc = ERANGE;
	free(record);
	return rc;
}

struct store_numbers store_fixture_numbers(struct store_fixture *fixture)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->store, &numbers);
	return numbers;
}

bool store_fixture_wait(bool (*holds)(struct store_fixture *, void *),
			struct store_fixture *fixture, void *context)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int64_t deadline = clock_now_ms() + 10000;

	while (!holds(fixture, context)) {
		if (clock_now_ms() > deadline)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

const char *store_fixture_file(const struct store_fixture *fixture, const char *name,
			       char *buf)
{
	(void)snprintf(buf, PATH_MAX, "%s/%s", fixture->folder, name);
	return buf;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

size_t store_fixture_segments(const struct store_fixture *fixture, char names[][64],
			      size_t most)
{
	char path[PATH_MAX];
	DIR *dir = opendir(store_fixture_file(fixture, "seg", path));
	struct dirent *entry;
	size_t count = 0;

	must(dir != NULL, "seg");
	while (count < most && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			(void)snprintf(names[count++], 64, "%.63s", entry->d_name);
	closedir(dir);
	qsort(names, count, 64, compare_names);
	return count;
}
