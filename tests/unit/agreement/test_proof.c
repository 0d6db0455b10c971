/*
 * What an acceptor takes as proved: each rule (doc/AGREEMENT.md 1.6) kept, and broken in
 * turn.
 */
#include "acceptor.h"

#include "clock.h"
#include "confirming.h"
#include "path.h"
#include "proof.h"
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

static struct place {
	struct store_fixture store;
	struct proof *proof;
	struct acceptor *acceptor;
	uint64_t counter; /* of the last ballot */
	unsigned asked;   /* times that peers were asked for an account */
	bool forged;      /* they do not give what admin signed */
} place;

/* ---- sending ------------------------------------------------------------------- */

/* user: NULL for a server. */
static dfs_status say(const char *user, const char *path, uint64_t counter,
		      const dfs_value *value)
{
	const struct acceptor_caller caller = {.user = user};
	dfs_proposal item = {.path = path_borrow(path), .value = *value};
	const dfs_accept_args args = {store_fixture_ballot(counter), {1, &item}};
	dfs_accept_res res = {0};
	dfs_status status;

	assert_null(value_check_at(path, strlen(path), value));
	acceptor_accept_for(place.acceptor, &caller, &args, &res);
	status = res.status == DFS_OK ? res.dfs_accept_res_u.ok.items.items_val[0]
				      : res.status;
	xdr_free((xdrproc_t)xdr_dfs_accept_res, (char *)&res);
	return status;
}

static dfs_status learn(const char *path, uint64_t counter, const dfs_value *value)
{
	dfs_learn_item item = {path_borrow(path), store_fixture_ballot(counter), *value};
	const dfs_learn_args args = {{1, &item}};
	dfs_learn_res res = {0};
	dfs_status status;

	acceptor_learn(place.acceptor, &args, &res);
	status = res.status == DFS_OK ? res.dfs_learn_res_u.items.items_val[0]
				      : res.status;
	xdr_free((xdrproc_t)xdr_dfs_learn_res, (char *)&res);
	return status;
}

static uint64_t here(const char *path)
{
	struct store_register reg;

	return store_register(place.store.store, path, strlen(path), &reg) == 0
		       ? reg.ballot.counter
		       : 0;
}

/* ---- values -------------------------------------------------------------------- */

/* An account as admin says it at the next ballot, proposed by him. */
static dfs_value account_of(const char *user, uint64_t number, uint32_t key)
{
	dfs_value value = value_fixture_account(0, ++place.counter);
	dfs_account *account = &value.body.dfs_body_u.account;

	account->number = number;
	account->key = key;
	sign_fixture_account(user, account);
	return value;
}

static const char *account_path(const char *user)
{
	static char path[64];

	(void)snprintf(path, sizeof path, "/@accounts/%s", user);
	return path;
}

static void prove_now(const char *path, const char *signer, uint32_t key,
		      dfs_value *value)
{
	const dfs_ballot ballot = store_fixture_ballot(place.counter);

	sign_fixture_prove(path, &ballot, signer, key, value);
}

/* Three servers confirm it for the last ballot. */
static void confirm_now(const char *path, dfs_value *value)
{
	const dfs_ballot ballot = store_fixture_ballot(place.counter);

	sign_fixture_confirm(path, &ballot, value);
}

static void add_user(const char *user, uint64_t number, uint32_t key, bool gone,
		     bool disabled)
{
	dfs_value value = account_of(user, number, key);
	const char *path = account_path(user);

	value.body.dfs_body_u.account.gone = gone;
	value.body.dfs_body_u.account.disabled = disabled;
	sign_fixture_account(user, &value.body.dfs_body_u.account);
	prove_now(path, "admin", 1, &value);
	confirm_now(path, &value);
	assert_int_equal(say("admin", path, place.counter, &value), DFS_OK);
	value_free(&value);
}

