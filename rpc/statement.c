/* What users state, and how it is signed and proved. */
#include "statement.h"

#include "placement.h"
#include "tree.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making statements --------------------------------------------------------- */

/* The longest: a value, and a path before it. */
enum { STATED_MAX = 64 + DFS_PATH_MAX + DFS_VALUE_MAX };

static bool hash(const void *bytes, size_t len, dfs_key *ret)
{
	return EVP_Digest(bytes, len, (unsigned char *)ret->bytes, NULL, EVP_sha256(),
			  NULL) == 1;
}

/* A statement under way. */
struct stated {
	XDR xdrs;
	u_int intro; /* bytes before the XDR */
	uint8_t *bytes;
	bool good;
};

static void begin(struct stated *stated, const char *intro)
{
	size_t len = strlen(intro);

	memset(stated, 0, sizeof *stated);
	stated->bytes = malloc(STATED_MAX);
	stated->good = stated->bytes;
	if (!stated->good)
		return;
	stated->bytes[0] = 0;
	memcpy(stated->bytes + 1, intro, len);
	stated->intro = (u_int)(1 + len);
	xdrmem_create(&stated->xdrs, (char *)stated->bytes + stated->intro,
		      STATED_MAX - stated->intro, XDR_ENCODE);
}

/* XDR takes what it encodes without const, but only reads it. */
static void add(struct stated *stated, xdrproc_t proc, const void *what)
{
	union {
		const void *borrow;
		void *plain;
	} pointer = {.borrow = what};

	stated->good = stated->good && proc(&stated->xdrs, pointer.plain);
}

static bool end(struct stated *stated, dfs_key *ret)
{
	bool good = stated->good &&
		    hash(stated->bytes, stated->intro + xdr_getpos(&stated->xdrs), ret);

	if (stated->bytes)
		xdr_destroy(&stated->xdrs);
	free(stated->bytes);
	return good;
}

bool statement_of_content(const dfs_path *path, const dfs_user *owner,
			  const dfs_content *content, dfs_key *ret)
{
	/* All of it, but for what is not the writer's to state and for the signature. */
	dfs_content said = *content;
	struct stated stated;
	dfs_key root;

	if (content->unit_size == 0 ||
	    !tree_root(placement_units(content->size, content->unit_size),
		       content->tree.tree_val, content->tree.tree_len, &root))
		return false;
	said.holders = 0;
	said.tree.tree_len = 1;
	said.tree.tree_val = &root;
	memset(&said.signature, 0, sizeof said.signature);
	begin(&stated, "dfs content");
	add(&stated, (xdrproc_t)xdr_dfs_path, path);
	add(&stated, (xdrproc_t)xdr_dfs_user, owner);
	add(&stated, (xdrproc_t)xdr_dfs_content, &said);
	return end(&stated, ret);
}

bool statement_of_proposal(const dfs_path *path, const dfs_value *value, dfs_key *ret)
{
	const dfs_proof *proof = &value->proof;
	struct stated stated;
	dfs_key digest;

	if (!statement_digest_stated(value, &digest))
		return false;
	begin(&stated, "dfs proposal");
	add(&stated, (xdrproc_t)xdr_dfs_path, path);
	add(&stated, (xdrproc_t)xdr_dfs_ballot, &proof->ballot);
	add(&stated, (xdrproc_t)xdr_dfs_key, &digest);
	add(&stated, (xdrproc_t)xdr_dfs_key, &proof->digest);
	return end(&stated, ret);
}

bool statement_of_promise(const dfs_path *path, const dfs_ballot *ballot,
			  const dfs_promise_told *told, dfs_key *ret)
{
	struct stated stated;

	begin(&stated, "dfs promise");
	add(&stated, (xdrproc_t)xdr_dfs_path, path);
	add(&stated, (xdrproc_t)xdr_dfs_ballot, ballot);
	add(&stated, (xdrproc_t)xdr_dfs_promise_told, told);
	return end(&stated, ret);
}

bool statement_of_confirmation(const dfs_path *path, const dfs_ballot *ballot,
			       const dfs_key *digest, dfs_key *ret)
{
	struct stated stated;

	begin(&stated, "dfs confirmation");
	add(&stated, (xdrproc_t)xdr_dfs_path, path);
	add(&stated, (xdrproc_t)xdr_dfs_ballot, ballot);
	add(&stated, (xdrproc_t)xdr_dfs_key, digest);
	return end(&stated, ret);
}

