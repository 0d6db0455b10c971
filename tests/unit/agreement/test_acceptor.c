/* The acceptor on a real store: ballots, promises, bindings, restarts. */
#include "acceptor.h"

#include "ballot.h"
#include "object.h"
#include "placement.h"
#include "tree.h"
#include "value.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVER = 1 };

struct place {
	char folder[64];
	struct store *store;
	struct acceptor *acceptor;
	struct acceptor_rules rules;
};

static dfs_id id_of(unsigned n)
{
	dfs_id id = {{0}};

	memcpy(id.bytes, &n, sizeof n);
	id.bytes[15] = 1;
	return id;
}

static dfs_ballot ballot_of(uint64_t counter, unsigned proposer)
{
	return (dfs_ballot){.counter = counter, .proposer = id_of(proposer)};
}

static void open_place(struct place *place)
{
	struct store_options options = {
		.folder = place->folder, .server = SERVER, .cluster = id_of(77)};
	char why[256] = "";

	assert_int_equal(store_open(&options, &place->store, why, sizeof why), 0);
	place->acceptor = acceptor_new(place->store, SERVER, &place->rules);
	assert_non_null(place->acceptor);
	assert_int_equal(acceptor_vote(place->acceptor), 0);
}

static void close_place(struct place *place)
{
	acceptor_free(place->acceptor);
	store_close(place->store);
}

