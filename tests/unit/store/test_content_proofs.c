/*
 * What is stored proves itself: units hash to their leaves, pieces of leaves lead to the
 * root, and only what does so is taken under the id that all of it gives.
 */
#include "ballot.h"
#include "caller.h"
#include "heal_fixture.h"
#include "object.h"
#include "pieces.h"
#include "placement.h"
#include "procs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LEN = 40, OWN = 6, GRACE_MS = 60000 };
/* So many units of one byte have four pieces, of which the last has five leaves. */
enum { MANY = 3 * DFS_PIECE_LEAVES + 5, PIECES = 4, IN_MEMORY = 1 << 20 };

static int start(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	fixture->rules.prove = true;
	fixture->rules.merge_fan = 2;
	fixture->rules.grace_ms = GRACE_MS;
	store_fixture_start(fixture);
	*state = fixture;
	return 0;
}

/* ---- contents that are proved -------------------------------------------------- */

/* A content of units of one length, their leaves and what a server is to have of it. */
struct proved {
	dfs_key token, tree[DFS_SERVERS];
	uint64_t units;
	uint32_t len;
	dfs_key *leaves;
	dfs_share share;
	dfs_id object;
};

/* Byte by byte of the unit. */
static void fill(uint8_t *bytes, uint64_t unit, uint32_t len)
{
	memset(bytes, (int)(unit % 251) + 1, len);
}

/* What the share says in the tree's name, after its leaves; and so the object's id. */
static void take_root(struct proved *proved)
{
	dfs_key *nodes = malloc(proved->units * sizeof *nodes);

	assert_non_null(nodes);
	memcpy(nodes, proved->leaves, proved->units * sizeof *nodes);
	proved->share.tree.tree_val = proved->tree;
	proved->share.tree.tree_len = 1;
	if (proved->units <= DFS_SERVERS) {
		proved->share.tree.tree_len = (u_int)proved->units;
		memcpy(proved->tree, nodes, proved->units * sizeof *nodes);
	} else {
		assert_true(tree_top(nodes, proved->units, &proved->tree[0]));
	}
	free(nodes);
	assert_true(object_of_share(&proved->share, &proved->object));
}

static void make(struct proved *proved, uint8_t token, uint64_t units, uint32_t len)
{
	uint8_t bytes[LEN];

	assert_true(len <= LEN);
	memset(proved, 0, sizeof *proved);
	memset(proved->token.bytes, token, sizeof proved->token.bytes);
	proved->units = units;
	proved->len = len;
	proved->share.size = store_fixture_size(units);
	proved->share.chunks = OWN;
	assert_true(object_maker(&proved->token, &proved->share.maker));
	proved->leaves = calloc(units, sizeof *proved->leaves);
	assert_non_null(proved->leaves);
	for (uint64_t unit = 0; unit < units; unit++) {
		fill(bytes, unit, len);
		assert_true(tree_leaf(&proved->share.maker, unit, bytes, len,
				      &proved->leaves[unit]));
	}
	take_root(proved);
}

static void end_proved(struct proved *proved)
{
	free(proved->leaves);
}

