/*
 * A batch of contents that the servers have, stated at other paths.
 *
 * The content keeps maker, tree and digest, and so its object; who brings it to another
 * path states it anew: that it is there, whose it is, and that he says so.
 */
#include "copying.h"

#include "authority.h"
#include "ballot.h"
#include "clock.h"
#include "moves.h"
#include "owner.h"
#include "path.h"
#include "provenance.h"
#include "reading.h"
#include "successor.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 3 };

/* ---- proposals ----------------------------------------------------------------- */

/* What is there, opened and proved; NULL, with the result, when it cannot be copied. */
static const dfs_manifest *open_source(struct dfs *dfs, struct copying *of,
				       struct manifest_secret *ret)
{
	const struct lookup *source = of->from_here;
	const dfs_manifest *manifest = lookup_file(source);

	of->result = (struct dfs_result){.code = DFS_EXIT_DONE};
	if (source->result.code != DFS_EXIT_DONE)
		of->result = source->result;
	else if (!manifest)
		result_fail(&of->result, DFS_EXIT_MISSING, "no such file");
	else if (of->moves && !moves_may_write(dfs, source))
		result_fail(&of->result, DFS_EXIT_DENIED,
			    "is not yours to move: cp makes a copy");
	else if (provenance_open(dfs, of->from, &source->value, ret, &of->result))
		return manifest;
	return NULL;
}

