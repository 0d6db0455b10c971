/*
 * What users may not forge: the handlers on a real store, called as the dispatcher calls
 * them, by somebody who may write a path and lies about what he stores there.
 */
#include "procs.h"

#include "clock.h"
#include "peers.h"
#include "placement.h"
#include "heal_fixture.h"
#include "secrets.h"
#include "ticket.h"
#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Of the one server here. */
static struct secrets shared;

/* In place of server/agreement/peers.c: handlers ask nobody. */
bool peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_register *ret)
{
	(void)peers;
	(void)paths;
	(void)deadline_ms;
	(void)ret;
	fail_msg("a handler asked other servers");
	return false;
}

void peers_free_registers(struct peers_register *registers, size_t count)
{
	(void)registers;
	(void)count;
}

void peers_check_lone(struct peers *peers, const dfs_confirm_args *args,
		      dfs_status *statuses)
{
	(void)peers;
	(void)args;
	(void)statuses;
	fail_msg("a handler asked other servers");
}

/* ---- the fixture ------------------------------------------------------------- */

enum { LEAST = STORE_FILE_LEAST };
enum { SERVER = 2, PAIR = 6 /* chunks 2 and 3: of row 0 */ };

struct fixture {
	struct store_fixture store;
	struct server_parts server;
	struct caller bob;
};

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct acceptor_rules rules = acceptor_rules_default;

	assert_non_null(fixture);
	rules.prove = false; /* what is forged here is not signed either */
	assert_int_equal(placement_pair(0, SERVER), PAIR);
	store_fixture_start(&fixture->store);
	fixture->server.number = SERVER;
	fixture->server.store = fixture->store.store;
	fixture->server.acceptor = acceptor_new(fixture->store.store, SERVER, &rules);
	assert_int_equal(acceptor_vote(fixture->server.acceptor), 0);
	memset(&shared, 0, sizeof shared);
	memset(shared.newest, 3, sizeof shared.newest);
	fixture->server.secrets = &shared;
	fixture->bob.server = &fixture->server;
	fixture->bob.uploads = store_uploads_new(fixture->store.store);
	strcpy(fixture->bob.user, "bob");
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	store_uploads_free(fixture->bob.uploads);
	caller_release(&fixture->bob);
	acceptor_free(fixture->server.acceptor);
	store_fixture_end(&fixture->store);
	free(fixture);
	return 0;
}

/* What the dispatcher does before each call. */
static struct caller *call(struct fixture *fixture)
{
	memset(fixture->bob.permitted, 0, sizeof fixture->bob.permitted);
	return &fixture->bob;
}

static void set_quota(struct fixture *fixture, uint64_t quota, uint64_t counter)
{
	assert_int_equal(value_fixture_accept(fixture->store.store, "/@accounts/bob",
					      value_fixture_account(quota, counter), 0),
			 0);
}

/* ---- calls ------------------------------------------------------------------- */

struct text {
	char bytes[64];
};

static dfs_path path_of(const char *path, struct text *text)
{
	(void)snprintf(text->bytes, sizeof text->bytes, "%s", path);
	return (dfs_path){(u_int)strlen(text->bytes), text->bytes};
}

static uint64_t units_of(uint64_t size)
{
	return placement_units(size, placement_unit_size(size));
}

static const uint8_t zeros[DFS_UNIT_MAX + 1];

/* Of a size with another one's leaves; nobody looks at what they are of. */
static dfs_share share_with(uint64_t size, uint64_t object, u_int leaves)
{
	static dfs_key tree[DFS_SERVERS];

	return (dfs_share){.maker = store_fixture_maker(object),
			   .size = size,
			   .tree = {leaves, tree},
			   .chunks = PAIR};
}

static dfs_share share_of(uint64_t size, uint64_t object)
{
	uint64_t units = units_of(size);

	return share_with(size, object, units > DFS_SERVERS ? 1 : (u_int)units);
}

/* Another size is another object. */
static dfs_id object_of(uint64_t size, uint64_t object)
{
	const dfs_share share = share_of(size, object);

	return *store_fixture_object_of(&share);
}

/* PUT of one unit. */
static dfs_status put(struct fixture *fixture, const char *path, uint64_t size,
		      uint64_t object, uint64_t unit, uint32_t len)
{
	struct text text;
	dfs_unit one = {unit, {len, zeros}};
	dfs_put_args args = {.operation = store_fixture_id(1),
			     .path = path_of(path, &text),
			     .size = size,
			     .token = store_fixture_token(object),
			     .units = {1, &one}};
	dfs_put_res res = {0};

	procs_put(call(fixture), &args, &res);
	return res.status;
}

/* BIND of the pair; res->status where the call is refused as a whole. */
static dfs_status bind_share(struct fixture *fixture, const char *path,
			     const dfs_share *share, uint64_t shown, uint64_t counter)
{
	struct text text;
	dfs_bind_item item = {.path = path_of(path, &text),
			      .share = *share,
			      .token = store_fixture_token(shown)};
	dfs_bind_args args = {
		store_fixture_id(1), store_fixture_ballot(counter), {1, &item}};
	dfs_bind_res res = {0};
	dfs_status status;

	procs_bind(call(fixture), &args, &res);
	status =
		res.status == DFS_OK ? res.dfs_bind_res_u.items.items_val[0] : res.status;
	xdr_free((xdrproc_t)xdr_dfs_bind_res, &res);
	return status;
}

