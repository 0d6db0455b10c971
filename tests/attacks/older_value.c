/*
 * A server that was broken into proposes again what a path had before, which its owner
 * signed, once, for a lower ballot (acceptance 12.2).
 *
 *	older_value keep FILE
 *		what dfs1 has accepted for /tester/file goes into the file
 *	older_value FILE
 *		that is to be accepted once more, by dfs1, dfs2 and dfs3
 *
 * It has the certificate of dfs4 and the key that dfs4 signs with, and asks the others
 * for promises as a server may that finishes a path.
 */
#include "attack.h"

#include "clock.h"
#include "confirming.h"
#include "path.h"
#include "server_keys.h"
#include "tls.h"
#include "value.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SELF = 4, HONEST = 3, LIMIT_MS = 20000, FILE_MAX = DFS_VALUE_MAX + 4096 };

static const char path_text[] = "/tester/file";

static struct {
	struct cluster cluster;
	struct server_key *key;
	struct call *calls[HONEST];
	dfs_ballot ballot;
	dfs_signed_promise honest[HONEST];
	dfs_accepted older, newer; /* what it kept; what all tell of now */
} liar;

/* ---- a server, for who does not look further ----------------------------------- */

static void begin(void)
{
	char cert[PATH_MAX + 32], key[PATH_MAX + 32], sign[PATH_MAX + 32], why[512];
	const struct tls_own own = {cert, key, liar.cluster.ca, liar.cluster.folder};
	char file[PATH_MAX];

	attack_must(cluster_find(NULL, file, sizeof file) &&
			    cluster_read(file, &liar.cluster, why, sizeof why),
		    "cluster.conf");
	(void)snprintf(cert, sizeof cert, "%s/dfs4/cert.pem", liar.cluster.folder);
	(void)snprintf(key, sizeof key, "%s/dfs4/key.pem", liar.cluster.folder);
	(void)snprintf(sign, sizeof sign, "%s/dfs4/sign.key", liar.cluster.folder);
	liar.key = server_key_read(sign, liar.cluster.folder, SELF, &liar.cluster.sign,
				   why, sizeof why);
	attack_must(liar.key, "the key of dfs4");
	for (unsigned s = 1; s <= HONEST; s++) {
		SSL_CTX *tls = tls_for_peer(&own, why, sizeof why);

		attack_must(tls, "the certificate of dfs4");
		liar.calls[s - 1] = call_open(
			&liar.cluster, s, tls,
			&(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why});
		SSL_CTX_free(tls);
		attack_must(liar.calls[s - 1], why);
	}
}

static void say(unsigned server, uint32_t procedure, const void *args, void *res)
{
	char why[512];

	if (!call_run(liar.calls[server - 1], procedure, args, res,
		      &(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why}))
		attack_broken("dfs%u: %s", server, why);
}

/* What a server has accepted, and how far its counters are. */
static void look(unsigned server, dfs_accepted *ret)
{
	dfs_path path = path_borrow(path_text);
	const dfs_paths args = {.paths = {1, &path}};
	const dfs_looked *item;
	dfs_lookup_res res;

	say(server, DFS_LOOKUP, &args, &res);
	attack_must(res.status == DFS_OK, "LOOKUP");
	item = &res.dfs_lookup_res_u.ok.items.items_val[0];
	attack_must(item->status == DFS_OK && item->dfs_looked_u.reg.known, "no file");
	memset(ret, 0, sizeof *ret);
	ret->ballot = item->dfs_looked_u.reg.dfs_register_u.accepted.ballot;
	attack_must(value_copy(&item->dfs_looked_u.reg.dfs_register_u.accepted.value,
			       &ret->value),
		    "memory");
	if (res.dfs_lookup_res_u.ok.seen.counter >= liar.ballot.counter)
		liar.ballot.counter = res.dfs_lookup_res_u.ok.seen.counter + 1;
	liar.ballot.epoch = res.dfs_lookup_res_u.ok.seen.epoch;
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
}

/* ---- the file of before -------------------------------------------------------- */

static void keep(const char *name)
{
	static char room[FILE_MAX];
	FILE *file = fopen(name, "wb");
	dfs_accepted accepted;
	XDR xdrs;

	look(1, &accepted);
	xdrmem_create(&xdrs, room, sizeof room, XDR_ENCODE);
	attack_must(file && xdr_dfs_accepted(&xdrs, &accepted) &&
			    fwrite(room, xdr_getpos(&xdrs), 1, file) == 1 &&
			    fclose(file) == 0,
		    name);
}

static void read_kept(const char *name)
{
	static char room[FILE_MAX];
	FILE *file = fopen(name, "rb");
	size_t len = file ? fread(room, 1, sizeof room, file) : 0;
	XDR xdrs;

	attack_must(len > 0 && fclose(file) == 0, name);
	xdrmem_create(&xdrs, room, (u_int)len, XDR_DECODE);
	attack_must(xdr_dfs_accepted(&xdrs, &liar.older), name);
}

/* ---- what it is promised, and what it says itself ------------------------------ */

static void take_promise(unsigned server)
{
	const struct authority_source source = {.servers = &liar.cluster.sign};
	dfs_prepare_item item = {.path = path_borrow(path_text)};
	const dfs_prepare_args args = {
		liar.older.value.operation, liar.ballot, TRUE, {1, &item}};
	struct confirming_promises promises;
	dfs_prepare_res res;

	say(server, DFS_PREPARE, &args, &res);
	attack_must(res.status == DFS_OK &&
			    confirming_promises(&source, server, &args,
						&res.dfs_prepare_res_u.ok, &promises) &&
			    promises.of[0].server == server,
		    "a signed promise");
	liar.honest[server - 1] = promises.of[0];
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &res);
}

