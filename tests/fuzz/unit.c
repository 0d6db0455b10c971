/*
 * A stored unit as a reader opens it, without the encryption (whoever may write knows the
 * key): what zstd makes of it fits the unit, or nothing is taken.
 *
 * The first three bytes are the size of the content, the fourth the unit's number.
 */
#include "fuzz.h"

#include "cipher.h"
#include "placement.h"

/* In place of client/lib/cipher_rules.c. */
const struct cipher_rules cipher_rules = {.encrypt = false, .compress = true};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct cipher *cipher;
	static const uint8_t key[KEYS_LEN];
	struct fuzz_input input = {bytes, len};
	uint64_t size = (uint64_t)fuzz_byte(&input) << 16 | fuzz_short(&input);
	uint64_t unit = fuzz_byte(&input);
	dfs_content content = {.size = size, .unit_size = placement_unit_size(size)};
	struct cipher_object object;
	const dfs_bytes stored = {(uint32_t)input.left, input.at};
	uint32_t whole;
	uint8_t *room;

	if (!cipher)
		cipher = cipher_new();
	FUZZ_MUST(cipher && cipher_object_init(&object, &content, key));
	if (unit >= placement_units(size, content.unit_size))
		return 0;
	whole = placement_unit_len(size, content.unit_size, unit);
	room = malloc(whole);
	FUZZ_MUST(room);
	if (cipher_open(cipher, &object, unit, &stored, room)) {
		uint8_t *sealed = malloc(whole + CIPHER_MORE), *again = malloc(whole);
		dfs_bytes made = {0, sealed};

		fuzz_took();
		FUZZ_MUST(sealed && again);
		memcpy(sealed + CIPHER_BEFORE, room, whole);
		made.len = cipher_seal(cipher, &object, unit, sealed, whole);
		FUZZ_MUST(made.len > 0 && made.len <= whole + CIPHER_MORE);
		FUZZ_MUST(cipher_open(cipher, &object, unit, &made, again));
		FUZZ_MUST(memcmp(again, room, whole) == 0);
		free(sealed);
		free(again);
	}
	free(room);
	return 0;
}
