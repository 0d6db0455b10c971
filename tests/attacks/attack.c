/* What the attacks share. */
#include "attack.h"

#include "cipher.h"
#include "clock.h"
#include "login_fixture.h"
#include "object.h"
#include "path.h"
#include "placement.h"
#include "tree.h"
#include "value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 30000 };

static _Thread_local char why[512]; /* of the last call that got no answer */

/*
 * ---- how it ends ----------------------------------------------------------------------
 */

enum { FAILED = 0, WON = 1, BROKEN = 2 };

static _Noreturn void end(int code, const char *word, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
static _Noreturn void end(int code, const char *word, const char *format, va_list args)
{
	printf("%s: ", word);
	(void)vprintf(format, args);
	printf("\n");
	exit(code);
}

void attack_failed(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(FAILED, "the attack failed", format, args);
}

void attack_won(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(WON, "the attack succeeded", format, args);
}

void attack_broken(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(BROKEN, "the attack could not be carried out", format, args);
}

void attack_must(bool good, const char *what)
{
	if (!good)
		attack_broken("%s (%s)", what, why);
}

const char *attack_status(dfs_status status)
{
	static const char *const names[] = {
		"OK",      "REFUSED",    "NODATA",   "NOSPACE", "DAMAGED",
		"INVALID", "RECOVERING", "UNKNOWN",  "IO",      "DENIED",
		"BUSY",    "OVER_QUOTA", "UNCHECKED"};

	return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "?";
}

/*
 * ---- who attacks ----------------------------------------------------------------------
 */

void attack_begin(struct attacker *ret, const char *user, server_set servers)
{
	const char *config = getenv("DFS_CONFIG");

	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(ret, 0, sizeof *ret);
	ret->user = user;
	attack_must(config && cluster_read(config, &ret->cluster, why, sizeof why),
		    "DFS_CONFIG");
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			attack_must(attack_connect(ret, s), "log-in");
}

bool attack_connect(struct attacker *attacker, unsigned server)
{
	struct identity *identity = &attacker->identity;
	struct call **call = &attacker->calls[server - 1];

	call_close(*call);
	*call = login_fixture_open(&attacker->cluster, server, attacker->user,
				   identity->ring.count == 0 ? identity : NULL, why,
				   sizeof why);
	return *call;
}

void attack_end(struct attacker *attacker)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		call_close(attacker->calls[s - 1]);
	identity_wipe(&attacker->identity);
}

void attack_say(struct attacker *attacker, unsigned server, uint32_t procedure,
		const void *args, void *res)
{
	attack_must(
		call_run(attacker->calls[server - 1], procedure, args, res,
			 &(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why}),
		"call");
}

/*
 * ---- what is there --------------------------------------------------------------------
 */

void attack_look(struct attacker *attacker, unsigned server, const char *path,
		 struct attack_known *ret)
{
	dfs_path name = path_borrow(path);
	const dfs_paths args = {.paths = {1, &name}};
	const dfs_accepted *accepted;
	const dfs_looked *item;
	dfs_lookup_res res;

	memset(ret, 0, sizeof *ret);
	attack_say(attacker, server, DFS_LOOKUP, &args, &res);
	attack_must(res.status == DFS_OK, "LOOKUP");
	item = &res.dfs_lookup_res_u.ok.items.items_val[0];
	ret->seen = res.dfs_lookup_res_u.ok.seen;
	ret->status = item->status;
	if (item->status == DFS_OK && item->dfs_looked_u.reg.known) {
		accepted = &item->dfs_looked_u.reg.dfs_register_u.accepted;
		ret->known = true;
		ret->ballot = accepted->ballot;
		ret->ticket = accepted->ticket;
		attack_must(value_copy(&accepted->value, &ret->value), "memory");
	}
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
}

void attack_forget(struct attack_known *known)
{
	if (known->known)
		value_free(&known->value);
	memset(known, 0, sizeof *known);
}

dfs_ballot attack_ballot(struct attacker *attacker, server_set servers)
{
	char own[64];
	dfs_ballot ballot;

	memset(&ballot, 0, sizeof ballot);
	(void)snprintf(own, sizeof own, "/%s/nothing", attacker->user);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct attack_known known;

		if (!set_has(servers, s))
			continue;
		attack_look(attacker, s, own, &known);
		if (known.seen.epoch > ballot.epoch)
			ballot.epoch = known.seen.epoch;
		if (known.seen.counter >= ballot.counter)
			ballot.counter = known.seen.counter + 1;
		attack_forget(&known);
	}
	attack_must(id_random(&ballot.proposer), "random");
	return ballot;
}

