/* Whether a value is proved, as this server knows the users. */
#include "proof.h"

#include "ballot.h"
#include "clock.h"
#include "log.h"
#include "path.h"
#include "portions.h"
#include "throttle.h"
#include "value.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Out of memory is an error like others: uthash reports it instead of ending the process.
 */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

enum {
	KNOWN = 4096,
	/*
	 * Who makes up names is answered at once, and keeps neither the peers busy nor
	 * others from being asked for: users have portions of this.
	 */
	ASKED_PER_SECOND = 20
};

/* An account that admin signed. */
struct known {
	char name[DFS_USER_MAX + 1];
	dfs_ballot ballot; /* of the register here that it was read from last, or zero */
	dfs_account account;
	bool lost; /* set by uthash when it had no memory to add this */
	UT_hash_handle hh;
};

struct proof {
	struct store *store;
	struct authority_source source; /* its context is that of each check */
	proof_ask *ask;
	void *ask_context;
	pthread_mutex_t lock; /* of all below */
	struct known *known;
	int64_t second;
	struct portions asked; /* in that second, and for whom */
};

/* For whom keys are looked for. */
struct wanting {
	struct proof *proof;
	const char *user; /* who proposes, or PORTIONS_NOBODY: a server tells */
};

static bool find_key(void *context, const dfs_user *user, uint32_t number,
		     struct authority_key *ret);

struct proof *proof_new(struct store *store, const dfs_key *admin_key,
			const struct server_keys *servers)
{
	struct proof *proof = calloc(1, sizeof *proof);

	if (!proof)
		return NULL;
	proof->store = store;
	proof->source = (struct authority_source){.admin_key = *admin_key,
						  .seen = statement_seen_new(),
						  .servers = servers,
						  .key = find_key};
	portions_init(&proof->asked, ASKED_PER_SECOND);
	pthread_mutex_init(&proof->lock, NULL);
	if (proof->source.seen)
		return proof;
	proof_free(proof);
	return NULL;
}

/* With the lock held, or nobody there. */
static void forget_all(struct proof *proof)
{
	struct known *known = proof->known;

	HASH_CLEAR(hh, proof->known);
	while (known) {
		struct known *next = known->hh.next;

		value_free_account(&known->account);
		free(known);
		known = next;
	}
}

void proof_free(struct proof *proof)
{
	if (!proof)
		return;
	forget_all(proof);
	portions_clear(&proof->asked);
	statement_seen_free(proof->source.seen);
	pthread_mutex_destroy(&proof->lock);
	free(proof);
}

void proof_set_ask(struct proof *proof, proof_ask *ask, void *context)
{
	proof->ask = ask;
	proof->ask_context = context;
}

/* ---- what is known of users ---------------------------------------------------- */

/* As a key: all bytes count. */
struct name {
	char text[DFS_USER_MAX + 1];
};

static struct name name_of(const dfs_user *user)
{
	struct name name = {""};

	memcpy(name.text, user->dfs_user_val, user->dfs_user_len);
	return name;
}

/* With the lock held; NULL when out of memory. */
static struct known *find_or_add(struct proof *proof, const struct name *name)
{
	struct known *known;

	HASH_FIND(hh, proof->known, name->text, sizeof name->text, known);
	if (known)
		return known;
	if (HASH_COUNT(proof->known) >= KNOWN)
		forget_all(proof);
	known = calloc(1, sizeof *known);
	if (!known)
		return NULL;
	memcpy(known->name, name->text, sizeof known->name);
	HASH_ADD(hh, proof->known, name, sizeof known->name, known);
	if (known->lost) {
		free(known);
		return NULL;
	}
	return known;
}

/*
 * Of two that admin signed the later one counts.  ballot: of the register here, or NULL.
 */
