/*
 * Lookups: LOOKUP on all servers, and what their answers come to.
 *
 * Most paths are decided by the first three answers, which agree.  What is left over
 * waits for the fourth.
 */
#include "lookup.h"

#include "ballot.h"
#include "clock.h"
#include "object.h"
#include "placement.h"
#include "protection.h"
#include "provenance.h"
#include "refusals.h"
#include "tally.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lookup_free(struct lookup *lookup)
{
	if (lookup->known)
		value_free(&lookup->value);
	lookup->known = false;
	memset(&lookup->ticket, 0, sizeof lookup->ticket);
}

const dfs_manifest *lookup_file(const struct lookup *lookup)
{
	if (!lookup->known || !value_has_content(&lookup->value))
		return NULL;
	return &lookup->value.body.dfs_body_u.manifest;
}

const dfs_folder *lookup_folder(const struct lookup *lookup)
{
	if (!lookup->known || lookup->value.body.kind != DFS_FOLDER)
		return NULL;
	return &lookup->value.body.dfs_body_u.folder;
}

bool lookup_live(const struct lookup *lookup)
{
	return lookup->known && lookup->value.body.kind != DFS_TOMBSTONE;
}

void lookup_take_ticket(struct lookup *lookup, const dfs_ticket *ticket)
{
	const dfs_manifest *manifest = lookup_file(lookup);
	dfs_id object;

	if (manifest && object_of_content(&manifest->content, &object) &&
	    id_equal(&object, &ticket->object) &&
	    (id_is_zero(&lookup->ticket.object) || ticket->ends > lookup->ticket.ends))
		lookup->ticket = *ticket;
}

bool lookup_take(struct lookup *lookup, const dfs_accepted *accepted)
{
	lookup->known = value_copy(&accepted->value, &lookup->value);
	if (!lookup->known)
		result_fail(&lookup->result, DFS_EXIT_OTHER, "out of memory");
	return lookup->known;
}

/* ---- one path's answers -------------------------------------------------------- */

/* The answers on one path: what was told, how it is counted, and who refused to tell. */
struct path_answers {
	const dfs_register *of[DFS_SERVERS]; /* NULL: it did not tell */
	server_set told;
	struct tally tally;
	struct refusals refusals;
};

/* A server that did not tell; false when it did. */
static bool note_refusal(struct path_answers *answers, unsigned server,
			 const dfs_lookup_res *res, size_t at)
{
	const dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;
	dfs_status status = res->status;

	refusals_note_call(&answers->refusals, server, status);
	if (status != DFS_OK)
		return true;
	status = at < ok->items.items_len ? ok->items.items_val[at].status : DFS_BUSY;
	refusals_note(&answers->refusals, server, status);
	return status != DFS_OK;
}

/* What lookups of one call share. */
struct looking {
	struct dfs *dfs;
	struct round *round;
	server_set servers; /* that were asked */
	bool newest;        /* promises nothing: see lookup_newest */
};

/* A lookup and its place in the call that asks for it. */
struct pending_lookup {
	struct lookup *lookup;
	size_t at;
};

/*
 * Of the servers that vote; once all have answered, and where no three of them do, also
 * of those that have just started: then nothing is agreed, whatever they tell.
 */
static struct path_answers gather(const struct looking *looking,
				  const struct pending_lookup *pending, bool unsure)
{
	struct path_answers answers = {.refusals = {0}};
	struct tally_word words[DFS_SERVERS];

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_lookup_res *res = round_answer(looking->round, s);
		const dfs_lookup_ok *ok = res ? &res->dfs_lookup_res_u.ok : NULL;

		if (res && !note_refusal(&answers, s, res, pending->at) &&
		    (ok->votes || unsure))
			answers.of[s - 1] =
				&ok->items.items_val[pending->at].dfs_looked_u.reg;
	}
	provenance_drop_unproved(looking->dfs, pending->lookup->path, answers.of, words);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (answers.of[i])
			answers.told = set_with(answers.told, i + 1);
	answers.tally = tally_highest(words, unsure);
	return answers;
}

