/* Filling a batch with values, bindings and numbers; and freeing it. */
#include "batch.h"

#include "ballot.h"
#include "object.h"
#include "path.h"
#include "placement.h"
#include "statement.h"
#include "uploads.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_batch *store_batch_new(struct store *store)
{
	struct store_batch *batch = calloc(1, sizeof *batch);

	if (!batch)
		return NULL;
	batch->store = store;
	batch->generation = atomic_load(&store->generation);
	batch->records_end = &batch->records;
	return batch;
}

/* What was published has left the ops. */
static void free_ops(struct store_batch *batch)
{
	struct index *index = batch->store->index;

	pthread_rwlock_wrlock(&batch->store->lock);
	for (size_t i = 0; i < batch->op_count; i++) {
		struct store_op *op = &batch->ops[i];

		if (op->reg)
			index_unclaim(index, op->reg, op->claimed);
		index_register_free(index, op->reg);
		index_binding_free(index, op->binding);
		if ((op->type == SEAL_CONTENT || op->type == SEAL_TRIM) && op->object)
			index_release(index, op->object);
		free(op->spare);
		free(op->forgotten);
	}
	pthread_rwlock_unlock(&batch->store->lock);
	free(batch->ops);
}

void store_batch_free(struct store_batch *batch)
{
	if (!batch)
		return;
	free_ops(batch);
	store_record_free_all(batch->records);
	for (size_t i = 0; i < batch->upload_count; i++)
		uploads_free_one(batch->store, batch->uploads[i]);
	pack_free(&batch->entries);
	free(batch);
}

static bool is_path(const char *path, size_t len)
{
	return path && len > 0 && len <= DFS_PATH_MAX;
}

/* ---- values -------------------------------------------------------------------- */

/* Earlier contents are named too.  false when out of memory. */
static bool name_earlier(struct seal_entry *entry, const dfs_earlier *earlier,
			 u_int count)
{
	bool good = true;

	for (u_int i = 0; good && i < count; i++) {
		good = object_of_content(&earlier[i].content,
					 &entry->objects[entry->object_count++]);
		entry->earlier_size += earlier[i].content.size;
	}
	return good;
}

/* Whose it was below /shared/ nobody knows: who deleted it pays for it. */
static bool describe_tombstone(struct seal_entry *entry, const dfs_value *value)
{
	const dfs_tombstone *tombstone = &value->body.dfs_body_u.tombstone;
	const dfs_earlier *earlier = tombstone->earlier.earlier_val;
	u_int count = tombstone->earlier.earlier_len;

	seal_find_owner(entry);
	if (path_is_shared(entry->path, entry->path_len)) {
		entry->owner = value->proof.signer.dfs_user_val;
		entry->owner_len = value->proof.signer.dfs_user_len;
	}
	if (!name_earlier(entry, earlier, count))
		return false;
	if (count > 0) {
		entry->size = earlier[0].content.size;
		entry->earlier_size -= entry->size;
	}
	return true;
}

/* false when out of memory. */
static bool describe_value(struct seal_entry *entry, const dfs_value *value)
{
	const dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const dfs_folder *folder = &value->body.dfs_body_u.folder;
	dfs_key digest;
	bool good = statement_digest(value, &digest);

	entry->digest = statement_short(&digest);
	entry->type = SEAL_REGISTER;
	entry->kind = value->body.kind;
	if (entry->kind == DFS_ACCOUNT) {
		entry->owner =
			path_of_whom(entry->path, entry->path_len, &entry->owner_len);
		entry->size = value->body.dfs_body_u.account.quota;
	}
	if (entry->kind == DFS_TOMBSTONE)
		return describe_tombstone(entry, value) && good;
	if (entry->kind == DFS_FOLDER) {
		entry->owner = folder->owner.dfs_user_val;
		entry->owner_len = folder->owner.dfs_user_len;
	}
	if (!value_has_content(value))
		return good;
	entry->owner = manifest->owner.dfs_user_val;
	entry->owner_len = manifest->owner.dfs_user_len;
	entry->size = manifest->content.size;
	entry->has_readers = manifest->access.readers.readers_len > 0;
	entry->holders = manifest->content.holders;
	return good &&
	       object_of_content(&manifest->content,
				 &entry->objects[entry->object_count++]) &&
	       name_earlier(entry, manifest->earlier.earlier_val,
			    manifest->earlier.earlier_len);
}

static bool accepts_already(const struct store_batch *batch, const char *path, size_t len)
{
	for (size_t i = 0; i < batch->op_count; i++) {
		const struct index_register *reg = batch->ops[i].reg;

		if (reg && reg->path_len == len &&
		    memcmp(index_path(reg), path, len) == 0)
			return true;
	}
	return false;
}