/* The operation of one file of a tree. */
static bool derive_operation(struct copying *of)
{
	const dfs_version *version = &of->from_here->value.content_version;
	uint8_t from[2 * DFS_ID_LEN + 8], key[KEYS_LEN];
	uint8_t *at = from;

	memcpy(at, of->tree->bytes, DFS_ID_LEN);
	at += DFS_ID_LEN;
	memcpy(at, version->operation.bytes, DFS_ID_LEN);
	at += DFS_ID_LEN;
	for (int shift = 56; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(version->number >> shift);
	if (!keys_derive(from, sizeof from, "dfs tree", key))
		return false;
	memcpy(of->operation.bytes, key, DFS_ID_LEN);
	return true;
}

/* All but the signature of the content. */
static bool begin(struct dfs *dfs, struct copying *of)
{
	struct proposal *proposal = &of->proposal;
	struct manifest_secret secret;
	const dfs_manifest *manifest = open_source(dfs, of, &secret);

	memset(proposal, 0, sizeof *proposal);
	if (!manifest)
		return false;
	if (of->tree ? !derive_operation(of)
		     : id_is_zero(&of->operation) && !id_random(&of->operation)) {
		result_fail(&of->result, DFS_EXIT_OTHER,
			    "the system has no random bytes");
		return false;
	}
	proposal->path = of->to;
	proposal->kind = PROPOSAL_FILE;
	proposal->operation = of->operation;
	proposal->create = of->create;
	proposal->copies = true;
	proposal->link = of->from_here->value.body.kind == DFS_LINK;
	proposal->meet = reading_meet;
	proposal->ticket = of->from_here->ticket;
	proposal->attributes = manifest->attributes;
	proposal->content = manifest->content;
	proposal->content.stored = clock_wall_ns();
	proposal->content.writer = (dfs_user){(u_int)strlen(dfs->user), dfs->user};
	memset(&proposal->content.signature, 0, sizeof proposal->content.signature);
	memcpy(proposal->key, secret.key, sizeof proposal->key);
	secret_wipe(&secret, sizeof secret);
	owner_find(dfs, proposal);
	if (of->moves) {
		of->note =
			(dfs_note){.operation = of->operation,
				   .old_path = path_borrow(of->from),
				   .old_version = of->from_here->value.content_version};
		if (!of->tree &&
		    authority_may_note(&proposal->content.writer, &of->note.old_path))
			proposal->note = &of->note;
	}
	return true;
}

/* That these contents are what the user brings to their paths.  false: no memory. */
static bool sign(struct dfs *dfs, struct proposal *proposals, size_t count)
{
	struct manifest_stated stated[DFS_BATCH_MAX];

	for (size_t i = 0; i < count; i++)
		stated[i] = (struct manifest_stated){.path = proposals[i].path,
						     .owner = proposals[i].owner,
						     .content = &proposals[i].content};
	return manifest_sign_contents(dfs->identity, stated, count);
}

static void end(struct proposal *proposal)
{
	proposer_free(proposal);
	free(proposal->content.signature.path.path_val);
	proposal->content.signature.path.path_val = NULL;
	secret_wipe(proposal->key, sizeof proposal->key);
}

/* ---- a batch ------------------------------------------------------------------- */

/* One try of those that are marked. */
static void run_marked(struct dfs *dfs, struct copying *of, size_t count,
		       const bool *marked)
{
	struct proposal *proposals = calloc(count + 1, sizeof *proposals);
	size_t which[DFS_BATCH_MAX], filled = 0;

	for (size_t i = 0; i < count; i++) {
		if (!marked[i])
			continue;
		of[i].refused_there = false;
		if (!proposals)
			result_fail(&of[i].result, DFS_EXIT_OTHER, "out of memory");
		else if (!dfs->identity)
			result_fail(&of[i].result, DFS_EXIT_DENIED, REFUSALS_NOBODY);
		else if (begin(dfs, &of[i])) {
			proposals[filled] = of[i].proposal;
			which[filled++] = i;
		}
	}
	if (filled > 0 && sign(dfs, proposals, filled)) {
		proposer_run(dfs, proposals, filled);
		for (size_t i = 0; i < filled; i++) {
			of[which[i]].result = proposals[i].result;
			of[which[i]].refused_there =
				proposals[i].result.code != DFS_EXIT_DONE;
		}
	} else {
		for (size_t i = 0; i < filled; i++)
			result_fail(&of[which[i]].result, DFS_EXIT_OTHER,
				    "out of memory");
	}
	for (size_t i = 0; i < filled; i++)
		of[which[i]].proposal = proposals[i];
	free(proposals);
}

/*
 * It did not come to its path: is its content another now, or gone?  Then what is there
 * now is copied, under the same operation.
 */
static bool has_changed(struct copying *of, struct lookup *again)
{
	const dfs_manifest *was = lookup_file(of->from_here);
	const dfs_manifest *is = lookup_file(again);

	if (again->result.code != DFS_EXIT_DONE ||
	    (is && was && successor_is_same(&is->content, &was->content)))
		return false;
	lookup_free(of->from_here);
	*of->from_here = *again;
	memset(again, 0, sizeof *again);
	return true;
}

/* Reads anew what failed; marks what is to be tried again, if there is any. */
static bool mark_changed(struct dfs *dfs, struct copying *of, size_t count, bool *marked)
{
	struct lookup *lookups = calloc(count + 1, sizeof *lookups);
	size_t which[DFS_BATCH_MAX], asked = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		bool failed = marked[i] && of[i].proposal.path &&
			      of[i].result.code == DFS_EXIT_FEW &&
			      !of[i].proposal.proposed;

		marked[i] = false;
		if (!failed || !lookups)
			continue;
		lookups[asked].path = of[i].from;
		which[asked++] = i;
	}
	if (asked > 0)
		reading_run(dfs, lookups, asked);
	for (size_t i = 0; i < asked; i++) {
		marked[which[i]] = has_changed(&of[which[i]], &lookups[i]);
		any |= marked[which[i]];
		if (marked[which[i]])
			end(&of[which[i]].proposal);
		lookup_free(&lookups[i]);
	}
	free(lookups);
	return any;
}

void copying_run(struct dfs *dfs, struct copying *of, size_t count)
{
	bool marked[DFS_BATCH_MAX];
	unsigned tries = 0;

	for (size_t i = 0; i < count; i++)
		marked[i] = true;
	do
		run_marked(dfs, of, count, marked);
	while (++tries < TRIES && mark_changed(dfs, of, count, marked));
}

void copying_free(struct copying *of, size_t count)
{
	for (size_t i = 0; i < count; i++)
		end(&of[i].proposal);
}
