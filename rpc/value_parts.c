/* What stands in a value: nothing, a list of readers, an account. */
#include "value.h"

#include "ballot.h"

#include <stdlib.h>
#include <string.h>

dfs_value value_nothing(void)
{
	return (dfs_value){.body.kind = DFS_TOMBSTONE};
}

bool value_is_nothing(const dfs_value *value)
{
	const dfs_tombstone *tombstone = &value->body.dfs_body_u.tombstone;

	return value->body.kind == DFS_TOMBSTONE && id_is_zero(&value->operation) &&
	       id_is_zero(&value->origin.proposer) && value->origin.epoch == 0 &&
	       value->origin.counter == 0 && value->number == 0 &&
	       value->recent.recent_len == 0 && value->content_version.number == 0 &&
	       id_is_zero(&value->content_version.operation) && !value->lock &&
	       !value->note && tombstone->owner.dfs_user_len == 0 &&
	       tombstone->access.generation == 0 &&
	       tombstone->access.readers.readers_len == 0 &&
	       !tombstone->access.signature && tombstone->earlier.earlier_len == 0;
}

const dfs_access *value_access(const dfs_value *value)
{
	switch (value->body.kind) {
	case DFS_FILE:
	case DFS_LINK:
		return &value->body.dfs_body_u.manifest.access;
	case DFS_FOLDER:
		return &value->body.dfs_body_u.folder.access;
	case DFS_TOMBSTONE:
		return &value->body.dfs_body_u.tombstone.access;
	default:
		return NULL;
	}
}

bool value_copy_account(const dfs_account *account, dfs_account *ret)
{
	const dfs_value value = {
		.body = {.kind = DFS_ACCOUNT, .dfs_body_u.account = *account}};
	dfs_value copy;

	memset(ret, 0, sizeof *ret);
	if (!value_copy(&value, &copy))
		return false;
	*ret = copy.body.dfs_body_u.account; /* all that there is to free in it */
	return true;
}

void value_free_account(dfs_account *account)
{
	xdr_free((xdrproc_t)xdr_dfs_account, account);
	memset(account, 0, sizeof *account);
}

/* As XDR; *ret_len bytes, which the caller frees.  NULL when out of memory. */
static char *pack_proof(const dfs_value *value, u_int *ret_len)
{
	dfs_proof proof = value->proof;
	unsigned long size = xdr_sizeof((xdrproc_t)xdr_dfs_proof, &proof);
	char *bytes = malloc(size + 1);
	XDR xdrs;

	if (!bytes)
		return NULL;
	xdrmem_create(&xdrs, bytes, (u_int)size, XDR_ENCODE);
	*ret_len = xdr_dfs_proof(&xdrs, &proof) ? xdr_getpos(&xdrs) : 0;
	xdr_destroy(&xdrs);
	return bytes;
}

bool value_same_proof(const dfs_value *a, const dfs_value *b)
{
	u_int len = 0, other_len = 0;
	char *bytes = pack_proof(a, &len), *other = pack_proof(b, &other_len);
	bool same = bytes && other && len > 0 && len == other_len &&
		    memcmp(bytes, other, len) == 0;

	free(bytes);
	free(other);
	return same;
}