/* The record of a register: the ballot, then the value as on the wire. */
struct store_record *batch_register_new(struct seal_entry *entry, const dfs_value *value)
{
	uint8_t bytes[DFS_VALUE_MAX];
	size_t len = value_pack(value, bytes, sizeof bytes);
	struct store_record *record = NULL;
	struct pack_out data = {0};
	struct frame_key key;

	if (len == 0)
		return NULL;
	if (!describe_value(entry, value))
		return NULL;
	pack_put_ballot(&data, &entry->ballot);
	pack_put(&data, bytes, len);
	frame_key_register(&key, entry->path, entry->path_len);
	if (!data.failed)
		record = store_record_new(FRAME_REGISTER, &key, data.bytes, data.len);
	pack_free(&data);
	if (record)
		entry->bytes = store_record_bytes(record);
	return record;
}

/* A content that a value names, as far as it matters who brought it. */
struct named {
	const struct index_object *object;
	chunk_set given; /* to this server */
	bool kept;       /* as an earlier version: not what the path has */
};

static chunk_set lacking(const struct named *named)
{
	return named->given & ~index_brought(named->object);
}

/* Of what was accepted before: does it name the content; and was that brought, or not? */
enum told { UNTOLD, NAMED, BROUGHT, UNBROUGHT };

/*
 * What gave this server nothing that is not here tells nothing of what a later value
 * gives it; nor does a content that was kept, of what is to be there anew.
 */
static enum told told_by(const struct store *store, const struct index_register *older,
			 const struct named *named)
{
	chunk_set given = placement_held(older->holders, store->server) &
			  placement_filled(older->size);

	for (unsigned i = 0; i < older->object_count; i++) {
		if (older->objects[i] != named->object)
			continue;
		if ((older->unbrought & 1U << i) != 0)
			return UNBROUGHT;
		if (i == 0 && index_has_content(older))
			return (given & ~index_brought(named->object)) != 0 ? BROUGHT
									    : NAMED;
		return named->kept ? BROUGHT : NAMED;
	}
	return UNTOLD;
}

/*
 * Is something of what the value gives this server not here, and never was?  Then its
 * writer has not brought it: who names a holder has brought it the content before.  Told
 * only of a value that was signed since this store is, so that no lost disk had it, and
 * above what the path had for certain, so that it was not dropped here.  Its proof tells
 * when: what else it says of itself, its writer may choose; and what servers propose
 * again keeps its proof, for the holders that they correct are not his.  What was so
 * stays so with each value that names the same content.  With the store's lock held.
 */
static bool is_unbrought(const struct store *store, const struct index_register *reg,
			 const dfs_ballot *signed_at, const struct named *named)
{
	const struct index_register *older =
		index_find_register(store->index, index_path(reg), reg->path_len);
	const dfs_ballot *above = &store->head.floor;

	for (; older; older = older->older) {
		enum told told = told_by(store, older, named);

		if (told == BROUGHT || told == UNBROUGHT)
			return told == UNBROUGHT;
		if (told == NAMED || older->settled) {
			above = &older->ballot;
			break;
		}
	}
	return store->head.votes && signed_at->epoch >= store->head.born &&
	       ballot_compare(signed_at, above) > 0 && lacking(named) != 0;
}

/* What of the contents of this value was not brought: a bit for each. */
static uint16_t find_unbrought(const struct store *store,
			       const struct index_register *reg, const dfs_value *value)
{
	const dfs_body *body = &value->body;
	bool has_content = value_has_content(value);
	const dfs_earlier *earlier =
		has_content ? body->dfs_body_u.manifest.earlier.earlier_val
			    : body->dfs_body_u.tombstone.earlier.earlier_val;
	unsigned bits = 0;

	for (unsigned i = 0; store->rules.unbrought && i < reg->object_count; i++) {
		bool kept = i > 0 || !has_content;
		const dfs_content *content =
			kept ? &earlier[has_content ? i - 1 : i].content
			     : &body->dfs_body_u.manifest.content;
		const struct named named = {
			.object = reg->objects[i],
			.given = placement_held(content->holders, store->server) &
				 placement_filled(content->size),
			.kept = kept};

		if (is_unbrought(store, reg, &value->proof.ballot, &named))
			bits |= 1U << i;
	}
	return (uint16_t)bits;
}

