/* The session: opening, closing, ballots, and telling what is settled. */
#include "session.h"
#include "password_rules.h"

#include "account_cache.h"
#include "ballot.h"
#include "clock.h"
#include "cluster.h"
#include "login.h"
#include "path.h"
#include "tls.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct session_notices {
	dfs_settled_args args;
	dfs_settled_item items[DFS_BATCH_MAX];
};

/* ---- servers by name -------------------------------------------------------------- */

const char *session_absent(struct dfs *dfs, unsigned present, char text[DFS_WHY])
{
	char why[LINKS_WHY];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (present & 1U << (s - 1))
			continue;
		links_why(dfs->links, s, why);
		int n = why[0] ? snprintf(text + len, DFS_WHY - len, "%s%s",
					  len ? "; " : "", why)
			       : snprintf(text + len, DFS_WHY - len,
					  "%sdfs%u answers, but could not take part",
					  len ? "; " : "", s);

		len += n > 0 ? (size_t)n : 0;
		if (len >= DFS_WHY)
			break;
	}
	return text;
}

const char *session_names(unsigned servers, char text[DFS_WHY])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (servers & 1U << (s - 1))
			len += (size_t)snprintf(text + len, DFS_WHY - len, "%sdfs%u",
						len ? " and " : "", s);
	return text;
}

void session_unchecked(struct dfs_result *result, unsigned servers)
{
	char names[DFS_WHY];

	result_fail(result, DFS_EXIT_FEW,
		    "too few of the other servers are in reach of %.100s to check who "
		    "calls: start the missing servers, or try again",
		    session_names(servers, names));
}

void session_too_few(struct dfs *dfs, struct dfs_result *result, unsigned present,
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

/* ---- opening and closing ------------------------------------------------------- */

/* NULL when out of memory or threads; the login belongs to the links. */
static struct links *connect_all(const struct cluster *cluster, struct login *take_login,
				 SSL_CTX *take_tls)
{
	const struct links_options connect = {.cluster = cluster,
					      .take_tls = take_tls,
					      .servers = (1U << DFS_SERVERS) - 1,
					      .introduce = login_introduce,
					      .take_context = take_login,
					      .free_context = login_free};

	return links_new(&connect);
}

/* NULL when the options can be used; else what is wrong with them. */
static const char *check(const struct dfs_options *options)
{
	const char *wrong = path_check_user(options->user, strlen(options->user));

	if (!wrong && options->password && options->password_len > PASSWORD_MAX_BYTES)
		wrong = "a password has at most 1024 bytes";
	return wrong;
}

struct dfs_result dfs_open(const struct dfs_options *options, struct dfs **ret)
{
	struct dfs_result result = {.code = DFS_EXIT_OTHER};
	struct dfs *dfs = calloc(1, sizeof *dfs);
	const char *wrong = check(options);
	SSL_CTX *tls;

	*ret = NULL;
	if (wrong) {
		result_fail(&result, DFS_EXIT_USAGE, "user \"%.64s\": %s", options->user,
			    wrong);
		goto failed;
	}
	if (dfs) {
		dfs->notices = calloc(1, sizeof *dfs->notices);
		dfs->cluster = malloc(sizeof *dfs->cluster);
	}
	if (!dfs || !dfs->notices || !dfs->cluster) {
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
		goto failed;
	}
	(void)snprintf(dfs->user, sizeof dfs->user, "%s", options->user);
	if (!cluster_read(options->config, dfs->cluster, result.why, sizeof result.why)) {
		result.code = DFS_EXIT_USAGE;
		goto failed;
	}
	tls = tls_for_client(dfs->cluster->ca, result.why, sizeof result.why);
	if (!tls)
		goto failed;
	dfs->login = login_new(dfs->cluster, options);
	if (dfs->login)
		dfs->links = connect_all(dfs->cluster, dfs->login, tls);
	else
		SSL_CTX_free(tls);
	if (!dfs->links) {
		result_fail(&result, DFS_EXIT_OTHER, "out of memory or threads");
		goto failed;
	}
	*ret = dfs;
	return (struct dfs_result){.code = DFS_EXIT_DONE};
failed:
	if (dfs) {
		free(dfs->cluster);
		free(dfs->notices);
	}
	free(dfs);
	return result;
}

struct dfs_result dfs_login(struct dfs *dfs)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};
	char why[LINKS_WHY], absent[DFS_WHY];

	links_wait(dfs->links, login_is_decided, dfs->login,
		   clock_now_ms() + LINKS_NEED_MS);
	switch (login_end_of(dfs->login)) {
	case LOGIN_DONE:
		dfs->identity = login_identity(dfs->login);
		break;
	case LOGIN_NOBODY:
		result_fail(&result, DFS_EXIT_DENIED, "not logged in");
		break;
	case LOGIN_REFUSED:
		result_fail(&result, DFS_EXIT_DENIED,
			    "the servers refuse the log-in of %s", dfs->user);
		break;
	case LOGIN_WRONG:
		login_wrong(dfs->login, why);
		result_fail(&result, DFS_EXIT_DENIED, "%s", why);
		break;
	case LOGIN_FEW:
		session_absent(dfs, 0, absent);
		if (login_reached(dfs->login) == 0)
			result_fail(&result, DFS_EXIT_ALONE,
				    "no server can be used (%.900s)", absent);
		else
			result_fail(&result, DFS_EXIT_FEW,
				    "too few servers to log in (%.800s): start the "
				    "missing servers",
				    absent);
		break;
	}
	return result;
}

