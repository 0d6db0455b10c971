/* Logging in on each connection. */
#include "login.h"

#include "clock.h"
#include "hello.h"
#include "password_rules.h"
#include "result.h"
#include "status.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many servers must tell the same, or agree on who it is. */
enum { ENOUGH = 2 };

struct login {
	struct cluster cluster;
	char caller[DFS_TEXT_MAX + 1];
	char user[DFS_USER_MAX + 1];
	dfs_login_kind kind; /* DFS_LOGIN_ASK: nobody is to be logged in */
	dfs_id session;
	bool recovery;          /* the session is a recovery file's */
	pthread_mutex_t lock;   /* of all below */
	pthread_cond_t changed; /* any of it */
	bool cancelled;
	/* the way to the master */
	char password[PASSWORD_MAX_BYTES]; /* wiped once the master is made of it */
	size_t password_len;
	dfs_scrypt told[DFS_SERVERS];
	server_set tellers;    /* servers that told */
	int64_t first_told;    /* when the first of them did */
	server_set on_the_way; /* servers that may yet be reached */
	bool working, ready;   /* a thread makes the master; it is made */
	uint8_t master[KEYS_MASTER];
	/* what came of it */
	server_set reached, accepted, denied, odd; /* that did, or told something odd */
	char wrong[LINKS_WHY]; /* what cannot be right, so that the log-in has failed, */
	int wrong_code;        /* and an exit code for it */
	bool filling;          /* a thread opens a server's answer; one at a time */
	bool known;            /* the identity is filled in, and stays as it is: */
	struct identity identity;
	uint8_t keyring[DFS_KEYRING_MAX]; /* as it was told, locked */
	u_int keyring_len;
};

struct login *login_new(const struct cluster *cluster, const struct dfs_options *options)
{
	struct login *login = calloc(1, sizeof *login);

	if (!login)
		return NULL;
	login->cluster = *cluster;
	login->on_the_way = SERVERS_ALL;
	(void)snprintf(login->user, sizeof login->user, "%s", options->user);
	(void)snprintf(login->caller, sizeof login->caller, "%s",
		       options->caller ? options->caller : "libdfs " DFS_SOFTWARE);
	pthread_mutex_init(&login->lock, NULL);
	clock_condition_init(&login->changed);
	if (options->pass) {
		login->kind = DFS_LOGIN_SESSION;
		memcpy(login->session.bytes, options->pass->id, DFS_ID_LEN);
		login->recovery = options->pass->ends_ns == 0;
		login->ready =
			keys_master_of_secret(options->pass->secret, login->master);
	} else if (options->password && options->password_len <= PASSWORD_MAX_BYTES) {
		login->kind = DFS_LOGIN_PASSWORD;
		memcpy(login->password, options->password, options->password_len);
		login->password_len = options->password_len;
	}
	if (login->kind == DFS_LOGIN_SESSION && !login->ready) {
		login_free(login);
		return NULL;
	}
	return login;
}

void login_free(void *context)
{
	struct login *login = context;

	if (!login)
		return;
	pthread_cond_destroy(&login->changed);
	pthread_mutex_destroy(&login->lock);
	identity_wipe(&login->identity);
	secret_wipe(login, sizeof *login);
	free(login);
}

void login_cancel(struct login *login)
{
	pthread_mutex_lock(&login->lock);
	login->cancelled = true;
	pthread_cond_broadcast(&login->changed);
	pthread_mutex_unlock(&login->lock);
}

/* With the lock held: nothing that comes later can make it right. */
static void fail(struct login *login, int code, const char *why)
{
	login->wrong_code = code;
	(void)snprintf(login->wrong, sizeof login->wrong, "%.400s", why);
}

/* ---- one call ------------------------------------------------------------------ */

/* A proof that was refused is not shown again: it would only be slowed down. */
static bool was_denied(struct login *login, unsigned server, char *why)
{
	bool denied;

	pthread_mutex_lock(&login->lock);
	denied = set_has(login->denied, server);
	pthread_mutex_unlock(&login->lock);
	if (denied)
		(void)snprintf(why, LINKS_WHY, "dfs%u refuses the log-in of %s", server,
			       login->user);
	return denied;
}

