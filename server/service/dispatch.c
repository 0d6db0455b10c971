/* The table of procedures, and how a row is run. */
#include "dispatch.h"

#include "accounts.h"
#include "foreground.h"
#include "dispatch_demands.h"
#include <assert.h>
#include <string.h>

enum {
	WHOLE = false,
	PER_ITEM = true,
	READS = false,
	WRITES = true,
	VOTING = false, /* only while the store is whole */
	ALWAYS = true,  /* also while it is recovering */
	SMALL = 0,      /* an answer that needs no reservation */
	CONTENT = DFS_CONTENT_MAX,
	LARGE = DFS_RECORD_MAX
};

/*
 * The procedures that are served.  Of each: its name in dfs.x and in procs.h, who may
 * call it (enum dispatch_access), what it demands of which paths (dispatch_demands.h),
 * and what the other fields of struct dispatch_row say of it.
 */
/* clang-format off */
#define SERVED(ROW)                                                                     \
	ROW(HELLO,   hello,   ANYONE,       nothing, WHOLE,    READS,  ALWAYS, SMALL)   \
	ROW(LOGIN,   login,   ANYONE,       nothing, WHOLE,    READS,  ALWAYS, SMALL)   \
	ROW(PUT,     put,     USER,         put,     WHOLE,    WRITES, VOTING, SMALL)   \
	ROW(BIND,    bind,    USER,         bind,    PER_ITEM, WRITES, VOTING, SMALL)   \
	ROW(GET,     get,     USER_OR_PEER, nothing, WHOLE,    READS,  ALWAYS, CONTENT) \
	ROW(PIECE,   piece,   USER_OR_PEER, nothing, WHOLE,    READS,  ALWAYS, SMALL)   \
	ROW(LOOKUP,  lookup,  USER_OR_PEER, paths,   PER_ITEM, READS,  VOTING, LARGE)   \
	ROW(PREPARE, prepare, USER_OR_PEER, prepare, PER_ITEM, WRITES, VOTING, LARGE)   \
	ROW(CONFIRM, confirm, USER_OR_PEER, confirm, PER_ITEM, WRITES, VOTING, SMALL)   \
	ROW(ACCEPT,  accept,  USER_OR_PEER, accept,  PER_ITEM, WRITES, VOTING, SMALL)   \
	ROW(DELETE,  delete,  USER_OR_PEER, accept,  PER_ITEM, WRITES, VOTING, SMALL)   \
	ROW(FINISH,  finish,  USER_OR_PEER, paths,   PER_ITEM, WRITES, VOTING, LARGE)   \
	ROW(SETTLED, settled, USER,         settled, PER_ITEM, WRITES, VOTING, SMALL)   \
	ROW(LIST,    list,    USER,         list,    WHOLE,    READS,  VOTING, LARGE)   \
	ROW(STATUS,  status,  USER,         nothing, WHOLE,    READS,  ALWAYS, LARGE)   \
	ROW(HEAL,    heal,    USER,         nothing, WHOLE,    READS,  ALWAYS, SMALL)   \
	ROW(LEARN,   learn,   PEER,         nothing, WHOLE,    WRITES, VOTING, SMALL)   \
	ROW(FORGET,  forget,  PEER,         nothing, WHOLE,    WRITES, VOTING, SMALL)   \
	ROW(FENCE,   fence,   PEER,         nothing, WHOLE,    WRITES, VOTING, LARGE)   \
	ROW(DIGEST,  digest,  PEER,         nothing, WHOLE,    READS,  VOTING, LARGE)   \
	ROW(RECALL,  recall,  PEER,         nothing, WHOLE,    WRITES, ALWAYS, SMALL)
/* clang-format on */

/* Gives each handler the type that the table has. */
#define WRAPPER(name, proc, access_, demands_, items_, writes_, recovering_, answer_)    \
	static void handle_##proc(struct caller *caller, const void *args, void *res)    \
	{                                                                                \
		procs_##proc(caller, args, res);                                         \
	}
SERVED(WRAPPER)
#undef WRAPPER