void attack_open_file(const struct attacker *attacker, const char *path,
		      const struct attack_known *known, struct manifest_secret *ret)
{
	attack_must(known->known && known->value.body.kind == DFS_FILE, "no such file");
	attack_must(manifest_open(&attacker->identity, path,
				  &known->value.body.dfs_body_u.manifest,
				  ret) == MANIFEST_OPEN,
		    "its manifest does not open");
}

/* A unit of the object, opened to where it belongs in bytes; false: not from this one. */
static bool read_unit(struct attacker *attacker, unsigned server,
		      const struct attack_known *known, struct cipher *cipher,
		      const struct cipher_object *object, uint64_t unit, uint8_t *bytes)
{
	dfs_want want = {known->ticket.object, unit};
	dfs_ticket ticket = known->ticket;
	const dfs_get_args args = {{1, &want}, {1, &ticket}};
	const dfs_got *got;
	dfs_get_res res;
	bool good;

	attack_say(attacker, server, DFS_GET, &args, &res);
	got = res.status == DFS_OK ? res.dfs_get_res_u.items.items_val : NULL;
	good = got && got->status == DFS_OK &&
	       cipher_open(cipher, object, unit, &got->dfs_got_u.data,
			   bytes + unit * object->unit_size);
	call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	return good;
}

uint8_t *attack_read(struct attacker *attacker, const struct attack_known *known,
		     const struct manifest_secret *secret, unsigned units)
{
	const dfs_content *content = &known->value.body.dfs_body_u.manifest.content;
	uint8_t *bytes = malloc((size_t)units * content->unit_size);
	struct cipher *cipher = cipher_new();
	struct cipher_object object;

	attack_must(bytes && cipher && cipher_object_init(&object, content, secret->key),
		    "cipher");
	for (unsigned unit = 0; unit < units; unit++) {
		bool read = false;

		for (unsigned s = 1; s <= DFS_SERVERS && !read; s++)
			read = attacker->calls[s - 1] &&
			       read_unit(attacker, s, known, cipher, &object, unit,
					 bytes);
		attack_must(read, "a unit is to be had nowhere");
	}
	cipher_free(cipher);
	return bytes;
}

/*
 * ---- what is made ---------------------------------------------------------------------
 */

static void take_digests(struct attack_content *content, const void *bytes, size_t len)
{
	struct content_hash *hash = content_hash_new(false);
	struct content_digests digests;

	attack_must(hash && content_hash_add(hash, bytes, len) &&
			    content_hash_end(hash, &digests),
		    "hash");
	memcpy(content->secret.xxh128, digests.xxh128, sizeof digests.xxh128);
	content->content.row = content_row(digests.xxh128);
}

uint32_t attack_unit_make(const dfs_content *content, const uint8_t key[KEYS_LEN],
			  uint64_t unit, const uint8_t *bytes, uint8_t **ret_stored)
{
	uint32_t len = placement_unit_len(content->size, content->unit_size, unit);
	struct cipher *cipher = cipher_new();
	struct cipher_object object;

	*ret_stored = malloc(len + CIPHER_MORE);
	attack_must(cipher && *ret_stored && cipher_object_init(&object, content, key),
		    "cipher");
	(*ret_stored)[0] = CIPHER_ANY;
	memcpy(*ret_stored + CIPHER_BEFORE, bytes, len);
	len = cipher_seal(cipher, &object, unit, *ret_stored, len);
	attack_must(len > 0, "cipher");
	cipher_free(cipher);
	return len;
}

/* Maker and token; of what is claimed its tree too. */
static void begin_content(struct attack_content *ret, struct attack_object object)
{
	dfs_content *content = &ret->content;

	content->tree.tree_len = DFS_SERVERS;
	content->tree.tree_val = ret->tree;
	if (object.token)
		ret->token = *object.token;
	else if (!object.claimed)
		attack_must(keys_random(&ret->token, sizeof ret->token), "random");
	if (object.claimed) {
		attack_must(object.claimed->tree.tree_len == DFS_SERVERS,
			    "it has not four units");
		content->maker = object.claimed->maker;
		memcpy(ret->tree, object.claimed->tree.tree_val, sizeof ret->tree);
	} else {
		attack_must(object_maker(&ret->token, &content->maker), "maker");
	}
}

