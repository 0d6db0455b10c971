/* What servers sign for a proposer, gathered. */
#include "confirming.h"

#include "ballot.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* One signature over these, as each of them has it; false when out of memory. */
static bool spread(const dfs_key *statements, size_t count, uint32_t key,
		   const char *signature, dfs_signature *ret)
{
	dfs_signature *each[DFS_BATCH_MAX];
	uint8_t message[STATEMENT_MESSAGE];

	for (size_t i = 0; i < count; i++)
		each[i] = &ret[i];
	if (!statement_batch(statements, count, each, message))
		return false;
	for (size_t i = 0; i < count; i++) {
		ret[i].key = key;
		memcpy(ret[i].signature, signature, sizeof ret[i].signature);
	}
	return true;
}

/* ---- promises ------------------------------------------------------------------ */

static bool tell(const dfs_register *reg, dfs_promise_told *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->known = reg->known;
	ret->ballot = reg->known ? reg->dfs_register_u.accepted.ballot
				 : reg->dfs_register_u.floor;
	return !reg->known ||
	       statement_digest(&reg->dfs_register_u.accepted.value, &ret->digest);
}

bool confirming_state(const dfs_prepare_args *args, const dfs_promise *items, u_int count,
		      dfs_key *ret_statements, dfs_promise_told *ret_told)
{
	bool good = true;

	for (u_int i = 0; good && i < count; i++) {
		memset(&ret_statements[i], 0, sizeof ret_statements[i]);
		if (items[i].status == DFS_OK)
			good = tell(&items[i].dfs_promise_u.promised.reg, &ret_told[i]) &&
			       statement_of_promise(&args->items.items_val[i].path,
						    &args->ballot, &ret_told[i],
						    &ret_statements[i]);
	}
	return good;
}

/* Whichever was promised first: the signature is over all of them. */
static bool is_genuine(const struct authority_source *source,
		       const dfs_prepare_args *args,
		       const struct confirming_promises *promises)
{
	for (u_int i = 0; i < promises->count; i++)
		if (promises->of[i].server != 0)
			return authority_has_promised(source,
						      &args->items.items_val[i].path,
						      &args->ballot, &promises->of[i]);
	return false;
}

bool confirming_promises(const struct authority_source *source, unsigned server,
			 const dfs_prepare_args *args, const dfs_prepare_ok *ok,
			 struct confirming_promises *ret)
{
	u_int count = ok->items.items_len;
	dfs_promise_told told[DFS_BATCH_MAX];
	dfs_key statements[DFS_BATCH_MAX];
	dfs_signature signatures[DFS_BATCH_MAX];

	memset(ret, 0, sizeof *ret);
	if (ok->signature.signature_len != DFS_SIGNATURE_LEN || count == 0 ||
	    count != args->items.items_len ||
	    !confirming_state(args, ok->items.items_val, count, statements, told) ||
	    !(ret->of = calloc(count, sizeof *ret->of)))
		return false;
	if (!spread(statements, count, ok->key, ok->signature.signature_val,
		    signatures)) {
		confirming_free(ret);
		return false;
	}
	ret->count = count;
	for (u_int i = 0; i < count; i++) {
		ret->of[i].signature = signatures[i];
		if (ok->items.items_val[i].status != DFS_OK)
			continue;
		ret->of[i].server = server;
		ret->of[i].told = told[i];
	}
	if (!is_genuine(source, args, ret)) {
		confirming_free(ret);
		return false;
	}
	/* Nobody has promised a ballot who has accepted a higher one. */
	for (u_int i = 0; i < count; i++)
		if (ret->of[i].told.known &&
		    ballot_compare(&ret->of[i].told.ballot, &args->ballot) >= 0)
			ret->of[i].server = 0;
	return true;
}

void confirming_free(struct confirming_promises *promises)
{
	for (u_int i = 0; i < promises->count; i++)
		xdr_free((xdrproc_t)xdr_dfs_signed_promise, (char *)&promises->of[i]);
	free(promises->of);
	memset(promises, 0, sizeof *promises);
}

bool confirming_choose(const struct confirming_promises promises[DFS_SERVERS],
		       server_set servers, u_int item, unsigned first,
		       struct confirming *ret)
{
	unsigned count = 0;

	for (unsigned i = 0; i <= DFS_SERVERS && count < DFS_CONFIRMATIONS_MAX; i++) {
		unsigned server = i == 0 ? first : i;
		const struct confirming_promises *of = &promises[server - 1];

		if ((i > 0 && server == first) || !set_has(servers, server) ||
		    item >= of->count || of->of[item].server == 0)
			continue;
		ret->promises[count++] = &of->of[item];
	}
	return count == DFS_CONFIRMATIONS_MAX;
}

/* ---- the call ------------------------------------------------------------------ */

static bool copy_promise(const dfs_signed_promise *promise, dfs_signed_promise *ret)
{
	u_int len = promise->signature.path.path_len;

	*ret = *promise;
	ret->signature.path.path_val = calloc(len + 1, sizeof(dfs_key));
	if (!ret->signature.path.path_val)
		return false;
	if (len > 0)
		memcpy(ret->signature.path.path_val, promise->signature.path.path_val,
		       len * sizeof(dfs_key));
	return true;
}

