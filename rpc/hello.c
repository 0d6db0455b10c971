/* HELLO, as whoever calls a server says it. */
#include "hello.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>

/* A start is over in a moment, or waits for other servers; a recovery takes its time. */
enum { STARTING_AGAIN_MS = 100, RECOVERING_AGAIN_MS = 1000 };

/* Is this the server that the configuration speaks of?  Fills why when not. */
static bool is_ours(const struct cluster *cluster, unsigned server,
		    const dfs_hello_ok *ok, char *why)
{
	if (memcmp(&ok->cluster, &cluster->id, sizeof ok->cluster) != 0)
		(void)snprintf(why, LINKS_WHY,
			       "dfs%u belongs to another cluster: check its address "
			       "in cluster.conf",
			       server);
	else if (ok->server != server)
		(void)snprintf(why, LINKS_WHY,
			       "at the address of dfs%u answers dfs%u: check "
			       "cluster.conf",
			       server, ok->server);
	else
		return true;
	return false;
}

static void describe(unsigned server, const dfs_hello_ok *ok,
		     struct links_introduction *ret, char *why)
{
	*ret = (struct links_introduction){.seen = ok->seen};
	switch (ok->state) {
	case DFS_STATE_VOTING:
		ret->votes = ret->tells = true;
		break;
	case DFS_STATE_STARTING:
		ret->tells = true;
		ret->again_ms = STARTING_AGAIN_MS;
		(void)snprintf(why, LINKS_WHY,
			       "dfs%u has just started and does not vote yet", server);
		break;
	default:
		ret->again_ms = RECOVERING_AGAIN_MS;
		(void)snprintf(why, LINKS_WHY, "dfs%u is recovering and does not vote",
			       server);
		break;
	}
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

	(void)snprintf(caller, sizeof caller, "%s", hello->caller);
	if (!call_run(call, DFS_HELLO, &args, &res,
		      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, LINKS_WHY}))
		return false;
	if (res.status != DFS_OK) {
		(void)snprintf(why, LINKS_WHY, "dfs%u refuses the greeting", server);
	} else {
		const dfs_hello_ok *ok = &res.dfs_hello_res_u.ok;

		good = is_ours(hello->cluster, server, ok, why);
		if (good)
			describe(server, ok, ret, why);
	}
	call_free_result((xdrproc_t)xdr_dfs_hello_res, &res);
	return good;
}

bool links_state(unsigned server, struct call *call, dfs_state *ret, char *why)
{
	static const dfs_hello_args nothing_new;
	dfs_hello_res res;
	bool good;

	if (!call_run(call, DFS_HELLO, &nothing_new, &res,
		      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, LINKS_WHY}))
		return false;
	good = res.status == DFS_OK;
	if (good)
		*ret = res.dfs_hello_res_u.ok.state;
	else
		(void)snprintf(why, LINKS_WHY, "dfs%u refuses the greeting", server);
	call_free_result((xdrproc_t)xdr_dfs_hello_res, &res);
	return good;
}
