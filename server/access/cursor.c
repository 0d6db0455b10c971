/* Boxing and opening cursors. */
#include "cursor.h"

#include "clock.h"
#include "secrets.h"
#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE = 12, PLAIN = 2 + CURSOR_PLACE, TAG = 16, KEY = 32 };
static_assert(NONCE + PLAIN + TAG == DFS_CURSOR_MAX, "all cursors are of one length");

static const char label[] = "dfs cursor";

/* Whose cursor it is, of which listing; the length. */
static size_t describe(const struct caller *caller, const dfs_list_args *args,
		       uint8_t text[3 + DFS_USER_MAX + DFS_PATH_MAX])
{
	size_t user_len = strlen(caller->user), len = 0;

	text[len++] = (uint8_t)caller->server->number;
	text[len++] = (uint8_t)user_len;
	memcpy(text + len, caller->user, user_len);
	len += user_len;
	text[len++] = (uint8_t)(args->recursive | args->detail << 1 | args->owing << 2);
	memcpy(text + len, args->folder.dfs_path_val, args->folder.dfs_path_len);
	return len + args->folder.dfs_path_len;
}

/* NULL when OpenSSL fails; else it has the key and the associated data. */
static EVP_CIPHER_CTX *begin(const struct caller *caller, const dfs_list_args *args,
			     const uint8_t *nonce, const uint8_t secret[SECRET_LEN],
			     bool seals)
{
	uint8_t key[EVP_MAX_MD_SIZE], text[3 + DFS_USER_MAX + DFS_PATH_MAX];
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	unsigned key_len = 0;
	int len, text_len = (int)describe(caller, args, text);
	bool good = cipher &&
		    HMAC(EVP_sha256(), secret, SECRET_LEN, (const uint8_t *)label,
			 sizeof label - 1, key, &key_len) &&
		    key_len == KEY &&
		    EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce,
				      seals) == 1 &&
		    EVP_CipherUpdate(cipher, NULL, &len, text, text_len) == 1;

	OPENSSL_cleanse(key, sizeof key);
	if (good)
		return cipher;
	EVP_CIPHER_CTX_free(cipher);
	return NULL;
}

bool cursor_box(const struct caller *caller, const dfs_list_args *args, const char *place,
		size_t len, dfs_cursor *ret)
{
	uint8_t plain[PLAIN] = {(uint8_t)(len >> 8), (uint8_t)len};
	uint8_t *box = malloc(DFS_CURSOR_MAX), secrets[SECRETS_MAX][SECRET_LEN];
	EVP_CIPHER_CTX *cipher = NULL;
	int done;

	assert(len <= CURSOR_PLACE);
	memcpy(plain + 2, place, len);
	(void)secrets_get(caller->server->secrets, clock_wall_ns(), secrets);
	if (box && RAND_bytes(box, NONCE) == 1)
		cipher = begin(caller, args, box, secrets[0], true);
	secret_wipe(secrets, sizeof secrets);
	bool good = cipher &&
		    EVP_CipherUpdate(cipher, box + NONCE, &done, plain, PLAIN) == 1 &&
		    EVP_CipherFinal_ex(cipher, box + NONCE + PLAIN, &done) == 1 &&
		    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG,
					box + NONCE + PLAIN) == 1;

	EVP_CIPHER_CTX_free(cipher);
	if (!good) {
		free(box);
		return false;
	}
	*ret = (dfs_cursor){DFS_CURSOR_MAX, (char *)box};
	return true;
}

static bool open_with(const struct caller *caller, const dfs_list_args *args,
		      const uint8_t secret[SECRET_LEN], uint8_t plain[PLAIN])
{
	uint8_t box[DFS_CURSOR_MAX];
	EVP_CIPHER_CTX *cipher;
	int done;

	memcpy(box, args->after.dfs_cursor_val, sizeof box);
	cipher = begin(caller, args, box, secret, false);
	bool good = cipher &&
		    EVP_CipherUpdate(cipher, plain, &done, box + NONCE, PLAIN) == 1 &&
		    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG,
					box + NONCE + PLAIN) == 1 &&
		    EVP_CipherFinal_ex(cipher, plain + PLAIN, &done) == 1;

	EVP_CIPHER_CTX_free(cipher);
	return good;
}

bool cursor_open(const struct caller *caller, const dfs_list_args *args,
		 char ret_place[CURSOR_PLACE], size_t *ret_len)
{
	uint8_t plain[PLAIN], secrets[SECRETS_MAX][SECRET_LEN];
	bool good = false;

	if (args->after.dfs_cursor_len != DFS_CURSOR_MAX)
		return false;
	unsigned count = secrets_get(caller->server->secrets, clock_wall_ns(), secrets);
	for (unsigned i = 0; i < count && !good; i++)
		good = open_with(caller, args, secrets[i], plain);
	secret_wipe(secrets, sizeof secrets);
	size_t len = good ? (size_t)plain[0] << 8 | plain[1] : 0;
	if (!good || len > CURSOR_PLACE)
		return false;
	memcpy(ret_place, plain + 2, len);
	*ret_len = len;
	return true;
}
