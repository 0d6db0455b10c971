/* What is left behind: tombstones and settled values, among four servers in a process. */
#include "leftovers.h"

#include "ballot.h"
#include "clock.h"
#include "value.h"
#include "world_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ALL = 0xf, ONE = 1, DELETED = 2 };

static const char path[] = "/ann/x";

/* One server's leftovers, and what it believes of the others. */
struct looker {
	struct world *world;
	unsigned server;
	unsigned alike;
	unsigned deaf; /* do not hear of FORGET */
	unsigned full; /* say no to every proposal */
	unsigned proposals;
	uint64_t counter;
	struct leftovers *leftovers;
};

struct place {
	struct world world;
	struct looker lookers[DFS_SERVERS];
};

static unsigned bit(unsigned server)
{
	return 1U << (server - 1);
}

static unsigned voting(void *context)
{
	const struct looker *looker = context;
	unsigned mask = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != looker->server && looker->world->servers[s - 1].up)
			mask |= bit(s);
	return mask;
}

static unsigned alike(void *context)
{
	return ((const struct looker *)context)->alike;
}

static unsigned lookup(void *context, unsigned servers, const dfs_paths *paths,
		       dfs_lookup_res res[DFS_SERVERS])
{
	const struct looker *looker = context;
	unsigned answered = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const struct world_server *server = &looker->world->servers[s - 1];

		if (!(servers & bit(s)) || !server->up)
			continue;
		acceptor_lookup(server->acceptor, paths, &res[s - 1]);
		answered |= bit(s);
	}
	return answered;
}

/* What one server has of the path. */
static void look(const struct world_server *server, const dfs_path *name, dfs_looked *ret)
{
	dfs_path copy = *name;
	const dfs_paths paths = {.paths = {1, &copy}};
	dfs_lookup_res res = {0};

	acceptor_lookup(server->acceptor, &paths, &res);
	assert_int_equal(res.status, DFS_OK);
	*ret = res.dfs_lookup_res_u.ok.items.items_val[0];
	memset(&res.dfs_lookup_res_u.ok.items.items_val[0], 0, sizeof *ret);
	xdr_free((xdrproc_t)xdr_dfs_lookup_res, (char *)&res);
}

/* As peers_propose: the highest of all that are up, at a ballot of its own. */
static unsigned renew_path(struct looker *looker, const dfs_path *name, dfs_looked *ret)
{
	struct world *world = looker->world;
	dfs_ballot ballot = {.counter = ++looker->counter};
	unsigned operation = 0, newest = 0, yes = 0;
	struct store_register reg, highest = {.settled = false};
	char text[WORLD_PATH];

	(void)snprintf(text, sizeof text, "%.*s", (int)name->dfs_path_len,
		       name->dfs_path_val);
	assert_true(id_random(&ballot.proposer));
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (!world->servers[s - 1].up)
			continue;
		assert_int_equal(world_prepare(world, s, text, ballot, &operation),
				 DFS_OK);
		if (operation != 0 && world_has(world, s, text, &reg) &&
		    ballot_compare(&reg.ballot, &highest.ballot) > 0) {
			highest = reg;
			newest = operation;
		}
	}
	for (unsigned s = 1; s <= DFS_SERVERS && newest != 0; s++)
		if (world->servers[s - 1].up && !(looker->full & bit(s)) &&
		    world_accept(world, s, text, ballot, newest) == DFS_OK)
			yes |= bit(s);
	for (unsigned s = 1; s <= DFS_SERVERS && __builtin_popcount(yes) >= 3; s++)
		if (yes & bit(s))
			store_settled(world->servers[s - 1].store, text, strlen(text),
				      &ballot);
	look(&world->servers[looker->server - 1], name, ret);
	return yes;
}

static void renew(void *context, const dfs_paths *paths, const dfs_ballot *above,
		  dfs_looked *items, server_set *accepted_by)
{
	assert_null(above);
	((struct looker *)context)->proposals++;
	for (u_int i = 0; i < paths->paths.paths_len; i++)
		accepted_by[i] =
			renew_path(context, &paths->paths.paths_val[i], &items[i]);
}

static void forget(void *context, const dfs_forget_args *args)
{
	const struct looker *looker = context;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct world_server *server = &looker->world->servers[s - 1];
		dfs_settled_res res;

		if (server->up && s != looker->server && !(looker->deaf & bit(s)))
			acceptor_forget(server->acceptor, args, &res);
	}
}

static void begin_looking(struct place *place, bool all_four)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct looker *looker = &place->lookers[s - 1];
		const struct world_server *server = &place->world.servers[s - 1];

		leftovers_free(looker->leftovers);
		*looker = (struct looker){.world = &place->world,
					  .server = s,
					  .alike = ALL,
					  .counter = UINT64_C(1000) * s};
		looker->leftovers = leftovers_new(&(struct leftovers_options){
			.store = server->store,
			.acceptor = server->acceptor,
			.server = s,
			.calls = {.peers = {looker, voting, lookup, renew},
				  .forget = forget},
			.alike = alike,
			.alike_context = looker,
			.rules = {.abandoned_after_ms = 1000,
				  .tombstones_after_ms = 1000,
				  .all_four = all_four}});
		assert_non_null(looker->leftovers);
	}
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	world_create(&place->world);
	world_start_all(&place->world);
	begin_looking(place, true);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		leftovers_free(place->lookers[s - 1].leftovers);
	world_destroy(&place->world);
	free(place);
	return 0;
}

