/*
 * dfs_open, dfs_login, dfs_close: a session from its beginning to its end; and which
 * passwords may be chosen.
 */
#include "libdfs.h"

#include "account_cache.h"
#include "clock.h"
#include "cluster.h"
#include "left_out.h"
#include "login.h"
#include "password_rules.h"
#include "path.h"
#include "session.h"
#include "sets.h"
#include "statement.h"
#include "text.h"
#include "tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL when out of memory or threads; the login belongs to the links. */
static struct links *connect_all(const struct cluster *cluster, struct login *take_login,
				 SSL_CTX *take_tls)
{
	const struct links_options connect = {.cluster = cluster,
					      .take_tls = take_tls,
					      .servers = SERVERS_ALL,
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
	if (dfs)
		dfs->cluster = malloc(sizeof *dfs->cluster);
	if (dfs)
		dfs->seen_batches = statement_seen_new();
	if (!dfs || !dfs->cluster || !dfs->seen_batches) {
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
	dfs->ca_ends_ns = tls_ca_ends(tls);
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
		statement_seen_free(dfs->seen_batches);
		free(dfs->cluster);
	}
	free(dfs);
	return result;
}

struct dfs_result dfs_login(struct dfs *dfs)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};
	char absent[DFS_WHY];

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
		result = login_wrong(dfs->login);
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

bool dfs_left_out(struct dfs *dfs, unsigned server, char why[DFS_WHY])
{
	bool out;

	/* What is told last is answered too. */
	session_end(dfs);
	out = set_has(links_left_out(dfs->links), server);
	why[0] = '\0';
	if (out)
		links_why(dfs->links, server, why);
	return out;
}

void dfs_cancel(struct dfs *dfs)
{
	login_cancel(dfs->login);
	links_cancel(dfs->links);
}

void dfs_close(struct dfs *dfs)
{
	if (!dfs)
		return;
	session_end(dfs);
	login_cancel(dfs->login);
	links_free(dfs->links);
	account_cache_free(dfs->accounts);
	statement_seen_free(dfs->seen_batches);
	free(dfs->cluster);
	free(dfs);
}

/* ---- passwords ----------------------------------------------------------------- */

const char *password_rules_check_old(const char *password, size_t len)
{
	size_t characters = 0;

	/* A character of UTF-8 has one byte that is not 10xxxxxx. */
	for (size_t i = 0; i < len; i++)
		characters += ((uint8_t)password[i] & 0xc0) != 0x80;
	if (len > PASSWORD_MAX_BYTES)
		return "a password has at most 1024 bytes";
	if (memchr(password, '\0', len) || !text_is_utf8(password, len))
		return "a password is a text in UTF-8, without a NUL byte";
	if (characters < PASSWORD_MIN_CHARACTERS)
		return "a password has at least 8 characters";
	return NULL;
}

const char *password_rules_check(const char *password, size_t len)
{
	const char *wrong = password_rules_check_old(password, len);

	return wrong || !text_has_control(password, len)
		       ? wrong
		       : "a new password has no control characters, like tabs";
}
