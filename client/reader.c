/*
 * Reading registers.
 *
 * Most paths are decided by the first three answers, which agree.  What is left over
 * waits for the fourth, is looked at once more after a moment (somebody may be at work),
 * and is finished in the end, so that the next reader cannot see something older.
 */
#include "reader.h"

#include "ballot.h"
#include "clock.h"
#include "content.h"
#include "placement.h"
#include "proposer.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_AGAIN_MS = 50 };

void reader_free(struct reading *reading)
{
	if (reading->known)
		value_free(&reading->value);
	reading->known = false;
}

const dfs_manifest *reader_file(const struct reading *reading)
{
	if (!reading->known || reading->value.body.kind != DFS_FILE)
		return NULL;
	return &reading->value.body.dfs_body_u.manifest;
}

/* ---- one path's answers -------------------------------------------------------- */

enum verdict { READ_DONE, READ_WAIT, READ_FAILED };

/* The answers of one path: the highest value, and how many agree on what. */
struct tally {
	unsigned answers; /* servers that told of this path */
	unsigned none;    /* of these, that there is no file */
	unsigned equal;   /* of these, exactly the highest */
	const dfs_accepted *best;
};

static struct tally count_answers(struct round *round, size_t at)
{
	struct tally tally = {0};

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_lookup_res *res = round_answer(round, s);
		const dfs_lookup_ok *ok = res ? &res->dfs_lookup_res_u.ok : NULL;

		if (!res || res->status != DFS_OK || at >= ok->items.items_len ||
		    ok->items.items_val[at].status != DFS_OK)
			continue;
		const dfs_register *reg = &ok->items.items_val[at].dfs_looked_u.reg;
		const dfs_accepted *accepted = &reg->dfs_register_u.accepted;

		tally.answers++;
		if (!reg->known || accepted->value.body.kind == DFS_TOMBSTONE)
			tally.none++;
		if (!reg->known)
			continue;
		int order = tally.best ? ballot_compare(&accepted->ballot,
							&tally.best->ballot)
				       : 1;

		if (order > 0) {
			tally.best = accepted;
			tally.equal = 1;
		} else if (order == 0) {
			tally.equal++;
		}
	}
	return tally;
}

/* Takes the highest answer for the path's. */
static bool take_best(struct reading *reading, const struct tally *tally)
{
	reader_free(reading);
	if (!tally->best)
		return true;
	reading->known = value_copy(&tally->best->value, &reading->value);
	if (!reading->known)
		session_fail(&reading->result, DFS_EXIT_OTHER, "out of memory");
	return reading->known;
}

/* all: nobody else will answer. */
static enum verdict decide(struct dfs *dfs, struct reading *reading,
			   const struct tally *tally, bool all, bool finish,
			   unsigned present)
{
	/* Three that mean "no such file" outvote a file that only the fourth has accepted. */
	if (tally->none >= 3 && finish) {
		reader_free(reading);
		return READ_DONE;
	}
	if (tally->equal >= 3 || (!finish && tally->answers >= (all ? 1 : 2)))
		return take_best(reading, tally) ? READ_DONE : READ_FAILED;
	if (!all || tally->answers >= 3)
		return READ_WAIT;
	if (tally->answers == 2) {
		char absent[DFS_WHY];

		reading->unsure = tally->equal < 2;
		session_warn(&reading->result,
			     "only two servers answered (%.700s): what is shown may be "
			     "a write that was never completed",
			     session_absent(dfs, present, absent));
		return take_best(reading, tally) ? READ_DONE : READ_FAILED;
	}
	session_too_few(dfs, &reading->result, present,
			"fewer than two servers answered");
	return READ_FAILED;
}

/* ---- rounds -------------------------------------------------------------------- */

struct lookup_call {
	dfs_paths args;
	dfs_path paths[DFS_BATCH_MAX];
};

static void lookup_call_free(void *owner)
{
	struct lookup_call *call = owner;

	for (u_int i = 0; i < call->args.paths.paths_len; i++)
		free(call->paths[i].dfs_path_val);
	free(call);
}

static struct round *ask_all(struct dfs *dfs, struct reading **readings, size_t count,
			     unsigned servers)
{
	struct lookup_call *call = calloc(1, sizeof *call);
	struct round *round;

	if (!call)
		return NULL;
	call->args.paths.paths_val = call->paths;
	for (size_t i = 0; i < count; i++) {
		char *path = strdup(readings[i]->path);

		if (!path) {
			lookup_call_free(call);
			return NULL;
		}
		call->paths[i] = (dfs_path){(u_int)strlen(path), path};
		call->args.paths.paths_len++;
	}
	round = round_new(dfs->links, &session_lookup, call, lookup_call_free);
	for (unsigned s = 1; round && s <= DFS_SERVERS; s++)
		if (servers & 1U << (s - 1))
			round_ask(round, s, &call->args, clock_now_ms() + LINKS_NEED_MS);
	return round;
}

