/* rpc/value: the rules that each value keeps, and its packed form. */
#include "value.h"

#include "ballot.h"
#include "placement.h"
#include "value_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static dfs_id id_of(unsigned char fill)
{
	dfs_id id;

	memset(id.bytes, fill, DFS_ID_LEN);
	return id;
}

static char *text_of(const char *text, u_int *ret_len)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	*ret_len = (u_int)strlen(text);
	return copy;
}

static void fill_content(dfs_content *content, unsigned char maker, uint64_t size,
			 unsigned row)
{
	content->maker = id_of(maker);
	content->size = size;
	content->modified = 1;
	content->stored = 2;
	content->row = row;
	content->unit_size = placement_unit_size(size);
	for (unsigned server = 1; server <= 4; server++)
		content->holders = placement_hold(content->holders, server,
						  placement_pair(row, server));
	content->writer.dfs_user_val = text_of("bert", &content->writer.dfs_user_len);
	content->tree.tree_len =
		(u_int)placement_units(content->size, content->unit_size);
	if (content->tree.tree_len > DFS_SERVERS)
		content->tree.tree_len = 1;
	content->tree.tree_val = calloc(content->tree.tree_len, sizeof(dfs_key));
	assert_non_null(content->tree.tree_val);
}

/* A file after three operations; everything in it was allocated. */
static void make_file(dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;

	memset(value, 0, sizeof *value);
	value->operation = id_of(3);
	value->origin.counter = 9;
	value->origin.proposer = id_of(8);
	value->number = 3;
	value->recent.recent_len = 3;
	value->recent.recent_val = calloc(3, sizeof(dfs_id));
	assert_non_null(value->recent.recent_val);
	for (unsigned char i = 0; i < 3; i++)
		value->recent.recent_val[i] = id_of((unsigned char)(3 - i));
	value->content_version.number = 3;
	value->content_version.operation = id_of(3);
	value->body.kind = DFS_FILE;
	manifest->owner.dfs_user_val = text_of("anna", &manifest->owner.dfs_user_len);
	manifest->keys.keys_len = 1;
	manifest->keys.keys_val = calloc(1, sizeof(dfs_wrapped));
	assert_non_null(manifest->keys.keys_val);
	fill_content(&manifest->content, 40, 5, 2);
}

static void add_extras(dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;

	manifest->continues = calloc(1, sizeof *manifest->continues);
	assert_non_null(manifest->continues);
	*manifest->continues = (dfs_version){2, id_of(2)};
	manifest->earlier.earlier_len = 2;
	manifest->earlier.earlier_val = calloc(2, sizeof(dfs_earlier));
	assert_non_null(manifest->earlier.earlier_val);
	for (unsigned char i = 0; i < 2; i++) {
		dfs_earlier *earlier = &manifest->earlier.earlier_val[i];

		earlier->content_version.number = 2U - i;
		earlier->content_version.operation = id_of((unsigned char)(2 - i));
		fill_content(&earlier->content, (unsigned char)(41 + i), 1048577, i);
	}
	value->lock = calloc(1, sizeof *value->lock);
	value->note = calloc(1, sizeof *value->note);
	assert_non_null(value->lock);
	assert_non_null(value->note);
	value->lock->keeper.dfs_user_val =
		text_of("bert", &value->lock->keeper.dfs_user_len);
	value->lock->taking = id_of(50);
	value->lock->lease_ms = 30000;
	value->note->old_path.dfs_path_val =
		text_of("/anna/old", &value->note->old_path.dfs_path_len);
	value->note->operation = id_of(61);
	value->note->old_version.number = 4;
	value->note->old_version.operation = id_of(60);
}

static void make_tombstone(dfs_value *value)
{
	make_file(value);
	xdr_free((xdrproc_t)xdr_dfs_body, &value->body);
	memset(&value->body, 0, sizeof value->body);
	value->body.kind = DFS_TOMBSTONE;
}