/* ann's, at the next ballot: bob may read it, eve write it; the writer signs it. */
static dfs_value file_of(const char *path, const char *writer, uint64_t generation)
{
	dfs_value value = value_fixture_file(
		&(struct value_fixture_file){.owner = "ann",
					     .reader = "bob",
					     .writer = "eve",
					     .object = 7,
					     .size = 4,
					     .counter = ++place.counter});
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;

	free(manifest->content.writer.dfs_user_val);
	manifest->content.writer.dfs_user_val = strdup(writer);
	manifest->content.writer.dfs_user_len = (u_int)strlen(writer);
	manifest->access.generation = generation;
	sign_fixture_access(path, "ann", 2, &manifest->access);
	sign_fixture_content(path, &value, strcmp(writer, "ann") == 0 ? 2 : 1);
	return value;
}

static dfs_value tombstone_now(void)
{
	return value_fixture_tombstone(++place.counter);
}

/* Sends it, confirmed, as the user who signs it, and frees it. */
static dfs_status propose(const char *user, uint32_t key, const char *path,
			  dfs_value take_value)
{
	dfs_status status;

	prove_now(path, user, key, &take_value);
	confirm_now(path, &take_value);
	status = say(user, path, place.counter, &take_value);
	value_free(&take_value);
	return status;
}

/* ---- begin and end ------------------------------------------------------------- */

static bool ask(void *context, const dfs_user *user, dfs_account *ret)
{
	dfs_value value;

	(void)context;
	place.asked++;
	if (user->dfs_user_len != 3 || memcmp(user->dfs_user_val, "kim", 3) != 0)
		return false;
	value = account_of("kim", 1, 1);
	*ret = value.body.dfs_body_u.account;
	ret->quota += place.forged;
	memset(&value.body, 0, sizeof value.body);
	value.body.kind = DFS_TOMBSTONE;
	value_free(&value);
	return true;
}

static int begin(void **state)
{
	struct acceptor_rules rules = acceptor_rules_default;
	const dfs_key admin = sign_fixture_key("admin", 1);

	(void)state;
	memset(&place, 0, sizeof place);
	rules.check_data = false; /* content is not what this is about */
	store_fixture_start(&place.store);
	place.acceptor = acceptor_new(place.store.store, 2, &rules);
	place.proof = proof_new(place.store.store, &admin, sign_fixture_servers());
	assert_non_null(place.acceptor);
	assert_non_null(place.proof);
	proof_set_ask(place.proof, ask, NULL);
	acceptor_set_proof(place.acceptor, place.proof);
	assert_int_equal(acceptor_vote(place.acceptor), 0);
	add_user("ann", 3, 2, false, false);
	add_user("bob", 1, 1, false, false);
	add_user("eve", 1, 1, false, false);
	add_user("guy", 2, 1, true, false);
	add_user("dan", 2, 1, false, true);
	return 0;
}

static int end(void **state)
{
	(void)state;
	acceptor_free(place.acceptor);
	proof_free(place.proof);
	store_fixture_end(&place.store);
	return 0;
}

/* ---- what is signed ------------------------------------------------------------ */

static void test_what_its_owner_signs_is_taken(void **state)
{
	(void)state;
	dfs_value value = file_of("/ann/x", "ann", 1);

	prove_now("/ann/x", "ann", 2, &value);
	assert_int_equal(say("ann", "/ann/x", place.counter, &value), DFS_OK);
	value_free(&value);
	/* And what is confirmed besides. */
	assert_int_equal(propose("ann", 2, "/ann/x", tombstone_now()), DFS_OK);
	assert_int_equal(place.asked, 0);
}