/* That dfs4 has accepted the older value, signed as whichever server. */
static dfs_signed_promise lie(unsigned as)
{
	dfs_signed_promise promise = {
		.server = as, .told = {.known = TRUE, .ballot = liar.older.ballot}};
	const dfs_path path = path_borrow(path_text);
	dfs_signature *each = &promise.signature;
	uint8_t message[STATEMENT_MESSAGE], signature[DFS_SIGNATURE_LEN];
	dfs_key statement;

	attack_must(statement_digest(&liar.older.value, &promise.told.digest) &&
			    statement_of_promise(&path, &liar.ballot, &promise.told,
						 &statement) &&
			    statement_batch(&statement, 1, &each, message) &&
			    server_key_sign(liar.key, &statement, 1, signature),
		    "memory");
	promise.signature.key = server_key_number(liar.key);
	memcpy(promise.signature.signature, signature, sizeof signature);
	return promise;
}

/* ---- what it asks for ---------------------------------------------------------- */

static dfs_status confirm(unsigned server, const dfs_accepted *what,
			  const dfs_signed_promise *promises)
{
	dfs_value value;
	const struct confirming item = {
		.path = &(dfs_path){sizeof path_text - 1,
				    path_borrow(path_text).dfs_path_val},
		.promises = {&promises[0], &promises[1], &promises[2]},
		.highest = &what->value,
		.value = &value};
	dfs_confirm_args *args;
	dfs_confirm_res res;
	dfs_status status;

	attack_must(value_copy(&what->value, &value), "memory");
	confirming_clear(&value);
	args = confirming_args(&liar.ballot, &item, 1);
	attack_must(args, "memory");
	say(server, DFS_CONFIRM, args, &res);
	status = res.status == DFS_OK ? res.dfs_confirm_res_u.ok.items.items_val[0]
				      : res.status;
	call_free_result((xdrproc_t)xdr_dfs_confirm_res, &res);
	confirming_free_args(args);
	value_free(&value);
	return status;
}

static void must_not_confirm(const dfs_signed_promise *promises, const char *what)
{
	for (unsigned s = 1; s <= HONEST; s++)
		if (confirm(s, &liar.older, promises) == DFS_OK)
			attack_won("dfs%u confirms the older value, by %s", s, what);
}

static dfs_status accept_older(unsigned server)
{
	dfs_proposal item = {path_borrow(path_text), liar.older.value};
	const dfs_accept_args args = {liar.ballot, {1, &item}};
	dfs_accept_res res;
	dfs_status status;

	say(server, DFS_ACCEPT, &args, &res);
	status = res.status == DFS_OK ? res.dfs_accept_res_u.ok.items.items_val[0]
				      : res.status;
	call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
	return status;
}

static dfs_status learn_older(unsigned server)
{
	dfs_learn_item item = {path_borrow(path_text), liar.ballot, liar.older.value};
	const dfs_learn_args args = {{1, &item}};
	dfs_learn_res res;
	dfs_status status;

	say(server, DFS_LEARN, &args, &res);
	status = res.status == DFS_OK ? res.dfs_learn_res_u.items.items_val[0]
				      : res.status;
	call_free_result((xdrproc_t)xdr_dfs_learn_res, &res);
	return status;
}

static void try_confirm(void)
{
	dfs_signed_promise promises[DFS_CONFIRMATIONS_MAX] = {lie(SELF), lie(SELF),
							      lie(SELF)};

	must_not_confirm(promises, "its own promise, three times");
	promises[1] = lie(1);
	promises[2] = lie(2);
	must_not_confirm(promises, "promises that it signed for others");
	promises[1] = liar.honest[0];
	promises[2] = liar.honest[1];
	must_not_confirm(promises, "two that tell of a newer one");
	/* What is right is confirmed, once: then nothing else has this ballot. */
	for (unsigned s = 1; s <= HONEST; s++)
		attack_must(confirm(s, &liar.newer, liar.honest) == DFS_OK,
			    "what is newest is not confirmed");
	must_not_confirm(promises, "two that tell of a newer one, once more");
}

static void try_taking(void)
{
	for (unsigned s = 1; s <= HONEST; s++) {
		dfs_status accepted = accept_older(s), learned = learn_older(s);

		if (accepted == DFS_OK || learned == DFS_OK)
			attack_won("dfs%u took the older value, by %s", s,
				   accepted == DFS_OK ? "ACCEPT" : "LEARN");
	}
}

int main(int argc, char **argv)
{
	attack_must(argc == 2 || (argc == 3 && strcmp(argv[1], "keep") == 0), "usage");
	begin();
	if (argc == 3) {
		keep(argv[2]);
		return 0;
	}
	read_kept(argv[1]);
	attack_must(id_random(&liar.ballot.proposer), "random");
	for (unsigned s = 1; s <= HONEST; s++)
		look(s, &liar.newer);
	liar.ballot.counter++;
	for (unsigned s = 1; s <= HONEST; s++)
		take_promise(s);
	try_taking();
	try_confirm();
	try_taking();
	attack_failed("neither accepted, nor learned, nor confirmed");
}
