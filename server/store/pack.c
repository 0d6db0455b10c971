/* Numbers and bytes in and out of stored records. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

void pack_free(struct pack_out *out)
{
	free(out->bytes);
	memset(out, 0, sizeof *out);
}

void pack_put(struct pack_out *out, const void *bytes, size_t len)
{
	if (out->failed || len == 0)
		return;
	if (out->room - out->len < len) {
		size_t room = out->room < 256 ? 256 : out->room;
		uint8_t *grown;

		while (room - out->len < len)
			room *= 2;
		grown = realloc(out->bytes, room);
		if (!grown) {
			out->failed = true;
			return;
		}
		out->bytes = grown;
		out->room = room;
	}
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

size_t pack_number(uint8_t *at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
	return width;
}

static void put_number(struct pack_out *out, uint64_t value, size_t width)
{
	uint8_t bytes[8];

	pack_put(out, bytes, pack_number(bytes, value, width));
}

void pack_put_u8(struct pack_out *out, uint8_t value)
{
	put_number(out, value, 1);
}

void pack_put_u16(struct pack_out *out, uint16_t value)
{
	put_number(out, value, 2);
}

void pack_put_u32(struct pack_out *out, uint32_t value)
{
	put_number(out, value, 4);
}

void pack_put_u64(struct pack_out *out, uint64_t value)
{
	put_number(out, value, 8);
}

void pack_put_id(struct pack_out *out, const dfs_id *id)
{
	pack_put(out, id->bytes, sizeof id->bytes);
}

void pack_put_ballot(struct pack_out *out, const dfs_ballot *ballot)
{
	pack_put_u32(out, ballot->epoch);
	pack_put_u64(out, ballot->counter);
	pack_put_id(out, &ballot->proposer);
}

const uint8_t *pack_get(struct pack_in *in, size_t len)
{
	const uint8_t *bytes = in->at;

	if (in->failed || in->left < len) {
		in->failed = true;
		return NULL;
	}
	in->at += len;
	in->left -= len;
	return bytes;
}

static uint64_t get_number(struct pack_in *in, size_t width)
{
	const uint8_t *bytes = pack_get(in, width);
	uint64_t value = 0;

	if (!bytes)
		return 0;
	for (size_t i = 0; i < width; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint8_t pack_get_u8(struct pack_in *in)
{
	return (uint8_t)get_number(in, 1);
}

uint16_t pack_get_u16(struct pack_in *in)
{
	return (uint16_t)get_number(in, 2);
}

uint32_t pack_get_u32(struct pack_in *in)
{
	return (uint32_t)get_number(in, 4);
}

uint64_t pack_get_u64(struct pack_in *in)
{
	return get_number(in, 8);
}

dfs_id pack_get_id(struct pack_in *in)
{
	dfs_id id = {{0}};
	const uint8_t *bytes = pack_get(in, sizeof id.bytes);

	if (bytes)
		memcpy(id.bytes, bytes, sizeof id.bytes);
	return id;
}

dfs_ballot pack_get_ballot(struct pack_in *in)
{
	dfs_ballot ballot = {.epoch = pack_get_u32(in)};

	ballot.counter = pack_get_u64(in);
	ballot.proposer = pack_get_id(in);
	return ballot;
}
