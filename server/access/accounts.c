/* Who is who. */
#include "accounts.h"

#include "ballot.h"
#include "clock.h"
#include "log.h"
#include "secrets.h"
#include "stream.h"
#include "throttle.h"
#include "value.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct accounts {
	unsigned server;
	struct secrets *secrets;
	struct accounts_rules rules;
	struct users *users;
	pthread_mutex_t lock;   /* of all below */
	pthread_cond_t changed; /* a try has ended, or all is cancelled */
	bool cancelled;
	struct slowdown *slowdown;
};

struct accounts *accounts_new(const struct accounts_options *options)
{
	const struct accounts_rules *rules = options->rules;
	const struct users_source source = {.peers = options->peers,
					    .admin_key = options->admin_key,
					    .read = rules->read,
					    .finish = rules->finish,
					    .now_ms = rules->now_ms};
	struct accounts *accounts = calloc(1, sizeof *accounts);

	if (!accounts)
		return NULL;
	accounts->server = options->server;
	accounts->secrets = options->secrets;
	accounts->rules = *rules;
	pthread_mutex_init(&accounts->lock, NULL);
	clock_condition_init(&accounts->changed);
	accounts->users = users_new(&source);
	accounts->slowdown = slowdown_new(&rules->slowdown);
	if (accounts->users && accounts->slowdown)
		return accounts;
	accounts_free(accounts);
	return NULL;
}

void accounts_free(struct accounts *accounts)
{
	if (!accounts)
		return;
	slowdown_free(accounts->slowdown);
	users_free(accounts->users);
	pthread_cond_destroy(&accounts->changed);
	pthread_mutex_destroy(&accounts->lock);
	free(accounts);
}

void accounts_cancel(struct accounts *accounts)
{
	if (!accounts)
		return;
	pthread_mutex_lock(&accounts->lock);
	accounts->cancelled = true;
	pthread_cond_broadcast(&accounts->changed);
	pthread_mutex_unlock(&accounts->lock);
}

/* So often somebody who waits is looked at: is he still there? */
enum { LOOK_MS = 100 };

/* With the lock held: waits for a change, or until then, or until it is time to look. */
static void wait_a_while(struct accounts *accounts, int64_t until_ms)
{
	const int64_t next = clock_now_ms() + LOOK_MS;

	(void)clock_wait(&accounts->changed, &accounts->lock,
			 next < until_ms ? next : until_ms);
}

/*
 * With the lock held: the answer may go out at that time, not before.  false when it
 * cannot go out any more.  Who has only ended his half could still read it, and is not
 * told any sooner.
 */
static bool hold_back(struct accounts *accounts, const struct caller *caller,
		      int64_t until_ms)
{
	bool there = true;

	while (there && !accounts->cancelled && clock_now_ms() < until_ms) {
		wait_a_while(accounts, until_ms);
		there = !caller->stream || !stream_is_cut_off(caller->stream);
	}
	return there;
}

/* ---- how a proof is made ----------------------------------------------------- */

/* What is told of a user that does not exist: always the same, and his own. */
static bool invent_scrypt(const struct accounts *accounts, const char *name,
			  dfs_scrypt *ret)
{
	char text[sizeof "dfs salt" + DFS_USER_MAX];
	int len = snprintf(text, sizeof text, "dfs salt%s", name);
	uint8_t mac[EVP_MAX_MD_SIZE], secrets[SECRETS_MAX][SECRET_LEN];
	unsigned mac_len = 0;

	(void)secrets_get(accounts->secrets, clock_wall_ns(), secrets);
	bool made = HMAC(EVP_sha256(), secrets[0], SECRET_LEN, (const uint8_t *)text,
			 (size_t)len, mac, &mac_len) &&
		    mac_len >= sizeof ret->salt;
	secret_wipe(secrets, sizeof secrets);
	if (!made)
		return false;
	/* As "client user add" makes them. */
	*ret = (dfs_scrypt){.log2_n = 15, .r = 8, .p = 3};
	memcpy(ret->salt, mac, sizeof ret->salt);
	return true;
}

static void tell_scrypt(struct accounts *accounts, const struct caller *caller,
			const char *name, dfs_login_res *res)
{
	dfs_login_answer *answer = &res->dfs_login_res_u.answer;
	int64_t arrived = clock_now_ms() + 1;
	const struct user *user = users_look(accounts->users, name, 0);
	dfs_scrypt invented;
	bool good = invent_scrypt(accounts, name, &invented);

	if (!good || !user) {
		res->status = DFS_BUSY;
	} else if (!user->checked) {
		res->status = DFS_UNCHECKED;
	} else {
		res->status = DFS_OK;
		answer->kind = DFS_LOGIN_ASK;
		answer->dfs_login_answer_u.scrypt =
			user->exists ? user->credentials.scrypt : invented;
	}
	users_release(accounts->users, user);
	pthread_mutex_lock(&accounts->lock);
	(void)hold_back(accounts, caller, arrived + accounts->rules.ask_ms);
	pthread_mutex_unlock(&accounts->lock);
}

