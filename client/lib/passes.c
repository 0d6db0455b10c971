/* Sessions and recovery files: other ways to log in than the password. */
#include "libdfs.h"

#include "change.h"
#include "clock.h"
#include "credentials.h"
#include "login.h"
#include "statuses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_NS (INT64_C(3600) * 1000000000)

/* Clocks that differ by less are taken for equal. */
#define CLOCKS_DIFFER_NS (HOUR_NS / 12)

/* What is done to the sessions of one's own credentials. */
struct sessions_edit {
	struct dfs *dfs;
	const dfs_session *added; /* or NULL */
	const uint8_t *dropped;   /* an id, or NULL */
	int64_t now_ns;           /* by the servers' clocks */
	dfs_session sessions[DFS_SESSIONS_MAX];
};

static bool edit_sessions(void *context, dfs_body *draft, struct dfs_result *result)
{
	struct sessions_edit *edit = context;
	dfs_credentials *record = &draft->dfs_body_u.credentials;

	if (draft->kind != DFS_CREDENTIALS) {
		result_fail(result, DFS_EXIT_DENIED, "the user %s is gone",
			    edit->dfs->user);
		return false;
	}
	if (edit->added && !login_made(edit->dfs->login, &record->verifiers)) {
		result_fail(result, DFS_EXIT_DENIED,
			    "the password was changed meanwhile: try again");
		return false;
	}
	record->sessions.sessions_len =
		edit->added
			? credentials_add_session(record, edit->added, edit->dropped,
						  edit->now_ns, edit->sessions)
			: credentials_drop_session(record, edit->dropped, edit->sessions);
	record->sessions.sessions_val = edit->sessions;
	return true;
}

static struct dfs_result change_sessions(struct dfs *dfs, const dfs_session *added,
					 const uint8_t *dropped, int64_t now_ns)
{
	struct sessions_edit edit = {
		.dfs = dfs, .added = added, .dropped = dropped, .now_ns = now_ns};
	char path[CHANGE_PATH];
	const struct change change = {change_credentials_path(dfs->user, path),
				      edit_sessions, &edit};

	return change_run(dfs, &change);
}

/* ---- the time -------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/*
 * How far the servers' clocks are ahead of that of this machine.  They end sessions by
 * their own; what the one in the middle says counts, of two the earlier one, so that no
 * single server decides.  0 where fewer tell.
 */
static int64_t servers_ahead(struct dfs *dfs)
{
	int64_t told[DFS_SERVERS], ahead = 0;
	struct statuses statuses;
	size_t count = 0;

	if (statuses_ask(dfs, &statuses))
		for (unsigned i = 0; i < DFS_SERVERS; i++)
			if (statuses.of[i] && statuses.of[i]->heard[i] > 0)
				told[count++] = statuses.of[i]->heard[i];
	statuses_free(&statuses);
	if (count >= 2) {
		qsort(told, count, sizeof told[0], compare_times);
		ahead = told[(count - 1) / 2] - clock_wall_ns();
	}
	return llabs(ahead) < CLOCKS_DIFFER_NS ? 0 : ahead;
}

/* ---- sessions and recovery files ------------------------------------------------- */

/* Makes the pass good, which ends by the servers' clocks. */
static struct dfs_result add(struct dfs *dfs, const struct dfs_pass *pass,
			     const uint8_t *replaced, int64_t now_ns)
{
	struct dfs_result result = {.code = DFS_EXIT_DENIED};
	uint8_t keyring[DFS_KEYRING_MAX];
	dfs_session added;

	if (!dfs->identity || !login_by_password(dfs->login)) {
		result_fail(&result, DFS_EXIT_DENIED, "this takes the password");
		return result;
	}
	if (!credentials_make_session(pass, &dfs->identity->ring, keyring, &added)) {
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
		return result;
	}
	return change_sessions(dfs, &added, replaced, now_ns);
}

static bool make_pass(struct dfs_pass *ret, int64_t ends_ns)
{
	ret->ends_ns = ends_ns;
	return keys_random(ret->id, sizeof ret->id) &&
	       keys_random(ret->secret, sizeof ret->secret);
}

struct dfs_result dfs_session_begin(struct dfs *dfs, const uint8_t *replaced,
				    struct dfs_pass *ret)
{
	struct dfs_result result = {.code = DFS_EXIT_OTHER};
	int64_t here_ns = clock_wall_ns(), now_ns = here_ns + servers_ahead(dfs);

	memset(ret, 0, sizeof *ret);
	if (make_pass(ret, now_ns + DFS_PASS_HOURS * HOUR_NS))
		result = add(dfs, ret, replaced, now_ns);
	else
		result_fail(&result, DFS_EXIT_OTHER, "the system has no random bytes");
	/* Whoever looks at a clock that is ahead is not to believe that it has ended. */
	if (here_ns > now_ns)
		ret->ends_ns = here_ns + DFS_PASS_HOURS * HOUR_NS;
	if (result.code != DFS_EXIT_DONE)
		secret_wipe(ret, sizeof *ret);
	return result;
}

struct dfs_result dfs_session_end(struct dfs *dfs, const uint8_t id[DFS_ID_LEN])
{
	return change_sessions(dfs, NULL, id, 0);
}

struct dfs_result dfs_recovery_make(struct dfs *dfs, struct dfs_recovery *ret)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};

	memset(ret, 0, sizeof *ret);
	if (!dfs->identity) {
		result_fail(&result, DFS_EXIT_DENIED, "not logged in");
		return result;
	}
	(void)snprintf(ret->user, sizeof ret->user, "%s", dfs->user);
	memcpy(ret->cluster, dfs->cluster->id.bytes, sizeof ret->cluster);
	ret->count = dfs->identity->ring.count;
	_Static_assert(sizeof ret->secrets == sizeof dfs->identity->ring.secrets,
		       "a user's secrets");
	memcpy(ret->secrets, dfs->identity->ring.secrets, ret->count * KEYS_LEN);
	if (!make_pass(&ret->pass, 0))
		result_fail(&result, DFS_EXIT_OTHER, "the system has no random bytes");
	return result;
}

struct dfs_result dfs_recovery_begin(struct dfs *dfs, const struct dfs_recovery *recovery)
{
	return add(dfs, &recovery->pass, NULL, clock_wall_ns() + servers_ahead(dfs));
}