/* false, with why, unless the server answers this kind of log-in with DFS_OK. */
static bool call_login(struct login *login, struct call *call, const dfs_login_how *how,
		       dfs_login_res *res, char *why)
{
	char user[DFS_USER_MAX + 1];
	dfs_login_args args = {.how = *how};
	unsigned server = call_server(call);

	memcpy(user, login->user, sizeof user);
	args.user = (dfs_user){(u_int)strlen(user), user};
	if (!call_run(call, DFS_LOGIN, &args, res,
		      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, LINKS_WHY}))
		return false;
	if (res->status == DFS_OK)
		return true;
	if (res->status == DFS_INVALID)
		(void)snprintf(why, LINKS_WHY, "dfs%u answers a log-in with nonsense",
			       server);
	else
		(void)snprintf(why, LINKS_WHY, "dfs%u: %s", server,
			       status_text(res->status));
	if (res->status == DFS_DENIED) {
		pthread_mutex_lock(&login->lock);
		login->denied = set_with(login->denied, server);
		pthread_mutex_unlock(&login->lock);
		(void)was_denied(login, server, why);
	}
	call_free_result((xdrproc_t)xdr_dfs_login_res, res);
	return false;
}

/* ---- from the password to the master --------------------------------------------- */

/* With the lock held: those that have not told cannot be reached. */
static bool nobody_else_tells(const struct login *login)
{
	return (login->on_the_way & ~login->tellers) == 0;
}

/* How many told the same as this server. */
static int alike(const struct login *login, unsigned server)
{
	int found = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		found += set_has(login->tellers, s) &&
			 keys_same_scrypt(&login->told[s - 1], &login->told[server - 1]);
	return found;
}

/*
 * With the lock held: what to make the master with, once that is certain; three servers
 * at once, two when nobody else may be waited for.  NULL: not yet.
 */
static const dfs_scrypt *choose(const struct login *login)
{
	bool waited = nobody_else_tells(login) ||
		      clock_now_ms() >= login->first_told + LINKS_PATIENCE_MS;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(login->tellers, s) &&
		    alike(login, s) >= (waited ? ENOUGH : ENOUGH + 1))
			return &login->told[s - 1];
	return NULL;
}

/* With the lock held, which is given up meanwhile. */
static void make_master(struct login *login, dfs_scrypt scrypt)
{
	const char *wrong = keys_check_scrypt(&scrypt);
	uint8_t master[KEYS_MASTER];
	bool made;

	login->working = true;
	pthread_mutex_unlock(&login->lock);
	/* The password is not touched while "working" is set. */
	made = !wrong && keys_master_of_password(login->password, login->password_len,
						 &scrypt, master);
	pthread_mutex_lock(&login->lock);
	login->working = false;
	login->ready = made;
	if (made)
		memcpy(login->master, master, sizeof master);
	else
		fail(login, wrong ? DFS_EXIT_DAMAGED : DFS_EXIT_OTHER,
		     wrong ? wrong : "out of memory");
	secret_wipe(login->password, sizeof login->password);
	secret_wipe(master, sizeof master);
	pthread_cond_broadcast(&login->changed);
}

/* With the lock held: until something changes, or it is time to do with less. */
static void wait_for_others(struct login *login, int64_t deadline)
{
	int64_t patient = login->first_told + LINKS_PATIENCE_MS;
	int64_t until =
		clock_now_ms() < patient && patient < deadline ? patient : deadline;

	(void)clock_wait(&login->changed, &login->lock, until);
}

/* Makes the master, or waits for the thread that does. */
static bool await_master(struct login *login, unsigned server, char *why)
{
	int64_t deadline = clock_now_ms() + LINKS_NEED_MS;
	bool alone = false, ready;

	pthread_mutex_lock(&login->lock);
	while (!login->ready && !login->wrong[0] && !login->cancelled && !alone) {
		const dfs_scrypt *chosen = login->working ? NULL : choose(login);

		if (chosen)
			make_master(login, *chosen);
		else if (!login->working &&
			 (nobody_else_tells(login) || clock_now_ms() >= deadline))
			alone = true;
		else
			wait_for_others(login, deadline);
	}
	ready = login->ready;
	if (alone)
		(void)snprintf(why, LINKS_WHY,
			       "dfs%u answers, but a log-in takes two servers that agree",
			       server);
	else if (!ready)
		(void)snprintf(why, LINKS_WHY, "dfs%u: %.400s", server,
			       login->wrong[0] ? login->wrong : "no longer wanted");
	pthread_mutex_unlock(&login->lock);
	return ready;
}

