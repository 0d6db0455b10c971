/*
 * store/prove, and store_scrub as it proves: what is stored leads to the id of its
 * object, or it is damaged, however right its checksums are.
 */
#include "store_fixture.h"

#include "ballot.h"
#include "frame.h"
#include "object.h"
#include "pieces.h"
#include "placement.h"
#include "store_scrub.h"
#include "store_survey.h"
#include "tree.h"
#include "value.h"

#include <dirent.h>
#include <errno.h>
#include <gdbm.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* Units are stored short, so that many of them make no big file: two pieces are 1,100. */
enum { LEN = 48, TWO_PIECES = 1100 };

static int start(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	fixture->rules.prove = true;
	fixture->rules.fsync_segments = fixture->rules.fsync_folder = false;
	fixture->rules.merge_fan = SIZE_MAX;
	store_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	store_fixture_end(*state);
	free(*state);
	return 0;
}

/* ---- contents ------------------------------------------------------------------ */

struct whole {
	dfs_content content;
	dfs_id object;
	uint64_t units;
	dfs_key tree[DFS_SERVERS], *leaves;
};

static void make_unit(uint64_t number, uint64_t unit, uint8_t bytes[LEN])
{
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (uint8_t)(number * 31 + unit * 7 + (unit >> 8) + i);
}

static void make_whole(struct whole *whole, uint64_t number, uint64_t units)
{
	dfs_content *content = &whole->content;
	dfs_key *nodes = calloc(units + 1, sizeof *nodes);
	uint8_t bytes[LEN];

	memset(whole, 0, sizeof *whole);
	store_fixture_resize(number, store_fixture_size(units));
	store_fixture_content(number, content);
	whole->units = units;
	whole->leaves = calloc(units + 1, sizeof *whole->leaves);
	assert_true(nodes && whole->leaves);
	for (uint64_t u = 0; u < units; u++) {
		make_unit(number, u, bytes);
		assert_true(tree_leaf(&content->maker, u, bytes, LEN, &nodes[u]));
	}
	memcpy(whole->leaves, nodes, units * sizeof *nodes);
	content->tree.tree_val = whole->tree;
	if (units <= DFS_SERVERS)
		memcpy(whole->tree, nodes, units * sizeof *nodes);
	else
		assert_true(tree_top(nodes, units, &whole->tree[0]));
	free(nodes);
	assert_true(object_of_content(content, &whole->object));
}

static void upload_all(struct store_uploads *uploads, const struct whole *whole,
		       uint64_t number, chunk_set chunks)
{
	const dfs_id *maker = &whole->content.maker;
	uint8_t bytes[LEN];

	for (uint64_t u = 0; u < whole->units; u++) {
		dfs_unit unit = {u, {LEN, bytes}};

		make_unit(number, u, bytes);
		if (set_has(chunks, placement_chunk(u)))
			assert_int_equal(store_upload(uploads, maker, &unit), 0);
	}
	for (uint64_t i = 0; i < tree_pieces(whole->units); i++) {
		size_t count = tree_piece_leaves(whole->units, i);
		dfs_unit unit = {PIECES_FIRST + i,
				 {(uint32_t)(count * sizeof(dfs_key)),
				  (const uint8_t *)&whole->leaves[i * DFS_PIECE_LEAVES]}};

		assert_int_equal(store_upload(uploads, maker, &unit), 0);
	}
}

/* A content, and the ids under which its records may be. */
struct named {
	dfs_id object, maker;
};

/* As its writer brings it, bound to "/a/NUMBER". */
static struct named put(struct store_fixture *fixture, uint64_t number, uint64_t units,
			chunk_set chunks)
{
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = store_fixture_ballot(number);
	struct whole whole;
	dfs_share share;
	char path[32];
	int len = snprintf(path, sizeof path, "/a/%llu", (unsigned long long)number);

	assert_true(uploads && batch);
	make_whole(&whole, number, units);
	upload_all(uploads, &whole, number, chunks);
	share = object_share(&whole.content, chunks);
	assert_int_equal(store_batch_upload(batch, uploads, &share), 0);
	assert_int_equal(
		store_fixture_bind(batch, &whole.object, path, (size_t)len, &ballot), 0);
	assert_int_equal(store_commit(batch), 0);
	store_uploads_free(uploads);
	free(whole.leaves);
	return (struct named){whole.object, whole.content.maker};
}

