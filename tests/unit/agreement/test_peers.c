/*
 * server/peers: what is made of what servers tell, and finishing; dfs2 among four real
 * acceptors, which are called directly in place of the network.
 */
#include "peers_internal.h"

#include "ballot.h"
#include "clock.h"
#include "hello.h"
#include "procedures.h"
#include "proof.h"
#include "sign_fixture.h"
#include "store_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SELF = 2, ALL = 0xf, LONG_MS = 20000 };

/* ---- a network that is always fast ------------------------------------------- */

static struct {
	struct store_fixture stores[DFS_SERVERS];
	struct acceptor *acceptors[DFS_SERVERS];
	struct server_key *keys[DFS_SERVERS];
	struct peers *peers;
	struct proof *proof; /* of the server that asks */
	unsigned up;         /* servers that are connected to; a mask */
	unsigned silent;     /* of these, those that do not answer */
	unsigned slow;       /* given up as too slow */
	unsigned calls[64];
	/* Comes before each call, to do what others may do meanwhile. */
	void (*before)(unsigned server, uint32_t procedure);
} world;

/* Does the server that asks look at proofs? */
static bool world_proves;

struct links {
	int unused;
};

struct links *links_new(const struct links_options *options)
{
	SSL_CTX_free(options->take_tls);
	options->free_context(options->take_context);
	return calloc(1, sizeof(struct links));
}

void links_free(struct links *links)
{
	free(links);
}

void links_cancel(struct links *links)
{
	(void)links;
}

void links_retry(struct links *links)
{
	(void)links;
}

void links_retry_after(struct links *links, int64_t pause_ms)
{
	(void)links, (void)pause_ms;
}

void links_settle(struct links *links, bool needed)
{
	(void)links, (void)needed;
}

void links_wait(struct links *links, bool (*enough)(void *context, server_set on_the_way),
		void *context, int64_t deadline_ms)
{
	(void)links, (void)context, (void)deadline_ms;
	assert_null(enough);
}

void links_set_tls(struct links *links, SSL_CTX *take_tls)
{
	(void)links, (void)take_tls;
}

static unsigned bit(unsigned server)
{
	return 1U << (server - 1);
}

unsigned links_up(struct links *links)
{
	(void)links;
	return world.up & ~bit(SELF) & ~world.slow;
}

unsigned links_voting(struct links *links)
{
	return links_up(links);
}

void links_too_slow(struct links *links, unsigned server)
{
	(void)links;
	world.slow |= bit(server);
}

bool links_hello(const struct links_hello *hello, unsigned server, struct call *call,
		 struct links_introduction *ret, char *why)
{
	(void)hello, (void)server, (void)call, (void)ret, (void)why;
	return false;
}

struct round {
	const struct procedure *procedure;
	void *owner;
	void (*free_owner)(void *);
	void *results[DFS_SERVERS];
	unsigned asked;
};

struct round *round_new(struct links *links, uint32_t procedure, void *take_owner,
			void (*free_owner)(void *))
{
	struct round *round = calloc(1, sizeof *round);

	(void)links;
	assert_non_null(round);
	round->procedure = procedures_find(procedure);
	round->owner = take_owner;
	round->free_owner = free_owner;
	return round;
}

void round_ask(struct round *round, unsigned server, const void *args,
	       int64_t deadline_ms)
{
	struct acceptor *acceptor = world.acceptors[server - 1];
	void *result = calloc(1, round->procedure->result_size);

	assert_true(deadline_ms > 0);
	assert_int_not_equal(server, SELF);
	assert_false(round->asked & bit(server));
	round->asked |= bit(server);
	world.calls[round->procedure->number]++;
	if (world.before)
		world.before(server, round->procedure->number);
	if (world.silent & bit(server)) {
		free(result);
		return;
	}
	round->results[server - 1] = result;
	if (round->procedure->number == DFS_LOOKUP)
		acceptor_lookup(acceptor, args, result);
	else if (round->procedure->number == DFS_PREPARE)
		acceptor_prepare(acceptor, args, result);
	else if (round->procedure->number == DFS_CONFIRM)
		acceptor_confirm(acceptor, args, result);
	else if (round->procedure->number == DFS_ACCEPT)
		acceptor_accept(acceptor, args, result);
	else if (round->procedure->number == DFS_LEARN)
		acceptor_learn(acceptor, args, result);
	else
		fail();
}