/* What the owner signed for another ballot, and what others sign, three confirm. */
static void test_12_2_what_is_not_its_owners_own_is_confirmed(void **state)
{
	static const char path[] = "/ann/x";
	dfs_value value = file_of(path, "ann", 1);

	(void)state;
	prove_now(path, "ann", 2, &value);
	place.counter++;
	assert_int_equal(say(NULL, path, place.counter, &value), DFS_INVALID);
	assert_int_equal(learn(path, place.counter, &value), DFS_INVALID);
	confirm_now(path, &value);
	assert_int_equal(say(NULL, path, place.counter + 1, &value), DFS_INVALID);
	assert_int_equal(say(NULL, "/ann/y", place.counter, &value), DFS_INVALID);
	assert_int_equal(say(NULL, path, place.counter, &value), DFS_OK);
	value_free(&value);
	/* Everybody's, and users' own records, are nobody's alone. */
	static const char *const paths[] = {"/shared/x", "/@credentials/ann"};
	for (unsigned i = 0; i < 2; i++) {
		value = i ? value_fixture_credentials(++place.counter) : tombstone_now();
		prove_now(paths[i], "ann", 2, &value);
		assert_int_equal(say("ann", paths[i], place.counter, &value),
				 DFS_INVALID);
		confirm_now(paths[i], &value);
		assert_int_equal(say("ann", paths[i], place.counter, &value), DFS_OK);
		value_free(&value);
	}
}

/* Each of these takes something from three confirmations. */
enum {
	LACKS_NOTHING,
	LACKS_ONE,
	LACKS_ANOTHER_SERVER,
	LACKS_A_SIGNATURE,
	LACKS_A_KEY,
	LACKS_A_SERVER,
	LACKS_A_LEAF,
	LACKS
};

static void take_from(dfs_proof *proof, int what)
{
	dfs_confirmation *all = proof->confirmations.confirmations_val;

	switch (what) {
	case LACKS_ONE:
		proof->confirmations.confirmations_len = 2;
		break;
	case LACKS_ANOTHER_SERVER:
		all[2] = all[1];
		break;
	case LACKS_A_SIGNATURE:
		all[1].signature[7] ^= 1;
		break;
	case LACKS_A_KEY:
		all[1].key = 2;
		break;
	case LACKS_A_SERVER:
		all[1].server = 4;
		break;
	case LACKS_A_LEAF:
		all[1].leaf = 1;
		break;
	default:
		break;
	}
}

static void test_12_2_three_servers_confirm_and_no_fewer(void **state)
{
	static const char path[] = "/shared/x";

	(void)state;
	for (int what = LACKS_NOTHING; what < LACKS; what++) {
		dfs_value value = tombstone_now();

		prove_now(path, "ann", 2, &value);
		confirm_now(path, &value);
		take_from(&value.proof, what);
		assert_int_equal(say("ann", path, place.counter, &value),
				 what == LACKS_NOTHING ? DFS_OK : DFS_INVALID);
		value_free(&value);
	}
}

/* Each of these changes something that was signed. */
enum {
	CHANGES_NOTHING,
	CHANGES_HOLDERS,
	CHANGES_OPERATION,
	CHANGES_NUMBER,
	CHANGES_ORIGIN,
	CHANGES_VERSION,
	CHANGES_MODE,
	CHANGES_KEYS,
	CHANGES_SIZE,
	CHANGES_MODIFIED,
	CHANGES_CONTENT_SIGNATURE,
	CHANGES_WRITER,
	CHANGES_READER,
	CHANGES_READER_SIGNATURE,
	CHANGES_PROOF_BALLOT,
	CHANGES_SIGNATURE,
	CHANGES_SIGNER,
	CHANGES
};

/* What names another, with a key that he has not, cannot be looked at. */
static dfs_status refusal_of(int what, int another)
{
	return what == another ? DFS_UNCHECKED : DFS_INVALID;
}