static void free_notices(void *owner)
{
	struct session_notices *notices = owner;

	for (u_int i = 0; i < notices->args.items.items_len; i++)
		free(notices->items[i].path.dfs_path_val);
	free(notices);
}

void dfs_close(struct dfs *dfs)
{
	if (!dfs)
		return;
	session_tell(dfs);
	if (dfs->told) {
		/* Sent is enough; an answer is the sign that it was. */
		round_wait(dfs->told, 0, LINKS_PATIENCE_MS);
		round_free(dfs->told);
	}
	if (dfs->notices)
		free_notices(dfs->notices);
	login_cancel(dfs->login);
	links_free(dfs->links);
	account_cache_free(dfs->accounts);
	free(dfs->cluster);
	free(dfs);
}

/* ---- servers and ballots ------------------------------------------------------- */

static unsigned count(unsigned mask)
{
	return (unsigned)__builtin_popcount(mask);
}

static unsigned settled_servers(struct dfs *dfs, unsigned needed,
				unsigned (*of_links)(struct links *links))
{
	unsigned servers;

	links_retry(dfs->links);
	links_settle(dfs->links, false);
	servers = of_links(dfs->links);
	if (count(servers) < needed) {
		links_settle(dfs->links, true);
		servers = of_links(dfs->links);
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_seen seen = links_seen(dfs->links, s);

		session_saw(dfs, s, &seen);
	}
	return servers;
}

unsigned session_servers(struct dfs *dfs, unsigned needed)
{
	return settled_servers(dfs, needed, links_voting);
}

unsigned session_tellers(struct dfs *dfs, unsigned needed)
{
	unsigned telling = settled_servers(dfs, needed, links_telling);
	unsigned voting = links_voting(dfs->links);

	return count(voting) >= 3 ? voting : telling;
}

unsigned session_reached(struct dfs *dfs)
{
	if (count(settled_servers(dfs, 1, links_up)) < 2)
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

bool session_ballot(struct dfs *dfs, unsigned servers, bool again, dfs_ballot *ret)
{
	return ballot_next(dfs->seen, servers, again, &dfs->counter, ret);
}

void session_pause(unsigned most_ms)
{
	uint32_t random = 0;
	ssize_t got = getrandom(&random, sizeof random, GRND_NONBLOCK);
	unsigned ms = most_ms / 2 + (got > 0 ? random % (most_ms / 2 + 1) : 0);
	struct timespec wait = {.tv_sec = ms / 1000,
				.tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&wait, NULL);
}

/* ---- notices ------------------------------------------------------------------- */

void session_settled(struct dfs *dfs, const char *path, const dfs_ballot *ballot)
{
	struct session_notices *notices = dfs->notices;

	if (!notices)
		notices = dfs->notices = calloc(1, sizeof *notices);
	if (!notices)
		return; /* a notice may get lost: the servers then ask each other */
	u_int n = notices->args.items.items_len;
	char *copy = strdup(path);

	if (!copy)
		return;
	notices->items[n].path.dfs_path_val = copy;
	notices->items[n].path.dfs_path_len = (u_int)strlen(copy);
	notices->items[n].ballot = *ballot;
	notices->args.items.items_val = notices->items;
	notices->args.items.items_len = n + 1;
	if (n + 1 == DFS_BATCH_MAX)
		session_tell(dfs);
}

void session_tell(struct dfs *dfs)
{
	struct session_notices *notices = dfs->notices;
	unsigned servers;

	if (!notices || notices->args.items.items_len == 0)
		return;
	dfs->notices = NULL;
	round_free(dfs->told);
	dfs->told = round_new(dfs->links, DFS_SETTLED, notices, free_notices);
	if (!dfs->told)
		return;
	servers = links_voting(dfs->links);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (servers & 1U << (s - 1))
			round_ask(dfs->told, s, &notices->args,
				  clock_now_ms() + LINKS_NEED_MS);
}