/* Accepted by these, and known to be settled there. */
static void accept_settled(struct place *place, unsigned servers, const char *name,
			   uint64_t counter, unsigned operation)
{
	const dfs_ballot ballot = world_ballot(0, counter, 7);

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (!(servers & bit(s)))
			continue;
		assert_int_equal(world_accept(&place->world, s, name, ballot, operation),
				 DFS_OK);
		store_settled(place->world.servers[s - 1].store, name, strlen(name),
			      &ballot);
	}
}

/* One look of each server that is up. */
static uint64_t look_once(struct place *place)
{
	uint64_t forgotten = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (place->world.servers[s - 1].up)
			forgotten +=
				leftovers_tombstones(place->lookers[s - 1].leftovers);
	return forgotten;
}

static unsigned who_has(struct place *place, const char *name)
{
	struct store_register reg;
	unsigned mask = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (place->world.servers[s - 1].up &&
		    world_has(&place->world, s, name, &reg))
			mask |= bit(s);
	return mask;
}

/* ---- tombstones ---------------------------------------------------------------- */

static void test_3_3_goes_once_all_four_have_confirmed_it(void **state)
{
	struct place *place = *state;

	accept_settled(place, ALL, path, 5, DELETED);
	/* The first look only sees that it is there: it is too young. */
	assert_int_equal(look_once(place), 0);
	assert_int_equal(who_has(place, path), ALL);
	/* It is one server's turn, and no other's. */
	assert_int_equal(look_once(place), 1);
	assert_int_equal(who_has(place, path), 0);
	assert_int_equal(look_once(place), 0);
}

static void test_3_3_one_that_was_changed_meanwhile_is_young_again(void **state)
{
	struct place *place = *state;

	accept_settled(place, ALL, path, 5, DELETED);
	assert_int_equal(look_once(place), 0);
	accept_settled(place, ALL, path, 6, DELETED + 1);
	assert_int_equal(look_once(place), 0);
	assert_int_equal(who_has(place, path), ALL);
	assert_int_equal(look_once(place), 1);
}

static void test_3_3_stays_while_one_is_away_or_differs(void **state)
{
	struct place *place = *state;
	struct world *world = &place->world;

	accept_settled(place, ALL, path, 4, ONE);
	leftovers_free(place->lookers[3].leftovers);
	place->lookers[3].leftovers = NULL;
	world_stop(world, 4);
	accept_settled(place, ALL & ~bit(4), path, 5, DELETED);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(look_once(place), 0);
	assert_int_equal(who_has(place, path), ALL & ~bit(4));
	/* It is back, and has something that others do not. */
	world_start(world, 4);
	world_recover(world, 4);
	begin_looking(place, true);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		place->lookers[s - 1].alike = ALL & ~bit(s % DFS_SERVERS + 1);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(look_once(place), 0);
	assert_int_equal(who_has(place, path), ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		place->lookers[s - 1].alike = ALL;
	assert_int_equal(look_once(place), 1);
	assert_int_equal(who_has(place, path), 0);
}

static void test_3_3_who_did_not_hear_of_it_hears_again(void **state)
{
	struct place *place = *state;
	struct compare_outcome outcome;

	accept_settled(place, ALL, path, 5, DELETED);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		place->lookers[s - 1].deaf = bit(s % DFS_SERVERS + 1);
	assert_int_equal(look_once(place) + look_once(place), 1);
	/* One has it, and the others know that they forgot it. */
	assert_int_equal(__builtin_popcount(who_has(place, path)), 1);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		place->lookers[s - 1].deaf = 0;
	/* Comparing finds it, and finishes it at a ballot above their floors. */
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		for (unsigned peer = 1; peer <= DFS_SERVERS; peer++)
			if (peer != s)
				compare_with(place->world.servers[s - 1].compare, peer,
					     true, &outcome);
	assert_int_equal(who_has(place, path), ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		(void)leftovers_unsettled(place->lookers[s - 1].leftovers);
		assert_int_equal(leftovers_unsettled(place->lookers[s - 1].leftovers), 1);
		place->lookers[s - 1].counter += 10000; /* above that */
	}
	assert_int_equal(look_once(place) + look_once(place), 1);
	assert_int_equal(who_has(place, path), 0);
}

static void test_3_3_many_in_batches(void **state)
{
	struct place *place = *state;
	enum { MANY = 2 * DFS_BATCH_MAX + 1 };
	char name[WORLD_PATH];

	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "/ann/%05u", i);
		accept_settled(place, ALL, name, 5, DELETED);
	}
	assert_int_equal(look_once(place), 0);
	assert_int_equal(look_once(place), MANY);
	(void)snprintf(name, sizeof name, "/ann/%05u", MANY - 1);
	assert_int_equal(who_has(place, name), 0);
}