static void note_account(struct proof *proof, const dfs_user *user,
			 const dfs_account *account, const dfs_ballot *ballot)
{
	const struct name name = name_of(user);
	struct known *known;
	dfs_account copy;

	if (!authority_account_is_genuine(&proof->source.admin_key, user, account) ||
	    !value_copy_account(account, &copy))
		return;
	pthread_mutex_lock(&proof->lock);
	known = find_or_add(proof, &name);
	if (known && ballot)
		known->ballot = *ballot;
	if (known && copy.number > known->account.number) {
		dfs_account older = known->account;

		known->account = copy;
		copy = older;
	}
	pthread_mutex_unlock(&proof->lock);
	value_free_account(&copy);
}

void proof_know(struct proof *proof, const dfs_user *user, const dfs_account *account)
{
	note_account(proof, user, account, NULL);
}

/* The account's register here. */
struct account_path {
	char text[sizeof PATH_ACCOUNTS + DFS_USER_MAX];
	size_t len;
};

static struct account_path path_of(const dfs_user *user)
{
	struct account_path path;

	path.len = (size_t)snprintf(path.text, sizeof path.text, PATH_ACCOUNTS "%.*s",
				    (int)user->dfs_user_len, user->dfs_user_val);
	return path;
}

static void read_here(struct proof *proof, const dfs_user *user)
{
	const struct account_path path = path_of(user);
	struct store_register reg;
	dfs_value value;

	if (store_value(proof->store, path.text, path.len, &reg, &value) != 0)
		return;
	if (value.body.kind == DFS_ACCOUNT)
		note_account(proof, user, &value.body.dfs_body_u.account, &reg.ballot);
	value_free(&value);
}

static bool may_ask(struct proof *proof, const char *user)
{
	int64_t second = clock_now_ms() / 1000;
	bool may;

	pthread_mutex_lock(&proof->lock);
	if (second != proof->second) {
		proof->second = second;
		portions_clear(&proof->asked);
		portions_init(&proof->asked, ASKED_PER_SECOND);
	}
	may = portions_take(&proof->asked, user, 1);
	pthread_mutex_unlock(&proof->lock);
	return may;
}

static void ask_peers(const struct wanting *wanting, const dfs_user *user)
{
	struct proof *proof = wanting->proof;
	dfs_account account;

	if (!proof->ask || !may_ask(proof, wanting->user) ||
	    !proof->ask(proof->ask_context, user, &account))
		return;
	note_account(proof, user, &account, NULL);
	value_free_account(&account);
}

/*
 * Is the key known?  *ret_fresh: what is known is what the register here says, or is
 * later.
 */
static bool find_known(struct proof *proof, const dfs_user *user, uint32_t number,
		       const dfs_ballot *here, bool *ret_fresh, struct authority_key *ret)
{
	const struct name name = name_of(user);
	const dfs_key *key = NULL;
	struct known *known;

	pthread_mutex_lock(&proof->lock);
	HASH_FIND(hh, proof->known, name.text, sizeof name.text, known);
	*ret_fresh = known && ballot_compare(here, &known->ballot) <= 0;
	if (known)
		key = statement_key(&known->account, number);
	if (key)
		*ret = (struct authority_key){.key = *key,
					      .present = number == known->account.key,
					      .welcome = !known->account.gone &&
							 !known->account.disabled};
	pthread_mutex_unlock(&proof->lock);
	return key;
}

static bool find_key(void *context, const dfs_user *user, uint32_t number,
		     struct authority_key *ret)
{
	const struct wanting *wanting = context;
	struct proof *proof = wanting->proof;
	struct store_register reg = {.ballot.counter = 0};
	bool fresh = false, found;

	if (path_check_user(user->dfs_user_val, user->dfs_user_len))
		return false;
	const struct account_path path = path_of(user);

	(void)store_register(proof->store, path.text, path.len, &reg);
	found = find_known(proof, user, number, &reg.ballot, &fresh, ret);
	if (!fresh) {
		read_here(proof, user);
		found = find_known(proof, user, number, &reg.ballot, &fresh, ret);
	}
	if (!found) {
		ask_peers(wanting, user);
		found = find_known(proof, user, number, &reg.ballot, &fresh, ret);
	}
	return found;
}

