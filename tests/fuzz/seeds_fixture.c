/* Values, and saving. */
#include "seeds_fixture.h"

#include "cipher.h"
#include "client_fixture.h"
#include "content.h"
#include "manifest.h"
#include "placement.h"
#include "store_fixture.h"
#include "tree.h"
#include "value.h"
#include "value_fixture.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

static const char *root;

#define SIGN "sign = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"

const char *const seeds_cluster =
	"\xef\xbb\xbf# a cluster\n[cluster]\r\n  id = 00112233445566778899aabbccddeeff\n"
	"ca = ca.pem\nadmin = "
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
	"[dfs1]\naddress = localhost:10001 ; here\nlisten = 0.0.0.0:10001\n" SIGN
	"[dfs2]\naddress = [::1]:10002\n" SIGN "[dfs3]\nhost = far.example\n" SIGN SIGN
	"[dfs4]\n" SIGN "[server]\n"
	"scrub_share = 20\nscrub_round = 7d\nlog_level = warn\n";

void seeds_begin(const char *folder)
{
	root = folder;
	FUZZ_MUST(mkdir(folder, 0777) == 0 || errno == EEXIST);
}

void seeds_save(const char *target, const char *name, struct pack_out *take_out)
{
	char file[PATH_MAX];
	FILE *stream;

	(void)snprintf(file, sizeof file, "%s/%s", root, target);
	FUZZ_MUST(mkdir(file, 0777) == 0 || errno == EEXIST);
	(void)snprintf(file, sizeof file, "%s/%s/%s", root, target, name);
	for (char *at = strrchr(file, '/'); (at = strchr(at, ' '));)
		*at = '-';
	stream = fopen(file, "we");
	FUZZ_MUST(stream && !take_out->failed);
	FUZZ_MUST(fwrite(take_out->bytes, 1, take_out->len, stream) == take_out->len);
	FUZZ_MUST(fclose(stream) == 0);
	pack_free(take_out);
	*take_out = (struct pack_out){0};
}

const char *seeds_name(const char *base, size_t number)
{
	static char name[64];

	(void)snprintf(name, sizeof name, "%s %zu", base, number);
	return name;
}

void seeds_reply(struct pack_out *out, uint32_t number, struct pack_out *take_result)
{
	pack_put_u32(out, 0x80000000U | (uint32_t)(24 + take_result->len));
	pack_put_u32(out, number);
	pack_put_u32(out, REPLY);
	for (unsigned i = 0; i < 4; i++)
		pack_put_u32(out, 0); /* accepted, without a verifier, successfully */
	pack_put(out, take_result->bytes, take_result->len);
	pack_free(take_result);
	*take_result = (struct pack_out){0};
}

void seeds_encode(struct pack_out *out, xdrproc_t encode, void *from)
{
	static char wire[DFS_RECORD_MAX];
	XDR xdrs;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, wire, sizeof wire, XDR_ENCODE);
	FUZZ_MUST(encode(&xdrs, from));
	pack_put(out, wire, xdr_getpos(&xdrs));
}

/* ---- values ------------------------------------------------------------------------ */

/* The leaves of a content of size bytes 'a', whose units are in the clear. */
static void grow_tree(dfs_content *content)
{
	uint8_t unit[CIPHER_MORE + 250] = {1};

	for (u_int i = 0; i < content->tree.tree_len; i++) {
		uint32_t len = placement_unit_len(content->size, content->unit_size, i);

		FUZZ_MUST(len <= 250);
		memset(unit + CIPHER_BEFORE, 'a', len);
		memset(unit + CIPHER_BEFORE + len, 0, CIPHER_AFTER);
		FUZZ_MUST(tree_leaf(&content->maker, i, unit, len + CIPHER_MORE,
				    &content->tree.tree_val[i]));
	}
}

/* By the key that each has. */
static dfs_value prove(dfs_value value, const char *signer)
{
	value.proof.ballot = value.origin;
	value.proof.signer = (dfs_user){(u_int)strlen(signer), strdup(signer)};
	value.proof.signature = (dfs_signature){.key = 1, .leaves = 1};
	return value;
}