static void test_right_ones(void **state)
{
	dfs_value value;

	(void)state;
	make_file(&value);
	assert_null(value_check(&value));
	add_extras(&value);
	assert_null(value_check(&value));
	/* a renewal of the lock is an operation that is not remembered */
	value.operation = id_of(77);
	assert_null(value_check(&value));
	value.body.kind = DFS_LINK;
	assert_null(value_check(&value));
	value.body.dfs_body_u.manifest.attributes.mode = 0100;
	assert_null(value_check(&value));
	value_free(&value);

	make_tombstone(&value);
	assert_null(value_check(&value));
	value_free(&value);

	/* "no such file", proposed where there never was one */
	memset(&value, 0, sizeof value);
	value.operation = id_of(1);
	value.origin.counter = 1;
	value.origin.proposer = id_of(2);
	value.body.kind = DFS_TOMBSTONE;
	assert_null(value_check(&value));
}

/* A server that missed the put, with and without its spare at the opposite. */
static void test_holders(void **state)
{
	dfs_value value;
	uint32_t *holders = &value.body.dfs_body_u.manifest.content.holders;

	(void)state;
	make_file(&value);
	for (unsigned missed = 1; missed <= 4; missed++) {
		uint32_t full = *holders;
		uint32_t less = full & ~(15U << 4 * (missed - 1));

		*holders = less;
		assert_null(value_check(&value));
		*holders = placement_hold(less, placement_opposite(missed), CHUNKS_ALL);
		assert_null(value_check(&value));
		*holders = less & ~(15U << 4 * (missed % 4));
		assert_non_null(value_check(&value)); /* only two */
		*holders = full | 15U << 16;
		assert_non_null(value_check(&value)); /* a fifth server */
		*holders = less | 1U << 4 * (missed - 1);
		if (placement_held(*holders, missed) != placement_pair(2, missed))
			assert_non_null(value_check(&value)); /* half a pair */
		*holders = full;
	}
	*holders = 0;
	assert_non_null(value_check(&value));
	value_free(&value);
}

enum { BREAKS = 34 };

/* Breaks the rule of this number; false when the value needs no rule to be wrong any
 * more. */
static void break_rule(dfs_value *value, unsigned rule)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_content *content = &manifest->content;

	switch (rule) {
	case 0:
		value->body.kind = (dfs_kind)0;
		break;
	case 1:
		value->body.kind = (dfs_kind)99;
		break;
	case 2:
		value->operation = id_of(0);
		break;
	case 3:
		value->origin.counter = 0;
		break;
	case 4:
		value->origin.proposer = id_of(0);
		break;
	case 5:
		value->number = 2;
		break;
	case 6:
		value->recent.recent_val[1] = id_of(0);
		break;
	case 7:
		value->recent.recent_val[2] = value->recent.recent_val[1];
		break;
	case 8:
		value->operation = value->recent.recent_val[1];
		break;
	case 9:
		value->content_version.number = 4;
		break;
	case 10:
		value->content_version.number = 0;
		break;
	case 11:
		value->content_version.operation = id_of(0);
		break;
	case 12:
		manifest->owner.dfs_user_val[0] = 'A';
		break;
	case 13:
		content->maker = id_of(0);
		break;
	case 14:
		content->row = 4;
		break;
	case 15:
		content->unit_size++;
		break;
	case 16:
		content->size = UINT64_MAX;
		break;
	case 17:
		content->row = 1;
		break; /* the holders' pairs are those of row 2 */
	case 18:
		manifest->earlier.earlier_val[1].content_version.number = 2;
		break;
	case 19:
		manifest->earlier.earlier_val[0].content_version.number = 3;
		break;
	case 20:
		manifest->earlier.earlier_val[1].content.row = 7;
		break;
	case 21:
		value->lock->keeper.dfs_user_val[0] = '/';
		break;
	case 22:
		value->lock->taking = id_of(0);
		break;
	case 23:
		value->lock->lease_ms = 0;
		break;
	case 24:
		value->note->old_path.dfs_path_val[1] = '/';
		break;
	case 25:
		value->note->old_version.number = 0;
		break;
	case 26:
		value->note->operation = id_of(0);
		break;
	case 27:
		content->tree.tree_len--; /* a leaf of two is missing */
		break;
	case 28:
		manifest->earlier.earlier_val[0].content.tree.tree_len = 0;
		break;
	case 29:
		content->writer.dfs_user_val[0] = '@';
		break;
	case 30:
		manifest->attributes.mode = 0111;
		break;
	case 31:
		manifest->continues->number = 3;
		break;
	case 32:
		manifest->continues->operation = id_of(0);
		break;
	case 33:
		manifest->earlier.earlier_val[0].content_version.operation = id_of(0);
		break;
	default:
		fail();
	}
}

