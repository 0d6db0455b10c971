/*
 * CONFIRM: each rule by which an acceptor signs that a value may be proposed
 * (doc/AGREEMENT.md 2.7), kept, and broken in turn.
 */
#include "acceptor.h"

#include "authority.h"
#include "ballot.h"
#include "confirming.h"
#include "path.h"
#include "placement.h"
#include "sign_fixture.h"
#include "store_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SELF = 2 };

static struct place {
	struct store_fixture store;
	struct proof *proof;
	struct server_key *key;
	struct acceptor *acceptor;
} place;

static void start(void)
{
	struct acceptor_rules rules = acceptor_rules_default;
	const dfs_key admin = sign_fixture_key("admin", 1);

	rules.check_data = false; /* content is not what this is about */
	place.acceptor = acceptor_new(place.store.store, SELF, &rules);
	place.proof = proof_new(place.store.store, &admin, sign_fixture_servers());
	place.key = sign_fixture_server_key(SELF);
	assert_non_null(place.acceptor);
	assert_non_null(place.proof);
	acceptor_set_proof(place.acceptor, place.proof);
	acceptor_set_key(place.acceptor, place.key);
	assert_int_equal(acceptor_vote(place.acceptor), 0);
}

static void stop(void)
{
	acceptor_free(place.acceptor);
	proof_free(place.proof);
	server_key_free(place.key);
}

/* With keys up to this number, as admin says then. */
static void know_key(const char *user, uint32_t key, bool disabled)
{
	dfs_value value = value_fixture_account(0, 1);
	dfs_user name = {(u_int)strlen(user), strdup(user)};
	dfs_account *account = &value.body.dfs_body_u.account;

	account->number = key + disabled;
	account->key = key;
	account->disabled = disabled;
	sign_fixture_account(user, account);
	acceptor_know_account(place.acceptor, &name, account);
	free(name.dfs_user_val);
	value_free(&value);
}

static void know_users(void)
{
	know_key("ann", 1, false);
	know_key("bob", 1, false);
	know_key("eve", 1, false);
}

static int begin(void **state)
{
	(void)state;
	memset(&place, 0, sizeof place);
	store_fixture_start(&place.store);
	start();
	know_users();
	return 0;
}

static int end(void **state)
{
	(void)state;
	stop();
	store_fixture_end(&place.store);
	return 0;
}

/* ---- what is asked ------------------------------------------------------------- */

/* One item, as a proposer would send it who got three promises; then it is changed. */
struct asked {
	const char *path;
	dfs_ballot ballot;
	dfs_confirm_item item;
	dfs_signed_promise promises[DFS_CONFIRMATIONS_MAX];
};

static dfs_promise_told told_of(const dfs_value *value, uint64_t counter)
{
	dfs_promise_told told = {.known = value != NULL,
				 .ballot = store_fixture_ballot(counter)};

	if (value)
		assert_true(statement_digest(value, &told.digest));
	else
		memset(&told.ballot, 0, sizeof told.ballot);
	return told;
}

static void promise(struct asked *asked, unsigned i, unsigned server,
		    const dfs_promise_told *told)
{
	xdr_free((xdrproc_t)xdr_dfs_signed_promise, (char *)&asked->promises[i]);
	sign_fixture_promise(asked->path, &asked->ballot, server, told,
			     &asked->promises[i]);
}

/*
 * dfs1, dfs3 and dfs4 promised; dfs3 tells of the highest value, at that counter (0: all
 * know nothing), the others of nothing.  What is given is taken.
 */
static struct asked *ask(const char *path, uint64_t counter, dfs_value *take_highest,
			 uint64_t told_at, dfs_value take_value)
{
	struct asked *asked = calloc(1, sizeof *asked);
	const dfs_promise_told nothing = told_of(NULL, 0);
	const dfs_promise_told told = told_of(take_highest, told_at);

	assert_non_null(asked);
	asked->path = path;
	asked->ballot = store_fixture_ballot(counter);
	promise(asked, 0, 1, &nothing);
	promise(asked, 1, 3, take_highest ? &told : &nothing);
	promise(asked, 2, 4, &nothing);
	asked->item.path = path_borrow(path);
	asked->item.promises.promises_len = DFS_CONFIRMATIONS_MAX;
	asked->item.promises.promises_val = asked->promises;
	if (take_highest) {
		asked->item.highest = malloc(sizeof *take_highest);
		assert_non_null(asked->item.highest);
		*asked->item.highest = *take_highest;
	}
	asked->item.value = take_value;
	return asked;
}