/* Until it is through; what was found, in sum. */
static struct store_scrubbed run(struct store_scrub *scrub, uint64_t bytes)
{
	struct store_scrubbed sum = {0}, step;

	assert_non_null(scrub);
	do {
		assert_int_equal(store_scrub_step(scrub, bytes, &step), 0);
		sum.records += step.records;
		sum.damaged += step.damaged;
		sum.seal_damaged |= step.seal_damaged;
	} while (!step.end);
	store_scrub_free(scrub);
	return sum;
}

static struct store_scrubbed prove(struct store_fixture *fixture)
{
	return run(store_scrub_new_prover(fixture->store), 1 << 20);
}

static struct store_scrubbed scrub(struct store_fixture *fixture)
{
	const struct store_scrub_position beginning = {0};

	return run(store_scrub_new(fixture->store, &beginning), 1 << 20);
}

static uint64_t unproved(struct store_fixture *fixture)
{
	return store_fixture_numbers(fixture).unproved;
}

static bool one_is_left(struct store_fixture *fixture, void *context)
{
	(void)context;
	return unproved(fixture) == 1;
}

/* ---- records, edited with right checksums --------------------------------------- */

enum edit { FLIP, CUT, SWAP };

struct editing {
	enum frame_type type;
	struct frame_key key;
	enum edit edit;
	const dfs_id *behind;   /* FLIP: only where this stands, from there on; or NULL */
	size_t at;              /* FLIP: this byte */
	struct frame_key other; /* SWAP: what this other record has */
};

static dfs_bytes unpack(datum found, enum frame_type type, const struct frame_key *key)
{
	dfs_bytes data;

	assert_non_null(found.dptr);
	assert_true(frame_unpack((uint8_t *)found.dptr, (size_t)found.dsize, type, key,
				 &data));
	return data;
}

/* Where FLIP is to be; false: not in this record. */
static bool find_at(const struct editing *editing, const dfs_bytes *data, size_t *ret)
{
	const uint8_t *found = data->data;

	if (editing->behind)
		found = memmem(data->data, data->len, editing->behind,
			       sizeof *editing->behind);
	if (!found)
		return false;
	*ret = (size_t)(found - data->data) + editing->at;
	assert_true(*ret < data->len);
	return true;
}

static bool edit_in(GDBM_FILE file, const struct editing *editing)
{
	static uint8_t data[FRAME_DATA_MAX], frame[FRAME_DATA_MAX];
	struct frame_key key = editing->key;
	struct frame_key from = editing->edit == SWAP ? editing->other : key;
	datum name = {(char *)key.bytes, (int)key.len}, taken, made;
	dfs_bytes was;
	size_t len, at = 0;
	bool found;

	if (!gdbm_exists(file, name))
		return false;
	taken = gdbm_fetch(file, (datum){(char *)from.bytes, (int)from.len});
	was = unpack(taken, editing->type, &from);
	found = editing->edit != FLIP || find_at(editing, &was, &at);
	if (found) {
		len = was.len;
		memcpy(data, was.data, len);
		data[at] ^= editing->edit == FLIP;
		len -= editing->edit == CUT;
		frame_pack(frame, editing->type, &key, data, len);
		made = (datum){(char *)frame, (int)frame_size(key.len, len)};
		assert_int_equal(gdbm_store(file, name, made, GDBM_REPLACE), 0);
	}
	free(taken.dptr);
	return found;
}

/* In the newest segment that has it; the store is closed for it, and opened again. */
static bool edit(struct store_fixture *fixture, const struct editing *editing)
{
	char names[64][64], path[PATH_MAX], name[80];
	bool done = false;
	size_t count;

	store_close(fixture->store);
	fixture->store = NULL;
	count = store_fixture_segments(fixture, names, 64);
	while (count-- > 0 && !done) {
		GDBM_FILE file;

		(void)snprintf(name, sizeof name, "seg/%s", names[count]);
		store_fixture_file(fixture, name, path);
		assert_int_equal(chmod(path, 0600), 0);
		file = gdbm_open(path, 0, GDBM_WRITER, 0600, NULL);
		assert_non_null(file);
		done = edit_in(file, editing);
		gdbm_close(file);
		assert_int_equal(chmod(path, 0400), 0);
	}
	store_fixture_reopen(fixture);
	return done;
}

