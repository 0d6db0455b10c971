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
#include "finishing.h"
#include "manifest.h"
#include "placement.h"
#include "proposer.h"
#include "protection.h"
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
	memset(&reading->ticket, 0, sizeof reading->ticket);
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
	unsigned denied;    /* servers that say it is not ours to read, */
	unsigned nobody;    /* or that we have not logged in */
	unsigned unchecked; /* servers that cannot tell; mask */
	unsigned answers;   /* servers that told of this path */
	unsigned none;      /* of these, that there is no file */
	unsigned equal;     /* of these, exactly the highest */
	const dfs_accepted *best;
	const dfs_ticket *tickets[DFS_SERVERS]; /* one for each that told of a value */
};

/* A server that did not tell; false when it did. */
static bool count_refusal(struct tally *tally, unsigned server, const dfs_lookup_res *res,
			  size_t at)
{
	const dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;
	dfs_status status = res->status;

	tally->nobody += status == DFS_DENIED;
	if (status == DFS_OK)
		status = at < ok->items.items_len ? ok->items.items_val[at].status
						  : DFS_BUSY;
	tally->denied += status == DFS_DENIED;
	tally->unchecked |= status == DFS_UNCHECKED ? 1U << (server - 1) : 0;
	return status != DFS_OK;
}

/*
 * Of the servers that vote; once all have answered, and where no three of them do, also
 * of those that have just started: then nothing is agreed, whatever they tell.
 */
static struct tally count_answers(struct round *round, size_t at, bool unsure)
{
	struct tally tally = {0};

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_lookup_res *res = round_answer(round, s);
		const dfs_lookup_ok *ok = res ? &res->dfs_lookup_res_u.ok : NULL;

		if (!res || count_refusal(&tally, s, res, at) || !(ok->votes || unsure))
			continue;
		const dfs_register *reg = &ok->items.items_val[at].dfs_looked_u.reg;
		const dfs_accepted *accepted = &reg->dfs_register_u.accepted;

		tally.answers++;
		if (!reg->known || accepted->value.body.kind == DFS_TOMBSTONE)
			tally.none++;
		if (!reg->known)
			continue;
		tally.tickets[s - 1] = &accepted->ticket;
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

static unsigned at_most_two(unsigned servers)
{
	return servers < 2 ? servers : 2;
}

static struct tally count_unsure(struct round *round, size_t at)
{
	struct tally tally = count_answers(round, at, true);

	tally.answers = at_most_two(tally.answers);
	tally.none = at_most_two(tally.none);
	tally.equal = at_most_two(tally.equal);
	return tally;
}

void reader_take_ticket(struct reading *reading, const dfs_ticket *ticket)
{
	const dfs_manifest *manifest = reader_file(reading);

	if (manifest && id_equal(&manifest->content.object, &ticket->object) &&
	    (id_is_zero(&reading->ticket.object) || ticket->ends > reading->ticket.ends))
		reading->ticket = *ticket;
}

/* Takes the highest answer for the path's. */
static bool take_best(struct reading *reading, const struct tally *tally)
{
	reader_free(reading);
	if (!tally->best)
		return true;
	reading->known = value_copy(&tally->best->value, &reading->value);
	if (!reading->known)
		result_fail(&reading->result, DFS_EXIT_OTHER, "out of memory");
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (tally->tickets[i])
			reader_take_ticket(reading, tally->tickets[i]);
	return reading->known;
}

/* Who says no?  One server may lag behind. */
static bool is_denied(const struct tally *tally, bool all)
{
	return tally->denied >= 3 ||
	       (all && tally->denied > tally->answers && !tally->unchecked);
}

static void fail_denied(struct reading *reading, const struct tally *tally)
{
	result_fail(&reading->result, DFS_EXIT_DENIED, "%s",
		    2 * tally->nobody > tally->denied ? READER_NOBODY : READER_DENIED);
}

static void fail_few(struct dfs *dfs, struct reading *reading, const struct tally *tally,
		     unsigned present)
{
	if (tally->unchecked)
		session_unchecked(&reading->result, tally->unchecked);
	else
		session_too_few(dfs, &reading->result, present,
				"fewer than two servers answered");
}

/* all: nobody else will answer. */
static enum verdict decide(struct dfs *dfs, struct reading *reading,
			   const struct tally *tally, bool all, bool finish,
			   unsigned present)
{
	if (is_denied(tally, all)) {
		fail_denied(reading, tally);
		return READ_FAILED;
	}
	/*
	 * Three that mean "no such file" outvote a file that only the fourth has
	 * accepted.
	 */
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
		result_warn(&reading->result,
			    "only two servers answered (%.700s): what is shown may be "
			    "a write that was never completed",
			    session_absent(dfs, present, absent));
		return take_best(reading, tally) ? READ_DONE : READ_FAILED;
	}
	fail_few(dfs, reading, tally, present);
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
	round = round_new(dfs->links, DFS_LOOKUP, call, lookup_call_free);
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
	unsigned servers = session_tellers(dfs, 2);
	struct round *round = ask_all(dfs, readings, count, servers);
	struct pending pending[DFS_BATCH_MAX];
	size_t left = count;