/* The digest of a content of size bytes 'a'; and the manifest opens, and is signed. */
static void seal(dfs_value *value, const char *path)
{
	const struct identity *ann = client_fixture_identity("ann");
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	struct content_hash *hash = content_hash_new(false);
	struct content_digests digests;
	struct manifest_secret secret = {0};
	const struct manifest_stated stated = {path, "ann", &manifest->content};

	FUZZ_MUST(hash);
	for (uint64_t i = 0; i < manifest->content.size; i++)
		FUZZ_MUST(content_hash_add(hash, "a", 1));
	FUZZ_MUST(content_hash_end(hash, &digests));
	memcpy(secret.xxh128, digests.xxh128, sizeof secret.xxh128);
	grow_tree(&manifest->content);
	free(manifest->keys.keys_val);
	FUZZ_MUST(manifest_wrap(ann, path, manifest, &ann->account.seal_key, secret.key));
	manifest->content.sealed.sealed_val = malloc(MANIFEST_SEALED_LEN);
	manifest->content.sealed.sealed_len = MANIFEST_SEALED_LEN;
	FUZZ_MUST(manifest->content.sealed.sealed_val);
	FUZZ_MUST(manifest_seal(&manifest->content, &secret,
				(uint8_t *)manifest->content.sealed.sealed_val));
	FUZZ_MUST(manifest_sign_contents(ann, &stated, 1));
	if (manifest->access.signature)
		manifest->access.signature->key = 1;
}

static dfs_value file_at(const char *path, uint64_t size, const char *reader)
{
	const struct value_fixture_file file = {.owner = "ann",
						.reader = reader,
						.size = size,
						.object = 7,
						.counter = 5};
	dfs_value value = value_fixture_file(&file);

	seal(&value, path);
	return prove(value, "ann");
}

static void lock_and_note(dfs_value *value)
{
	value->lock = calloc(1, sizeof *value->lock);
	value->note = calloc(1, sizeof *value->note);
	FUZZ_MUST(value->lock && value->note);
	value->lock->keeper = (dfs_user){3, strdup("ann")};
	value->lock->taking = store_fixture_id(9);
	value->lock->lease_ms = 1000;
	value->note->old_path = (dfs_path){6, strdup("/ann/z")};
	value->note->operation = store_fixture_id(10);
	value->note->old_version = value->content_version;
}

static void add_earlier(dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_earlier *earlier = calloc(1, sizeof *earlier);

	FUZZ_MUST(earlier);
	earlier->content_version = (dfs_version){3, store_fixture_id(3)};
	earlier->content = manifest->content;
	earlier->content.maker = store_fixture_id(6);
	memset(&earlier->content.sealed, 0, sizeof earlier->content.sealed);
	earlier->content.writer = (dfs_user){3, strdup("ann")};
	earlier->content.signature = (dfs_signature){.key = 1, .leaves = 1};
	earlier->content.tree.tree_val =
		value_fixture_copy(manifest->content.tree.tree_val,
				   manifest->content.tree.tree_len * sizeof(dfs_key));
	manifest->earlier.earlier_val = earlier;
	manifest->earlier.earlier_len = 1;
}

static dfs_value account(void)
{
	dfs_value value = value_fixture_account(1 << 20, 2);

	value.body.dfs_body_u.account = client_fixture_identity("bob")->account;
	return value;
}

static dfs_value credentials(void)
{
	dfs_value value = value_fixture_credentials(2);
	dfs_credentials *record = &value.body.dfs_body_u.credentials;

	record->sessions.sessions_val = calloc(1, sizeof(dfs_session));
	FUZZ_MUST(record->sessions.sessions_val);
	record->sessions.sessions_len = 1;
	record->sessions.sessions_val[0].id = store_fixture_id(8);
	return value;
}

dfs_value seeds_value(size_t which, const char **ret_path)
{
	static const char *const paths[SEEDS_VALUES] = {
		"/ann/a", "/shared/c", "/ann/d/e", "/@accounts/bob", "/@credentials/bob",
		"/ann/a", "/ann/a"};
	dfs_value value;

	*ret_path = paths[which];
	switch (which) {
	case 1:
		return file_at(*ret_path, 3, NULL);
	case 2:
		return prove(value_fixture_tombstone(5), "ann");
	case 3:
		return prove(account(), "admin");
	case 4:
		return prove(credentials(), "bob");
	case 5:
		value = file_at(*ret_path, 1000, NULL);
		lock_and_note(&value);
		return value;
	case 6:
		value = file_at(*ret_path, 1000, NULL);
		add_earlier(&value);
		return value;
	default:
		return file_at(*ret_path, 1000, "bob");
	}
}