static void forget(struct asked *asked)
{
	for (unsigned i = 0; i < DFS_CONFIRMATIONS_MAX; i++)
		xdr_free((xdrproc_t)xdr_dfs_signed_promise, (char *)&asked->promises[i]);
	if (asked->item.highest)
		value_free(asked->item.highest);
	free(asked->item.highest);
	value_free(&asked->item.value);
	free(asked);
}

/* Did this server sign just that? */
static void check_signature(const struct asked *asked, const dfs_confirm_args *args,
			    const dfs_confirm_ok *ok)
{
	const struct authority_source source = {.servers = sign_fixture_servers()};
	const struct confirming item = {.path = &args->items.items_val[0].path,
					.value = &args->items.items_val[0].value};
	dfs_value value;

	assert_true(value_copy(&asked->item.value, &value));
	confirming_clear(&value);
	confirming_take(&source, SELF, args, ok,
			&(struct confirming){.path = item.path, .value = &value});
	assert_int_equal(value.proof.confirmations.confirmations_len, 1);
	assert_int_equal(value.proof.confirmations.confirmations_val[0].server, SELF);
	value_free(&value);
}

/* user: NULL for a server, which is dfs1. */
static dfs_status say(const struct asked *asked, const char *user)
{
	const struct acceptor_caller caller = {.user = user, .server = user ? 0 : 1};
	dfs_confirm_item item = asked->item;
	const dfs_confirm_args args = {asked->ballot, {1, &item}};
	const dfs_confirm_ok *ok;
	dfs_confirm_res res = {0};
	dfs_status status;

	acceptor_confirm_for(place.acceptor, &caller, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	ok = &res.dfs_confirm_res_u.ok;
	status = ok->items.items_val[0];
	assert_int_equal(ok->signature.signature_len,
			 status == DFS_OK ? DFS_SIGNATURE_LEN : 0);
	if (status == DFS_OK)
		check_signature(asked, &args, ok);
	xdr_free((xdrproc_t)xdr_dfs_confirm_res, (char *)&res);
	return status;
}

static dfs_status say_once(struct asked *take_asked, const char *user)
{
	dfs_status status = say(take_asked, user);

	forget(take_asked);
	return status;
}

/* ---- values -------------------------------------------------------------------- */

static dfs_value signed_by(const char *user, const char *path, uint64_t counter,
			   dfs_value value)
{
	const dfs_ballot ballot = store_fixture_ballot(counter);

	sign_fixture_prove(path, &ballot, user, 1, &value);
	return value;
}

/* The operation of this number, at the ballot of this counter. */
static dfs_value tombstone(const char *user, const char *path, uint64_t counter,
			   uint64_t number)
{
	dfs_value value = value_fixture_tombstone(counter);

	value.number = value.content_version.number = number;
	return signed_by(user, path, counter, value);
}

/* ann's: bob may read it, eve write it; with the list of this generation. */
static dfs_value file(const char *writer, uint64_t counter, uint64_t number,
		      uint64_t generation)
{
	static const char path[] = "/ann/x";
	dfs_value value =
		value_fixture_file(&(struct value_fixture_file){.owner = "ann",
								.reader = "bob",
								.writer = "eve",
								.object = 7,
								.size = 4,
								.counter = counter});
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;

	free(manifest->content.writer.dfs_user_val);
	manifest->content.writer.dfs_user_val = strdup(writer);
	manifest->content.writer.dfs_user_len = (u_int)strlen(writer);
	manifest->access.generation = generation;
	value.number = value.content_version.number = number;
	sign_fixture_access(path, "ann", 1, &manifest->access);
	sign_fixture_content(path, &value, 1);
	return signed_by(writer, path, counter, value);
}

static dfs_value again(const dfs_value *value)
{
	dfs_value copy;

	assert_true(value_copy(value, &copy));
	confirming_clear(&copy);
	return copy;
}

/* ---- what three promised ------------------------------------------------------- */

static const char shared[] = "/shared/x", own[] = "/ann/x";

/* bob's first value of a path of which nobody knows. */
static struct asked *ask_new(uint64_t counter)
{
	return ask(shared, counter, NULL, 0, tombstone("bob", shared, counter, 1));
}

static void test_12_2_a_new_value_is_confirmed(void **state)
{
	(void)state;
	assert_int_equal(say_once(ask_new(5), "bob"), DFS_OK);
}

static void test_12_2_three_promises_are_needed(void **state)
{
	const dfs_promise_told nothing = told_of(NULL, 0);
	struct asked *asked = ask_new(5);
	const dfs_ballot other = store_fixture_ballot(6);

	(void)state;
	asked->item.promises.promises_len = 2;
	assert_int_equal(say(asked, "bob"), DFS_INVALID);
	asked->item.promises.promises_len = 3;
	/* One server's twice; one that is not signed by whom it names. */
	promise(asked, 2, 3, &nothing);
	assert_int_equal(say(asked, "bob"), DFS_INVALID);
	asked->promises[2].server = 4;
	assert_int_equal(say(asked, "bob"), DFS_INVALID);
	/* Of another ballot, of another path, of something else. */
	xdr_free((xdrproc_t)xdr_dfs_signed_promise, (char *)&asked->promises[2]);
	sign_fixture_promise(shared, &other, 4, &nothing, &asked->promises[2]);
	assert_int_equal(say(asked, "bob"), DFS_INVALID);
	xdr_free((xdrproc_t)xdr_dfs_signed_promise, (char *)&asked->promises[2]);
	sign_fixture_promise(own, &asked->ballot, 4, &nothing, &asked->promises[2]);
	assert_int_equal(say(asked, "bob"), DFS_INVALID);
	promise(asked, 2, 4, &nothing);
	asked->promises[2].told.ballot.counter++;
	assert_int_equal(say(asked, "bob"), DFS_INVALID);
	/* With a key that it has not. */
	promise(asked, 2, 4, &nothing);
	asked->promises[2].signature.key = 2;
	assert_int_equal(say(asked, "bob"), DFS_INVALID);
	promise(asked, 2, 4, &nothing);
	assert_int_equal(say_once(asked, "bob"), DFS_OK);
}

/* The attack: a server proposes again what was there before. */
static void test_12_2_what_is_older_is_not_confirmed(void **state)
{
	dfs_value older = tombstone("ann", own, 3, 1),
		  newer = tombstone("ann", own, 4, 2);
	struct asked *asked = ask(own, 9, &older, 3, again(&older));
	const dfs_promise_told at_four = told_of(&newer, 4),
			       at_three = told_of(&older, 3);

	(void)state;
	promise(asked, 2, 4, &at_four);
	assert_int_equal(say(asked, NULL), DFS_INVALID);
	/* Of two values at one ballot the higher digest is the newer. */
	dfs_promise_told twin = at_three;
	memset(&twin.digest, 0xff, sizeof twin.digest);
	promise(asked, 2, 4, &twin);
	assert_int_equal(say(asked, NULL), DFS_INVALID);
	/* The same from both. */
	promise(asked, 2, 4, &at_three);
	assert_int_equal(say(asked, NULL), DFS_OK);
	value_free(&newer);
	forget(asked);
}

static void test_12_2_what_is_told_of_is_proved(void **state)
{
	dfs_value highest = tombstone("ann", own, 3, 1);
	struct asked *asked = ask(own, 9, &highest, 3, again(&highest));
	const dfs_ballot four = store_fixture_ballot(4);
	const dfs_promise_told at_four = told_of(&highest, 4);

	(void)state;
	/* At another ballot than ann proposed it, only if it was confirmed for that. */
	promise(asked, 1, 3, &at_four);
	assert_int_equal(say(asked, NULL), DFS_INVALID);
	sign_fixture_confirm(own, &four, asked->item.highest);
	assert_int_equal(say(asked, NULL), DFS_OK);
	forget(asked);
	/* Nobody's promise is of a ballot that is not below this one. */
	highest = tombstone("ann", own, 12, 1);
	assert_int_equal(say_once(ask(own, 12, &highest, 12, again(&highest)), NULL),
			 DFS_INVALID);
	/* What they tell of is shown, and nothing that they do not tell of. */
	highest = tombstone("ann", own, 3, 1);
	asked = ask(own, 13, &highest, 3, again(&highest));
	value_free(asked->item.highest);
	free(asked->item.highest);
	asked->item.highest = NULL;
	assert_int_equal(say_once(asked, NULL), DFS_INVALID);
	highest = tombstone("ann", own, 3, 1);
	asked = ask(own, 13, &highest, 3, again(&highest));
	const dfs_promise_told nothing = told_of(NULL, 0);
	promise(asked, 1, 3, &nothing);
	assert_int_equal(say_once(asked, NULL), DFS_INVALID);
}

/* ---- what servers may propose -------------------------------------------------- */

static void test_12_2_a_server_proposes_the_same_again(void **state)
{
	dfs_value highest = tombstone("ann", own, 3, 1);

	(void)state;
	assert_int_equal(
		say_once(ask(own, 9, &highest, 3, tombstone("ann", own, 4, 1)), NULL),
		DFS_INVALID);
	highest = tombstone("ann", own, 3, 1);
	assert_int_equal(say_once(ask(own, 9, &highest, 3, value_nothing()), NULL),
			 DFS_INVALID);
	/* That there is nothing, where nobody knows of anything. */
	assert_int_equal(
		say_once(ask(own, 10, NULL, 0, tombstone("ann", own, 4, 1)), NULL),
		DFS_INVALID);
	assert_int_equal(say_once(ask(own, 11, NULL, 0, value_nothing()), NULL), DFS_OK);
}

/* The file of row 0 whose holders are these, and a value with those. */
static dfs_status correct(uint64_t counter, uint32_t had, uint32_t has)
{
	const dfs_ballot told = store_fixture_ballot(counter - 1);
	dfs_value highest = file("ann", 3, 1, 1), value;

	highest.body.dfs_body_u.manifest.content.holders = had;
	value = again(&highest);
	value.body.dfs_body_u.manifest.content.holders = has;
	sign_fixture_confirm(own, &told, &highest);
	return say_once(ask(own, counter, &highest, counter - 1, value), NULL);
}

static uint32_t hold(uint32_t holders, unsigned server, chunk_set chunks)
{
	uint32_t all = placement_hold(0, server, CHUNKS_ALL);

	return placement_hold(holders & ~all, server, chunks);
}

/* dfs1 asks: it may say that it has its pair again, and take its spare from dfs3. */
static void test_12_2_a_server_corrects_only_its_own_holders(void **state)
{
	const dfs_value any = file("ann", 3, 1, 1);
	const dfs_content *content = &any.body.dfs_body_u.manifest.content;
	dfs_value taken = any;
	uint32_t whole = 0, spare;

	(void)state;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		whole = hold(whole, s, placement_pair(content->row, s));
	spare = hold(hold(whole, 1, 0), 3, CHUNKS_ALL);
	assert_int_equal(correct(10, whole, whole), DFS_OK);
	assert_int_equal(correct(12, spare, whole), DFS_OK);
	assert_int_equal(
		correct(14, spare, hold(spare, 1, placement_pair(content->row, 1))),
		DFS_OK);
	assert_int_equal(correct(16, hold(whole, 3, CHUNKS_ALL), whole), DFS_OK);
	/* Of nobody else, and nothing less. */
	assert_int_equal(correct(18, whole, hold(whole, 3, 0)), DFS_INVALID);
	assert_int_equal(correct(20, whole, hold(whole, 1, 0)), DFS_INVALID);
	assert_int_equal(correct(22, hold(whole, 2, 0), whole), DFS_INVALID);
	assert_int_equal(correct(24, hold(whole, 4, CHUNKS_ALL), whole), DFS_INVALID);
	assert_int_equal(correct(26, hold(whole, 1, 0), hold(whole, 1, CHUNKS_ALL)),
			 DFS_INVALID);
	value_free(&taken);
}

/* ---- what users may propose ---------------------------------------------------- */

static void test_12_2_a_user_proposes_what_he_may(void **state)
{
	dfs_value highest = file("ann", 3, 1, 2);

	(void)state;
	assert_int_equal(say_once(ask(own, 9, &highest, 3, file("eve", 9, 2, 2)), "eve"),
			 DFS_OK);
	/* Who only reads; another list, before or after this one. */
	highest = file("ann", 3, 1, 2);
	assert_int_equal(
		say_once(ask(own, 10, &highest, 3, file("bob", 10, 2, 2)), "bob"),
		DFS_DENIED);
	highest = file("ann", 3, 1, 2);
	assert_int_equal(
		say_once(ask(own, 11, &highest, 3, file("eve", 11, 2, 1)), "eve"),
		DFS_DENIED);
	highest = file("ann", 3, 1, 2);
	assert_int_equal(
		say_once(ask(own, 12, &highest, 3, file("eve", 12, 2, 3)), "eve"),
		DFS_DENIED);
	/* What another signed, or he himself for another ballot. */
	highest = file("ann", 3, 1, 2);
	assert_int_equal(
		say_once(ask(own, 13, &highest, 3, file("eve", 13, 2, 2)), "bob"),
		DFS_INVALID);
	highest = file("ann", 3, 1, 2);
	assert_int_equal(
		say_once(ask(own, 14, &highest, 3, file("eve", 13, 2, 2)), "eve"),
		DFS_INVALID);
	/* What servers say of themselves. */
	assert_int_equal(say_once(ask(shared, 15, NULL, 0, value_nothing()), "bob"),
			 DFS_INVALID);
}

/* A list that an old key signed, or who is disabled, lets in who was let in before. */
static void test_8_9_an_old_key_lets_nobody_in(void **state)
{
	(void)state;
	assert_int_equal(say_once(ask(own, 9, NULL, 0, file("eve", 9, 1, 1)), "eve"),
			 DFS_OK);
	know_key("ann", 2, false);
	assert_int_equal(say_once(ask(own, 10, NULL, 0, file("eve", 10, 1, 1)), "eve"),
			 DFS_DENIED);
	dfs_value highest = file("ann", 3, 1, 1);
	assert_int_equal(
		say_once(ask(own, 11, &highest, 3, file("eve", 11, 2, 1)), "eve"),
		DFS_OK);
	know_key("ann", 3, true);
	highest = file("ann", 3, 1, 1);
	assert_int_equal(
		say_once(ask(own, 12, &highest, 3, file("eve", 12, 2, 1)), "eve"),
		DFS_OK);
	assert_int_equal(say_once(ask(own, 13, NULL, 0, file("eve", 13, 1, 1)), "eve"),
			 DFS_DENIED);
}

static void test_12_2_operations_follow_each_other(void **state)
{
	const dfs_ballot told = store_fixture_ballot(4);

	(void)state;
	for (uint64_t number = 1; number <= 4; number++) {
		dfs_value highest = tombstone("ann", shared, 4, 2);
		dfs_value value = tombstone("bob", shared, 10 + number, number);

		sign_fixture_confirm(shared, &told, &highest);
		assert_int_equal(
			say_once(ask(shared, 10 + number, &highest, 4, value), "bob"),
			number == 3 ? DFS_OK : DFS_INVALID);
	}
	/* Or it is the same, which he finishes: then he signs that. */
	dfs_value highest = tombstone("ann", shared, 4, 2), same = again(&highest);
	sign_fixture_confirm(shared, &told, &highest);
	same = signed_by("bob", shared, 20, same);
	assert_int_equal(say_once(ask(shared, 20, &highest, 4, same), "bob"), DFS_OK);
}

/* ann's file with the version that it had before, as it keeps that, for good. */
static dfs_earlier *keep(dfs_value *value, const dfs_value *before)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_value copy = again(before);
	dfs_manifest *was = &copy.body.dfs_body_u.manifest;
	dfs_earlier *kept = calloc(1, sizeof *kept);

	assert_non_null(kept);
	*kept = (dfs_earlier){.content_version = copy.content_version,
			      .key = was->keys.keys_val[0],
			      .content = was->content};
	memset(&was->content, 0, sizeof was->content); /* it is the kept one's now */
	value_free(&copy);
	manifest->earlier.earlier_len = 1;
	manifest->earlier.earlier_val = kept;
	return kept;
}