/* Takes the highest answer for the path's. */
static bool take_newest(struct lookup *lookup, const struct path_answers *answers)
{
	unsigned newest = answers->tally.newest;

	lookup_free(lookup);
	if (newest == 0 || !answers->of[newest - 1]->known)
		return true;
	if (!lookup_take(lookup, &answers->of[newest - 1]->dfs_register_u.accepted))
		return false;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (answers->of[i] && answers->of[i]->known)
			lookup_take_ticket(
				lookup, &answers->of[i]->dfs_register_u.accepted.ticket);
	return true;
}

/* Who says no?  One server may lag behind. */
static bool is_denied(const struct path_answers *answers, bool all)
{
	unsigned denied = set_count(answers->refusals.denied);

	return denied >= 3 ||
	       (all && denied > answers->tally.answers && !answers->refusals.unchecked);
}

static void fail_few(const struct looking *looking, struct lookup *lookup,
		     const struct path_answers *answers)
{
	const struct refusals unchecked = {.unchecked = answers->refusals.unchecked};
	const struct refusals_case of = {.what = REFUSALS_READ};

	if (!refusals_explain(&unchecked, &of, &lookup->result))
		session_too_few(looking->dfs, &lookup->result, answers->told,
				"fewer than two servers gave an answer that counts");
}

static void warn_unsure(const struct looking *looking, struct lookup *lookup,
			const struct path_answers *answers)
{
	char absent[DFS_WHY];

	lookup->unsure = answers->tally.equal < 2;
	result_warn(&lookup->result,
		    "only two servers answered (%.700s): what is shown may be a write "
		    "that was never completed",
		    session_absent(looking->dfs, answers->told, absent));
}

