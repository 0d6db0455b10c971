/* LOGIN and FINISH: who calls, and what servers do for who may only read. */
#include "procs.h"

#include "accounts.h"
#include "admission.h"
#include "clock.h"
#include "path.h"
#include "peers.h"
#include "permit.h"
#include <stdlib.h>
#include <string.h>

/* Who has his portion of the seats is not logged in on another one. */
static void seat_user(struct caller *caller, dfs_login_res *res)
{
	if (admission_promote(caller->seat, caller->user)) {
		store_uploads_are_of(caller->uploads, caller->user);
		return;
	}
	caller->user[0] = '\0';
	xdr_free((xdrproc_t)xdr_dfs_login_res, res);
	memset(res, 0, sizeof *res);
	res->status = DFS_BUSY;
}

void procs_login(struct caller *caller, const dfs_login_args *args, dfs_login_res *res)
{
	if (path_check_user(args->user.dfs_user_val, args->user.dfs_user_len) ||
	    (args->how.kind != DFS_LOGIN_ASK && args->how.kind != DFS_LOGIN_PASSWORD &&
	     args->how.kind != DFS_LOGIN_SESSION))
		res->status = DFS_INVALID;
	else
		accounts_login(caller->server->accounts, caller, args, res);
	if (res->status == DFS_OK && args->how.kind != DFS_LOGIN_ASK)
		seat_user(caller, res);
}

/* As long as somebody waits patiently on the other end. */
enum { FINISH_MS = 8000 };

/* Paths that may be finished for this caller, and which of the items they are. */
static u_int permitted_paths(const struct caller *caller, const dfs_paths *args,
			     dfs_path *ret_paths, u_int *ret_items)
{
	u_int count = 0;

	for (u_int i = 0; i < args->paths.paths_len; i++)
		if (caller->permitted[i] == DFS_OK) {
			ret_paths[count] = args->paths.paths_val[i];
			ret_items[count++] = i;
		}
	return count;
}

static bool is_twice(const dfs_paths *args)
{
	const dfs_path *paths = args->paths.paths_val;

	for (u_int i = 0; i < args->paths.paths_len; i++)
		for (u_int j = 0; j < i; j++)
			if (path_compare(paths[i].dfs_path_val, paths[i].dfs_path_len,
					 paths[j].dfs_path_val,
					 paths[j].dfs_path_len) == 0)
				return true;
	return false;
}

void procs_finish(struct caller *caller, const dfs_paths *args, dfs_finish_res *res)
{
	u_int count = args->paths.paths_len, which[DFS_BATCH_MAX];
	dfs_looked *items = calloc(count + 1, sizeof *items), done[DFS_BATCH_MAX];
	dfs_path room[DFS_BATCH_MAX];
	const dfs_paths paths = {
		.paths = {permitted_paths(caller, args, room, which), room}};

	if (!items || is_twice(args)) {
		free(items);
		res->status = !items ? DFS_BUSY : DFS_INVALID;
		return;
	}
	for (u_int i = 0; i < count; i++)
		items[i].status = caller->permitted[i];
	memset(done, 0, sizeof done);
	if (paths.paths.paths_len > 0)
		peers_finish(caller->server->peers, &paths, clock_now_ms() + FINISH_MS,
			     done);
	for (u_int i = 0; i < paths.paths.paths_len; i++) {
		dfs_register *reg = &items[which[i]].dfs_looked_u.reg;

		items[which[i]] = done[i];
		if (done[i].status != DFS_OK)
			continue;
		if (permit_register(caller, &room[i], reg)) {
			permit_give_ticket(caller, &room[i], reg);
		} else {
			xdr_free((xdrproc_t)xdr_dfs_register, (char *)reg);
			memset(&items[which[i]], 0, sizeof items[which[i]]);
			items[which[i]].status = DFS_DENIED;
		}
	}
	res->status = DFS_OK;
	res->dfs_finish_res_u.items.items_val = items;
	res->dfs_finish_res_u.items.items_len = count;
}
