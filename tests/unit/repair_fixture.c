/* Four servers in one process that repair. */
#include "repair_fixture.h"

#include "ballot.h"
#include "errors.h"
#include "object.h"
#include "pieces.h"
#include "placement.h"
#include "procs.h"
#include "tree.h"
#include "store_fixture.h"
#include "store_scrub.h"
#include "value.h"
#include "value_fixture.h"

#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct world_server *server_of(struct repair_fixture *fixture, unsigned server)
{
	return &fixture->world.servers[server - 1];
}

static bool is_up(struct repair_fixture *fixture, unsigned server)
{
	return server_of(fixture, server)->up && !(fixture->away & 1U << (server - 1));
}

/* ---- calls --------------------------------------------------------------------- */

static void meet(void *context)
{
	const struct repair_caller *caller = context;

	caller->fixture->unmet = 0;
}

static unsigned reach(void *context)
{
	const struct repair_caller *caller = context;
	unsigned mask = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != caller->server && is_up(caller->fixture, s) &&
		    !(caller->fixture->unmet & 1U << (s - 1)))
			mask |= 1U << (s - 1);
	return mask;
}

static void ask(void *context, struct repair_ask *asking)
{
	asking->call = context;
}

static void await(void *context, struct repair_ask *asking)
{
	struct repair_fixture *fixture = ((struct repair_caller *)context)->fixture;

	assert_ptr_equal(asking->call, context);
	assert_true(is_up(fixture, asking->server));
	assert_in_range(asking->count, 1, DFS_UNITS_MAX);
	for (u_int i = 0; i < asking->count && i < fixture->answer; i++) {
		dfs_got got = {.status = DFS_OK};
		void *record = NULL;
		int rc = store_unit(server_of(fixture, asking->server)->store,
				    &asking->wants[i].object, asking->wants[i].unit,
				    &record, &got.dfs_got_u.data);

		got.status = errors_status(ERRORS_READING, rc);
		asking->take(asking, i, &got);
		if (rc == 0)
			free(record);
		__atomic_fetch_add(&fixture->asked, 1, __ATOMIC_RELAXED);
	}
	asking->answered = true;
}

static void leaves(void *context, struct repair_leaves_ask *asking)
{
	struct repair_fixture *fixture = ((struct repair_caller *)context)->fixture;
	const struct server_parts parts = {
		.store = server_of(fixture, asking->server)->store};
	struct caller caller = {.server = &parts, .peer = 1};
	dfs_piece_res res = {0};

	assert_true(is_up(fixture, asking->server));
	procs_piece(&caller, &asking->args, &res);
	asking->taken =
		res.status == DFS_OK && asking->take(asking, &res.dfs_piece_res_u.piece);
	asking->answered = true;
	if (res.status == DFS_OK)
		free(res.dfs_piece_res_u.piece.path.path_val);
	caller_release(&caller);
}

/* What one server promises; the highest of all is kept. */
static bool prepare(struct repair_fixture *fixture, unsigned server, const dfs_path *path,
		    const dfs_ballot *ballot, dfs_accepted *highest)
{
	dfs_prepare_item item = {.path = *path};
	dfs_prepare_args args = {store_fixture_id(99), *ballot, FALSE, {1, &item}};
	dfs_prepare_res res = {0};
	const dfs_promise *promise;
	bool good;

	acceptor_prepare(server_of(fixture, server)->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	promise = &res.dfs_prepare_res_u.ok.items.items_val[0];
	good = promise->status == DFS_OK;
	if (good && promise->dfs_promise_u.promised.reg.known) {
		const dfs_accepted *accepted =
			&promise->dfs_promise_u.promised.reg.dfs_register_u.accepted;

		if (ballot_compare(&accepted->ballot, &highest->ballot) > 0) {
			value_free(&highest->value);
			highest->ballot = accepted->ballot;
			assert_true(value_copy(&accepted->value, &highest->value));
		}
	}
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&res);
	return good;
}

