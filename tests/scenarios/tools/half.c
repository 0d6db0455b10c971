/*
 * A write that is left half done: as "tester", the content of a small file is staged for
 * a path on all four servers, and its manifest is accepted by some of them only.
 *
 *	half CONFIG FILE PATH SERVER...
 *
 * Or as somebody else, for a file of "tester", by way of one server and what that one
 * has; prints the status of its ACCEPT, and of its FINISH.
 *
 *	half --alone USER CONFIG FILE PATH SERVER
 *
 * Or what was never begun: as "tester", a value that claims a content of 1 TiB is to be
 * accepted by all, named as its holders but for one, first at the ballot at which it says
 * that it was first proposed, then at the next; prints what each says, a line for each of
 * the two.
 *
 *	half --claim CONFIG PATH SERVER
 */
#include "ballot.h"
#include "call.h"
#include "cipher.h"
#include "clock.h"
#include "login_fixture.h"
#include "manifest.h"
#include "object.h"
#include "path.h"
#include "placement.h"
#include "text.h"
#include "tree.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 20000, CONTENT_MAX = 65536 };

struct half {
	struct cluster cluster;
	struct identity identity;
	dfs_key owner; /* for whom the key is wrapped first */
	struct call *calls[DFS_SERVERS];
	char *path;
	uint8_t bytes[CONTENT_MAX];
	size_t len;
	uint8_t key[KEYS_LEN];
	dfs_key token;
	dfs_id operation;
	dfs_ballot ballot;
	dfs_value value; /* to be accepted */
	struct {
		uint8_t room[CONTENT_MAX / 4 + 1 + CIPHER_MORE];
		uint32_t len;
	} units[DFS_SERVERS];
};

static char why[512];

static void fail(const char *what)
{
	fprintf(stderr, "half: %s: %s\n", what, why);
	exit(1);
}