static void change(int what, dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_content *content = &manifest->content;

	switch (what) {
	case CHANGES_HOLDERS: /* which servers correct, at other ballots */
		content->holders &= 0xfff;
		break;
	case CHANGES_OPERATION:
		value->operation.bytes[3] ^= 1;
		break;
	case CHANGES_NUMBER:
		value->number++;
		break;
	case CHANGES_ORIGIN:
		value->origin.counter--;
		break;
	case CHANGES_VERSION:
		value->content_version.operation.bytes[3] ^= 1;
		break;
	case CHANGES_MODE:
		manifest->attributes.mode ^= 0100;
		break;
	case CHANGES_KEYS:
		manifest->keys.keys_val[1].box[3] ^= 1;
		break;
	case CHANGES_SIZE:
		content->size--;
		content->tree.tree_len--;
		break;
	case CHANGES_MODIFIED:
		content->modified ^= 1;
		break;
	case CHANGES_CONTENT_SIGNATURE:
		content->signature.signature[3] ^= 1;
		break;
	case CHANGES_WRITER:
		memcpy(content->writer.dfs_user_val, "eve", 3);
		break;
	case CHANGES_READER:
		manifest->access.readers.readers_val[0].writes = TRUE;
		break;
	case CHANGES_READER_SIGNATURE:
		manifest->access.signature->signature[3] ^= 1;
		break;
	case CHANGES_PROOF_BALLOT:
		value->proof.ballot.counter--;
		value->origin.counter -= 1;
		break;
	case CHANGES_SIGNATURE:
		value->proof.signature.signature[3] ^= 1;
		break;
	case CHANGES_SIGNER:
		memcpy(value->proof.signer.dfs_user_val, "eve", 3);
		break;
	default:
		break;
	}
}

static void test_8_9_whatever_is_changed_is_refused(void **state)
{
	static const char path[] = "/ann/x";

	(void)state;
	for (int what = 0; what < CHANGES; what++) {
		dfs_value value = file_of(path, "ann", 1);
		bool good = what == CHANGES_NOTHING || what == CHANGES_HOLDERS;

		prove_now(path, "ann", 2, &value);
		change(what, &value);
		assert_int_equal(say(NULL, path, place.counter, &value),
				 what == CHANGES_NOTHING
					 ? DFS_OK
					 : refusal_of(what, CHANGES_SIGNER));
		/* Nor do servers confirm what users did not sign. */
		place.counter++;
		confirm_now(path, &value);
		assert_int_equal(learn(path, place.counter, &value),
				 good ? DFS_OK : refusal_of(what, CHANGES_SIGNER));
		value_free(&value);
	}
}

/* What is signed again after the change shows each inner signature alone. */
static void test_8_9_content_and_readers_have_signatures_of_their_own(void **state)
{
	static const char path[] = "/ann/x";

	(void)state;
	for (int what = CHANGES_SIZE; what <= CHANGES_READER_SIGNATURE; what++) {
		dfs_value value = file_of(path, "ann", 1);

		change(what, &value);
		assert_int_equal(propose("ann", 2, path, value),
				 refusal_of(what, CHANGES_WRITER));
	}
}

static void test_8_9_nothing_holds_at_another_path(void **state)
{
	dfs_value value = file_of("/ann/x", "ann", 1);

	(void)state;
	prove_now("/ann/x", "ann", 2, &value);
	assert_int_equal(say(NULL, "/ann/y", place.counter, &value), DFS_INVALID);
	/* A content and readers of another path, under a proof for this one. */
	assert_int_equal(propose("ann", 2, "/ann/y", value), DFS_INVALID);
	assert_int_equal(here("/ann/y"), 0);
}

/* ---- who proposes, and when ---------------------------------------------------- */

static void test_8_9_a_user_proposes_what_he_signs_now(void **state)
{
	static const char path[] = "/ann/x";
	dfs_value value = tombstone_now();

	(void)state;
	/* At another ballot; by another; with a key that he had. */
	prove_now(path, "ann", 2, &value);
	assert_int_equal(say("ann", path, place.counter + 1, &value), DFS_INVALID);
	assert_int_equal(say("bob", path, place.counter, &value), DFS_INVALID);
	prove_now(path, "ann", 1, &value);
	assert_int_equal(say("ann", path, place.counter, &value), DFS_INVALID);
	/* A server may tell of it: what an older key signed stays proved. */
	assert_int_equal(say(NULL, path, place.counter, &value), DFS_OK);
	/* But not of what is signed for a later ballot. */
	place.counter += 5;
	prove_now(path, "ann", 2, &value);
	place.counter--;
	confirm_now(path, &value);
	assert_int_equal(say(NULL, path, place.counter, &value), DFS_INVALID);
	place.counter += 2;
	confirm_now(path, &value);
	assert_int_equal(say(NULL, path, place.counter, &value), DFS_OK);
	value_free(&value);
}