unsigned round_await(struct round *round, unsigned needed, int64_t until_ms)
{
	unsigned good = 0;

	(void)needed;
	assert_true(until_ms > 0);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		good += round->results[i] != NULL &&
			*(const dfs_status *)round->results[i] == DFS_OK;
	return good;
}

unsigned round_pending(struct round *round)
{
	return round->asked & world.silent;
}

const void *round_answer(struct round *round, unsigned server)
{
	return round->results[server - 1];
}

void round_free(struct round *round)
{
	if (!round)
		return;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (round->results[i]) {
			xdr_free(round->procedure->result, round->results[i]);
			free(round->results[i]);
		}
	if (round->free_owner)
		round->free_owner(round->owner);
	free(round);
}

static int begin(void **state)
{
	struct acceptor_rules rules = acceptor_rules_default;
	const dfs_key admin = sign_fixture_key("admin", 1);
	struct cluster *cluster = calloc(1, sizeof *cluster);

	(void)state;
	memset(&world, 0, sizeof world);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		rules.prove = world_proves && i + 1 == SELF;
		store_fixture_rules(&world.stores[i]);
		world.stores[i].rules.fsync_segments = false;
		world.stores[i].rules.fsync_folder = false;
		store_fixture_start(&world.stores[i]);
		world.acceptors[i] = acceptor_new(world.stores[i].store, i + 1, &rules);
		assert_non_null(world.acceptors[i]);
		world.keys[i] = sign_fixture_server_key(i + 1);
		acceptor_set_key(world.acceptors[i], world.keys[i]);
		assert_int_equal(acceptor_vote(world.acceptors[i]), 0);
	}
	world.proof =
		proof_new(world.stores[SELF - 1].store, &admin, sign_fixture_servers());
	assert_non_null(world.proof);
	acceptor_set_proof(world.acceptors[SELF - 1], world.proof);
	world.up = ALL;
	world.peers = peers_new(cluster, SELF, NULL, world.acceptors[SELF - 1],
				world.stores[SELF - 1].store);
	assert_non_null(world.peers);
	free(cluster);
	return 0;
}

static int begin_proving(void **state)
{
	int rc;

	world_proves = true;
	rc = begin(state);
	world_proves = false;
	return rc;
}

static int end(void **state)
{
	(void)state;
	peers_free(world.peers);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		acceptor_free(world.acceptors[i]);
		server_key_free(world.keys[i]);
		store_fixture_end(&world.stores[i]);
	}
	proof_free(world.proof);
	return 0;
}

/* ---- what servers have ------------------------------------------------------- */

static char one[] = "/@accounts/one", two[] = "/@accounts/two";

/* An account with the quota 100 * counter, or a tombstone; accepted by these servers. */
static void give(unsigned servers, const char *path, uint64_t counter, bool tombstone)
{
	const dfs_seen seen = {.counter = counter};

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		dfs_value value = tombstone
					  ? value_fixture_tombstone(counter)
					  : value_fixture_account(100 * counter, counter);

		if (servers & 1U << i) {
			assert_int_equal(value_fixture_accept(world.stores[i].store, path,
							      value, STORE_CONFIRMED),
					 0);
			acceptor_follow(world.acceptors[i], &seen);
		} else {
			value_free(&value);
		}
	}
}

/* What a server has: the quota of an account; 0: nothing, 1: a tombstone. */
static uint64_t has(unsigned server, const char *path, struct store_register *ret)
{
	uint64_t found = 1;
	dfs_value value;
	int rc = store_value(world.stores[server - 1].store, path, strlen(path), ret,
			     &value);

	if (rc != 0)
		return 0;
	if (value.body.kind == DFS_ACCOUNT)
		found = value.body.dfs_body_u.account.quota;
	value_free(&value);
	return found;
}

