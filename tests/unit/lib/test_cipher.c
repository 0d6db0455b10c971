/* Units as they are stored: back as they were, and from nowhere but their place. */
#include "cipher.h"

#include "ballot.h"
#include "placement.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PLAIN = CIPHER_PLAIN, ZSTD = CIPHER_ZSTD, SIZE = 2 * 1024 * 1024 + 77 };

struct world {
	struct cipher *cipher;
	struct cipher_object object;
	uint8_t *bytes; /* DFS_UNIT_SIZE */
	uint8_t *room;  /* DFS_UNIT_MAX */
	uint8_t *back;
};

static void init_object(struct cipher_object *object, uint64_t size)
{
	dfs_content content = {.size = size, .unit_size = placement_unit_size(size)};
	uint8_t key[KEYS_LEN];

	assert_true(id_random(&content.maker));
	assert_true(keys_random(key, sizeof key));
	assert_true(cipher_object_init(object, &content, key));
}

static int setup(void **state)
{
	static struct world world;

	world.cipher = cipher_new();
	world.bytes = malloc(DFS_UNIT_SIZE);
	world.room = malloc(DFS_UNIT_MAX);
	world.back = malloc(DFS_UNIT_SIZE);
	assert_true(world.cipher && world.bytes && world.room && world.back);
	init_object(&world.object, SIZE);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	cipher_free(world->cipher);
	free(world->bytes);
	free(world->room);
	free(world->back);
	return 0;
}

/* Text that zstd makes a fraction of. */
static void fill_text(uint8_t *bytes, size_t len)
{
	static const char line[] = "All work and no play makes Jack a dull boy.\n";

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)line[i % (sizeof line - 1)];
}

static uint32_t seal(struct world *world, uint64_t unit, uint32_t len)
{
	world->room[0] = CIPHER_ANY;
	memcpy(world->room + CIPHER_BEFORE, world->bytes, len);
	return cipher_seal(world->cipher, &world->object, unit, world->room, len);
}

static bool opens(struct world *world, uint64_t unit, uint32_t len)
{
	memset(world->back, 0xee, DFS_UNIT_SIZE);
	return cipher_open(world->cipher, &world->object, unit,
			   &(dfs_bytes){len, world->room}, world->back);
}

static void test_units_come_back(void **state)
{
	struct world *world = *state;
	static const uint64_t sizes[] = {
		1, 2, 3, 4, 5, 255, 256, 257, 4096, 1048575, 1048576, 1048577, 1572864};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint64_t units;

		init_object(&world->object, sizes[i]);
		units = placement_units(sizes[i], world->object.unit_size);
		for (uint64_t u = 0; u < units; u++) {
			uint32_t whole =
				placement_unit_len(sizes[i], world->object.unit_size, u);

			for (int text = 0; text < 2; text++) {
				uint32_t len;

				if (text)
					fill_text(world->bytes, whole);
				else
					assert_true(keys_random(world->bytes, whole));
				len = seal(world, u, whole);
				assert_in_range(len, CIPHER_MORE + 1,
						whole + CIPHER_MORE);
				assert_true(opens(world, u, len));
				assert_memory_equal(world->back, world->bytes, whole);
			}
		}
	}
	_Static_assert(DFS_UNIT_SIZE + CIPHER_MORE <= (int)DFS_UNIT_MAX,
		       "a stored unit fits the wire");
}

/* Neither format hides a changed, missing or added byte. */
static void test_changed_units_do_not_open(void **state)
{
	struct world *world = *state;

	for (uint8_t format = PLAIN; format <= ZSTD; format++) {
		uint32_t len;

		init_object(&world->object, 4000);
		if (format == ZSTD)
			fill_text(world->bytes, 1000);
		else
			assert_true(keys_random(world->bytes, 1000));
		len = seal(world, 1, 1000);
		assert_int_equal(world->room[0], format);
		assert_true(opens(world, 1, len));
		for (uint32_t i = 0; i < len; i++) {
			world->room[i] ^= 0x20;
			assert_false(opens(world, 1, len));
			world->room[i] ^= 0x20;
		}
		for (uint32_t shorter = 0; shorter < len; shorter++)
			assert_false(opens(world, 1, shorter));
		world->room[len] = 0;
		assert_false(opens(world, 1, len + 1));
		/* The format is part of what is proved. */
		world->room[0] ^= PLAIN ^ ZSTD;
		assert_false(opens(world, 1, len));
		world->room[0] ^= PLAIN ^ ZSTD;
		assert_true(opens(world, 1, len));
	}
}

