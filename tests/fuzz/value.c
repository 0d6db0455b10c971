/*
 * Values of registers: whatever is unpacked is judged, copied and packed again.
 *
 * The input is a path (a byte of length before it), then the value.
 */
#include "fuzz.h"

#include "value.h"

static void round_trip(const dfs_value *value)
{
	uint8_t packed[DFS_VALUE_MAX], again[DFS_VALUE_MAX];
	size_t len = value_pack(value, packed, sizeof packed);
	dfs_value copy;

	/* It came in so many bytes, and XDR makes no more of it. */
	FUZZ_MUST(len > 0);
	FUZZ_MUST(value_copy(value, &copy));
	FUZZ_MUST(value_pack(&copy, again, sizeof again) == len);
	FUZZ_MUST(memcmp(packed, again, len) == 0);
	FUZZ_MUST(!value_check(value) == !value_check(&copy));
	FUZZ_MUST(value_has_operation(&copy, &value->operation));
	value_free(&copy);
	value_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	size_t path_len;
	const char *path = (const char *)fuzz_bytes(&input, fuzz_byte(&input), &path_len);
	dfs_value value;

	if (!value_unpack(input.at, input.left, &value))
		return 0;
	round_trip(&value);
	if (!value_check_at(path, path_len, &value)) {
		FUZZ_MUST(!value_check(&value));
		fuzz_took();
	}
	value_free(&value);
	return 0;
}
