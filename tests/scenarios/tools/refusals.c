/*
 * refusals CLUSTER.CONF SERVER: sends paths to one server that no client of ours would
 * send.
 *
 * Reads one path in hex digits per line and uses it in every procedure that takes a path.
 * Each must be answered with DFS_INVALID, for the item or for the call.  Names on stdout
 * what was not refused; the exit code is 0 only when everything was.
 */
#include "ballot.h"
#include "call.h"
#include "clock.h"
#include "cluster.h"
#include "dfs.h"
#include "login_fixture.h"
#include "object.h"
#include "text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, LINE_MAX_LEN = 2 * (DFS_PATH_MAX + 300) };

static struct call *call;
static unsigned taken; /* paths that a procedure did not refuse */

static void judge(const char *procedure, dfs_status status, dfs_status item,
		  const char *hex)
{
	if (status == DFS_INVALID || (status == DFS_OK && item == DFS_INVALID))
		return;
	printf("%s took %s: status %d, item %d\n", procedure, hex, (int)status,
	       (int)item);
	taken++;
}

static void run(uint32_t procedure, const void *args, void *res)
{
	char why[512];

	if (!call_run(call, procedure, args, res,
		      &(struct one_try){clock_now_ms() + PATIENCE_MS, why, sizeof why})) {
		printf("procedure %u: %s\n", procedure, why);
		exit(1);
	}
}

static void try_registers(dfs_path path, const char *hex)
{
	dfs_paths paths = {.paths = {.paths_len = 1, .paths_val = &path}};
	dfs_lookup_res looked;
	dfs_prepare_item prepare = {.path = path, .creates = TRUE};
	dfs_prepare_args prepares = {.items = {.items_len = 1, .items_val = &prepare}};
	dfs_prepare_res prepared;
	dfs_status item = DFS_OK;

	run(DFS_LOOKUP, &paths, &looked);
	if (looked.status == DFS_OK && looked.dfs_lookup_res_u.ok.items.items_len == 1)
		item = looked.dfs_lookup_res_u.ok.items.items_val[0].status;
	judge("LOOKUP", looked.status, item, hex);
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &looked);

	item = DFS_OK;
	prepares.ballot.counter = 1;
	if (!id_random(&prepares.operation) || !id_random(&prepares.ballot.proposer))
		exit(1);
	run(DFS_PREPARE, &prepares, &prepared);
	if (prepared.status == DFS_OK &&
	    prepared.dfs_prepare_res_u.ok.items.items_len == 1)
		item = prepared.dfs_prepare_res_u.ok.items.items_val[0].status;
	judge("PREPARE", prepared.status, item, hex);
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &prepared);
}

static void try_accept(uint32_t procedure, dfs_path path, const char *hex)
{
	dfs_proposal proposal = {.path = path};
	dfs_accept_args args = {.items = {.items_len = 1, .items_val = &proposal}};
	dfs_accept_res res;
	dfs_status item = DFS_OK;

	args.ballot.counter = 1;
	if (!id_random(&args.ballot.proposer) || !id_random(&proposal.value.operation))
		exit(1);
	proposal.value.origin = args.ballot;
	proposal.value.number = 1;
	proposal.value.recent.recent_len = 1;
	proposal.value.recent.recent_val = &proposal.value.operation;
	proposal.value.content_version.number = 1;
	proposal.value.content_version.operation = proposal.value.operation;
	proposal.value.body.kind = DFS_TOMBSTONE;
	run(procedure, &args, &res);
	if (res.status == DFS_OK && res.dfs_accept_res_u.ok.items.items_len == 1)
		item = res.dfs_accept_res_u.ok.items.items_val[0];
	judge(procedure == DFS_DELETE ? "DELETE" : "ACCEPT", res.status, item, hex);
	call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
}

static void try_bind(dfs_path path, const char *hex)
{
	dfs_key leaf = {.bytes = {0}};
	dfs_bind_item bind = {.path = path,
			      .share = {.size = 1, .tree = {1, &leaf}, .chunks = 1}};
	dfs_bind_args args = {.items = {.items_len = 1, .items_val = &bind}};
	dfs_bind_res res;
	dfs_status item = DFS_OK;

	args.ballot.counter = 1;
	if (!id_random(&args.operation) || !id_random(&args.ballot.proposer) ||
	    !object_maker(&bind.token, &bind.share.maker))
		exit(1);
	run(DFS_BIND, &args, &res);
	if (res.status == DFS_OK && res.dfs_bind_res_u.items.items_len == 1)
		item = res.dfs_bind_res_u.items.items_val[0];
	judge("BIND", res.status, item, hex);
	call_free_result((xdrproc_t)xdr_dfs_bind_res, &res);
}

/* LIST takes folders, for which "/" and a final '/' are right. */
static void try_list(dfs_path path, const char *hex)
{
	dfs_list_args args = {.folder = path, .max = 10};
	dfs_list_res res;

	if (path.dfs_path_len > 0 && path.dfs_path_val[path.dfs_path_len - 1] == '/')
		return;
	run(DFS_LIST, &args, &res);
	judge("LIST", res.status, DFS_OK, hex);
	call_free_result((xdrproc_t)xdr_dfs_list_res, &res);
}

static void try_all(char *hex)
{
	char bytes[DFS_PATH_MAX];
	size_t len = strcspn(hex, "\n") / 2;
	dfs_path path = {.dfs_path_len = (u_int)len, .dfs_path_val = bytes};

	hex[2 * len] = '\0';
	if (len > sizeof bytes || !text_unhex(hex, bytes, len)) {
		printf("not in hex: %s\n", hex);
		exit(1);
	}
	try_registers(path, hex);
	try_accept(DFS_ACCEPT, path, hex);
	try_accept(DFS_DELETE, path, hex);
	try_bind(path, hex);
	try_list(path, hex);
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_LEN];
	struct cluster cluster;
	uint64_t server;
	char why[512];

	if (argc != 3 || !text_number(argv[2], 1, DFS_SERVERS, &server) ||
	    !cluster_read(argv[1], &cluster, why, sizeof why))
		return 2;
	call = login_fixture_open(&cluster, (unsigned)server, "tester", NULL, why,
				  sizeof why);
	if (!call) {
		printf("%s\n", why);
		return 1;
	}
	while (fgets(line, sizeof line, stdin) != NULL)
		try_all(line);
	call_close(call);
	return taken == 0 ? 0 : 1;
}