/* A record of a content, which lies under its maker's id where the segment is its own. */
static void edit_unit(struct store_fixture *fixture, const struct named *named,
		      uint64_t unit, enum edit how, uint64_t other)
{
	struct editing editing = {.type = FRAME_UNIT, .edit = how, .at = 17};
	const dfs_id ids[] = {named->object, named->maker};
	bool done = false;

	for (unsigned i = 0; i < 2 && !done; i++) {
		frame_key_unit(&editing.key, &ids[i], unit);
		frame_key_unit(&editing.other, &ids[i], other);
		done = edit(fixture, &editing);
	}
	assert_true(done);
}

/* ---- proving ------------------------------------------------------------------- */

static void test_what_came_unproved_is_proved(void **state)
{
	struct store_fixture *fixture = *state;
	dfs_id small = put(fixture, 1, 4, 3).object,
	       large = put(fixture, 2, 9, 12).object;
	dfs_id another;

	/* Of up to four units all was proved when it was taken. */
	assert_int_equal(store_proved(fixture->store, &small), 3);
	assert_int_equal(store_chunks(fixture->store, &large), 12);
	assert_int_equal(store_proved(fixture->store, &large), 0);
	assert_int_equal(unproved(fixture), 1);
	assert_int_equal(prove(fixture).damaged, 0);
	assert_int_equal(store_proved(fixture->store, &large), 12);
	assert_int_equal(unproved(fixture), 0);
	/* Only what came unproved is read. */
	assert_int_equal(prove(fixture).records, 0);
	/* It is not known after a start; and found again. */
	store_fixture_reopen(fixture);
	assert_int_equal(store_proved(fixture->store, &large), 0);
	assert_int_equal(store_proved(fixture->store, &small), 3);
	assert_int_equal(unproved(fixture), 1);
	another = put(fixture, 3, 1, 15).object;
	assert_int_equal(store_proved(fixture->store, &another), 15);
	/* The list, its units (2 and 2, of chunks 3 and 4), and the piece. */
	assert_int_equal(prove(fixture).records, 1 + 4 + 1);
	assert_int_equal(unproved(fixture), 0);
	assert_int_equal(scrub(fixture).damaged, 0);
}

/* What goes counts no more. */
static void test_what_goes_is_not_to_be_proved(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.grace_ms = 0;
	store_fixture_reopen(fixture);
	(void)put(fixture, 1, 9, 15);
	(void)put(fixture, 2, 9, 15);
	assert_int_equal(unproved(fixture), 2);
	/* The path's binding is overtaken, and its content dropped. */
	assert_int_equal(store_fixture_accept(fixture->store, "/a/1", 0, 8), 0);
	store_fixture_settle(fixture->store, "/a/1", 8);
	assert_true(store_fixture_wait(one_is_left, fixture, NULL));
	assert_int_equal(prove(fixture).damaged, 0);
	assert_int_equal(unproved(fixture), 0);
}

/* The newest first, and one that comes meanwhile before the older ones. */
static void test_newest_first(void **state)
{
	struct store_fixture *fixture = *state;
	dfs_id oldest = put(fixture, 1, 9, 15).object;
	dfs_id older = put(fixture, 2, 9, 15).object, newest;
	struct store_scrub *scrub = store_scrub_new_prover(fixture->store);
	struct store_scrubbed step;

	assert_non_null(scrub);
	/* The list, and the first unit of the one that is newest now. */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(store_scrub_step(scrub, 1, &step), 0);
	newest = put(fixture, 3, 9, 15).object;
	while (store_proved(fixture->store, &newest) == 0) {
		assert_int_equal(store_scrub_step(scrub, 1, &step), 0);
		assert_false(step.end);
	}
	assert_int_equal(store_proved(fixture->store, &older), 15);
	assert_int_equal(store_proved(fixture->store, &oldest), 0);
	(void)run(scrub, 1);
	assert_int_equal(store_proved(fixture->store, &oldest), 15);
}

/* ---- what is not right ----------------------------------------------------------- */