bool statement_of_access(const dfs_path *path, const dfs_user *owner,
			 const dfs_access *access, dfs_key *ret)
{
	dfs_access said = *access;
	struct stated stated;

	said.signature = NULL;
	begin(&stated, "dfs access");
	add(&stated, (xdrproc_t)xdr_dfs_path, path);
	add(&stated, (xdrproc_t)xdr_dfs_user, owner);
	add(&stated, (xdrproc_t)xdr_dfs_access, &said);
	return end(&stated, ret);
}

bool statement_of_account(const dfs_user *user, const dfs_account *account, dfs_key *ret)
{
	dfs_account said = *account;
	struct stated stated;

	memset(&said.signature, 0, sizeof said.signature);
	begin(&stated, "dfs account");
	add(&stated, (xdrproc_t)xdr_dfs_user, user);
	add(&stated, (xdrproc_t)xdr_dfs_account, &said);
	return end(&stated, ret);
}

bool statement_digest(const dfs_value *value, dfs_key *ret)
{
	dfs_value said = *value;
	struct stated stated;

	memset(&said.proof, 0, sizeof said.proof);
	begin(&stated, "");
	stated.intro = 0;
	add(&stated, (xdrproc_t)xdr_dfs_value, &said);
	return end(&stated, ret);
}

/* Earlier contents without holders: in room, which has DFS_EARLIER_MAX entries. */
static void without_holders(dfs_earlier *room, u_int count, dfs_earlier **earlier)
{
	for (u_int i = 0; i < count && i < DFS_EARLIER_MAX; i++) {
		room[i] = (*earlier)[i];
		room[i].content.holders = 0;
	}
	*earlier = room;
}

bool statement_digest_stated(const dfs_value *value, dfs_key *ret)
{
	dfs_earlier room[DFS_EARLIER_MAX];
	dfs_value said = *value;
	dfs_manifest *manifest = &said.body.dfs_body_u.manifest;
	dfs_tombstone *tombstone = &said.body.dfs_body_u.tombstone;

	if (said.body.kind == DFS_FILE || said.body.kind == DFS_LINK) {
		manifest->content.holders = 0;
		without_holders(room, manifest->earlier.earlier_len,
				&manifest->earlier.earlier_val);
	} else if (said.body.kind == DFS_TOMBSTONE) {
		without_holders(room, tombstone->earlier.earlier_len,
				&tombstone->earlier.earlier_val);
	}
	return statement_digest(&said, ret);
}

uint64_t statement_short(const dfs_key *digest)
{
	uint64_t ret = 0;

	for (int i = 0; i < 8; i++)
		ret = ret << 8 | (uint8_t)digest->bytes[i];
	return ret;
}

/* ---- batches ------------------------------------------------------------------- */

static void put_message(size_t count, const dfs_key *top, uint8_t ret[STATEMENT_MESSAGE])
{
	uint8_t *at = ret + snprintf((char *)ret, STATEMENT_MESSAGE, "dfs batch");

	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(count >> shift);
	memcpy(at, top->bytes, DFS_KEY_LEN);
}

/* Adds each leaf's neighbour in this level to its path. */
static void add_level(const dfs_key *nodes, size_t width, unsigned level, size_t count,
		      dfs_signature *const *signatures)
{
	for (size_t i = 0; i < count; i++) {
		size_t beside = i >> level ^ 1;

		if (beside < width)
			signatures[i]->path.path_val[signatures[i]->path.path_len++] =
				nodes[beside];
	}
}

static void free_paths(dfs_signature *const *signatures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(signatures[i]->path.path_val);
		memset(signatures[i], 0, sizeof *signatures[i]);
	}
}

bool statement_batch(const dfs_key *statements, size_t count,
		     dfs_signature *const *ret_signatures,
		     uint8_t ret_message[STATEMENT_MESSAGE])
{
	dfs_key nodes[DFS_BATCH_MAX];
	bool good = count >= 1 && count <= DFS_BATCH_MAX;

	if (!good)
		return false;
	memcpy(nodes, statements, count * sizeof nodes[0]);
	for (size_t i = 0; i < count; i++) {
		memset(ret_signatures[i], 0, sizeof *ret_signatures[i]);
		ret_signatures[i]->leaves = (uint32_t)count;
		ret_signatures[i]->leaf = (uint32_t)i;
	}
	for (size_t i = 0; good && i < count; i++) {
		ret_signatures[i]->path.path_val =
			calloc(DFS_BATCH_DEPTH, sizeof nodes[0]);
		good = ret_signatures[i]->path.path_val;
	}
	for (size_t width = count, level = 0; good && width > 1;
	     width = (width + 1) / 2) {
		add_level(nodes, width, (unsigned)level++, count, ret_signatures);
		good = tree_rise(nodes, width);
	}
	if (!good)
		free_paths(ret_signatures, count);
	put_message(count, &nodes[0], ret_message);
	return good;
}

