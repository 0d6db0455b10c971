/*
 * The frame around a stored record, and the record of a register in it.
 *
 * The first byte says whose key is asked for.  What follows is a frame; where the byte's
 * high bit is set its checksum is made right first, so that what lies behind is reached.
 */
#include "fuzz.h"

#include "frame.h"
#include "pack.h"
#include "value.h"

#include <xxhash.h>

static const char path[] = "/ann/a";

static enum frame_type choose(uint8_t which, struct frame_key *ret)
{
	static const dfs_id object = {"an object's id"};

	switch ((which & 0x7f) % 3) {
	case 0:
		frame_key_seal(ret);
		return FRAME_SEAL;
	case 1:
		frame_key_register(ret, path, sizeof path - 1);
		return FRAME_REGISTER;
	default:
		frame_key_unit(ret, &object, 7);
		return FRAME_UNIT;
	}
}

/* As a register's record is read: a ballot, and behind it the value. */
static void look_into(const dfs_bytes *data)
{
	struct pack_in in = {.at = data->data, .left = data->len};
	dfs_value value;

	(void)pack_get_ballot(&in);
	if (in.failed || !value_unpack(in.at, in.left, &value))
		return;
	(void)value_check_at(path, sizeof path - 1, &value);
	value_free(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	uint8_t which = fuzz_byte(&input);
	struct frame_key key;
	enum frame_type type = choose(which, &key);
	uint8_t *frame = malloc(input.left + 1), *again;
	dfs_bytes data;

	FUZZ_MUST(frame);
	memcpy(frame, input.at, input.left);
	if (which & 0x80 && input.left >= FRAME_HEAD)
		(void)pack_number(frame + 4, XXH3_64bits(frame + 12, input.left - 12), 8);
	if (frame_unpack(frame, input.left, type, &key, &data)) {
		fuzz_took();
		FUZZ_MUST(frame_size(key.len, data.len) == input.left);
		again = malloc(input.left);
		FUZZ_MUST(again);
		frame_pack(again, type, &key, data.data, data.len);
		FUZZ_MUST(memcmp(again, frame, input.left) == 0);
		free(again);
		if (type == FRAME_REGISTER)
			look_into(&data);
	}
	free(frame);
	return 0;
}