static dfs_status bind_pair(struct fixture *fixture, const char *path, uint64_t size,
			    uint64_t object, uint64_t counter)
{
	const dfs_share share = share_of(size, object);

	return bind_share(fixture, path, &share, object, counter);
}

/*
 * PUT and BIND of the pair of a small file, each unit 29 bytes longer than its content.
 */
static dfs_status upload(struct fixture *fixture, const char *path, uint64_t size,
			 uint64_t object, uint64_t counter)
{
	for (uint64_t unit = 1; unit <= 2; unit++) {
		dfs_status status = put(
			fixture, path, size, object, unit,
			placement_unit_len(size, placement_unit_size(size), unit) + 29);

		if (status != DFS_OK)
			return status;
	}
	return bind_pair(fixture, path, size, object, counter);
}

/*
 * PREPARE of one path; where the item is refused, its status, else what is said of the
 * stage.
 */
static dfs_status prepare(struct fixture *fixture, const char *path, uint64_t size,
			  const dfs_stage *stage, uint64_t counter)
{
	struct text text;
	dfs_prepare_item item = {
		.path = path_of(path, &text), .size = size, .stage = *stage};
	dfs_prepare_args args = {
		store_fixture_id(1), store_fixture_ballot(counter), FALSE, {1, &item}};
	dfs_prepare_res res = {0};
	dfs_status status;

	procs_prepare(call(fixture), &args, &res);
	status = res.status;
	if (status == DFS_OK) {
		const dfs_promise *promise = &res.dfs_prepare_res_u.ok.items.items_val[0];

		status = promise->status == DFS_OK
				 ? promise->dfs_promise_u.promised.staged
				 : promise->status;
	}
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, &res);
	return status;
}

static dfs_status prepare_content(struct fixture *fixture, const char *path,
				  uint64_t size, uint64_t object, uint32_t len,
				  uint64_t counter)
{
	dfs_unit units[2] = {{1, {len, zeros}}, {2, {len, zeros}}};
	dfs_stage stage = {.kind = DFS_STAGE_CONTENT};

	stage.dfs_stage_u.small.share = share_of(size, object);
	stage.dfs_stage_u.small.token = store_fixture_token(object);
	stage.dfs_stage_u.small.units.units_len = 2;
	stage.dfs_stage_u.small.units.units_val = units;
	return prepare(fixture, path, size, &stage, counter);
}

static dfs_status prepare_binding(struct fixture *fixture, const char *path,
				  uint64_t size, uint64_t object,
				  const dfs_ticket *ticket, uint64_t counter)
{
	dfs_stage stage = {.kind = DFS_STAGE_BINDING};

	stage.dfs_stage_u.binding.share = share_of(size, object);
	stage.dfs_stage_u.binding.ticket = *ticket;
	return prepare(fixture, path, size, &stage, counter);
}

/* ACCEPT of a file, first proposed at this ballot or at the one before. */
static dfs_status accept_file(struct fixture *fixture, const char *path,
			      struct value_fixture_file file, bool first)
{
	struct text text;
	dfs_proposal item = {.path = path_of(path, &text),
			     .value = value_fixture_file(&file)};
	dfs_accept_args args = {store_fixture_ballot(file.counter + !first), {1, &item}};
	dfs_accept_res res = {0};
	dfs_status status;

	procs_accept(call(fixture), &args, &res);
	status = res.status == DFS_OK ? res.dfs_accept_res_u.ok.items.items_val[0]
				      : res.status;
	xdr_free((xdrproc_t)xdr_dfs_accept_res, &res);
	value_free(&item.value);
	return status;
}

static dfs_status get(struct fixture *fixture, uint64_t object, const dfs_ticket *ticket)
{
	dfs_want want = {object_of(1000, object), 1};
	dfs_ticket copy = *ticket;
	dfs_get_args args = {{1, &want}, {1, &copy}};
	dfs_get_res res = {0};
	dfs_status status;

	procs_get(call(fixture), &args, &res);
	assert_int_equal(res.status, DFS_OK);
	status = res.dfs_get_res_u.items.items_val[0].status;
	xdr_free((xdrproc_t)xdr_dfs_get_res, &res);
	caller_release(&fixture->bob);
	return status;
}

static dfs_ticket ticket_for(struct fixture *fixture, const char *user, uint64_t size,
			     uint64_t object, int64_t ago_ns)
{
	(void)fixture;
	const dfs_id id = object_of(size, object);

	return ticket_make(shared.newest, user, &id, clock_wall_ns() - ago_ns);
}

static dfs_ticket ticket_of(struct fixture *fixture, const char *user, uint64_t object,
			    int64_t ago_ns)
{
	return ticket_for(fixture, user, 1000, object, ago_ns);
}

static const dfs_ticket no_ticket;

/* ---- uploads ----------------------------------------------------------------- */

