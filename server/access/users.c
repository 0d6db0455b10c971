/*
 * Reading users, and keeping what was read.
 *
 * One reading of a user is under way at a time.  Who comes while it is waits for its end,
 * and for the next one if he may not take what was asked before he came: so the readings
 * do not grow with the log-ins.  The order of beginnings is counted, not timed.
 */
#include "users.h"

#include "authority.h"
#include "clock.h"
#include "path.h"
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
#include <utlist.h>

enum { READ_MS = 4000, KEPT = 1024 };

enum { ACCOUNT, CREDENTIALS, REGISTERS };

/*
 * What one reading found.  user is first: that is what others see.  It does not change
 * once it is in an entry.
 */
struct users_reading {
	struct user user;
	uint64_t began;
	unsigned references;
	dfs_register registers[REGISTERS]; /* what user points into */
};

/* A user who was asked for.  In the list, who was asked for last is the last. */
struct users_entry {
	char name[DFS_USER_MAX + 1];
	struct users_reading *last; /* or NULL; one reference */
	bool being_read;
	unsigned waiting; /* threads that use the entry */
	bool lost;        /* set by uthash when it had no memory to add this */
	struct users_entry *prev, *next;
	UT_hash_handle hh;
};

struct users {
	struct users_source source;
	pthread_mutex_t lock; /* of all below, and of references */
	pthread_cond_t changed;
	uint64_t moments; /* counts beginnings and arrivals */
	struct users_entry *entries, *in_order;
};

struct users *users_new(const struct users_source *source)
{
	struct users *users = calloc(1, sizeof *users);

	if (!users)
		return NULL;
	users->source = *source;
	pthread_mutex_init(&users->lock, NULL);
	pthread_cond_init(&users->changed, NULL);
	return users;
}

/* With the lock held. */
static void release(struct users_reading *reading)
{
	if (!reading || --reading->references > 0)
		return;
	for (unsigned i = 0; i < REGISTERS; i++)
		xdr_free((xdrproc_t)xdr_dfs_register, (char *)&reading->registers[i]);
	free(reading);
}

static void drop(struct users *users, struct users_entry *entry)
{
	DL_DELETE(users->in_order, entry);
	HASH_DEL(users->entries, entry);
	release(entry->last);
	free(entry);
}

void users_free(struct users *users)
{
	if (!users)
		return;
	for (struct users_entry *next, *entry = users->in_order; entry; entry = next) {
		next = entry->next;
		drop(users, entry);
	}
	pthread_cond_destroy(&users->changed);
	pthread_mutex_destroy(&users->lock);
	free(users);
}

/* ---- reading ----------------------------------------------------------------- */

struct question {
	char text[REGISTERS][sizeof PATH_CREDENTIALS + DFS_USER_MAX];
	dfs_path paths[REGISTERS];
};

static void ask_for(const char *name, struct question *ret)
{
	(void)snprintf(ret->text[ACCOUNT], sizeof ret->text[ACCOUNT], PATH_ACCOUNTS "%s",
		       name);
	(void)snprintf(ret->text[CREDENTIALS], sizeof ret->text[CREDENTIALS],
		       PATH_CREDENTIALS "%s", name);
	for (unsigned i = 0; i < REGISTERS; i++)
		ret->paths[i] = (dfs_path){(u_int)strlen(ret->text[i]), ret->text[i]};
}

/* Three servers that differ: somebody is at work, or was and gave up. */
static bool is_open(const struct peers_register *told)
{
	return told->answers >= 3 && told->equal < 3;
}

/*
 * Brings what is open to its end.  Where that fails the newest stays: of three, and of
 * any two, one knows every change that was acknowledged.
 */
static void finish(const struct users *users, const struct question *question,
		   struct peers_register *told, int64_t deadline)
{
	dfs_path paths[REGISTERS];
	unsigned which[REGISTERS], count = 0;
	dfs_looked items[REGISTERS];

	for (unsigned i = 0; i < REGISTERS; i++)
		if (is_open(&told[i])) {
			paths[count] = question->paths[i];
			which[count++] = i;
		}
	if (count == 0)
		return;
	memset(items, 0, sizeof items);
	const dfs_paths open = {.paths = {count, paths}};
	users->source.finish(users->source.peers, &open, deadline, items);
	for (unsigned i = 0; i < count; i++)
		if (items[i].status == DFS_OK) {
			xdr_free((xdrproc_t)xdr_dfs_register,
				 (char *)&told[which[i]].reg);
			told[which[i]].reg = items[i].dfs_looked_u.reg;
		}
}

/* Is that the account of somebody who is a user now?  A server's word is not enough. */
static bool is_user(const struct users *users, const char *name, const dfs_body *body)
{
	char room[DFS_USER_MAX + 1];
	const dfs_user user = {(u_int)strnlen(name, DFS_USER_MAX), room};
	const dfs_account *account = &body->dfs_body_u.account;

	(void)snprintf(room, sizeof room, "%s", name);
	return body->kind == DFS_ACCOUNT && !account->gone &&
	       authority_account_is_genuine(&users->source.admin_key, &user, account);
}

