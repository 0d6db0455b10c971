/* Who may do what to which path. */
#include "permit.h"

#include "ballot.h"
#include "clock.h"
#include "errors.h"
#include "object.h"
#include "path.h"
#include "peers.h"
#include "portions.h"
#include "secrets.h"
#include "ticket.h"
#include "value.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum {
	/* For servers that are in reach this is plenty; who waits longer asks again. */
	ASK_MS = 3000,
	/*
	 * Calls that ask other servers at once, of which users have portions.  Whoever
	 * asks for what is not his, again and again, has to wait for himself, and not
	 * those who log in or finish something, nor others who ask.
	 */
	ASKING_MAX = 8
};

static struct {
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t fewer;
	struct portions calls;
} asking = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {.limit = ASKING_MAX}};

static bool is_user(const char *user, const char *name, size_t len)
{
	return strlen(user) == len && memcmp(user, name, len) == 0;
}

bool permit_is_admin(const struct caller *caller)
{
	return caller->peer == 0 && strcmp(caller->user, "admin") == 0;
}

/* ---- access lists ------------------------------------------------------------ */

/* Does the value, of a file of somebody else, give the user this right? */
static bool value_grants(const dfs_value *value, const char *user,
			 enum permit_right right)
{
	const dfs_access *access = &value->body.dfs_body_u.manifest.access;

	if (!value_has_content(value))
		return false;
	for (u_int i = 0; i < access->readers.readers_len; i++) {
		const dfs_reader *reader = &access->readers.readers_val[i];

		if (is_user(user, reader->user.dfs_user_val, reader->user.dfs_user_len))
			return right == PERMIT_READ || reader->writes;
	}
	return false;
}

/*
 * Only a file with readers is read from the disk for it.  *ret_grounds: of a list that
 * grants.
 */
static bool accepted_grants(const struct caller *caller, const dfs_path *path,
			    enum permit_right right, struct caller_grounds *ret_grounds)
{
	struct store *store = caller->server->store;
	struct store_register reg;
	dfs_value value;
	bool grants;

	if (store_register(store, path->dfs_path_val, path->dfs_path_len, &reg) != 0 ||
	    !reg.has_readers ||
	    store_value(store, path->dfs_path_val, path->dfs_path_len, &reg, &value) != 0)
		return false;
	grants = value_grants(&value, caller->user, right);
	value_free(&value);
	*ret_grounds = (struct caller_grounds){grants, reg.ballot};
	return grants;
}

/*
 * What this server has may be out of date.  Of any two one knows every change that was
 * acknowledged, so two that tell of nothing else are enough.
 */
static dfs_status told_grants(const struct caller *caller,
			      const struct peers_register *told, enum permit_right right)
{
	if (told->answers < 2)
		return DFS_UNCHECKED;
	return told->reg.known && value_grants(&told->reg.dfs_register_u.accepted.value,
					       caller->user, right)
		       ? DFS_OK
		       : DFS_DENIED;
}

/*
 * Is the newest that was told the very vote that is judged, since others were faster?
 * Then no change came after it, and who first accepted it had found it permitted.
 */
static bool is_voted_on(const struct permit_demand *demand,
			const struct peers_register *told)
{
	return demand->votes_at && told->answers >= 2 && told->reg.known &&
	       ballot_compare(&told->reg.dfs_register_u.accepted.ballot,
			      demand->votes_at) == 0;
}

/* false when he, or others, were still asking by then. */
static bool begin_asking(const char *user, int64_t deadline_ms)
{
	const struct timespec until = clock_timespec(deadline_ms);
	bool mine;
	int rc = 0;

	pthread_mutex_lock(&asking.lock);
	while (!(mine = portions_take(&asking.calls, user, 1)) && rc != ETIMEDOUT)
		rc = pthread_cond_clockwait(&asking.fewer, &asking.lock, CLOCK_MONOTONIC,
					    &until);
	pthread_mutex_unlock(&asking.lock);
	return mine;
}

/* One of those who wait may be who may go on, whichever. */
static void end_asking(const char *user)
{
	pthread_mutex_lock(&asking.lock);
	portions_give(&asking.calls, user, 1);
	pthread_cond_broadcast(&asking.fewer);
	pthread_mutex_unlock(&asking.lock);
}

static bool read_three(const struct caller *caller, const dfs_paths *paths,
		       struct peers_register *ret)
{
	int64_t deadline = clock_now_ms() + ASK_MS;
	bool heard = begin_asking(caller->user, deadline);

	if (heard) {
		heard = peers_read(caller->server->peers, paths, deadline, ret);
		end_asking(caller->user);
	}
	return heard;
}

static void ask_peers(struct caller *caller, const struct permit_demand *demands,
		      const size_t *which, size_t count, dfs_status *ret)
{
	struct peers_register told[DFS_BATCH_MAX];
	dfs_path paths[DFS_BATCH_MAX];
	const dfs_paths args = {.paths = {(u_int)count, paths}};
	bool heard;

	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		paths[i] = *demands[which[i]].path;
	heard = read_three(caller, &args, told);
	for (size_t i = 0; i < count; i++) {
		size_t at = which[i];

		ret[at] = heard ? told_grants(caller, &told[i], demands[at].right)
				: DFS_UNCHECKED;
		if (ret[at] == DFS_OK)
			caller->grounds[at] = (struct caller_grounds){
				true, told[i].reg.dfs_register_u.accepted.ballot};
		else if (heard && is_voted_on(&demands[at], &told[i]) &&
			 accepted_grants(caller, demands[at].path, demands[at].right,
					 &caller->grounds[at]))
			ret[at] = DFS_OK;
	}
	if (heard)
		peers_free_registers(told, count);
}

