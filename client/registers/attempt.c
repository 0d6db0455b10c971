/* The calls of one attempt: BIND and PREPARE; see attempt_accept.c for ACCEPT. */
#include "attempt.h"

#include "ballot.h"
#include "clock.h"
#include "object.h"
#include "placement.h"
#include "provenance.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* A server gets this much longer for making an upload durable: 16 MiB in a second. */
enum { BIND_UNITS_A_SECOND = 64 };

chunk_set attempt_plan(unsigned row, unsigned server, server_set servers)
{
	unsigned opposite = placement_opposite(server);
	chunk_set plan = placement_pair(row, server);

	if (!set_has(servers, server))
		return 0;
	return set_has(servers, opposite) ? plan : plan | placement_pair(row, opposite);
}

chunk_set attempt_copied(const struct proposal *proposal, unsigned server)
{
	chunk_set held = placement_held(proposal->content.holders, server);

	return held != 0 ? held : placement_pair(proposal->content.row, server);
}

/* What a server is to have of the proposal's content; tree is room for its tree. */
static dfs_share share_of(const struct proposal *proposal, chunk_set chunks,
			  dfs_key tree[DFS_SERVERS])
{
	dfs_share share = object_share(&proposal->content, chunks);

	for (u_int i = 0; i < share.tree.tree_len; i++)
		tree[i] = share.tree.tree_val[i];
	share.tree.tree_val = tree;
	return share;
}

/* ---- BIND ---------------------------------------------------------------------- */

struct bind_call {
	dfs_bind_args args[DFS_SERVERS];
	dfs_bind_item items[DFS_SERVERS];
	dfs_key tree[DFS_SERVERS];
	char *path;
};

static void bind_call_free(void *owner)
{
	struct bind_call *call = owner;

	free(call->path);
	free(call);
}

static struct round *ask_to_bind(struct attempt *attempt, const struct proposal *proposal)
{
	const dfs_content *content = &proposal->content;
	uint64_t units = placement_units(content->size, content->unit_size);
	int64_t deadline_ms = clock_now_ms() + LINKS_NEED_MS +
			      (int64_t)(units / BIND_UNITS_A_SECOND) * 1000;
	struct bind_call *call = calloc(1, sizeof *call);
	struct round *round;
	dfs_share share;

	if (!call || !(call->path = strdup(proposal->path))) {
		free(call);
		return NULL;
	}
	share = share_of(proposal, 0, call->tree);
	round = round_new(attempt->dfs->links, DFS_BIND, call, bind_call_free);
	for (unsigned s = 1; round && s <= DFS_SERVERS; s++) {
		dfs_bind_item *item = &call->items[s - 1];

		if (proposal->uploaded[s - 1] == 0 || !set_has(attempt->servers, s))
			continue;
		item->path = (dfs_path){(u_int)strlen(call->path), call->path};
		item->share = share;
		item->share.chunks = proposal->uploaded[s - 1];
		item->token = proposal->token;
		call->args[s - 1] =
			(dfs_bind_args){proposal->operation, attempt->ballot, {1, item}};
		round_ask(round, s, &call->args[s - 1], deadline_ms);
	}
	return round;
}

static void take_bound(struct turn *turn, unsigned server, const dfs_bind_res *res)
{
	chunk_set *uploaded = &turn->proposal->uploaded[server - 1];
	dfs_status status =
		res && res->status == DFS_OK && res->dfs_bind_res_u.items.items_len == 1
			? res->dfs_bind_res_u.items.items_val[0]
			: DFS_NODATA;

	if (*uploaded == 0)
		return;
	if (status == DFS_OK)
		turn->staged[server - 1] = *uploaded;
	else if (status == DFS_REFUSED) /* it is there, and waits for a higher ballot */
		refusals_note(&turn->refusals, server, status);
	else
		*uploaded = 0;
	refusals_note_content(&turn->refusals, server, status);
}

static void bind_turn(struct attempt *attempt, struct turn *turn)
{
	struct round *round = ask_to_bind(attempt, turn->proposal);

	if (!round)
		return;
	round_wait(round, DFS_SERVERS, 0);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		take_bound(turn, s, round_answer(round, s));
	round_free(round);
}