void attack_content_make(struct attack_content *ret, const void *bytes, size_t len,
			 struct attack_object object)
{
	dfs_content *content = &ret->content;

	memset(ret, 0, sizeof *ret);
	attack_must(len >= DFS_SERVERS && len <= CONTENT_SMALL_MAX, "4 to 65536 bytes");
	begin_content(ret, object);
	if (object.key)
		memcpy(ret->secret.key, object.key, KEYS_LEN);
	else
		attack_must(keys_random(ret->secret.key, KEYS_LEN), "random");
	content->size = len;
	content->unit_size = placement_unit_size(len);
	content->modified = content->stored = clock_wall_ns();
	take_digests(ret, bytes, len);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		content->holders = placement_hold(content->holders, s,
						  placement_pair(content->row, s));
	for (unsigned u = 0; u < DFS_SERVERS; u++)
		ret->lens[u] = attack_unit_make(content, ret->secret.key, u,
						(const uint8_t *)bytes +
							(size_t)u * content->unit_size,
						&ret->units[u]);
	if (!object.claimed)
		attack_content_plant(ret);
}

void attack_content_plant(struct attack_content *content)
{
	for (unsigned u = 0; u < DFS_SERVERS; u++)
		attack_must(tree_leaf(&content->content.maker, u, content->units[u],
				      content->lens[u], &content->tree[u]),
			    "tree");
}

void attack_content_free(struct attack_content *content)
{
	for (unsigned u = 0; u < DFS_SERVERS; u++)
		free(content->units[u]);
	memset(content, 0, sizeof *content);
}

uint64_t attack_used(struct attacker *attacker, unsigned server)
{
	dfs_status_res res;
	uint64_t bytes;

	attack_say(attacker, server, DFS_STATUS, NULL, &res);
	attack_must(res.status == DFS_OK, "STATUS");
	bytes = res.dfs_status_res_u.ok.used;
	call_free_result((xdrproc_t)xdr_dfs_status_res, &res);
	return bytes;
}

static dfs_user as_user(const char *name)
{
	dfs_path path = path_borrow(name);

	return (dfs_user){path.dfs_path_len, path.dfs_path_val};
}

void attack_sign_content(const struct attacker *attacker, const char *path,
			 const char *owner, dfs_content *content)
{
	const struct manifest_stated stated = {
		.path = path, .owner = owner, .content = content};

	attack_must(manifest_sign_contents(&attacker->identity, &stated, 1), "signature");
}

/*
 * Seals, signs and wraps for the value's manifest, whose other fields are filled in, and
 * copies it: all parts of the copy are allocated.
 */
static void seal(const struct attacker *attacker, const char *path, dfs_value *value,
		 const struct attack_content *content, const struct attack_change *change,
		 dfs_value *ret)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	uint8_t sealed[MANIFEST_SEALED_LEN];
	char owner[DFS_USER_MAX + 1];

	(void)snprintf(owner, sizeof owner, "%.*s", (int)manifest->owner.dfs_user_len,
		       manifest->owner.dfs_user_val);
	manifest->content = content->content;
	manifest->content.writer = as_user(change->writer);
	manifest->content.sealed.sealed_len = sizeof sealed;
	manifest->content.sealed.sealed_val = (char *)sealed;
	attack_must(manifest_seal(&manifest->content, &content->secret, sealed), "seal");
	attack_sign_content(attacker, path, owner, &manifest->content);
	attack_must(manifest_wrap(&attacker->identity, path, manifest, &change->owner,
				  content->secret.key),
		    "manifest");
	attack_must(value_copy(value, ret), "memory");
	free(manifest->keys.keys_val);
	xdr_free((xdrproc_t)xdr_dfs_signature, &manifest->content.signature);
}

/* Of one operation, and no other before it. */
static void begin_value(dfs_value *ret, const dfs_ballot *ballot, uint64_t number)
{
	memset(ret, 0, sizeof *ret);
	attack_must(id_random(&ret->operation), "random");
	ret->origin = *ballot;
	ret->number = number;
	ret->recent.recent_len = 1;
	ret->recent.recent_val = &ret->operation;
	ret->content_version = (dfs_version){number, ret->operation};
	ret->body.kind = DFS_FILE;
}