static void test_units_open_in_their_place_only(void **state)
{
	struct world *world = *state;
	struct cipher_object object;
	uint32_t len;

	init_object(&world->object, (uint64_t)DFS_FILE_UNITS_MAX * DFS_UNIT_SIZE);
	object = world->object;
	fill_text(world->bytes, DFS_UNIT_SIZE);
	len = seal(world, 3, DFS_UNIT_SIZE);
	assert_true(opens(world, 3, len));
	assert_false(opens(world, 2, len));
	assert_false(opens(world, 3 + (1 << 20), len));
	world->object.maker.bytes[15] ^= 1;
	assert_false(opens(world, 3, len));
	world->object = object;
	world->object.size--;
	assert_false(opens(world, 3, len));
	world->object = object;
	world->object.key[0] ^= 1;
	assert_false(opens(world, 3, len));
	/* Another version has another key, and a cipher that was used for both. */
	init_object(&world->object, SIZE);
	assert_false(opens(world, 3, len));
	world->object = object;
	assert_true(opens(world, 3, len));
}

/* The number, with the highest byte first, at the end of len bytes. */
static void put_number(uint8_t *at, size_t len, uint64_t number)
{
	while (len > 0) {
		at[--len] = (uint8_t)number;
		number >>= 8;
	}
}

/* As cipher.h describes it: what others write by it opens. */
static void test_nonce_is_the_number_of_the_unit(void **state)
{
	struct world *world = *state;
	uint8_t nonce[KEYS_NONCE], aad[8 + 1 + DFS_ID_LEN + 16] = "dfs unit";
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint64_t unit = 0x30201;
	int done;

	init_object(&world->object, (uint64_t)DFS_FILE_UNITS_MAX * DFS_UNIT_SIZE);
	assert_true(keys_random(world->bytes, DFS_UNIT_SIZE));
	put_number(nonce, sizeof nonce, unit);
	aad[8] = PLAIN;
	memcpy(aad + 9, world->object.maker.bytes, DFS_ID_LEN);
	put_number(aad + 9 + DFS_ID_LEN, 8, unit);
	put_number(aad + 9 + DFS_ID_LEN + 8, 8, world->object.size);
	world->room[0] = PLAIN;
	assert_int_equal(EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL,
					    world->object.key, nonce),
			 1);
	assert_int_equal(EVP_EncryptUpdate(context, NULL, &done, aad, (int)sizeof aad),
			 1);
	assert_int_equal(EVP_EncryptUpdate(context, world->room + 1, &done, world->bytes,
					   DFS_UNIT_SIZE),
			 1);
	assert_int_equal(EVP_EncryptFinal_ex(context, world->room, &done), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, KEYS_TAG,
					     world->room + 1 + DFS_UNIT_SIZE),
			 1);
	EVP_CIPHER_CTX_free(context);
	assert_int_equal(CIPHER_MORE, 17);
	assert_true(opens(world, unit, DFS_UNIT_SIZE + CIPHER_MORE));
	assert_memory_equal(world->back, world->bytes, DFS_UNIT_SIZE);
}

/* One nonce is for one plaintext: whatever the cipher has met meanwhile. */
static void test_sealed_again_a_unit_is_the_same(void **state)
{
	struct world *world = *state;
	uint8_t *first = malloc(DFS_UNIT_MAX);

	assert_non_null(first);
	for (uint8_t format = PLAIN; format <= ZSTD; format++) {
		uint32_t len;

		init_object(&world->object, SIZE);
		if (format == ZSTD)
			fill_text(world->bytes, 4096);
		else
			assert_true(keys_random(world->bytes, 4096));
		len = seal(world, 5, 4096);
		assert_int_equal(world->room[0], format);
		memcpy(first, world->room, len);
		/* Others, of which none is tried for a while; or a cipher that is new. */
		for (unsigned again = 0; again < 40; again++) {
			if (again == 20) {
				cipher_free(world->cipher);
				world->cipher = cipher_new();
				assert_non_null(world->cipher);
			}
			memcpy(world->back, world->bytes, 4096);
			assert_true(keys_random(world->bytes, 4096));
			seal(world, again + 6, 4096);
			memcpy(world->bytes, world->back, 4096);
			world->room[0] = format;
			memcpy(world->room + CIPHER_BEFORE, world->bytes, 4096);
			assert_int_equal(cipher_seal(world->cipher, &world->object, 5,
						     world->room, 4096),
					 len);
			assert_memory_equal(world->room, first, len);
		}
	}
	free(first);
}