static void test_broken_rules(void **state)
{
	(void)state;
	for (unsigned rule = 0; rule < BREAKS; rule++) {
		dfs_value value;
		dfs_kind kind;

		make_file(&value);
		add_extras(&value);
		kind = value.body.kind;
		break_rule(&value, rule);
		if (!value_check(&value))
			fail_msg("rule %u", rule);
		value.body.kind = kind; /* so that everything is freed */
		value_free(&value);
	}
}

static void test_packing(void **state)
{
	uint8_t packed[DFS_VALUE_MAX + 4], again[DFS_VALUE_MAX];
	dfs_value value, back;
	size_t len;

	(void)state;
	make_file(&value);
	add_extras(&value);
	len = value_pack(&value, packed, sizeof packed);
	assert_true(len > 0 && len <= DFS_VALUE_MAX && len % 4 == 0);
	for (size_t size = 0; size < len; size++)
		assert_int_equal(value_pack(&value, again, size), 0);
	assert_true(value_unpack(packed, len, &back));
	assert_null(value_check(&back));
	assert_int_equal(value_pack(&back, again, sizeof again), len);
	assert_memory_equal(packed, again, len);
	value_free(&back);

	assert_true(value_copy(&value, &back));
	value_free(&value);
	assert_int_equal(value_pack(&back, again, sizeof again), len);
	assert_memory_equal(packed, again, len);
	value_free(&back);
	assert_null(back.lock); /* zeroed, so that a second free does no harm */
	value_free(&back);

	for (size_t cut = 0; cut < len; cut++)
		assert_false(value_unpack(packed, cut, &back));
	memset(packed + len, 0, 4);
	assert_false(value_unpack(packed, len + 4, &back));
}

/* Any single byte changed gives another value, or none; never a crash or a leak. */
static void test_changed_bytes(void **state)
{
	uint8_t packed[DFS_VALUE_MAX], again[DFS_VALUE_MAX];
	dfs_value value, back;
	size_t len;

	(void)state;
	make_file(&value);
	add_extras(&value);
	len = value_pack(&value, packed, sizeof packed);
	value_free(&value);
	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			packed[i] ^= (uint8_t)(1U << bit);
			if (value_unpack(packed, len, &back)) {
				(void)value_check(&back);
				assert_true(value_pack(&back, again, sizeof again) > 0);
				value_free(&back);
			}
			packed[i] ^= (uint8_t)(1U << bit);
		}
}

static void *zeros(size_t len)
{
	void *bytes = calloc(1, len);

	assert_non_null(bytes);
	return bytes;
}

static void make_name(dfs_user *user)
{
	free(user->dfs_user_val);
	user->dfs_user_val = zeros(DFS_USER_MAX);
	user->dfs_user_len = DFS_USER_MAX;
}

static void make_signature(dfs_signature *signature)
{
	signature->path.path_len = DFS_BATCH_DEPTH;
	signature->path.path_val = zeros(DFS_BATCH_DEPTH * sizeof(dfs_key));
}

