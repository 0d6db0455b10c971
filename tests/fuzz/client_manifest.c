/*
 * Values, as a client reads them: whether who signed one could make it is judged; the
 * manifest of a file opens, or not, and what was opened can be made again.
 *
 * The input is a path (a byte of length before it), then the value.
 */
#include "client_fixture.h"

#include "authority.h"
#include "lookup.h"
#include "manifest.h"
#include "value.h"

static const char *const users[] = {"ann", "bob", "admin"};

static void make_again(const struct identity *identity, const char *path,
		       const dfs_value *value, const struct manifest_secret *secret)
{
	dfs_value copy;
	dfs_manifest *manifest = &copy.body.dfs_body_u.manifest;
	struct manifest_secret again;

	FUZZ_MUST(value_copy(value, &copy));
	free(manifest->keys.keys_val);
	FUZZ_MUST(manifest_wrap(identity, path, manifest, &identity->account.seal_key,
				secret->key));
	FUZZ_MUST(manifest->content.sealed.sealed_len == MANIFEST_SEALED_LEN);
	FUZZ_MUST(manifest_seal(&manifest->content, secret,
				(uint8_t *)manifest->content.sealed.sealed_val));
	FUZZ_MUST(manifest_open(identity, path, manifest, &again) == MANIFEST_OPEN);
	FUZZ_MUST(memcmp(&again, secret, sizeof again) == 0);
	value_free(&copy);
}

static void open_as(const struct identity *identity, const char *path,
		    const dfs_value *value)
{
	const dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	struct manifest_secret secret = {0};

	if (manifest_open(identity, path, manifest, &secret) != MANIFEST_OPEN)
		return;
	fuzz_took();
	(void)manifest_access_is_genuine(path, manifest, &identity->account);
	make_again(identity, path, value, &secret);
}

/* ---- who may have made it ------------------------------------------------------ */

/* Whoever it is has signed with this one. */
static bool any_key(void *context, const dfs_user *user, uint32_t number,
		    struct authority_key *ret)
{
	(void)context;
	*ret = (struct authority_key){.present = true,
				      .welcome = number != 0 && user->dfs_user_len > 0};
	return true;
}

/* As a server tells of it, and as each of the users proposes it. */
static void judge(const dfs_path *path, const dfs_value *value)
{
	const struct authority_source source = {.key = any_key};
	struct authority_claim claim = {
		.path = path, .ballot = &value->proof.ballot, .value = value};
	bool unknown;

	if (!authority_check_stated(&source, &claim, &unknown))
		(void)authority_check_allowed(&claim, NULL);
	FUZZ_MUST(!unknown);
	for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
		claim.caller = users[i];
		if (authority_check_stated(&source, &claim, &unknown))
			continue;
		/* Who could make it can say the same again. */
		if (!authority_check_allowed(&claim, NULL))
			FUZZ_MUST(!authority_check_allowed(&claim, value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	char path[UINT8_MAX + 1] = "";
	size_t path_len;
	const uint8_t *name = fuzz_bytes(&input, fuzz_byte(&input), &path_len);
	dfs_value value;

	if (path_len > 0)
		memcpy(path, name, path_len);
	if (!value_unpack(input.at, input.left, &value))
		return 0;
	if (strlen(path) == path_len && !value_check_at(path, path_len, &value)) {
		judge(&(dfs_path){(u_int)path_len, path}, &value);
		if (value.body.kind == DFS_FILE)
			for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
				open_as(client_fixture_identity(users[i]), path, &value);
	}
	value_free(&value);
	return 0;
}