/* How a version that is kept may be another than the one before. */
enum kept_as {
	KEPT_AS_IT_WAS,
	KEPT_FOR_A_TIME,
	KEPT_WITH_A_KEY,
	KEPT_WITH_A_SIZE,
	KEPT_WITH_A_HOLDER,
	KEPT_BY_ANOTHER_NAME,
	KEPT_OF_NOTHING, /* the path had none */
	KEPT_ALREADY,    /* what the one before keeps */
	KEPT_LONGER,     /* that, for another time than it says */
};

static void change_kept(dfs_earlier *kept, enum kept_as how)
{
	kept->until = how == KEPT_FOR_A_TIME || how == KEPT_LONGER ? 99 : 0;
	kept->key.box[0] ^= how == KEPT_WITH_A_KEY;
	kept->content.size += how == KEPT_WITH_A_SIZE;
	kept->content.holders ^= how == KEPT_WITH_A_HOLDER;
	kept->content_version.operation.bytes[0] ^= how == KEPT_BY_ANOTHER_NAME;
}

/* eve, who may write, puts on top of ann's version 2, which may keep version 1. */
static dfs_status say_kept(uint64_t counter, enum kept_as how)
{
	const dfs_ballot told = store_fixture_ballot(4);
	dfs_value first = file("ann", 3, 1, 1), highest = file("ann", 4, 2, 1);
	dfs_value value = file("eve", counter, 3, 1);

	if (how == KEPT_ALREADY || how == KEPT_LONGER)
		keep(&highest, &first);
	highest = signed_by("ann", own, 4, highest);
	sign_fixture_confirm(own, &told, &highest);
	change_kept(keep(&value, how >= KEPT_ALREADY ? &first : &highest), how);
	value = signed_by("eve", own, counter, value);
	value_free(&first);
	if (how != KEPT_OF_NOTHING)
		return say_once(ask(own, counter, &highest, 4, value), "eve");
	value_free(&highest);
	value.number = value.content_version.number = 1;
	value = signed_by("eve", own, counter, value);
	return say_once(ask(own, counter, NULL, 0, value), "eve");
}