static void make_largest(dfs_content *content)
{
	free(content->tree.tree_val);
	content->tree.tree_len = DFS_SERVERS;
	content->tree.tree_val = zeros(DFS_SERVERS * sizeof(dfs_key));
	content->sealed.sealed_len = DFS_SEALED_MAX;
	content->sealed.sealed_val = zeros(DFS_SEALED_MAX);
	make_name(&content->writer);
	make_signature(&content->signature);
}

static void make_readers(dfs_manifest *manifest)
{
	dfs_access *access = &manifest->access;

	access->readers.readers_len = DFS_READERS_MAX;
	access->readers.readers_val = zeros(DFS_READERS_MAX * sizeof(dfs_reader));
	for (unsigned i = 0; i < DFS_READERS_MAX; i++)
		make_name(&access->readers.readers_val[i].user);
	access->signature = zeros(sizeof *access->signature);
	make_signature(access->signature);
	free(manifest->keys.keys_val);
	manifest->keys.keys_len = DFS_KEYS_MAX;
	manifest->keys.keys_val = zeros(DFS_KEYS_MAX * sizeof(dfs_wrapped));
}

/* The bound in dfs.x is what the bounds inside a value add up to. */
static void test_largest_fits(void **state)
{
	static uint8_t packed[2 * DFS_VALUE_MAX];
	dfs_value value, back;
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;
	size_t len;

	(void)state;
	make_file(&value);
	add_extras(&value);
	free(value.recent.recent_val);
	value.number = UINT64_MAX;
	value.recent.recent_len = DFS_RECENT_MAX;
	value.recent.recent_val = calloc(DFS_RECENT_MAX, sizeof(dfs_id));
	manifest->earlier.earlier_len = DFS_EARLIER_MAX;
	manifest->earlier.earlier_val = realloc(manifest->earlier.earlier_val,
						DFS_EARLIER_MAX * sizeof(dfs_earlier));
	assert_non_null(manifest->earlier.earlier_val);
	memset(manifest->earlier.earlier_val + 2, 0,
	       (DFS_EARLIER_MAX - 2) * sizeof(dfs_earlier));
	for (unsigned i = 0; i < DFS_EARLIER_MAX; i++)
		make_largest(&manifest->earlier.earlier_val[i].content);
	make_largest(&manifest->content);
	make_readers(manifest);
	free(value.note->old_path.dfs_path_val);
	value.note->old_path.dfs_path_val = zeros(DFS_PATH_MAX);
	value.note->old_path.dfs_path_len = DFS_PATH_MAX;
	make_name(&value.lock->keeper);
	make_name(&manifest->owner);
	make_name(&value.proof.signer);
	make_signature(&value.proof.signature);
	value.proof.confirmations.confirmations_len = DFS_CONFIRMATIONS_MAX;
	value.proof.confirmations.confirmations_val =
		zeros(DFS_CONFIRMATIONS_MAX * sizeof(dfs_confirmation));
	for (unsigned i = 0; i < DFS_CONFIRMATIONS_MAX; i++) {
		dfs_confirmation *one = &value.proof.confirmations.confirmations_val[i];

		one->path.path_len = DFS_CONFIRMATION_DEPTH;
		one->path.path_val = zeros(DFS_CONFIRMATION_DEPTH * sizeof(dfs_key));
	}

	len = value_pack(&value, packed, sizeof packed);
	assert_true(len > 0);
	assert_true(len <= DFS_VALUE_MAX);
	assert_true(value_unpack(packed, len, &back));
	value_free(&back);
	value_free(&value);
}

static void test_operations(void **state)
{
	dfs_value value;
	dfs_id id = id_of(3);

	(void)state;
	make_file(&value);
	assert_true(value_has_operation(&value, &id));
	id = id_of(1);
	assert_true(value_has_operation(&value, &id));
	id = id_of(4);
	assert_false(value_has_operation(&value, &id));
	value_free(&value);
}