static bool accept_on(struct repair_fixture *fixture, unsigned server,
		      const dfs_path *path, const dfs_ballot *ballot,
		      const dfs_value *value)
{
	dfs_proposal item = {*path, *value};
	dfs_accept_args args = {*ballot, {1, &item}};
	dfs_accept_res res = {0};
	bool yes;

	acceptor_accept(server_of(fixture, server)->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	yes = res.dfs_accept_res_u.ok.items.items_val[0] == DFS_OK;
	xdr_free((xdrproc_t)xdr_dfs_accept_res, (char *)&res);
	return yes;
}

/* Three have said yes: all hear of that. */
static void teach(struct repair_fixture *fixture, const dfs_path *path,
		  const dfs_accepted *accepted)
{
	dfs_learn_item item = {*path, accepted->ballot, accepted->value};
	const dfs_learn_args args = {{1, &item}};

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_learn_res res = {0};

		if (is_up(fixture, s))
			acceptor_learn(server_of(fixture, s)->acceptor, &args, &res);
		xdr_free((xdrproc_t)xdr_dfs_learn_res, (char *)&res);
	}
}

/* One round on a path, as peers_propose with a change makes it. */
static void change_path(struct repair_caller *caller, const dfs_path *path, size_t number,
			const struct peers_change *change, dfs_looked *item,
			server_set *accepted_by)
{
	struct repair_fixture *fixture = caller->fixture;
	/* Above those of repair_fixture_put, which acceptors have not seen. */
	dfs_ballot ballot = {.counter = 1000,
			     .proposer = store_fixture_id(caller->server)};
	dfs_accepted highest = {.ballot = {0}};
	unsigned promised = 0;

	item->status = DFS_UNCHECKED;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_seen seen = acceptor_seen(server_of(fixture, s)->acceptor);

		if (seen.counter >= ballot.counter)
			ballot.counter = seen.counter + 1;
	}
	for (unsigned s = 1; s <= DFS_SERVERS && !fixture->alone; s++)
		promised +=
			is_up(fixture, s) && prepare(fixture, s, path, &ballot, &highest);
	if (promised < 3)
		return;
	item->status = DFS_OK;
	item->dfs_looked_u.reg.known = TRUE;
	if (change->change(change->context, number, &highest.value)) {
		highest.ballot = ballot;
		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			if (is_up(fixture, s) &&
			    accept_on(fixture, s, path, &ballot, &highest.value))
				*accepted_by |= 1U << (s - 1);
		teach(fixture, path, &highest);
	}
	item->dfs_looked_u.reg.dfs_register_u.accepted = highest;
}

static void change(void *context, const dfs_paths *paths,
		   const struct peers_change *changing, dfs_looked *items,
		   server_set *accepted_by)
{
	struct repair_caller *caller = context;
	void (*meanwhile)(struct repair_fixture *) = caller->fixture->meanwhile;

	assert_in_range(paths->paths.paths_len, 1, DFS_BATCH_MAX);
	caller->fixture->meanwhile = NULL;
	if (meanwhile)
		meanwhile(caller->fixture);
	memset(accepted_by, 0, paths->paths.paths_len * sizeof *accepted_by);
	for (u_int i = 0; i < paths->paths.paths_len; i++)
		change_path(caller, &paths->paths.paths_val[i], i, changing, &items[i],
			    &accepted_by[i]);
}

/* ---- the world ----------------------------------------------------------------- */

int repair_fixture_start(void **state)
{
	struct repair_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	fixture->rules = repair_rules_default;
	fixture->answer = DFS_UNITS_MAX;
	world_create(&fixture->world);
	fixture->store_rules = store_rules_default;
	fixture->store_rules.fsync_segments = fixture->store_rules.fsync_folder = false;
	fixture->world.store_rules = &fixture->store_rules;
	world_start_all(&fixture->world);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		fixture->callers[s - 1] = (struct repair_caller){fixture, s, NULL};
	*state = fixture;
	return 0;
}

int repair_fixture_end(void **state)
{
	struct repair_fixture *fixture = *state;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		repair_free(fixture->callers[s - 1].repair);
	world_destroy(&fixture->world);
	free(fixture);
	return 0;
}

static struct repair *repair_of(struct repair_fixture *fixture, unsigned server)
{
	struct repair_caller *caller = &fixture->callers[server - 1];