int store_batch_accept(struct store_batch *batch, const dfs_path *path,
		       const dfs_ballot *ballot, const dfs_value *value, unsigned how)
{
	struct store *store = batch->store;
	struct seal_entry entry = {.path = path->dfs_path_val,
				   .path_len = path->dfs_path_len,
				   .ballot = *ballot};
	struct store_record *record;
	struct index_register *reg;
	struct store_op *op;
	uint64_t claimed = 0;
	int rc = ENOMEM;

	if (!is_path(entry.path, entry.path_len) || value_check(value) ||
	    accepts_already(batch, entry.path, entry.path_len))
		return EINVAL;
	record = batch_register_new(&entry, value);
	if (!record)
		return ENOMEM;
	/* The node, and its owner's quota while the batch is on its way. */
	pthread_rwlock_wrlock(&store->lock);
	reg = index_register_new(store->index, &entry);
	if (reg && how & STORE_WITHIN_QUOTA &&
	    !index_claim(store->index, reg, &claimed)) {
		index_register_free(store->index, reg);
		reg = NULL;
		rc = EDQUOT;
	}
	if (reg) {
		entry.unbrought = find_unbrought(store, reg, value);
		index_set_unbrought(reg, entry.unbrought);
	}
	pthread_rwlock_unlock(&store->lock);
	/* Into the batch, or all of it is taken back. */
	op = reg ? batch_add_op(batch, SEAL_REGISTER) : NULL;
	if (!op || !batch_add_entry(batch, &entry)) {
		if (op)
			batch_drop_op(batch);
		pthread_rwlock_wrlock(&store->lock);
		if (reg)
			index_unclaim(store->index, reg, claimed);
		index_register_free(store->index, reg);
		pthread_rwlock_unlock(&store->lock);
		free(record);
		return rc;
	}
	reg->confirmed = how & STORE_CONFIRMED;
	op->reg = reg;
	op->claimed = claimed;
	batch_add_records(batch, record);
	return 0;
}

/* ---- bindings ------------------------------------------------------------------- */

/* With the index locked: the binding and its entry, on whose account it is; or EDQUOT. */
static int make_binding(struct index *index, const struct index_stake *stake,
			struct seal_entry *entry, struct index_binding **ret)
{
	struct index_stake charged = *stake;

	if (stake->owner_len > 0 && !index_fits_quota(index, stake))
		return EDQUOT;
	index_charge(index, &charged);
	entry->size = charged.size;
	entry->owner = charged.owner;
	entry->owner_len = charged.owner_len;
	*ret = index_binding_new(index, entry);
	return *ret ? 0 : ENOMEM;
}

static int bind_object(struct store_batch *batch, const dfs_ballot *ballot,
		       const struct index_stake *stake)
{
	struct store *store = batch->store;
	struct seal_entry entry = {.type = SEAL_BINDING,
				   .path = stake->path,
				   .path_len = stake->path_len,
				   .ballot = *ballot,
				   .objects[0] = *stake->object};
	struct index_binding *binding = NULL;
	struct index_object *held;
	struct store_op *op;
	struct batch_here here;
	int rc;

	if (!is_path(stake->path, stake->path_len))
		return EINVAL;
	held = batch_hold_object(store, stake->object, &here);
	if (!held)
		return ENOMEM;
	if (!here.some && !batch_has_content(batch, stake->object)) {
		batch_release_object(store, held);
		return EINVAL;
	}
	pthread_rwlock_wrlock(&store->lock);
	rc = make_binding(store->index, stake, &entry, &binding);
	index_release(store->index, held);
	pthread_rwlock_unlock(&store->lock);
	op = binding ? batch_add_op(batch, SEAL_BINDING) : NULL;
	if (!op || !batch_add_entry(batch, &entry)) {
		if (op)
			batch_drop_op(batch);
		pthread_rwlock_wrlock(&store->lock);
		index_binding_free(store->index, binding);
		pthread_rwlock_unlock(&store->lock);
		return rc != 0 ? rc : ENOMEM;
	}
	op->binding = binding;
	return 0;
}

int store_batch_stake(struct store_batch *batch, const dfs_id *object,
		      const dfs_ballot *ballot, const struct store_stake *stake)
{
	const struct index_stake what = store_index_stake(object, stake);

	return bind_object(batch, ballot, &what);
}

/* ---- numbers ------------------------------------------------------------------- */

int store_batch_reserve(struct store_batch *batch, uint64_t counter)
{
	if (counter > batch->reserve)
		batch->reserve = counter;
	return 0;
}

int store_batch_epoch(struct store_batch *batch, uint32_t epoch)
{
	if (epoch > batch->epoch)
		batch->epoch = epoch;
	return 0;
}

void store_batch_may_use_reserve(struct store_batch *batch)
{
	batch->use = SPACE_ALL;
}

void store_batch_is_repair(struct store_batch *batch)
{
	batch->use = SPACE_REPAIR;
}