void attempt_bind(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->count; i++)
		if (attempt->turns[i].proposal->stage)
			bind_turn(attempt, &attempt->turns[i]);
}

/* ---- PREPARE ------------------------------------------------------------------- */

/* A copy of all that one PREPARE to four servers sends. */
struct prepare_call {
	dfs_prepare_args args[DFS_SERVERS];
	dfs_prepare_item *items[DFS_SERVERS];
	size_t *turns[DFS_SERVERS]; /* which turn an item is of */
	dfs_unit (*units[DFS_SERVERS])[DFS_SERVERS];
	size_t count;
	char **paths;
	uint8_t **contents;
	dfs_key (*trees)[DFS_SERVERS];
};

static void prepare_call_free(void *owner)
{
	struct prepare_call *call = owner;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		free(call->items[i]);
		free(call->turns[i]);
		free(call->units[i]);
	}
	for (size_t i = 0; i < call->count; i++) {
		if (call->paths)
			free(call->paths[i]);
		if (call->contents)
			free(call->contents[i]);
	}
	free(call->paths);
	free(call->contents);
	free(call->trees);
	free(call);
}

static size_t small_len(const struct proposal_small *small)
{
	size_t len = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		len += small->lens[i];
	return len;
}

static struct prepare_call *prepare_call_new(const struct attempt *attempt)
{
	struct prepare_call *call = calloc(1, sizeof *call);
	size_t count = attempt->count;
	bool good = call;

	if (good) {
		call->count = count;
		call->paths = calloc(count, sizeof *call->paths);
		call->contents = calloc(count, sizeof *call->contents);
		call->trees = calloc(count, sizeof *call->trees);
		good = call->paths && call->contents && call->trees;
	}
	for (unsigned i = 0; good && i < DFS_SERVERS; i++) {
		call->items[i] = calloc(count, sizeof *call->items[i]);
		call->turns[i] = calloc(count, sizeof *call->turns[i]);
		call->units[i] = calloc(count, sizeof *call->units[i]);
		good = call->items[i] && call->turns[i] && call->units[i];
	}
	for (size_t i = 0; good && i < count; i++) {
		const struct proposal *proposal = attempt->turns[i].proposal;

		call->paths[i] = strdup(proposal->path);
		good = call->paths[i];
		if (good && proposal->small) {
			size_t len = small_len(proposal->small);

			call->contents[i] = malloc(len + 1);
			good = call->contents[i];
			if (good)
				memcpy(call->contents[i], proposal->small->bytes, len);
		}
	}
	if (!good && call) {
		prepare_call_free(call);
		call = NULL;
	}
	return call;
}

/* A file's units of the share's chunks, which ride in the item. */
static void add_content(const struct proposal *proposal, const uint8_t *bytes,
			dfs_share share, dfs_unit *units, dfs_prepare_item *item)
{
	const dfs_content *content = &proposal->content;
	dfs_small *small = &item->stage.dfs_stage_u.small;
	uint64_t count = placement_units(content->size, content->unit_size);
	u_int taken = 0;

	for (uint64_t u = 0; u < count; u++) {
		uint32_t len = proposal->small->lens[u];

		if (set_has(share.chunks, placement_chunk(u)))
			units[taken++] = (dfs_unit){u, {len, bytes}};
		bytes += len;
	}
	item->stage.kind = DFS_STAGE_CONTENT;
	small->share = share;
	small->token = proposal->token;
	small->units.units_len = taken;
	small->units.units_val = units;
}

/* An object that the server has. */
static void add_binding(const struct proposal *proposal, dfs_share share,
			dfs_prepare_item *item)
{
	dfs_binding *binding = &item->stage.dfs_stage_u.binding;

	item->stage.kind = DFS_STAGE_BINDING;
	binding->share = share;
	binding->ticket = proposal->ticket;
}

/*
 * Adds a turn's item for one server: with the units of these chunks, or the binding of
 * the object of which it has these chunks (0: only the path).
 */