static void test_8_9_who_is_gone_or_disabled_proposes_nothing(void **state)
{
	(void)state;
	assert_int_equal(propose("guy", 1, "/guy/x", tombstone_now()), DFS_INVALID);
	assert_int_equal(propose("dan", 1, "/shared/x", tombstone_now()), DFS_INVALID);
	/* What they signed before stays proved. */
	dfs_value value = tombstone_now();
	prove_now("/guy/x", "guy", 1, &value);
	assert_int_equal(learn("/guy/x", place.counter, &value), DFS_OK);
	value_free(&value);
}

/* ---- who may ------------------------------------------------------------------- */

static void test_8_9_only_who_may_write(void **state)
{
	static const char path[] = "/ann/x";

	(void)state;
	assert_int_equal(propose("ann", 2, path, file_of(path, "ann", 1)), DFS_OK);
	assert_int_equal(propose("bob", 1, path, file_of(path, "bob", 1)), DFS_DENIED);
	assert_int_equal(propose("bob", 1, path, tombstone_now()), DFS_DENIED);
	assert_int_equal(propose("admin", 1, path, file_of(path, "ann", 1)), DFS_DENIED);
	assert_int_equal(propose("eve", 1, path, file_of(path, "eve", 1)), DFS_OK);
	/* A tombstone without the list does not show that she may. */
	assert_int_equal(propose("eve", 1, path, tombstone_now()), DFS_DENIED);
	assert_int_equal(propose("admin", 1, path, tombstone_now()), DFS_OK);
	assert_int_equal(propose("bob", 1, "/shared/x", tombstone_now()), DFS_OK);
}

static void test_a_writer_deletes_with_the_list(void **state)
{
	static const char path[] = "/ann/x";
	dfs_value file = file_of(path, "ann", 1), value = tombstone_now();
	dfs_tombstone *tombstone = &value.body.dfs_body_u.tombstone;
	dfs_manifest *manifest = &file.body.dfs_body_u.manifest;

	(void)state;
	tombstone->owner = manifest->owner;
	tombstone->access = manifest->access;
	memset(&manifest->owner, 0, sizeof manifest->owner);
	memset(&manifest->access, 0, sizeof manifest->access);
	value_free(&file);
	assert_int_equal(propose("ann", 2, path, file_of(path, "ann", 1)), DFS_OK);
	place.counter++;
	value.origin.counter = place.counter;
	assert_int_equal(propose("eve", 1, path, value), DFS_OK);
}

/* A file that says that it came from there. */
static dfs_value moved_from(const char *old_path, const char *writer)
{
	dfs_value value = file_of("/ann/x", writer, 1);

	value.note = calloc(1, sizeof *value.note);
	assert_non_null(value.note);
	value.note->operation = value.operation;
	value.note->old_path.dfs_path_val = strdup(old_path);
	value.note->old_path.dfs_path_len = (u_int)strlen(old_path);
	value.note->old_version = value.content_version;
	return value;
}