/* The scrub finds it, and what is lost by it counts no more. */
static void expect_scrubbed(struct store_fixture *fixture, const dfs_id *object,
			    chunk_set lost)
{
	assert_int_equal(store_chunks(fixture->store, object), CHUNKS_ALL);
	assert_int_equal(scrub(fixture).damaged, 1);
	assert_int_equal(store_chunks(fixture->store, object), CHUNKS_ALL & ~lost);
	assert_int_equal(store_proved(fixture->store, object) & lost, 0);
}

/* So does the prover, of what came unproved; the others are proved. */
static void expect_proved(struct store_fixture *fixture, const dfs_id *object,
			  chunk_set lost)
{
	store_fixture_reopen(fixture);
	assert_true(unproved(fixture) > 0);
	assert_int_equal(prove(fixture).damaged, 1);
	assert_int_equal(store_chunks(fixture->store, object), CHUNKS_ALL & ~lost);
	assert_int_equal(store_proved(fixture->store, object), CHUNKS_ALL & ~lost);
	assert_int_equal(unproved(fixture), 0);
	assert_int_equal(prove(fixture).records, 0);
}

/* One record edited, and as it was again. */
static void check_record(struct store_fixture *fixture, const struct named *named,
			 uint64_t units, uint64_t unit)
{
	const dfs_id *object = &named->object;
	chunk_set lost = unit < PIECES_FIRST ? set_of(placement_chunk(unit)) : CHUNKS_ALL;

	edit_unit(fixture, named, unit, FLIP, 0);
	expect_scrubbed(fixture, object, lost);
	if (units > DFS_SERVERS)
		expect_proved(fixture, object, lost);
	edit_unit(fixture, named, unit, FLIP, 0);
	assert_int_equal(scrub(fixture).damaged, 0);
	assert_int_equal(store_chunks(fixture->store, object), CHUNKS_ALL);
}

static void test_8_12_any_record_with_a_right_checksum(void **state)
{
	static const uint64_t sizes[] = {1, 2, 4, 5, 9};
	struct store_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct named named = put(fixture, i + 1, sizes[i], CHUNKS_ALL);

		assert_int_equal(scrub(fixture).damaged, 0);
		for (uint64_t u = 0; pieces_next(sizes[i], CHUNKS_ALL, &u); u++)
			check_record(fixture, &named, sizes[i], u);
	}
}

/* Of two pieces; and by a segment of its own, under the id of its maker. */
static void test_8_12_two_pieces(void **state)
{
	static const uint64_t units[] = {0,
					 DFS_PIECE_LEAVES - 1,
					 DFS_PIECE_LEAVES,
					 TWO_PIECES - 1,
					 PIECES_FIRST,
					 PIECES_FIRST + 1,
					 PIECES_TOPS};
	struct store_fixture *fixture = *state;
	struct named named;

	fixture->rules.upload_in_memory = 4096;
	store_fixture_reopen(fixture);
	named = put(fixture, 1, TWO_PIECES, CHUNKS_ALL);
	assert_int_equal(prove(fixture).damaged, 0);
	assert_int_equal(store_proved(fixture->store, &named.object), CHUNKS_ALL);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		check_record(fixture, &named, TWO_PIECES, units[i]);
}

/* Whole records exchanged: another's of the same content, or cut, are right nowhere. */
static void test_8_12_exchanged(void **state)
{
	struct store_fixture *fixture = *state;
	struct named large = put(fixture, 1, 9, CHUNKS_ALL);

	edit_unit(fixture, &large, 6, SWAP, 2);
	expect_scrubbed(fixture, &large.object, set_of(3));
	expect_proved(fixture, &large.object, set_of(3));
	edit_unit(fixture, &large, 4, CUT, 0);
	store_fixture_reopen(fixture);
	assert_int_equal(prove(fixture).damaged, 2);
	assert_int_equal(store_proved(fixture->store, &large.object),
			 set_of(2) | set_of(4));
	edit_unit(fixture, &large, PIECES_FIRST, CUT, 0);
	expect_proved(fixture, &large.object, CHUNKS_ALL);
}