static void add_item(struct prepare_call *call, const struct attempt *attempt,
		     size_t turn, unsigned server, unsigned chunks)
{
	const struct proposal *proposal = attempt->turns[turn].proposal;
	dfs_prepare_args *args = &call->args[server - 1];
	u_int at = args->items.items_len++;
	dfs_prepare_item *item = &call->items[server - 1][at];

	args->operation = proposal->operation;
	args->ballot = attempt->ballot;
	args->sign = args->sign || attempt_is_confirmed(attempt->dfs, proposal->path);
	args->items.items_val = call->items[server - 1];
	call->turns[server - 1][at] = turn;
	item->path = (dfs_path){(u_int)strlen(call->paths[turn]), call->paths[turn]};
	item->creates =
		proposal->kind == PROPOSAL_FILE || proposal->kind == PROPOSAL_FOLDER;
	/* Of a change it is zero until the first attempt has told of a file. */
	item->size = proposal->content.size;
	if (chunks != 0 && proposal->small)
		add_content(proposal, call->contents[turn],
			    share_of(proposal, chunks, call->trees[turn]),
			    call->units[server - 1][at], item);
	else if (chunks != 0)
		add_binding(proposal, share_of(proposal, chunks, call->trees[turn]),
			    item);
}

/* usable: is_usable. */
static void take_promise(struct turn *turn, unsigned server, const dfs_promise *promise,
			 bool usable)
{
	const dfs_promised *promised = &promise->dfs_promise_u.promised;

	refusals_note(&turn->refusals, server, promise->status);
	if (promise->status != DFS_OK || !usable)
		return;
	turn->promised = set_with(turn->promised, server);
	turn->answers.of[server - 1] = &promised->reg;
	turn->blockers[server - 1] = promised->blocker;
}

static void take_staged(struct turn *turn, unsigned server, unsigned chunks,
			dfs_status status)
{
	if (chunks == 0)
		return;
	if (status == DFS_OK)
		turn->staged[server - 1] |= chunks;
	refusals_note_content(&turn->refusals, server, status);
}

/*
 * Of the first call: keeps what the server signed of its promises.  One that does not
 * sign what it is to sign has not promised where that is needed.
 */
static bool take_signature(struct attempt *attempt, const dfs_prepare_args *args,
			   unsigned server, const dfs_prepare_ok *ok)
{
	const struct authority_source source = provenance_source(attempt->dfs);

	return args->sign && confirming_promises(&source, server, args, ok,
						 &attempt->signed_by[server - 1]);
}

/* Nobody has promised a ballot who has accepted a higher one. */
static bool is_possible(const struct attempt *attempt, const dfs_register *reg)
{
	return !reg->known ||
	       ballot_compare(&reg->dfs_register_u.accepted.ballot, &attempt->ballot) < 0;
}

/* It is signed where that is needed, and can be true. */
static bool is_usable(const struct attempt *attempt, const struct turn *turn,
		      bool is_signed, const dfs_promise *promise)
{
	return promise->status == DFS_OK &&
	       is_possible(attempt, &promise->dfs_promise_u.promised.reg) &&
	       (is_signed || !attempt_is_confirmed(attempt->dfs, turn->proposal->path));
}

static void take_answer(struct attempt *attempt, struct prepare_call *call,
			unsigned server, const dfs_prepare_res *res, bool spares)
{
	const dfs_prepare_ok *ok = &res->dfs_prepare_res_u.ok;
	const dfs_prepare_args *args = &call->args[server - 1];
	bool is_signed;

	for (u_int i = 0; i < args->items.items_len; i++)
		refusals_note_call(&attempt->turns[call->turns[server - 1][i]].refusals,
				   server, res->status);
	if (res->status != DFS_OK)
		return;
	session_saw(attempt->dfs, server, &ok->seen);
	is_signed = !spares && take_signature(attempt, args, server, ok);
	for (u_int i = 0; i < ok->items.items_len && i < args->items.items_len; i++) {
		const dfs_stage *stage = &args->items.items_val[i].stage;
		unsigned chunks = stage->kind == DFS_STAGE_CONTENT
					  ? stage->dfs_stage_u.small.share.chunks
				  : stage->kind == DFS_STAGE_BINDING
					  ? stage->dfs_stage_u.binding.share.chunks
					  : 0;

		struct turn *turn = &attempt->turns[call->turns[server - 1][i]];

		if (!spares)
			take_promise(turn, server, &ok->items.items_val[i],
				     is_usable(attempt, turn, is_signed,
					       &ok->items.items_val[i]));
		if (ok->items.items_val[i].status == DFS_OK)
			take_staged(turn, server, chunks,
				    ok->items.items_val[i].dfs_promise_u.promised.staged);
	}
}

