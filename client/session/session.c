/* The session: its servers, its ballots, and telling what is settled. */
#include "session.h"

#include "ballot.h"
#include "carry_over.h"
#include "clock.h"
#include "statement.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct session_notices {
	dfs_settled_args args;
	dfs_settled_item items[DFS_BATCH_MAX];
};

/* ---- servers by name -------------------------------------------------------------- */

const char *session_absent(struct dfs *dfs, server_set present, char text[DFS_WHY])
{
	char why[LINKS_WHY];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (set_has(present, s))
			continue;
		links_why(dfs->links, s, why);
		int n = why[0] ? snprintf(text + len, DFS_WHY - len, "%s%s",
					  len ? "; " : "", why)
			       : snprintf(text + len, DFS_WHY - len,
					  "%sdfs%u answers, but could not take part",
					  len ? "; " : "", s);

		len += n > 0 ? (size_t)n : 0;
		if (len >= DFS_WHY)
			return text;
	}
	/* A whole cluster is older: nobody has to start or mend anything. */
	if (links_up(dfs->links) == 0 && links_older(dfs->links) != 0)
		(void)snprintf(text + len, DFS_WHY - len, "; " CARRY_OVER);
	return text;
}

const char *session_names(server_set servers, char text[DFS_WHY])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			len += (size_t)snprintf(text + len, DFS_WHY - len, "%sdfs%u",
						len ? " and " : "", s);
	return text;
}

void session_too_few(struct dfs *dfs, struct dfs_result *result, server_set present,
		     const char *what)
{
	char absent[DFS_WHY];

	session_absent(dfs, present, absent);
	if (present == 0 && links_up(dfs->links) == 0)
		result_fail(result, DFS_EXIT_ALONE, "no server can be used (%.900s)",
			    absent);
	else
		result_fail(result, DFS_EXIT_FEW,
			    "%s (%.800s): start the missing servers", what, absent);
}

/* ---- servers and ballots ------------------------------------------------------- */

static server_set decided_servers(struct dfs *dfs, unsigned needed,
				  server_set (*of_links)(struct links *links))
{
	server_set servers;

	links_retry(dfs->links);
	links_settle(dfs->links, false);
	servers = of_links(dfs->links);
	if (set_count(servers) < needed) {
		links_settle(dfs->links, true);
		servers = of_links(dfs->links);
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_seen seen = links_seen(dfs->links, s);

		session_saw(dfs, s, &seen);
	}
	return servers;
}

server_set session_servers(struct dfs *dfs, unsigned needed)
{
	return decided_servers(dfs, needed, links_voting);
}

server_set session_tellers(struct dfs *dfs, unsigned needed)
{
	server_set telling = decided_servers(dfs, needed, links_telling);
	server_set voting = links_voting(dfs->links);

	return set_count(voting) >= 3 ? voting : telling;
}

server_set session_reached(struct dfs *dfs)
{
	if (set_count(decided_servers(dfs, 1, links_up)) < 2)
		links_wait(dfs->links, NULL, NULL, clock_now_ms() + LINKS_NEED_MS);
	return links_up(dfs->links);
}

void session_saw(struct dfs *dfs, unsigned server, const dfs_seen *seen)
{
	dfs_seen *known = &dfs->seen[server - 1];

	if (seen->epoch > known->epoch ||
	    (seen->epoch == known->epoch && seen->counter > known->counter))
		*known = *seen;
}

bool session_ballot(struct dfs *dfs, server_set servers, bool again, dfs_ballot *ret)
{
	return ballot_next(dfs->seen, servers, again, &dfs->counter, ret);
}

void session_pause(unsigned most_ms)
{
	uint32_t random = 0;
	ssize_t got = getrandom(&random, sizeof random, GRND_NONBLOCK);
	unsigned ms = most_ms / 2 + (got > 0 ? random % (most_ms / 2 + 1) : 0);

	clock_pause(ms);
}

/* ---- notices ------------------------------------------------------------------- */

void session_settled(struct dfs *dfs, const char *path, const dfs_ballot *ballot,
		     const dfs_value *value)
{
	struct session_notices *notices = dfs->notices;

	if (!notices)
		notices = dfs->notices = calloc(1, sizeof *notices);
	if (!notices)
		return; /* a notice may get lost: the servers then ask each other */
	u_int n = notices->args.items.items_len;
	char *copy = strdup(path);
	dfs_key digest;

	if (!copy || !statement_digest(value, &digest)) {
		free(copy);
		return;
	}
	notices->items[n].path.dfs_path_val = copy;
	notices->items[n].path.dfs_path_len = (u_int)strlen(copy);
	notices->items[n].ballot = *ballot;
	notices->items[n].digest = statement_short(&digest);
	notices->args.items.items_val = notices->items;
	notices->args.items.items_len = n + 1;
	if (n + 1 == DFS_BATCH_MAX)
		session_tell(dfs);
}

static void free_notices(void *owner)
{
	struct session_notices *notices = owner;

	for (u_int i = 0; i < notices->args.items.items_len; i++)
		free(notices->items[i].path.dfs_path_val);
	free(notices);
}

void session_tell(struct dfs *dfs)
{
	struct session_notices *notices = dfs->notices;
	server_set servers;

	if (!notices || notices->args.items.items_len == 0)
		return;
	dfs->notices = NULL;
	round_free(dfs->told);
	dfs->told = round_new(dfs->links, DFS_SETTLED, notices, free_notices);
	if (!dfs->told)
		return;
	servers = links_voting(dfs->links);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			round_ask(dfs->told, s, &notices->args,
				  clock_now_ms() + LINKS_NEED_MS);
}

void session_end(struct dfs *dfs)
{
	session_tell(dfs);
	if (dfs->told) {
		/* Sent is enough; an answer is the sign that it was. */
		round_wait(dfs->told, 0, LINKS_PATIENCE_MS);
		round_free(dfs->told);
	}
	if (dfs->notices)
		free_notices(dfs->notices);
	dfs->told = NULL;
	dfs->notices = NULL;
}
