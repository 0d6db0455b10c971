/*
 * dfsN, broken into: in every second call or so it lies, at random.
 *
 *	DFS_SEED=NUMBER dfsN ARG...
 *
 * It keeps what it was told, and has the key that dfsN signs with.  Of values it tells
 * older ones, others', changed ones or none; what it promises and confirms it signs,
 * whatever it is; it says that it did what it did not, and the other way round; it
 * leaves out what is listed, and tells the others, unasked, of what paths had once.  Now
 * and then it takes its time.  Nothing of it depends on what it said before.  It is
 * linked as lying.c is.
 */
#include "acceptor_internal.h"
#include "bad_memory.h"
#include "confirming.h"
#include "peers.h"
#include "procs.h"
#include "server.h"
#include "statement.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The real handler, and the one in its place. */
#define HANDLER(name) __typeof__(procs_##name) __real_procs_##name, __wrap_procs_##name

HANDLER(hello);
HANDLER(lookup);
HANDLER(prepare);
HANDLER(confirm);
HANDLER(accept);
HANDLER(delete);
HANDLER(finish);
HANDLER(settled);
HANDLER(list);
HANDLER(get);
HANDLER(learn);
HANDLER(forget);
HANDLER(digest);
HANDLER(recall);

void __real_peers_teach(struct peers *peers, const dfs_learn_item *items, u_int count);
void __wrap_peers_teach(struct peers *peers, const dfs_learn_item *items, u_int count);

static bool one_in(unsigned count)
{
	return bad_memory_random(count) == 0;
}

/* Does it lie in this call?  Sometimes that takes a while. */
static bool lies(void)
{
	const struct timespec delay = {0, (long)(1 + bad_memory_random(400)) * 1000000};

	if (one_in(40))
		(void)nanosleep(&delay, NULL);
	return one_in(2);
}

static dfs_status any_refusal(void)
{
	static const dfs_status refusals[] = {DFS_REFUSED, DFS_NODATA,     DFS_NOSPACE,
					      DFS_DAMAGED, DFS_INVALID,    DFS_UNKNOWN,
					      DFS_DENIED,  DFS_OVER_QUOTA, DFS_UNCHECKED};

	return refusals[bad_memory_random(sizeof refusals / sizeof refusals[0])];
}

static void lie_of_seen(dfs_seen *seen)
{
	if (one_in(8))
		seen->epoch += bad_memory_random(3);
	if (one_in(2))
		seen->counter = one_in(2) ? 0 : seen->counter << bad_memory_random(40);
}

/* ---- what paths have ----------------------------------------------------------- */

static void change_ballot(dfs_ballot *ballot)
{
	ballot->counter += 1 + bad_memory_random(1U << bad_memory_random(21));
	ballot->epoch += one_in(10);
}

/* One thing about it, so that it is nobody's any more. */
static void forge(dfs_accepted *accepted)
{
	dfs_value *value = &accepted->value;

	switch (bad_memory_random(6)) {
	case 0:
		change_ballot(&accepted->ballot);
		break;
	case 1:
		change_ballot(&accepted->ballot);
		value->proof.ballot = accepted->ballot;
		break;
	case 2:
		value->number += 1 + bad_memory_random(3);
		value->content_version.number = value->number;
		break;
	case 3:
		value->operation.bytes[0] ^= 1;
		break;
	case 4:
		if (value_has_content(value))
			value->body.dfs_body_u.manifest.content.row ^= 1;
		break;
	default:
		value->proof.signature.signature[bad_memory_random(64)] ^= 1;
	}
}

static void know_nothing(dfs_register *reg)
{
	dfs_ballot floor = {.counter = bad_memory_random(1U << 30)};

	xdr_free((xdrproc_t)xdr_dfs_register, (char *)reg);
	memset(reg, 0, sizeof *reg);
	reg->dfs_register_u.floor = floor;
}

static void lie_of_register(const dfs_path *path, dfs_register *reg)
{
	dfs_accepted told;

	if (reg->known)
		bad_memory_keep(path, &reg->dfs_register_u.accepted);
	switch (bad_memory_random(4)) {
	case 0:
		know_nothing(reg);
		return;
	case 1:
		if (reg->known)
			forge(&reg->dfs_register_u.accepted);
		return;
	default: /* what it had once, or what another has */
		if (!bad_memory_tell(one_in(3) ? NULL : path, &told))
			return;
		know_nothing(reg);
		reg->known = TRUE;
		reg->dfs_register_u.accepted = told;
		reg->dfs_register_u.accepted.settled = one_in(2);
		if (one_in(3))
			forge(&reg->dfs_register_u.accepted);
	}
}

static void lie_of_looked(const dfs_paths *args, dfs_looked *items, u_int count)
{
	for (u_int i = 0; i < count; i++) {
		dfs_looked *looked = &items[i];

		if (looked->status != DFS_OK || one_in(2))
			continue;
		if (!one_in(8)) {
			lie_of_register(&args->paths.paths_val[i],
					&looked->dfs_looked_u.reg);
			continue;
		}
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)looked);
		memset(looked, 0, sizeof *looked);
		looked->status = any_refusal();
	}
}

