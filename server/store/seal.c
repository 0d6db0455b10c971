/* The record "@seal": pack and unpack face each other. */
#include "seal.h"

#include "path.h"
#include "placement.h"
#include "sets.h"

#include <string.h>

enum register_flag {
	SETTLED = 1,
	HAS_READERS = 2,
	OWNER_APART = 4,
	UNBROUGHT = 8, /* some are: which of the objects, follows them */
	FLAGS_ALL = 15
};
enum content_flag { PROVED = 1, BY_MAKER = 2, CONTENT_FLAGS_ALL = 3 };

static void put_path(struct pack_out *out, const struct seal_entry *entry)
{
	pack_put_u16(out, (uint16_t)entry->path_len);
	pack_put(out, entry->path, entry->path_len);
	pack_put_ballot(out, &entry->ballot);
}

static void get_path(struct pack_in *in, struct seal_entry *ret)
{
	ret->path_len = pack_get_u16(in);
	if (ret->path_len == 0 || ret->path_len > DFS_PATH_MAX)
		in->failed = true;
	ret->path = (const char *)pack_get(in, ret->path_len);
	ret->ballot = pack_get_ballot(in);
}

/*
 * Is it a file, a link or a folder?  Each takes of its owner's quota.
 */
static bool is_owned(const struct seal_entry *entry)
{
	return entry->type == SEAL_REGISTER &&
	       (entry->kind == DFS_FILE || entry->kind == DFS_LINK ||
		entry->kind == DFS_FOLDER);
}

/*
 * Who owns a file, and what is left of it, is told by its path, unless it is one of those
 * that belong to everyone.
 */
static bool owner_is_apart(const struct seal_entry *entry)
{
	return path_is_shared(entry->path, entry->path_len) &&
	       (is_owned(entry) ||
		(entry->kind == DFS_TOMBSTONE && entry->owner_len > 0));
}

static bool owner_is_of_path(const struct seal_entry *entry)
{
	if (entry->kind == DFS_ACCOUNT)
		return true;
	if (path_is_shared(entry->path, entry->path_len))
		return false;
	if (is_owned(entry))
		return true;
	return entry->kind == DFS_TOMBSTONE &&
	       path_kind(entry->path, entry->path_len) == PATH_OF_FILE;
}

void seal_find_owner(struct seal_entry *entry)
{
	if (owner_is_of_path(entry))
		entry->owner =
			path_of_whom(entry->path, entry->path_len, &entry->owner_len);
}

static void put_owner(struct pack_out *out, const struct seal_entry *entry)
{
	pack_put_u8(out, (uint8_t)entry->owner_len);
	pack_put(out, entry->owner, entry->owner_len);
}

static void get_owner(struct pack_in *in, struct seal_entry *ret)
{
	ret->owner_len = pack_get_u8(in);
	ret->owner = (const char *)pack_get(in, ret->owner_len);
	if (ret->owner_len > DFS_USER_MAX)
		in->failed = true;
}

static void put_register(struct pack_out *out, const struct seal_entry *entry)
{
	bool apart = owner_is_apart(entry);

	put_path(out, entry);
	pack_put_u8(out, (uint8_t)entry->kind);
	pack_put_u8(out, (uint8_t)((entry->settled ? SETTLED : 0) |
				   (entry->has_readers ? HAS_READERS : 0) |
				   (apart ? OWNER_APART : 0) |
				   (entry->unbrought != 0 ? UNBROUGHT : 0)));
	if (apart)
		put_owner(out, entry);
	pack_put_u64(out, entry->size);
	pack_put_u32(out, entry->holders);
	pack_put_u64(out, entry->digest);
	pack_put_u64(out, entry->bytes);
	pack_put_u8(out, (uint8_t)entry->object_count);
	for (unsigned i = 0; i < entry->object_count; i++)
		pack_put_id(out, &entry->objects[i]);
	if (entry->unbrought != 0)
		pack_put_u16(out, entry->unbrought);
	if (entry->object_count > 1)
		pack_put_u64(out, entry->earlier_size);
}

static bool is_kind(dfs_kind kind)
{
	return kind >= DFS_FILE && kind <= DFS_LINK;
}

/* Of objects that it names, and of one at least. */
static void get_unbrought(struct pack_in *in, struct seal_entry *ret)
{
	ret->unbrought = pack_get_u16(in);
	if (ret->unbrought == 0 || ret->unbrought >> ret->object_count != 0)
		in->failed = true;
}