/* A small file's, in a batch; spoilt: this unit has one bit that is another. */
static int bring_small(struct store *store, const struct proved *proved, int spoilt)
{
	struct store_batch *batch = store_batch_new(store);
	uint8_t bytes[DFS_SERVERS][LEN];
	dfs_unit units[DFS_SERVERS];
	size_t count = 0;
	int rc;

	assert_non_null(batch);
	for (uint64_t unit = 0; unit < proved->units; unit++) {
		if (!set_has(proved->share.chunks, placement_chunk(unit)))
			continue;
		fill(bytes[unit], unit, proved->len);
		if ((int)unit == spoilt)
			bytes[unit][proved->len / 2] ^= 4;
		units[count++] = (dfs_unit){unit, {proved->len, bytes[unit]}};
	}
	rc = store_batch_content(batch, &proved->share, units, count);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

static int put_units(struct store_uploads *uploads, const struct proved *proved)
{
	uint8_t bytes[LEN];
	int rc = 0;

	for (uint64_t unit = 0; unit < proved->units && rc == 0; unit++) {
		dfs_unit one = {unit, {proved->len, bytes}};

		fill(bytes, unit, proved->len);
		if (set_has(proved->share.chunks, placement_chunk(unit)))
			rc = store_upload(uploads, &proved->share.maker, &one);
	}
	return rc;
}

static int put_piece(struct store_uploads *uploads, const struct proved *proved,
		     uint64_t piece)
{
	const dfs_key *leaves = &proved->leaves[piece * DFS_PIECE_LEAVES];
	const dfs_unit one = {
		PIECES_FIRST + piece,
		{(uint32_t)(tree_piece_leaves(proved->units, piece) * sizeof *leaves),
		 (const uint8_t *)leaves}};

	return store_upload(uploads, &proved->share.maker, &one);
}

static int bind_upload(struct store *store, struct store_uploads *uploads,
		       const struct proved *proved)
{
	struct store_batch *batch = store_batch_new(store);
	const dfs_ballot ballot = store_fixture_ballot(5);
	int rc;

	assert_non_null(batch);
	rc = store_batch_upload(batch, uploads, &proved->share);
	if (rc == 0)
		rc = store_fixture_bind(batch, &proved->object, "/a/x", 4, &ballot);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

/* All of it, in an upload of its own. */
static int bring(struct store *store, const struct proved *proved)
{
	struct store_uploads *uploads = store_uploads_new(store);
	int rc = put_units(uploads, proved);

	for (uint64_t i = 0; i < tree_pieces(proved->units) && rc == 0; i++)
		rc = put_piece(uploads, proved, i);
	if (rc == 0)
		rc = bind_upload(store, uploads, proved);
	store_uploads_free(uploads);
	return rc;
}

/* ---- what is there ------------------------------------------------------------- */

/* What is stored under the object's own id is this? */
static int compare_unit(struct store *store, const dfs_id *object, uint64_t number,
			const void *bytes, size_t len)
{
	dfs_bytes data;
	void *record;
	int rc = store_unit(store, object, number, &record, &data);

	if (rc != 0)
		return rc;
	if (data.len != len || memcmp(data.data, bytes, len) != 0)
		rc = ERANGE;
	free(record);
	return rc;
}

static void expect_all(struct store *store, const struct proved *proved)
{
	uint8_t bytes[LEN];

	assert_int_equal(store_chunks(store, &proved->object), OWN);
	assert_int_equal(store_units(store, &proved->object), proved->units);
	/* Under its maker's id there is nothing. */
	assert_int_equal(store_chunks(store, &proved->share.maker), 0);
	for (uint64_t unit = 0; unit < proved->units; unit++) {
		fill(bytes, unit, proved->len);
		assert_int_equal(
			compare_unit(store, &proved->object, unit, bytes, proved->len),
			set_has(OWN, placement_chunk(unit)) ? 0 : ENOENT);
	}
	for (uint64_t i = 0; i < tree_pieces(proved->units); i++)
		assert_int_equal(compare_unit(store, &proved->object, PIECES_FIRST + i,
					      &proved->leaves[i * DFS_PIECE_LEAVES],
					      tree_piece_leaves(proved->units, i) *
						      sizeof(dfs_key)),
				 0);
}

/* Of nothing that was refused anything stays. */
static void expect_nothing(struct store_fixture *fixture, const struct proved *proved)
{
	assert_int_equal(store_chunks(fixture->store, &proved->object), 0);
	assert_int_equal(store_fixture_numbers(fixture).objects, 0);
}

/* ---- small files --------------------------------------------------------------- */

static void test_a_small_file_of_other_bits_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	struct proved proved;

	make(&proved, 1, 4, LEN);
	for (int unit = 1; unit <= 2; unit++)
		assert_int_equal(bring_small(fixture->store, &proved, unit), EINVAL);
	expect_nothing(fixture, &proved);
	assert_int_equal(bring_small(fixture->store, &proved, -1), 0);
	expect_all(fixture->store, &proved);
	end_proved(&proved);
}

/* Of each leaf, also of one whose unit is not here: another object, or none. */
static void test_a_small_file_of_another_leaf_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	struct proved proved;
	dfs_id right;

	make(&proved, 1, 4, LEN);
	right = proved.object;
	for (unsigned unit = 0; unit < 4; unit++) {
		proved.leaves[unit].bytes[7] ^= 1;
		take_root(&proved);
		assert_false(id_equal(&proved.object, &right));
		if (set_has(OWN, placement_chunk(unit)))
			assert_int_equal(bring_small(fixture->store, &proved, -1),
					 EINVAL);
		proved.leaves[unit].bytes[7] ^= 1;
	}
	take_root(&proved);
	assert_true(id_equal(&proved.object, &right));
	expect_nothing(fixture, &proved);
	end_proved(&proved);
}