static void test_2_2_units_fit_the_size_that_is_claimed(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t large = 5 * (uint64_t)DFS_UNIT_SIZE + 10;

	/* A content of 1000 bytes has four units of 250. */
	assert_int_equal(put(fixture, "/bob/a", 1000, 1, 3, 250 + 64), DFS_OK);
	assert_int_equal(put(fixture, "/bob/a", 1000, 1, 2, 250 + 65), DFS_INVALID);
	assert_int_equal(put(fixture, "/bob/a", 1000, 1, 4, 1), DFS_INVALID);
	assert_int_equal(put(fixture, "/bob/a", 0, 2, 0, 0), DFS_INVALID);
	assert_int_equal(put(fixture, "/bob/a", ((uint64_t)1 << 40) + 1, 2, 0, 0),
			 DFS_INVALID);
	assert_int_equal(put(fixture, "/bob/a", UINT64_MAX, 2, 0, 0), DFS_INVALID);
	/* Its last unit has ten. */
	assert_int_equal(put(fixture, "/bob/a", large, 3, 5, 10 + 64), DFS_OK);
	assert_int_equal(put(fixture, "/bob/a", large, 3, 5, 10 + 65), DFS_INVALID);
	assert_int_equal(put(fixture, "/bob/a", large, 3, 4, DFS_UNIT_MAX), DFS_OK);
	assert_int_equal(put(fixture, "/bob/a", large, 3, 6, 1), DFS_INVALID);
	/* No path of a file. */
	assert_int_equal(put(fixture, "/@accounts/bob", 1000, 4, 0, 1), DFS_INVALID);
	assert_int_equal(put(fixture, "/bob", 1000, 4, 0, 1), DFS_INVALID);
}

static void test_2_2_an_upload_keeps_its_size(void **state)
{
	struct fixture *fixture = *state;
	const dfs_share fewer = share_with(1000, 1, 3), root = share_with(1000, 1, 1);
	const dfs_share right = share_of(1000, 1);

	assert_int_equal(put(fixture, "/bob/a", 1000, 1, 1, 270), DFS_OK);
	assert_int_equal(put(fixture, "/bob/a", 999, 1, 2, 270), DFS_INVALID);
	assert_int_equal(put(fixture, "/bob/a", 1001, 1, 2, 270), DFS_INVALID);
	assert_int_equal(put(fixture, "/bob/a", 1000, 1, 2, 270), DFS_OK);
	assert_int_equal(bind_pair(fixture, "/bob/a", 999, 1, 5), DFS_INVALID);
	assert_int_equal(bind_pair(fixture, "/bob/a", 1001, 1, 5), DFS_INVALID);
	assert_int_equal(bind_share(fixture, "/bob/a", &fewer, 1, 5), DFS_INVALID);
	assert_int_equal(bind_share(fixture, "/bob/a", &root, 1, 5), DFS_INVALID);
	/* Nor without its token. */
	assert_int_equal(bind_share(fixture, "/bob/a", &right, 2, 5), DFS_INVALID);
	assert_int_equal(bind_pair(fixture, "/bob/a", 1000, 1, 5), DFS_OK);
	/* Of another size it is another object, which nobody brought. */
	assert_int_equal(bind_pair(fixture, "/bob/a", 800, 1, 6), DFS_NODATA);
	assert_int_equal(bind_pair(fixture, "/bob/a", 1000, 1, 6), DFS_OK);
}

static void test_2_2_an_object_of_another_path_is_not_bound(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(store_fixture_stage(fixture->store.store, "/carol/a", 7, 5, 270),
			 0);
	assert_int_equal(bind_pair(fixture, "/bob/a", 1000, 7, 6), DFS_DENIED);
	/* Not with units of one's own either. */
	assert_int_equal(upload(fixture, "/bob/a", 1000, 7, 6), DFS_DENIED);
	assert_int_equal(prepare_content(fixture, "/bob/a", 1000, 7, 270, 6), DFS_DENIED);
	assert_int_equal(prepare_binding(fixture, "/bob/a", 1000, 7, &no_ticket, 7),
			 DFS_DENIED);
	/* One's own is bound anew, also after somebody was faster. */
	assert_int_equal(upload(fixture, "/bob/a", 1000, 8, 10), DFS_OK);
	assert_int_equal(store_fixture_accept(fixture->store.store, "/bob/a", 0, 11), 0);
	store_fixture_settle(fixture->store.store, "/bob/a", 11);
	assert_int_equal(bind_pair(fixture, "/bob/a", 1000, 8, 12), DFS_OK);
	assert_int_equal(bind_pair(fixture, "/bob/b", 1000, 8, 12), DFS_DENIED);
	/* What is nowhere is not there. */
	assert_int_equal(bind_pair(fixture, "/bob/a", 1000, 9, 13), DFS_NODATA);
}