static void must(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static void say(struct half *half, unsigned server, uint32_t procedure, const void *args,
		void *res)
{
	must(call_run(half->calls[server - 1], procedure, args, res,
		      &(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why}),
	     "call");
}

static dfs_path wire_path(const struct half *half)
{
	return (dfs_path){(u_int)strlen(half->path), half->path};
}

/* What stands at the path, and a ballot above what has been seen. */
static void look(struct half *half, unsigned server)
{
	dfs_path path = wire_path(half);
	const dfs_paths args = {.paths = {1, &path}};
	const dfs_looked *item;
	dfs_lookup_res res;

	say(half, server, DFS_LOOKUP, &args, &res);
	must(res.status == DFS_OK, "LOOKUP");
	item = &res.dfs_lookup_res_u.ok.items.items_val[0];
	must(item->status == DFS_OK && item->dfs_looked_u.reg.known, "no such file");
	if (res.dfs_lookup_res_u.ok.seen.counter >= half->ballot.counter)
		half->ballot.counter = res.dfs_lookup_res_u.ok.seen.counter + 1;
	half->ballot.epoch = res.dfs_lookup_res_u.ok.seen.epoch;
	value_free(&half->value);
	must(value_copy(&item->dfs_looked_u.reg.dfs_register_u.accepted.value,
			&half->value),
	     "memory");
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
}

/* The file's content in place of what the value had. */
static void make_content(struct half *half)
{
	dfs_manifest *manifest = &half->value.body.dfs_body_u.manifest;
	dfs_content *content = &manifest->content;
	struct content_hash *hash = content_hash_new(false);
	struct cipher *cipher = cipher_new();
	struct content_digests digests;
	const struct manifest_stated stated = {
		.path = half->path, .owner = "tester", .content = content};
	struct manifest_secret secret;
	struct cipher_object object;
	uint8_t *sealed = malloc(MANIFEST_SEALED_LEN);

	must(hash && cipher && content_hash_add(hash, half->bytes, half->len) &&
		     content_hash_end(hash, &digests) &&
		     keys_random(half->key, sizeof half->key) &&
		     manifest_token(&half->identity, &half->operation, &half->token) &&
		     object_maker(&half->token, &content->maker) && sealed,
	     "content");
	free(content->writer.dfs_user_val);
	content->writer.dfs_user_val = strdup(half->identity.user);
	content->writer.dfs_user_len = (u_int)strlen(half->identity.user);
	free(content->tree.tree_val);
	content->tree.tree_val = calloc(DFS_SERVERS, sizeof(dfs_key));
	content->tree.tree_len = DFS_SERVERS;
	content->size = half->len;
	content->unit_size = placement_unit_size(half->len);
	content->row = content_row(digests.xxh128);
	content->holders = 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		content->holders = placement_hold(content->holders, s,
						  placement_pair(content->row, s));
	must(cipher_object_init(&object, content, half->key), "cipher");
	for (unsigned u = 0; u < DFS_SERVERS; u++) {
		uint32_t len = placement_unit_len(content->size, content->unit_size, u);

		memcpy(half->units[u].room + CIPHER_BEFORE,
		       half->bytes + u * content->unit_size, len);
		half->units[u].room[0] = CIPHER_ANY;
		half->units[u].len =
			cipher_seal(cipher, &object, u, half->units[u].room, len);
		must(half->units[u].len > 0 &&
			     tree_leaf(&content->maker, u, half->units[u].room,
				       half->units[u].len, &content->tree.tree_val[u]),
		     "cipher");
	}
	cipher_free(cipher);
	free(manifest->keys.keys_val);
	free(content->sealed.sealed_val);
	content->sealed.sealed_val = (char *)sealed;
	content->sealed.sealed_len = MANIFEST_SEALED_LEN;
	memcpy(secret.xxh128, digests.xxh128, sizeof secret.xxh128);
	memcpy(secret.key, half->key, sizeof secret.key);
	free(content->signature.path.path_val);
	must(manifest_seal(content, &secret, sealed) &&
		     manifest_sign_contents(&half->identity, &stated, 1) &&
		     manifest_wrap(&half->identity, half->path, manifest, &half->owner,
				   half->key),
	     "manifest");
}

static void make_value(struct half *half)
{
	dfs_value *value = &half->value;

	must(id_random(&half->operation) && id_random(&half->ballot.proposer), "random");
	value->operation = half->operation;
	value->origin = half->ballot;
	value->number++;
	value->content_version = (dfs_version){value->number, half->operation};
	value->recent.recent_len = 0;
}

static void prepare(struct half *half, unsigned server)
{
	const dfs_content *content = &half->value.body.dfs_body_u.manifest.content;
	unsigned chunks = placement_pair(content->row, server);
	dfs_unit units[DFS_SERVERS];
	dfs_prepare_item item = {.path = wire_path(half), .size = content->size};
	dfs_small *small = &item.stage.dfs_stage_u.small;
	const dfs_prepare_args args = {half->operation, half->ballot, FALSE, {1, &item}};
	const dfs_promise *promise;
	dfs_prepare_res res;

	item.stage.kind = DFS_STAGE_CONTENT;
	small->share = object_share(content, chunks);
	small->token = half->token;
	small->units.units_val = units;
	for (unsigned u = 0; u < DFS_SERVERS; u++)
		if (chunks & 1U << (placement_chunk(u) - 1))
			units[small->units.units_len++] =
				(dfs_unit){u, {half->units[u].len, half->units[u].room}};
	say(half, server, DFS_PREPARE, &args, &res);
	must(res.status == DFS_OK, "PREPARE");
	promise = &res.dfs_prepare_res_u.ok.items.items_val[0];
	must(promise->status == DFS_OK &&
		     promise->dfs_promise_u.promised.staged == DFS_OK,
	     "PREPARE");
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &res);
}

static dfs_status ask_to_accept(struct half *half, unsigned server)
{
	dfs_proposal item = {.path = wire_path(half), .value = half->value};
	const dfs_accept_args args = {half->ballot, {1, &item}};
	dfs_accept_res res;
	dfs_status status;

	say(half, server, DFS_ACCEPT, &args, &res);
	status = res.status;
	if (status == DFS_OK)
		status = res.dfs_accept_res_u.ok.items.items_val[0];
	call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
	return status;
}

static void accept_at(struct half *half, unsigned server)
{
	must(ask_to_accept(half, server) == DFS_OK, "ACCEPT");
}

static void read_file(struct half *half, const char *name)
{
	FILE *file = fopen(name, "rb");

	if (file) {
		half->len = fread(half->bytes, 1, sizeof half->bytes, file);
		fclose(file);
	}
	(void)snprintf(why, sizeof why, "a file of 12 to %d bytes", CONTENT_MAX - 1);
	/* Every unit has something. */
	must(half->len >= 12 && half->len < sizeof half->bytes, name);
}

/* For whom the key is wrapped. */
static void take_owner(struct half *half, unsigned server)
{
	char name[] = PATH_ACCOUNTS "tester";
	dfs_path path = {sizeof name - 1, name};
	const dfs_paths args = {.paths = {1, &path}};
	const dfs_looked *item;
	dfs_lookup_res res;

	say(half, server, DFS_LOOKUP, &args, &res);
	must(res.status == DFS_OK, "LOOKUP");
	item = &res.dfs_lookup_res_u.ok.items.items_val[0];
	must(item->status == DFS_OK && item->dfs_looked_u.reg.known, "no such account");
	half->owner = item->dfs_looked_u.reg.dfs_register_u.accepted.value.body.dfs_body_u
			      .account.seal_key;
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
}

