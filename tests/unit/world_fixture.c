/* Four servers in one process. */
#include "world_fixture.h"

#include "ballot.h"
#include "store_fixture.h"
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static dfs_id id_of(unsigned n)
{
	dfs_id id = {{0}};

	memcpy(id.bytes, &n, sizeof n);
	id.bytes[15] = 1;
	return id;
}

static unsigned number_of(const dfs_id *id)
{
	unsigned n;

	memcpy(&n, id->bytes, sizeof n);
	return n;
}

static struct world_server *server_of(struct world *world, unsigned server)
{
	assert_in_range(server, 1, DFS_SERVERS);
	return &world->servers[server - 1];
}

/* Folders made by mkdtemp need no quotes. */
static void remove_in(const char *folder, const char *what)
{
	char command[256];

	(void)snprintf(command, sizeof command, "rm -rf %s%s", folder, what);
	assert_int_equal(system(command), 0);
}

static void copy_into(const char *from, const char *from_end, const char *to,
		      const char *to_end)
{
	char command[256];

	(void)snprintf(command, sizeof command, "mkdir -p %s%s && cp -a %s%s/. %s%s", to,
		       to_end, from, from_end, to, to_end);
	assert_int_equal(system(command), 0);
}

static struct store_options options_of(const struct world_server *server)
{
	return (struct store_options){.folder = server->folder,
				      .server = server->number,
				      .cluster = id_of(77),
				      .rules = server->world->store_rules};
}

/* ---- calls between them -------------------------------------------------------- */

static struct world_server *callee(struct world_server *caller, unsigned server)
{
	struct world_server *called = server_of(caller->world, server);

	return called->up && called != caller ? called : NULL;
}

static void lie_of_stores(const struct world_server *called, dfs_recall_ok *ok)
{
	if (called->boasts.epoch > 0)
		ok->own.epoch = called->boasts.epoch;
	if (called->slanders && ok->remembered)
		ok->remembered->newest_segment += 1000;
}

static unsigned call_recall(void *context, const dfs_recall_args *args,
			    dfs_recall_res res[DFS_SERVERS])
{
	struct world_server *caller = context;
	unsigned answered = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *called = callee(caller, s);

		if (!called)
			continue;
		recovery_answer(called->recovery, caller->number, args, &res[s - 1]);
		if (res[s - 1].status != DFS_OK)
			continue;
		answered |= 1U << (s - 1);
		lie_of_stores(called, &res[s - 1].dfs_recall_res_u.ok);
	}
	return answered;
}

static void lie_of_registers(const struct world_server *called, dfs_fence_ok *ok)
{
	if (called->omits) {
		xdr_free((xdrproc_t)xdr_dfs_fence_ok, (char *)ok);
		ok->registers.registers_len = 0;
		ok->registers.registers_val = NULL;
		ok->more = FALSE;
	}
	if (called->boasts.counter == 0)
		return;
	ok->seen.counter = called->boasts.counter;
	if (called->boasts.epoch > 0)
		ok->seen.epoch = called->boasts.epoch;
	ok->floor.epoch = ok->seen.epoch;
	ok->floor.counter = ok->seen.counter;
}

static void lose_values(dfs_fence_ok *ok)
{
	for (u_int i = 0; i < ok->registers.registers_len; i++) {
		dfs_value **value = &ok->registers.registers_val[i].value;

		xdr_free((xdrproc_t)xdr_dfs_value, *value);
		free(*value);
		*value = NULL;
	}
}

static bool call_fence(void *context, unsigned server, const dfs_fence_args *args,
		       dfs_fence_res *res, char *why)
{
	struct world_server *caller = context, *called = callee(caller, server);

	(void)snprintf(why, RECOVERY_WHY, "dfs%u does not answer", server);
	if (!called || (called->fences_left == 0 && !called->other_store))
		return false;
	bool other = called->fences_left == 0;

	called->fences_left -= !other;
	caller->world->fences++;
	memset(res, 0, sizeof *res);
	acceptor_fence(called->acceptor, caller->number, args, res);
	if (res->status != DFS_OK)
		return false;
	if (other)
		res->dfs_fence_res_u.ok.store.bytes[0] ^= 1;
	if (called->damaged)
		lose_values(&res->dfs_fence_res_u.ok);
	lie_of_registers(called, &res->dfs_fence_res_u.ok);
	return true;
}

static unsigned call_voting(void *context)
{
	struct world_server *caller = context;
	unsigned voting = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *called = callee(caller, s);

		if (called && acceptor_state(called->acceptor) == DFS_STATE_VOTING)
			voting |= 1U << (s - 1);
	}
	return voting;
}

