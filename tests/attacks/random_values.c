/*
 * Random values: good ones, changed in one to three fields, or in none.
 *
 *	random_values SEED COUNT
 *
 * Four users send them to all servers: "tester", whose /tester/target is, "third", who
 * may write it, "other", who may read it, and "fourth", who may neither.  They propose
 * them there, at paths of their own, and at /USER/kept of all the others, which nobody
 * but USER may read or write.  Half of what is changed in a content is signed anew by who
 * sends it, and what a proof is about is signed as it is sent; so is what the rest says.
 *
 * Whoever may not write a path must be refused.  What became of everything else the
 * scenario judges: it has to be harmless to all others.
 */
#include "attack.h"

#include "text.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 4, OWN_PATHS = 8, MOST = 100000 };

static const char *const users[USERS] = {"tester", "third", "other", "fourth"};
static const char target[] = "/tester/target";

/* ---- chance -------------------------------------------------------------------- */

static uint64_t state;

/* xorshift64*: from 0 to below - 1. */
static uint32_t chance(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % below;
}

/* Small numbers, large ones, and neighbours of what it was. */
static uint64_t any_number(uint64_t was)
{
	switch (chance(6)) {
	case 0:
		return was + 1;
	case 1:
		return was - 1;
	case 2:
		return 0;
	case 3:
		return UINT64_MAX;
	case 4:
		return UINT64_C(1) << chance(64);
	default:
		return chance(1000);
	}
}

static void change_bytes(void *bytes, size_t len)
{
	if (len > 0)
		((uint8_t *)bytes)[chance((uint32_t)len)] ^= (uint8_t)(1 << chance(8));
}

static void change_id(dfs_id *id)
{
	if (chance(4) == 0)
		memset(id, 0, sizeof *id);
	else
		change_bytes(id->bytes, sizeof id->bytes);
}

static void change_user(dfs_user *user)
{
	const char *name = chance(8) == 0 ? "admin" : users[chance(USERS)];

	free(user->dfs_user_val);
	user->dfs_user_val = strdup(name);
	attack_must(user->dfs_user_val, "memory");
	user->dfs_user_len = (u_int)strlen(name);
}

static void change_signature(dfs_signature *signature)
{
	switch (chance(4)) {
	case 0:
		signature->key = (uint32_t)any_number(signature->key);
		break;
	case 1:
		signature->leaves = (uint32_t)any_number(signature->leaves);
		break;
	case 2:
		signature->leaf = (uint32_t)any_number(signature->leaf);
		break;
	default:
		change_bytes(signature->signature, sizeof signature->signature);
	}
}

/* ---- fields of contents -------------------------------------------------------- */

static void change_tree(dfs_content *content)
{
	if (chance(2) && content->tree.tree_len > 0)
		content->tree.tree_len--;
	else
		change_bytes(content->tree.tree_val,
			     content->tree.tree_len * sizeof(dfs_key));
}

static void change_content(dfs_content *content)
{
	switch (chance(11)) {
	case 0:
		change_id(&content->maker);
		break;
	case 1:
		content->size = any_number(content->size);
		break;
	case 2:
		content->modified = (int64_t)any_number((uint64_t)content->modified);
		break;
	case 3:
		content->stored = (int64_t)any_number((uint64_t)content->stored);
		break;
	case 4:
		content->row = (uint32_t)any_number(content->row);
		break;
	case 5:
		content->unit_size = (uint32_t)any_number(content->unit_size);
		break;
	case 6:
		content->holders ^= 1U << chance(17);
		break;
	case 7:
		change_tree(content);
		break;
	case 8:
		change_bytes(content->sealed.sealed_val, content->sealed.sealed_len);
		break;
	case 9:
		change_user(&content->writer);
		break;
	default:
		change_signature(&content->signature);
	}
}

static dfs_content copy_content(const dfs_content *content)
{
	dfs_value value, copy;
	dfs_wrapped key;

	memset(&value, 0, sizeof value);
	memset(&key, 0, sizeof key);
	value.body.kind = DFS_FILE;
	value.body.dfs_body_u.manifest.content = *content;
	attack_must(value_copy(&value, &copy), "memory");
	return copy.body.dfs_body_u.manifest.content;
}

/* ---- fields of manifests ------------------------------------------------------- */

static void change_readers(dfs_access *access)
{
	dfs_reader *readers = access->readers.readers_val;
	u_int count = access->readers.readers_len;

	switch (chance(4)) {
	case 0:
		access->generation = any_number(access->generation);
		break;
	case 1:
		if (count > 0)
			readers[chance(count)].writes ^= TRUE;
		break;
	case 2:
		readers = realloc(readers, (count + 1) * sizeof *readers);
		attack_must(readers, "memory");
		memset(&readers[count], 0, sizeof *readers);
		change_user(&readers[count].user);
		readers[count].writes = TRUE;
		access->readers.readers_val = readers;
		access->readers.readers_len = count + 1;
		break;
	default:
		if (access->signature)
			change_signature(access->signature);
	}
}

