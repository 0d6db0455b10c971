/*
 * dfs_put: files into the store.
 *
 * Small files are read whole and go in batches, inside PREPARE, stated by one signature;
 * a large one goes by itself, through a window of units.  Its digest is taken first, for
 * the row, and again while it is sent: a file that changed in between is noticed.
 */
#include "libdfs.h"

#include "ballot.h"
#include "cipher.h"
#include "clock.h"
#include "content.h"
#include "manifest.h"
#include "object.h"
#include "owner.h"
#include "path.h"
#include "placement.h"
#include "proposer.h"
#include "reading.h"
#include "stage.h"
#include "tree.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- proposals ----------------------------------------------------------------- */

/* Everything of the proposal that does not depend on the content. */
static bool begin_proposal(struct dfs *dfs, struct dfs_put *item,
			   const struct content_source *source, struct proposal *proposal)
{
	dfs_content *content = &proposal->content;

	memset(proposal, 0, sizeof *proposal);
	proposal->path = item->path;
	proposal->kind = PROPOSAL_FILE;
	proposal->link = item->link;
	proposal->create = item->create;
	proposal->meet = reading_meet;
	if (item->if_version && !version_parse(item->if_version, &proposal->if_version)) {
		result_fail(&item->result, DFS_EXIT_USAGE, "\"%.80s\" is not a version",
			    item->if_version);
		return false;
	}
	proposal->conditional = item->if_version;
	if (item->operation && !proposer_retry_parse(item->operation, proposal)) {
		result_fail(&item->result, DFS_EXIT_USAGE,
			    "\"%.80s\" is not an operation", item->operation);
		return false;
	}
	content->size = source->size;
	content->modified = source->modified_ns;
	content->stored = clock_wall_ns();
	content->unit_size = placement_unit_size(source->size);
	content->writer = (dfs_user){(u_int)strlen(dfs->user), dfs->user};
	proposal->attributes = (dfs_attributes){.mode = source->executable ? 0100 : 0,
						.modified = source->modified_ns};
	if (!dfs->identity) {
		result_fail(&item->result, DFS_EXIT_DENIED, REFUSALS_NOBODY);
		return false;
	}
	if ((!item->operation && !id_random(&proposal->operation)) ||
	    !manifest_token(dfs->identity, &proposal->operation, &proposal->token) ||
	    !object_maker(&proposal->token, &content->maker) ||
	    !keys_random(proposal->key, sizeof proposal->key)) {
		result_fail(&item->result, DFS_EXIT_OTHER,
			    "the system has no random bytes");
		return false;
	}
	owner_find(dfs, proposal);
	return true;
}

/* What is encrypted of its content; maker, size and tree are known.  false: no memory. */
static bool seal_digest(struct proposal *proposal, const uint8_t xxh128[16])
{
	dfs_content *content = &proposal->content;
	uint8_t *sealed = malloc(MANIFEST_SEALED_LEN);
	struct manifest_secret secret;
	bool good;

	content->sealed.sealed_val = (char *)sealed;
	content->sealed.sealed_len = MANIFEST_SEALED_LEN;
	memcpy(secret.key, proposal->key, sizeof secret.key);
	memcpy(secret.xxh128, xxh128, sizeof secret.xxh128);
	good = sealed && manifest_seal(content, &secret, sealed);
	secret_wipe(&secret, sizeof secret);
	return good;
}

/* That these contents are what the user put at their paths.  false: no memory. */
static bool sign(struct dfs *dfs, struct proposal *proposals, size_t count)
{
	struct manifest_stated stated[DFS_BATCH_MAX];

	for (size_t i = 0; i < count; i++)
		stated[i] = (struct manifest_stated){.path = proposals[i].path,
						     .owner = proposals[i].owner,
						     .content = &proposals[i].content};
	return manifest_sign_contents(dfs->identity, stated, count);
}

static void end_proposal(struct proposal *proposal)
{
	proposer_free(proposal);
	free(proposal->content.sealed.sealed_val);
	free(proposal->content.signature.path.path_val);
	secret_wipe(proposal->key, sizeof proposal->key);
	secret_wipe(&proposal->token, sizeof proposal->token);
}