	if (!caller->repair) {
		caller->repair = repair_new(&(struct repair_options){
			.store = server_of(fixture, server)->store,
			.acceptor = server_of(fixture, server)->acceptor,
			.server = server,
			.calls = {caller, meet, reach, ask, await, leaves, change},
			.rules = &fixture->rules});
		assert_non_null(caller->repair);
	}
	return caller->repair;
}

struct repair_outcome repair_fixture_pass(struct repair_fixture *fixture, unsigned server)
{
	struct repair_outcome outcome;

	repair_pass(repair_of(fixture, server), &outcome);
	return outcome;
}

void repair_fixture_run(struct repair_fixture *fixture, unsigned server)
{
	fixture->rules.look_ms = 5;
	assert_true(repair_start(repair_of(fixture, server)));
}

/* ---- files --------------------------------------------------------------------- */

uint32_t repair_holders(unsigned server, unsigned chunks)
{
	uint32_t holders = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		holders = placement_hold(holders, s,
					 s == server ? chunks : placement_pair(0, s));
	return holders;
}

/* Which bytes a unit is made of: others for each. */
static void fill(uint8_t *bytes, size_t len, uint64_t object, uint64_t number)
{
	uint32_t state = (uint32_t)(object * 1000003 + number * 10007);

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
}

/* All of an object, and its tree. */
struct whole {
	uint8_t *bytes;
	uint32_t unit_size;
	uint64_t size, units;
	dfs_key *leaves;
	dfs_key tree[DFS_SERVERS];
	dfs_content content; /* maker, size, unit size and tree, which is the above */
};

static void make_whole(struct whole *whole, uint64_t object, uint64_t size)
{
	dfs_content *content = &whole->content;
	dfs_key *nodes;

	memset(whole, 0, sizeof *whole);
	whole->size = size;
	whole->unit_size = placement_unit_size(size);
	whole->units = placement_units(size, whole->unit_size);
	whole->bytes = malloc(size + 1);
	whole->leaves = calloc(whole->units + 1, sizeof *whole->leaves);
	nodes = calloc(whole->units + 1, sizeof *nodes);
	assert_true(whole->bytes && whole->leaves && nodes);
	*content = (dfs_content){.maker = store_fixture_maker(object),
				 .size = size,
				 .unit_size = whole->unit_size,
				 .tree = {(u_int)whole->units, whole->tree}};
	for (uint64_t u = 0; u < whole->units; u++) {
		uint8_t *at = whole->bytes + u * whole->unit_size;
		uint32_t len = placement_unit_len(size, whole->unit_size, u);

		fill(at, len, object, u);
		assert_true(tree_leaf(&content->maker, u, at, len, &whole->leaves[u]));
		nodes[u] = whole->leaves[u];
	}
	if (whole->units <= DFS_SERVERS) {
		memcpy(whole->tree, nodes, whole->units * sizeof *nodes);
	} else {
		content->tree.tree_len = 1;
		assert_true(tree_top(nodes, whole->units, &whole->tree[0]));
	}
	free(nodes);
}

static void free_whole(struct whole *whole)
{
	free(whole->bytes);
	free(whole->leaves);
}

static dfs_unit unit_of(const struct whole *whole, uint64_t number)
{
	return (dfs_unit){number,
			  {placement_unit_len(whole->size, whole->unit_size, number),
			   whole->bytes + number * whole->unit_size}};
}

static int stage_small(struct store_batch *batch, const struct whole *whole,
		       const dfs_share *share)
{
	dfs_unit units[DFS_SERVERS];
	size_t count = 0;

	for (uint64_t u = 0; u < whole->units; u++)
		if (set_has(share->chunks, placement_chunk(u)))
			units[count++] = unit_of(whole, u);
	return store_batch_content(batch, share, units, count);
}