/* Whoever meets a note takes the file away from there: with the right of its maker. */
static void test_8_9_a_note_is_of_what_its_signer_may_take_away(void **state)
{
	(void)state;
	assert_int_equal(propose("ann", 2, "/ann/x", file_of("/ann/x", "ann", 1)),
			 DFS_OK);
	assert_int_equal(propose("eve", 1, "/ann/x", moved_from("/ann/y", "eve")),
			 DFS_DENIED);
	assert_int_equal(propose("eve", 1, "/ann/x", moved_from("/ann/y", "ann")),
			 DFS_DENIED);
	assert_int_equal(propose("ann", 2, "/ann/x", moved_from("/eve/y", "ann")),
			 DFS_DENIED);
	assert_int_equal(propose("eve", 1, "/ann/x", moved_from("/eve/y", "eve")),
			 DFS_OK);
	assert_int_equal(propose("eve", 1, "/ann/x", moved_from("/shared/y", "eve")),
			 DFS_OK);
	assert_int_equal(propose("ann", 2, "/ann/x", moved_from("/ann/y", "ann")),
			 DFS_OK);
}

/* As eve puts it, who may write: ann's list, signed with this key of hers. */
static dfs_value listed(const char *path, uint64_t generation, uint32_t key)
{
	dfs_value value = file_of(path, "eve", generation);

	sign_fixture_access(path, "ann", key, &value.body.dfs_body_u.manifest.access);
	return value;
}

/* Of what others write on it, three servers have judged by the value before. */
static void test_8_9_a_former_key_signs_no_new_list(void **state)
{
	static const char path[] = "/ann/x";
	dfs_value value;

	(void)state;
	assert_int_equal(propose("ann", 2, path, listed(path, 1, 1)), DFS_DENIED);
	/* What it signed before stays proved. */
	value = listed(path, 1, 1);
	prove_now(path, "eve", 1, &value);
	confirm_now(path, &value);
	assert_int_equal(learn(path, place.counter, &value), DFS_OK);
	value_free(&value);
	assert_int_equal(propose("ann", 2, path, listed(path, 1, 1)), DFS_OK);
	assert_int_equal(propose("ann", 2, path, listed(path, 2, 1)), DFS_DENIED);
	assert_int_equal(propose("ann", 2, path, listed(path, 2, 2)), DFS_OK);
}

static void test_8_9_accounts_are_admins(void **state)
{
	(void)state;
	assert_int_equal(propose("ann", 2, "/@accounts/ann", account_of("ann", 9, 2)),
			 DFS_DENIED);
	dfs_value value = account_of("ann", 9, 2);
	value.body.dfs_body_u.account.quota = 5;
	assert_int_equal(propose("admin", 1, "/@accounts/ann", value), DFS_INVALID);
	value = account_of("bob", 9, 2);
	assert_int_equal(propose("admin", 1, "/@accounts/ann", value), DFS_INVALID);
	assert_int_equal(propose("admin", 1, "/@accounts/ann", account_of("ann", 4, 3)),
			 DFS_OK);
	/* Her new key is good, the one before it no more. */
	assert_int_equal(propose("ann", 2, "/ann/x", tombstone_now()), DFS_INVALID);
	assert_int_equal(propose("ann", 3, "/ann/x", tombstone_now()), DFS_OK);
}

static void test_8_9_credentials_are_their_users(void **state)
{
	static const char path[] = "/@credentials/bob";

	(void)state;
	assert_int_equal(
		propose("bob", 1, path, value_fixture_credentials(++place.counter)),
		DFS_OK);
	assert_int_equal(
		propose("admin", 1, path, value_fixture_credentials(++place.counter)),
		DFS_OK);
	assert_int_equal(
		propose("eve", 1, path, value_fixture_credentials(++place.counter)),
		DFS_DENIED);
}

/* ---- what one server tells ----------------------------------------------------- */

/* What came of it when one server told of it, signed by this user; frees it. */
static dfs_status tell(const char *path, const char *signer, uint32_t key,
		       dfs_value take_value)
{
	const dfs_path name = path_borrow(path);
	const dfs_ballot ballot = store_fixture_ballot(place.counter);
	struct authority_claim claim = {
		.path = &name, .ballot = &ballot, .value = &take_value};
	dfs_status status;

	prove_now(path, signer, key, &take_value);
	confirm_now(path, &take_value);
	status = acceptor_check_told(place.acceptor, &claim);
	value_free(&take_value);
	return status;
}