/* ---- proofs ------------------------------------------------------------------ */

/* What the caller claims, without the proof itself. */
static bool claim(const dfs_login_how *how, struct caller_proof *ret)
{
	const dfs_key *proof = how->kind == DFS_LOGIN_SESSION
				       ? &how->dfs_login_how_u.session.proof
				       : &how->dfs_login_how_u.proof;

	memset(ret, 0, sizeof *ret);
	ret->kind = how->kind;
	if (how->kind == DFS_LOGIN_SESSION)
		ret->session = how->dfs_login_how_u.session.session;
	return EVP_Digest(proof->bytes, sizeof proof->bytes,
			  (unsigned char *)ret->verifier.bytes, NULL, EVP_sha256(),
			  NULL) == 1;
}

/*
 * How the user is recognised, and the keyring that opens with it; of a session that has
 * not ended.
 */
struct recognition {
	const dfs_verifiers *verifiers; /* NULL: not at all */
	const char *keyring;
	u_int keyring_len;
};

static struct recognition recognise(const struct user *user,
				    const struct caller_proof *proof, int64_t wall_ns)
{
	const dfs_credentials *own = &user->credentials;
	struct recognition found = {NULL, NULL, 0};

	if (proof->kind == DFS_LOGIN_PASSWORD)
		found = (struct recognition){&own->verifiers, own->keyring.keyring_val,
					     own->keyring.keyring_len};
	for (u_int i = 0; i < own->sessions.sessions_len; i++) {
		const dfs_session *session = &own->sessions.sessions_val[i];

		if (proof->kind == DFS_LOGIN_SESSION &&
		    id_equal(&session->id, &proof->session) &&
		    (session->ends == 0 || session->ends > wall_ns))
			found = (struct recognition){&session->verifiers,
						     session->keyring.keyring_val,
						     session->keyring.keyring_len};
	}
	return found;
}

/* Does the same work whoever it is, so that its time tells nothing. */
static dfs_status judge(const struct accounts *accounts, const struct user *user,
			const struct caller_proof *proof, struct recognition *ret)
{
	static const dfs_verifiers nobody;
	const dfs_verifiers *verifiers;
	bool equal;

	if (!user)
		return DFS_BUSY;
	if (!user->checked)
		return DFS_UNCHECKED;
	*ret = recognise(user, proof, accounts->rules.wall_ns());
	verifiers = ret->verifiers ? ret->verifiers : &nobody;
	equal = CRYPTO_memcmp(verifiers->of[accounts->server - 1].bytes,
			      proof->verifier.bytes, sizeof proof->verifier.bytes) == 0;
	return user->exists && !user->account.disabled && ret->verifiers && equal
		       ? DFS_OK
		       : DFS_DENIED;
}

/* Deep copies, by way of the wire form; false when out of memory. */
static bool tell_identity(const struct user *user, const struct recognition *found,
			  dfs_identity *ret)
{
	if (!value_copy_account(&user->account, &ret->account))
		return false;
	ret->keyring.keyring_val = malloc(found->keyring_len + 1);
	if (!ret->keyring.keyring_val) {
		value_free_account(&ret->account);
		return false;
	}
	if (found->keyring_len > 0)
		memcpy(ret->keyring.keyring_val, found->keyring, found->keyring_len);
	ret->keyring.keyring_len = found->keyring_len;
	return true;
}

/* ---- logging in -------------------------------------------------------------- */

/*
 * Waits until the pair may try; false when too many tries came before it, or the caller
 * has left, who learns nothing by that.
 */
static bool begin_try(struct accounts *accounts, const struct caller *caller,
		      const char *name, const char *host)
{
	int64_t until = clock_now_ms() + accounts->rules.wait_ms;
	bool begun = false;

	pthread_mutex_lock(&accounts->lock);
	while (!accounts->cancelled && !begun) {
		begun = slowdown_begin(accounts->slowdown, name, host,
				       accounts->rules.now_ms()) == SLOWDOWN_GO;
		if (!begun && (clock_now_ms() >= until ||
			       (caller->stream && stream_has_ended(caller->stream))))
			break;
		if (!begun)
			wait_a_while(accounts, until);
	}
	pthread_mutex_unlock(&accounts->lock);
	return begun;
}

/* A try: whose, from where (as it is counted), and when it began. */
struct
try {
	const struct caller *caller;
	const char *name, *host;
	int64_t began;
};

