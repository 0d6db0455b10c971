/*
 * Messages from one server to another that come late: what one server said of a path is
 * kept, and said again when that time is over.  The tool shows the certificate of the
 * server FROM.
 *
 *	late CONFIG FROM keep PATH FILE SERVER
 *		what SERVER has accepted for the path goes into the file
 *	late CONFIG FROM say PATH FILE SERVER
 *		PREPARE, ACCEPT and LEARN of that, in this order; prints what each was
 *		answered, three numbers (dfs_status)
 *	late CONFIG FROM forget PATH FILE SERVER
 *		FORGET of it; prints the answer
 */
#include "call.h"
#include "clock.h"
#include "statement.h"
#include "text.h"
#include "tls.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 20000, FILE_MAX = DFS_VALUE_MAX + 4096 };

static char why[512];

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "late: %s: %s\n", what, why);
	exit(1);
}

static struct call *connect_as(const struct cluster *cluster, unsigned from,
			       unsigned server)
{
	char cert[PATH_MAX + 32], key[PATH_MAX + 32];
	const struct tls_own own = {cert, key, cluster->ca, cluster->folder};
	struct call *call;
	SSL_CTX *tls;

	(void)snprintf(cert, sizeof cert, "%s/dfs%u/cert.pem", cluster->folder, from);
	(void)snprintf(key, sizeof key, "%s/dfs%u/key.pem", cluster->folder, from);
	tls = tls_for_peer(&own, why, sizeof why);
	must(tls != NULL, "certificate");
	call = call_open(cluster, server, tls,
			 &(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why});
	must(call != NULL, "connection");
	SSL_CTX_free(tls);
	return call;
}

static void say(struct call *call, uint32_t procedure, const void *args, void *res)
{
	must(call_run(call, procedure, args, res,
		      &(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why}),
	     "call");
}

static void keep(struct call *call, const dfs_path *path, const char *file)
{
	dfs_path copy = *path;
	const dfs_paths args = {.paths = {1, &copy}};
	static char room[FILE_MAX];
	dfs_lookup_res res;
	FILE *stream;
	XDR xdrs;

	say(call, DFS_LOOKUP, &args, &res);
	must(res.status == DFS_OK, "LOOKUP");
	dfs_looked *item = &res.dfs_lookup_res_u.ok.items.items_val[0];

	must(item->status == DFS_OK && item->dfs_looked_u.reg.known, "no such file");
	xdrmem_create(&xdrs, room, sizeof room, XDR_ENCODE);
	must(xdr_dfs_accepted(&xdrs, &item->dfs_looked_u.reg.dfs_register_u.accepted),
	     "encoding");
	stream = fopen(file, "wb");
	must(stream && fwrite(room, xdr_getpos(&xdrs), 1, stream) == 1 &&
		     fclose(stream) == 0,
	     file);
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
}

static void read_kept(const char *file, dfs_accepted *ret)
{
	static char room[FILE_MAX];
	FILE *stream = fopen(file, "rb");
	size_t len = stream ? fread(room, 1, sizeof room, stream) : 0;
	XDR xdrs;

	must(len > 0, file);
	fclose(stream);
	xdrmem_create(&xdrs, room, (u_int)len, XDR_DECODE);
	memset(ret, 0, sizeof *ret);
	must(xdr_dfs_accepted(&xdrs, ret), "decoding");
}

static dfs_status say_prepare(struct call *call, const dfs_path *path,
			      const dfs_accepted *kept)
{
	dfs_prepare_item item = {.path = *path};
	const dfs_prepare_args args = {
		kept->value.operation, kept->ballot, FALSE, {1, &item}};
	dfs_prepare_res res;
	dfs_status status;

	say(call, DFS_PREPARE, &args, &res);
	status = res.status;
	if (status == DFS_OK)
		status = res.dfs_prepare_res_u.ok.items.items_val[0].status;
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &res);
	return status;
}

static dfs_status say_accept(struct call *call, const dfs_path *path,
			     const dfs_accepted *kept)
{
	dfs_proposal item = {*path, kept->value};
	const dfs_accept_args args = {kept->ballot, {1, &item}};
	dfs_accept_res res;
	dfs_status status;

	say(call, DFS_ACCEPT, &args, &res);
	status = res.status;
	if (status == DFS_OK)
		status = res.dfs_accept_res_u.ok.items.items_val[0];
	call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
	return status;
}

static dfs_status say_learn(struct call *call, const dfs_path *path,
			    const dfs_accepted *kept)
{
	dfs_learn_item item = {*path, kept->ballot, kept->value};
	const dfs_learn_args args = {{1, &item}};
	dfs_learn_res res;
	dfs_status status;

	say(call, DFS_LEARN, &args, &res);
	status = res.status;
	if (status == DFS_OK)
		status = res.dfs_learn_res_u.items.items_val[0];
	call_free_result((xdrproc_t)xdr_dfs_learn_res, &res);
	return status;
}

static dfs_status say_forget(struct call *call, const dfs_path *path,
			     const dfs_accepted *kept)
{
	dfs_settled_item item = {.path = *path, .ballot = kept->ballot};
	const dfs_forget_args args = {{1, &item}};
	dfs_settled_res res;
	dfs_key digest;

	must(statement_digest(&kept->value, &digest), "digest");
	item.digest = statement_short(&digest);
	say(call, DFS_FORGET, &args, &res);
	return res.status;
}

int main(int argc, char **argv)
{
	static struct cluster cluster;
	uint64_t from = 0, server = 0;
	dfs_accepted kept;
	struct call *call;

	(void)snprintf(why, sizeof why, "see the head of late.c");
	must(argc == 7 && cluster_read(argv[1], &cluster, why, sizeof why) &&
		     text_number(argv[2], 1, DFS_SERVERS, &from) &&
		     text_number(argv[6], 1, DFS_SERVERS, &server) && from != server,
	     "usage");
	const dfs_path path = {(u_int)strlen(argv[4]), argv[4]};

	call = connect_as(&cluster, (unsigned)from, (unsigned)server);
	if (strcmp(argv[3], "keep") == 0) {
		keep(call, &path, argv[5]);
		call_close(call);
		return 0;
	}
	read_kept(argv[5], &kept);
	if (strcmp(argv[3], "forget") == 0) {
		printf("%d\n", (int)say_forget(call, &path, &kept));
	} else {
		must(strcmp(argv[3], "say") == 0, "usage");
		printf("%d", (int)say_prepare(call, &path, &kept));
		printf(" %d", (int)say_accept(call, &path, &kept));
		printf(" %d\n", (int)say_learn(call, &path, &kept));
	}
	xdr_free((xdrproc_t)xdr_dfs_accepted, (char *)&kept);
	call_close(call);
	return 0;
}