static uint64_t told(const dfs_register *reg)
{
	if (!reg->known)
		return 0;
	if (reg->dfs_register_u.accepted.value.body.kind == DFS_TOMBSTONE)
		return 1;
	return reg->dfs_register_u.accepted.value.body.dfs_body_u.account.quota;
}

/* Finishes one path; its status, and what was told of it. */
static dfs_status finish(char *path, uint64_t *ret, int64_t within_ms)
{
	dfs_path name = {(u_int)strlen(path), path};
	const dfs_paths paths = {.paths = {1, &name}};
	dfs_looked item;
	dfs_status status;

	memset(&item, 0, sizeof item);
	peers_finish(world.peers, &paths, clock_now_ms() + within_ms, &item);
	status = item.status;
	*ret = status == DFS_OK ? told(&item.dfs_looked_u.reg) : UINT64_MAX;
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&item);
	return status;
}

static void finish_is(char *path, uint64_t expected)
{
	uint64_t found;

	assert_int_equal(finish(path, &found, LONG_MS), DFS_OK);
	assert_int_equal(found, expected);
}

/* ---- what is made of it ------------------------------------------------------ */

/* What a server may tell of a path: each kind of nothing, and two values. */
enum { SILENT, UNKNOWN, GONE_2, FILE_3, FILE_4, GONE_5, KINDS };

static bool is_nothing(int kind)
{
	return kind == UNKNOWN || kind == GONE_2 || kind == GONE_5;
}

/* A second opinion: by counting. */
static void expected_tally(const int kinds[DFS_SERVERS], unsigned *ret_answers,
			   unsigned *ret_equal, int *ret_newest)
{
	unsigned counts[KINDS] = {0}, nothing = 0;

	*ret_answers = 0;
	*ret_newest = SILENT;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		counts[kinds[i]]++;
		nothing += is_nothing(kinds[i]);
		*ret_answers += kinds[i] != SILENT;
		if (kinds[i] > *ret_newest)
			*ret_newest = kinds[i];
	}
	/* Three that mean the same, whatever the fourth says. */
	if (nothing >= 3)
		*ret_newest = counts[GONE_5] ? GONE_5 : counts[GONE_2] ? GONE_2 : UNKNOWN;
	if (counts[FILE_3] >= 3)
		*ret_newest = FILE_3;
	if (counts[FILE_4] >= 3)
		*ret_newest = FILE_4;
	*ret_equal = *ret_newest == SILENT     ? 0
		     : is_nothing(*ret_newest) ? nothing
					       : counts[*ret_newest];
}

static void test_2_4_what_three_tell_is_so_and_else_the_newest(void **state)
{
	dfs_register registers[KINDS];
	unsigned cases = 0;

	(void)state;
	memset(registers, 0, sizeof registers);
	for (int kind = GONE_2; kind < KINDS; kind++) {
		registers[kind].known = TRUE;
		registers[kind].dfs_register_u.accepted.ballot =
			store_fixture_ballot((uint64_t)kind);
		registers[kind].dfs_register_u.accepted.value.body.kind =
			is_nothing(kind) ? DFS_TOMBSTONE : DFS_FILE;
		/* Somebody's, not what servers say of themselves. */
		registers[kind].dfs_register_u.accepted.value.number = 1;
	}
	for (int code = 0; code < KINDS * KINDS * KINDS * KINDS; code++, cases++) {
		struct peers_told all = {.unsure = false};
		int kinds[DFS_SERVERS], rest = code, newest;
		unsigned answers, equal;
		struct peers_tally tally;

		for (unsigned i = 0; i < DFS_SERVERS; i++, rest /= KINDS) {
			kinds[i] = rest % KINDS;
			if (kinds[i] != SILENT)
				all.of[i] = &registers[kinds[i]];
		}
		expected_tally(kinds, &answers, &equal, &newest);
		tally = peers_tally(&all);
		assert_int_equal(tally.answers, answers);
		assert_int_equal(tally.equal, equal);
		assert_ptr_equal(tally.newest,
				 newest == SILENT ? NULL : &registers[newest]);
	}
	assert_int_equal(cases, 1296);
}