static void end_try(struct accounts *accounts, const struct try *try, dfs_status status)
{
	struct slowdown *slowdown = accounts->slowdown;
	const struct accounts_rules *rules = &accounts->rules;
	int64_t wait = 0;
	bool there = true;

	pthread_mutex_lock(&accounts->lock);
	if (status == DFS_OK)
		slowdown_right(slowdown, try->name, try->host);
	else if (status == DFS_DENIED)
		wait = slowdown_wrong(slowdown, try->name, try->host, rules->now_ms());
	if (wait > 0)
		there = hold_back(accounts, try->caller, try->began + wait);
	if (there)
		slowdown_end(slowdown, try->name, try->host);
	else
		slowdown_abandon(slowdown, try->name, try->host,
				 rules->now_ms() + try->began + wait - clock_now_ms());
	pthread_cond_broadcast(&accounts->changed);
	pthread_mutex_unlock(&accounts->lock);
}

/* A session's proof is 256 random bits: nobody guesses it, so nobody waits for others. */
static void end_session_try(struct accounts *accounts, const struct try *try,
			    dfs_status status)
{
	if (status != DFS_DENIED)
		return;
	pthread_mutex_lock(&accounts->lock);
	(void)hold_back(accounts, try->caller,
			try->began + accounts->rules.slowdown.floor_ms);
	pthread_mutex_unlock(&accounts->lock);
}

static void log_outcome(const struct caller *caller, const char *name, dfs_status status)
{
	static struct throttle throttle = THROTTLE_INIT;
	unsigned held_back;

	if (status == DFS_OK)
		log_event(LOG_DEBUG, "login", "address=%s user=%s", caller->address,
			  name);
	else if (throttle_pass(&throttle, &held_back))
		log_event(LOG_WARN, "login-refused",
			  "address=%s user=%s why=%s held_back=%u", caller->address, name,
			  status == DFS_DENIED      ? "denied"
			  : status == DFS_UNCHECKED ? "unchecked"
						    : "busy",
			  held_back);
}

/* One try: by what is read after it began. */
static dfs_status try_proof(struct accounts *accounts, struct caller *caller,
			    const char *name, const struct caller_proof *proof,
			    dfs_identity *ret)
{
	const struct user *user = users_look(accounts->users, name, 0);
	struct recognition found = {NULL, NULL, 0};
	dfs_status status = judge(accounts, user, proof, &found);

	if (status == DFS_OK && !tell_identity(user, &found, ret))
		status = DFS_BUSY;
	if (status == DFS_OK) {
		(void)snprintf(caller->user, sizeof caller->user, "%s", name);
		caller->proof = *proof;
		caller->looked_ms = user->began_ms;
	}
	users_release(accounts->users, user);
	return status;
}

void accounts_login(struct accounts *accounts, struct caller *caller,
		    const dfs_login_args *args, dfs_login_res *res)
{
	dfs_login_answer *answer = &res->dfs_login_res_u.answer;
	const bool guessable = args->how.kind == DFS_LOGIN_PASSWORD;
	char name[DFS_USER_MAX + 1], origin[ORIGIN_TEXT];
	struct try try = {.caller = caller, .name = name, .host = origin};
	struct caller_proof proof;

	memcpy(name, args->user.dfs_user_val, args->user.dfs_user_len);
	name[args->user.dfs_user_len] = '\0';
	if (args->how.kind == DFS_LOGIN_ASK) {
		tell_scrypt(accounts, caller, name, res);
		return;
	}
	caller->user[0] = '\0';
	origin_text(&caller->origin, origin);
	if (!claim(&args->how, &proof) ||
	    (guessable && !begin_try(accounts, caller, name, origin))) {
		res->status = DFS_BUSY;
		return;
	}
	try.began = clock_now_ms() + 1; /* the rest of this millisecond does not count */
	answer->kind = args->how.kind;
	res->status = try_proof(accounts, caller, name, &proof,
				&answer->dfs_login_answer_u.identity);
	if (guessable)
		end_try(accounts, &try, res->status);
	else
		end_session_try(accounts, &try, res->status);
	log_outcome(caller, name, res->status);
}

/* ---- looking again ----------------------------------------------------------- */

dfs_status accounts_check(struct accounts *accounts, struct caller *caller)
{
	const struct accounts_rules *rules = &accounts->rules;
	struct recognition unused;
	const struct user *user;
	dfs_status status;

	if (caller->user[0] == '\0')
		return DFS_DENIED;
	if (rules->now_ms() - caller->looked_ms < rules->fresh_ms)
		return DFS_OK;
	user = users_look(accounts->users, caller->user, rules->fresh_ms);
	status = judge(accounts, user, &caller->proof, &unused);
	if (status == DFS_OK)
		caller->looked_ms = user->began_ms;
	if (status == DFS_DENIED)
		caller->user[0] = '\0';
	users_release(accounts->users, user);
	return status;
}
