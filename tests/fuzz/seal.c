/* The record "@seal" of a segment, as a start reads it: what it takes it packs alike. */
#include "fuzz.h"

#include "seal.h"

/* What was taken is what is packed, byte for byte but for the flags of a reader. */
static void pack_again(const struct seal_entry *entry, const struct pack_in *from,
		       const uint8_t *began)
{
	struct pack_out out = {0};
	size_t len = (size_t)(from->at - began);

	seal_put_entry(&out, entry);
	FUZZ_MUST(!out.failed && out.len == len);
	FUZZ_MUST(memcmp(out.bytes, began, len) == 0);
	pack_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const dfs_bytes record = {(uint32_t)len, bytes};
	struct seal_head head;
	struct seal_reader reader;
	struct seal_entry entry;
	enum seal_step step;

	(void)seal_version(record);
	if (!seal_open(record, &head, &reader))
		return 0;
	do {
		const uint8_t *began = reader.in.at;

		step = seal_next(&reader, &entry);
		if (step == SEAL_ENTRY) {
			FUZZ_MUST(entry.path_len <= DFS_PATH_MAX);
			FUZZ_MUST(entry.object_count <= SEAL_OBJECTS_MAX);
			FUZZ_MUST(seal_undo_bytes(entry.type, entry.path_len) <= len);
			pack_again(&entry, &reader.in, began);
		}
	} while (step == SEAL_ENTRY);
	if (step == SEAL_END)
		fuzz_took();
	return 0;
}