/*
 * Proposing costs all a commit: what cannot be confirmed is not proposed again and again.
 */
static void test_3_3_what_is_in_vain_is_tried_ever_more_rarely(void **state)
{
	struct place *place = *state;
	unsigned proposals = 0;

	accept_settled(place, ALL, path, 5, DELETED);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		place->lookers[s - 1].full = bit(3);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(look_once(place), 0);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		proposals += place->lookers[s - 1].proposals;
		place->lookers[s - 1].full = 0;
	}
	assert_in_range(proposals, 3, 6);
	/* But it is. */
	uint64_t forgotten = 0;

	for (unsigned i = 0; i < 64; i++)
		forgotten += look_once(place);
	assert_int_equal(forgotten, 1);
}

/*
 * Files are deleted while one server is away; how many a reader is told of once it is
 * back.
 */
static unsigned back_after_return(struct place *place, bool all_four)
{
	static const unsigned readers[3] = {1, 2, 4};
	enum { FILES = 16 }; /* so that it is everybody's turn */
	struct world *world = &place->world;
	char names[FILES][WORLD_PATH];
	unsigned back = 0;
	bool equal;

	for (unsigned i = 0; i < FILES; i++) {
		(void)snprintf(names[i], sizeof names[i], "/ann/%u", i);
		accept_settled(place, ALL, names[i], 4, ONE);
	}
	leftovers_free(place->lookers[3].leftovers);
	place->lookers[3].leftovers = NULL;
	world_stop(world, 4);
	begin_looking(place, all_four);
	for (unsigned i = 0; i < FILES; i++)
		accept_settled(place, ALL & ~bit(4), names[i], 5, DELETED);
	(void)look_once(place);
	(void)look_once(place);
	world_start(world, 4);
	world_recover(world, 4);
	begin_looking(place, all_four);
	for (unsigned i = 0; i < FILES; i++)
		back += world_read(world, readers, names[i], &equal) == ONE;
	return back;
}

static void test_3_3_after_three_it_comes_back(void **state)
{
	assert_true(back_after_return(*state, false) > 0);
}

static void test_3_3_after_four_it_does_not(void **state)
{
	assert_int_equal(back_after_return(*state, true), 0);
}

/* ---- settled values ------------------------------------------------------------ */

static bool is_settled(struct place *place, unsigned server)
{
	struct store_register reg;

	assert_true(world_has(&place->world, server, path, &reg));
	return reg.settled;
}

static void test_3_7_what_three_name_is_settled(void **state)
{
	struct place *place = *state;
	struct leftovers *leftovers = place->lookers[0].leftovers;
	const dfs_ballot ballot = world_ballot(0, 5, 7);

	for (unsigned s = 1; s <= 2; s++)
		assert_int_equal(world_accept(&place->world, s, path, ballot, ONE),
				 DFS_OK);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(leftovers_unsettled(leftovers), 0);
	assert_false(is_settled(place, 1));
	/* Another ballot does not count, though the operation is the same. */
	assert_int_equal(world_accept(&place->world, 3, path, world_ballot(0, 6, 7), ONE),
			 DFS_OK);
	assert_int_equal(leftovers_unsettled(leftovers), 0);
	assert_false(is_settled(place, 1));
	assert_int_equal(world_accept(&place->world, 4, path, ballot, ONE), DFS_OK);
	assert_int_equal(leftovers_unsettled(leftovers), 1);
	assert_true(is_settled(place, 1));
	assert_int_equal(leftovers_unsettled(leftovers), 0);
	/* Each for itself. */
	assert_false(is_settled(place, 2));
}

static void test_8_4_who_goes_on_writing_has_nothing_kept_by_it(void **state)
{
	struct place *place = *state;
	struct leftovers *leftovers = place->lookers[0].leftovers;

	for (unsigned counter = 5; counter < 10; counter++) {
		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			assert_int_equal(world_accept(&place->world, s, path,
						      world_ballot(0, counter, 7), ONE),
					 DFS_OK);
		/* What is new in a look is left to its writer. */
		assert_int_equal(leftovers_unsettled(leftovers), counter % 2 == 0);
		assert_int_equal(is_settled(place, 1), counter % 2 == 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_3_3_goes_once_all_four_have_confirmed_it),
		TEST(test_3_3_one_that_was_changed_meanwhile_is_young_again),
		TEST(test_3_3_stays_while_one_is_away_or_differs),
		TEST(test_3_3_who_did_not_hear_of_it_hears_again),
		TEST(test_3_3_many_in_batches),
		TEST(test_3_3_what_is_in_vain_is_tried_ever_more_rarely),
		TEST(test_3_3_after_three_it_comes_back),
		TEST(test_3_3_after_four_it_does_not),
		TEST(test_3_7_what_three_name_is_settled),
		TEST(test_8_4_who_goes_on_writing_has_nothing_kept_by_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
