/*
 * The client's cryptography: known answers, and that nothing opens which was changed,
 * belongs elsewhere or is somebody else's.
 *
 * The answers come from the RFCs' own reference code (X25519 of RFC 7748, Ed25519 of RFC
 * 8032) and from other implementations of HKDF, scrypt and AES-256-GCM, put together as
 * keys.c describes its formats.
 */
#include "keys.h"
#include "password_rules.h"

#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

static const char purpose[] = "object";
static const char context[] = "context";
static const struct keys_bytes aad = {context, sizeof context - 1};

/* 00 01 02 ... 1f */
static void fill_secret(uint8_t secret[KEYS_LEN])
{
	for (unsigned i = 0; i < KEYS_LEN; i++)
		secret[i] = (uint8_t)i;
}

static void assert_hex(const void *bytes, size_t len, const char *expected)
{
	char hex[257];

	assert_true(len < sizeof hex / 2);
	assert_string_equal(text_hex(bytes, len, hex), expected);
}

/* ---- known answers */

static const char master_hex[] =
	"00d616c2bc06f5ec4ce30467dee0e19e44ee2cc1b6eee8f893d773e4aac13e48"
	"545c9295ee1780575d7c0ab23d085982c7581a72e532137a434153982e47b428";

static const struct {
	const char *proof, *verifier;
} proofs[DFS_SERVERS] = {
	{"9fe598ddc85489e6eb08f394197a1ab1cd74eaaf4b3ee815e0891103530f0ffa",
	 "0f20a13d2acd0a85e2b49105439129151283d228584e243dfeb547c8f9d39bb9"},
	{"3ff4d7f83bf15cd4ade752fbdfbb373cfcf3b5bec65980a487b90d3b5733625b",
	 "e86497ce35caf16747c1b805a9e080076cb201f12a1f805b0908705e9c0d1eab"},
	{"816283b116b0e68b804f8f3a5596f693b9630064156fd306dfc560bf90bfbb9b",
	 "ace701d0d0e2a26f713e7cf1b8542ba9bd290dab7e00f8447e6ea3ae8d0e00e5"},
	{"bbd1baaf7b578366265c461d65921e1c6da6793b27ab56ac327cbc411f7a1110",
	 "fec85649b733e5a2e48e81a4256fc19655f9b828b09592884475410d0dee0f39"},
};