static void test_nothing_of_the_content_shows(void **state)
{
	struct world *world = *state;
	uint32_t len;

	assert_true(keys_random(world->bytes, DFS_UNIT_SIZE));
	memcpy(world->bytes + 1000, "a known sentence", 16);
	len = seal(world, 0, DFS_UNIT_SIZE);
	assert_int_equal(world->room[0], PLAIN);
	assert_null(memmem(world->room, len, "a known sentence", 16));
}

/* One that shrinks by less than a thirty-second goes as it is. */
static void test_only_what_shrinks_is_compressed(void **state)
{
	struct world *world = *state;
	uint32_t text = DFS_UNIT_SIZE;

	fill_text(world->bytes, DFS_UNIT_SIZE);
	assert_in_range(seal(world, 0, DFS_UNIT_SIZE), CIPHER_MORE, DFS_UNIT_SIZE / 4);
	assert_int_equal(world->room[0], ZSTD);
	/* Random, but for an end of zeros that is made longer until it counts. */
	for (uint32_t zeros = 0; zeros <= DFS_UNIT_SIZE / 16; zeros += 1024) {
		uint32_t len;

		init_object(&world->object, SIZE);
		assert_true(keys_random(world->bytes, DFS_UNIT_SIZE));
		memset(world->bytes + DFS_UNIT_SIZE - zeros, 0, zeros);
		len = seal(world, 0, DFS_UNIT_SIZE);
		if (world->room[0] == ZSTD && text == DFS_UNIT_SIZE)
			text = zeros;
		if (world->room[0] == ZSTD)
			assert_true(len - CIPHER_MORE <=
				    DFS_UNIT_SIZE - DFS_UNIT_SIZE / 32);
		else
			assert_int_equal(len, DFS_UNIT_SIZE + CIPHER_MORE);
	}
	assert_in_range(text, DFS_UNIT_SIZE / 32, DFS_UNIT_SIZE / 32 + 2048);
}

/*
 * Random units are hardly tried after a while: text among them is seen late, but it is
 * seen, and from then on each unit is tried again.
 */
static void test_units_that_do_not_shrink_are_tried_ever_more_rarely(void **state)
{
	struct world *world = *state;
	unsigned before = 0;

	for (uint64_t u = 0; u < 60; u++) {
		assert_true(keys_random(world->bytes, 4096));
		seal(world, u, 4096);
		assert_int_equal(world->room[0], PLAIN);
	}
	fill_text(world->bytes, 4096);
	while (seal(world, 60, 4096) && world->room[0] == PLAIN)
		before++;
	assert_in_range(before, 1, 16);
	for (unsigned i = 0; i < 20; i++) {
		seal(world, 60, 4096);
		assert_int_equal(world->room[0], ZSTD);
	}
	/* Another object begins without such memories. */
	for (uint64_t u = 0; u < 60; u++) {
		assert_true(keys_random(world->bytes, 4096));
		seal(world, u, 4096);
	}
	init_object(&world->object, SIZE);
	fill_text(world->bytes, 4096);
	seal(world, 0, 4096);
	assert_int_equal(world->room[0], ZSTD);
}

/* A frame that grows to something else than the unit's length is not taken, even from one
 * who has the key. */
static void test_frames_of_another_length_do_not_open(void **state)
{
	struct world *world = *state;
	uint32_t len;

	init_object(&world->object, 4000);
	for (uint32_t wrong = 999; wrong <= 1001; wrong++) {
		fill_text(world->bytes, wrong);
		len = seal(world, 1, wrong);
		assert_int_equal(world->room[0], ZSTD);
		assert_int_equal(opens(world, 1, len), wrong == 1000);
	}
}

/* Buffers are as long as a unit may be, whatever a server says of this one. */
static void test_8_10_a_unit_is_as_long_as_its_size_makes_it(void **state)
{
	static const uint32_t told[] = {1048576, UINT32_MAX, DFS_UNIT_SIZE + 1, 1, 0};
	struct world *world = *state;
	struct cipher_object object;

	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		const dfs_content lying = {.size = 4 << 20, .unit_size = told[i]};

		assert_true(cipher_object_init(&object, &lying, world->object.key));
		assert_int_equal(object.unit_size, DFS_UNIT_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_units_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_units_do_not_open, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_units_open_in_their_place_only,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonce_is_the_number_of_the_unit,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_sealed_again_a_unit_is_the_same,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_of_the_content_shows, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_only_what_shrinks_is_compressed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_units_that_do_not_shrink_are_tried_ever_more_rarely, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_frames_of_another_length_do_not_open,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_8_10_a_unit_is_as_long_as_its_size_makes_it, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