static void note_seen(struct dfs *dfs, struct round *round)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_lookup_res *res = round_answer(round, s);

		if (res && res->status == DFS_OK)
			session_saw(dfs, s, &res->dfs_lookup_res_u.ok.seen);
	}
}

/* A reading and its place in the call that asks for it. */
struct pending {
	struct reading *reading;
	size_t at;
};

/*
 * Asks for the readings; those decided leave the list.  Returns how many are left, to be
 * looked at again or finished.
 */
static size_t look(struct dfs *dfs, struct reading **readings, size_t count, bool finish)
{
	unsigned servers = session_servers(dfs, 2);
	struct round *round = ask_all(dfs, readings, count, servers);
	struct pending pending[DFS_BATCH_MAX];
	size_t left = count;

	for (size_t i = 0; i < count; i++) {
		pending[i] = (struct pending){readings[i], i};
		if (!round)
			session_fail(&readings[i]->result, DFS_EXIT_OTHER,
				     "out of memory");
	}
	if (!round)
		return 0;
	/* First with the first three answers; then, where these disagree, with the
	 * fourth. */
	for (int pass = 0; pass < 2 && left > 0; pass++) {
		size_t kept = 0;

		round_wait(round, 3, pass == 0 ? 0 : LINKS_PATIENCE_MS);
		bool all = pass == 1 || round_pending(round) == 0;

		for (size_t i = 0; i < left; i++) {
			struct tally tally = count_answers(round, pending[i].at);

			if (decide(dfs, pending[i].reading, &tally, all, finish,
				   servers) == READ_WAIT)
				pending[kept++] = pending[i];
		}
		left = kept;
	}
	note_seen(dfs, round);
	round_free(round);
	for (size_t i = 0; i < left; i++)
		readings[i] = pending[i].reading;
	return left;
}

/* Brings what was begun on these paths to its end, which is then their answer. */
static void finish_all(struct dfs *dfs, struct reading **readings, size_t count)
{
	struct proposal *proposals = calloc(count, sizeof *proposals);

	for (size_t i = 0; i < count; i++) {
		if (!proposals) {
			session_fail(&readings[i]->result, DFS_EXIT_OTHER,
				     "out of memory");
			continue;
		}
		proposals[i].path = readings[i]->path;
		proposals[i].kind = PROPOSAL_FINISH;
		if (!id_random(&proposals[i].operation)) {
			free(proposals);
			proposals = NULL;
			i--;
		}
	}
	if (!proposals)
		return;
	proposer_run(dfs, proposals, count);
	for (size_t i = 0; i < count; i++) {
		readings[i]->result = proposals[i].result;
		if (proposals[i].result.code == DFS_EXIT_DONE && proposals[i].known) {
			readings[i]->known = true;
			readings[i]->value = proposals[i].value;
			proposals[i].known = false;
		}
		proposer_free(&proposals[i]);
	}
	free(proposals);
}

void reader_read(struct dfs *dfs, struct reading *readings, size_t count, bool finish)
{
	while (count > 0) {
		struct reading *pending[DFS_BATCH_MAX];
		size_t batch = count < DFS_BATCH_MAX ? count : DFS_BATCH_MAX, left;

		for (size_t i = 0; i < batch; i++) {
			pending[i] = &readings[i];
			session_fail(&readings[i].result, DFS_EXIT_DONE, "%s", "");
		}
		left = look(dfs, pending, batch, finish);
		if (left > 0) {
			session_pause(LOOK_AGAIN_MS);
			left = look(dfs, pending, left, finish);
		}
		if (left > 0)
			finish_all(dfs, pending, left);
		readings += batch;
		count -= batch;
	}
}

void reader_describe(struct dfs *dfs, const dfs_value *value, struct dfs_file *ret)
{
	const dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const dfs_content *content = &manifest->content;
	struct content_digests digests = {0};

	memset(ret, 0, sizeof *ret);
	snprintf(ret->owner, sizeof ret->owner, "%.*s", (int)manifest->owner.dfs_user_len,
		 manifest->owner.dfs_user_val);
	ret->size = content->size;
	ret->modified_ns = content->modified;
	ret->stored_ns = content->stored;
	ret->row = content->row;
	ret->unit_size = content->unit_size;
	version_text(&value->content_version, ret->version);
	id_text(&content->object, ret->object);
	if (content_unseal((const uint8_t *)content->sealed.sealed_val,
			   content->sealed.sealed_len, &digests)) {
		memcpy(ret->xxh128, digests.xxh128, sizeof ret->xxh128);
		memcpy(ret->sha256, digests.sha256, sizeof ret->sha256);
	}
	ret->live = links_voting(dfs->links);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		ret->chunks[s - 1] = placement_held(content->holders, s);
	ret->copies = placement_copies(content->holders, ret->live);
}
