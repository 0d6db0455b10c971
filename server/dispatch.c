/* The table of procedures, and how a row is run. */
#include "dispatch.h"

#include <assert.h>
#include <string.h>

enum {
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
 * and what the columns of struct dispatch_row say of it.
 */
#define SERVED(ROW)                                                                      \
	ROW(HELLO, hello, dfs_hello_args, dfs_hello_res, ANYONE, READS, RECOVERING,      \
	    SMALL)                                                                       \
	ROW(PUT, put, dfs_put_args, dfs_put_res, USER, WRITES, VOTING, SMALL)            \
	ROW(BIND, bind, dfs_bind_args, dfs_bind_res, USER, WRITES, VOTING, SMALL)        \
	ROW(GET, get, dfs_get_args, dfs_get_res, USER, READS, RECOVERING, CONTENT)       \
	ROW(LOOKUP, lookup, dfs_paths, dfs_lookup_res, USER, READS, VOTING, LARGE)       \
	ROW(PREPARE, prepare, dfs_prepare_args, dfs_prepare_res, USER, WRITES, VOTING,   \
	    LARGE)                                                                       \
	ROW(ACCEPT, accept, dfs_accept_args, dfs_accept_res, USER, WRITES, VOTING,       \
	    SMALL)                                                                       \
	ROW(DELETE, delete, dfs_accept_args, dfs_accept_res, USER, WRITES, VOTING,       \
	    SMALL)                                                                       \
	ROW(SETTLED, settled, dfs_settled_args, dfs_settled_res, USER, WRITES, VOTING,   \
	    SMALL)                                                                       \
	ROW(LIST, list, dfs_list_args, dfs_list_res, USER, READS, VOTING, LARGE)         \
	ROW(STATUS, status, nothing, dfs_status_res, ANYONE, READS, RECOVERING, SMALL)

/* Procedures that have numbers and types, and that this version does not serve. */
#define NOT_SERVED(ROW)                                                                  \
	ROW(LOGIN, dfs_login_args, dfs_login_res, ANYONE, READS, VOTING)                 \
	ROW(FINISH, dfs_paths, dfs_finish_res, USER, WRITES, VOTING)                     \
	ROW(LEARN, dfs_learn_args, dfs_learn_res, PEER, WRITES, VOTING)                  \
	ROW(FORGET, dfs_forget_args, dfs_settled_res, PEER, WRITES, VOTING)              \
	ROW(FENCE, dfs_fence_args, dfs_fence_res, PEER, WRITES, VOTING)                  \
	ROW(DIGEST, dfs_digest_args, dfs_digest_res, PEER, READS, VOTING)

/* The arguments of a procedure that has none. */
typedef char nothing;

static bool_t xdr_nothing(XDR *xdrs, const nothing *none)
{
	(void)xdrs;
	(void)none;
	return TRUE;
}

/* Gives each handler the type that the table has. */
#define WRAPPER(name, proc, args_type, res_type, access_, writes_, recovering_, answer_) \
	static void run_##proc(struct caller *caller, const void *args, void *res)       \
	{                                                                                \
		procs_##proc(caller, args, res);                                         \
	}                                                                                \
	_Static_assert(sizeof(args_type) <= DISPATCH_ROOM &&                             \
			       sizeof(res_type) <= DISPATCH_ROOM,                        \
		       "room in struct dispatch_call");
SERVED(WRAPPER)
#undef WRAPPER

#define SERVED_ROW(name_, proc, args_type, res_type, access_, writes_, recovering_,      \
		   answer_)                                                              \
	{.procedure = DFS_##name_,                                                       \
	 .name = #name_,                                                                 \
	 .handler = run_##proc,                                                          \
	 .args = (xdrproc_t)xdr_##args_type,                                             \
	 .res = (xdrproc_t)xdr_##res_type,                                               \
	 .args_size = sizeof(args_type),                                                 \
	 .res_size = sizeof(res_type),                                                   \
	 .access = DISPATCH_##access_,                                                   \
	 .writes = (writes_),                                                            \
	 .while_recovering = (recovering_),                                              \
	 .answer_max = (answer_)},
#define NOT_SERVED_ROW(name_, args_type, res_type, access_, writes_, recovering_)        \
	{.procedure = DFS_##name_,                                                       \
	 .name = #name_,                                                                 \
	 .args = (xdrproc_t)xdr_##args_type,                                             \
	 .res = (xdrproc_t)xdr_##res_type,                                               \
	 .args_size = sizeof(args_type),                                                 \
	 .res_size = sizeof(res_type),                                                   \
	 .access = DISPATCH_##access_,                                                   \
	 .writes = (writes_),                                                            \
	 .while_recovering = (recovering_)},

static const struct dispatch_row rows[] = {SERVED(SERVED_ROW) NOT_SERVED(NOT_SERVED_ROW)};

const struct dispatch_row *dispatch_find(uint32_t procedure)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].procedure == procedure)
			return rows[i].handler != NULL ? &rows[i] : NULL;
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
	case DISPATCH_PEER:
		return caller->peer != 0;
	}
	return false;
}

void dispatch_run(struct dispatch_call *call, struct caller *caller)
{
	const struct dispatch_row *row = call->row;
	const char *why;

	if (!may_call(row, caller))
		dispatch_refuse(call, DFS_DENIED);
	else if (!row->while_recovering && !store_whole(caller->server->store, &why))
		dispatch_refuse(call, DFS_RECOVERING);
	else
		row->handler(caller, call->args, call->res);
}

void dispatch_free(struct dispatch_call *call, struct caller *caller)
{
	xdr_free(call->row->args, call->args);
	xdr_free(call->row->res, call->res);
	caller_release(caller);
}