static int stage_large(struct store *store, struct store_batch *batch,
		       const struct whole *whole, const dfs_share *share)
{
	struct store_uploads *uploads = store_uploads_new(store);
	int rc = 0;

	assert_non_null(uploads);
	for (uint64_t u = 0; u < whole->units && rc == 0; u++) {
		dfs_unit unit = unit_of(whole, u);

		if (set_has(share->chunks, placement_chunk(u)))
			rc = store_upload(uploads, &share->maker, &unit);
	}
	for (uint64_t i = 0; i < tree_pieces(whole->units) && rc == 0; i++) {
		size_t count = tree_piece_leaves(whole->units, i);
		dfs_unit unit = {PIECES_FIRST + i,
				 {(uint32_t)(count * sizeof(dfs_key)),
				  (const uint8_t *)&whole->leaves[i * DFS_PIECE_LEAVES]}};

		rc = store_upload(uploads, &share->maker, &unit);
	}
	if (rc == 0)
		rc = store_batch_upload(batch, uploads, share);
	store_uploads_free(uploads);
	return rc;
}

void repair_fixture_prove(struct repair_fixture *fixture, unsigned server)
{
	struct store_scrub *scrub =
		store_scrub_new_prover(server_of(fixture, server)->store);
	struct store_scrubbed step;

	assert_non_null(scrub);
	do
		assert_int_equal(store_scrub_step(scrub, 1 << 20, &step), 0);
	while (!step.end);
	store_scrub_free(scrub);
}

static void stage_on(struct repair_fixture *fixture, unsigned server, uint64_t object,
		     uint64_t size, unsigned chunks)
{
	struct store *store = server_of(fixture, server)->store;
	struct store_batch *batch = store_batch_new(store);
	struct whole whole;
	dfs_share share;

	make_whole(&whole, object, size);
	share = object_share(&whole.content, chunks);
	assert_int_equal(whole.units <= DFS_SERVERS
				 ? stage_small(batch, &whole, &share)
				 : stage_large(store, batch, &whole, &share),
			 0);
	assert_int_equal(store_commit(batch), 0);
	free_whole(&whole);
	if (!fixture->unproved)
		repair_fixture_prove(fixture, server);
}

void repair_fixture_stage(struct repair_fixture *fixture, uint64_t object, uint64_t size,
			  uint32_t here)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (placement_held(here, s) != 0)
			stage_on(fixture, s, object, size, placement_held(here, s));
}

/* Which object it is, of the size that it has. */
static void take_tree(dfs_content *content, uint64_t object)
{
	struct whole whole;

	make_whole(&whole, object, content->size);
	content->maker = whole.content.maker;
	content->tree.tree_len = whole.content.tree.tree_len;
	memcpy(content->tree.tree_val, whole.tree,
	       content->tree.tree_len * sizeof whole.tree[0]);
	free_whole(&whole);
}

static dfs_id object_id(uint64_t object, uint64_t size)
{
	struct whole whole;
	dfs_id id;

	make_whole(&whole, object, size);
	assert_true(object_of_content(&whole.content, &id));
	free_whole(&whole);
	return id;
}

static dfs_value value_of(const struct repair_file *file)
{
	dfs_value value = value_fixture_file(
		&(struct value_fixture_file){.owner = "ann",
					     .size = file->size,
					     .object = file->object,
					     .counter = file->counter});
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;

	manifest->content.holders = file->holders;
	take_tree(&manifest->content, file->object);
	if (file->earlier != 0) {
		manifest->earlier.earlier_val =
			calloc(1, sizeof *manifest->earlier.earlier_val);
		assert_non_null(manifest->earlier.earlier_val);
		manifest->earlier.earlier_len = 1;
		manifest->earlier.earlier_val[0].content = manifest->content;
		manifest->earlier.earlier_val[0].content.tree.tree_val =
			value_fixture_copy((dfs_key[DFS_SERVERS]){{{0}}},
					   DFS_SERVERS * sizeof(dfs_key));
		manifest->earlier.earlier_val[0].content.writer.dfs_user_val =
			value_fixture_copy("ann", 3);
		take_tree(&manifest->earlier.earlier_val[0].content, file->earlier);
		manifest->earlier.earlier_val[0].content_version =
			(dfs_version){file->counter - 1, store_fixture_id(1)};
	}
	return value;
}