/* A version that the path may never have had: its own content, changed. */
static void add_earlier(dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_earlier *earlier = calloc(1, sizeof *earlier);

	if (!earlier || manifest->earlier.earlier_len > 0) {
		free(earlier);
		return;
	}
	earlier->content = copy_content(&manifest->content);
	change_content(&earlier->content);
	earlier->content_version.number = value->content_version.number - 1;
	attack_must(id_random(&earlier->content_version.operation), "random");
	manifest->earlier.earlier_val = earlier;
	manifest->earlier.earlier_len = 1;
}

static void add_continues(dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;

	if (!manifest->continues)
		manifest->continues = calloc(1, sizeof *manifest->continues);
	attack_must(manifest->continues, "memory");
	*manifest->continues = value->content_version;
	manifest->continues->number = any_number(value->content_version.number);
}

static void change_manifest(dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;

	switch (chance(8)) {
	case 0:
		change_user(&manifest->owner);
		break;
	case 1:
		change_readers(&manifest->access);
		break;
	case 2:
		manifest->attributes.mode ^= 1U << chance(32);
		break;
	case 3:
		change_bytes(manifest->keys.keys_val,
			     manifest->keys.keys_len * sizeof(dfs_wrapped));
		break;
	case 4:
		add_earlier(value);
		break;
	case 5:
		add_continues(value);
		break;
	default:
		change_content(&manifest->content);
	}
}

/* ---- fields of values ---------------------------------------------------------- */

static void add_lock(dfs_value *value)
{
	dfs_lock *lock = value->lock ? value->lock : calloc(1, sizeof *lock);

	attack_must(lock, "memory");
	value->lock = lock;
	change_user(&lock->keeper);
	attack_must(id_random(&lock->taking), "random");
	lock->lease_ms = (uint32_t)any_number(lock->lease_ms);
}

/* Of a move from somebody else's path. */
static void add_note(dfs_value *value)
{
	char path[64];
	dfs_note *note;

	if (value->note)
		return;
	note = calloc(1, sizeof *note);
	(void)snprintf(path, sizeof path, "/%s/kept", users[chance(USERS)]);
	attack_must(note && id_random(&note->operation) &&
			    id_random(&note->old_version.operation),
		    "memory");
	note->old_path = (dfs_path){(u_int)strlen(path), strdup(path)};
	note->old_version.number = 1 + chance(3);
	value->note = note;
}

/* All of its body goes. */
static void change_kind(dfs_value *value)
{
	static const dfs_kind kinds[] = {DFS_TOMBSTONE,   DFS_FOLDER, DFS_ACCOUNT,
					 DFS_CREDENTIALS, DFS_LINK,   (dfs_kind)7};
	dfs_kind kind = kinds[chance(sizeof kinds / sizeof kinds[0])];

	if (kind == DFS_LINK && value->body.kind == DFS_FILE) {
		value->body.kind = kind;
		return;
	}
	xdr_free((xdrproc_t)xdr_dfs_body, &value->body);
	memset(&value->body, 0, sizeof value->body);
	value->body.kind = kind;
	if (kind == DFS_FOLDER)
		change_user(&value->body.dfs_body_u.folder.owner);
}

static void change_recent(dfs_value *value)
{
	if (value->recent.recent_len > 0 && chance(2))
		change_id(&value->recent.recent_val[0]);
	else
		value->recent.recent_len = 0;
}

static void change_value(dfs_value *value)
{
	if (value->body.kind == DFS_FILE && chance(2)) {
		change_manifest(value);
		return;
	}
	switch (chance(9)) {
	case 0:
		change_id(&value->operation);
		break;
	case 1:
		value->origin.counter = any_number(value->origin.counter);
		break;
	case 2:
		value->origin.epoch = (uint32_t)any_number(value->origin.epoch);
		break;
	case 3:
		value->number = any_number(value->number);
		break;
	case 4:
		change_recent(value);
		break;
	case 5:
		value->content_version.number = any_number(value->content_version.number);
		break;
	case 6:
		add_lock(value);
		break;
	case 7:
		add_note(value);
		break;
	default:
		change_kind(value);
	}
}

static void change_proof(dfs_proof *proof)
{
	switch (chance(4)) {
	case 0:
		proof->ballot.counter = any_number(proof->ballot.counter);
		break;
	case 1:
		change_user(&proof->signer);
		break;
	case 2:
		change_signature(&proof->signature);
		break;
	default:
		xdr_free((xdrproc_t)xdr_dfs_proof, proof);
		memset(proof, 0, sizeof *proof);
	}
}

/* ---- what is sent -------------------------------------------------------------- */

struct sender {
	struct attacker attacker;
	dfs_ballot ballot; /* of his last proposal */
};