	for (size_t i = 0; i < count; i++) {
		pending[i] = (struct pending){readings[i], i};
		if (!round)
			result_fail(&readings[i]->result, DFS_EXIT_OTHER,
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
			struct tally tally = count_answers(round, pending[i].at, false);

			if (all && tally.answers < 3)
				tally = count_unsure(round, pending[i].at);
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

/* Proposes what was begun on these paths, one's own, which is then their answer. */
static void propose_all(struct dfs *dfs, struct reading **readings, size_t count)
{
	struct proposal *proposals = calloc(count, sizeof *proposals);

	for (size_t i = 0; i < count; i++) {
		if (!proposals) {
			result_fail(&readings[i]->result, DFS_EXIT_OTHER,
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
			reader_take_ticket(readings[i], &proposals[i].ticket);
		}
		proposer_free(&proposals[i]);
	}
	free(proposals);
}

/* Brings what was begun to its end: what one may write by oneself. */
static void finish_all(struct dfs *dfs, struct reading **readings, size_t count)
{
	struct reading *own[DFS_BATCH_MAX], *others[DFS_BATCH_MAX];
	size_t own_count = 0, others_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (finishing_is_own(dfs, readings[i]->path))
			own[own_count++] = readings[i];
		else
			others[others_count++] = readings[i];
	}
	if (own_count > 0)
		propose_all(dfs, own, own_count);
	if (others_count > 0)
		finishing_run(dfs, others, others_count);
}

void reader_read(struct dfs *dfs, struct reading *readings, size_t count, bool finish)
{
	while (count > 0) {
		struct reading *pending[DFS_BATCH_MAX];
		size_t batch = count < DFS_BATCH_MAX ? count : DFS_BATCH_MAX, left;

		for (size_t i = 0; i < batch; i++) {
			pending[i] = &readings[i];
			result_fail(&readings[i].result, DFS_EXIT_DONE, "%s", "");
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

static void copy_user(const dfs_user *user, char ret[DFS_USER_MAX + 1])
{
	(void)snprintf(ret, DFS_USER_MAX + 1, "%.*s", (int)user->dfs_user_len,
		       user->dfs_user_val);
}

void reader_describe(struct dfs *dfs, const dfs_value *value, struct dfs_file *ret)
{
	const dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const dfs_content *content = &manifest->content;
	uint64_t units = placement_units(content->size, content->unit_size);
	const struct protection_file kept = {.holders = content->holders,
					     .full = units < DFS_SERVERS ? (uint32_t)units
									 : DFS_SERVERS};

	memset(ret, 0, sizeof *ret);
	copy_user(&manifest->owner, ret->owner);
	copy_user(&manifest->writer, ret->writer);
	for (u_int i = 0; i < manifest->access.readers.readers_len; i++) {
		const dfs_reader *reader = &manifest->access.readers.readers_val[i];
		struct dfs_file_reader *told = &ret->readers[ret->readers_count++];

		copy_user(&reader->user, told->user);
		told->writes = reader->writes;
	}
	ret->size = content->size;
	ret->modified_ns = content->modified;
	ret->stored_ns = content->stored;
	ret->row = content->row;
	ret->unit_size = content->unit_size;
	version_text(&value->content_version, ret->version);
	id_text(&content->object, ret->object);
	ret->live = links_voting(dfs->links);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		ret->chunks[s - 1] = placement_held(content->holders, s);
	ret->copies = protection_copies(&kept, ret->live);
}