void __wrap_procs_hello(struct caller *caller, const dfs_hello_args *args,
			dfs_hello_res *res)
{
	__real_procs_hello(caller, args, res);
	if (res->status == DFS_OK && one_in(4))
		lie_of_seen(&res->dfs_hello_res_u.ok.seen);
}

void __wrap_procs_lookup(struct caller *caller, const dfs_paths *args,
			 dfs_lookup_res *res)
{
	dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;

	__real_procs_lookup(caller, args, res);
	if (!lies() || res->status != DFS_OK)
		return;
	lie_of_looked(args, ok->items.items_val, ok->items.items_len);
	lie_of_seen(&ok->seen);
}

void __wrap_procs_finish(struct caller *caller, const dfs_paths *args,
			 dfs_finish_res *res)
{
	__real_procs_finish(caller, args, res);
	if (lies() && res->status == DFS_OK)
		lie_of_looked(args, res->dfs_finish_res_u.items.items_val,
			      res->dfs_finish_res_u.items.items_len);
}

void __wrap_procs_list(struct caller *caller, const dfs_list_args *args,
		       dfs_list_res *res)
{
	dfs_list_ok *ok = &res->dfs_list_res_u.ok;
	u_int kept = 0;

	__real_procs_list(caller, args, res);
	if (!lies() || res->status != DFS_OK)
		return;
	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		dfs_list_entry *entry = &ok->entries.entries_val[i];

		if (one_in(4)) {
			xdr_free((xdrproc_t)xdr_dfs_list_entry, (char *)entry);
			continue;
		}
		if (one_in(4))
			change_ballot(&entry->ballot);
		ok->entries.entries_val[kept++] = *entry;
	}
	ok->entries.entries_len = kept;
}

void __wrap_procs_get(struct caller *caller, const dfs_get_args *args, dfs_get_res *res)
{
	__real_procs_get(caller, args, res);
	if (!lies() || res->status != DFS_OK)
		return;
	for (u_int i = 0; i < res->dfs_get_res_u.items.items_len; i++) {
		dfs_got *got = &res->dfs_get_res_u.items.items_val[i];
		dfs_got *first = &res->dfs_get_res_u.items.items_val[0];

		if (got->status != DFS_OK || one_in(2))
			continue;
		if (one_in(2) && got->dfs_got_u.data.len > 1)
			got->dfs_got_u.data.len--;
		else if (one_in(2) && first->status == DFS_OK)
			got->dfs_got_u.data = first->dfs_got_u.data;
		else
			got->status = any_refusal();
	}
}

/* ---- agreeing ------------------------------------------------------------------ */

/* Signs what it says now; false: it cannot. */
static bool sign(struct caller *caller, const dfs_key *statements, u_int count,
		 char **ret_signature, u_int *ret_len)
{
	free(*ret_signature);
	*ret_signature = malloc(DFS_SIGNATURE_LEN);
	*ret_len = *ret_signature ? DFS_SIGNATURE_LEN : 0;
	return *ret_signature && acceptor_sign(caller->server->acceptor, statements,
					       count, (uint8_t *)*ret_signature);
}

static void lie_of_promise(const dfs_path *path, dfs_promise *promise)
{
	dfs_promised *promised = &promise->dfs_promise_u.promised;

	if (promise->status != DFS_OK) {
		/* It has not promised: it says so all the same, and of something old. */
		memset(promise, 0, sizeof *promise);
		lie_of_register(path, &promised->reg);
		return;
	}
	if (one_in(6)) {
		xdr_free((xdrproc_t)xdr_dfs_promise, (char *)promise);
		memset(promise, 0, sizeof *promise);
		promise->status = any_refusal();
		return;
	}
	lie_of_register(path, &promised->reg);
	if (one_in(4))
		promised->staged = one_in(2) ? DFS_OK : DFS_NOSPACE;
}

void __wrap_procs_prepare(struct caller *caller, const dfs_prepare_args *args,
			  dfs_prepare_res *res)
{
	dfs_prepare_ok *ok = &res->dfs_prepare_res_u.ok;
	dfs_key statements[DFS_BATCH_MAX];
	dfs_promise_told told[DFS_BATCH_MAX];

	__real_procs_prepare(caller, args, res);
	if (!lies() || res->status != DFS_OK)
		return;
	for (u_int i = 0; i < ok->items.items_len; i++)
		if (one_in(2))
			lie_of_promise(&args->items.items_val[i].path,
				       &ok->items.items_val[i]);
	if (one_in(4))
		lie_of_seen(&ok->seen);
	if (args->sign && confirming_state(args, ok->items.items_val, ok->items.items_len,
					   statements, told))
		(void)sign(caller, statements, ok->items.items_len,
			   &ok->signature.signature_val, &ok->signature.signature_len);
}

