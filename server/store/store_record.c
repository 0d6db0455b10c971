/* One record of a segment. */
#include "store_record.h"

#include "ballot.h"
#include "pack.h"
#include "segment.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- to be written ------------------------------------------------------------- */

struct store_record *store_record_new(enum frame_type type, const struct frame_key *key,
				      const void *data, size_t len)
{
	size_t size = frame_size(key->len, len);
	size_t key_size = offsetof(struct frame_key, bytes) + key->len;
	struct store_record *record = malloc(sizeof *record + key_size + size);

	if (!record)
		return NULL;
	record->next = NULL;
	record->key = (struct frame_key *)(record + 1);
	memcpy(record->key, key, key_size);
	record->frame = (uint8_t *)record->key + key_size;
	record->len = size;
	frame_pack(record->frame, type, key, data, len);
	return record;
}

void store_record_free_all(struct store_record *records)
{
	struct store_record *next;

	for (; records; records = next) {
		next = records->next;
		free(records);
	}
}

const struct store_record *store_record_find(const struct store_record *records,
					     const struct frame_key *key)
{
	while (records && (records->key->len != key->len ||
			   memcmp(records->key->bytes, key->bytes, key->len) != 0))
		records = records->next;
	return records;
}

int store_record_copy(const struct store_record *records, const struct frame_key *key,
		      void **ret_frame, size_t *ret_len)
{
	const struct store_record *record = store_record_find(records, key);

	if (!record)
		return ENOENT;
	*ret_frame = malloc(record->len);
	if (!*ret_frame)
		return ENOMEM;
	memcpy(*ret_frame, record->frame, record->len);
	*ret_len = record->len;
	return 0;
}

/* In a bucket of gdbm. */
enum { BUCKET_ELEMENT = 24 };

uint64_t store_record_bytes(const struct store_record *record)
{
	return record->key->len + record->len + BUCKET_ELEMENT;
}

uint64_t store_record_bytes_of(const struct frame_key *key, size_t data_len)
{
	return key->len + frame_size(key->len, data_len) + BUCKET_ELEMENT;
}

/* ---- read ---------------------------------------------------------------------- */

int store_record_fetch(struct segment *file, enum frame_type type,
		       const struct frame_key *key, void **ret_record,
		       dfs_bytes *ret_data)
{
	void *record;
	size_t len;
	int rc = segment_fetch(file, key, &record, &len);

	if (rc == ENOENT)
		return EBADMSG;
	if (rc != 0)
		return rc;
	if (!frame_unpack(record, len, type, key, ret_data)) {
		free(record);
		return EBADMSG;
	}
	*ret_record = record;
	return 0;
}

int store_record_fetch_value(struct segment *file, const char *path, size_t len,
			     const dfs_ballot *ballot, dfs_value *ret)
{
	struct pack_in in = {0};
	struct frame_key key;
	dfs_ballot stored;
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_register(&key, path, len);
	rc = store_record_fetch(file, FRAME_REGISTER, &key, &record, &data);
	if (rc != 0)
		return rc;
	in.at = data.data;
	in.left = data.len;
	stored = pack_get_ballot(&in);
	if (in.failed || ballot_compare(&stored, ballot) != 0 ||
	    !value_unpack(in.at, in.left, ret))
		rc = EBADMSG;
	free(record);
	return rc;
}