static void test_hkdf_of_rfc_5869(void **state)
{
	uint8_t from[22], got[KEYS_LEN];

	(void)state;
	memset(from, 0x0b, sizeof from);
	/* A.3, without salt and info. */
	assert_true(keys_derive(from, sizeof from, "", got));
	assert_hex(got, sizeof got,
		   "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

static void test_password_gives_known_proofs(void **state)
{
	static const char password[] = "correct horse";
	dfs_scrypt scrypt = {.log2_n = 15, .r = 8, .p = 3};
	uint8_t master[KEYS_MASTER];
	dfs_verifiers verifiers;

	(void)state;
	for (unsigned i = 0; i < sizeof scrypt.salt; i++)
		scrypt.salt[i] = (char)i;
	assert_true(keys_master_of_password(password, strlen(password), &scrypt, master));
	assert_hex(master, sizeof master, master_hex);
	assert_true(keys_verifiers(master, &verifiers));
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_key proof;

		assert_true(keys_proof(master, s, &proof));
		assert_hex(&proof, sizeof proof, proofs[s - 1].proof);
		assert_hex(&verifiers.of[s - 1], KEYS_LEN, proofs[s - 1].verifier);
	}
	assert_false(keys_proof(master, 0, &verifiers.of[0]));
	assert_false(keys_proof(master, 5, &verifiers.of[0]));
}

static void test_session_secret_gives_known_master(void **state)
{
	uint8_t secret[KEYS_LEN], master[KEYS_MASTER];

	(void)state;
	fill_secret(secret);
	assert_true(keys_master_of_secret(secret, master));
	assert_hex(master, sizeof master,
		   "ff5c4a533589684ff73dc458c346cceb8973512eb7497fa2717a8ad20256398c"
		   "de184d39148b6343c0def44e2bd4800219e641a7edd743a61634c860496ce72f");
}

static void test_secret_gives_known_keys(void **state)
{
	uint8_t secret[KEYS_LEN], signature[DFS_SIGNATURE_LEN];
	struct keys_pair *pair;
	dfs_key seal, sign;

	(void)state;
	fill_secret(secret);
	assert_true(keys_public(secret, &seal, &sign));
	assert_hex(&seal, sizeof seal,
		   "ed74ed29cd63514ba0e3d9e5545fab97331aa158445febcddbf6d4c10944885e");
	assert_hex(&sign, sizeof sign,
		   "1b31874181a91cb7e44436d1b5483eb0c3a6df6d73f997887779337bfab3bd94");
	pair = keys_pair_new(secret);
	assert_non_null(pair);
	assert_memory_equal(keys_pair_seal_key(pair), &seal, sizeof seal);
	assert_memory_equal(keys_pair_sign_key(pair), &sign, sizeof sign);
	assert_true(keys_sign(pair, "abc", 3, signature));
	keys_pair_free(pair);
	assert_hex(signature, sizeof signature,
		   "643e630cb2ec1af5ee917f60b0d05ee946acbac07f81ba2cb3219d5afdb1a542"
		   "2c03b65bdf1ec1741cf2ebc544bc4d2165c8be4b0542552a384968f0ea18d203");
}

static void test_known_wrapping_and_ring_open(void **state)
{
	dfs_wrapped wrapped;
	uint8_t secret[KEYS_LEN], key[KEYS_LEN], expected[KEYS_LEN], master[KEYS_MASTER];
	uint8_t locked[60];
	struct keys_ring ring;
	struct keys_pair *pair;

	(void)state;
	fill_secret(secret);
	pair = keys_pair_new(secret);
	memset(expected, 7, sizeof expected);
	assert_true(text_unhex(
		"132c442be010fbd57e72603328aa76e71fccc1503aae219327d14d9c9993f472",
		&wrapped.ephemeral, KEYS_LEN));
	assert_true(text_unhex("cac37fea2e3c6e0812067cc40c6691a7714ca87d2f3a510faa23ca1c"
			       "0599fcb1d0158aaf93bb4cd38e80038ab6f56c34",
			       wrapped.box, sizeof wrapped.box));
	assert_true(keys_unwrap(&wrapped, pair, purpose, aad, key));
	keys_pair_free(pair);
	assert_memory_equal(key, expected, sizeof key);

	assert_true(text_unhex(master_hex, master, sizeof master));
	assert_true(text_unhex("0909090909090909090909094349c602e2025e93b7dbe6ec7042d591"
			       "afbf8c2eaa06dbeb5ef2c311ce2f56637866a959b3330d0693f8f721"
			       "f0b7f2d0",
			       locked, sizeof locked));
	assert_true(keys_unlock_ring(locked, sizeof locked, master, &ring));
	assert_int_equal(ring.count, 1);
	assert_memory_equal(ring.secrets[0], secret, sizeof secret);
}

/* ---- passwords */

static void test_passwords_that_may_be_chosen(void **state)
{
	char longest[PASSWORD_MAX_BYTES + 1];

	(void)state;
	memset(longest, 'x', sizeof longest);
	assert_non_null(password_rules_check("", 0));
	assert_non_null(password_rules_check("1234567", 7));
	assert_null(password_rules_check("12345678", 8));
	/* Who has chosen one of before logs in with it; nobody chooses a new one. */
	assert_null(password_rules_check_old("1234\t5678", 9));
	assert_non_null(password_rules_check("1234\t5678", 9));
	assert_non_null(password_rules_check("12345678\r", 9));
	assert_non_null(password_rules_check("12345678\xc2\x85", 10));
	assert_null(password_rules_check("12345678\xc2\xa0", 10));
	/* Characters count, not bytes. */
	assert_non_null(password_rules_check("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4"
					     "\xc3\xb6\xc3\xbc",
					     14));
	assert_null(password_rules_check("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4"
					 "\xc3\xb6\xc3\xbc\xc3\x9f",
					 16));
	assert_null(password_rules_check(longest, PASSWORD_MAX_BYTES));
	assert_non_null(password_rules_check(longest, PASSWORD_MAX_BYTES + 1));
	assert_non_null(password_rules_check("1234\0005678", 9));
	assert_non_null(password_rules_check("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", 8));
}

static void test_scrypt_parameters_that_a_client_works_with(void **state)
{
	static const struct {
		uint32_t log2_n, r, p;
		bool good;
	} rows[] = {
		{15, 8, 1, true},           {15, 8, 3, true},   {14, 8, 3, false},
		{15, 7, 3, false},          {15, 8, 0, false},  {18, 8, 1, true},
		{19, 8, 1, false},          {15, 32, 1, true},  {15, 33, 1, false},
		{16, 32, 1, true},          {17, 32, 1, false}, {15, 8, 16, true},
		{15, 8, 17, false},         {200, 8, 1, false}, {UINT32_MAX, 8, 1, false},
		{15, UINT32_MAX, 1, false},
	};
	dfs_scrypt made, other;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const dfs_scrypt scrypt = {
			.log2_n = rows[i].log2_n, .r = rows[i].r, .p = rows[i].p};
		uint8_t master[KEYS_MASTER];

		assert_int_equal(!keys_check_scrypt(&scrypt), rows[i].good);
		if (!rows[i].good)
			assert_false(
				keys_master_of_password("12345678", 8, &scrypt, master));
	}
	assert_true(keys_new_scrypt(&made));
	assert_true(keys_new_scrypt(&other));
	assert_null(keys_check_scrypt(&made));
	assert_memory_not_equal(made.salt, other.salt, sizeof made.salt);
}

