/* HELLO, as whoever calls a server says it. */
#include "hello.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>

/* Is this the server that the configuration speaks of?  Fills why when not. */
static bool is_ours(const struct cluster *cluster, unsigned server,
		    const dfs_hello_ok *ok, char *why)
{
	if (memcmp(&ok->cluster, &cluster->id, sizeof ok->cluster) != 0)
		snprintf(why, LINKS_WHY,
			 "dfs%u belongs to another cluster: check its address "
			 "in cluster.conf",
			 server);
	else if (ok->server != server)
		snprintf(why, LINKS_WHY,
			 "at the address of dfs%u answers dfs%u: check "
			 "cluster.conf",
			 server, ok->server);
	else
		return true;
	return false;
}

/* A text as the wire has it: of at most so many bytes. */
static u_int text_len(const char *text, size_t most)
{
	return (u_int)strnlen(text, most);
}

bool links_hello(const struct links_hello *hello, unsigned server, struct call *call,
		 struct links_introduction *ret, char *why)
{
	char caller[DFS_TEXT_MAX + 1];
	dfs_hello_args args = {
		.caller = {text_len(hello->caller, DFS_TEXT_MAX), caller},
	};
	dfs_hello_res res;
	bool good = false;

	snprintf(caller, sizeof caller, "%s", hello->caller);
	if (!call_run(call, DFS_HELLO, (xdrproc_t)xdr_dfs_hello_args, &args,
		      (xdrproc_t)xdr_dfs_hello_res, &res, sizeof res,
		      clock_now_ms() + LINKS_NEED_MS, why, LINKS_WHY))
		return false;
	if (res.status != DFS_OK) {
		snprintf(why, LINKS_WHY, "dfs%u refuses the greeting", server);
	} else {
		const dfs_hello_ok *ok = &res.dfs_hello_res_u.ok;

		good = is_ours(hello->cluster, server, ok, why);
		ret->votes = good && ok->state == DFS_STATE_VOTING;
		ret->seen = ok->seen;
		if (good && !ret->votes)
			snprintf(why, LINKS_WHY, "dfs%u is recovering and does not vote",
				 server);
	}
	call_free_result((xdrproc_t)xdr_dfs_hello_res, &res);
	return good;
}