static void test_2_4_reading_takes_this_server_and_the_others(void **state)
{
	dfs_path names[] = {{(u_int)strlen(one), one}, {(u_int)strlen(two), two}};
	const dfs_paths paths = {.paths = {2, names}};
	struct peers_register read[2];

	(void)state;
	give(ALL, one, 3, false);
	give(bit(1), two, 4, false);
	assert_true(peers_read(world.peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 4);
	assert_int_equal(read[0].equal, 4);
	assert_int_equal(told(&read[0].reg), 300);
	assert_int_equal(read[1].equal, 3);
	assert_int_equal(told(&read[1].reg), 0);
	peers_free_registers(read, 2);

	world.up = bit(1);
	assert_true(peers_read(world.peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 2);
	assert_int_equal(read[1].equal, 1);
	assert_int_equal(told(&read[1].reg), 400);
	peers_free_registers(read, 2);

	/* What does not vote is not counted, this server included. */
	acceptor_retire(world.acceptors[SELF - 1], "a test");
	assert_true(peers_read(world.peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 1);
	peers_free_registers(read, 2);
	world.up = ALL;
	acceptor_retire(world.acceptors[0], "a test");
	assert_true(peers_read(world.peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 2);
	assert_int_equal(told(&read[1].reg), 0);
	peers_free_registers(read, 2);
}

static void test_2_4_who_keeps_us_waiting_does_so_once(void **state)
{
	dfs_path name = {(u_int)strlen(one), one};
	const dfs_paths paths = {.paths = {1, &name}};
	struct peers_register read;

	(void)state;
	give(ALL, one, 3, false);
	world.up = bit(1) | bit(3);
	world.silent = bit(3);
	assert_true(peers_read(world.peers, &paths, clock_now_ms() + LONG_MS, &read));
	assert_int_equal(read.answers, 2);
	assert_int_equal(world.slow, bit(3));
	assert_int_equal(world.calls[DFS_LOOKUP], 2);
	peers_free_registers(&read, 1);
	assert_true(peers_read(world.peers, &paths, clock_now_ms() + LONG_MS, &read));
	assert_int_equal(world.calls[DFS_LOOKUP], 3);
	peers_free_registers(&read, 1);
}

/* ---- finishing --------------------------------------------------------------- */

static void test_2_2_what_three_have_is_not_proposed_again(void **state)
{
	(void)state;
	give(ALL, one, 3, false);
	finish_is(one, 300);
	/* Also where a fourth has something newer, or older. */
	give(bit(4), one, 5, false);
	finish_is(one, 300);
	give(bit(1) | bit(2) | bit(4), one, 7, true);
	finish_is(one, 1);
	/* Nothing at three, of whatever kind. */
	give(bit(1), two, 3, true);
	give(bit(2), two, 5, true);
	give(bit(4), two, 6, false);
	finish_is(two, 1);
	assert_int_equal(world.calls[DFS_PREPARE], 0);
	assert_int_equal(world.calls[DFS_ACCEPT], 0);
}

static void test_2_2_what_was_begun_is_brought_to_its_end(void **state)
{
	struct store_register reg, other;

	(void)state;
	give(ALL, one, 3, false);
	give(bit(1) | bit(4), one, 5, false);
	finish_is(one, 500);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(has(s, one, &other), 500);
		assert_true(other.ballot.counter > 5);
		if (s == 1)
			reg = other;
		assert_int_equal(ballot_compare(&reg.ballot, &other.ballot), 0);
		/* Settled is noted here; the others learn it elsewhere. */
		assert_int_equal(other.settled, s == SELF);
	}
	/* The value is as it was: who first proposed it finds his own. */
	dfs_value value;
	assert_int_equal(
		store_value(world.stores[0].store, one, strlen(one), &reg, &value), 0);
	assert_int_equal(value.origin.counter, 5);
	assert_int_equal(value.number, 5);
	value_free(&value);
	assert_int_equal(world.calls[DFS_ACCEPT], 3);
	/* Once done it is done. */
	finish_is(one, 500);
	assert_int_equal(world.calls[DFS_ACCEPT], 3);
}

static void test_2_2_a_deletion_too(void **state)
{
	struct store_register reg;

	(void)state;
	give(ALL, one, 3, false);
	give(bit(1) | bit(2), one, 5, true);
	finish_is(one, 1);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		assert_int_equal(has(s, one, &reg), 1);
}

static void test_2_2_three_servers_are_enough_and_two_are_not(void **state)
{
	struct store_register reg;
	uint64_t found;

	(void)state;
	give(bit(1), one, 3, false);
	world.up = bit(1) | bit(3);
	/* One of three knows of it: nobody can tell whether a fourth does. */
	finish_is(one, 300);
	assert_int_equal(has(1, one, &reg), 300);
	assert_int_equal(has(2, one, &reg), 300);
	assert_int_equal(has(3, one, &reg), 300);
	assert_int_equal(has(4, one, &reg), 0);
	/* Three tell the same now, one of them being this server. */
	finish_is(one, 300);
	world.up = bit(3);
	assert_int_equal(finish(one, &found, LONG_MS), DFS_UNCHECKED);
	world.up = bit(3) | bit(4);
	acceptor_retire(world.acceptors[SELF - 1], "a test");
	assert_int_equal(finish(one, &found, LONG_MS), DFS_UNCHECKED);
	/* A server that does not vote can still do it for others. */
	world.up = ALL;
	give(bit(4), one, 9, false);
	give(bit(3), one, 7, false);
	finish_is(one, 900);
	assert_int_equal(has(2, one, &reg), 300);
}

static void test_2_2_paths_are_finished_each_by_itself(void **state)
{
	dfs_path names[] = {{(u_int)strlen(one), one}, {(u_int)strlen(two), two}};
	const dfs_paths paths = {.paths = {2, names}};
	dfs_looked items[2];
	struct store_register reg;

	(void)state;
	give(ALL, one, 3, false);
	give(bit(1) | bit(2), two, 4, false);
	memset(items, 0, sizeof items);
	peers_finish(world.peers, &paths, clock_now_ms() + LONG_MS, items);
	assert_int_equal(items[0].status, DFS_OK);
	assert_int_equal(items[1].status, DFS_OK);
	assert_int_equal(told(&items[0].dfs_looked_u.reg), 300);
	assert_int_equal(told(&items[1].dfs_looked_u.reg), 400);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(has(s, one, &reg), 300);
		assert_int_equal(reg.ballot.counter, 3);
		assert_int_equal(has(s, two, &reg), 400);
		assert_true(reg.ballot.counter > 4);
	}
	for (unsigned i = 0; i < 2; i++)
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&items[i]);
}

/* ---- others at work ---------------------------------------------------------- */

static unsigned rivals; /* still to come */

/* Somebody else has the next ballot promised by all, before our value is accepted. */
static void overtake(unsigned server, uint32_t procedure)
{
	dfs_prepare_item item = {.path = {(u_int)strlen(one), one}};
	dfs_prepare_args args = {.operation = store_fixture_id(9), .items = {1, &item}};

	if (procedure != DFS_ACCEPT || server != 1 || rivals == 0)
		return;
	rivals--;
	args.ballot = store_fixture_ballot(acceptor_seen(world.acceptors[0]).counter + 1);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		dfs_prepare_res res;

		memset(&res, 0, sizeof res);
		acceptor_prepare(world.acceptors[i], &args, &res);
		xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&res);
	}
}

