/* The ids of objects. */
#include "object.h"

#include "placement.h"
#include "tree.h"

#include <openssl/evp.h>
#include <string.h>

static const char maker_intro[] = "dfs maker", object_intro[] = "dfs object";

static bool hash(const void *bytes, size_t len, dfs_id *ret)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	bool good = EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) == 1;

	memset(ret, 0, sizeof *ret);
	if (good)
		memcpy(ret->bytes, digest, DFS_ID_LEN);
	return good;
}

bool object_maker(const dfs_key *token, dfs_id *ret)
{
	uint8_t bytes[sizeof maker_intro - 1 + DFS_KEY_LEN];

	memcpy(bytes, maker_intro, sizeof maker_intro - 1);
	memcpy(bytes + sizeof maker_intro - 1, token->bytes, DFS_KEY_LEN);
	return hash(bytes, sizeof bytes, ret);
}

bool object_of_share(const dfs_share *share, dfs_id *ret)
{
	uint64_t units = placement_units(share->size, placement_unit_size(share->size));
	uint8_t bytes[sizeof object_intro - 1 + DFS_ID_LEN + 8 + DFS_KEY_LEN];
	uint8_t *at = bytes;
	dfs_key root;

	memset(ret, 0, sizeof *ret);
	if (!tree_root(units, share->tree.tree_val, share->tree.tree_len, &root))
		return false;
	memcpy(at, object_intro, sizeof object_intro - 1);
	at += sizeof object_intro - 1;
	memcpy(at, share->maker.bytes, DFS_ID_LEN);
	at += DFS_ID_LEN;
	for (int shift = 56; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(share->size >> shift);
	memcpy(at, root.bytes, DFS_KEY_LEN);
	return hash(bytes, sizeof bytes, ret);
}

dfs_share object_share(const dfs_content *content, unsigned chunks)
{
	return (dfs_share){.maker = content->maker,
			   .size = content->size,
			   .tree = {content->tree.tree_len, content->tree.tree_val},
			   .chunks = chunks};
}

bool object_of_content(const dfs_content *content, dfs_id *ret)
{
	dfs_share share = object_share(content, 0);

	return object_of_share(&share, ret);
}