/* Asks this server how a proof is made, unless that is known by now. */
static bool prepare(struct login *login, unsigned server, struct call *call, char *why)
{
	const dfs_login_how ask = {.kind = DFS_LOGIN_ASK};
	dfs_login_res res;
	bool ready;

	pthread_mutex_lock(&login->lock);
	ready = login->ready;
	pthread_mutex_unlock(&login->lock);
	if (ready)
		return true;
	if (!call_login(login, call, &ask, &res, why))
		return false;
	pthread_mutex_lock(&login->lock);
	login->told[server - 1] = res.dfs_login_res_u.answer.dfs_login_answer_u.scrypt;
	if (login->tellers == 0)
		login->first_told = clock_now_ms();
	login->tellers = set_with(login->tellers, server);
	pthread_cond_broadcast(&login->changed);
	pthread_mutex_unlock(&login->lock);
	call_free_result((xdrproc_t)xdr_dfs_login_res, &res);
	return await_master(login, server, why);
}

/* ---- proving ------------------------------------------------------------------- */

static bool make_proof(const struct login *login, unsigned server, dfs_login_how *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->kind = login->kind;
	if (login->kind == DFS_LOGIN_PASSWORD)
		return keys_proof(login->master, server, &ret->dfs_login_how_u.proof);
	ret->dfs_login_how_u.session.session = login->session;
	return keys_proof(login->master, server, &ret->dfs_login_how_u.session.proof);
}

/* With the lock held: is it, byte for byte, the answer that the identity was made of? */
static bool is_known(const struct login *login, const dfs_identity *answer)
{
	return login->known &&
	       identity_account_is_same(&answer->account, &login->identity.account) &&
	       answer->keyring.keyring_len == login->keyring_len &&
	       memcmp(answer->keyring.keyring_val, login->keyring, login->keyring_len) ==
		       0;
}

/* With the lock held: the identity, which is the login's from now on. */
static void know(struct login *login, struct identity *identity,
		 const dfs_identity *answer)
{
	login->identity = *identity;
	secret_wipe(identity, sizeof *identity);
	login->keyring_len = answer->keyring.keyring_len;
	memcpy(login->keyring, answer->keyring.keyring_val, login->keyring_len);
	login->known = true;
}

/* With the lock held, which is given up meanwhile: see identity_fill. */
static struct dfs_result open_answer(struct login *login, const dfs_identity *answer)
{
	struct identity identity;
	struct dfs_result filled;

	login->filling = true;
	pthread_mutex_unlock(&login->lock);
	filled = identity_fill(&identity, login->user,
			       (const uint8_t *)login->cluster.admin_key.bytes, answer,
			       login->master);
	pthread_mutex_lock(&login->lock);
	login->filling = false;
	pthread_cond_broadcast(&login->changed);
	if (filled.code == DFS_EXIT_DONE && !login->known)
		know(login, &identity, answer);
	identity_wipe(&identity);
	return filled;
}

/*
 * The first answer that opens tells who it is; every later one must be the same, or open
 * too.  They come at about the same time, and opening one costs as much as a handshake:
 * so a thread waits for the one that has begun.
 */
static bool take_identity(struct login *login, unsigned server,
			  const dfs_identity *answer, char *why)
{
	struct dfs_result filled = {.code = DFS_EXIT_DONE};
	bool good;

	pthread_mutex_lock(&login->lock);
	while (login->filling)
		pthread_cond_wait(&login->changed, &login->lock);
	if (!is_known(login, answer))
		filled = open_answer(login, answer);
	good = filled.code == DFS_EXIT_DONE;
	if (good)
		login->accepted = set_with(login->accepted, server);
	else
		login->odd = set_with(login->odd, server);
	if (!good && set_count(login->odd) >= ENOUGH)
		fail(login, filled.code, filled.why);
	pthread_mutex_unlock(&login->lock);
	if (!good)
		(void)snprintf(why, LINKS_WHY, "dfs%u: %.400s", server, filled.why);
	return good;
}