/* What this server has yet to fetch: a reader, who knows the id, may not bring it. */
static void test_3_1_content_of_another_path_is_not_brought(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store.store;
	dfs_ticket ticket = ticket_of(fixture, "bob", 7, 0);

	assert_int_equal(store_fixture_accept(store, "/carol/a", 7, 5), 0);
	assert_int_equal(upload(fixture, "/bob/a", 1000, 7, 6), DFS_DENIED);
	assert_int_equal(prepare_content(fixture, "/bob/a", 1000, 7, 270, 7), DFS_DENIED);
	assert_int_equal(prepare_binding(fixture, "/bob/a", 1000, 7, &ticket, 8),
			 DFS_NODATA);
	/* Nor by a copy of one's own. */
	assert_int_equal(store_fixture_accept(store, "/bob/copy", 7, 9), 0);
	assert_int_equal(upload(fixture, "/bob/copy", 1000, 7, 10), DFS_DENIED);
	assert_int_equal(prepare_content(fixture, "/bob/copy", 1000, 7, 270, 11),
			 DFS_DENIED);
	/* Nor what is missing of it beside the chunk that is here. */
	assert_int_equal(heal_fixture_content(store, 8, 1, 250), 0);
	assert_int_equal(store_fixture_accept(store, "/carol/b", 8, 5), 0);
	ticket = ticket_of(fixture, "bob", 8, 0);
	assert_int_equal(prepare_binding(fixture, "/bob/b", 1000, 8, &ticket, 6),
			 DFS_NODATA);
	assert_int_equal(prepare_content(fixture, "/bob/b", 1000, 8, 250, 7), DFS_DENIED);
	/* Its own path may, as after an upload that was broken off. */
	assert_int_equal(store_fixture_accept(store, "/bob/own", 9, 5), 0);
	assert_int_equal(prepare_content(fixture, "/bob/own", 1000, 9, 270, 6), DFS_OK);
}

static void test_2_2_content_in_prepare_fits_the_size(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(prepare_content(fixture, "/bob/a", 1000, 1, 250 + 65, 5),
			 DFS_INVALID);
	assert_int_equal(prepare_content(fixture, "/bob/a", 100, 1, 270, 5), DFS_INVALID);
	assert_int_equal(prepare_content(fixture, "/bob/a", 1000, 1, 250 + 64, 5),
			 DFS_OK);
	/*
	 * With content that is here already nothing is stored, but the claim is looked
	 * at.
	 */
	assert_int_equal(prepare_content(fixture, "/bob/a", 1000, 1, 250, 6), DFS_OK);
	assert_int_equal(prepare_content(fixture, "/bob/a", 700, 1, 250, 7), DFS_INVALID);
	assert_int_equal(prepare_content(fixture, "/@credentials/bob", 1000, 2, 270, 7),
			 DFS_INVALID);
}

static void test_2_2_a_binding_needs_a_ticket(void **state)
{
	struct fixture *fixture = *state;
	const int64_t life = TICKET_HOURS * INT64_C(3600000000000);
	dfs_ticket bobs = ticket_of(fixture, "bob", 7, 0);
	dfs_ticket carols = ticket_of(fixture, "carol", 7, 0);
	dfs_ticket other = ticket_of(fixture, "bob", 8, 0);
	dfs_ticket old = ticket_of(fixture, "bob", 7, life + 1);

	assert_int_equal(store_fixture_stage(fixture->store.store, "/carol/a", 7, 5, 270),
			 0);
	assert_int_equal(prepare_binding(fixture, "/bob/a", 1000, 7, &carols, 6),
			 DFS_DENIED);
	assert_int_equal(prepare_binding(fixture, "/bob/a", 1000, 7, &other, 6),
			 DFS_DENIED);
	assert_int_equal(prepare_binding(fixture, "/bob/a", 1000, 7, &old, 6),
			 DFS_DENIED);
	/* Of another size it is another object. */
	assert_int_equal(prepare_binding(fixture, "/bob/a", 500, 7, &bobs, 6),
			 DFS_DENIED);
	assert_int_equal(prepare_binding(fixture, "/bob/a", 1000, 7, &bobs, 6), DFS_OK);
}

/* ---- quotas ------------------------------------------------------------------ */

/* As staged by nobody: the pair, without regard to quotas. */
static void stage_pair(struct fixture *fixture, const char *path, uint64_t size,
		       uint64_t object, uint32_t len)
{
	struct store_batch *batch = store_batch_new(fixture->store.store);
	const dfs_share share = share_of(size, object);
	const dfs_unit units[2] = {{1, {len, zeros}}, {2, {len, zeros}}};
	const dfs_id id = object_of(size, object);
	const dfs_ballot ballot = store_fixture_ballot(5);

	assert_non_null(batch);
	assert_int_equal(store_batch_content(batch, &share, units, 2), 0);
	assert_int_equal(store_fixture_bind(batch, &id, path, strlen(path), &ballot), 0);
	assert_int_equal(store_commit(batch), 0);
}

static uint64_t used(struct fixture *fixture)
{
	struct store_owner owner;

	store_owner(fixture->store.store, "bob", 3, &owner);
	return owner.used;
}

/* Bob's connection ends, and so do his uploads. */
static void connect_again(struct fixture *fixture)
{
	store_uploads_free(fixture->bob.uploads);
	fixture->bob.uploads = store_uploads_new(fixture->store.store);
}

