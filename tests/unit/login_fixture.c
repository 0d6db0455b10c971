/*
 * A connection that is logged in: the least that it takes, with the client's own keys.c.
 */
#include "login_fixture.h"

#include "clock.h"
#include "confirming.h"
#include "session_file.h"
#include "tls.h"
#include "statement.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 20000 };

/* The words of LOGIN with a session; what it points to is the caller's. */
static bool prove(const struct dfs_pass *pass, unsigned server, char *user,
		  uint8_t ret_master[KEYS_MASTER], dfs_login_args *ret)
{
	dfs_session_proof *proof = &ret->how.dfs_login_how_u.session;

	ret->user = (dfs_user){(u_int)strlen(user), user};
	ret->how.kind = DFS_LOGIN_SESSION;
	memcpy(proof->session.bytes, pass->id, sizeof pass->id);
	return keys_master_of_secret(pass->secret, ret_master) &&
	       keys_proof(ret_master, server, &proof->proof);
}

static bool log_in(struct call *call, const struct cluster *cluster, unsigned server,
		   const char *user, struct identity *ret_identity, char *why,
		   size_t why_size)
{
	struct dfs_pass pass;
	struct dfs_result read = session_file_read(&cluster->id, user, &pass);
	uint8_t master[KEYS_MASTER];
	char name[DFS_USER_MAX + 1];
	dfs_login_args args;
	dfs_login_res res;
	const char *wrong = NULL;

	(void)snprintf(name, sizeof name, "%s", user);
	if (read.code != 0 || !prove(&pass, server, name, master, &args)) {
		(void)snprintf(why, why_size, "no session: %s", read.why);
		return false;
	}
	if (!call_run(call, DFS_LOGIN, &args, &res,
		      &(struct one_try){clock_now_ms() + LIMIT_MS, why, why_size}))
		return false;
	if (res.status != DFS_OK || res.dfs_login_res_u.answer.kind != DFS_LOGIN_SESSION)
		wrong = "the log-in was refused";
	else if (ret_identity != NULL &&
		 identity_fill(
			 ret_identity, user, (const uint8_t *)cluster->admin_key.bytes,
			 &res.dfs_login_res_u.answer.dfs_login_answer_u.identity, master)
				 .code != 0)
		wrong = "what it answers is not the account";
	if (wrong != NULL)
		(void)snprintf(why, why_size, "%s (status %d)", wrong, (int)res.status);
	call_free_result((xdrproc_t)xdr_dfs_login_res, &res);
	return !wrong;
}

/* Of the cluster that was connected to last: the keys of its servers. */
static struct server_key *servers[DFS_SERVERS];

static bool read_keys(const struct cluster *cluster, char *why, size_t why_size)
{
	char file[PATH_MAX + 32];

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		(void)snprintf(file, sizeof file, "%s/dfs%u/sign.key", cluster->folder,
			       s);
		server_key_free(servers[s - 1]);
		servers[s - 1] = server_key_read(file, cluster->folder, s, &cluster->sign,
						 why, why_size);
		if (!servers[s - 1])
			return false;
	}
	return true;
}

struct call *login_fixture_open(const struct cluster *cluster, unsigned server,
				const char *user, struct identity *ret_identity,
				char *why, size_t why_size)
{
	SSL_CTX *tls = tls_for_client(cluster->ca, why, why_size);
	struct call *call = !tls ? NULL
				 : call_open(cluster, server, tls,
					     &(struct one_try){clock_now_ms() + LIMIT_MS,
							       why, why_size});

	SSL_CTX_free(tls);
	if (call != NULL &&
	    (!read_keys(cluster, why, why_size) ||
	     !log_in(call, cluster, server, user, ret_identity, why, why_size))) {
		call_close(call);
		call = NULL;
	}
	return call;
}

bool login_fixture_propose(const struct identity *identity, const char *path,
			   const dfs_ballot *ballot, dfs_value *value)
{
	char copy[DFS_PATH_MAX];
	const dfs_path name = {(u_int)strlen(path), memcpy(copy, path, strlen(path))};

	return login_fixture_prove(identity, &name, ballot, value);
}

bool login_fixture_prove(const struct identity *identity, const dfs_path *path,
			 const dfs_ballot *ballot, dfs_value *value)
{
	dfs_proof *proof = &value->proof;
	dfs_signature *signature = &proof->signature;
	dfs_key statement;

	xdr_free((xdrproc_t)xdr_dfs_proof, proof);
	memset(proof, 0, sizeof *proof);
	proof->ballot = *ballot;
	proof->signer.dfs_user_val = strdup(identity->user);
	proof->signer.dfs_user_len = (u_int)strlen(identity->user);
	return proof->signer.dfs_user_val && statement_digest(value, &proof->digest) &&
	       statement_of_proposal(path, value, &statement) &&
	       identity_sign(identity->pairs[0], identity->account.key, &statement, 1,
			     &signature) &&
	       login_fixture_confirm(path, ballot, value);
}

bool login_fixture_confirm(const dfs_path *path, const dfs_ballot *ballot,
			   dfs_value *value)
{
	dfs_proof *proof = &value->proof;
	dfs_key digest, statement;
	bool good = servers[0] && statement_digest(value, &digest) &&
		    statement_of_confirmation(path, ballot, &digest, &statement);

	confirming_clear(value);
	proof->confirmations.confirmations_val =
		calloc(DFS_CONFIRMATIONS_MAX, sizeof(dfs_confirmation));
	for (unsigned s = 0; good && s < DFS_CONFIRMATIONS_MAX; s++) {
		dfs_confirmation *to = &proof->confirmations.confirmations_val[s];

		*to = (dfs_confirmation){.server = s + 1,
					 .key = server_key_number(servers[s]),
					 .leaves = 1};
		good = server_key_sign(servers[s], &statement, 1,
				       (uint8_t *)to->signature);
		proof->confirmations.confirmations_len++;
	}
	return good;
}