static void test_12_2_what_is_kept_was_there(void **state)
{
	static const dfs_status said[] = {
		[KEPT_AS_IT_WAS] = DFS_OK,          [KEPT_FOR_A_TIME] = DFS_OK,
		[KEPT_WITH_A_KEY] = DFS_INVALID,    [KEPT_WITH_A_SIZE] = DFS_INVALID,
		[KEPT_WITH_A_HOLDER] = DFS_INVALID, [KEPT_BY_ANOTHER_NAME] = DFS_INVALID,
		[KEPT_OF_NOTHING] = DFS_INVALID,    [KEPT_ALREADY] = DFS_OK,
		[KEPT_LONGER] = DFS_INVALID};

	(void)state;
	for (enum kept_as how = 0; how <= KEPT_LONGER; how++)
		assert_int_equal(say_kept(10 + how, how), said[how]);
}

static const char of_bob[] = "/@accounts/bob";

/* The account with this number, as admin says it: an operation, at a ballot. */
static dfs_value account_of(uint64_t counter, uint64_t operation, uint64_t number)
{
	const dfs_ballot ballot = store_fixture_ballot(counter);
	dfs_value value = value_fixture_account(0, counter);
	dfs_account *account = &value.body.dfs_body_u.account;

	value.number = value.content_version.number = operation;
	account->number = number;
	account->key = 1;
	sign_fixture_account("bob", account);
	sign_fixture_prove(of_bob, &ballot, "admin", 1, &value);
	sign_fixture_confirm(of_bob, &ballot, &value);
	return value;
}