/* Leaves are bound to their maker and to their place. */
static void test_units_of_others_and_of_elsewhere_are_refused(void **state)
{
	struct store_fixture *fixture = *state;
	struct proved proved, other;

	make(&proved, 1, 4, LEN);
	make(&other, 2, 4, LEN);
	memcpy(proved.leaves, other.leaves, 4 * sizeof *proved.leaves);
	take_root(&proved);
	assert_int_equal(bring_small(fixture->store, &proved, -1), EINVAL);
	end_proved(&proved);
	make(&proved, 1, 4, LEN);
	proved.leaves[1] = proved.leaves[2];
	take_root(&proved);
	assert_int_equal(bring_small(fixture->store, &proved, -1), EINVAL);
	expect_nothing(fixture, &proved);
	end_proved(&proved);
	end_proved(&other);
}

static void test_a_small_upload_is_proved_too(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	struct proved proved;

	make(&proved, 1, 4, LEN);
	proved.leaves[1].bytes[0] ^= 1;
	take_root(&proved);
	assert_int_equal(put_units(uploads, &proved), 0);
	assert_int_equal(bind_upload(fixture->store, uploads, &proved), EINVAL);
	expect_nothing(fixture, &proved);
	/* The same upload, and what it is. */
	proved.leaves[1].bytes[0] ^= 1;
	take_root(&proved);
	assert_int_equal(bind_upload(fixture->store, uploads, &proved), 0);
	expect_all(fixture->store, &proved);
	store_uploads_free(uploads);
	end_proved(&proved);
}

/* ---- pieces -------------------------------------------------------------------- */

static void refuse_upload(struct store_fixture *fixture, size_t in_memory)
{
	struct store_uploads *uploads;
	struct proved proved;

	fixture->rules.upload_in_memory = in_memory;
	store_fixture_reopen(fixture);
	uploads = store_uploads_new(fixture->store);
	make(&proved, 1, MANY, 1);
	assert_int_equal(tree_pieces(MANY), PIECES);
	assert_int_equal(put_units(uploads, &proved), 0);
	/* Pieces are missing: each alone makes it incomplete. */
	for (uint64_t i = 0; i < PIECES; i++) {
		assert_int_equal(bind_upload(fixture->store, uploads, &proved), EINVAL);
		assert_int_equal(put_piece(uploads, &proved, i), 0);
	}
	/* Another root, of the same leaves. */
	proved.tree[0].bytes[3] ^= 1;
	assert_true(object_of_share(&proved.share, &proved.object));
	assert_int_equal(bind_upload(fixture->store, uploads, &proved), EINVAL);
	proved.tree[0].bytes[3] ^= 1;
	/* A piece that came is not replaced by another. */
	proved.leaves[DFS_PIECE_LEAVES].bytes[0] ^= 1;
	assert_int_equal(put_piece(uploads, &proved, 1), EINVAL);
	store_uploads_free(uploads);
	/* Pieces that do not lead to the root: one leaf is another, in each of them. */
	proved.leaves[DFS_PIECE_LEAVES].bytes[0] ^= 1;
	for (uint64_t i = 0; i < PIECES; i++) {
		dfs_key *leaf = &proved.leaves[i * DFS_PIECE_LEAVES + 4];

		leaf->bytes[0] ^= 1;
		assert_int_equal(bring(fixture->store, &proved), EINVAL);
		leaf->bytes[0] ^= 1;
	}
	take_root(&proved);
	expect_nothing(fixture, &proved);
	assert_int_equal(bring(fixture->store, &proved), 0);
	expect_all(fixture->store, &proved);
	end_proved(&proved);
}