/* ---- who may read, and where values may stand */

static dfs_value shared_file(void)
{
	return value_fixture_file(&(struct value_fixture_file){.owner = "ann",
							       .reader = "bob",
							       .writer = "cem",
							       .size = 4,
							       .object = 1,
							       .counter = 1});
}

static void rename_user(dfs_user *user, const char *name)
{
	free(user->dfs_user_val);
	user->dfs_user_val = text_of(name, &user->dfs_user_len);
}

static void test_readers(void **state)
{
	dfs_value value = shared_file();
	dfs_access *access = &value.body.dfs_body_u.manifest.access;
	dfs_reader *readers = access->readers.readers_val;
	u_int *keys_len = &value.body.dfs_body_u.manifest.keys.keys_len;
	dfs_signature *signature;

	(void)state;
	assert_null(value_check(&value));
	/* One key for the owner and each reader, and no other. */
	(*keys_len)--;
	assert_non_null(value_check(&value));
	access->readers.readers_len--;
	assert_null(value_check(&value));
	access->readers.readers_len++;
	(*keys_len)++;
	access->readers.readers_len--;
	assert_non_null(value_check(&value));
	access->readers.readers_len++;
	rename_user(&readers[1].user, "bob");
	assert_non_null(value_check(&value));
	rename_user(&readers[1].user, "ann");
	assert_non_null(value_check(&value));
	rename_user(&readers[1].user, "no user");
	assert_non_null(value_check(&value));
	rename_user(&readers[1].user, "cem");
	assert_null(value_check(&value));
	signature = access->signature;
	access->signature = NULL;
	assert_non_null(value_check(&value));
	access->signature = signature;
	signature->leaf = signature->leaves; /* beyond the batch */
	assert_non_null(value_check(&value));
	signature->leaf = 0;
	assert_null(value_check(&value));
	value_free(&value);
}

/* A folder, a tombstone that shows who may write, accounts: what each has to say. */
static void test_other_kinds(void **state)
{
	dfs_value value = shared_file(), account = value_fixture_account(0, 1);
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;
	dfs_former_key former[2] = {{.number = 2}, {.number = 1}};
	dfs_account *said = &account.body.dfs_body_u.account;
	dfs_user owner = manifest->owner;
	dfs_access access = manifest->access;
	dfs_tombstone *tombstone = &value.body.dfs_body_u.tombstone;

	(void)state;
	memset(&manifest->owner, 0, sizeof manifest->owner);
	memset(&manifest->access, 0, sizeof manifest->access);
	xdr_free((xdrproc_t)xdr_dfs_body, &value.body);
	memset(&value.body, 0, sizeof value.body);
	value.body.kind = DFS_FOLDER;
	assert_non_null(value_check(&value)); /* nobody's */
	value.body.dfs_body_u.folder.owner = owner;
	assert_null(value_check(&value));
	value.body.dfs_body_u.folder.attributes.mode = 01;
	assert_non_null(value_check(&value));
	value.body.dfs_body_u.folder.attributes.mode = 0;
	value.body.dfs_body_u.folder.access = access;
	assert_null(value_check(&value));

	memset(&value.body, 0, sizeof value.body);
	value.body.kind = DFS_TOMBSTONE;
	assert_null(value_check(&value));
	tombstone->access.generation = 1;
	assert_non_null(value_check(&value));
	tombstone->access = access;
	assert_non_null(value_check(&value)); /* of nobody's */
	tombstone->owner = owner;
	assert_null(value_check(&value));
	memset(&tombstone->access, 0, sizeof tombstone->access);
	assert_non_null(value_check(&value)); /* it leaves nothing */
	tombstone->access = access;
	value_free(&value);

	said->key = 3;
	said->former.former_len = 2;
	said->former.former_val = former;
	assert_null(value_check(&account));
	former[0].number = 3;
	assert_non_null(value_check(&account));
	former[0].number = 1;
	assert_non_null(value_check(&account));
	former[0].number = 2;
	former[1].number = 0;
	assert_non_null(value_check(&account));
	said->former.former_len = 0;
	said->former.former_val = NULL;
	said->key = 0;
	assert_non_null(value_check(&account));
	said->key = 1;
	assert_null(value_check(&account));
	said->number = 0;
	assert_non_null(value_check(&account));
	value_free(&account);
}