/* Takes what the registers point to. */
static void fill(const struct users *users, const char *name,
		 struct users_reading *reading, const struct peers_register *take_told)
{
	struct user *user = &reading->user;
	const dfs_body *bodies[REGISTERS];

	user->checked = true;
	for (unsigned i = 0; i < REGISTERS; i++) {
		reading->registers[i] = take_told[i].reg;
		bodies[i] = &reading->registers[i].dfs_register_u.accepted.value.body;
	}
	user->exists = reading->registers[ACCOUNT].known &&
		       is_user(users, name, bodies[ACCOUNT]) &&
		       reading->registers[CREDENTIALS].known &&
		       bodies[CREDENTIALS]->kind == DFS_CREDENTIALS;
	if (user->exists) {
		user->account = bodies[ACCOUNT]->dfs_body_u.account;
		user->credentials = bodies[CREDENTIALS]->dfs_body_u.credentials;
	}
}

static void read_user(const struct users *users, const char *name,
		      struct users_reading *reading)
{
	struct peers_register told[REGISTERS];
	int64_t deadline = clock_now_ms() + READ_MS;
	struct question question = {.paths = {{0}}};

	ask_for(name, &question);
	const dfs_paths paths = {.paths = {REGISTERS, question.paths}};
	if (!users->source.read(users->source.peers, &paths, deadline, told))
		return;
	/* One alone may have missed anything. */
	if (told[ACCOUNT].answers < 2 || told[CREDENTIALS].answers < 2) {
		peers_free_registers(told, REGISTERS);
		return;
	}
	finish(users, &question, told, deadline);
	fill(users, name, reading, told);
}

/* ---- keeping ----------------------------------------------------------------- */

/* Those in use stay; they are not more than there are connections. */
static void make_room(struct users *users)
{
	struct users_entry *next;

	for (struct users_entry *entry = users->in_order; entry; entry = next) {
		next = entry->next;
		if (HASH_COUNT(users->entries) < KEPT)
			return;
		if (entry->waiting == 0)
			drop(users, entry);
	}
}

static struct users_entry *find_or_add(struct users *users, const char *name)
{
	char key[DFS_USER_MAX + 1] = "";
	struct users_entry *entry;

	(void)snprintf(key, sizeof key, "%s", name);
	HASH_FIND(hh, users->entries, key, sizeof key, entry);
	if (entry) {
		DL_DELETE(users->in_order, entry);
		DL_APPEND(users->in_order, entry);
		return entry;
	}
	make_room(users);
	entry = calloc(1, sizeof *entry);
	if (!entry)
		return NULL;
	memcpy(entry->name, key, sizeof key);
	HASH_ADD(hh, users->entries, name, sizeof entry->name, entry);
	if (entry->lost) {
		free(entry);
		return NULL;
	}
	DL_APPEND(users->in_order, entry);
	return entry;
}

/* Reads the user anew, with the lock given up meanwhile; false when out of memory. */
static bool read_entry(struct users *users, struct users_entry *entry)
{
	struct users_reading *reading = calloc(1, sizeof *reading);

	if (!reading)
		return false;
	entry->being_read = true;
	reading->references = 1;
	reading->began = ++users->moments;
	reading->user.began_ms = users->source.now_ms();
	pthread_mutex_unlock(&users->lock);
	read_user(users, entry->name, reading);
	pthread_mutex_lock(&users->lock);
	release(entry->last);
	entry->last = reading;
	entry->being_read = false;
	pthread_cond_broadcast(&users->changed);
	return true;
}

const struct user *users_look(struct users *users, const char *name, int64_t fresh_ms)
{
	struct users_reading *found = NULL;
	struct users_entry *entry;
	bool possible;

	pthread_mutex_lock(&users->lock);
	uint64_t arrival = ++users->moments;
	int64_t oldest = users->source.now_ms() - fresh_ms;

	entry = find_or_add(users, name);
	possible = entry;
	if (possible)
		entry->waiting++;
	while (possible && !found) {
		struct users_reading *last = entry->last;

		if (last &&
		    (last->began > arrival || (fresh_ms > 0 && last->user.checked &&
					       last->user.began_ms > oldest)))
			found = last;
		else if (entry->being_read)
			(void)pthread_cond_wait(&users->changed, &users->lock);
		else
			possible = read_entry(users, entry);
	}
	if (found)
		found->references++;
	if (entry)
		entry->waiting--;
	pthread_mutex_unlock(&users->lock);
	return found ? &found->user : NULL;
}

void users_release(struct users *users, const struct user *user)
{
	union {
		const struct user *borrow;
		struct users_reading *reading; /* user is its first */
	} pointer = {.borrow = user};

	if (!user)
		return;
	pthread_mutex_lock(&users->lock);
	release(pointer.reading);
	pthread_mutex_unlock(&users->lock);
}