static void test_2_2_who_is_overtaken_comes_again(void **state)
{
	uint64_t found;

	(void)state;
	give(ALL, one, 3, false);
	give(bit(1) | bit(2), one, 5, false);
	world.before = overtake;
	rivals = 3;
	finish_is(one, 500);
	assert_int_equal(rivals, 0);
	assert_int_equal(world.calls[DFS_PREPARE], 4 * 3);
	/* Where that does not end, the answer is that it did not. */
	give(bit(1) | bit(2), one, 1000, false);
	rivals = UINT32_MAX;
	assert_int_equal(finish(one, &found, 300), DFS_BUSY);
	rivals = 0;
	finish_is(one, 100000);
}

/* Somebody else is done in between: then his is the value. */
static void be_done(unsigned server, uint32_t procedure)
{
	if (procedure != DFS_PREPARE || server != 1 || rivals == 0)
		return;
	rivals--;
	give(ALL, one, 8, false);
}

static void test_2_2_what_others_did_meanwhile_counts(void **state)
{
	(void)state;
	give(ALL, one, 3, false);
	give(bit(1) | bit(2), one, 5, false);
	world.before = be_done;
	rivals = 1;
	finish_is(one, 800);
	assert_int_equal(world.calls[DFS_ACCEPT], 0);
}