bool statement_message(const dfs_key *statements, size_t count,
		       uint8_t ret[STATEMENT_MESSAGE])
{
	dfs_key nodes[DFS_BATCH_MAX], top;

	if (count < 1 || count > DFS_BATCH_MAX)
		return false;
	memcpy(nodes, statements, count * sizeof nodes[0]);
	if (!tree_top(nodes, count, &top))
		return false;
	put_message(count, &top, ret);
	return true;
}

const char *statement_check_signature(const dfs_signature *signature)
{
	if (signature->leaves < 1 || signature->leaves > DFS_BATCH_MAX ||
	    signature->leaf >= signature->leaves)
		return "a signature over no batch";
	return NULL;
}

static bool verify(const dfs_key *sign_key, const uint8_t message[STATEMENT_MESSAGE],
		   const dfs_signature *signature)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, (const unsigned char *)sign_key->bytes,
		DFS_KEY_LEN);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = key && context &&
		    EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(context, (const unsigned char *)signature->signature,
				     DFS_SIGNATURE_LEN, message, STATEMENT_MESSAGE) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

/* What has to have been signed, by the way that the signature tells. */
static bool message_of(const dfs_key *statement, const dfs_signature *signature,
		       uint8_t ret[STATEMENT_MESSAGE])
{
	dfs_key top;

	if (statement_check_signature(signature) ||
	    !tree_climb(statement, signature->leaves, signature->leaf,
			signature->path.path_val, signature->path.path_len, &top))
		return false;
	put_message(signature->leaves, &top, ret);
	return true;
}

bool statement_is_signed(const dfs_key *statement, const dfs_signature *signature,
			 const dfs_key *sign_key)
{
	uint8_t message[STATEMENT_MESSAGE];

	return message_of(statement, signature, message) &&
	       verify(sign_key, message, signature);
}

const dfs_key *statement_key(const dfs_account *account, uint32_t number)
{
	if (number == account->key)
		return &account->sign_key;
	for (u_int i = 0; i < account->former.former_len; i++)
		if (account->former.former_val[i].number == number)
			return &account->former.former_val[i].sign_key;
	return NULL;
}

/* ---- batches that were seen ---------------------------------------------------- */

enum { SEEN = 64 };

struct statement_seen {
	pthread_mutex_t lock;
	dfs_key batches[SEEN]; /* hashes of message, signature and key */
	size_t next;
};

struct statement_seen *statement_seen_new(void)
{
	struct statement_seen *seen = calloc(1, sizeof *seen);

	if (seen)
		pthread_mutex_init(&seen->lock, NULL);
	return seen;
}

void statement_seen_free(struct statement_seen *seen)
{
	if (!seen)
		return;
	pthread_mutex_destroy(&seen->lock);
	free(seen);
}

static bool was_seen(struct statement_seen *seen, const dfs_key *batch)
{
	bool found = false;

	pthread_mutex_lock(&seen->lock);
	for (size_t i = 0; !found && i < SEEN; i++)
		found = memcmp(&seen->batches[i], batch, sizeof *batch) == 0;
	pthread_mutex_unlock(&seen->lock);
	return found;
}

static void note_seen(struct statement_seen *seen, const dfs_key *batch)
{
	pthread_mutex_lock(&seen->lock);
	seen->batches[seen->next++ % SEEN] = *batch;
	pthread_mutex_unlock(&seen->lock);
}

bool statement_is_signed_seen(struct statement_seen *seen, const dfs_key *statement,
			      const dfs_signature *signature, const dfs_key *sign_key)
{
	uint8_t all[STATEMENT_MESSAGE + DFS_SIGNATURE_LEN + DFS_KEY_LEN];
	dfs_key batch;

	if (!seen)
		return statement_is_signed(statement, signature, sign_key);
	if (!message_of(statement, signature, all))
		return false;
	memcpy(all + STATEMENT_MESSAGE, signature->signature, DFS_SIGNATURE_LEN);
	memcpy(all + STATEMENT_MESSAGE + DFS_SIGNATURE_LEN, sign_key->bytes, DFS_KEY_LEN);
	if (!hash(all, sizeof all, &batch))
		return false;
	if (was_seen(seen, &batch))
		return true;
	if (!verify(sign_key, all, signature))
		return false;
	note_seen(seen, &batch);
	return true;
}
