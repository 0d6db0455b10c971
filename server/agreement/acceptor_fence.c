/*
 * FENCE and DIGEST: handing registers over to a server that lost its own, and comparing
 * them (doc/AGREEMENT.md 6.4).
 */
#include "acceptor_internal.h"

#include "errors.h"
#include "store_digest.h"
#include "store_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A page ends where its encoding nears the bound of a record: room for one more value. */
enum { PAGE_BYTES = DFS_RECORD_MAX - DFS_VALUE_MAX - DFS_PATH_MAX - 4096 };

static bool copy_path(dfs_path *ret, const char *path, size_t len)
{
	ret->dfs_path_val = malloc(len > 0 ? len : 1);
	if (!ret->dfs_path_val)
		return false;
	memcpy(ret->dfs_path_val, path, len);
	ret->dfs_path_len = (u_int)len;
	return true;
}

/* ---- FENCE --------------------------------------------------------------------- */

/* One register into the page; nothing where the path was forgotten just now. */
static int hand_over(struct acceptor *acceptor, const char *path, size_t len,
		     dfs_handed *ret, bool *ret_is)
{
	struct store_register reg;
	dfs_value *value = calloc(1, sizeof *value);
	int rc = value ? store_value(acceptor->store, path, len, &reg, value) : ENOMEM;

	/*
	 * What the disk does not give is damaged, the first time that it is asked for
	 * too.
	 */
	*ret_is = rc == 0 || rc == EBADMSG || rc == EIO;
	if (rc != 0) {
		free(value);
		value = NULL;
	}
	if (!*ret_is)
		return rc == ENOENT ? 0 : rc;
	ret->ballot = reg.ballot;
	ret->settled = reg.settled;
	ret->value = value;
	return copy_path(&ret->path, path, len) ? 0 : ENOMEM;
}

static int fill_page(struct acceptor *acceptor, const dfs_path *after, dfs_fence_ok *ok)
{
	struct store_found found = {.path_len = after->dfs_path_len};
	size_t bytes = 0;
	int rc = 0;

	ok->registers.registers_val =
		calloc(DFS_PAGE_MAX, sizeof *ok->registers.registers_val);
	if (!ok->registers.registers_val)
		return ENOMEM;
	if (found.path_len > 0)
		memcpy(found.path, after->dfs_path_val, found.path_len);
	while (rc == 0 && !ok->more &&
	       store_next(acceptor->store, found.path, found.path_len, &found) == 0) {
		dfs_handed *handed =
			&ok->registers.registers_val[ok->registers.registers_len];
		bool is;

		rc = hand_over(acceptor, found.path, found.path_len, handed, &is);
		if (rc != 0 || !is)
			continue;
		bytes += xdr_sizeof((xdrproc_t)xdr_dfs_handed, handed);
		ok->more = ++ok->registers.registers_len == DFS_PAGE_MAX ||
			   bytes > PAGE_BYTES;
	}
	return rc;
}

void acceptor_fence(struct acceptor *acceptor, unsigned server,
		    const dfs_fence_args *args, dfs_fence_res *res)
{
	dfs_fence_ok *ok = &res->dfs_fence_res_u.ok;
	const dfs_watermark caller = {.store = args->store, .epoch = args->epoch};
	struct store_numbers numbers;
	dfs_state state;
	int rc = 0;

	/* Remembered with the epoch, in one segment. */
	if (acceptor->rules.fence && acceptor_state(acceptor) == DFS_STATE_VOTING) {
		if (!acceptor_epoch_is_far(acceptor, args->epoch))
			store_remember(acceptor->store, server, &caller);
		rc = acceptor_hear_epoch(acceptor, server, args->epoch);
	}
	if (rc == 0 && !acceptor_enter(acceptor, &state))
		rc = EHOSTDOWN;
	if (rc == 0) {
		if (state == DFS_STATE_VOTING)
			rc = fill_page(acceptor, &args->after, ok);
		else
			rc = EHOSTDOWN;
		/* After the registers: what was forgotten meanwhile is below it. */
		store_get_numbers(acceptor->store, &numbers);
		acceptor_leave(acceptor);
	}
	/* Nobody else has heard of such an epoch. */
	res->status = rc == EPERM ? DFS_UNCHECKED : errors_status(ERRORS_READING, rc);
	if (rc != 0) {
		xdr_free((xdrproc_t)xdr_dfs_fence_ok, ok);
		memset(ok, 0, sizeof *ok);
		return;
	}
	ok->store = numbers.id;
	ok->floor = numbers.floor;
	ok->seen = acceptor_seen(acceptor);
}

/* ---- DIGEST -------------------------------------------------------------------- */

static bool list_entry(dfs_digest_ok *ok, const struct store_found *found)
{
	dfs_digest_entry *entry = &ok->entries.entries_val[ok->entries.entries_len];

	if (!copy_path(&entry->path, found->path, found->path_len))
		return false;
	entry->ballot = found->reg.ballot;
	entry->digest = found->reg.digest;
	ok->entries.entries_len++;
	return true;
}

/* The first entries of the range. */
static int list_entries(struct acceptor *acceptor, const struct store_range *range,
			u_int count, dfs_digest_ok *ok)
{
	struct store_found found = {0};
	const char *after = NULL;
	size_t bytes = 0;

	ok->entries.entries_val = calloc(count, sizeof *ok->entries.entries_val);
	if (!ok->entries.entries_val)
		return ENOMEM;
	while (store_next_in(acceptor->store, range, after, found.path_len, &found) ==
	       0) {
		ok->more = ok->entries.entries_len == count || bytes > PAGE_BYTES;
		if (ok->more)
			return 0;
		if (!list_entry(ok, &found))
			return ENOMEM;
		bytes += found.path_len + 64;
		after = found.path;
	}
	return 0;
}

void acceptor_digest(struct acceptor *acceptor, const dfs_digest_args *args,
		     dfs_digest_res *res)
{
	dfs_digest_ok *ok = &res->dfs_digest_res_u.ok;
	const struct store_range range = {
		.from = args->from.dfs_path_val,
		.from_len = args->from.dfs_path_len,
		.to = args->to.dfs_path_len > 0 ? args->to.dfs_path_val : NULL,
		.to_len = args->to.dfs_path_len,
		.tombstones = args->tombstones};
	struct store_digest digest;
	dfs_state state;
	int rc = 0;

	if (!acceptor_enter(acceptor, &state)) {
		res->status = DFS_RECOVERING;
		return;
	}
	if (args->entries > 0) {
		rc = list_entries(acceptor, &range, args->entries, ok);
	} else {
		store_digest(acceptor->store, &range, &digest);
		ok->registers = digest.registers;
		ok->digest = digest.digest;
	}
	acceptor_leave(acceptor);
	res->status = errors_status(ERRORS_READING, rc);
	if (rc != 0) {
		xdr_free((xdrproc_t)xdr_dfs_digest_ok, ok);
		memset(ok, 0, sizeof *ok);
	}
}