/* Whatever it is, it confirms it. */
static void confirm_all(struct caller *caller, const dfs_confirm_args *args,
			dfs_confirm_ok *ok)
{
	dfs_key statements[DFS_CONFIRM_MAX], digest;

	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_confirm_item *item = &args->items.items_val[i];

		if (!statement_digest(&item->value, &digest) ||
		    !statement_of_confirmation(&item->path, &args->ballot, &digest,
					       &statements[i]))
			return;
		ok->items.items_val[i] = DFS_OK;
	}
	ok->key = server_key_number(caller->server->acceptor->key);
	(void)sign(caller, statements, args->items.items_len,
		   &ok->signature.signature_val, &ok->signature.signature_len);
}

void __wrap_procs_confirm(struct caller *caller, const dfs_confirm_args *args,
			  dfs_confirm_res *res)
{
	dfs_confirm_ok *ok = &res->dfs_confirm_res_u.ok;

	__real_procs_confirm(caller, args, res);
	if (!lies() || res->status != DFS_OK)
		return;
	if (one_in(4))
		for (u_int i = 0; i < ok->items.items_len; i++)
			ok->items.items_val[i] = any_refusal();
	else
		confirm_all(caller, args, ok);
}

typedef void accepting(struct caller *, const dfs_accept_args *, dfs_accept_res *);

/* It says yes and does nothing, or the other way round. */
static void lie_of_accept(struct caller *caller, const dfs_accept_args *args,
			  dfs_accept_res *res, accepting *real)
{
	u_int count = args->items.items_len;
	dfs_accept_ok *ok = &res->dfs_accept_res_u.ok;

	for (u_int i = 0; i < count; i++) {
		const dfs_accepted accepted = {.ballot = args->ballot,
					       .value = args->items.items_val[i].value};

		bad_memory_keep(&args->items.items_val[i].path, &accepted);
	}
	if (lies() && one_in(2)) {
		ok->seen = acceptor_seen(caller->server->acceptor);
		ok->items.items_val = calloc(count + 1, sizeof(dfs_status));
		ok->items.items_len = ok->items.items_val ? count : 0;
		return;
	}
	real(caller, args, res);
	for (u_int i = 0; res->status == DFS_OK && i < ok->items.items_len; i++)
		if (one_in(4))
			ok->items.items_val[i] = any_refusal();
}

void __wrap_procs_accept(struct caller *caller, const dfs_accept_args *args,
			 dfs_accept_res *res)
{
	lie_of_accept(caller, args, res, __real_procs_accept);
}

void __wrap_procs_delete(struct caller *caller, const dfs_accept_args *args,
			 dfs_accept_res *res)
{
	lie_of_accept(caller, args, res, __real_procs_delete);
}

void __wrap_procs_settled(struct caller *caller, const dfs_settled_args *args,
			  dfs_settled_res *res)
{
	if (!lies())
		__real_procs_settled(caller, args, res);
}

/* ---- among servers ------------------------------------------------------------- */

void __wrap_procs_learn(struct caller *caller, const dfs_learn_args *args,
			dfs_learn_res *res)
{
	if (lies())
		res->status = any_refusal();
	else
		__real_procs_learn(caller, args, res);
}

void __wrap_procs_forget(struct caller *caller, const dfs_forget_args *args,
			 dfs_settled_res *res)
{
	if (!lies())
		__real_procs_forget(caller, args, res);
}

void __wrap_procs_digest(struct caller *caller, const dfs_digest_args *args,
			 dfs_digest_res *res)
{
	dfs_digest_ok *ok = &res->dfs_digest_res_u.ok;

	__real_procs_digest(caller, args, res);
	if (!lies() || res->status != DFS_OK)
		return;
	ok->digest.bytes[0] ^= 1;
	for (u_int i = 0; i < ok->entries.entries_len; i++)
		if (one_in(3))
			change_ballot(&ok->entries.entries_val[i].ballot);
}

void __wrap_procs_recall(struct caller *caller, const dfs_recall_args *args,
			 dfs_recall_res *res)
{
	dfs_recall_ok *ok = &res->dfs_recall_res_u.ok;

	__real_procs_recall(caller, args, res);
	if (lies() && res->status == DFS_OK && ok->remembered)
		ok->remembered->newest_segment += bad_memory_random(1000);
}

/* What is true, and with it something of before at a ballot that is above all. */
void __wrap_peers_teach(struct peers *peers, const dfs_learn_item *items, u_int count)
{
	__real_peers_teach(peers, items, count);
	for (u_int i = 0; i < count; i++) {
		dfs_learn_item old = {.path = items[i].path, .ballot = items[i].ballot};
		dfs_accepted told;

		if (!bad_memory_tell(&old.path, &told))
			continue;
		old.value = told.value;
		change_ballot(&old.ballot);
		__real_peers_teach(peers, &old, 1);
		value_free(&told.value);
	}
}

int main(int argc, char **argv)
{
	const char *seed = getenv("DFS_SEED");

	if (!seed) {
		fputs("liar: see the head of liar.c\n", stderr);
		return 2;
	}
	bad_memory_begin(strtoull(seed, NULL, 10));
	return server_main((unsigned)(argv[0][strlen(argv[0]) - 1] - '0'), argc, argv);
}