void attack_value_make(const struct attacker *attacker, const char *path,
		       const dfs_ballot *ballot, const struct attack_content *content,
		       dfs_value *ret)
{
	const struct attack_change change = {
		.writer = attacker->user, .owner = attacker->identity.account.seal_key};
	dfs_value value;

	begin_value(&value, ballot, 1);
	value.body.dfs_body_u.manifest.owner = as_user(attacker->user);
	seal(attacker, path, &value, content, &change, ret);
}

void attack_value_change(const struct attacker *attacker, const char *path,
			 const dfs_ballot *ballot, const struct attack_content *content,
			 const struct attack_change *change, dfs_value *ret)
{
	const dfs_value *before = &change->before->value;
	dfs_manifest *manifest;
	dfs_value value;

	begin_value(&value, ballot, before->number + 1);
	manifest = &value.body.dfs_body_u.manifest;
	manifest->owner = before->body.dfs_body_u.manifest.owner;
	manifest->access = before->body.dfs_body_u.manifest.access;
	seal(attacker, path, &value, content, change, ret);
}

dfs_key attack_seal_key(struct attacker *attacker, unsigned server, const char *user)
{
	struct attack_known known;
	char path[64];
	dfs_key key;

	(void)snprintf(path, sizeof path, "/@accounts/%s", user);
	attack_look(attacker, server, path, &known);
	attack_must(known.known && known.value.body.kind == DFS_ACCOUNT,
		    "no such account");
	key = known.value.body.dfs_body_u.account.seal_key;
	attack_forget(&known);
	return key;
}

/*
 * ---- what is said ---------------------------------------------------------------------
 */

/* The units of these chunks; units has DFS_SERVERS. */
static void stage(const struct attack_content *content, chunk_set chunks, dfs_unit *units,
		  dfs_stage *ret)
{
	dfs_small *small = &ret->dfs_stage_u.small;

	ret->kind = DFS_STAGE_CONTENT;
	small->share = object_share(&content->content, chunks);
	small->token = content->token;
	small->units.units_val = units;
	for (unsigned u = 0; u < DFS_SERVERS; u++)
		if (set_has(chunks, placement_chunk(u)))
			units[small->units.units_len++] =
				(dfs_unit){u, {content->lens[u], content->units[u]}};
}

dfs_status attack_prepare(struct attacker *attacker, unsigned server, const char *path,
			  const dfs_ballot *ballot, const struct attack_content *content)
{
	dfs_unit units[DFS_SERVERS];
	dfs_prepare_item item;
	dfs_prepare_args args = {.ballot = *ballot, .items = {1, &item}};
	const dfs_promise *promise;
	dfs_prepare_res res;
	dfs_status status;

	memset(&item, 0, sizeof item);
	item.path = path_borrow(path);
	if (content) {
		item.size = content->content.size;
		stage(content, placement_pair(content->content.row, server), units,
		      &item.stage);
	}
	attack_must(id_random(&args.operation), "random");
	attack_say(attacker, server, DFS_PREPARE, &args, &res);
	status = res.status;
	if (status == DFS_OK) {
		promise = &res.dfs_prepare_res_u.ok.items.items_val[0];
		status = promise->status;
		if (status == DFS_OK)
			status = promise->dfs_promise_u.promised.staged;
	}
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &res);
	return status;
}

void attack_prove(const struct attacker *attacker, const char *path,
		  const dfs_ballot *ballot, dfs_value *value)
{
	attack_must(login_fixture_propose(&attacker->identity, path, ballot, value),
		    "proof");
}

dfs_status attack_accept(struct attacker *attacker, unsigned server, const char *path,
			 const dfs_ballot *ballot, const dfs_value *value)
{
	dfs_status status;
	dfs_value copy;

	attack_must(value_copy(value, &copy), "memory");
	attack_prove(attacker, path, ballot, &copy);
	status = attack_accept_as_it_is(attacker, server, path, ballot, &copy);
	value_free(&copy);
	return status;
}

dfs_status attack_accept_as_it_is(struct attacker *attacker, unsigned server,
				  const char *path, const dfs_ballot *ballot,
				  const dfs_value *value)
{
	dfs_proposal item = {.path = path_borrow(path), .value = *value};
	const dfs_accept_args args = {*ballot, {1, &item}};
	dfs_accept_res res;
	dfs_status status;

	attack_say(attacker, server, DFS_ACCEPT, &args, &res);
	status = res.status;
	if (status == DFS_OK)
		status = res.dfs_accept_res_u.ok.items.items_val[0];
	call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
	return status;
}