/* On top of one with the number 5. */
static dfs_status say_account(uint64_t counter, uint64_t number)
{
	dfs_value before = account_of(3, 1, 5);

	return say_once(ask(of_bob, counter, &before, 3, account_of(counter, 2, number)),
			"admin");
}

static void test_12_2_accounts_do_not_go_back(void **state)
{
	(void)state;
	assert_int_equal(say_account(10, 4), DFS_DENIED);
	assert_int_equal(say_account(11, 5), DFS_OK);
	assert_int_equal(say_account(12, 6), DFS_OK);
	/* Nor does one go: who is deleted is "gone". */
	dfs_value account = account_of(3, 1, 5);
	dfs_value none = tombstone("admin", of_bob, 13, 2);
	assert_int_equal(say_once(ask(of_bob, 13, &account, 3, none), "admin"),
			 DFS_DENIED);
}

/* ---- one value a ballot -------------------------------------------------------- */

static void test_12_2_one_value_a_ballot(void **state)
{
	struct asked *asked = ask_new(5), *other = ask_new(5);

	(void)state;
	other->item.value.operation.bytes[7] ^= 1;
	other->item.value = signed_by("bob", shared, 5, other->item.value);
	assert_int_equal(say(asked, "bob"), DFS_OK);
	/* Another operation of the same user, on the same promises. */
	assert_int_equal(say(other, "bob"), DFS_REFUSED);
	assert_int_equal(say(asked, "bob"), DFS_OK);
	/* What is lower is refused from then on, also what is promised. */
	assert_int_equal(say_once(ask_new(4), "bob"), DFS_REFUSED);
	/* A restart forgets it, and refuses both. */
	stop();
	store_fixture_reopen(&place.store);
	start();
	know_users();
	assert_int_equal(say(other, "bob"), DFS_REFUSED);
	assert_int_equal(say(asked, "bob"), DFS_REFUSED);
	forget(asked);
	forget(other);
}