static void accept_settled(struct store *store, const char *path,
			   const dfs_ballot *ballot, const dfs_value *value, bool settled)
{
	struct store_batch *batch = store_batch_new(store);

	assert_int_equal(
		store_fixture_batch_value(batch, path, ballot, value, STORE_CONFIRMED),
		0);
	assert_int_equal(store_commit(batch), 0);
	if (settled)
		store_settled(store, path, strlen(path), ballot);
}

void repair_fixture_put(struct repair_fixture *fixture, const struct repair_file *file)
{
	const dfs_ballot ballot = store_fixture_ballot(file->counter);
	dfs_value value = value_of(file);

	repair_fixture_stage(fixture, file->object, file->size, file->here);
	if (file->earlier != 0)
		repair_fixture_stage(fixture, file->earlier, file->size, file->here);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		/* Of what was signed before its store was, a server blames nobody. */
		value.proof.ballot =
			set_has(file->unbrought, s) ? ballot : (dfs_ballot){.counter = 0};
		accept_settled(server_of(fixture, s)->store, file->path, &ballot, &value,
			       !set_has(file->unsettled, s));
	}
	value_free(&value);
}

/* ---- looking ------------------------------------------------------------------- */

static bool is_unit(struct store *store, const dfs_id *id, uint64_t object,
		    uint64_t number, uint32_t len)
{
	uint8_t *expected = malloc(len + 1);
	dfs_bytes data;
	void *record;
	bool is = store_unit(store, id, number, &record, &data) == 0;

	assert_non_null(expected);
	if (is) {
		fill(expected, len, object, number);
		is = data.len == len && memcmp(data.data, expected, len) == 0;
		free(record);
	}
	free(expected);
	return is;
}

unsigned repair_fixture_chunks(struct repair_fixture *fixture, unsigned server,
			       uint64_t object, uint64_t size)
{
	struct store *store = server_of(fixture, server)->store;
	const dfs_id id = object_id(object, size);
	uint32_t unit_size = placement_unit_size(size);
	unsigned chunks = store_chunks(store, &id);

	for (uint64_t u = 0; u < placement_units(size, unit_size); u++)
		if (!is_unit(store, &id, object, u,
			     placement_unit_len(size, unit_size, u)))
			chunks &= ~(1U << (placement_chunk(u) - 1));
	return chunks;
}

dfs_value repair_fixture_value(struct repair_fixture *fixture, unsigned server,
			       const char *path)
{
	struct store_register reg;
	dfs_value value;

	assert_int_equal(store_value(server_of(fixture, server)->store, path,
				     strlen(path), &reg, &value),
			 0);
	return value;
}

uint32_t repair_fixture_holders(struct repair_fixture *fixture, unsigned server,
				const char *path)
{
	dfs_value value = repair_fixture_value(fixture, server, path);
	uint32_t holders = value.body.dfs_body_u.manifest.content.holders;

	value_free(&value);
	return holders;
}

/* ---- damage -------------------------------------------------------------------- */

static bool damage_file(const char *name, const uint8_t *pattern, size_t len)
{
	static char bytes[1 << 20];
	FILE *file;
	size_t size;
	const char *found;

	assert_int_equal(chmod(name, 0600), 0);
	file = fopen(name, "r+b");
	assert_non_null(file);
	size = fread(bytes, 1, sizeof bytes, file);
	found = memmem(bytes, size, pattern, len);
	if (found) {
		assert_int_equal(fseek(file, found - bytes, SEEK_SET), 0);
		assert_int_equal(fputc((uint8_t) ~*found, file), (uint8_t) ~*found);
	}
	assert_int_equal(fclose(file), 0);
	return found != NULL;
}

void repair_fixture_damage(struct repair_fixture *fixture, unsigned server,
			   uint64_t object, uint64_t unit)
{
	char folder[PATH_MAX], name[2 * PATH_MAX];
	uint8_t pattern[64];
	unsigned damaged = 0;
	struct dirent *entry;
	DIR *dir;

	fill(pattern, sizeof pattern, object, unit);
	(void)snprintf(folder, sizeof folder, "%s/seg",
		       server_of(fixture, server)->folder);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
		damaged += damage_file(name, pattern, sizeof pattern);
	}
	closedir(dir);
	assert_int_equal(damaged, 1);
}
