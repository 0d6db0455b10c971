/* Speaking to servers as one of them. */
#include "bad_server.h"

#include "clock.h"
#include "tls.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 30000 };

static char why[512];

static void must(bool good, const char *what)
{
	if (!good)
		attack_broken("%s (%s)", what, why);
}

server_set bad_server_others(const struct bad_server *bad)
{
	return set_without(SERVERS_ALL, bad->server);
}

void bad_server_begin(struct bad_server *ret, unsigned server)
{
	const char *config = getenv("DFS_CONFIG");
	char cert[PATH_MAX + 32], key[PATH_MAX + 32];
	struct cluster *cluster = &ret->cluster;
	SSL_CTX *tls;

	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(ret, 0, sizeof *ret);
	ret->server = server;
	must(config && cluster_read(config, cluster, why, sizeof why), "DFS_CONFIG");
	(void)snprintf(cert, sizeof cert, "%s/dfs%u/cert.pem", cluster->folder, server);
	(void)snprintf(key, sizeof key, "%s/dfs%u/key.pem", cluster->folder, server);
	tls = tls_for_peer(&(struct tls_own){cert, key, cluster->ca, cluster->folder},
			   why, sizeof why);
	must(tls != NULL, "certificate");
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (s == server)
			continue;
		ret->calls[s - 1] = call_open(
			cluster, s, tls,
			&(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why});
		must(ret->calls[s - 1] != NULL, "connection");
	}
	SSL_CTX_free(tls);
}

void bad_server_end(struct bad_server *bad)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		call_close(bad->calls[s - 1]);
}

void bad_server_say(struct bad_server *bad, unsigned server, uint32_t procedure,
		    const void *args, void *res)
{
	must(call_run(bad->calls[server - 1], procedure, args, res,
		      &(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why}),
	     "call");
}

bool bad_server_look(struct bad_server *bad, unsigned server, const dfs_path *path,
		     dfs_learn_item *ret, dfs_seen *ret_seen)
{
	dfs_path name = *path;
	const dfs_paths args = {.paths = {1, &name}};
	const dfs_accepted *accepted;
	const dfs_looked *item;
	dfs_lookup_res res;
	bool known;

	bad_server_say(bad, server, DFS_LOOKUP, &args, &res);
	must(res.status == DFS_OK, "LOOKUP");
	item = &res.dfs_lookup_res_u.ok.items.items_val[0];
	accepted = &item->dfs_looked_u.reg.dfs_register_u.accepted;
	*ret_seen = res.dfs_lookup_res_u.ok.seen;
	known = item->status == DFS_OK && item->dfs_looked_u.reg.known;
	if (known) {
		ret->path = *path;
		ret->ballot = accepted->ballot;
		must(value_copy(&accepted->value, &ret->value), "memory");
	}
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
	return known;
}