#define SERVED_ROW(name_, proc, access_, demands_, items_, writes_, recovering_,         \
		   answer_)                                                              \
	{.procedure = DFS_##name_,                                                       \
	 .name = #name_,                                                                 \
	 .handler = handle_##proc,                                                       \
	 .access = DISPATCH_##access_,                                                   \
	 .demands = dispatch_demands_##demands_,                                         \
	 .per_item = (items_),                                                           \
	 .writes = (writes_),                                                            \
	 .while_recovering = (recovering_),                                              \
	 .answer_max = (answer_)},
static const struct dispatch_row rows[] = {SERVED(SERVED_ROW)};

const struct dispatch_row *dispatch_find(uint32_t procedure)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].procedure == procedure)
			return &rows[i];
	return NULL;
}

bool dispatch_decode(struct dispatch_call *call, const struct dispatch_row *row,
		     XDR *xdrs)
{
	const struct procedure *types = procedures_find(row->procedure);

	assert(types && types->args_size <= sizeof call->args &&
	       types->result_size <= sizeof call->res);
	call->row = row;
	call->types = types;
	memset(call->args, 0, types->args_size);
	memset(call->res, 0, types->result_size);
	if (types->args(xdrs, call->args))
		return true;
	xdr_free(types->args, call->args);
	return false;
}

/* Every result begins with its status, and a status that is an error ends it. */
void dispatch_refuse(struct dispatch_call *call, dfs_status status)
{
	memcpy(call->res, &status, sizeof status);
}

dfs_status dispatch_status(const struct dispatch_call *call)
{
	dfs_status status;

	memcpy(&status, call->res, sizeof status);
	return status;
}

static bool may_call(const struct dispatch_row *row, const struct caller *caller)
{
	switch (row->access) {
	case DISPATCH_ANYONE:
		return true;
	case DISPATCH_USER:
		return caller->user[0] != '\0';
	case DISPATCH_USER_OR_PEER:
		return caller->user[0] != '\0' || caller->peer != 0;
	case DISPATCH_PEER:
		return caller->peer != 0;
	}
	return false;
}

/* Is the user still who he was when he logged in?  Servers have certificates. */
static dfs_status check_user(const struct dispatch_row *row, struct caller *caller)
{
	if (row->access == DISPATCH_ANYONE || caller->peer != 0)
		return DFS_OK;
	return accounts_check(caller->server->accounts, caller);
}

/*
 * What is asked for, item by item, into caller->permitted; or the refusal of the whole.
 */
static dfs_status check_demands(const struct dispatch_call *call, struct caller *caller)
{
	struct permit_demand demands[DFS_BATCH_MAX];
	size_t count;

	memset(caller->permitted, 0, sizeof caller->permitted);
	if (call->row->access == DISPATCH_ANYONE || call->row->access == DISPATCH_PEER)
		return DFS_OK;
	count = call->row->demands(call->args, demands);
	permit_judge(caller, demands, count, caller->permitted);
	for (size_t i = 0; i < count && !call->row->per_item; i++)
		if (caller->permitted[i] != DFS_OK)
			return caller->permitted[i];
	return DFS_OK;
}

bool dispatch_judge(struct dispatch_call *call, struct caller *caller)
{
	const struct dispatch_row *row = call->row;
	dfs_status status = may_call(row, caller) ? DFS_OK : DFS_DENIED;
	const char *why;

	if (caller->user[0] != '\0')
		foreground_note();
	if (status == DFS_OK && !row->while_recovering &&
	    !store_whole(caller->server->store, &why))
		status = DFS_RECOVERING;
	if (status == DFS_OK)
		status = check_user(row, caller);
	if (status == DFS_OK)
		status = check_demands(call, caller);
	if (status != DFS_OK)
		dispatch_refuse(call, status);
	return status == DFS_OK;
}

void dispatch_run(struct dispatch_call *call, struct caller *caller)
{
	call->row->handler(caller, call->args, call->res);
}

void dispatch_free(struct dispatch_call *call, struct caller *caller)
{
	xdr_free(call->types->args, call->args);
	xdr_free(call->types->result, call->res);
	caller_release(caller);
	if (caller->user[0] != '\0')
		foreground_note();
}