/* ---- what was changed does not open */

static void test_box_opens_only_as_it_was_made(void **state)
{
	static const char bytes[] = "the quick brown fox";
	uint8_t key[KEYS_LEN], box[sizeof bytes + KEYS_BOX], back[sizeof bytes];
	uint8_t again[sizeof box];

	(void)state;
	fill_secret(key);
	assert_true(keys_lock(key, aad, (struct keys_bytes){bytes, sizeof bytes}, box));
	assert_true(keys_lock(key, aad, (struct keys_bytes){bytes, sizeof bytes}, again));
	assert_memory_not_equal(box, again, KEYS_NONCE);
	assert_true(keys_unlock(key, aad, (struct keys_bytes){box, sizeof box}, back));
	assert_memory_equal(back, bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof box; i++) {
		box[i] ^= 1;
		assert_false(keys_unlock(key, aad, (struct keys_bytes){box, sizeof box},
					 back));
		box[i] ^= 1;
	}
	assert_false(keys_unlock(key, (struct keys_bytes){context, 6},
				 (struct keys_bytes){box, sizeof box}, back));
	assert_false(keys_unlock(key, (struct keys_bytes){"contexT", 7},
				 (struct keys_bytes){box, sizeof box}, back));
	assert_false(keys_unlock(key, (struct keys_bytes){NULL, 0},
				 (struct keys_bytes){box, sizeof box}, back));
	for (size_t len = 0; len < sizeof box; len++)
		assert_false(keys_unlock(key, aad, (struct keys_bytes){box, len}, back));
	key[31] ^= 0x80;
	assert_false(keys_unlock(key, aad, (struct keys_bytes){box, sizeof box}, back));
}

static void test_empty_box(void **state)
{
	uint8_t key[KEYS_LEN], box[KEYS_BOX], back[1];

	(void)state;
	fill_secret(key);
	assert_true(keys_lock(key, (struct keys_bytes){NULL, 0},
			      (struct keys_bytes){NULL, 0}, box));
	assert_true(keys_unlock(key, (struct keys_bytes){NULL, 0},
				(struct keys_bytes){box, sizeof box}, back));
	box[0] ^= 1;
	assert_false(keys_unlock(key, (struct keys_bytes){NULL, 0},
				 (struct keys_bytes){box, sizeof box}, back));
}

static void test_ring_opens_with_its_master_only(void **state)
{
	uint8_t master[KEYS_MASTER], locked[DFS_KEYRING_MAX];
	struct keys_ring ring = {.count = 0}, back;
	size_t len;

	(void)state;
	memset(master, 5, sizeof master);
	assert_false(keys_lock_ring(&ring, master, locked, &len));
	for (ring.count = 1; ring.count <= KEYS_SECRETS_MAX; ring.count++) {
		assert_true(keys_random(ring.secrets[ring.count - 1], KEYS_LEN));
		assert_true(keys_lock_ring(&ring, master, locked, &len));
		assert_true(len <= sizeof locked);
		assert_true(keys_unlock_ring(locked, len, master, &back));
		assert_int_equal(back.count, ring.count);
		assert_memory_equal(back.secrets, ring.secrets, ring.count * KEYS_LEN);
	}
	assert_false(keys_lock_ring(&ring, master, locked, &len));
	ring.count = 2;
	assert_true(keys_lock_ring(&ring, master, locked, &len));
	for (size_t i = 0; i < len; i++) {
		locked[i] ^= 0x10;
		assert_false(keys_unlock_ring(locked, len, master, &back));
		locked[i] ^= 0x10;
	}
	for (size_t shorter = 0; shorter < len; shorter++)
		assert_false(keys_unlock_ring(locked, shorter, master, &back));
	/* The half that proves does not open, the half that opens does not prove. */
	master[0] ^= 1;
	assert_true(keys_unlock_ring(locked, len, master, &back));
	master[KEYS_MASTER / 2] ^= 1;
	assert_false(keys_unlock_ring(locked, len, master, &back));
}

