/*
 * Logging in, with a session: HELLO and LOGIN of four servers, one after the other, see
 * client_fixture.h; and parameters of scrypt that a server tells, which are the first 28
 * bytes.
 */
#include "client_fixture.h"

#include "login.h"

enum { SCRYPT_LEN = 16 + 3 * 4 };

/* What would be computed costs at least what it should, and at most what there is. */
static void check_scrypt(struct fuzz_input *input)
{
	dfs_scrypt scrypt = {{0}, 0, 0, 0};
	size_t len;
	const uint8_t *at = fuzz_bytes(input, SCRYPT_LEN, &len);
	XDR xdrs;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, fuzz_unconst(at), (u_int)len, XDR_DECODE);
	if (!xdr_dfs_scrypt(&xdrs, &scrypt) || keys_check_scrypt(&scrypt))
		return;
	FUZZ_MUST(scrypt.log2_n >= 15 && scrypt.r >= 8 && scrypt.p >= 1);
	FUZZ_MUST((uint64_t)128 * scrypt.r << scrypt.log2_n <= 512 << 20);
}

static void introduce(struct login *login, unsigned server)
{
	struct links_introduction told = {0};
	char why[LINKS_WHY] = "";
	struct call *call = client_fixture_call(server);

	if (call && !login_introduce(login, server, call, &told, why))
		FUZZ_MUST(why[0] != '\0');
	call_close(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct dfs_pass pass = {.ends_ns = INT64_MAX};
	const struct dfs_options options = {.config = "", .user = "ann", .pass = &pass};
	struct fuzz_input input = {bytes, len};
	const struct identity *identity;
	struct login *login;

	check_scrypt(&input);
	client_fixture_begin(&input);
	login = login_new(client_fixture_cluster(), &options);
	FUZZ_MUST(login);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		introduce(login, s);
	(void)login_is_decided(login, 0);
	identity = login_identity(login);
	if (identity) {
		fuzz_took();
		FUZZ_MUST(strcmp(identity->user, "ann") == 0);
		FUZZ_MUST(identity->ring.count >= 1 &&
			  identity->ring.count <= KEYS_SECRETS_MAX);
	}
	if (login_end_of(login) == LOGIN_WRONG)
		FUZZ_MUST(login_wrong(login).why[0] != '\0');
	login_free(login);
	client_fixture_end();
	return 0;
}