/* Is it decided, or has it failed?  all: nobody else will answer. */
static bool decide(const struct looking *looking, struct lookup *lookup,
		   const struct path_answers *answers, bool all)
{
	const struct refusals_case of = {.what = REFUSALS_READ};
	const struct tally *tally = &answers->tally;

	if (is_denied(answers, all)) {
		(void)refusals_explain(
			&(struct refusals){.denied = answers->refusals.denied,
					   .nobody = answers->refusals.nobody},
			&of, &lookup->result);
	} else if (tally->none >= 3 && !looking->newest) {
		/* They outvote a file that only the fourth has accepted. */
		lookup_free(lookup);
	} else if (tally->equal >= 3 ||
		   (looking->newest && tally->answers >= (all ? 1 : 2))) {
		(void)take_newest(lookup, answers);
	} else if (!all || tally->answers >= 3) {
		return false;
	} else if (tally->answers == 2) {
		warn_unsure(looking, lookup, answers);
		(void)take_newest(lookup, answers);
	} else {
		fail_few(looking, lookup, answers);
	}
	return true;
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

struct round *lookup_round(struct dfs *dfs, uint32_t procedure, struct lookup **lookups,
			   size_t count, const dfs_paths **ret_args)
{
	struct lookup_call *call = calloc(1, sizeof *call);

	if (!call)
		return NULL;
	call->args.paths.paths_val = call->paths;
	for (size_t i = 0; i < count; i++) {
		char *path = strdup(lookups[i]->path);

		if (!path) {
			lookup_call_free(call);
			return NULL;
		}
		call->paths[i] = (dfs_path){(u_int)strlen(path), path};
		call->args.paths.paths_len++;
	}
	*ret_args = &call->args;
	return round_new(dfs->links, procedure, call, lookup_call_free);
}

static struct round *ask_all(struct dfs *dfs, struct lookup **lookups, size_t count,
			     server_set servers)
{
	const dfs_paths *args;
	struct round *round = lookup_round(dfs, DFS_LOOKUP, lookups, count, &args);

	for (unsigned s = 1; round && s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			round_ask(round, s, args, clock_now_ms() + LINKS_NEED_MS);
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

/* Decides what can be decided by now; returns how many are left in the list. */
static size_t decide_all(const struct looking *looking, struct pending_lookup *pending,
			 size_t count, bool all)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		struct path_answers answers = gather(looking, &pending[i], false);

		if (all && answers.tally.answers < 3)
			answers = gather(looking, &pending[i], true);
		if (!decide(looking, pending[i].lookup, &answers, all))
			pending[left++] = pending[i];
	}
	return left;
}

/* Asks for them all; those decided leave the list.  Returns how many are left. */
static size_t look(struct dfs *dfs, struct lookup **lookups, size_t count, bool newest)
{
	struct looking looking = {
		.dfs = dfs, .servers = session_tellers(dfs, 2), .newest = newest};
	struct pending_lookup pending[DFS_BATCH_MAX];
	size_t left = count;

	looking.round = ask_all(dfs, lookups, count, looking.servers);
	for (size_t i = 0; i < count; i++) {
		pending[i] = (struct pending_lookup){lookups[i], i};
		if (!looking.round)
			result_fail(&lookups[i]->result, DFS_EXIT_OTHER, "out of memory");
	}
	if (!looking.round)
		return 0;
	/*
	 * First with the first three answers; then, where these disagree, with the
	 * fourth.
	 */
	round_wait(looking.round, 3, 0);
	left = decide_all(&looking, pending, left, round_pending(looking.round) == 0);
	if (left > 0) {
		round_wait(looking.round, 3, LINKS_PATIENCE_MS);
		left = decide_all(&looking, pending, left, true);
	}
	note_seen(dfs, looking.round);
	round_free(looking.round);
	for (size_t i = 0; i < left; i++)
		lookups[i] = pending[i].lookup;
	return left;
}

size_t lookup_agreed(struct dfs *dfs, struct lookup **lookups, size_t count)
{
	return look(dfs, lookups, count, false);
}

void lookup_newest(struct dfs *dfs, struct lookup *lookups, size_t count)
{
	while (count > 0) {
		struct lookup *pending[DFS_BATCH_MAX];
		size_t batch = count < DFS_BATCH_MAX ? count : DFS_BATCH_MAX;

		for (size_t i = 0; i < batch; i++) {
			pending[i] = &lookups[i];
			result_fail(&lookups[i].result, DFS_EXIT_DONE, "%s", "");
		}
		(void)look(dfs, pending, batch, true);
		lookups += batch;
		count -= batch;
	}
}

/* ---- for people ---------------------------------------------------------------- */

static void copy_user(const dfs_user *user, char ret[DFS_USER_MAX + 1])
{
	(void)snprintf(ret, DFS_USER_MAX + 1, "%.*s", (int)user->dfs_user_len,
		       user->dfs_user_val);
}

static void describe_folder(const dfs_value *value, struct dfs_file *ret)
{
	const dfs_folder *folder = &value->body.dfs_body_u.folder;

	*ret = (struct dfs_file){.type = DFS_TYPE_FOLDER,
				 .modified_ns = folder->attributes.modified};
	copy_user(&folder->owner, ret->owner);
	version_text(&value->content_version, ret->version);
}

static void describe_content(struct dfs *dfs, const dfs_value *value,
			     struct dfs_file *ret)
{
	const dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const dfs_content *content = &manifest->content;
	uint64_t units = placement_units(content->size, content->unit_size);
	dfs_id object;
	const struct protection_file kept = {.holders = content->holders,
					     .full = units < DFS_SERVERS ? (uint32_t)units
									 : DFS_SERVERS};

	memset(ret, 0, sizeof *ret);
	copy_user(&manifest->owner, ret->owner);
	copy_user(&manifest->content.writer, ret->writer);
	for (u_int i = 0; i < manifest->access.readers.readers_len; i++) {
		const dfs_reader *reader = &manifest->access.readers.readers_val[i];
		struct dfs_file_reader *told = &ret->readers[ret->readers_count++];

		copy_user(&reader->user, told->user);
		told->writes = reader->writes;
	}
	ret->size = content->size;
	ret->type = value->body.kind == DFS_LINK ? DFS_TYPE_LINK : DFS_TYPE_FILE;
	ret->executable = manifest->attributes.mode & 0100;
	ret->modified_ns = manifest->attributes.modified;
	ret->stored_ns = content->stored;
	ret->row = content->row;
	ret->unit_size = content->unit_size;
	version_text(&value->content_version, ret->version);
	(void)object_of_content(content, &object);
	id_text(&object, ret->object);
	ret->live = links_voting(dfs->links);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		ret->chunks[s - 1] = placement_held(content->holders, s);
	ret->copies = protection_copies(&kept, ret->live);
}

void lookup_describe(struct dfs *dfs, const dfs_value *value, struct dfs_file *ret)
{
	if (value->body.kind == DFS_FOLDER)
		describe_folder(value, ret);
	else
		describe_content(dfs, value, ret);
}