/* One more path that there is not, behind all that it listed before. */
static void make_up(struct world_server *called, dfs_digest_ok *ok)
{
	dfs_digest_entry *entry = calloc(1, sizeof *entry);
	char *path = malloc(32);

	assert_true(entry && path);
	(void)snprintf(path, 32, "/zoe/%010u", UINT32_MAX - called->made_up--);
	entry->path.dfs_path_len = (u_int)strlen(path);
	entry->path.dfs_path_val = path;
	entry->ballot.counter = 1;
	ok->entries.entries_val = entry;
	ok->entries.entries_len = 1;
	ok->more = TRUE;
}

static bool call_digest(void *context, unsigned server, const dfs_digest_args *args,
			dfs_digest_res *res)
{
	struct world_server *called = callee(context, server);

	memset(res, 0, sizeof *res);
	if (!called)
		return false;
	if (args->entries > 0 && called->made_up > 0) {
		make_up(called, &res->dfs_digest_res_u.ok);
		return true;
	}
	acceptor_digest(called->acceptor, args, res);
	return res->status == DFS_OK;
}

static unsigned call_lookup(void *context, unsigned servers, const dfs_paths *paths,
			    dfs_lookup_res res[DFS_SERVERS])
{
	unsigned answered = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *called = callee(context, s);

		if (!called || !(servers & 1U << (s - 1)))
			continue;
		acceptor_lookup(called->acceptor, paths, &res[s - 1]);
		if (res[s - 1].status == DFS_OK)
			answered |= 1U << (s - 1);
	}
	return answered;
}

static void call_learn(void *context, unsigned server, const dfs_learn_args *args)
{
	struct world_server *called = callee(context, server);
	dfs_learn_res res = {0};

	if (called)
		acceptor_learn(called->acceptor, args, &res);
	xdr_free((xdrproc_t)xdr_dfs_learn_res, &res);
}

/* As a proposer would: a ballot above all, what is newest, and ACCEPT on all. */
static void finish_path(struct world *world, const char *path)
{
	dfs_ballot ballot = {.epoch = 0, .proposer = id_of(99)};
	unsigned promised = 0, newest = 0;
	dfs_ballot highest = {0};

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *server = server_of(world, s);

		if (!server->up)
			continue;
		dfs_seen seen = acceptor_seen(server->acceptor);

		if (seen.epoch > ballot.epoch)
			ballot.epoch = seen.epoch;
		if (seen.counter >= ballot.counter)
			ballot.counter = seen.counter + 1;
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct store_register reg;
		unsigned operation;

		if (!server_of(world, s)->up ||
		    world_prepare(world, s, path, ballot, &operation) != DFS_OK)
			continue;
		promised++;
		if (operation != 0 && world_has(world, s, path, &reg) &&
		    ballot_compare(&reg.ballot, &highest) > 0) {
			highest = reg.ballot;
			newest = operation;
		}
	}
	for (unsigned s = 1; s <= DFS_SERVERS && promised >= 3 && newest != 0; s++)
		if (server_of(world, s)->up)
			(void)world_accept(world, s, path, ballot, newest);
}

static void call_renew(void *context, const dfs_paths *paths, const dfs_ballot *above,
		       dfs_looked *items, server_set *accepted_by)
{
	struct world_server *caller = context;
	char path[WORLD_PATH];

	(void)items;
	(void)accepted_by;
	assert_null(above);
	for (u_int i = 0; i < paths->paths.paths_len; i++) {
		(void)snprintf(path, sizeof path, "%.*s",
			       (int)paths->paths.paths_val[i].dfs_path_len,
			       paths->paths.paths_val[i].dfs_path_val);
		finish_path(caller->world, path);
	}
}

static bool call_pause(void *context, int64_t ms)
{
	struct world *world = ((struct world_server *)context)->world;
	void (*meanwhile)(struct world *) = world->meanwhile;

	(void)ms;
	world->meanwhile = NULL;
	if (meanwhile)
		meanwhile(world);
	return true;
}

/* What a server does that hears of an epoch, or a counter, that it has not seen. */
static void ask_others(void *context)
{
	struct world_server *caller = context;
	dfs_seen told[DFS_SERVERS] = {{0}};
	server_set answered = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *called = callee(caller, s);

		if (!called)
			continue;
		told[s - 1] = acceptor_seen(called->acceptor);
		answered = set_with(answered, s);
	}
	acceptor_follow(caller->acceptor, told, answered);
}

/* ---- the servers --------------------------------------------------------------- */

void world_create(struct world *world)
{
	memset(world, 0, sizeof *world);
	world->acceptor_rules = acceptor_rules_default;
	world->acceptor_rules.ask_ms = 0;
	world->acceptor_rules.prove = false; /* its values are nobody's */
	world->recovery_rules = recovery_rules_default;
	world->recovery_rules.retry_ms = 0;
	world->recovery_rules.third_ms = 0;
	world->compare_rules = compare_rules_default;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *server = server_of(world, s);
		struct store_options options;

		server->world = world;
		server->number = s;
		server->fences_left = UINT32_MAX;
		strcpy(server->folder, "/tmp/dfs-world-XXXXXX");
		assert_non_null(mkdtemp(server->folder));
		options = options_of(server);
		assert_int_equal(store_create(&options), 0);
	}
}