/* A right signature of the wrong user is no proof. */
static void test_8_9_what_one_server_tells_is_from_who_may(void **state)
{
	static const char credentials[] = "/@credentials/bob", path[] = "/ann/x";

	(void)state;
	assert_int_equal(
		tell(credentials, "bob", 1, value_fixture_credentials(++place.counter)),
		DFS_OK);
	assert_int_equal(
		tell(credentials, "admin", 1, value_fixture_credentials(++place.counter)),
		DFS_OK);
	assert_int_equal(
		tell(credentials, "eve", 1, value_fixture_credentials(++place.counter)),
		DFS_DENIED);
	assert_int_equal(tell(account_path("ann"), "ann", 2, account_of("ann", 9, 2)),
			 DFS_DENIED);
	assert_int_equal(tell(account_path("ann"), "admin", 1, account_of("ann", 4, 2)),
			 DFS_OK);
	assert_int_equal(tell(path, "bob", 1, file_of(path, "ann", 1)), DFS_DENIED);
	assert_int_equal(tell(path, "eve", 1, file_of(path, "eve", 1)), DFS_OK);
	assert_int_equal(tell(path, "ann", 2, file_of(path, "ann", 1)), DFS_OK);
	/* Whoever could write what was there shows the list. */
	assert_int_equal(tell(path, "bob", 1, tombstone_now()), DFS_DENIED);
	assert_int_equal(tell(credentials, "eve", 1, tombstone_now()), DFS_DENIED);
}

/* ---- what servers say of themselves -------------------------------------------- */

static void test_8_9_servers_say_nothing_but_that_there_is_nothing(void **state)
{
	static const char path[] = "/ann/x";
	dfs_value nothing = value_nothing();

	(void)state;
	assert_int_equal(say("ann", path, ++place.counter, &nothing), DFS_INVALID);
	assert_int_equal(say(NULL, path, place.counter, &nothing), DFS_INVALID);
	confirm_now(path, &nothing);
	assert_int_equal(say("ann", path, place.counter, &nothing), DFS_INVALID);
	assert_int_equal(say(NULL, path, place.counter, &nothing), DFS_OK);
	assert_int_equal(learn(path, ++place.counter, &nothing), DFS_INVALID);
	confirm_now(path, &nothing);
	assert_int_equal(learn(path, place.counter, &nothing), DFS_OK);
	assert_int_equal(propose("ann", 2, path, file_of(path, "ann", 1)), DFS_OK);
	/* What this one has did not count, if three saw nothing after it. */
	assert_int_equal(say(NULL, path, ++place.counter, &nothing), DFS_INVALID);
	confirm_now(path, &nothing);
	assert_int_equal(say(NULL, path, place.counter, &nothing), DFS_OK);
	assert_int_equal(here(path), place.counter);
	confirming_clear(&nothing);
}

/* ---- a ballot and a digest ----------------------------------------------------- */

static void test_8_9_a_ballot_has_one_value(void **state)
{
	static const char path[] = "/ann/x";
	dfs_value value = tombstone_now(), other = tombstone_now();

	(void)state;
	prove_now(path, "ann", 2, &value);
	prove_now(path, "ann", 2, &other);
	assert_int_equal(say("ann", path, place.counter, &value), DFS_OK);
	assert_int_equal(say("ann", path, place.counter, &value), DFS_OK);
	assert_int_equal(say("ann", path, place.counter, &other), DFS_REFUSED);
	assert_int_equal(learn(path, place.counter, &value), DFS_OK);
	assert_int_equal(learn(path, place.counter, &other), DFS_REFUSED);
	value_free(&value);
	value_free(&other);
}

/* ---- users who are not known here ---------------------------------------------- */