/* What became of the proposal, for the caller of dfs_put. */
static void report(struct dfs *dfs, struct dfs_put *item, const struct proposal *proposal)
{
	const dfs_content *content;
	server_set absent = 0, keeps = 0;
	char names[DFS_WHY], why[DFS_WHY];

	item->result = proposal->result;
	item->size = proposal->content.size;
	if (item->result.code == DFS_EXIT_OPEN)
		proposer_retry_text(proposal, item->retry);
	if (item->result.code != DFS_EXIT_DONE || !proposal->known)
		return;
	version_text(&proposal->made, item->version);
	content = &proposal->content;
	if (content->modified == INT64_MAX || content->modified == INT64_MIN)
		result_warn(&item->result,
			    "stored, but with another time: none before 1677 or after "
			    "2262 can be kept yet");
	/* Who came after it has replaced it: its own copies are no longer of interest. */
	if (!id_equal(&proposal->value.operation, &proposal->operation) ||
	    !value_has_content(&proposal->value)) {
		item->copies = 2;
		return;
	}
	content = &proposal->value.body.dfs_body_u.manifest.content;
	item->copies = placement_copies(content->holders, SERVERS_ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (placement_held(content->holders, s) == 0)
			absent = set_with(absent, s);
	if (absent == 0)
		return;
	if (absent & proposal->refusals.full)
		(void)snprintf(why, sizeof why, "no room on %s",
			       session_names(absent & proposal->refusals.full, names));
	else if (absent & proposal->refusals.failing)
		(void)snprintf(why, sizeof why,
			       "the disk of %s failed: look into its log",
			       session_names(absent & proposal->refusals.failing, names));
	else
		session_absent(dfs, SERVERS_ALL & ~absent, why);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(absent, s))
			keeps = set_with(keeps, placement_opposite(s));
	if (item->copies >= 2)
		result_warn(&item->result,
			    "stored without one server (%.800s); %s keeps its part as "
			    "a spare, so every chunk has two copies",
			    why, session_names(keeps, names));
	else
		result_warn(&item->result,
			    "stored below full protection (%.800s): some chunks have "
			    "one copy only; put it again when all servers are there",
			    why);
}

/* ---- small files --------------------------------------------------------------- */

struct put_batch {
	struct dfs *dfs;
	const struct dfs_put_callbacks *callbacks;
	struct dfs_put *items; /* of the whole call */
	size_t count;          /* in this batch */
	size_t bytes;
	size_t which[DFS_BATCH_MAX]; /* item of each proposal */
	struct proposal proposals[DFS_BATCH_MAX];
	struct proposal_small units[DFS_BATCH_MAX];
	struct cipher *cipher;
};