static void test_wrapped_key_opens_for_its_reader_and_use_only(void **state)
{
	uint8_t secret[KEYS_LEN], key[KEYS_LEN], back[KEYS_LEN];
	struct keys_pair *pair, *other;
	dfs_wrapped wrapped, again;
	dfs_key seal, sign;
	uint8_t *bytes = (uint8_t *)&wrapped;

	(void)state;
	memset(secret, 1, sizeof secret);
	other = keys_pair_new(secret);
	fill_secret(secret);
	pair = keys_pair_new(secret);
	memset(key, 7, sizeof key);
	assert_true(keys_public(secret, &seal, &sign));
	assert_true(keys_wrap(key, &seal, purpose, aad, &wrapped));
	assert_true(keys_wrap(key, &seal, purpose, aad, &again));
	assert_memory_not_equal(&wrapped, &again, sizeof wrapped);
	assert_true(keys_unwrap(&wrapped, pair, purpose, aad, back));
	assert_memory_equal(back, key, sizeof key);
	assert_false(keys_unwrap(&wrapped, other, purpose, aad, back));
	assert_false(keys_unwrap(&wrapped, pair, "shared", aad, back));
	assert_false(keys_unwrap(&wrapped, pair, purpose,
				 (struct keys_bytes){"contexT", 7}, back));
	assert_false(keys_unwrap(&wrapped, pair, purpose, (struct keys_bytes){context, 6},
				 back));
	for (size_t i = 0; i < sizeof wrapped; i++) {
		bytes[i] ^= 1;
		assert_false(keys_unwrap(&wrapped, pair, purpose, aad, back));
		bytes[i] ^= 1;
	}
	keys_pair_free(pair);
	keys_pair_free(other);
}

/* A public key of small order would make a key that everyone knows (RFC 7748, 6.1). */
static void test_nothing_is_wrapped_for_a_point_of_small_order(void **state)
{
	uint8_t key[KEYS_LEN];
	dfs_wrapped wrapped;
	dfs_key seal;

	(void)state;
	memset(key, 7, sizeof key);
	memset(&seal, 0, sizeof seal);
	assert_false(keys_wrap(key, &seal, purpose, aad, &wrapped));
	seal.bytes[0] = 1;
	assert_false(keys_wrap(key, &seal, purpose, aad, &wrapped));
}

/* By RFC 8032, as servers look at it. */
static bool is_signed(const uint8_t *sign_key, const void *bytes, size_t len,
		      const uint8_t signature[DFS_SIGNATURE_LEN])
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, sign_key, KEYS_LEN);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool good =
		key && digest &&
		EVP_DigestVerifyInit(digest, NULL, NULL, NULL, key) == 1 &&
		EVP_DigestVerify(digest, signature, DFS_SIGNATURE_LEN, bytes, len) == 1;

	EVP_MD_CTX_free(digest);
	EVP_PKEY_free(key);
	return good;
}

static void test_signature_of_these_bytes_by_this_key_only(void **state)
{
	uint8_t secret[KEYS_LEN], signature[DFS_SIGNATURE_LEN], bytes[] = "who may read";
	struct keys_pair *pair;
	dfs_key seal, sign;

	(void)state;
	fill_secret(secret);
	assert_true(keys_public(secret, &seal, &sign));
	pair = keys_pair_new(secret);
	assert_true(keys_sign(pair, bytes, sizeof bytes, signature));
	keys_pair_free(pair);
	const uint8_t *public = (const uint8_t *)sign.bytes;

	assert_true(is_signed(public, bytes, sizeof bytes, signature));
	assert_false(is_signed(public, bytes, sizeof bytes - 1, signature));
	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] ^= 1;
		assert_false(is_signed(public, bytes, sizeof bytes, signature));
		bytes[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof signature; i++) {
		signature[i] ^= 1;
		assert_false(is_signed(public, bytes, sizeof bytes, signature));
		signature[i] ^= 1;
	}
	assert_false(
		is_signed((const uint8_t *)seal.bytes, bytes, sizeof bytes, signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hkdf_of_rfc_5869),
		cmocka_unit_test(test_password_gives_known_proofs),
		cmocka_unit_test(test_session_secret_gives_known_master),
		cmocka_unit_test(test_secret_gives_known_keys),
		cmocka_unit_test(test_known_wrapping_and_ring_open),
		cmocka_unit_test(test_passwords_that_may_be_chosen),
		cmocka_unit_test(test_scrypt_parameters_that_a_client_works_with),
		cmocka_unit_test(test_box_opens_only_as_it_was_made),
		cmocka_unit_test(test_empty_box),
		cmocka_unit_test(test_ring_opens_with_its_master_only),
		cmocka_unit_test(test_wrapped_key_opens_for_its_reader_and_use_only),
		cmocka_unit_test(test_nothing_is_wrapped_for_a_point_of_small_order),
		cmocka_unit_test(test_signature_of_these_bytes_by_this_key_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