static void test_pieces_lead_to_the_root_in_memory(void **state)
{
	refuse_upload(*state, IN_MEMORY);
}

static void test_pieces_lead_to_the_root_in_a_file(void **state)
{
	refuse_upload(*state, 0);
}

/* A piece is as long as its leaves. */
static void test_a_piece_of_another_length_is_refused(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	struct proved proved;

	make(&proved, 1, 12, 1);
	assert_int_equal(put_units(uploads, &proved), 0);
	const dfs_unit shorter = {PIECES_FIRST,
				  {11 * DFS_KEY_LEN, (const uint8_t *)proved.leaves}};

	assert_int_equal(store_upload(uploads, &proved.share.maker, &shorter), 0);
	assert_int_equal(bind_upload(fixture->store, uploads, &proved), EINVAL);
	expect_nothing(fixture, &proved);
	store_uploads_free(uploads);
	end_proved(&proved);
}

/* ---- what became of it --------------------------------------------------------- */

/* The segment of this name is gone. */
static bool is_merged(struct store_fixture *fixture, void *context)
{
	char names[64][64];
	size_t count = store_fixture_segments(fixture, names, 64);

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], context) == 0)
			return false;
	return true;
}

/* Under the id that it got when it was whole: at once, after a restart, and merged. */
static void keep_upload(struct store_fixture *fixture, uint64_t units, size_t in_memory)
{
	struct proved proved, other;
	char names[8][64];
	size_t count;

	fixture->rules.upload_in_memory = in_memory;
	store_fixture_reopen(fixture);
	make(&proved, 1, units, 1);
	make(&other, 2, units, 1);
	assert_int_equal(bring(fixture->store, &proved), 0);
	count = store_fixture_segments(fixture, names, 8);
	expect_all(fixture->store, &proved);
	store_fixture_reopen(fixture);
	expect_all(fixture->store, &proved);
	/* What is as large as it is merged with it. */
	assert_int_equal(bring(fixture->store, &other), 0);
	heal_fixture_fill(fixture, 12, 9);
	assert_true(store_fixture_wait(is_merged, fixture, names[count - 1]));
	for (int round = 0; round < 2; round++) {
		expect_all(fixture->store, &proved);
		expect_all(fixture->store, &other);
		store_fixture_reopen(fixture);
	}
	end_proved(&proved);
	end_proved(&other);
}

static void test_uploads_in_memory_are_kept(void **state)
{
	keep_upload(*state, 12, IN_MEMORY);
}

static void test_uploads_in_a_file_are_kept(void **state)
{
	keep_upload(*state, 12, 0);
}

static void test_uploads_of_many_pieces_are_kept(void **state)
{
	keep_upload(*state, MANY, 0);
}

/* ---- PIECE --------------------------------------------------------------------- */

