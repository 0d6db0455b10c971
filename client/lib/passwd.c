/*
 * dfs_passwd: a new password over the same secrets, and perhaps some that were lost
 * before.
 */
#include "libdfs.h"
#include "password_rules.h"

#include "change.h"
#include "credentials.h"
#include "login.h"

#include <stdlib.h>
#include <string.h>

struct password_edit {
	struct dfs *dfs;
	struct credentials *made;
};

/*
 * As it was when the caller logged in: not if the password was changed or reset
 * meanwhile.
 */
static bool edit_password(void *context, dfs_body *draft, struct dfs_result *result)
{
	struct password_edit *edit = context;
	dfs_credentials *record = &edit->made->record;

	if (draft->kind != DFS_CREDENTIALS ||
	    !login_stands(edit->dfs->login, &draft->dfs_body_u.credentials)) {
		result_fail(result, DFS_EXIT_DENIED,
			    "the password was changed meanwhile: try again");
		return false;
	}
	record->sessions.sessions_len = credentials_keep_recovery(
		&draft->dfs_body_u.credentials, edit->made->sessions);
	draft->dfs_body_u.credentials = *record;
	return true;
}

static bool has(const struct keys_ring *ring, const uint8_t *secret)
{
	for (size_t i = 0; i < ring->count; i++)
		if (memcmp(ring->secrets[i], secret, KEYS_LEN) == 0)
			return true;
	return false;
}

/*
 * The user's secrets with those of a recovery file behind them; false when they are too
 * many.
 */
static bool join(const struct keys_ring *ring, const struct dfs_recovery *recovered,
		 struct keys_ring *ret)
{
	*ret = *ring;
	for (size_t i = 0; recovered && i < recovered->count; i++) {
		if (has(ret, recovered->secrets[i]))
			continue;
		if (ret->count == KEYS_SECRETS_MAX)
			return false;
		memcpy(ret->secrets[ret->count++], recovered->secrets[i], KEYS_LEN);
	}
	return true;
}

struct dfs_result dfs_passwd(struct dfs *dfs, const char *password, size_t len,
			     const struct dfs_recovery *recovered)
{
	struct dfs_result result = {.code = DFS_EXIT_OTHER};
	const char *wrong = password_rules_check(password, len);
	struct credentials *made = malloc(sizeof *made);
	struct password_edit edit = {dfs, made};
	struct keys_ring ring = {0};
	char path[CHANGE_PATH];

	if (wrong)
		result_fail(&result, DFS_EXIT_USAGE, "%s", wrong);
	else if (!dfs->identity || login_by_session(dfs->login))
		result_fail(&result, DFS_EXIT_DENIED,
			    "a new password takes the old one, or a recovery file");
	else if (!join(&dfs->identity->ring, recovered, &ring))
		result_fail(&result, DFS_EXIT_CONFLICT,
			    "a user can have %d secrets, current and old ones together, "
			    "and these would be more",
			    KEYS_SECRETS_MAX);
	else if (!made || !credentials_make(made, password, len, &ring))
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	else
		result = change_run(
			dfs, &(struct change){change_credentials_path(dfs->user, path),
					      edit_password, &edit});
	secret_wipe(&ring, sizeof ring);
	free(made);
	return result;
}