/* Whatever was copied is the item's, also on failure. */
static bool copy_item(const struct confirming *from, dfs_confirm_item *ret)
{
	u_int len = from->path->dfs_path_len;
	bool good = value_copy(from->value, &ret->value);

	ret->path.dfs_path_val = malloc(len + 1);
	ret->promises.promises_val =
		calloc(DFS_CONFIRMATIONS_MAX, sizeof(dfs_signed_promise));
	if (!good || !ret->path.dfs_path_val || !ret->promises.promises_val)
		return false;
	memcpy(ret->path.dfs_path_val, from->path->dfs_path_val, len);
	ret->path.dfs_path_len = len;
	for (u_int i = 0; good && i < DFS_CONFIRMATIONS_MAX; i++) {
		ret->promises.promises_len++;
		good = copy_promise(from->promises[i], &ret->promises.promises_val[i]);
	}
	if (!good || !from->highest)
		return good;
	ret->highest = calloc(1, sizeof *ret->highest);
	return ret->highest && value_copy(from->highest, ret->highest);
}

dfs_confirm_args *confirming_args(const dfs_ballot *ballot,
				  const struct confirming *items, size_t count)
{
	dfs_confirm_args *args = calloc(1, sizeof *args);
	bool good = args;

	if (good)
		args->items.items_val = calloc(count + 1, sizeof(dfs_confirm_item));
	good = good && args->items.items_val;
	for (size_t i = 0; good && i < count; i++) {
		args->items.items_len++;
		good = copy_item(&items[i], &args->items.items_val[i]);
	}
	if (good) {
		args->ballot = *ballot;
		return args;
	}
	confirming_free_args(args);
	return NULL;
}

void confirming_free_args(void *args)
{
	if (args)
		xdr_free((xdrproc_t)xdr_dfs_confirm_args, args);
	free(args);
}

/* ---- confirmations ------------------------------------------------------------- */

bool confirming_is_whole(const dfs_value *value)
{
	return value->proof.confirmations.confirmations_len == DFS_CONFIRMATIONS_MAX;
}

void confirming_clear(dfs_value *value)
{
	dfs_proof *proof = &value->proof;

	for (u_int i = 0; i < proof->confirmations.confirmations_len; i++)
		xdr_free((xdrproc_t)xdr_dfs_confirmation,
			 (char *)&proof->confirmations.confirmations_val[i]);
	free(proof->confirmations.confirmations_val);
	memset(&proof->confirmations, 0, sizeof proof->confirmations);
}

static bool has(const dfs_value *value, unsigned server)
{
	for (u_int i = 0; i < value->proof.confirmations.confirmations_len; i++)
		if (value->proof.confirmations.confirmations_val[i].server == server)
			return true;
	return false;
}

/* Takes the path of the signature over; true where it went into the value. */
static bool add(dfs_value *value, unsigned server, const dfs_signature *take_signature)
{
	dfs_proof *proof = &value->proof;
	u_int count = proof->confirmations.confirmations_len;

	if (!proof->confirmations.confirmations_val)
		proof->confirmations.confirmations_val =
			calloc(DFS_CONFIRMATIONS_MAX, sizeof(dfs_confirmation));
	if (!proof->confirmations.confirmations_val)
		return false;
	dfs_confirmation *to = &proof->confirmations.confirmations_val[count];

	*to = (dfs_confirmation){
		.server = server,
		.key = take_signature->key,
		.leaves = take_signature->leaves,
		.leaf = take_signature->leaf,
		.path = {take_signature->path.path_len, take_signature->path.path_val}};
	memcpy(to->signature, take_signature->signature, sizeof to->signature);
	proof->confirmations.confirmations_len++;
	return true;
}

/* One that it signed; false: it is not wanted, or not what it says. */
static bool take(const struct authority_source *source, unsigned server,
		 const dfs_ballot *ballot, const struct confirming *item,
		 const dfs_signature *signature)
{
	dfs_value *value = item->value;
	dfs_confirmation *last;
	dfs_key digest;

	if (confirming_is_whole(value) || has(value, server) ||
	    !statement_digest(value, &digest) || !add(value, server, signature))
		return false;
	last = &value->proof.confirmations
			.confirmations_val[value->proof.confirmations.confirmations_len -
					   1];
	if (authority_has_confirmed(source, item->path, ballot, &digest, last))
		return true;
	value->proof.confirmations.confirmations_len--;
	return false;
}

static bool state_confirmations(const dfs_confirm_args *args, const dfs_confirm_ok *ok,
				dfs_key *ret_statements)
{
	bool good = true;

	for (u_int i = 0; good && i < ok->items.items_len; i++) {
		const dfs_confirm_item *item = &args->items.items_val[i];
		dfs_key digest;

		memset(&ret_statements[i], 0, sizeof ret_statements[i]);
		if (ok->items.items_val[i] == DFS_OK)
			good = statement_digest(&item->value, &digest) &&
			       statement_of_confirmation(&item->path, &args->ballot,
							 &digest, &ret_statements[i]);
	}
	return good;
}

void confirming_take(const struct authority_source *source, unsigned server,
		     const dfs_confirm_args *args, const dfs_confirm_ok *ok,
		     const struct confirming *items)
{
	u_int count = ok->items.items_len;
	dfs_key statements[DFS_CONFIRM_MAX];
	dfs_signature signatures[DFS_CONFIRM_MAX];

	if (ok->signature.signature_len != DFS_SIGNATURE_LEN || count == 0 ||
	    count != args->items.items_len ||
	    !state_confirmations(args, ok, statements) ||
	    !spread(statements, count, ok->key, ok->signature.signature_val, signatures))
		return;
	for (u_int i = 0; i < count; i++)
		if (ok->items.items_val[i] != DFS_OK ||
		    !take(source, server, &args->ballot, &items[i], &signatures[i]))
			xdr_free((xdrproc_t)xdr_dfs_signature, (char *)&signatures[i]);
}