static void test_2_2_no_step_goes_past_the_quota(void **state)
{
	struct fixture *fixture = *state;
	struct value_fixture_file file = {
		.owner = "bob", .size = 6000, .object = 1, .counter = 5};
	const dfs_ticket small = ticket_for(fixture, "bob", 400, 7, 0);
	const dfs_ticket larger = ticket_for(fixture, "bob", 401, 7, 0);
	uint64_t all;

	set_quota(fixture, 10000 + LEAST, 1);
	assert_int_equal(put(fixture, "/bob/a", 10001, 1, 1, 1), DFS_OVER_QUOTA);
	assert_int_equal(bind_pair(fixture, "/bob/a", 10001, 1, 5), DFS_OVER_QUOTA);
	assert_int_equal(upload(fixture, "/bob/a", 6000, 1, 5), DFS_OK);
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_OK);
	/*
	 * 400 are left, at every step and for each path; over itself the file may grow by
	 * as much.
	 */
	all = used(fixture) + 400 + LEAST;
	set_quota(fixture, all, 2);
	assert_int_equal(put(fixture, "/bob/b", 401, 2, 1, 1), DFS_OVER_QUOTA);
	assert_int_equal(put(fixture, "/shared/b", 401, 2, 1, 1), DFS_OVER_QUOTA);
	assert_int_equal(put(fixture, "/bob/a", all + 1, 3, 1, 1), DFS_OVER_QUOTA);
	assert_int_equal(put(fixture, "/bob/a", all, 2, 1, 1), DFS_OK);
	connect_again(fixture);
	assert_int_equal(bind_pair(fixture, "/bob/b", 401, 9, 6), DFS_OVER_QUOTA);
	assert_int_equal(prepare_content(fixture, "/bob/b", 401, 4, 129, 6),
			 DFS_OVER_QUOTA);
	assert_int_equal(prepare_content(fixture, "/shared/b", 401, 4, 129, 6),
			 DFS_OVER_QUOTA);
	stage_pair(fixture, "/bob/c", 400, 7, 129);
	assert_int_equal(prepare_binding(fixture, "/bob/b", 401, 7, &larger, 7),
			 DFS_OVER_QUOTA);
	assert_int_equal(prepare_binding(fixture, "/bob/b", 400, 7, &small, 8), DFS_OK);
	/* That is what was left; the same again is no more. */
	assert_int_equal(prepare_content(fixture, "/bob/d", 400, 5, 129, 9),
			 DFS_OVER_QUOTA);
	assert_int_equal(prepare_binding(fixture, "/bob/b", 400, 7, &small, 10), DFS_OK);
}

static void test_8_4_no_step_is_repeated_past_the_quota(void **state)
{
	struct fixture *fixture = *state;
	const dfs_id refused = object_of(8, 7);

	set_quota(fixture, 1000 + LEAST, 1);
	/* Open uploads, */
	assert_int_equal(put(fixture, "/bob/a", 600, 1, 1, 1), DFS_OK);
	assert_int_equal(put(fixture, "/bob/b", 401, 2, 1, 1), DFS_OVER_QUOTA);
	assert_int_equal(put(fixture, "/bob/b", 400, 2, 1, 1), DFS_OK);
	assert_int_equal(put(fixture, "/bob/b", 400, 2, 2, 1), DFS_OK);
	assert_int_equal(put(fixture, "/bob/c", 1, 3, 0, 1), DFS_OVER_QUOTA);
	connect_again(fixture);
	assert_int_equal(used(fixture), 0);
	/* what is bound, one path after another, */
	assert_int_equal(upload(fixture, "/bob/a", 600, 4, 5), DFS_OK);
	assert_int_equal(upload(fixture, "/bob/b", 401, 5, 5), DFS_OVER_QUOTA);
	assert_int_equal(prepare_content(fixture, "/bob/b", 401, 5, 129, 5),
			 DFS_OVER_QUOTA);
	assert_int_equal(prepare_content(fixture, "/bob/b", 400, 5, 129, 5), DFS_OK);
	assert_int_equal(used(fixture), 1000);
	assert_int_equal(prepare_content(fixture, "/bob/c", 8, 6, 30, 5), DFS_OVER_QUOTA);
	/* and several for one path. */
	assert_int_equal(prepare_content(fixture, "/bob/a", 8, 7, 30, 6), DFS_OVER_QUOTA);
	assert_int_equal(used(fixture), 1000);
	/* Nothing of what was refused is here. */
	assert_int_equal(store_chunks(fixture->store.store, &refused), 0);
}

/* What is bound no higher than a settled value would count against nobody. */
static void test_8_4_nothing_is_stored_below_what_is_settled(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store.store;
	const dfs_id object = object_of(6000, 1);

	assert_int_equal(
		value_fixture_accept(store, "/bob/a", value_fixture_tombstone(7), 0), 0);
	store_fixture_settle(store, "/bob/a", 7);
	/* Below it, and at it; it stays an upload, and his. */
	assert_int_equal(upload(fixture, "/bob/a", 6000, 1, 6), DFS_REFUSED);
	assert_int_equal(bind_pair(fixture, "/bob/a", 6000, 1, 7), DFS_REFUSED);
	assert_int_equal(store_chunks(store, &object), 0);
	assert_int_equal(used(fixture), 6000);
	/* One past it */
	assert_int_equal(bind_pair(fixture, "/bob/a", 6000, 1, 8), DFS_OK);
	assert_int_equal(store_chunks(store, &object), PAIR);
	assert_int_equal(used(fixture), 6000);
}

