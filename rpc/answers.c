/* What a server may answer. */
#include "answers_internal.h"

#include "ballot.h"
#include "path.h"
#include "sets.h"
#include "text.h"
#include "value.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Sets of statuses: bit n for status n. */
enum {
	OK = 1U << DFS_OK,
	REFUSED = 1U << DFS_REFUSED,
	NODATA = 1U << DFS_NODATA,
	OVER = 1U << DFS_OVER_QUOTA,
	/* who calls is not known or may not do that, the store is not whole, or both */
	CALLER = 1U << DFS_DENIED | 1U << DFS_UNCHECKED | 1U << DFS_INVALID |
		 1U << DFS_BUSY | 1U << DFS_RECOVERING,
	/* of the disk */
	READ = 1U << DFS_DAMAGED | 1U << DFS_UNKNOWN | 1U << DFS_IO,
	CONTENT = READ | NODATA | 1U << DFS_UNBROUGHT,
	WRITTEN = READ | 1U << DFS_NOSPACE,
	ANY = OK | REFUSED | NODATA | OVER | CALLER | WRITTEN
};

/* ---- what several have ----------------------------------------------------------- */

/* XDR lets every number through. */
static const char *check_status(dfs_status status, unsigned allowed)
{
	return (unsigned)status > DFS_UNBROUGHT || !(allowed >> status & 1)
		       ? "a status that is no answer to what was asked"
		       : NULL;
}

/* The first of what was asked, but at least one: the caller asks again for the rest. */
static const char *check_count(u_int answered, u_int asked)
{
	if (answered > asked)
		return "more answers than questions";
	return answered == 0 && asked > 0 ? "no answer to any of the questions" : NULL;
}

static const char *check_statuses(const dfs_status *items, u_int count, u_int asked,
				  unsigned allowed)
{
	const char *wrong = check_count(count, asked);

	for (u_int i = 0; !wrong && i < count; i++)
		wrong = check_status(items[i], allowed);
	return wrong;
}

static const char *check_state(dfs_state state)
{
	return state != DFS_STATE_VOTING && state != DFS_STATE_RECOVERING &&
			       state != DFS_STATE_STARTING
		       ? "a state that there is not"
		       : NULL;
}

/* It may have been cut off in the middle of a character. */
static const char *check_text(const dfs_text *text)
{
	return text_has_control(text->dfs_text_val, text->dfs_text_len)
		       ? "a text with control characters"
		       : NULL;
}

static const char *check_register(const dfs_path *path, const dfs_register *reg)
{
	const dfs_accepted *accepted = &reg->dfs_register_u.accepted;

	if (!reg->known)
		return NULL;
	if (!ballot_is_good(&accepted->ballot))
		return "a value at no ballot";
	return value_check_at(path->dfs_path_val, path->dfs_path_len, &accepted->value);
}

static const char *check_looked(const dfs_paths *asked, const dfs_looked *items,
				u_int count, unsigned allowed)
{
	const char *wrong = check_count(count, asked->paths.paths_len);

	for (u_int i = 0; !wrong && i < count; i++) {
		wrong = check_status(items[i].status, allowed);
		if (!wrong && items[i].status == DFS_OK)
			wrong = check_register(&asked->paths.paths_val[i],
					       &items[i].dfs_looked_u.reg);
	}
	return wrong;
}

/* ---- procedures, in the order of dfs.x --------------------------------------------- */

static const char *of_nothing(const struct answers_call *call)
{
	(void)call;
	return NULL;
}

static const char *of_hello(const struct answers_call *call)
{
	const dfs_hello_res *res = call->res;
	const dfs_hello_ok *ok = &res->dfs_hello_res_u.ok;
	const char *wrong = check_state(ok->state);

	if (ok->server < 1 || ok->server > DFS_SERVERS)
		return "a number that no server has";
	return wrong ? wrong : check_text(&ok->software);
}

/*
 * What it says of a user is judged by who logs in, when he knows what the others say:
 * client/session/login.c.
 */
static const char *of_login(const struct answers_call *call)
{
	const dfs_login_args *args = call->args;
	const dfs_login_res *res = call->res;

	return res->dfs_login_res_u.answer.kind != args->how.kind
		       ? "an answer to another kind of log-in"
		       : NULL;
}

static const char *of_bind(const struct answers_call *call)
{
	const dfs_bind_args *args = call->args;
	const dfs_bind_res *res = call->res;

	return check_statuses(res->dfs_bind_res_u.items.items_val,
			      res->dfs_bind_res_u.items.items_len, args->items.items_len,
			      ANY);
}

