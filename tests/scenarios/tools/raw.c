/*
 * A client, logged in as "tester", that says single words of the protocol to a single
 * server:
 *
 *	raw CONFIG SERVER seen				prints the counter it has seen
 *	raw CONFIG SERVER prepare PATH COUNTER		prints the status, a number
 *	raw CONFIG SERVER raise PATH TIMES
 *		so often one jump above what it has seen; prints the counter that it
 *		has then seen
 *	raw CONFIG SERVER accept PATH COUNTER NUMBER
 *		likewise; a file without content, as a later proposal, that is the
 *		NUMBER-th operation
 */
#include "ballot.h"
#include "call.h"
#include "clock.h"
#include "login_fixture.h"
#include "manifest.h"
#include "placement.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 20000 };

static char why[512];

static int fail(void)
{
	fprintf(stderr, "raw: %s\n", why);
	return 1;
}

static bool run(struct call *call, uint32_t procedure, const void *args, void *res)
{
	return call_run(call, procedure, args, res,
			&(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why});
}

static bool hello(struct call *call, uint64_t *ret_seen)
{
	char name[] = "raw";
	const dfs_hello_args args = {{3, name}};
	dfs_hello_res res;

	if (!run(call, DFS_HELLO, &args, &res))
		return false;
	*ret_seen = res.status == DFS_OK ? res.dfs_hello_res_u.ok.seen.counter : 0;
	call_free_result((xdrproc_t)xdr_dfs_hello_res, &res);
	return true;
}

static bool prepare(struct call *call, char *path, uint64_t counter,
		    dfs_status *ret_status)
{
	dfs_prepare_item item = {.path = {(u_int)strlen(path), path}};
	dfs_prepare_args args = {.ballot = {.counter = counter}, .items = {1, &item}};
	dfs_prepare_res res;

	if (!id_random(&args.operation) || !id_random(&args.ballot.proposer) ||
	    !run(call, DFS_PREPARE, &args, &res))
		return false;
	*ret_status = res.status == DFS_OK
			      ? res.dfs_prepare_res_u.ok.items.items_val[0].status
			      : res.status;
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &res);
	return true;
}

static int prepare_once(struct call *call, char *path, uint64_t counter)
{
	dfs_status status;

	if (!prepare(call, path, counter, &status))
		return fail();
	printf("%d\n", (int)status);
	return 0;
}

static int raise_counter(struct call *call, char *path, uint64_t seen, uint64_t times)
{
	dfs_status status = DFS_OK;

	for (; times > 0; times--) {
		seen += BALLOT_JUMP;
		if (!prepare(call, path, seen, &status) || status != DFS_OK)
			return fail();
	}
	printf("%" PRIu64 "\n", seen);
	return 0;
}

static int accept_file(struct call *call, const struct identity *identity, char *path,
		       uint64_t counter, uint64_t number)
{
	struct manifest_secret secret = {0};
	dfs_proposal item = {.path = {(u_int)strlen(path), path}};
	dfs_accept_args args = {.ballot = {.counter = counter}, .items = {1, &item}};
	dfs_content *content = &item.value.body.dfs_body_u.manifest.content;
	char owner[] = "tester";
	const struct manifest_stated stated = {
		.path = path, .owner = owner, .content = content};
	uint8_t sealed[MANIFEST_SEALED_LEN];
	dfs_accept_res res;

	item.value.body.kind = DFS_FILE;
	item.value.body.dfs_body_u.manifest.owner = (dfs_user){6, owner};
	content->writer = (dfs_user){6, owner};
	item.value.number = number;
	item.value.origin.counter = 1;
	if (!id_random(&item.value.origin.proposer) ||
	    !id_random(&item.value.operation) || !id_random(&content->maker) ||
	    !id_random(&args.ballot.proposer))
		return fail();
	item.value.recent.recent_len = 1;
	item.value.recent.recent_val = &item.value.operation;
	item.value.content_version = (dfs_version){number, item.value.operation};
	/* Nothing of it has to be there. */
	content->size = 0;
	content->unit_size = placement_unit_size(0);
	content->sealed.sealed_len = sizeof sealed;
	content->sealed.sealed_val = (char *)sealed;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		content->holders =
			placement_hold(content->holders, s, placement_pair(0, s));
	if (!manifest_seal(content, &secret, sealed) ||
	    !manifest_sign_contents(identity, &stated, 1) ||
	    !manifest_wrap(identity, path, &item.value.body.dfs_body_u.manifest,
			   &identity->account.seal_key, secret.key) ||
	    !login_fixture_propose(identity, path, &args.ballot, &item.value))
		return fail();
	if (!run(call, DFS_ACCEPT, &args, &res))
		return fail();
	printf("%d\n",
	       (int)(res.status == DFS_OK ? res.dfs_accept_res_u.ok.items.items_val[0]
					  : res.status));
	call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
	free(item.value.body.dfs_body_u.manifest.keys.keys_val);
	free(content->signature.path.path_val);
	xdr_free((xdrproc_t)xdr_dfs_proof, &item.value.proof);
	return 0;
}

int main(int argc, char **argv)
{
	static struct cluster cluster;
	uint64_t server, counter = 0, number = 0, seen;
	static struct identity identity;
	struct call *call;
	bool greeted;
	int rc;

	(void)snprintf(why, sizeof why, "see the head of raw.c");
	if (argc < 4 || !text_number(argv[2], 1, DFS_SERVERS, &server) ||
	    (argc > 5 && !text_number(argv[5], 0, UINT64_MAX, &counter)) ||
	    (argc > 6 && !text_number(argv[6], 0, UINT64_MAX, &number)))
		return fail();
	if (!cluster_read(argv[1], &cluster, why, sizeof why))
		return fail();
	call = login_fixture_open(&cluster, (unsigned)server, "tester", &identity, why,
				  sizeof why);
	if (!call)
		return fail();
	greeted = hello(call, &seen);
	if (greeted && strcmp(argv[3], "seen") == 0) {
		printf("%" PRIu64 "\n", seen);
		rc = 0;
	} else if (greeted && strcmp(argv[3], "prepare") == 0 && argc == 6) {
		rc = prepare_once(call, argv[4], counter);
	} else if (greeted && strcmp(argv[3], "raise") == 0 && argc == 6) {
		rc = raise_counter(call, argv[4], seen, counter);
	} else if (greeted && strcmp(argv[3], "accept") == 0 && argc == 7) {
		rc = accept_file(call, &identity, argv[4], counter, number);
	} else {
		rc = fail();
	}
	call_close(call);
	return rc;
}
