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
	VOTING = false,    /* only while this server votes */
	RECOVERING = true, /* also while it is recovering */
	SMALL = 0,         /* an answer that needs no reservation */
	CONTENT = DFS_CONTENT_MAX,
	LARGE = DFS_RECORD_MAX
};

/*
 * One row per procedure: its name in dfs.x and in procs.h, its types, who may call it,
 * what it demands (a function of dispatch_demands.c), and what the columns of struct
 * dispatch_row say of it.
 */
#define SERVED(ROW)                                                                      \
	ROW(HELLO, hello, dfs_hello_args, dfs_hello_res, ANYONE, nothing, WHOLE, READS,  \
	    RECOVERING, SMALL)                                                           \
	ROW(LOGIN, login, dfs_login_args, dfs_login_res, ANYONE, nothing, WHOLE, READS,  \
	    RECOVERING, SMALL)                                                           \
	ROW(PUT, put, dfs_put_args, dfs_put_res, USER, put, WHOLE, WRITES, VOTING,       \
	    SMALL)                                                                       \
	ROW(BIND, bind, dfs_bind_args, dfs_bind_res, USER, bind, PER_ITEM, WRITES,       \
	    VOTING, SMALL)                                                               \
	ROW(GET, get, dfs_get_args, dfs_get_res, USER_OR_PEER, nothing, WHOLE, READS,    \
	    RECOVERING, CONTENT)                                                         \
	ROW(LOOKUP, lookup, dfs_paths, dfs_lookup_res, USER_OR_PEER, paths, PER_ITEM,    \
	    READS, VOTING, LARGE)                                                        \
	ROW(PREPARE, prepare, dfs_prepare_args, dfs_prepare_res, USER_OR_PEER, prepare,  \
	    PER_ITEM, WRITES, VOTING, LARGE)                                             \
	ROW(ACCEPT, accept, dfs_accept_args, dfs_accept_res, USER_OR_PEER, accept,       \
	    PER_ITEM, WRITES, VOTING, SMALL)                                             \
	ROW(DELETE, delete, dfs_accept_args, dfs_accept_res, USER_OR_PEER, accept,       \
	    PER_ITEM, WRITES, VOTING, SMALL)                                             \
	ROW(FINISH, finish, dfs_paths, dfs_finish_res, USER_OR_PEER, paths, PER_ITEM,    \
	    WRITES, VOTING, LARGE)                                                       \
	ROW(SETTLED, settled, dfs_settled_args, dfs_settled_res, USER, settled,          \
	    PER_ITEM, WRITES, VOTING, SMALL)                                             \
	ROW(LIST, list, dfs_list_args, dfs_list_res, USER, list, WHOLE, READS, VOTING,   \
	    LARGE)                                                                       \
	ROW(STATUS, status, nothing, dfs_status_res, USER, nothing, WHOLE, READS,        \
	    RECOVERING, LARGE)                                                           \
	ROW(HEAL, heal, nothing, dfs_heal_res, USER, nothing, WHOLE, READS, RECOVERING,  \
	    SMALL)                                                                       \
	ROW(LEARN, learn, dfs_learn_args, dfs_learn_res, PEER, nothing, WHOLE, WRITES,   \
	    VOTING, SMALL)                                                               \
	ROW(FORGET, forget, dfs_forget_args, dfs_settled_res, PEER, nothing, WHOLE,      \
	    WRITES, VOTING, SMALL)                                                       \
	ROW(FENCE, fence, dfs_fence_args, dfs_fence_res, PEER, nothing, WHOLE, WRITES,   \
	    VOTING, LARGE)                                                               \
	ROW(DIGEST, digest, dfs_digest_args, dfs_digest_res, PEER, nothing, WHOLE,       \
	    READS, VOTING, LARGE)                                                        \
	ROW(RECALL, recall, dfs_recall_args, dfs_recall_res, PEER, nothing, WHOLE,       \
	    WRITES, RECOVERING, SMALL)

/* The arguments of a procedure that has none. */
typedef char nothing;

static bool_t xdr_nothing(XDR *xdrs, const nothing *none)
{
	(void)xdrs;
	(void)none;
	return TRUE;
}

/* Gives each handler the type that the table has. */
#define WRAPPER(name, proc, args_type, res_type, access_, demands_, items_, writes_,     \
		recovering_, answer_)                                                    \
	static void run_##proc(struct caller *caller, const void *args, void *res)       \
	{                                                                                \
		procs_##proc(caller, args, res);                                         \
	}                                                                                \
	_Static_assert(sizeof(args_type) <= DISPATCH_ROOM &&                             \
			       sizeof(res_type) <= DISPATCH_ROOM,                        \
		       "room in struct dispatch_call");
SERVED(WRAPPER)
#undef WRAPPER

#define SERVED_ROW(name_, proc, args_type, res_type, access_, demands_, items_, writes_, \
		   recovering_, answer_)                                                 \
	{.procedure = DFS_##name_,                                                       \
	 .name = #name_,                                                                 \
	 .handler = run_##proc,                                                          \
	 .args = (xdrproc_t)xdr_##args_type,                                             \
	 .res = (xdrproc_t)xdr_##res_type,                                               \
	 .args_size = sizeof(args_type),                                                 \
	 .res_size = sizeof(res_type),                                                   \
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
	call->row = row;
	memset(call->args, 0, row->args_size);
	memset(call->res, 0, row->res_size);
	if (row->args(xdrs, call->args))
		return true;
	xdr_free(row->args, call->args);
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

void dispatch_run(struct dispatch_call *call, struct caller *caller)
{
	const struct dispatch_row *row = call->row;
	dfs_status status = DFS_DENIED;
	const char *why;

	if (caller->user[0] != '\0')
		foreground_note();
	if (may_call(row, caller))
		status = DFS_OK;
	if (status == DFS_OK && !row->while_recovering &&
	    !store_whole(caller->server->store, &why))
		status = DFS_RECOVERING;
	if (status == DFS_OK)
		status = check_user(row, caller);
	if (status == DFS_OK)
		status = check_demands(call, caller);
	if (status == DFS_OK)
		row->handler(caller, call->args, call->res);
	else
		dispatch_refuse(call, status);
}

void dispatch_free(struct dispatch_call *call, struct caller *caller)
{
	xdr_free(call->row->args, call->args);
	xdr_free(call->row->res, call->res);
	caller_release(caller);
	if (caller->user[0] != '\0')
		foreground_note();
}