/* Whether it proves is seen by who knows the root. */
static const char *of_piece(const struct answers_call *call)
{
	const dfs_piece_res *res = call->res;
	const dfs_bytes *leaves = &res->dfs_piece_res_u.piece.leaves;

	return leaves->len == 0 || leaves->len % DFS_KEY_LEN != 0 ||
			       leaves->len > DFS_PIECE_LEAVES * DFS_KEY_LEN
		       ? "a piece of a tree that cannot be"
		       : NULL;
}

/* What a unit may be is known to who asked: of which content it is, and where in it. */
static const char *of_get(const struct answers_call *call)
{
	const dfs_get_args *args = call->args;
	const dfs_get_res *res = call->res;
	const dfs_got *items = res->dfs_get_res_u.items.items_val;
	u_int count = res->dfs_get_res_u.items.items_len;
	const char *wrong = check_count(count, args->wants.wants_len);
	size_t bytes = 0;

	for (u_int i = 0; !wrong && i < count; i++) {
		wrong = check_status(items[i].status, OK | CALLER | CONTENT);
		if (items[i].status == DFS_OK)
			bytes += items[i].dfs_got_u.data.len;
	}
	return !wrong && bytes > DFS_CONTENT_MAX ? "more content than one answer has"
						 : wrong;
}

static const char *of_lookup(const struct answers_call *call)
{
	const dfs_lookup_res *res = call->res;
	const dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;

	return check_looked(call->args, ok->items.items_val, ok->items.items_len,
			    OK | CALLER | READ);
}

static const char *of_finish(const struct answers_call *call)
{
	const dfs_finish_res *res = call->res;

	return check_looked(call->args, res->dfs_finish_res_u.items.items_val,
			    res->dfs_finish_res_u.items.items_len, OK | CALLER);
}

/* Does a path lie below another? */
static bool is_below(const dfs_path *path, const dfs_path *folder)
{
	u_int len = folder->dfs_path_len;

	return path->dfs_path_len > len && path->dfs_path_val[len] == '/' &&
	       memcmp(path->dfs_path_val, folder->dfs_path_val, len) == 0;
}

static const char *check_blocker(const dfs_prepare_item *asked, const dfs_path *blocker)
{
	if (blocker->dfs_path_len == 0)
		return NULL;
	if (!asked->creates)
		return "what stands in the way of nothing new";
	if (path_check(blocker->dfs_path_val, blocker->dfs_path_len))
		return "a path that no file can have, in a file's way";
	return !is_below(blocker, &asked->path) && !is_below(&asked->path, blocker)
		       ? "what is not in the file's way"
		       : NULL;
}

static const char *check_promise(const dfs_prepare_item *asked,
				 const dfs_promise *promise)
{
	const dfs_promised *promised = &promise->dfs_promise_u.promised;
	const char *wrong = check_status(promise->status, ANY & ~(NODATA | OVER));

	if (wrong || promise->status != DFS_OK)
		return wrong;
	wrong = check_status(promised->staged, ANY & ~REFUSED);
	if (!wrong)
		wrong = check_register(&asked->path, &promised->reg);
	return wrong ? wrong : check_blocker(asked, &promised->blocker);
}

static const char *of_prepare(const struct answers_call *call)
{
	const dfs_prepare_args *args = call->args;
	const dfs_prepare_res *res = call->res;
	const dfs_prepare_ok *ok = &res->dfs_prepare_res_u.ok;
	const char *wrong = check_count(ok->items.items_len, args->items.items_len);

	for (u_int i = 0; !wrong && i < ok->items.items_len; i++)
		wrong = check_promise(&args->items.items_val[i], &ok->items.items_val[i]);
	return wrong;
}

static const char *of_accept(const struct answers_call *call)
{
	const dfs_accept_args *args = call->args;
	const dfs_accept_res *res = call->res;
	const dfs_accept_ok *ok = &res->dfs_accept_res_u.ok;

	return check_statuses(ok->items.items_val, ok->items.items_len,
			      args->items.items_len, ANY);
}

static const char *of_confirm(const struct answers_call *call)
{
	const dfs_confirm_args *args = call->args;
	const dfs_confirm_res *res = call->res;
	const dfs_confirm_ok *ok = &res->dfs_confirm_res_u.ok;

	return check_statuses(ok->items.items_val, ok->items.items_len,
			      args->items.items_len, ANY);
}

