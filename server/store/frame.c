/* The frame around a stored record: pack and unpack face each other. */
#include "frame.h"
#include "pack.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>

enum { MAGIC = 0x64667372, VERSION = 1, CHECKED_FROM = 4 + 8 };

void frame_key_register(struct frame_key *ret, const char *path, size_t len)
{
	assert(len <= DFS_PATH_MAX);
	ret->bytes[0] = 'r';
	memcpy(ret->bytes + 1, path, len);
	ret->len = 1 + len;
}

void frame_key_unit(struct frame_key *ret, const dfs_id *object, uint64_t unit)
{
	ret->bytes[0] = 'u';
	memcpy(ret->bytes + 1, object->bytes, DFS_ID_LEN);
	(void)pack_number(ret->bytes + 1 + DFS_ID_LEN, unit, 8);
	ret->len = 1 + DFS_ID_LEN + 8;
}

void frame_key_seal(struct frame_key *ret)
{
	static const char name[] = "@seal";

	ret->len = sizeof name - 1;
	memcpy(ret->bytes, name, ret->len);
}

size_t frame_size(size_t key_len, size_t data_len)
{
	return FRAME_HEAD + key_len + data_len;
}

void frame_pack(uint8_t *buf, enum frame_type type, const struct frame_key *key,
		const void *data, size_t data_len)
{
	size_t len = frame_size(key->len, data_len);

	assert(key->len <= FRAME_KEY_MAX && data_len <= FRAME_DATA_MAX);
	(void)pack_number(buf, MAGIC, 4);
	buf[12] = VERSION;
	buf[13] = (uint8_t)type;
	(void)pack_number(buf + 14, key->len, 2);
	(void)pack_number(buf + 16, data_len, 4);
	memcpy(buf + FRAME_HEAD, key->bytes, key->len);
	if (data_len > 0)
		memcpy(buf + FRAME_HEAD + key->len, data, data_len);
	(void)pack_number(buf + 4, XXH3_64bits(buf + CHECKED_FROM, len - CHECKED_FROM),
			  8);
}

bool frame_unpack(const uint8_t *buf, size_t len, enum frame_type type,
		  const struct frame_key *key, dfs_bytes *ret_data)
{
	struct pack_in in = {.at = buf, .left = len};
	uint32_t magic = pack_get_u32(&in);
	uint64_t checksum = pack_get_u64(&in);
	uint8_t version = pack_get_u8(&in), kind = pack_get_u8(&in);
	uint16_t key_len = pack_get_u16(&in);
	uint32_t data_len = pack_get_u32(&in);
	const uint8_t *own_key = pack_get(&in, key_len);
	const uint8_t *data = pack_get(&in, data_len);

	if (in.failed || in.left != 0 || magic != MAGIC || version != VERSION)
		return false;
	if (kind != type || key_len != key->len ||
	    memcmp(own_key, key->bytes, key_len) != 0)
		return false;
	if (checksum != XXH3_64bits(buf + CHECKED_FROM, len - CHECKED_FROM))
		return false;
	*ret_data = (dfs_bytes){.len = data_len, .data = data};
	return true;
}