static bool prove(struct login *login, unsigned server, struct call *call, char *why)
{
	dfs_login_how how;
	dfs_login_res res;
	bool good;

	if (!make_proof(login, server, &how)) {
		pthread_mutex_lock(&login->lock);
		fail(login, DFS_EXIT_OTHER, "out of memory");
		pthread_mutex_unlock(&login->lock);
		(void)snprintf(why, LINKS_WHY, "dfs%u: out of memory", server);
		return false;
	}
	good = call_login(login, call, &how, &res, why);
	secret_wipe(&how, sizeof how);
	if (!good)
		return false;
	good = take_identity(login, server,
			     &res.dfs_login_res_u.answer.dfs_login_answer_u.identity,
			     why);
	call_free_result((xdrproc_t)xdr_dfs_login_res, &res);
	return good;
}

bool login_introduce(void *context, unsigned server, struct call *call,
		     struct links_introduction *ret, char *why)
{
	struct login *login = context;
	const struct links_hello hello = {.cluster = &login->cluster,
					  .caller = login->caller};

	if (!links_hello(&hello, server, call, ret, why))
		return false;
	pthread_mutex_lock(&login->lock);
	login->reached = set_with(login->reached, server);
	pthread_mutex_unlock(&login->lock);
	/* Also where it does not vote: it has content to give, and tells how it is. */
	if (login->kind == DFS_LOGIN_ASK)
		return true;
	if (was_denied(login, server, why))
		return false;
	return (login->kind != DFS_LOGIN_PASSWORD || prepare(login, server, call, why)) &&
	       prove(login, server, call, why);
}

/* ---- the end ------------------------------------------------------------------- */

bool login_is_decided(void *context, server_set on_the_way)
{
	struct login *login = context;
	bool decided;

	pthread_mutex_lock(&login->lock);
	login->on_the_way = on_the_way;
	pthread_cond_broadcast(&login->changed);
	decided = login->kind == DFS_LOGIN_ASK || set_count(login->accepted) >= ENOUGH ||
		  set_count(login->denied) >= ENOUGH || login->wrong[0];
	pthread_mutex_unlock(&login->lock);
	return decided;
}

enum login_end login_end_of(struct login *login)
{
	enum login_end end = LOGIN_FEW;
	bool accepted;

	pthread_mutex_lock(&login->lock);
	accepted = set_count(login->accepted) >= ENOUGH ||
		   (login->known && set_count(login->denied) < ENOUGH);
	if (login->kind == DFS_LOGIN_ASK)
		end = LOGIN_NOBODY;
	else if (accepted)
		end = LOGIN_DONE;
	else if (set_count(login->denied) >= ENOUGH)
		end = LOGIN_REFUSED;
	else if (login->wrong[0])
		end = LOGIN_WRONG;
	pthread_mutex_unlock(&login->lock);
	return end;
}

struct dfs_result login_wrong(struct login *login)
{
	pthread_mutex_lock(&login->lock);
	struct dfs_result result = result_of(login->wrong_code, "%s", login->wrong);
	pthread_mutex_unlock(&login->lock);
	return result;
}

server_set login_reached(struct login *login)
{
	unsigned reached;

	pthread_mutex_lock(&login->lock);
	reached = login->reached;
	pthread_mutex_unlock(&login->lock);
	return reached;
}

const struct identity *login_identity(struct login *login)
{
	return login_end_of(login) == LOGIN_DONE ? &login->identity : NULL;
}

/* ---- how --------------------------------------------------------------------- */

bool login_by_password(const struct login *login)
{
	return login->kind == DFS_LOGIN_PASSWORD;
}

bool login_by_session(const struct login *login)
{
	return login->kind == DFS_LOGIN_SESSION && !login->recovery;
}

bool login_made(struct login *login, const dfs_verifiers *verifiers)
{
	dfs_verifiers own;
	bool same;

	pthread_mutex_lock(&login->lock);
	same = login->ready && keys_verifiers(login->master, &own) &&
	       memcmp(&own, verifiers, sizeof own) == 0;
	pthread_mutex_unlock(&login->lock);
	return same;
}

bool login_stands(struct login *login, const dfs_credentials *credentials)
{
	if (login_by_password(login))
		return login_made(login, &credentials->verifiers);
	for (u_int i = 0; i < credentials->sessions.sessions_len; i++) {
		const dfs_session *session = &credentials->sessions.sessions_val[i];

		if (memcmp(&session->id, &login->session, sizeof session->id) == 0)
			return login_made(login, &session->verifiers);
	}
	return false;
}