static void test_2_2_what_came_meanwhile_counts_when_it_is_accepted(void **state)
{
	struct fixture *fixture = *state;
	struct value_fixture_file first = {
		.owner = "bob", .size = 600, .object = 1, .counter = 5};
	struct value_fixture_file second = {
		.owner = "bob", .size = 600, .object = 2, .counter = 6};
	uint64_t with_first;

	assert_int_equal(upload(fixture, "/bob/a", 600, 1, 5), DFS_OK);
	assert_int_equal(upload(fixture, "/shared/b", 600, 2, 6), DFS_OK);
	assert_int_equal(accept_file(fixture, "/bob/a", first, true), DFS_OK);
	with_first = used(fixture);
	/* The quota was lowered meanwhile. */
	set_quota(fixture, with_first, 1);
	assert_int_equal(accept_file(fixture, "/shared/b", second, true), DFS_OVER_QUOTA);
	/* Nor by calling it a value that others proposed first. */
	assert_int_equal(accept_file(fixture, "/shared/b", second, false),
			 DFS_OVER_QUOTA);
	/* A server brings to its end what was begun. */
	fixture->bob.peer = 3;
	assert_int_equal(accept_file(fixture, "/shared/b", second, false), DFS_OK);
}

/* ---- manifests --------------------------------------------------------------- */

static void test_2_2_a_manifest_fits_what_is_here(void **state)
{
	struct fixture *fixture = *state;
	struct value_fixture_file file = {
		.owner = "bob", .size = 1000, .object = 1, .counter = 5};

	assert_int_equal(upload(fixture, "/bob/a", 1000, 1, 5), DFS_OK);
	/* Smaller, so that less counts, or larger: that is not what was brought. */
	file.size = 4;
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_NODATA);
	assert_int_equal(accept_file(fixture, "/bob/a", file, false), DFS_NODATA);
	file.size = 5 * (uint64_t)DFS_UNIT_SIZE;
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_NODATA);
	/* Of what is not here this server says that it is no holder. */
	file.size = 1000;
	file.object = 2;
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_NODATA);
	file.object = 1;
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_OK);
}

/* What it points to becomes its own, and fits its size. */
static void own_content(dfs_content *content)
{
	static const dfs_key tree[DFS_SERVERS];
	u_int leaves = (u_int)units_of(content->size);

	content->unit_size = placement_unit_size(content->size);
	content->tree.tree_len = leaves;
	content->tree.tree_val = value_fixture_copy(tree, sizeof tree);
	content->writer = (dfs_user){3, value_fixture_copy("bob", 3)};
	memset(&content->sealed, 0, sizeof content->sealed);
	memset(&content->signature, 0, sizeof content->signature);
	content->signature.leaves = 1;
}

/*
 * ACCEPT of a file of which this server is named as no holder, or that keeps a version.
 */
static dfs_status accept_changed(struct fixture *fixture, const char *path,
				 const struct value_fixture_file *file, bool first,
				 const dfs_earlier *earlier)
{
	struct text text;
	dfs_proposal item = {.path = path_of(path, &text),
			     .value = value_fixture_file(file)};
	dfs_manifest *manifest = &item.value.body.dfs_body_u.manifest;
	dfs_accept_args args = {store_fixture_ballot(file->counter + !first), {1, &item}};
	dfs_accept_res res = {0};
	dfs_status status;

	if (earlier) {
		manifest->earlier.earlier_val = calloc(1, sizeof *earlier);
		assert_non_null(manifest->earlier.earlier_val);
		manifest->earlier.earlier_len = 1;
		manifest->earlier.earlier_val[0] = *earlier;
		own_content(&manifest->earlier.earlier_val[0].content);
	} else {
		manifest->content.holders &= ~(UINT32_C(15) << 4 * (SERVER - 1));
	}
	procs_accept(call(fixture), &args, &res);
	status = res.status == DFS_OK ? res.dfs_accept_res_u.ok.items.items_val[0]
				      : res.status;
	xdr_free((xdrproc_t)xdr_dfs_accept_res, &res);
	value_free(&item.value);
	return status;
}

static void test_8_7_content_that_nobody_brought_is_not_believed(void **state)
{
	struct fixture *fixture = *state;
	struct value_fixture_file file = {
		.owner = "bob", .size = (uint64_t)1 << 40, .object = 1, .counter = 5};

	/* As a holder or not, as a first proposal or a later one. */
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_NODATA);
	assert_int_equal(accept_file(fixture, "/bob/a", file, false), DFS_NODATA);
	assert_int_equal(accept_changed(fixture, "/bob/a", &file, true, NULL),
			 DFS_NODATA);
	assert_int_equal(accept_changed(fixture, "/bob/a", &file, false, NULL),
			 DFS_NODATA);
	file.size = 1;
	assert_int_equal(accept_changed(fixture, "/bob/a", &file, false, NULL),
			 DFS_NODATA);
	/* A file without bytes claims nothing. */
	file.size = 0;
	assert_int_equal(accept_changed(fixture, "/bob/a", &file, true, NULL), DFS_OK);
	/* What is here, or named here, is believed; of another size it is not. */
	file = (struct value_fixture_file){
		.owner = "bob", .size = 1000, .object = 2, .counter = 8};
	assert_int_equal(upload(fixture, "/bob/b", 1000, 2, 8), DFS_OK);
	assert_int_equal(accept_file(fixture, "/bob/b", file, true), DFS_OK);
	file.counter = 10;
	assert_int_equal(accept_changed(fixture, "/bob/b", &file, true, NULL), DFS_OK);
	file.counter = 12;
	assert_int_equal(accept_changed(fixture, "/bob/b", &file, false, NULL), DFS_OK);
	/* Not so that it would be another path's. */
	assert_int_equal(accept_changed(fixture, "/bob/c", &file, false, NULL),
			 DFS_DENIED);
	/* A server is believed. */
	file = (struct value_fixture_file){
		.owner = "bob", .size = (uint64_t)1 << 40, .object = 3, .counter = 20};
	fixture->bob.peer = 3;
	assert_int_equal(accept_changed(fixture, "/bob/d", &file, false, NULL), DFS_OK);
}