/* The second look comes in time for who was just slow. */
static void end_slowly(unsigned server, uint32_t procedure)
{
	if (procedure == DFS_LOOKUP && server == 1 && world.calls[DFS_LOOKUP] == 4)
		give(ALL, one, 5, false);
}

static void test_2_2_who_is_at_work_is_given_a_moment(void **state)
{
	(void)state;
	give(ALL, one, 3, false);
	give(bit(1) | bit(2), one, 4, false);
	world.before = end_slowly;
	finish_is(one, 500);
	assert_int_equal(world.calls[DFS_PREPARE], 0);
}

static void test_2_2_the_end_of_the_server_ends_it(void **state)
{
	uint64_t found;
	int64_t began = clock_now_ms();

	(void)state;
	give(ALL, one, 3, false);
	give(bit(1) | bit(2), one, 5, false);
	world.before = overtake;
	rivals = UINT32_MAX;
	peers_cancel(world.peers);
	assert_int_not_equal(finish(one, &found, LONG_MS), DFS_OK);
	assert_true(clock_now_ms() - began < LONG_MS / 2);
}

/* ---- overtaking -------------------------------------------------------------- */

/* Above a ballot of this counter: who said yes. */
static unsigned overtake_above(char *path, uint64_t counter, dfs_looked *ret)
{
	dfs_path name = {(u_int)strlen(path), path};
	const dfs_paths paths = {.paths = {1, &name}};
	const dfs_ballot above = {.counter = counter};
	unsigned accepted_by = 99;

	memset(ret, 0, sizeof *ret);
	peers_propose(world.peers,
		      &(struct peers_proposal){.paths = &paths,
					       .deadline_ms = clock_now_ms() + LONG_MS,
					       .above = &above,
					       .items = ret,
					       .accepted_by = &accepted_by});
	return accepted_by;
}

static void test_3_7_what_is_abandoned_becomes_no_such_file(void **state)
{
	struct store_register reg;
	dfs_looked looked;

	(void)state;
	assert_int_equal(overtake_above(one, 4000, &looked), ALL);
	assert_int_equal(looked.status, DFS_OK);
	assert_int_equal(told(&looked.dfs_looked_u.reg), 1);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(has(s, one, &reg), 1);
		assert_true(reg.ballot.counter > 4000);
		/* All know that it is settled: what is bound below may go. */
		assert_true(reg.settled && reg.confirmed);
	}
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked);
}

static void test_3_7_what_one_has_accepted_is_not_abandoned(void **state)
{
	struct store_register reg;
	dfs_looked looked;

	(void)state;
	give(ALL, one, 3, false);
	give(bit(4), one, 5, false);
	assert_int_equal(overtake_above(one, 5, &looked), ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(has(s, one, &reg), 500);
		assert_true(reg.settled && reg.ballot.counter > 5);
	}
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked);
}

static void test_3_7_three_are_enough_and_two_are_not(void **state)
{
	struct store_register reg;
	dfs_looked looked;

	(void)state;
	world.up = bit(1) | bit(2) | bit(4);
	assert_int_equal(overtake_above(one, 7, &looked), bit(1) | bit(2) | bit(4));
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked);
	assert_int_equal(has(3, one, &reg), 0);
	world.up = bit(1) | bit(2);
	assert_int_equal(overtake_above(two, 7, &looked), 0);
	assert_int_not_equal(looked.status, DFS_OK);
	assert_int_equal(has(1, two, &reg), 0);
}