static void test_12_2_what_is_lower_than_a_promise_is_refused(void **state)
{
	dfs_prepare_item item = {.path = path_borrow(shared)};
	dfs_prepare_args args = {.operation = store_fixture_id(9),
				 .ballot = store_fixture_ballot(7),
				 .items = {1, &item}};
	dfs_prepare_res res = {0};

	(void)state;
	acceptor_prepare(place.acceptor, &args, &res);
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&res);
	assert_int_equal(say_once(ask_new(6), "bob"), DFS_REFUSED);
	assert_int_equal(say_once(ask_new(7), "bob"), DFS_OK);
	assert_int_equal(say_once(ask_new(8), "bob"), DFS_OK);
	/* The promise of before is not given again. */
	memset(&res, 0, sizeof res);
	acceptor_prepare(place.acceptor, &args, &res);
	assert_int_equal(res.dfs_prepare_res_u.ok.items.items_val[0].status, DFS_REFUSED);
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&res);
}

/* ---- promises are signed ------------------------------------------------------- */

static void test_12_2_promises_are_signed_where_that_is_asked_for(void **state)
{
	const struct authority_source source = {.servers = sign_fixture_servers()};
	static const char second[] = "/shared/y";
	dfs_prepare_item items[2] = {{.path = path_borrow(shared)},
				     {.path = path_borrow(second)}};
	dfs_prepare_args args = {.operation = store_fixture_id(9),
				 .ballot = store_fixture_ballot(7),
				 .items = {2, items}};
	struct confirming_promises promises;
	dfs_prepare_res res = {0};
	dfs_prepare_ok *ok = &res.dfs_prepare_res_u.ok;

	(void)state;
	/* The second is refused: of it nothing is signed. */
	assert_int_equal(
		say_once(ask(second, 8, NULL, 0, tombstone("bob", second, 8, 1)), "bob"),
		DFS_OK);
	acceptor_prepare(place.acceptor, &args, &res);
	assert_false(confirming_promises(&source, SELF, &args, ok, &promises));
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&res);
	memset(&res, 0, sizeof res);
	args.sign = TRUE;
	acceptor_prepare(place.acceptor, &args, &res);
	assert_int_equal(ok->items.items_val[1].status, DFS_REFUSED);
	assert_true(confirming_promises(&source, SELF, &args, ok, &promises));
	assert_int_equal(promises.of[0].server, SELF);
	assert_int_equal(promises.of[1].server, 0);
	confirming_free(&promises);
	/* Not as another's, and not of anything else. */
	assert_false(confirming_promises(&source, 3, &args, ok, &promises));
	ok->items.items_val[0].dfs_promise_u.promised.reg.dfs_register_u.floor.counter++;
	assert_false(confirming_promises(&source, SELF, &args, ok, &promises));
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&res);
}

#define SERVER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER(test_12_2_a_new_value_is_confirmed),
		SERVER(test_12_2_three_promises_are_needed),
		SERVER(test_12_2_what_is_older_is_not_confirmed),
		SERVER(test_12_2_what_is_told_of_is_proved),
		SERVER(test_12_2_a_server_proposes_the_same_again),
		SERVER(test_12_2_a_server_corrects_only_its_own_holders),
		SERVER(test_12_2_a_user_proposes_what_he_may),
		SERVER(test_8_9_an_old_key_lets_nobody_in),
		SERVER(test_12_2_operations_follow_each_other),
		SERVER(test_12_2_what_is_kept_was_there),
		SERVER(test_12_2_accounts_do_not_go_back),
		SERVER(test_12_2_one_value_a_ballot),
		SERVER(test_12_2_what_is_lower_than_a_promise_is_refused),
		SERVER(test_12_2_promises_are_signed_where_that_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