/* The list itself says another maker, size or leaf: what it tells of is nothing. */
static void test_8_12_the_list_lies(void **state)
{
	enum { MAKER = 16, SIZE = MAKER + 16, TREE = SIZE + 8 + 1 + 8 + 1 };
	static const struct {
		uint64_t units;
		size_t at;
	} lies[] = {{1, MAKER}, {1, TREE},      {4, MAKER}, {4, SIZE + 7},
		    {4, TREE},  {3, TREE + 40}, {9, MAKER}, {9, SIZE + 7}};
	struct store_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		dfs_id object = put(fixture, 10 + i, lies[i].units, CHUNKS_ALL).object;
		struct editing editing = {
			.type = FRAME_SEAL, .behind = &object, .at = lies[i].at};

		frame_key_seal(&editing.key);
		assert_int_equal(scrub(fixture).damaged, 0);
		assert_true(edit(fixture, &editing));
		expect_scrubbed(fixture, &object, CHUNKS_ALL);
		assert_true(edit(fixture, &editing));
	}
}

/* A value that was put in place of the one that was accepted. */
static void test_8_12_another_value(void **state)
{
	struct store_fixture *fixture = *state;
	dfs_id maker = store_fixture_maker(77);
	struct editing editing = {.type = FRAME_REGISTER, .behind = &maker, .at = 3};

	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 77, 5), 0);
	assert_int_equal(scrub(fixture).damaged, 0);
	frame_key_register(&editing.key, "/a/x", 4);
	assert_true(edit(fixture, &editing));
	assert_int_equal(scrub(fixture).damaged, 1);
	assert_int_equal(store_fixture_numbers(fixture).damaged_registers, 1);
}

/* ---- what waits for it ----------------------------------------------------------- */

/* All four chunks are here of a file that gives this server its pair. */
static void test_8_12_nothing_is_trimmed_before(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_surplus surplus;
	dfs_value value = {0};
	dfs_ballot ballot = store_fixture_ballot(9);
	dfs_id operation = store_fixture_id(5);
	dfs_content *content = &value.body.dfs_body_u.manifest.content;
	char owner[] = "a";
	dfs_wrapped key = {0};
	struct whole whole;

	(void)put(fixture, 1, 9, CHUNKS_ALL);
	make_whole(&whole, 1, 9);
	value.operation = operation;
	value.origin = ballot;
	value.number = 1;
	value.recent.recent_len = 1;
	value.recent.recent_val = &operation;
	value.content_version = (dfs_version){.number = 1, .operation = operation};
	value.body.kind = DFS_FILE;
	value.body.dfs_body_u.manifest.owner = (dfs_user){1, owner};
	value.body.dfs_body_u.manifest.keys.keys_len = 1;
	value.body.dfs_body_u.manifest.keys.keys_val = &key;
	*content = whole.content;
	content->writer = value.body.dfs_body_u.manifest.owner;
	content->signature.leaves = 1;
	for (unsigned server = 1; server <= DFS_SERVERS; server++)
		content->holders = placement_hold(content->holders, server,
						  placement_pair(0, server));
	struct store_batch *batch = store_batch_new(fixture->store);

	assert_int_equal(store_fixture_batch_value(batch, "/a/1", &ballot, &value,
						   STORE_CONFIRMED),
			 0);
	assert_int_equal(store_commit(batch), 0);
	store_fixture_settle(fixture->store, "/a/1", 9);
	assert_int_equal(store_next_surplus(fixture->store, NULL, 0, &surplus), ENOENT);
	assert_int_equal(store_surplus(fixture->store, "/a/1", 4, &surplus), ENOENT);
	assert_int_equal(prove(fixture).damaged, 0);
	assert_int_equal(store_next_surplus(fixture->store, NULL, 0, &surplus), 0);
	assert_int_equal(surplus.given, placement_pair(0, 2));
	assert_int_equal(surplus.here, CHUNKS_ALL);
	free(whole.leaves);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_came_unproved_is_proved),
		TEST(test_what_goes_is_not_to_be_proved),
		TEST(test_newest_first),
		TEST(test_8_12_any_record_with_a_right_checksum),
		TEST(test_8_12_two_pieces),
		TEST(test_8_12_exchanged),
		TEST(test_8_12_the_list_lies),
		TEST(test_8_12_another_value),
		TEST(test_8_12_nothing_is_trimmed_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