static void test_8_7_a_kept_version_is_one_that_was_there(void **state)
{
	struct fixture *fixture = *state;
	struct value_fixture_file first = {
		.owner = "bob", .size = 1000, .object = 1, .counter = 5};
	struct value_fixture_file second = {
		.owner = "bob", .size = 2000, .object = 2, .counter = 6};
	dfs_value value = value_fixture_file(&first);
	dfs_earlier kept = {.content_version = value.content_version,
			    .content = value.body.dfs_body_u.manifest.content};

	value_free(&value);
	assert_int_equal(upload(fixture, "/bob/a", 2000, 2, 6), DFS_OK);
	assert_int_equal(accept_changed(fixture, "/bob/a", &second, true, &kept),
			 DFS_NODATA);
	assert_int_equal(upload(fixture, "/bob/a", 1000, 1, 5), DFS_OK);
	assert_int_equal(accept_file(fixture, "/bob/a", first, true), DFS_OK);
	/* Another size, or another object, is none of the path's. */
	kept.content.size = 1001;
	assert_int_equal(accept_changed(fixture, "/bob/a", &second, true, &kept),
			 DFS_NODATA);
	kept.content.size = 0;
	assert_int_equal(accept_changed(fixture, "/bob/a", &second, true, &kept),
			 DFS_NODATA);
	kept.content.size = 1000;
	kept.content.maker = store_fixture_maker(3);
	assert_int_equal(accept_changed(fixture, "/bob/a", &second, true, &kept),
			 DFS_NODATA);
	kept.content.maker = store_fixture_maker(1);
	assert_int_equal(accept_changed(fixture, "/bob/a", &second, true, &kept), DFS_OK);
	/* What is kept may be kept on. */
	second.counter = 7;
	assert_int_equal(accept_changed(fixture, "/bob/a", &second, false, &kept),
			 DFS_OK);
}

static void test_2_2_a_manifest_names_no_object_of_another_path(void **state)
{
	struct fixture *fixture = *state;
	struct value_fixture_file file = {
		.owner = "bob", .size = 1000, .object = 7, .counter = 5};

	assert_int_equal(store_fixture_stage(fixture->store.store, "/carol/a", 7, 5, 270),
			 0);
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_DENIED);
	assert_int_equal(accept_file(fixture, "/bob/a", file, false), DFS_DENIED);
	fixture->bob.peer = 1;
	assert_int_equal(accept_file(fixture, "/bob/a", file, false), DFS_OK);
}

static void test_2_2_owners_are_who_they_are(void **state)
{
	struct fixture *fixture = *state;
	struct value_fixture_file file = {
		.owner = "carol", .size = 1000, .object = 1, .counter = 5};

	assert_int_equal(upload(fixture, "/bob/a", 1000, 1, 5), DFS_OK);
	assert_int_equal(accept_file(fixture, "/bob/a", file, true), DFS_INVALID);
	assert_int_equal(upload(fixture, "/shared/a", 1000, 2, 5), DFS_OK);
	file.object = 2;
	assert_int_equal(accept_file(fixture, "/shared/a", file, true), DFS_DENIED);
	assert_int_equal(accept_file(fixture, "/shared/a", file, false), DFS_DENIED);
	file.owner = "bob";
	assert_int_equal(accept_file(fixture, "/shared/a", file, true), DFS_OK);
}

/* ---- reading ----------------------------------------------------------------- */

static void test_2_2_units_are_for_who_has_a_ticket(void **state)
{
	struct fixture *fixture = *state;
	const int64_t life = TICKET_HOURS * INT64_C(3600000000000);
	dfs_ticket good = ticket_of(fixture, "bob", 7, 0);
	dfs_ticket bad = good, other = ticket_of(fixture, "bob", 8, 0);
	dfs_ticket carols = ticket_of(fixture, "carol", 7, 0);
	dfs_ticket old = ticket_of(fixture, "bob", 7, life + 1);

	assert_int_equal(store_fixture_stage(fixture->store.store, "/carol/a", 7, 5, 270),
			 0);
	bad.mac[15] ^= 1;
	assert_int_equal(get(fixture, 7, &no_ticket), DFS_DENIED);
	assert_int_equal(get(fixture, 7, &bad), DFS_DENIED);
	assert_int_equal(get(fixture, 7, &other), DFS_DENIED);
	assert_int_equal(get(fixture, 7, &carols), DFS_DENIED);
	assert_int_equal(get(fixture, 7, &old), DFS_DENIED);
	assert_int_equal(get(fixture, 7, &good), DFS_OK);
	/* What is not here is told to who might read it. */
	assert_int_equal(get(fixture, 8, &other), DFS_UNKNOWN);
	assert_int_equal(get(fixture, 8, &good), DFS_DENIED);
}