/* Where no tombstone may stand nothing is proposed, and it does not go on and on. */
static void test_3_7_admin_is_not_deleted(void **state)
{
	char admin[] = "/@accounts/admin";
	struct store_register reg;
	int64_t began = clock_now_ms();
	dfs_looked looked;

	(void)state;
	assert_int_equal(overtake_above(admin, 7, &looked), 0);
	assert_true(clock_now_ms() - began < LONG_MS);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		assert_int_equal(has(s, admin, &reg), 0);
}

/* ---- changing ---------------------------------------------------------------- */

static const char *changed; /* the path that is to be changed; NULL: none */
static unsigned changes;    /* how often that was asked */

static bool change_quota(void *context, size_t path, dfs_value *value)
{
	const dfs_path *paths = context;

	changes++;
	value->body.dfs_body_u.account.quota += 7;
	return changed != NULL && strlen(changed) == paths[path].dfs_path_len &&
	       memcmp(changed, paths[path].dfs_path_val, paths[path].dfs_path_len) == 0;
}

/* Both paths, of which one is changed; the statuses, and who said yes. */
static void change_both(const char *which, dfs_status status[2], unsigned accepted_by[2])
{
	dfs_path names[2] = {{(u_int)strlen(one), one}, {(u_int)strlen(two), two}};
	const dfs_paths paths = {.paths = {2, names}};
	const struct peers_change change = {change_quota, names};
	dfs_looked looked[2];

	changed = which;
	changes = 0;
	memset(looked, 0, sizeof looked);
	peers_propose(world.peers,
		      &(struct peers_proposal){.paths = &paths,
					       .deadline_ms = clock_now_ms() + LONG_MS,
					       .change = &change,
					       .items = looked,
					       .accepted_by = accepted_by});
	for (size_t i = 0; i < 2; i++) {
		status[i] = looked[i].status;
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked[i]);
	}
}

static void test_3_1_the_newest_value_is_changed_and_others_stay(void **state)
{
	struct store_register reg;
	unsigned accepted_by[2];
	dfs_status status[2];

	(void)state;
	give(ALL, one, 3, false);
	give(bit(4), one, 5, false);
	give(ALL, two, 6, false);
	change_both(one, status, accepted_by);
	assert_int_equal(status[0], DFS_OK);
	assert_int_equal(status[1], DFS_OK);
	assert_int_equal(accepted_by[0], ALL);
	assert_int_equal(accepted_by[1], 0);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(has(s, one, &reg), 507);
		assert_true(reg.settled);
		assert_int_equal(has(s, two, &reg), 600);
		assert_int_equal(reg.ballot.counter, 6);
	}
}

/* A writer's own work goes first. */
static void test_3_1_who_is_overtaken_twice_leaves_it_alone(void **state)
{
	struct store_register reg;
	unsigned accepted_by[2];
	dfs_status status[2];

	(void)state;
	give(ALL, one, 3, false);
	world.before = overtake;
	rivals = 1;
	change_both(one, status, accepted_by);
	assert_int_equal(accepted_by[0], ALL);
	assert_int_equal(has(1, one, &reg), 307);
	rivals = UINT32_MAX;
	change_both(one, status, accepted_by);
	assert_int_equal(changes, 2);
	assert_int_equal(accepted_by[0], 0);
	assert_int_equal(status[0], DFS_BUSY);
	assert_int_equal(has(1, one, &reg), 307);
	rivals = 0;
}

static void test_3_1_two_servers_change_nothing(void **state)
{
	struct store_register reg;
	unsigned accepted_by[2];
	dfs_status status[2];

	(void)state;
	give(ALL, one, 3, false);
	world.up = bit(1) | bit(2);
	change_both(one, status, accepted_by);
	assert_int_equal(accepted_by[0], 0);
	assert_int_not_equal(status[0], DFS_OK);
	assert_int_equal(has(1, one, &reg), 300);
}

/* ---- one that lies ------------------------------------------------------------ */

static char of_ann[] = "/@credentials/ann";