/* ---- rules ------------------------------------------------------------------- */

bool permit_is_own(const struct caller *caller, const char *path, size_t len)
{
	size_t whose_len;
	const char *whose = path_of_whom(path, len, &whose_len);

	return path_is_shared(path, len) || is_user(caller->user, whose, whose_len);
}

static dfs_status judge_folder(const struct caller *caller, const dfs_path *folder)
{
	const char *path = folder->dfs_path_val;
	size_t len = folder->dfs_path_len;

	if (len == strlen(PATH_ACCOUNTS) && memcmp(path, PATH_ACCOUNTS, len) == 0)
		return permit_is_admin(caller) ? DFS_OK : DFS_DENIED;
	return !path_check_folder(path, len) ? DFS_OK : DFS_INVALID;
}

/* *ret_depends: on the register of a file, which has to be looked at. */
static dfs_status judge_by_name(const struct caller *caller,
				const struct permit_demand *demand, bool *ret_depends)
{
	const char *path = demand->path->dfs_path_val;
	size_t len = demand->path->dfs_path_len, whose_len;
	bool admin = permit_is_admin(caller);
	const char *whose;

	if (caller->user[0] == '\0')
		return DFS_DENIED;
	if (demand->right == PERMIT_LIST)
		return judge_folder(caller, demand->path);
	switch (path_kind(path, len)) {
	case PATH_OF_ACCOUNT:
		return demand->right == PERMIT_READ || admin ? DFS_OK : DFS_DENIED;
	case PATH_OF_CREDENTIALS:
		whose = path_of_whom(path, len, &whose_len);
		return admin || is_user(caller->user, whose, whose_len) ? DFS_OK
									: DFS_DENIED;
	case PATH_OF_FILE:
		if (permit_is_own(caller, path, len) ||
		    (admin && demand->right != PERMIT_WRITE))
			return DFS_OK;
		*ret_depends = true;
		return DFS_DENIED;
	case PATH_OF_NOTHING:
		break;
	}
	return DFS_INVALID;
}

void permit_judge(struct caller *caller, const struct permit_demand *demands,
		  size_t count, dfs_status *ret)
{
	size_t asked[DFS_BATCH_MAX], ask = 0;

	for (size_t i = 0; i < count; i++) {
		bool depends = false;

		caller->grounds[i].listed = false;
		ret[i] = caller->peer != 0 ? DFS_OK
					   : judge_by_name(caller, &demands[i], &depends);
		if (!depends)
			continue;
		if (!demands[i].votes_at &&
		    accepted_grants(caller, demands[i].path, demands[i].right,
				    &caller->grounds[i]))
			ret[i] = DFS_OK;
		else
			asked[ask++] = i;
	}
	ask_peers(caller, demands, asked, ask, ret);
}

/*
 * What is not here has not come yet, or was deleted and forgotten: then the floor is
 * above it.
 */
static dfs_status judge_unknown(const struct caller *caller,
				const struct caller_grounds *grounds)
{
	struct store_numbers numbers;

	store_get_numbers(caller->server->store, &numbers);
	return ballot_compare(&numbers.floor, &grounds->ballot) < 0 ? DFS_OK
								    : DFS_UNCHECKED;
}

dfs_status permit_judge_again(const struct caller *caller, size_t item,
			      const dfs_path *path)
{
	const struct caller_grounds *grounds = &caller->grounds[item];
	struct caller_grounds newer;
	struct store_register reg;
	int rc;

	if (!grounds->listed)
		return DFS_OK;
	rc = store_register(caller->server->store, path->dfs_path_val, path->dfs_path_len,
			    &reg);
	if (rc == ENOENT)
		return judge_unknown(caller, grounds);
	if (rc != 0)
		return errors_status(ERRORS_READING, rc);
	if (ballot_compare(&reg.ballot, &grounds->ballot) <= 0)
		return DFS_OK;
	/* What changes a path takes a writer. */
	return accepted_grants(caller, path, PERMIT_WRITE, &newer) ? DFS_OK : DFS_DENIED;
}

/* ---- content ----------------------------------------------------------------- */

bool permit_content(const struct caller *caller, const dfs_path *path,
		    const dfs_value *value)
{
	return value_has_content(value) &&
	       (permit_is_own(caller, path->dfs_path_val, path->dfs_path_len) ||
		value_grants(value, caller->user, PERMIT_READ));
}

bool permit_register(const struct caller *caller, const dfs_path *path,
		     const dfs_register *reg)
{
	const dfs_value *value = &reg->dfs_register_u.accepted.value;

	return caller->peer != 0 || permit_is_admin(caller) || !reg->known ||
	       !value_has_content(value) || permit_content(caller, path, value);
}

void permit_give_ticket(const struct caller *caller, const dfs_path *path,
			dfs_register *reg)
{
	dfs_accepted *accepted = &reg->dfs_register_u.accepted;
	dfs_id object;

	if (caller->peer != 0 || !reg->known ||
	    !permit_content(caller, path, &accepted->value) ||
	    !object_of_content(&accepted->value.body.dfs_body_u.manifest.content,
			       &object))
		return;
	const int64_t now = clock_wall_ns();
	uint8_t secrets[SECRETS_MAX][SECRET_LEN];

	(void)secrets_get(caller->server->secrets, now, secrets);
	accepted->ticket = ticket_make(secrets[0], caller->user, &object, now);
	secret_wipe(secrets, sizeof secrets);
}