static void flush(struct put_batch *batch)
{
	bool signed_all;

	if (batch->count == 0)
		return;
	signed_all = sign(batch->dfs, batch->proposals, batch->count);
	if (signed_all)
		proposer_run(batch->dfs, batch->proposals, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		struct dfs_put *item = &batch->items[batch->which[i]];

		if (signed_all)
			report(batch->dfs, item, &batch->proposals[i]);
		else
			result_fail(&item->result, DFS_EXIT_OTHER, "out of memory");
		end_proposal(&batch->proposals[i]);
		free(batch->units[i].bytes);
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->callbacks->finished(batch->callbacks->context, batch->which[i]);
	batch->count = 0;
	batch->bytes = 0;
}

/* Is the path in the batch already?  One ballot cannot serve two values of one path. */
static bool is_in_batch(const struct put_batch *batch, const char *path)
{
	for (size_t i = 0; i < batch->count; i++)
		if (strcmp(batch->proposals[i].path, path) == 0)
			return true;
	return false;
}

/* Bytes that the units of a small file take at most. */
static size_t small_most(uint64_t size)
{
	return (size_t)size + (size_t)DFS_SERVERS * CIPHER_MORE;
}

/*
 * The units of a small file as they are stored, in memory to be freed, and its tree;
 * false: out of memory.
 */
static bool seal_small(struct cipher *cipher, struct proposal *proposal,
		       const uint8_t *bytes, struct proposal_small *ret)
{
	dfs_content *content = &proposal->content;
	uint64_t units = placement_units(content->size, content->unit_size);
	struct cipher_object object;
	uint8_t *room;
	bool good;

	memset(ret, 0, sizeof *ret);
	ret->bytes = room = malloc(small_most(content->size));
	good = room && cipher_object_init(&object, content, proposal->key);
	for (uint64_t u = 0; good && u < units; u++) {
		uint32_t len = placement_unit_len(content->size, content->unit_size, u);

		room[0] = CIPHER_ANY;
		memcpy(room + CIPHER_BEFORE, bytes + u * content->unit_size, len);
		ret->lens[u] = cipher_seal(cipher, &object, u, room, len);
		good = ret->lens[u] > 0 && tree_leaf(&content->maker, u, room,
						     ret->lens[u], &proposal->tree[u]);
		room += ret->lens[u];
	}
	content->tree.tree_len = (u_int)units;
	content->tree.tree_val = proposal->tree;
	secret_wipe(&object, sizeof object);
	return good;
}

/* Takes the content of the source into the batch; false when the item has ended. */
static bool add_small(struct put_batch *batch, size_t which,
		      const struct content_source *source)
{
	struct dfs_put *item = &batch->items[which];
	struct proposal *proposal = &batch->proposals[batch->count];
	struct proposal_small *units = &batch->units[batch->count];
	struct content_digests digests;

	if (!begin_proposal(batch->dfs, item, source, proposal) ||
	    !content_source_hash(source, item, &digests))
		return false;
	proposal->content.row = content_row(digests.xxh128);
	if (!seal_small(batch->cipher, proposal, source->bytes, units) ||
	    !seal_digest(proposal, digests.xxh128)) {
		free(units->bytes);
		end_proposal(proposal);
		result_fail(&item->result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	proposal->small = units;
	batch->which[batch->count++] = which;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		batch->bytes += units->lens[i];
	return true;
}

/* ---- large files --------------------------------------------------------------- */

struct large_file {
	struct stage stage;
	const struct dfs_put_callbacks *callbacks;
	size_t which;
	struct dfs_put *item;
	const struct content_source *source;
};

static void show_progress(void *context, uint64_t done)
{
	const struct large_file *large = context;

	if (large->callbacks->progress)
		large->callbacks->progress(large->callbacks->context, large->which, done,
					   large->source->size);
}

/* What is known of the content once all of it has been sealed; false: no memory. */
static bool complete_large(struct large_file *large, struct proposal *proposal)
{
	dfs_content *content = &proposal->content;
	const struct stage *stage = &large->stage;

	if (!stage->ran || content->tree.tree_len > 0)
		return true;
	memcpy(proposal->tree, stage->tree, sizeof proposal->tree);
	content->tree.tree_len = stage->tree_len;
	content->tree.tree_val = proposal->tree;
	if (seal_digest(proposal, stage->xxh128) && sign(stage->dfs, proposal, 1))
		return true;
	result_fail(&proposal->result, DFS_EXIT_OTHER, "out of memory");
	return false;
}

static bool stage_large(struct proposal *proposal, server_set servers)
{
	struct large_file *large = proposal->stage_context;

	if (!stage_run(&large->stage, servers, proposal->uploaded, &proposal->result)) {
		large->item->local_failed = true;
		large->item->changed = large->stage.changed;
		return false;
	}
	refusals_add(&proposal->refusals, &large->stage.refusals);
	if (!content_source_unchanged(large->source)) {
		content_source_fail(large->source, large->item);
		proposal->result = large->item->result;
		return false;
	}
	/* XXH3 tells of accidents; that the file was changed it tells only of those. */
	if (large->stage.ran && large->item->sha256 &&
	    memcmp(large->item->sha256, large->stage.sha256,
		   sizeof large->stage.sha256) != 0) {
		large->item->local_failed = large->item->changed = true;
		result_fail(&proposal->result, DFS_EXIT_OTHER, "%s", CONTENT_CHANGED);
		return false;
	}
	return complete_large(large, proposal);
}

static void put_large(struct dfs *dfs, struct dfs_put *item, size_t which,
		      const struct content_source *source,
		      const struct dfs_put_callbacks *callbacks)
{
	struct large_file large = {
		.callbacks = callbacks, .which = which, .item = item, .source = source};
	struct content_digests digests;
	struct proposal proposal;

	if (!begin_proposal(dfs, item, source, &proposal) ||
	    !content_source_hash(source, item, &digests))
		return;
	proposal.content.row = content_row(digests.xxh128);
	proposal.stage = stage_large;
	proposal.stage_context = &large;
	large.stage.dfs = dfs;
	large.stage.fd = source->fd;
	large.stage.operation = proposal.operation;
	large.stage.path = item->path;
	large.stage.content = proposal.content;
	large.stage.token = proposal.token;
	large.stage.with_sha256 = item->sha256;
	memcpy(large.stage.key, proposal.key, sizeof large.stage.key);
	memcpy(large.stage.xxh128, digests.xxh128, sizeof large.stage.xxh128);
	large.stage.progress = show_progress;
	large.stage.progress_context = &large;
	proposer_run(dfs, &proposal, 1);
	report(dfs, item, &proposal);
	end_proposal(&proposal);
	stage_free(&large.stage);
}

/* ---- all ----------------------------------------------------------------------- */

void dfs_put(struct dfs *dfs, struct dfs_put *items, size_t count,
	     const struct dfs_put_callbacks *callbacks)
{
	struct put_batch *batch = calloc(1, sizeof *batch);

	if (batch && !(batch->cipher = cipher_new())) {
		free(batch);
		batch = NULL;
	}
	if (batch) {
		batch->dfs = dfs;
		batch->callbacks = callbacks;
		batch->items = items;
	}
	for (size_t i = 0; i < count; i++) {
		struct content_source source;
		bool batched = false;

		items[i].result = (struct dfs_result){.code = DFS_EXIT_OTHER};
		items[i].version[0] = items[i].retry[0] = '\0';
		items[i].copies = 0;
		items[i].changed = false;
		if (!batch)
			result_fail(&items[i].result, DFS_EXIT_OTHER, "out of memory");
		if (!batch || !content_source_open(&source, &items[i])) {
			callbacks->finished(callbacks->context, i);
			continue;
		}
		/*
		 * Where content would make the call too long, or the path is there twice.
		 */
		if (batch->count == DFS_BATCH_MAX ||
		    batch->bytes + small_most(source.size) > DFS_CONTENT_MAX ||
		    is_in_batch(batch, items[i].path))
			flush(batch);
		if (source.bytes)
			batched = add_small(batch, i, &source);
		else
			put_large(dfs, &items[i], i, &source, callbacks);
		content_source_close(&source);
		if (!batched)
			callbacks->finished(callbacks->context, i);
	}
	if (batch) {
		flush(batch);
		cipher_free(batch->cipher);
	}
	free(batch);
	session_tell(dfs);
}