void world_destroy(struct world *world)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *server = server_of(world, s);

		world_stop(world, s);
		remove_in(server->folder, "");
		remove_in(server->folder, ".saved");
	}
}

int world_set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world_create(world);
	*state = world;
	return 0;
}

int world_tear_down(void **state)
{
	world_destroy(*state);
	free(*state);
	return 0;
}

void world_start(struct world *world, unsigned number)
{
	struct world_server *server = server_of(world, number);
	struct store_options options = options_of(server);
	const struct recovery_calls recovery_calls = {server, call_recall, call_fence};
	const struct compare_calls compare_calls = {
		.peers = {server, call_voting, call_lookup, call_renew},
		.digest = call_digest,
		.learn = call_learn,
		.pause = call_pause};
	char why[256] = "";

	assert_false(server->up);
	assert_int_equal(store_open(&options, &server->store, why, sizeof why), 0);
	server->acceptor = acceptor_new(server->store, number, &world->acceptor_rules);
	assert_non_null(server->acceptor);
	acceptor_set_ask(server->acceptor, ask_others, server);
	server->recovery =
		recovery_new(&(struct recovery_options){.store = server->store,
							.acceptor = server->acceptor,
							.server = number,
							.calls = recovery_calls,
							.rules = &world->recovery_rules});
	server->compare =
		compare_new(&(struct compare_options){.store = server->store,
						      .acceptor = server->acceptor,
						      .server = number,
						      .calls = compare_calls,
						      .rules = &world->compare_rules});
	assert_non_null(server->recovery);
	assert_non_null(server->compare);
	server->up = true;
}

void world_stop(struct world *world, unsigned number)
{
	struct world_server *server = server_of(world, number);

	if (!server->up)
		return;
	server->up = false;
	compare_free(server->compare);
	recovery_free(server->recovery);
	acceptor_free(server->acceptor);
	store_close(server->store);
}

void world_empty(struct world *world, unsigned number)
{
	struct world_server *server = server_of(world, number);

	world_stop(world, number);
	remove_in(server->folder, "/*");
}

void world_save(struct world *world, unsigned number)
{
	struct world_server *server = server_of(world, number);

	assert_false(server->up);
	copy_into(server->folder, "", server->folder, ".saved");
}

void world_set_back(struct world *world, unsigned number)
{
	struct world_server *server = server_of(world, number);

	world_empty(world, number);
	copy_into(server->folder, ".saved", server->folder, "");
}

bool world_step(struct world *world, unsigned number)
{
	struct world_server *server = server_of(world, number);

	assert_true(server->up);
	return recovery_step(server->recovery);
}

void world_recover(struct world *world, unsigned number)
{
	bool votes = false;

	for (unsigned i = 0; i < 3 && !votes; i++)
		votes = world_step(world, number);
	assert_true(votes);
}

void world_lose(struct world *world, unsigned number)
{
	world_empty(world, number);
	world_start(world, number);
	world_recover(world, number);
}

void world_start_all(struct world *world)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (!server_of(world, s)->up)
			world_start(world, s);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		world_recover(world, s);
}

/* ---- messages ------------------------------------------------------------------ */

dfs_ballot world_ballot(uint32_t epoch, uint64_t counter, unsigned proposer)
{
	return (dfs_ballot){epoch, counter, id_of(proposer)};
}

static unsigned operation_of(const dfs_register *reg)
{
	return reg->known ? number_of(&reg->dfs_register_u.accepted.value.operation) : 0;
}

dfs_status world_prepare(struct world *world, unsigned number, const char *path,
			 dfs_ballot ballot, unsigned *ret_operation)
{
	char room[WORLD_PATH];
	dfs_prepare_item item = {.path = {(u_int)strlen(path), room}};
	dfs_prepare_args args = {id_of(5), ballot, FALSE, {1, &item}};
	dfs_prepare_res res = {0};
	dfs_status status;

	strcpy(room, path);
	acceptor_prepare(server_of(world, number)->acceptor, &args, &res);
	status = res.status;
	*ret_operation = 0;
	if (status == DFS_OK) {
		const dfs_promise *promise = &res.dfs_prepare_res_u.ok.items.items_val[0];

		status = promise->status;
		if (status == DFS_OK)
			*ret_operation =
				operation_of(&promise->dfs_promise_u.promised.reg);
	}
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, &res);
	return status;
}