static void get_register(struct pack_in *in, struct seal_entry *ret)
{
	unsigned flags;

	get_path(in, ret);
	ret->kind = (dfs_kind)pack_get_u8(in);
	flags = pack_get_u8(in);
	ret->settled = flags & SETTLED;
	ret->has_readers = flags & HAS_READERS;
	if (flags & OWNER_APART)
		get_owner(in, ret);
	else if (!in->failed)
		seal_find_owner(ret);
	ret->size = pack_get_u64(in);
	ret->holders = pack_get_u32(in);
	ret->digest = pack_get_u64(in);
	ret->bytes = pack_get_u64(in);
	ret->object_count = pack_get_u8(in);
	if (!is_kind(ret->kind) || (flags & ~(unsigned)FLAGS_ALL) != 0 ||
	    (!in->failed && owner_is_apart(ret) != ((flags & OWNER_APART) != 0)) ||
	    ret->object_count > SEAL_OBJECTS_MAX) {
		in->failed = true;
		return;
	}
	for (unsigned i = 0; i < ret->object_count; i++)
		ret->objects[i] = pack_get_id(in);
	if (flags & UNBROUGHT)
		get_unbrought(in, ret);
	if (ret->object_count > 1)
		ret->earlier_size = pack_get_u64(in);
}

/* Whom staged content counts against is told by its binding: who brought it. */
static void put_binding(struct pack_out *out, const struct seal_entry *entry)
{
	pack_put_id(out, &entry->objects[0]);
	put_path(out, entry);
	pack_put_u64(out, entry->size);
	put_owner(out, entry);
}

static void get_binding(struct pack_in *in, struct seal_entry *ret)
{
	ret->objects[0] = pack_get_id(in);
	get_path(in, ret);
	ret->size = pack_get_u64(in);
	get_owner(in, ret);
}

/* Of more than four units, the root follows from the pieces. */
static bool has_tree(const struct seal_entry *entry)
{
	return entry->units > 0 && entry->units <= DFS_SERVERS;
}

static void put_content(struct pack_out *out, const struct seal_entry *entry)
{
	pack_put_id(out, &entry->objects[0]);
	pack_put_id(out, &entry->objects[1]);
	pack_put_u64(out, entry->size);
	pack_put_u8(out, (uint8_t)entry->chunks);
	pack_put_u64(out, entry->bytes);
	pack_put_u8(out, (uint8_t)((entry->proved ? PROVED : 0) |
				   (entry->by_maker ? BY_MAKER : 0)));
	if (has_tree(entry))
		pack_put(out, entry->tree, entry->units * sizeof *entry->tree);
}

static chunk_set get_chunks(struct pack_in *in)
{
	chunk_set chunks = pack_get_u8(in);

	if (chunks > CHUNKS_ALL)
		in->failed = true;
	return chunks;
}

static void get_content(struct pack_in *in, struct seal_entry *ret)
{
	unsigned flags;

	ret->objects[0] = pack_get_id(in);
	ret->objects[1] = pack_get_id(in);
	ret->size = pack_get_u64(in);
	ret->units = placement_units(ret->size, placement_unit_size(ret->size));
	ret->chunks = get_chunks(in);
	ret->bytes = pack_get_u64(in);
	flags = pack_get_u8(in);
	ret->proved = flags & PROVED;
	ret->by_maker = flags & BY_MAKER;
	if (has_tree(ret))
		ret->tree = (const dfs_key *)pack_get(in, ret->units * sizeof *ret->tree);
	if (ret->units > DFS_FILE_UNITS_MAX || ret->chunks == 0 ||
	    (flags & ~(unsigned)CONTENT_FLAGS_ALL) != 0)
		in->failed = true;
}

void seal_put_entry(struct pack_out *out, const struct seal_entry *entry)
{
	pack_put_u8(out, (uint8_t)entry->type);
	switch (entry->type) {
	case SEAL_REGISTER:
		put_register(out, entry);
		break;
	case SEAL_BINDING:
		put_binding(out, entry);
		break;
	case SEAL_CONTENT:
		put_content(out, entry);
		break;
	case SEAL_DROP:
		pack_put_id(out, &entry->objects[0]);
		break;
	case SEAL_SETTLED:
	case SEAL_FORGET:
		put_path(out, entry);
		break;
	case SEAL_PROVED:
	case SEAL_TRIM:
		pack_put_id(out, &entry->objects[0]);
		pack_put_u8(out, (uint8_t)entry->chunks);
		break;
	}
}

enum seal_step seal_next(struct seal_reader *reader, struct seal_entry *ret)
{
	struct pack_in *in = &reader->in;