/*
 * Sends what was added and takes what comes; the round keeps it.  A call for spares tells
 * nothing new of the paths: of its answers only what was staged is taken.
 */
static struct round *send_prepare(struct attempt *attempt, struct prepare_call *call,
				  bool spares)
{
	struct round *round =
		round_new(attempt->dfs->links, DFS_PREPARE, call, prepare_call_free);

	if (!round)
		return NULL;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (call->args[s - 1].items.items_len > 0)
			round_ask(round, s, &call->args[s - 1],
				  clock_now_ms() + LINKS_NEED_MS);
	round_wait(round, 3, LINKS_PATIENCE_MS);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_prepare_res *res = round_answer(round, s);

		if (res)
			take_answer(attempt, call, s, res, spares);
	}
	return round;
}

/*
 * What a server is to be sent in a second call, of a small content: its pair alone, where
 * it had no room for a spare too; or a spare, where the opposite server failed after all.
 */
static unsigned owed_chunks(const struct attempt *attempt, const struct turn *turn,
			    unsigned server)
{
	unsigned row = turn->proposal->content.row;
	unsigned opposite = placement_opposite(server);
	unsigned spare = placement_pair(row, opposite);
	bool full = set_has(turn->refusals.full, server);

	if (!turn->proposal->small)
		return 0;
	if (turn->staged[server - 1] == 0)
		return full && !set_has(attempt->servers, opposite)
			       ? placement_pair(row, server)
			       : 0;
	if (full || turn->staged[opposite - 1] != 0)
		return 0;
	return spare & ~turn->staged[server - 1];
}

/* The second call, with the same ballot, which may be promised again. */
static void send_owed(struct attempt *attempt)
{
	struct prepare_call *call = prepare_call_new(attempt);
	bool owed = false;

	for (size_t i = 0; call && i < attempt->count; i++) {
		for (unsigned s = 1; s <= DFS_SERVERS; s++) {
			unsigned chunks = owed_chunks(attempt, &attempt->turns[i], s);

			if (chunks != 0)
				add_item(call, attempt, i, s, chunks);
			owed |= chunks != 0;
		}
	}
	if (owed)
		round_free(send_prepare(attempt, call, true));
	else if (call)
		prepare_call_free(call);
}

/*
 * What goes to a server along with the path: chunks of a small file, or of an object that
 * it has.
 */
static unsigned planned_chunks(const struct attempt *attempt,
			       const struct proposal *proposal, unsigned server)
{
	if (proposal->small)
		return attempt_plan(proposal->content.row, server, attempt->servers);
	if (proposal->copies)
		return attempt_copied(proposal, server);
	if (proposal->kind == PROPOSAL_CHANGE)
		return placement_held(proposal->content.holders, server);
	return 0;
}

void attempt_prepare(struct attempt *attempt)
{
	struct prepare_call *call = prepare_call_new(attempt);

	if (!call)
		return;
	for (size_t i = 0; i < attempt->count; i++) {
		const struct proposal *proposal = attempt->turns[i].proposal;

		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			if (set_has(attempt->servers, s))
				add_item(call, attempt, i, s,
					 planned_chunks(attempt, proposal, s));
	}
	attempt->promises = send_prepare(attempt, call, false);
	if (attempt->promises)
		send_owed(attempt);
}

void attempt_free(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->count; i++)
		value_free(&attempt->turns[i].value);
	free(attempt->turns);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		confirming_free(&attempt->signed_by[i]);
	round_free(attempt->promises);
}

bool attempt_has_staged(const struct turn *turn)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (turn->staged[i] != 0)
			return true;
	return false;
}