static dfs_value value_of(dfs_id *operation, dfs_ballot ballot)
{
	dfs_value value = {.operation = *operation, .origin = ballot, .number = 1};

	value.recent.recent_len = 1;
	value.recent.recent_val = operation;
	value.content_version = (dfs_version){1, *operation};
	value.body.kind = DFS_TOMBSTONE;
	return value;
}

void world_fill(struct world *world, unsigned number, unsigned count)
{
	struct store *store = server_of(world, number)->store;
	const dfs_ballot ballot = world_ballot(0, 1, 1);
	struct store_batch *batch = store_batch_new(store);
	char path[WORLD_PATH];

	for (unsigned i = 0; i < count; i++) {
		dfs_id id = id_of(i + 1);
		const dfs_value value = value_of(&id, ballot);

		(void)snprintf(path, sizeof path, "/ann/%05u", i);
		assert_int_equal(store_fixture_batch_value(batch, path, &ballot, &value,
							   STORE_CONFIRMED),
				 0);
	}
	assert_int_equal(store_commit(batch), 0);
}

dfs_status world_accept(struct world *world, unsigned number, const char *path,
			dfs_ballot ballot, unsigned operation)
{
	char room[WORLD_PATH];
	dfs_id id = id_of(operation);
	dfs_proposal item = {.path = {(u_int)strlen(path), room},
			     .value = value_of(&id, ballot)};
	dfs_accept_args args = {ballot, {1, &item}};
	dfs_accept_res res = {0};
	dfs_status status;

	strcpy(room, path);
	acceptor_accept(server_of(world, number)->acceptor, &args, &res);
	status = res.status == DFS_OK ? res.dfs_accept_res_u.ok.items.items_val[0]
				      : res.status;
	xdr_free((xdrproc_t)xdr_dfs_accept_res, &res);
	return status;
}

unsigned world_accept_on(struct world *world, unsigned servers, const char *path,
			 dfs_ballot ballot, unsigned operation)
{
	unsigned yes = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (servers & 1U << (s - 1) && server_of(world, s)->up)
			yes += world_accept(world, s, path, ballot, operation) == DFS_OK;
	return yes;
}

dfs_status world_learn(struct world *world, unsigned number, const char *path,
		       dfs_ballot ballot, unsigned operation)
{
	char room[WORLD_PATH];
	dfs_id id = id_of(operation);
	dfs_learn_item item = {.path = {(u_int)strlen(path), room},
			       .ballot = ballot,
			       .value = value_of(&id, ballot)};
	dfs_learn_args args = {{1, &item}};
	dfs_learn_res res = {0};
	dfs_status status;

	strcpy(room, path);
	acceptor_learn(server_of(world, number)->acceptor, &args, &res);
	status = res.status == DFS_OK ? res.dfs_learn_res_u.items.items_val[0]
				      : res.status;
	xdr_free((xdrproc_t)xdr_dfs_learn_res, &res);
	return status;
}

unsigned world_read(struct world *world, const unsigned servers[3], const char *path,
		    bool *ret_equal)
{
	char room[WORLD_PATH];
	dfs_path one = {(u_int)strlen(path), room};
	dfs_paths args = {.paths = {1, &one}};
	dfs_ballot newest = {0}, first = {0};
	unsigned operation = 0;

	strcpy(room, path);
	*ret_equal = true;
	for (unsigned i = 0; i < 3; i++) {
		dfs_lookup_res res = {0};

		acceptor_lookup(server_of(world, servers[i])->acceptor, &args, &res);
		assert_int_equal(res.status, DFS_OK);
		assert_true(res.dfs_lookup_res_u.ok.votes);
		const dfs_register *reg =
			&res.dfs_lookup_res_u.ok.items.items_val[0].dfs_looked_u.reg;
		dfs_ballot ballot = {0};

		if (reg->known)
			ballot = reg->dfs_register_u.accepted.ballot;
		if (i == 0)
			first = ballot;
		*ret_equal = *ret_equal && ballot_compare(&ballot, &first) == 0;
		if (ballot_compare(&ballot, &newest) > 0) {
			newest = ballot;
			operation = operation_of(reg);
		}
		xdr_free((xdrproc_t)xdr_dfs_lookup_res, &res);
	}
	return operation;
}

dfs_state world_state(struct world *world, unsigned number)
{
	return acceptor_state(server_of(world, number)->acceptor);
}

const char *world_why(struct world *world, unsigned number)
{
	static struct acceptor_standing standing;

	acceptor_get_standing(server_of(world, number)->acceptor, &standing);
	return standing.why;
}

dfs_seen world_seen(struct world *world, unsigned number)
{
	return acceptor_seen(server_of(world, number)->acceptor);
}

bool world_has(struct world *world, unsigned number, const char *path,
	       struct store_register *ret)
{
	return store_register(server_of(world, number)->store, path, strlen(path), ret) ==
	       0;
}
