/* The first user of a new cluster. */
#include "cluster_admin.h"

#include "ballot.h"
#include "credentials.h"
#include "identity.h"
#include "path.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "admin";

/* Crockford's base 32: no two characters of it look alike. */
static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { GROUPS = 4, GROUP = 5, REGISTERS = 2, REGISTERS_MAX = 4096 };

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

bool cluster_admin_make(struct cluster_admin *ret)
{
	char account_path[] = PATH_ACCOUNTS "admin";
	char credentials_path[] = PATH_CREDENTIALS "admin";
	dfs_learn_item items[REGISTERS];
	dfs_learn_args args = {.items = {REGISTERS, items}};
	dfs_account *account = &items[0].value.body.dfs_body_u.account;
	struct credentials credentials;
	struct identity admin = {.ring.count = 0};
	bool made;

	memset(ret, 0, sizeof *ret);
	made = begin(&items[0], account_path, DFS_ACCOUNT) &&
	       begin(&items[1], credentials_path, DFS_CREDENTIALS) &&
	       make_password(ret->password) && make_identity(&admin) &&
	       identity_make_account(&admin, name, admin.ring.secrets[0], account) &&
	       credentials_make(&credentials, ret->password, strlen(ret->password),
				&admin.ring);
	if (made) {
		items[1].value.body.dfs_body_u.credentials = credentials.record;
		ret->sign_key = account->sign_key;
		made = encode(&args, ret);
	}
	identity_wipe(&admin);
	return made;
}

void cluster_admin_free(struct cluster_admin *admin)
{
	free(admin->registers);
	secret_wipe(admin, sizeof *admin);
}
