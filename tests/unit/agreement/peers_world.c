/* Four acceptors and a network that is always fast, for tests of peers. */
#include "peers_world.h"

#include "ballot.h"
#include "clock.h"
#include "hello.h"
#include "procedures.h"
#include "proof.h"
#include "sign_fixture.h"
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

/* ---- a network that is always fast ------------------------------------------- */

static struct peers_world world;

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

unsigned links_up(struct links *links)
{
	(void)links;
	return world.up & ~set_of(PEERS_WORLD_SELF) & ~world.slow;
}

unsigned links_voting(struct links *links)
{
	return links_up(links);
}

void links_too_slow(struct links *links, unsigned server)
{
	(void)links;
	world.slow |= set_of(server);
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
	assert_int_not_equal(server, PEERS_WORLD_SELF);
	assert_false(round->asked & set_of(server));
	round->asked |= set_of(server);
	world.calls[round->procedure->number]++;
	if (world.before)
		world.before(server, round->procedure->number);
	if (world.silent & set_of(server)) {
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

struct peers_world *peers_world_begin(bool proves)
{
	struct acceptor_rules rules = acceptor_rules_default;
	const dfs_key admin = sign_fixture_key("admin", 1);
	struct cluster *cluster = calloc(1, sizeof *cluster);

	memset(&world, 0, sizeof world);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		rules.prove = proves && i + 1 == PEERS_WORLD_SELF;
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
	world.proof = proof_new(world.stores[PEERS_WORLD_SELF - 1].store, &admin,
				sign_fixture_servers());
	assert_non_null(world.proof);
	acceptor_set_proof(world.acceptors[PEERS_WORLD_SELF - 1], world.proof);
	world.up = SERVERS_ALL;
	world.peers = peers_new(cluster, PEERS_WORLD_SELF, NULL,
				world.acceptors[PEERS_WORLD_SELF - 1],
				world.stores[PEERS_WORLD_SELF - 1].store);
	assert_non_null(world.peers);
	free(cluster);
	return &world;
}

void peers_world_end(void)
{
	peers_free(world.peers);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		acceptor_free(world.acceptors[i]);
		server_key_free(world.keys[i]);
		store_fixture_end(&world.stores[i]);
	}
	proof_free(world.proof);
}

/* ---- what servers have ------------------------------------------------------- */

void peers_world_give(unsigned servers, const char *path, uint64_t counter,
		      bool tombstone)
{
	const dfs_seen seen[DFS_SERVERS] = {{.counter = counter}};

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		dfs_value value = tombstone
					  ? value_fixture_tombstone(counter)
					  : value_fixture_account(100 * counter, counter);

		if (servers & 1U << i) {
			assert_int_equal(value_fixture_accept(world.stores[i].store, path,
							      value, STORE_CONFIRMED),
					 0);
			acceptor_follow(world.acceptors[i], seen, set_of(1));
		} else {
			value_free(&value);
		}
	}
}

uint64_t peers_world_has(unsigned server, const char *path, struct store_register *ret)
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

uint64_t peers_world_told(const dfs_register *reg)
{
	if (!reg->known)
		return 0;
	if (reg->dfs_register_u.accepted.value.body.kind == DFS_TOMBSTONE)
		return 1;
	return reg->dfs_register_u.accepted.value.body.dfs_body_u.account.quota;
}