/* As many former keys as an account may have, and one more. */
static void test_former_keys(void **state)
{
	dfs_value value = value_fixture_account(0, 1), copy;
	dfs_account *account = &value.body.dfs_body_u.account;
	dfs_former_key former[DFS_FORMER_KEYS_MAX + 1];

	(void)state;
	account->key = DFS_FORMER_KEYS_MAX + 2;
	for (uint32_t i = 0; i <= DFS_FORMER_KEYS_MAX; i++)
		former[i] = (dfs_former_key){DFS_FORMER_KEYS_MAX + 1 - i, {{1}}};
	account->former.former_val = former;
	account->former.former_len = DFS_FORMER_KEYS_MAX;
	assert_null(value_check(&value));
	assert_true(value_copy(&value, &copy));
	value_free(&copy);
	account->former.former_len = DFS_FORMER_KEYS_MAX + 1;
	assert_false(value_copy(&value, &copy));
	account->former.former_val = NULL;
	account->former.former_len = 0;
	value_free(&value);
}

/* What servers say themselves: the one value without an operation. */
static void test_nothing(void **state)
{
	dfs_value value = value_nothing(), other = value_nothing();

	(void)state;
	assert_true(value_is_nothing(&value));
	assert_null(value_check(&value));
	other.number = 1;
	assert_false(value_is_nothing(&other));
	assert_non_null(value_check(&other));
	other = value_nothing();
	other.body.kind = DFS_FOLDER;
	assert_false(value_is_nothing(&other));
	assert_non_null(value_check(&other));
}

static bool may_stand(const char *path, const dfs_value *value)
{
	return !value_check_at(path, strlen(path), value);
}

static void test_places_of_values(void **state)
{
	static const char *const paths[] = {"/ann/a",
					    "/bob/a",
					    "/shared/a",
					    "/@accounts/ann",
					    "/@accounts/admin",
					    "/@credentials/ann",
					    "/@credentials/admin",
					    "/@accounts/shared",
					    "/@others/ann"};
	/* Of each path: a file of ann's with readers, one without, account, credentials,
	 * tombstone. */
	static const char *const may[] = {"11..1", "....1", ".1..1", "..1.1", "..1..",
					  "...11", "...1.", ".....", "....."};
	dfs_value values[] = {
		shared_file(),
		value_fixture_file(&(struct value_fixture_file){
			.owner = "ann", .size = 4, .object = 1, .counter = 1}),
		value_fixture_account(0, 1),
		value_fixture_credentials(1),
		value_fixture_tombstone(1),
	};

	(void)state;
	for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
		for (size_t v = 0; v < sizeof values / sizeof values[0]; v++)
			if (may_stand(paths[p], &values[v]) != (may[p][v] == '1'))
				fail_msg("value %zu at %s", v, paths[p]);
	values[2].body.dfs_body_u.account.disabled = true;
	assert_true(may_stand("/@accounts/ann", &values[2]));
	assert_false(may_stand("/@accounts/admin", &values[2]));
	values[2].body.dfs_body_u.account.disabled = false;
	values[2].body.dfs_body_u.account.gone = true;
	assert_true(may_stand("/@accounts/ann", &values[2]));
	assert_false(may_stand("/@accounts/admin", &values[2]));
	for (size_t v = 0; v < sizeof values / sizeof values[0]; v++)
		value_free(&values[v]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_ones),
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_broken_rules),
		cmocka_unit_test(test_packing),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_largest_fits),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_former_keys),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_places_of_values),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