static void expect_proofs(struct store_fixture *fixture, const struct proved *proved)
{
	const struct server_parts server = {.number = 2, .store = fixture->store};
	struct caller peer = {.server = &server, .peer = 3};

	for (uint32_t i = 0; i <= tree_pieces(proved->units); i++) {
		const dfs_piece_args args = {.object = proved->object, .piece = i};
		dfs_piece_res res = {0};
		dfs_piece *piece = &res.dfs_piece_res_u.piece;

		procs_piece(&peer, &args, &res);
		if (i == tree_pieces(proved->units)) {
			assert_int_equal(res.status, DFS_UNKNOWN);
			continue;
		}
		assert_int_equal(res.status, DFS_OK);
		assert_int_equal(piece->leaves.len,
				 tree_piece_leaves(proved->units, i) * DFS_KEY_LEN);
		assert_true(tree_proves_piece(&proved->tree[0], proved->units, i, piece));
		/* It is proof of this piece alone. */
		assert_false(
			tree_proves_piece(&proved->tree[0], proved->units, i + 1, piece));
		if (piece->path.path_len > 0) {
			piece->path.path_val[0].bytes[0] ^= 1;
			assert_false(tree_proves_piece(&proved->tree[0], proved->units, i,
						       piece));
		}
		xdr_free((xdrproc_t)xdr_dfs_piece_res, &res);
		caller_release(&peer);
	}
}

static void test_each_piece_is_answered_with_its_proof(void **state)
{
	struct store_fixture *fixture = *state;
	static const uint64_t units[] = {5, DFS_PIECE_LEAVES, DFS_PIECE_LEAVES + 1, MANY};

	for (uint8_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		struct proved proved;

		make(&proved, i + 1, units[i], 1);
		assert_int_equal(bring(fixture->store, &proved), 0);
		expect_proofs(fixture, &proved);
		store_fixture_reopen(fixture);
		expect_proofs(fixture, &proved);
		end_proved(&proved);
	}
}

/* ---- damage -------------------------------------------------------------------- */

/* Without its piece no unit proves anything: then all chunks are to be had anew. */
static void test_a_damaged_piece_damages_all_chunks(void **state)
{
	struct store_fixture *fixture = *state;
	struct proved proved;
	char names[8][64];
	size_t count;

	fixture->rules.merge_fan = 0;
	store_fixture_reopen(fixture);
	make(&proved, 1, MANY, 1);
	assert_int_equal(bring(fixture->store, &proved), 0);
	expect_all(fixture->store, &proved);
	heal_fixture_close(fixture);
	count = store_fixture_segments(fixture, names, 8);
	heal_fixture_damage(fixture, names[count - 1], &proved.leaves[DFS_PIECE_LEAVES],
			    sizeof(dfs_key), 40);
	store_fixture_reopen(fixture);
	assert_int_equal(store_chunks(fixture->store, &proved.object), OWN);
	assert_int_equal(
		compare_unit(fixture->store, &proved.object, PIECES_FIRST + 1, NULL, 0),
		EBADMSG);
	assert_int_equal(store_chunks(fixture->store, &proved.object), 0);
	/* Brought again, as a repair, it is whole. */
	assert_int_equal(bring(fixture->store, &proved), 0);
	for (int round = 0; round < 2; round++) {
		expect_all(fixture->store, &proved);
		store_fixture_reopen(fixture);
	}
	end_proved(&proved);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, heal_fixture_end)
	const struct CMUnitTest tests[] = {
		TEST(test_a_small_file_of_other_bits_is_refused),
		TEST(test_a_small_file_of_another_leaf_is_refused),
		TEST(test_units_of_others_and_of_elsewhere_are_refused),
		TEST(test_a_small_upload_is_proved_too),
		TEST(test_pieces_lead_to_the_root_in_memory),
		TEST(test_pieces_lead_to_the_root_in_a_file),
		TEST(test_a_piece_of_another_length_is_refused),
		TEST(test_uploads_in_memory_are_kept),
		TEST(test_uploads_in_a_file_are_kept),
		TEST(test_uploads_of_many_pieces_are_kept),
		TEST(test_each_piece_is_answered_with_its_proof),
		TEST(test_a_damaged_piece_damages_all_chunks),
	};

	return cmocka_run_group_tests_name("content_proofs", tests, NULL, NULL);
}
