/* The first user of a new cluster. */
#include "cluster_admin.h"

#include "ballot.h"
#include "credentials.h"
#include "identity.h"
#include "path.h"
#include "statement.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "admin";

/* Crockford's base 32: no two characters of it look alike. */
static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { GROUPS = 4, GROUP = 5, REGISTERS = 2, REGISTERS_MAX = 8192 };

static bool make_password(char *ret)
{
	uint8_t random[GROUPS * GROUP];
	char *to = ret;

	_Static_assert(CLUSTER_ADMIN_PASSWORD == GROUPS * (GROUP + 1), "four groups");
	if (!keys_random(random, sizeof random))
		return false;
	for (size_t i = 0; i < sizeof random; i++) {
		if (i > 0 && i % GROUP == 0)
			*to++ = '-';
		*to++ = letters[random[i] % (sizeof letters - 1)];
	}
	*to = '\0';
	secret_wipe(random, sizeof random);
	return true;
}

/* Who he is: his own secret and that of /shared/, both new. */
static bool make_identity(struct identity *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->ring.count = 1;
	return keys_random(ret->ring.secrets[0], KEYS_LEN) &&
	       keys_random(ret->shared, sizeof ret->shared) && identity_make_pairs(ret);
}

/* The first value of a register, proposed at the first ballot there is. */
static bool begin(dfs_learn_item *item, char *path, dfs_kind kind)
{
	dfs_value *value = &item->value;

	memset(item, 0, sizeof *item);
	item->path = (dfs_path){(u_int)strlen(path), path};
	item->ballot.counter = 1;
	value->number = 1;
	value->body.kind = kind;
	if (!id_random(&item->ballot.proposer) || !id_random(&value->operation))
		return false;
	value->origin = item->ballot;
	value->recent.recent_len = 1;
	value->recent.recent_val = &value->operation;
	value->content_version = (dfs_version){1, value->operation};
	return true;
}

/* The account, as admin signs it: the first thing that he says. */
static bool make_account(const struct identity *admin, dfs_account *ret)
{
	if (!identity_make_account(admin, name, admin->ring.secrets[0], ret))
		return false;
	ret->number = ret->key = 1;
	return identity_sign_account(admin->pairs[0], name, ret);
}

/* admin proposes both, so his signature proves them. */
static bool prove(const struct identity *admin, char *signer,
		  dfs_learn_item items[REGISTERS])
{
	dfs_signature *signatures[REGISTERS];
	dfs_key statements[REGISTERS];
	bool good = true;

	for (size_t i = 0; good && i < REGISTERS; i++) {
		dfs_proof *proof = &items[i].value.proof;

		proof->ballot = items[i].ballot;
		proof->signer = (dfs_user){(u_int)strlen(signer), signer};
		signatures[i] = &proof->signature;
		good = statement_digest(&items[i].value, &proof->digest) &&
		       statement_of_proposal(&items[i].path, &items[i].value,
					     &statements[i]);
	}
	return good &&
	       identity_sign(admin->pairs[0], 1, statements, REGISTERS, signatures);
}

/* Three servers confirm what all four begin with; their keys are at hand here. */
static bool confirm(const struct server_key *const servers[DFS_SERVERS],
		    dfs_learn_item items[REGISTERS],
		    dfs_confirmation room[REGISTERS][DFS_CONFIRMATIONS_MAX])
{
	dfs_key digest, statement;
	bool good = true;

	for (size_t i = 0; good && i < REGISTERS; i++) {
		dfs_proof *proof = &items[i].value.proof;

		good = statement_digest(&items[i].value, &digest) &&
		       statement_of_confirmation(&items[i].path, &items[i].ballot,
						 &digest, &statement);
		for (unsigned s = 0; good && s < DFS_CONFIRMATIONS_MAX; s++) {
			room[i][s] = (dfs_confirmation){
				.server = server_key_server(servers[s]),
				.key = server_key_number(servers[s]),
				.leaves = 1};
			good = server_key_sign(servers[s], &statement, 1,
					       (uint8_t *)room[i][s].signature);
		}
		proof->confirmations.confirmations_len = DFS_CONFIRMATIONS_MAX;
		proof->confirmations.confirmations_val = room[i];
	}
	return good;
}

static bool encode(dfs_learn_args *args, struct cluster_admin *ret)
{
	XDR xdrs;

	ret->registers = malloc(REGISTERS_MAX);
	if (!ret->registers)
		return false;
	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, (char *)ret->registers, REGISTERS_MAX, XDR_ENCODE);
	if (xdr_dfs_learn_args(&xdrs, args))
		ret->registers_len = xdr_getpos(&xdrs);
	xdr_destroy(&xdrs);
	return ret->registers_len > 0;
}

bool cluster_admin_make(const struct server_key *const servers[DFS_SERVERS],
			struct cluster_admin *ret)
{
	char account_path[] = PATH_ACCOUNTS "admin";
	char credentials_path[] = PATH_CREDENTIALS "admin";
	char signer[] = "admin";
	dfs_learn_item items[REGISTERS] = {{.ballot.counter = 0}};
	dfs_learn_args args = {.items = {REGISTERS, items}};
	dfs_account *account = &items[0].value.body.dfs_body_u.account;
	dfs_confirmation confirmations[REGISTERS][DFS_CONFIRMATIONS_MAX];
	struct credentials credentials;
	struct identity admin = {.ring.count = 0};
	bool made;

	memset(ret, 0, sizeof *ret);
	made = begin(&items[0], account_path, DFS_ACCOUNT) &&
	       begin(&items[1], credentials_path, DFS_CREDENTIALS) &&
	       make_password(ret->password) && make_identity(&admin) &&
	       make_account(&admin, account) &&
	       credentials_make(&credentials, ret->password, strlen(ret->password),
				&admin.ring);
	if (made) {
		items[1].value.body.dfs_body_u.credentials = credentials.record;
		ret->sign_key = account->sign_key;
		made = prove(&admin, signer, items) &&
		       confirm(servers, items, confirmations) && encode(&args, ret);
	}
	xdr_free((xdrproc_t)xdr_dfs_signature, &account->signature);
	for (size_t i = 0; i < REGISTERS; i++)
		xdr_free((xdrproc_t)xdr_dfs_signature, &items[i].value.proof.signature);
	identity_wipe(&admin);
	return made;
}

void cluster_admin_free(struct cluster_admin *admin)
{
	free(admin->registers);
	secret_wipe(admin, sizeof *admin);
}