/* Credentials of ann, signed by this user, accepted by these servers. */
static void give_credentials(unsigned servers, uint64_t counter, const char *signer)
{
	const dfs_ballot ballot = store_fixture_ballot(counter);

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		dfs_value value = value_fixture_credentials(counter);

		sign_fixture_prove(of_ann, &ballot, signer, 1, &value);
		sign_fixture_confirm(of_ann, &ballot, &value);
		if (servers & 1U << i)
			assert_int_equal(value_fixture_accept(world.stores[i].store,
							      of_ann, value,
							      STORE_CONFIRMED),
					 0);
		else
			value_free(&value);
	}
}

static void know_user(const char *user)
{
	dfs_value value = value_fixture_account(0, 1);
	dfs_user name = {(u_int)strlen(user), strdup(user)};

	value.body.dfs_body_u.account.number = 1;
	value.body.dfs_body_u.account.key = 1;
	sign_fixture_account(user, &value.body.dfs_body_u.account);
	proof_know(world.proof, &name, &value.body.dfs_body_u.account);
	free(name.dfs_user_val);
	value_free(&value);
}

/* The counter of what is read of ann's credentials. */
static uint64_t read_credentials(void)
{
	dfs_path path = {(u_int)strlen(of_ann), of_ann};
	const dfs_paths paths = {.paths = {1, &path}};
	struct peers_register ret;
	uint64_t counter;

	assert_true(peers_read(world.peers, &paths, clock_now_ms() + LONG_MS, &ret));
	counter = ret.reg.known ? ret.reg.dfs_register_u.accepted.ballot.counter : 0;
	peers_free_registers(&ret, 1);
	return counter;
}

/* A user gives one server what it could not make: his signature. */
static void test_8_9_credentials_that_another_signed_are_not_believed(void **state)
{
	(void)state;
	know_user("ann");
	know_user("eve");
	world.up = bit(1) | bit(SELF) | bit(3);
	give_credentials(bit(1) | bit(SELF), 3, "ann");
	give_credentials(bit(3), 5, "eve");
	assert_int_equal(read_credentials(), 3);
	/* Had ann signed them, they would count. */
	give_credentials(bit(3), 7, "ann");
	assert_int_equal(read_credentials(), 7);
}

#define FOUR_SERVERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_2_4_what_three_tell_is_so_and_else_the_newest),
		FOUR_SERVERS(test_2_4_reading_takes_this_server_and_the_others),
		FOUR_SERVERS(test_2_4_who_keeps_us_waiting_does_so_once),
		FOUR_SERVERS(test_2_2_what_three_have_is_not_proposed_again),
		FOUR_SERVERS(test_2_2_what_was_begun_is_brought_to_its_end),
		FOUR_SERVERS(test_2_2_a_deletion_too),
		FOUR_SERVERS(test_2_2_three_servers_are_enough_and_two_are_not),
		FOUR_SERVERS(test_2_2_paths_are_finished_each_by_itself),
		FOUR_SERVERS(test_2_2_who_is_overtaken_comes_again),
		FOUR_SERVERS(test_2_2_what_others_did_meanwhile_counts),
		FOUR_SERVERS(test_2_2_who_is_at_work_is_given_a_moment),
		FOUR_SERVERS(test_2_2_the_end_of_the_server_ends_it),
		FOUR_SERVERS(test_3_7_what_is_abandoned_becomes_no_such_file),
		FOUR_SERVERS(test_3_7_what_one_has_accepted_is_not_abandoned),
		FOUR_SERVERS(test_3_7_three_are_enough_and_two_are_not),
		FOUR_SERVERS(test_3_7_admin_is_not_deleted),
		FOUR_SERVERS(test_3_1_the_newest_value_is_changed_and_others_stay),
		FOUR_SERVERS(test_3_1_who_is_overtaken_twice_leaves_it_alone),
		FOUR_SERVERS(test_3_1_two_servers_change_nothing),
		cmocka_unit_test_setup_teardown(
			test_8_9_credentials_that_another_signed_are_not_believed,
			begin_proving, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