static void restart(struct place *place)
{
	close_place(place);
	open_place(place);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	struct store_options options;

	strcpy(place->folder, "/tmp/dfs-acceptor-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	options = (struct store_options){
		.folder = place->folder, .server = SERVER, .cluster = id_of(77)};
	assert_int_equal(store_create(&options), 0);
	place->rules = acceptor_rules_default;
	place->rules.prove = false; /* that is test_proof.c */
	open_place(place);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	close_place(place);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

/* ---- calls --------------------------------------------------------------------- */

static dfs_path path_of(char *path)
{
	return (dfs_path){(u_int)strlen(path), path};
}

/* PREPARE of one path; the status, and what was accepted (counter, 0 for nothing). */
static dfs_status prepare(struct place *place, char *path, dfs_ballot ballot,
			  dfs_stage *stage, uint64_t *ret_counter, dfs_status *ret_staged)
{
	dfs_prepare_item item = {.path = path_of(path)};
	dfs_prepare_args args = {id_of(5), ballot, FALSE, {1, &item}};
	dfs_prepare_res res = {0};
	dfs_status status;

	if (stage)
		item.stage = *stage;
	acceptor_prepare(place->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(res.dfs_prepare_res_u.ok.items.items_len, 1);
	const dfs_promise *promise = &res.dfs_prepare_res_u.ok.items.items_val[0];
	const dfs_register *reg = &promise->dfs_promise_u.promised.reg;

	status = promise->status;
	if (ret_counter)
		*ret_counter = status == DFS_OK && reg->known
				       ? reg->dfs_register_u.accepted.ballot.counter
				       : 0;
	if (ret_staged)
		*ret_staged = promise->dfs_promise_u.promised.staged;
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, &res);
	return status;
}

static dfs_status promise(struct place *place, char *path, dfs_ballot ballot)
{
	return prepare(place, path, ballot, NULL, NULL, NULL);
}

static dfs_status send_value(struct place *place, char *path, dfs_ballot ballot,
			     const dfs_value *value)
{
	dfs_proposal item = {.path = path_of(path), .value = *value};
	dfs_accept_args args = {ballot, {1, &item}};
	dfs_accept_res res = {0};

	acceptor_accept(place->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	dfs_status status = res.dfs_accept_res_u.ok.items.items_val[0];

	xdr_free((xdrproc_t)xdr_dfs_accept_res, &res);
	return status;
}

/* ACCEPT of a tombstone, first proposed at this ballot. */
static dfs_status accept_tombstone(struct place *place, char *path, dfs_ballot ballot)
{
	dfs_id operation = id_of((unsigned)ballot.counter);
	dfs_value value = {.operation = operation, .origin = ballot, .number = 1};

	value.recent.recent_len = 1;
	value.recent.recent_val = &operation;
	value.content_version = (dfs_version){1, operation};
	value.body.kind = DFS_TOMBSTONE;
	return send_value(place, path, ballot, &value);
}

static const uint8_t letters[4] = {'a', 'b', 'c', 'd'};

/* The leaves of a file of four units of a letter each; overwritten by the next. */
static dfs_key *tree_of(dfs_id maker)
{
	static dfs_key leaves[4];

	for (unsigned u = 0; u < 4; u++)
		assert_true(tree_leaf(&maker, u, &letters[u], 1, &leaves[u]));
	return leaves;
}

/* ACCEPT of a file of four bytes that names server 1 as a holder of these chunks. */
static dfs_status accept_file(struct place *place, char *path, dfs_ballot ballot,
			      dfs_ballot origin, dfs_id object)
{
	dfs_id operation = id_of((unsigned)origin.counter);
	dfs_value value = {.operation = operation, .origin = origin, .number = 1};
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;
	char owner[] = "ann";
	dfs_wrapped key = {{{0}}, {0}};

	value.recent.recent_len = 1;
	value.recent.recent_val = &operation;
	value.content_version = (dfs_version){1, operation};
	value.body.kind = DFS_FILE;
	manifest->owner = (dfs_user){3, owner};
	manifest->content.writer = manifest->owner;
	manifest->content.signature.leaves = 1;
	manifest->keys.keys_val = &key;
	manifest->keys.keys_len = 1;
	manifest->content.maker = object;
	manifest->content.tree.tree_val = tree_of(object);
	manifest->content.tree.tree_len = 4;
	manifest->content.size = 4;
	manifest->content.unit_size = 1;
	for (unsigned s = 1; s <= 4; s++)
		manifest->content.holders = placement_hold(manifest->content.holders, s,
							   placement_pair(0, s));
	assert_null(value_check(&value));
	return send_value(place, path, ballot, &value);
}

/* What PREPARE brings of that file: row 0 gives server 1 the chunks 1 and 2. */
static dfs_stage stage_of(dfs_id object, dfs_unit units[2])
{
	dfs_stage stage = {.kind = DFS_STAGE_CONTENT};
	dfs_small *small = &stage.dfs_stage_u.small;

	for (unsigned u = 0; u < 2; u++)
		units[u] = (dfs_unit){u, {1, &letters[u]}};
	small->share =
		(dfs_share){object, 4, {4, tree_of(object)}, placement_pair(0, SERVER)};
	small->units.units_len = 2;
	small->units.units_val = units;
	return stage;
}

/* ---- the rules ----------------------------------------------------------------- */

static char path[] = "/ann/x";

static void test_lower_ballots_are_refused(void **state)
{
	struct place *place = *state;

	assert_int_equal(promise(place, path, ballot_of(10, 1)), DFS_OK);
	assert_int_equal(promise(place, path, ballot_of(9, 1)), DFS_REFUSED);
	assert_int_equal(promise(place, path, ballot_of(10, 0)), DFS_REFUSED);
	/* The same ballot again is promised again, and so is a higher one. */
	assert_int_equal(promise(place, path, ballot_of(10, 1)), DFS_OK);
	assert_int_equal(promise(place, path, ballot_of(10, 2)), DFS_OK);
	assert_int_equal(accept_tombstone(place, path, ballot_of(10, 1)), DFS_REFUSED);
	assert_int_equal(accept_tombstone(place, path, ballot_of(10, 2)), DFS_OK);
	/* Now it is accepted: no promise at or below it. */
	assert_int_equal(promise(place, path, ballot_of(10, 2)), DFS_REFUSED);
	assert_int_equal(acceptor_seen(place->acceptor).counter, 10);
}

/* An object whose id reads as the path itself, which one message has both of. */
static void test_8_11_an_id_is_no_path(void **state)
{
	static char sixteen[] = "/ann/16-bytes-ab";
	struct place *place = *state;
	dfs_unit units[2];
	dfs_status staged = DFS_IO;
	dfs_id object;

	memcpy(object.bytes, sixteen, sizeof object.bytes);
	dfs_stage stage = stage_of(object, units);
	assert_int_equal(prepare(place, sixteen, ballot_of(3, 1), &stage, NULL, &staged),
			 DFS_OK);
	assert_int_equal(staged, DFS_OK);
}

static void test_an_accept_needs_no_promise(void **state)
{
	struct place *place = *state;
	uint64_t counter;

	assert_int_equal(accept_tombstone(place, path, ballot_of(3, 1)), DFS_OK);
	assert_int_equal(prepare(place, path, ballot_of(4, 1), NULL, &counter, NULL),
			 DFS_OK);
	assert_int_equal(counter, 3);
	assert_int_equal(accept_tombstone(place, path, ballot_of(2, 1)), DFS_REFUSED);
}

static void test_the_accepted_ballot_again_while_confirmed(void **state)
{
	struct place *place = *state;

	assert_int_equal(accept_tombstone(place, path, ballot_of(3, 1)), DFS_OK);
	assert_int_equal(accept_tombstone(place, path, ballot_of(3, 1)), DFS_OK);
	restart(place);
	/* One from before a restart is not confirmed, and is judged like any other. */
	assert_int_equal(accept_tombstone(place, path, ballot_of(3, 1)), DFS_REFUSED);
}

static void test_a_restart_refuses_what_may_have_been_promised(void **state)
{
	struct place *place = *state;

	assert_int_equal(promise(place, path, ballot_of(10, 1)), DFS_OK);
	restart(place);
	uint64_t seen = acceptor_seen(place->acceptor).counter;

	assert_int_equal(seen, 10 + acceptor_rules_default.stride);
	assert_int_equal(accept_tombstone(place, path, ballot_of(9, 1)), DFS_REFUSED);
	assert_int_equal(promise(place, path, ballot_of(seen, 9)), DFS_REFUSED);
	assert_int_equal(promise(place, path, ballot_of(seen + 1, 1)), DFS_OK);
}

/* With the reservation switched off, the fault that it is there for can be seen. */
static void test_without_reservation_a_promise_is_forgotten(void **state)
{
	struct place *place = *state;

	place->rules.reserve = false;
	restart(place);
	assert_int_equal(promise(place, path, ballot_of(10, 1)), DFS_OK);
	restart(place);
	assert_int_equal(accept_tombstone(place, path, ballot_of(9, 1)), DFS_OK);
}

/* What dfs2 alone says. */
static void follow(struct acceptor *acceptor, const dfs_seen *seen)
{
	const dfs_seen told[DFS_SERVERS] = {{0}, *seen};

	acceptor_follow(acceptor, told, set_of(2));
}

/* What a peer has seen moves the jump, and nothing else: no promise, not the end. */
static void test_2_2_what_a_peer_has_seen_is_in_reach(void **state)
{
	struct place *place = *state;
	const uint64_t jump = acceptor_rules_default.jump;
	const uint64_t far = 1000 * jump, before = acceptor_seen(place->acceptor).counter;
	const dfs_seen the_end = {.counter = UINT64_MAX - jump + 1};
	const dfs_seen lower = {.counter = before}, peer = {.counter = far};

	follow(place->acceptor, &the_end);
	follow(place->acceptor, &lower);
	assert_int_equal(acceptor_seen(place->acceptor).counter, before);
	assert_int_equal(promise(place, path, ballot_of(far + jump, 1)), DFS_REFUSED);
	follow(place->acceptor, &peer);
	assert_int_equal(acceptor_seen(place->acceptor).counter, far);
	follow(place->acceptor, &lower);
	assert_int_equal(acceptor_seen(place->acceptor).counter, far);
	assert_int_equal(promise(place, path, ballot_of(far + jump + 1, 1)), DFS_REFUSED);
	/* Counters below are as good as they were. */
	assert_int_equal(promise(place, path, ballot_of(before + 1, 1)), DFS_OK);
	assert_int_equal(promise(place, path, ballot_of(far + jump, 1)), DFS_OK);
}

struct elder {
	struct acceptor *acceptor;
	dfs_seen seen;
	unsigned asked;
};

static void ask_elder(void *context)
{
	struct elder *elder = context;

	elder->asked++;
	follow(elder->acceptor, &elder->seen);
}

/* Asked for a ballot that is out of reach, by whatever message, and for no other. */
static void test_2_2_peers_are_asked_before_a_far_ballot_is_refused(void **state)
{
	struct place *place = *state;
	const uint64_t jump = acceptor_rules_default.jump;

	place->rules.ask_ms = 3600000;
	restart(place);
	uint64_t most = acceptor_seen(place->acceptor).counter + jump;
	struct elder elder = {.acceptor = place->acceptor, .seen = {.counter = most}};

	acceptor_set_ask(place->acceptor, ask_elder, &elder);
	assert_int_equal(promise(place, "/ann/near", ballot_of(most, 1)), DFS_OK);
	assert_int_equal(elder.asked, 0);

	most += jump;
	assert_int_equal(promise(place, path, ballot_of(most + 1, 1)), DFS_REFUSED);
	assert_int_equal(elder.asked, 1);
	/* Not again so soon, whatever they would say. */
	elder.seen.counter = most + 1;
	assert_int_equal(promise(place, path, ballot_of(most + 1, 1)), DFS_REFUSED);
	assert_int_equal(elder.asked, 1);
	acceptor_set_ask(place->acceptor, ask_elder, &elder);
	assert_int_equal(promise(place, path, ballot_of(most + 1 + jump, 1)), DFS_OK);
	assert_int_equal(elder.asked, 2);

	most = acceptor_seen(place->acceptor).counter + jump;
	elder.seen.counter = most;
	acceptor_set_ask(place->acceptor, ask_elder, &elder);
	assert_int_equal(accept_tombstone(place, path, ballot_of(most + 1, 1)), DFS_OK);
	assert_int_equal(elder.asked, 3);
}

/*
 * A higher epoch is a server's word only, and is asked for: a ballot of it is refused
 * unless a peer has adopted it.  From then on older ballots are dead, also after a
 * restart.
 */
static void test_an_epoch_travels_between_servers(void **state)
{
	struct place *place = *state;
	struct elder elder = {.acceptor = place->acceptor};
	dfs_ballot old = ballot_of(5, 1), other = ballot_of(4, 1);

	other.epoch = 1;
	acceptor_set_ask(place->acceptor, ask_elder, &elder);
	assert_int_equal(promise(place, path, old), DFS_OK);
	assert_int_equal(promise(place, path, other), DFS_REFUSED);
	assert_int_equal(elder.asked, 1);
	assert_int_equal(acceptor_seen(place->acceptor).epoch, 0);
	elder.seen.epoch = 1;
	acceptor_set_ask(place->acceptor, ask_elder, &elder);
	assert_int_equal(promise(place, path, other), DFS_OK);
	assert_int_equal(elder.asked, 2);
	assert_int_equal(accept_tombstone(place, path, old), DFS_REFUSED);
	restart(place);
	assert_int_equal(acceptor_seen(place->acceptor).epoch, 1);
	assert_int_equal(promise(place, path, ballot_of(1000000, 1)), DFS_REFUSED);
}

/* ---- standing ------------------------------------------------------------------ */

static bool lookup_votes(struct place *place, dfs_status *ret_status)
{
	dfs_path one = path_of(path);
	dfs_paths args = {.paths = {1, &one}};
	dfs_lookup_res res = {0};

	acceptor_lookup(place->acceptor, &args, &res);
	*ret_status = res.status;
	bool votes = res.status == DFS_OK && res.dfs_lookup_res_u.ok.votes;

	xdr_free((xdrproc_t)xdr_dfs_lookup_res, &res);
	return votes;
}

/*
 * Before it has heard from its peers a server tells what it has, and says that it does
 * not vote.
 */
static void test_it_does_not_vote_before_it_is_told(void **state)
{
	struct place *place = *state;
	struct acceptor *fresh = acceptor_new(place->store, SERVER, &place->rules);
	struct acceptor *before = place->acceptor;
	dfs_path one = path_of(path);
	dfs_prepare_item item = {.path = one};
	dfs_prepare_args args = {id_of(5), ballot_of(1, 1), FALSE, {1, &item}};
	dfs_prepare_res res = {0};
	dfs_status status;

	assert_non_null(fresh);
	place->acceptor = fresh;
	assert_int_equal(acceptor_state(fresh), DFS_STATE_STARTING);
	assert_false(lookup_votes(place, &status));
	assert_int_equal(status, DFS_OK);
	acceptor_prepare(fresh, &args, &res);
	assert_int_equal(res.status, DFS_RECOVERING);
	assert_int_equal(acceptor_vote(fresh), 0);
	assert_true(lookup_votes(place, &status));
	assert_int_equal(promise(place, path, ballot_of(1, 1)), DFS_OK);
	acceptor_retire(fresh, "because");
	assert_false(lookup_votes(place, &status));
	assert_int_equal(status, DFS_RECOVERING);
	acceptor_prepare(fresh, &args, &res);
	assert_int_equal(res.status, DFS_RECOVERING);
	assert_int_equal(acceptor_adopt(fresh, 9), EHOSTDOWN);
	place->acceptor = before;
	acceptor_free(fresh);
}

/* ---- LEARN --------------------------------------------------------------------- */

static dfs_status learn_tombstone(struct place *place, dfs_ballot ballot)
{
	dfs_id operation = id_of((unsigned)ballot.counter);
	dfs_learn_item item = {.path = path_of(path), .ballot = ballot};
	dfs_learn_args args = {{1, &item}};
	dfs_learn_res res = {0};
	dfs_value *value = &item.value;

	value->operation = operation;
	value->origin = ballot;
	value->number = 1;
	value->recent.recent_len = 1;
	value->recent.recent_val = &operation;
	value->content_version = (dfs_version){1, operation};
	value->body.kind = DFS_TOMBSTONE;
	acceptor_learn(place->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	dfs_status status = res.dfs_learn_res_u.items.items_val[0];

	xdr_free((xdrproc_t)xdr_dfs_learn_res, &res);
	return status;
}

/*
 * Whatever was promised, but only what is newer; it is settled, and not confirmed here.
 */
static void test_what_three_accepted_is_learned(void **state)
{
	struct place *place = *state;
	struct store_register reg;

	assert_int_equal(accept_tombstone(place, path, ballot_of(3, 1)), DFS_OK);
	assert_int_equal(promise(place, path, ballot_of(20, 1)), DFS_OK);
	assert_int_equal(accept_tombstone(place, path, ballot_of(10, 1)), DFS_REFUSED);
	assert_int_equal(learn_tombstone(place, ballot_of(10, 1)), DFS_OK);
	assert_int_equal(store_register(place->store, path, strlen(path), &reg), 0);
	assert_int_equal(reg.ballot.counter, 10);
	assert_true(reg.settled);
	assert_false(reg.confirmed);
	/* The promise stands, and an older one is not learned over it. */
	assert_int_equal(accept_tombstone(place, path, ballot_of(19, 1)), DFS_REFUSED);
	assert_int_equal(learn_tombstone(place, ballot_of(9, 1)), DFS_OK);
	assert_int_equal(store_register(place->store, path, strlen(path), &reg), 0);
	assert_int_equal(reg.ballot.counter, 10);
	/* What is repeated is judged like any other, for it did not come by ACCEPT. */
	assert_int_equal(accept_tombstone(place, path, ballot_of(10, 1)), DFS_REFUSED);
	assert_int_equal(accept_tombstone(place, path, ballot_of(20, 1)), DFS_OK);
}

static void test_an_epoch_is_learned_with_a_value(void **state)
{
	struct place *place = *state;
	dfs_ballot other = ballot_of(2, 1);

	other.epoch = 3;
	assert_int_equal(promise(place, path, ballot_of(5, 1)), DFS_OK);
	assert_int_equal(learn_tombstone(place, other), DFS_OK);
	assert_int_equal(acceptor_seen(place->acceptor).epoch, 3);
	assert_int_equal(accept_tombstone(place, path, ballot_of(5, 1)), DFS_REFUSED);
}

/* ---- FORGET -------------------------------------------------------------------- */

static void forget(struct place *place, dfs_ballot ballot)
{
	dfs_settled_item item = {.path = path_of(path), .ballot = ballot};
	dfs_forget_args args = {{1, &item}};
	dfs_settled_res res = {0};
	struct store_register reg;

	/* Of what is here, whatever its ballot. */
	if (store_register(place->store, path, strlen(path), &reg) == 0)
		item.digest = reg.digest;
	acceptor_forget(place->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
}

static bool is_known(struct place *place)
{
	struct store_register reg;

	return store_register(place->store, path, strlen(path), &reg) == 0;
}

/* The floor stands for what was accepted and promised, and outlasts a restart. */
static void test_3_3_a_tombstone_is_forgotten_below_the_floor(void **state)
{
	struct place *place = *state;
	struct store_numbers numbers;

	assert_int_equal(accept_tombstone(place, path, ballot_of(10, 1)), DFS_OK);
	assert_int_equal(promise(place, path, ballot_of(20, 1)), DFS_OK);
	forget(place, ballot_of(9, 1));
	assert_true(is_known(place));
	forget(place, ballot_of(10, 1));
	assert_false(is_known(place));
	store_get_numbers(place->store, &numbers);
	assert_int_equal(numbers.floor.counter, 20);
	/*
	 * Late messages of the time before do not bring it back, nor is a late FORGET of
	 * use.
	 */
	assert_int_equal(learn_tombstone(place, ballot_of(10, 1)), DFS_REFUSED);
	assert_int_equal(accept_tombstone(place, path, ballot_of(15, 1)), DFS_REFUSED);
	assert_int_equal(accept_tombstone(place, path, ballot_of(20, 1)), DFS_REFUSED);
	restart(place);
	assert_false(is_known(place));
	assert_int_equal(learn_tombstone(place, ballot_of(20, 1)), DFS_REFUSED);
	assert_int_equal(learn_tombstone(place, ballot_of(20, 2)), DFS_OK);
	forget(place, ballot_of(10, 1));
	assert_true(is_known(place));
}

/* What came by LEARN, or from before a restart, is not confirmed. */
static void test_3_3_only_what_was_confirmed_is_forgotten(void **state)
{
	struct place *place = *state;

	assert_int_equal(learn_tombstone(place, ballot_of(10, 1)), DFS_OK);
	forget(place, ballot_of(10, 1));
	assert_true(is_known(place));
	assert_int_equal(accept_tombstone(place, path, ballot_of(11, 1)), DFS_OK);
	restart(place);
	forget(place, ballot_of(11, 1));
	assert_true(is_known(place));
	/* With the rule off it goes. */
	place->rules.check_confirmed = false;
	restart(place);
	forget(place, ballot_of(11, 1));
	assert_false(is_known(place));
}

static void test_3_3_without_the_floor_it_comes_back(void **state)
{
	struct place *place = *state;

	place->rules.check_floor = false;
	restart(place);
	assert_int_equal(accept_tombstone(place, path, ballot_of(10, 1)), DFS_OK);
	forget(place, ballot_of(10, 1));
	assert_false(is_known(place));
	assert_int_equal(learn_tombstone(place, ballot_of(10, 1)), DFS_OK);
	assert_true(is_known(place));
}

static void test_files_are_not_forgotten(void **state)
{
	struct place *place = *state;

	/* A later proposal, so that no content is asked for. */
	assert_int_equal(
		accept_file(place, path, ballot_of(5, 1), ballot_of(4, 1), id_of(1000)),
		DFS_OK);
	forget(place, ballot_of(5, 1));
	assert_true(is_known(place));
}

/* ---- FENCE --------------------------------------------------------------------- */

enum { WRITES_MOST = 400 };

struct writer {
	struct place *place;
	unsigned accepted;
};

/* Path after path, until the epoch is over. */
static void *write_until_refused(void *argument)
{
	struct writer *writer = argument;
	char name[32];

	for (unsigned i = 0; i < WRITES_MOST; i++) {
		(void)snprintf(name, sizeof name, "/ann/%04u", i);
		if (accept_tombstone(writer->place, name, ballot_of(i + 1, 1)) != DFS_OK)
			break;
		writer->accepted++;
	}
	return NULL;
}

/*
 * Whatever was answered with yes in the old epoch is handed over: none is under way any
 * more.
 */
static void test_3_2_an_epoch_is_adopted_between_acceptances(void **state)
{
	struct place *place = *state;
	struct writer writer = {.place = place};
	dfs_fence_args args = {.epoch = 1, .store = id_of(9)};
	dfs_fence_res res = {0};
	struct store_numbers numbers;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, write_until_refused, &writer), 0);
	do
		store_get_numbers(place->store, &numbers);
	while (numbers.tombstones < 20);
	acceptor_fence(place->acceptor, 2, &args, &res);
	pthread_join(thread, NULL);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(res.dfs_fence_res_u.ok.registers.registers_len, writer.accepted);
	assert_int_equal(res.dfs_fence_res_u.ok.seen.epoch, 1);
	assert_true(writer.accepted < WRITES_MOST);
	xdr_free((xdrproc_t)xdr_dfs_fence_res, &res);
}

static void test_who_does_not_vote_hands_nothing_over(void **state)
{
	struct place *place = *state;
	dfs_fence_args args = {.epoch = 1, .store = id_of(9)};
	dfs_fence_res res = {0};

	acceptor_retire(place->acceptor, "because");
	acceptor_fence(place->acceptor, 2, &args, &res);
	assert_int_equal(res.status, DFS_RECOVERING);
	assert_int_equal(acceptor_seen(place->acceptor).epoch, 0);
}

/* Counters may jump by so much and no further; other epochs are refused. */
static void test_far_counters_and_other_epochs(void **state)
{
	struct place *place = *state;
	uint64_t most =
		acceptor_seen(place->acceptor).counter + acceptor_rules_default.jump;
	dfs_ballot other = ballot_of(5, 1);

	other.epoch = 1;
	assert_int_equal(promise(place, path, other), DFS_REFUSED);
	assert_int_equal(accept_tombstone(place, path, other), DFS_REFUSED);
	assert_int_equal(promise(place, path, ballot_of(most + 1, 1)), DFS_REFUSED);
	assert_int_equal(accept_tombstone(place, path, ballot_of(most + 1, 1)),
			 DFS_REFUSED);
	assert_int_equal(promise(place, path, ballot_of(most, 1)), DFS_OK);
}

static void test_12_4_one_peer_alone_moves_epochs_in_steps(void **state)
{
	struct place *place = *state;
	const struct acceptor_rules *rules = &acceptor_rules_default;
	dfs_fence_args args = {.epoch = UINT32_MAX, .store = id_of(9)};
	dfs_fence_res res = {0};
	uint32_t epoch = 0;

	acceptor_fence(place->acceptor, 2, &args, &res);
	assert_int_equal(res.status, DFS_UNCHECKED);
	assert_int_equal(acceptor_seen(place->acceptor).epoch, 0);
	/* So far that another one may have heard of it, and so often. */
	for (unsigned i = 1; i <= rules->epochs; i++) {
		epoch = i * rules->epoch_step;
		assert_int_equal(acceptor_hear_epoch(place->acceptor, 2, epoch), 0);
		assert_int_equal(acceptor_seen(place->acceptor).epoch, epoch);
	}
	assert_int_equal(acceptor_hear_epoch(place->acceptor, 2, epoch + 1), EPERM);
	/* Another one may still, and two may as they like. */
	assert_int_equal(acceptor_hear_epoch(place->acceptor, 3, epoch + 1), 0);
	assert_int_equal(acceptor_hear_epoch(place->acceptor, 2, 1000000), EPERM);
	assert_int_equal(acceptor_hear_epoch(place->acceptor, 4, 1000000), 0);
	assert_int_equal(acceptor_seen(place->acceptor).epoch, 1000000);
}

static void test_12_5_one_peer_alone_uses_up_no_counters(void **state)
{
	struct place *place = *state;
	const uint64_t far = UINT64_C(1) << 60;
	const dfs_seen one[DFS_SERVERS] = {{0}, {.counter = far}};
	const dfs_seen two[DFS_SERVERS] = {
		{0}, {.counter = far + 2}, {.counter = far}, {.counter = 3}};

	acceptor_follow(place->acceptor, one, set_of(2));
	acceptor_follow(place->acceptor, one, set_of(2));
	assert_true(acceptor_seen(place->acceptor).counter <=
		    acceptor_rules_default.counters + UINT32_MAX);
	acceptor_follow(place->acceptor, two, SERVERS_ALL);
	assert_true(acceptor_seen(place->acceptor).counter >= far);
}

static void test_given_up_promises_bind_the_folder(void **state)
{
	struct place *place = *state;
	char name[32];

	place->rules.promises = 2;
	restart(place);
	for (unsigned i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof name, "/ann/%u", i);
		assert_int_equal(promise(place, name, ballot_of(10 + i, 1)), DFS_OK);
	}
	/* The promise of /ann/0 is gone: 10 is refused below /ann/, 11 is not. */
	assert_int_equal(promise(place, "/ann/x", ballot_of(10, 9)), DFS_REFUSED);
	assert_int_equal(promise(place, "/ann/x", ballot_of(11, 9)), DFS_OK);
	assert_int_equal(promise(place, "/bea/x", ballot_of(1, 9)), DFS_OK);
}

static void test_a_holder_needs_its_content(void **state)
{
	struct place *place = *state;
	dfs_id object = id_of(1000);
	dfs_unit units[2];
	dfs_stage stage = stage_of(object, units);
	dfs_status staged;
	dfs_id id;

	assert_true(object_of_share(&stage.dfs_stage_u.small.share, &id));
	assert_int_equal(
		accept_file(place, path, ballot_of(5, 1), ballot_of(5, 1), object),
		DFS_NODATA);
	assert_int_equal(prepare(place, path, ballot_of(6, 1), &stage, NULL, &staged),
			 DFS_OK);
	assert_int_equal(staged, DFS_OK);
	assert_int_equal(store_chunks(place->store, &id), placement_pair(0, SERVER));
	/* Bound to ballot 6: a first proposal at 7 has nothing bound to it. */
	assert_int_equal(
		accept_file(place, path, ballot_of(7, 1), ballot_of(7, 1), object),
		DFS_NODATA);
	/* A later proposal of a value is never refused for its content. */
	assert_int_equal(
		accept_file(place, path, ballot_of(8, 1), ballot_of(7, 1), object),
		DFS_OK);
}

static void test_bound_content_is_accepted_and_bound_anew(void **state)
{
	struct place *place = *state;
	dfs_id object = id_of(1001);
	dfs_unit units[2];
	dfs_stage stage = stage_of(object, units);
	dfs_status staged;

	assert_int_equal(prepare(place, path, ballot_of(6, 1), &stage, NULL, &staged),
			 DFS_OK);
	assert_int_equal(prepare(place, path, ballot_of(7, 1), &stage, NULL, &staged),
			 DFS_OK);
	assert_int_equal(staged, DFS_OK);
	assert_int_equal(
		accept_file(place, path, ballot_of(7, 1), ballot_of(7, 1), object),
		DFS_OK);
}

static void test_paths_twice_in_a_call_are_refused(void **state)
{
	struct place *place = *state;
	dfs_prepare_item items[2] = {{.path = path_of(path)}, {.path = path_of(path)}};
	dfs_prepare_args args = {id_of(5), ballot_of(9, 1), FALSE, {2, items}};
	dfs_prepare_res res = {0};

	acceptor_prepare(place->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_INVALID);
}

/* As stage_of, but that the server has it already. */
static dfs_stage binding_of(dfs_id object, chunk_set chunks)
{
	dfs_stage stage = {.kind = DFS_STAGE_BINDING};

	stage.dfs_stage_u.binding.share =
		(dfs_share){object, 4, {4, tree_of(object)}, chunks};
	return stage;
}

static void test_4_1_a_call_binds_one_object_to_two_paths(void **state)
{
	struct place *place = *state;
	char second[] = "/ann/copy", third[] = "/ann/other copy";
	const dfs_id object = id_of(1001);
	dfs_unit units[2];
	dfs_stage stage = stage_of(object, units);
	dfs_prepare_item items[2] = {{.path = path_of(second)}, {.path = path_of(third)}};
	dfs_prepare_args args = {id_of(5), ballot_of(9, 1), FALSE, {2, items}};
	dfs_prepare_res res = {0};
	dfs_status staged;

	assert_int_equal(prepare(place, path, ballot_of(6, 1), &stage, NULL, &staged),
			 DFS_OK);
	assert_int_equal(staged, DFS_OK);
	items[0].stage = items[1].stage = binding_of(object, placement_pair(0, SERVER));
	acceptor_prepare(place->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	for (unsigned i = 0; i < 2; i++) {
		const dfs_promise *one = &res.dfs_prepare_res_u.ok.items.items_val[i];

		assert_int_equal(one->status, DFS_OK);
		assert_int_equal(one->dfs_promise_u.promised.staged, DFS_OK);
	}
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, &res);
	assert_int_equal(
		accept_file(place, second, ballot_of(9, 1), ballot_of(9, 1), object),
		DFS_OK);
	assert_int_equal(
		accept_file(place, third, ballot_of(9, 1), ballot_of(9, 1), object),
		DFS_OK);
	/* Who brings it does so once. */
	items[0].stage = items[1].stage = stage_of(id_of(1002), units);
	args.ballot = ballot_of(10, 1);
	acceptor_prepare(place->acceptor, &args, &res);
	assert_int_equal(res.status, DFS_INVALID);
}

static void test_4_1_what_is_bound_is_here_as_a_whole(void **state)
{
	struct place *place = *state;
	char second[] = "/ann/copy";
	const dfs_id object = id_of(1001);
	dfs_unit units[2];
	dfs_stage stage = stage_of(object, units);
	dfs_status staged;

	assert_int_equal(prepare(place, path, ballot_of(6, 1), &stage, NULL, &staged),
			 DFS_OK);
	stage = binding_of(object, CHUNKS_ALL);
	assert_int_equal(prepare(place, second, ballot_of(6, 1), &stage, NULL, &staged),
			 DFS_OK);
	assert_int_equal(staged, DFS_NODATA);
	stage = binding_of(object, placement_pair(0, SERVER));
	assert_int_equal(prepare(place, second, ballot_of(6, 1), &stage, NULL, &staged),
			 DFS_OK);
	assert_int_equal(staged, DFS_OK);
}

static void test_binding_what_was_never_uploaded(void **state)
{
	struct place *place = *state;
	struct store_uploads *uploads = store_uploads_new(place->store);
	dfs_bind_item item = {.path = path_of(path),
			      .share = {id_of(4000), 4, {4, tree_of(id_of(4000))}, 3}};
	dfs_bind_args args = {id_of(5), ballot_of(9, 1), {1, &item}};
	const struct acceptor_caller caller = {.user = NULL};
	dfs_bind_res res = {0};

	assert_non_null(uploads);
	acceptor_bind_for(place->acceptor, &caller, uploads, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(res.dfs_bind_res_u.items.items_val[0], DFS_NODATA);
	xdr_free((xdrproc_t)xdr_dfs_bind_res, &res);
	store_uploads_free(uploads);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_2_2_what_a_peer_has_seen_is_in_reach),
		TEST(test_2_2_peers_are_asked_before_a_far_ballot_is_refused),
		TEST(test_lower_ballots_are_refused),
		TEST(test_8_11_an_id_is_no_path),
		TEST(test_an_accept_needs_no_promise),
		TEST(test_the_accepted_ballot_again_while_confirmed),
		TEST(test_a_restart_refuses_what_may_have_been_promised),
		TEST(test_without_reservation_a_promise_is_forgotten),
		TEST(test_far_counters_and_other_epochs),
		TEST(test_an_epoch_travels_between_servers),
		TEST(test_it_does_not_vote_before_it_is_told),
		TEST(test_what_three_accepted_is_learned),
		TEST(test_an_epoch_is_learned_with_a_value),
		TEST(test_3_3_a_tombstone_is_forgotten_below_the_floor),
		TEST(test_3_3_only_what_was_confirmed_is_forgotten),
		TEST(test_3_3_without_the_floor_it_comes_back),
		TEST(test_files_are_not_forgotten),
		TEST(test_3_2_an_epoch_is_adopted_between_acceptances),
		TEST(test_12_4_one_peer_alone_moves_epochs_in_steps),
		TEST(test_12_5_one_peer_alone_uses_up_no_counters),
		TEST(test_who_does_not_vote_hands_nothing_over),
		TEST(test_given_up_promises_bind_the_folder),
		TEST(test_a_holder_needs_its_content),
		TEST(test_bound_content_is_accepted_and_bound_anew),
		TEST(test_paths_twice_in_a_call_are_refused),
		TEST(test_4_1_a_call_binds_one_object_to_two_paths),
		TEST(test_4_1_what_is_bound_is_here_as_a_whole),
		TEST(test_binding_what_was_never_uploaded),
	};

	return cmocka_run_group_tests_name("acceptor", tests, NULL, NULL);
}