static struct sender senders[USERS];
static dfs_key seal_keys[USERS];
static unsigned sent, accepted;

/* Whose path it is, and may this user write it? */
static unsigned choose_path(unsigned user, char *ret, size_t size, bool *ret_may_write)
{
	unsigned whose = chance(USERS);

	*ret_may_write = user <= 1;
	(void)snprintf(ret, size, "%s", target);
	if (chance(2))
		return 0;
	*ret_may_write = whose == user;
	if (whose == user)
		(void)snprintf(ret, size, "/%s/random-%u", users[user],
			       chance(OWN_PATHS));
	else
		(void)snprintf(ret, size, "/%s/kept", users[whose]);
	return whose;
}

/* The next value of what is there, as far as he is told; or a first one. */
static void make_value(struct sender *sender, const char *path, unsigned whose,
		       const struct attack_content *content, dfs_value *ret)
{
	struct attacker *attacker = &sender->attacker;
	struct attack_known known;
	dfs_manifest *manifest;

	attack_look(attacker, 1 + chance(DFS_SERVERS), path, &known);
	if (known.known && known.value.body.kind == DFS_FILE) {
		const struct attack_change change = {&known, attacker->user,
						     seal_keys[whose]};

		attack_value_change(attacker, path, &sender->ballot, content, &change,
				    ret);
	} else {
		attack_value_make(attacker, path, &sender->ballot, content, ret);
		manifest = &ret->body.dfs_body_u.manifest;
		free(manifest->owner.dfs_user_val);
		manifest->owner.dfs_user_val = strdup(users[whose]);
		manifest->owner.dfs_user_len = (u_int)strlen(users[whose]);
		xdr_free((xdrproc_t)xdr_dfs_signature, &manifest->content.signature);
		attack_sign_content(attacker, path, users[whose], &manifest->content);
	}
	attack_forget(&known);
}

/* One to three fields, now and then none. */
static void spoil(const struct sender *sender, const char *path, unsigned whose,
		  dfs_value *value)
{
	unsigned changes = chance(8) == 0 ? 0 : 1 + chance(3);
	dfs_content *content;
	bool proves = changes > 0 && chance(4) == 0;

	for (unsigned i = proves ? 1 : 0; i < changes; i++)
		change_value(value);
	content = &value->body.dfs_body_u.manifest.content;
	/* Where it can be stated at all. */
	if (value->body.kind == DFS_FILE && changes > 0 && chance(2)) {
		dfs_signature before = content->signature;
		const struct manifest_stated stated = {path, users[whose], content};

		if (manifest_sign_contents(&sender->attacker.identity, &stated, 1))
			xdr_free((xdrproc_t)xdr_dfs_signature, &before);
		else
			content->signature = before;
	}
	attack_prove(&sender->attacker, path, &sender->ballot, value);
	if (proves)
		change_proof(&value->proof);
}

static void send_one(unsigned user)
{
	struct sender *sender = &senders[user];
	struct attack_content content;
	bool may_write;
	char path[64];
	unsigned whose = choose_path(user, path, sizeof path, &may_write);
	dfs_value value;

	sender->ballot.counter += USERS;
	attack_content_make(&content, "some content", 12,
			    (struct attack_object){.key = NULL});
	make_value(sender, path, whose, &content, &value);
	spoil(sender, path, whose, &value);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_status staged = attack_prepare(&sender->attacker, s, path,
						   &sender->ballot, &content);
		dfs_status status = attack_accept_as_it_is(&sender->attacker, s, path,
							   &sender->ballot, &value);

		accepted += status == DFS_OK;
		if (!may_write && (staged == DFS_OK || status == DFS_OK))
			attack_won("dfs%u took value %u of %s at %s", s, sent,
				   users[user], path);
	}
	sent++;
	value_free(&value);
	attack_content_free(&content);
}

int main(int argc, char **argv)
{
	uint64_t seed = 0, count = 0;

	if (argc != 3 || !text_number(argv[1], 1, UINT32_MAX, &seed) ||
	    !text_number(argv[2], 1, MOST, &count))
		attack_broken("see the head of random_values.c");
	state = seed * UINT64_C(0x9E3779B97F4A7C15);
	for (unsigned u = 0; u < USERS; u++) {
		attack_begin(&senders[u].attacker, users[u], SERVERS_ALL);
		seal_keys[u] = attack_seal_key(&senders[0].attacker, 1, users[u]);
		senders[u].ballot = attack_ballot(&senders[u].attacker, SERVERS_ALL);
		senders[u].ballot.counter += u;
	}
	while (sent < count)
		send_one(chance(USERS));
	for (unsigned u = 0; u < USERS; u++)
		attack_end(&senders[u].attacker);
	/* Of good ones, by whoever may: else it has shown nothing. */
	if (accepted == 0)
		attack_broken("none of %u values was taken", sent);
	attack_failed("of %u values, at four servers, %u were taken", sent, accepted);
}