/* ---- items ------------------------------------------------------------------- */

/* One that was refused keeps nothing back of the others. */
static void test_2_2_each_item_is_refused_by_itself(void **state)
{
	struct fixture *fixture = *state;
	struct text texts[2];
	dfs_path paths[2] = {path_of("/carol/x", &texts[0]),
			     path_of("/bob/x", &texts[1])};
	dfs_paths lookup = {.paths = {2, paths}};
	dfs_lookup_res looked = {0};
	dfs_proposal items[2] = {{.path = paths[0], .value = value_fixture_tombstone(5)},
				 {.path = paths[1], .value = value_fixture_tombstone(5)}};
	dfs_accept_args accept = {store_fixture_ballot(5), {2, items}};
	dfs_accept_res accepted = {0};
	struct store_register reg;

	call(fixture)->permitted[0] = DFS_DENIED;
	procs_delete(&fixture->bob, &accept, &accepted);
	assert_int_equal(accepted.dfs_accept_res_u.ok.items.items_val[0], DFS_DENIED);
	assert_int_equal(accepted.dfs_accept_res_u.ok.items.items_val[1], DFS_OK);
	assert_int_not_equal(store_register(fixture->store.store, "/carol/x", 8, &reg),
			     0);
	assert_int_equal(store_register(fixture->store.store, "/bob/x", 6, &reg), 0);
	call(fixture)->permitted[0] = DFS_UNCHECKED;
	procs_lookup(&fixture->bob, &lookup, &looked);
	assert_int_equal(looked.dfs_lookup_res_u.ok.items.items_val[0].status,
			 DFS_UNCHECKED);
	assert_int_equal(looked.dfs_lookup_res_u.ok.items.items_val[1].status, DFS_OK);
	xdr_free((xdrproc_t)xdr_dfs_lookup_res, &looked);
	xdr_free((xdrproc_t)xdr_dfs_accept_res, &accepted);
	value_free(&items[0].value);
	value_free(&items[1].value);
}

/* ---- ballots ------------------------------------------------------------------ */

/* Who told others of such a ballot later would look like a liar: answers.h. */
static void test_8_10_a_ballot_has_a_counter_and_a_proposer(void **state)
{
	struct fixture *fixture = *state;
	struct text text;
	const dfs_path path = path_of("/bob/x", &text);
	dfs_ballot wrong[2] = {store_fixture_ballot(5), store_fixture_ballot(5)};
	dfs_prepare_item wanted = {.path = path};
	dfs_proposal proposed = {.path = path, .value = value_fixture_tombstone(5)};
	struct store_register reg;

	wrong[0].counter = 0;
	memset(&wrong[1].proposer, 0, sizeof wrong[1].proposer);
	for (size_t i = 0; i < 2; i++) {
		const dfs_prepare_args prepare = {
			store_fixture_id(1), wrong[i], FALSE, {1, &wanted}};
		const dfs_accept_args accept = {wrong[i], {1, &proposed}};
		dfs_prepare_res prepare_res = {0};
		dfs_accept_res accept_res = {0}, delete_res = {0};

		procs_prepare(call(fixture), &prepare, &prepare_res);
		assert_int_equal(prepare_res.status, DFS_INVALID);
		procs_accept(call(fixture), &accept, &accept_res);
		assert_int_equal(accept_res.status, DFS_INVALID);
		procs_delete(call(fixture), &accept, &delete_res);
		assert_int_equal(delete_res.status, DFS_INVALID);
	}
	assert_int_not_equal(store_register(fixture->store.store, "/bob/x", 6, &reg), 0);
	value_free(&proposed.value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_2_2_units_fit_the_size_that_is_claimed),
		TEST(test_2_2_an_upload_keeps_its_size),
		TEST(test_2_2_an_object_of_another_path_is_not_bound),
		TEST(test_3_1_content_of_another_path_is_not_brought),
		TEST(test_2_2_content_in_prepare_fits_the_size),
		TEST(test_2_2_a_binding_needs_a_ticket),
		TEST(test_2_2_no_step_goes_past_the_quota),
		TEST(test_8_4_no_step_is_repeated_past_the_quota),
		TEST(test_8_4_nothing_is_stored_below_what_is_settled),
		TEST(test_2_2_what_came_meanwhile_counts_when_it_is_accepted),
		TEST(test_2_2_a_manifest_fits_what_is_here),
		TEST(test_8_7_content_that_nobody_brought_is_not_believed),
		TEST(test_8_7_a_kept_version_is_one_that_was_there),
		TEST(test_2_2_a_manifest_names_no_object_of_another_path),
		TEST(test_2_2_owners_are_who_they_are),
		TEST(test_2_2_units_are_for_who_has_a_ticket),
		TEST(test_2_2_each_item_is_refused_by_itself),
		TEST(test_8_10_a_ballot_has_a_counter_and_a_proposer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