static void test_8_9_a_key_that_is_not_here_is_asked_for(void **state)
{
	(void)state;
	place.forged = true;
	assert_int_equal(propose("kim", 1, "/kim/x", tombstone_now()), DFS_UNCHECKED);
	assert_int_equal(place.asked, 1);
	place.forged = false;
	assert_int_equal(propose("kim", 1, "/kim/x", tombstone_now()), DFS_OK);
	assert_int_equal(place.asked, 2);
	/* Once is enough. */
	assert_int_equal(propose("kim", 1, "/kim/x", tombstone_now()), DFS_OK);
	assert_int_equal(place.asked, 2);
	assert_int_equal(propose("kim", 2, "/kim/x", tombstone_now()), DFS_UNCHECKED);
	assert_int_equal(propose("joe", 1, "/joe/x", tombstone_now()), DFS_UNCHECKED);
}

/* Who makes up names keeps no other from being asked for, within the same second too. */
static void test_8_9_who_makes_up_names_hinders_himself(void **state)
{
	enum { HIS_PORTION = 10, MANY = 100 };
	int64_t second;

	(void)state;
	/* Time for all of it within one second. */
	while (clock_now_ms() % 1000 > 300)
		clock_pause(10);
	second = clock_now_ms() / 1000;
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(propose("joe", 1, "/joe/x", tombstone_now()),
				 DFS_UNCHECKED);
	if (clock_now_ms() / 1000 == second)
		assert_int_equal(place.asked, HIS_PORTION);
	assert_int_equal(propose("kim", 1, "/kim/x", tombstone_now()), DFS_OK);
}

/* An account that a recovery has heard of, before it is accepted here. */
static void test_an_account_that_is_to_come(void **state)
{
	dfs_value value = account_of("lou", 1, 1);
	char name[] = "lou";
	const dfs_user user = {3, name};

	(void)state;
	proof_know(place.proof, &user, &value.body.dfs_body_u.account);
	value_free(&value);
	assert_int_equal(propose("lou", 1, "/lou/x", tombstone_now()), DFS_OK);
	assert_int_equal(place.asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_its_owner_signs_is_taken, begin,
						end),
		cmocka_unit_test_setup_teardown(
			test_12_2_what_is_not_its_owners_own_is_confirmed, begin, end),
		cmocka_unit_test_setup_teardown(
			test_12_2_three_servers_confirm_and_no_fewer, begin, end),
		cmocka_unit_test_setup_teardown(test_8_9_whatever_is_changed_is_refused,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_8_9_content_and_readers_have_signatures_of_their_own, begin,
			end),
		cmocka_unit_test_setup_teardown(test_8_9_nothing_holds_at_another_path,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_8_9_a_user_proposes_what_he_signs_now, begin, end),
		cmocka_unit_test_setup_teardown(
			test_8_9_who_is_gone_or_disabled_proposes_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_8_9_only_who_may_write, begin, end),
		cmocka_unit_test_setup_teardown(test_a_writer_deletes_with_the_list,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_8_9_a_note_is_of_what_its_signer_may_take_away, begin, end),
		cmocka_unit_test_setup_teardown(test_8_9_a_former_key_signs_no_new_list,
						begin, end),
		cmocka_unit_test_setup_teardown(test_8_9_accounts_are_admins, begin, end),
		cmocka_unit_test_setup_teardown(test_8_9_credentials_are_their_users,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_8_9_what_one_server_tells_is_from_who_may, begin, end),
		cmocka_unit_test_setup_teardown(
			test_8_9_servers_say_nothing_but_that_there_is_nothing, begin,
			end),
		cmocka_unit_test_setup_teardown(test_8_9_a_ballot_has_one_value, begin,
						end),
		cmocka_unit_test_setup_teardown(
			test_8_9_a_key_that_is_not_here_is_asked_for, begin, end),
		cmocka_unit_test_setup_teardown(
			test_8_9_who_makes_up_names_hinders_himself, begin, end),
		cmocka_unit_test_setup_teardown(test_an_account_that_is_to_come, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