static dfs_status ask_to_finish(struct half *half, unsigned server)
{
	dfs_path path = wire_path(half);
	const dfs_paths args = {.paths = {1, &path}};
	dfs_finish_res res;
	dfs_status status;

	say(half, server, DFS_FINISH, &args, &res);
	status = res.status;
	if (status == DFS_OK)
		status = res.dfs_finish_res_u.items.items_val[0].status;
	call_free_result((xdrproc_t)xdr_dfs_finish_res, &res);
	return status;
}

/* CONFIG FILE PATH SERVER */
static int alone(const char *user, char **args)
{
	static struct half half;
	uint64_t server = 0;

	must(cluster_read(args[0], &half.cluster, why, sizeof why) &&
		     text_number(args[3], 1, DFS_SERVERS, &server),
	     "usage");
	read_file(&half, args[1]);
	half.path = args[2];
	half.calls[server - 1] = login_fixture_open(&half.cluster, (unsigned)server, user,
						    &half.identity, why, sizeof why);
	must(half.calls[server - 1] != NULL, "log-in");
	look(&half, (unsigned)server);
	take_owner(&half, (unsigned)server);
	half.ballot.counter += BALLOT_JUMP / 2;
	make_value(&half);
	make_content(&half);
	must(login_fixture_propose(&half.identity, half.path, &half.ballot, &half.value),
	     "proof");
	prepare(&half, (unsigned)server);
	printf("%d ", (int)ask_to_accept(&half, (unsigned)server));
	printf("%d\n", (int)ask_to_finish(&half, (unsigned)server));
	call_close(half.calls[server - 1]);
	return 0;
}

/* CONFIG PATH SERVER */
static int claim(char **args)
{
	static struct half half;
	dfs_content *content;
	uint64_t absent = 0;

	must(cluster_read(args[0], &half.cluster, why, sizeof why) &&
		     text_number(args[2], 1, DFS_SERVERS, &absent),
	     "usage");
	half.path = args[1];
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		identity_wipe(&half.identity);
		half.calls[s - 1] = login_fixture_open(&half.cluster, s, "tester",
						       &half.identity, why, sizeof why);
		must(half.calls[s - 1] != NULL, "log-in");
		look(&half, s);
	}
	make_value(&half);
	content = &half.value.body.dfs_body_u.manifest.content;
	must(id_random(&content->maker), "random");
	content->size = (uint64_t)DFS_FILE_UNITS_MAX * DFS_UNIT_SIZE;
	content->unit_size = placement_unit_size(content->size);
	content->tree.tree_len = 1;
	content->holders = 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != absent)
			content->holders = placement_hold(
				content->holders, s, placement_pair(content->row, s));
	const struct manifest_stated stated = {
		.path = half.path, .owner = "tester", .content = content};

	free(content->signature.path.path_val);
	must(manifest_sign_contents(&half.identity, &stated, 1), "signature");
	for (unsigned again = 0; again < 2; again++, half.ballot.counter++) {
		must(login_fixture_propose(&half.identity, half.path, &half.ballot,
					   &half.value),
		     "proof");
		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			printf("%d%s", (int)ask_to_accept(&half, s),
			       s < DFS_SERVERS ? " " : "\n");
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		call_close(half.calls[s - 1]);
	return 0;
}

int main(int argc, char **argv)
{
	static struct half half;
	uint64_t server;

	if (argc == 7 && strcmp(argv[1], "--alone") == 0)
		return alone(argv[2], argv + 3);
	if (argc == 5 && strcmp(argv[1], "--claim") == 0)
		return claim(argv + 2);
	(void)snprintf(why, sizeof why, "see the head of half.c");
	must(argc > 4 && cluster_read(argv[1], &half.cluster, why, sizeof why), "usage");
	read_file(&half, argv[2]);
	half.path = argv[3];
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		identity_wipe(&half.identity);
		half.calls[s - 1] = login_fixture_open(&half.cluster, s, "tester",
						       &half.identity, why, sizeof why);
		must(half.calls[s - 1] != NULL, "log-in");
		look(&half, s);
	}
	half.owner = half.identity.account.seal_key;
	make_value(&half);
	make_content(&half);
	must(login_fixture_propose(&half.identity, half.path, &half.ballot, &half.value),
	     "proof");
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		prepare(&half, s);
	for (int i = 4; i < argc; i++) {
		must(text_number(argv[i], 1, DFS_SERVERS, &server), "usage");
		accept_at(&half, (unsigned)server);
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		call_close(half.calls[s - 1]);
	return 0;
}