/* More than disks have room for; sums over all that servers tell stay far below 2^64. */
#define FILES_MAX (UINT64_C(1) << 48)

/* Adds a count of files; false where there cannot be so many. */
static bool add_files(uint64_t *sum, uint64_t files)
{
	if (files > FILES_MAX - *sum)
		return false;
	*sum += files;
	return true;
}

static const char *check_kept(const dfs_kept *kept, u_int count)
{
	uint64_t files = 0, owing = 0;

	for (u_int i = 0; i < count; i++) {
		bool good = kept[i].holders >> 4 * DFS_SERVERS == 0 &&
			    kept[i].full <= DFS_SERVERS &&
			    kept[i].unbrought <= kept[i].files &&
			    add_files(&files, kept[i].files);

		for (u_int mask = 0; good && mask <= CHUNKS_ALL; mask++)
			good = add_files(&owing, kept[i].owing[mask]);
		if (!good)
			return "counts of files that cannot be";
	}
	return NULL;
}

static const char *of_status(const struct answers_call *call)
{
	const dfs_status_res *res = call->res;
	const dfs_status_ok *ok = &res->dfs_status_res_u.ok;
	const dfs_text *texts[] = {&ok->why, &ok->software, &ok->to_heal.doing};
	const char *wrong = check_state(ok->state);

	if (ok->server != call->server)
		return "what another server is to say of itself";
	for (size_t i = 0; !wrong && i < sizeof texts / sizeof texts[0]; i++)
		wrong = check_text(texts[i]);
	return wrong ? wrong : check_kept(ok->kept.kept_val, ok->kept.kept_len);
}

static const char *of_learn(const struct answers_call *call)
{
	const dfs_learn_args *args = call->args;
	const dfs_learn_res *res = call->res;

	return check_statuses(res->dfs_learn_res_u.items.items_val,
			      res->dfs_learn_res_u.items.items_len, args->items.items_len,
			      OK | REFUSED | CALLER | WRITTEN);
}

static const char *of_recall(const struct answers_call *call)
{
	const dfs_recall_res *res = call->res;

	return check_state(res->dfs_recall_res_u.ok.state);
}

/* ---- the table -------------------------------------------------------------------- */

static const struct answers_row {
	uint32_t procedure;
	unsigned statuses; /* of the whole */
	const char *(*check)(const struct answers_call *call);
} rows[] = {
	{DFS_HELLO, OK | CALLER, of_hello},
	{DFS_LOGIN, OK | CALLER, of_login},
	{DFS_PUT, OK | CALLER | WRITTEN | OVER, of_nothing},
	{DFS_BIND, OK | CALLER | WRITTEN, of_bind},
	{DFS_GET, OK | CALLER, of_get},
	{DFS_PIECE, OK | CALLER | CONTENT, of_piece},
	{DFS_LOOKUP, OK | CALLER, of_lookup},
	{DFS_PREPARE, OK | CALLER | WRITTEN, of_prepare},
	{DFS_CONFIRM, OK | CALLER | WRITTEN, of_confirm},
	{DFS_ACCEPT, OK | CALLER | WRITTEN, of_accept},
	{DFS_DELETE, OK | CALLER | WRITTEN, of_accept},
	{DFS_FINISH, OK | CALLER, of_finish},
	{DFS_SETTLED, OK | CALLER, of_nothing},
	{DFS_LIST, OK | CALLER, answers_list},
	{DFS_STATUS, OK | CALLER, of_status},
	{DFS_HEAL, OK | CALLER, of_nothing},
	{DFS_LEARN, OK | CALLER | WRITTEN, of_learn},
	{DFS_FORGET, OK | CALLER | WRITTEN, of_nothing},
	{DFS_FENCE, OK | CALLER | READ, answers_fence},
	{DFS_DIGEST, OK | CALLER | READ, answers_digest},
	{DFS_RECALL, OK | CALLER, of_recall},
};

const char *answers_check(const struct answers_call *call)
{
	const char *wrong;
	dfs_status whole;

	memcpy(&whole, call->res, sizeof whole);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].procedure != call->procedure)
			continue;
		wrong = check_status(whole, rows[i].statuses);
		return wrong || whole != DFS_OK ? wrong : rows[i].check(call);
	}
	return "an answer that nothing is known of";
}

void answers_why(unsigned server, const char *rule, char *why, size_t size)
{
	(void)snprintf(why, size, "dfs%u answers wrongly: %s: left out", server, rule);
}
