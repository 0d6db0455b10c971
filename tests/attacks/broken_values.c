/*
 * Attack 10, its first half: a value that would harm who believes it, and its units.
 *
 *	broken_values KIND FOLDER
 *
 *	value	it says that units have 1 MiB, as they have
 *	units	it keeps all rules, and its units are larger than they may be
 *
 * "other" makes another content for /other/broken, which is his, and which "tester" may
 * read: of four units of 1 MiB, which shrink to almost nothing, and of which
 * he states the leaves.  A server that lies (lying.c) tells of it, from FOLDER.
 */
#include "attack.h"

#include "cipher.h"
#include "clock.h"
#include "path.h"
#include "placement.h"
#include "tree.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT = 1 << 20, CHOSEN = 0x41 };

static const char path[] = "/other/broken";

static void write_file(const char *folder, const char *name, const void *bytes,
		       size_t len)
{
	char file_name[4096];
	FILE *file;

	(void)snprintf(file_name, sizeof file_name, "%s/%s", folder, name);
	file = fopen(file_name, "wb");
	attack_must(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0,
		    file_name);
}

/* Their leaves are what the content says. */
static void write_units(const char *folder, dfs_content *content,
			const uint8_t key[KEYS_LEN])
{
	static uint8_t room[UNIT + CIPHER_MORE];
	struct cipher *cipher = cipher_new();
	struct cipher_object object;

	attack_must(cipher && cipher_object_init(&object, content, key), "cipher");
	for (unsigned u = 0; u < DFS_SERVERS; u++) {
		char name[16];
		uint32_t len;

		room[0] = CIPHER_ANY;
		memset(room + CIPHER_BEFORE, CHOSEN, UNIT);
		len = cipher_seal(cipher, &object, u, room, UNIT);
		attack_must(len > 0 && len <= DFS_UNIT_MAX, "cipher");
		attack_must(tree_leaf(&content->maker, u, room, len,
				      &content->tree.tree_val[u]),
			    "tree");
		(void)snprintf(name, sizeof name, "unit.%u", u);
		write_file(folder, name, room, len);
	}
	cipher_free(cipher);
}

static void write_item(const char *folder, dfs_learn_item *item)
{
	static char bytes[2 * DFS_VALUE_MAX];
	XDR xdrs;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, bytes, sizeof bytes, XDR_ENCODE);
	attack_must(xdr_dfs_learn_item(&xdrs, item), "item");
	write_file(folder, "item", bytes, xdr_getpos(&xdrs));
	xdr_destroy(&xdrs);
}

/* What is there, with the next version's content; signed by its owner, who he is. */
static void change(const struct attacker *other, const char *folder, uint32_t unit_size,
		   dfs_learn_item *item, struct manifest_secret *secret)
{
	dfs_value *value = &item->value;
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_content *content = &manifest->content;

	free(content->tree.tree_val);
	content->tree.tree_len = DFS_SERVERS;
	content->tree.tree_val = calloc(DFS_SERVERS, sizeof *content->tree.tree_val);
	attack_must(content->tree.tree_val, "memory");
	xdr_free((xdrproc_t)xdr_dfs_signature, &content->signature);
	content->signature = (dfs_signature){0};
	free(manifest->keys.keys_val);
	attack_must(id_random(&content->maker) && id_random(&value->operation) &&
			    keys_random(secret->key, sizeof secret->key),
		    "random");
	value->origin = item->ballot;
	value->number++;
	value->recent.recent_len = 0;
	value->content_version = (dfs_version){value->number, value->operation};
	content->size = (uint64_t)DFS_SERVERS * unit_size;
	content->unit_size = unit_size;
	content->stored = clock_wall_ns();
	content->holders = placement_hold(content->holders, 1, CHUNKS_ALL);
	write_units(folder, content, secret->key);
	attack_must(content->sealed.sealed_len == MANIFEST_SEALED_LEN &&
			    manifest_seal(content, secret,
					  (uint8_t *)content->sealed.sealed_val),
		    "seal");
	attack_sign_content(other, path, other->user, content);
	attack_must(manifest_wrap(&other->identity, path, manifest,
				  &other->identity.account.seal_key, secret->key),
		    "manifest");
	attack_prove(other, path, &item->ballot, value);
}

int main(int argc, char **argv)
{
	struct manifest_secret secret;
	struct attack_known known;
	struct attacker other;
	dfs_learn_item item;
	bool rules;

	if (argc != 3)
		attack_broken("see the head of broken_values.c");
	rules = strcmp(argv[1], "units") == 0;
	attack_must(rules || strcmp(argv[1], "value") == 0, argv[1]);
	attack_begin(&other, "other", SERVERS_ALL);
	attack_look(&other, 1, path, &known);
	attack_open_file(&other, path, &known, &secret);
	item = (dfs_learn_item){.path = path_borrow(path),
				.ballot = attack_ballot(&other, SERVERS_ALL)};
	attack_must(value_copy(&known.value, &item.value), "memory");
	change(&other, argv[2], rules ? DFS_UNIT_SIZE : UNIT, &item, &secret);
	write_item(argv[2], &item);
	value_free(&item.value);
	attack_forget(&known);
	attack_end(&other);
	printf("%s: units of %d bytes\n", path, UNIT);
	return 0;
}