	if (in->failed)
		return SEAL_BROKEN;
	if (reader->count == 0)
		return in->left == 0 ? SEAL_END : SEAL_BROKEN;
	reader->count--;
	memset(ret, 0, sizeof *ret);
	ret->type = (enum seal_type)pack_get_u8(in);
	switch (ret->type) {
	case SEAL_REGISTER:
		get_register(in, ret);
		break;
	case SEAL_BINDING:
		get_binding(in, ret);
		break;
	case SEAL_CONTENT:
		get_content(in, ret);
		break;
	case SEAL_DROP:
		ret->objects[0] = pack_get_id(in);
		break;
	case SEAL_SETTLED:
	case SEAL_FORGET:
		get_path(in, ret);
		break;
	case SEAL_PROVED:
	case SEAL_TRIM:
		ret->objects[0] = pack_get_id(in);
		ret->chunks = get_chunks(in);
		break;
	default:
		in->failed = true;
	}
	return in->failed ? SEAL_BROKEN : SEAL_ENTRY;
}

static void put_head(struct pack_out *out, const struct seal_head *head)
{
	pack_put_u32(out, SEAL_VERSION);
	pack_put_id(out, &head->store);
	pack_put_id(out, &head->cluster);
	pack_put_u32(out, head->server);
	pack_put_u32(out, head->epoch);
	pack_put_u64(out, head->reserved);
	pack_put_ballot(out, &head->floor);
	pack_put_ballot(out, &head->bar);
	pack_put_u64(out, head->begun);
	pack_put_u8(out, head->votes);
	pack_put_u32(out, head->born);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		pack_put_id(out, &head->peers[i].store);
		pack_put_u32(out, head->peers[i].epoch);
		pack_put_u64(out, head->peers[i].newest_segment);
		pack_put(out, head->peers[i].signature, DFS_SIGNATURE_LEN);
	}
}

static void get_signature(struct pack_in *in, char ret[DFS_SIGNATURE_LEN])
{
	const uint8_t *bytes = pack_get(in, DFS_SIGNATURE_LEN);

	if (bytes)
		memcpy(ret, bytes, DFS_SIGNATURE_LEN);
}

static void get_head(struct pack_in *in, struct seal_head *ret)
{
	unsigned votes;

	if (pack_get_u32(in) != SEAL_VERSION)
		in->failed = true;
	ret->store = pack_get_id(in);
	ret->cluster = pack_get_id(in);
	ret->server = pack_get_u32(in);
	ret->epoch = pack_get_u32(in);
	ret->reserved = pack_get_u64(in);
	ret->floor = pack_get_ballot(in);
	ret->bar = pack_get_ballot(in);
	ret->begun = pack_get_u64(in);
	votes = pack_get_u8(in);
	ret->votes = votes == 1;
	ret->born = pack_get_u32(in);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		ret->peers[i].store = pack_get_id(in);
		ret->peers[i].epoch = pack_get_u32(in);
		ret->peers[i].newest_segment = pack_get_u64(in);
		get_signature(in, ret->peers[i].signature);
	}
	if (ret->begun == 0 || votes > 1)
		in->failed = true;
}

uint64_t seal_undo_bytes(enum seal_type type, size_t path_len)
{
	switch (type) {
	case SEAL_DROP:
	case SEAL_TRIM:
		return 1 + DFS_ID_LEN;
	case SEAL_FORGET:
		return 1 + sizeof(dfs_ballot) + path_len;
	case SEAL_REGISTER:
	case SEAL_BINDING:
	case SEAL_CONTENT:
	case SEAL_SETTLED:
	case SEAL_PROVED:
		return 0;
	}
	return 0;
}

void seal_put(struct pack_out *out, const struct seal_head *head, uint32_t count,
	      const struct pack_out *entries)
{
	put_head(out, head);
	pack_put_u32(out, count);
	if (entries->failed)
		out->failed = true;
	pack_put(out, entries->bytes, entries->len);
}

uint32_t seal_version(dfs_bytes record)
{
	struct pack_in in = {.at = record.data, .left = record.len};

	return pack_get_u32(&in);
}

bool seal_open(dfs_bytes record, struct seal_head *ret, struct seal_reader *reader)
{
	struct pack_in *in = &reader->in;

	*in = (struct pack_in){.at = record.data, .left = record.len};
	if (record.len > SEAL_MAX)
		return false;
	get_head(in, ret);
	reader->count = pack_get_u32(in);
	return !in->failed;
}