/* ---- judging ------------------------------------------------------------------- */

static void log_refusal(const struct authority_claim *claim, const char *why)
{
	static struct throttle throttle = THROTTLE_INIT;
	const dfs_user *signer = &claim->value->proof.signer;
	char path[256], quoted[256];
	unsigned held_back;

	if (!throttle_pass(&throttle, &held_back))
		return;
	log_event(LOG_WARN, "not-proved", "path=%s from=%s signer=%s why=%s held_back=%u",
		  log_quote(claim->path->dfs_path_val, claim->path->dfs_path_len, path,
			    sizeof path),
		  claim->caller ? claim->caller : "server",
		  log_quote(signer->dfs_user_val, signer->dfs_user_len, quoted,
			    sizeof quoted),
		  log_sentence(why, (char[512]){""}, 512), held_back);
}

/* What it comes to that this is wrong with it, which is logged; NULL: nothing. */
static dfs_status judged(const struct authority_claim *claim, const char *wrong,
			 dfs_status refusal)
{
	if (!wrong)
		return DFS_OK;
	log_refusal(claim, wrong);
	return refusal;
}

/* What authority.h says of it; keys are looked for as this caller may. */
typedef const char *checking(const struct authority_source *, struct authority_claim *,
			     bool *ret_unknown);

static dfs_status run_check(struct proof *proof, checking *check,
			    struct authority_claim *claim)
{
	struct wanting wanting = {proof, claim->caller ? claim->caller : PORTIONS_NOBODY};
	struct authority_source source = proof->source;
	bool unknown = false;
	const char *wrong;

	source.context = &wanting;
	wrong = check(&source, claim, &unknown);
	return judged(claim, wrong, unknown ? DFS_UNCHECKED : DFS_INVALID);
}

dfs_status proof_check_stated(struct proof *proof, struct authority_claim *claim)
{
	return run_check(proof, authority_check_stated, claim);
}

dfs_status proof_check_proved(struct proof *proof, struct authority_claim *claim)
{
	return run_check(proof, authority_check_proved, claim);
}

dfs_status proof_check_allowed(const struct authority_claim *claim,
			       const dfs_value *accepted)
{
	return judged(claim, authority_check_allowed(claim, accepted), DFS_DENIED);
}

/* ---- confirming ---------------------------------------------------------------- */

/* Of a value that its user states as he has to: does it follow the highest one? */
static dfs_status check_follows(const struct proof_proposer *proposer,
				const struct authority_claim *claim,
				const dfs_value *highest)
{
	const dfs_value *value = claim->value;

	if (!proposer->user)
		return judged(claim,
			      authority_check_again(highest, value, proposer->server),
			      DFS_INVALID);
	dfs_status status =
		judged(claim, authority_check_next(highest, value), DFS_INVALID);

	return status == DFS_OK ? proof_check_allowed(claim, highest) : status;
}

dfs_status proof_check_confirm(struct proof *proof, const struct proof_proposer *proposer,
			       const dfs_ballot *ballot, const dfs_confirm_item *item)
{
	struct authority_claim claim = {.path = &item->path,
					.ballot = ballot,
					.value = &item->value,
					.caller = proposer->user};
	dfs_ballot told = {.counter = 0};
	struct authority_claim highest = {
		.path = &item->path, .ballot = &told, .value = item->highest};
	dfs_status status = judged(
		&claim, authority_check_promises(&proof->source, ballot, item, &told),
		DFS_INVALID);

	if (status == DFS_OK && item->highest)
		status = proof_check_proved(proof, &highest);
	if (status == DFS_OK)
		status = proof_check_stated(proof, &claim);
	return status == DFS_OK ? check_follows(proposer, &claim, item->highest) : status;
}

const struct authority_source *proof_source(const struct proof *proof)
{
	return &proof->source;
}
