/*
 * Creating a store with its first registers.
 *
 * Nobody can log in to a cluster without users, and only admin makes users: so the
 * registers of admin are there before the first start, and come from nowhere else.
 */
#include "create.h"

#include "authority.h"
#include "ballot.h"
#include "path.h"
#include "status.h"
#include "store.h"
#include "value.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Up to the end, at most size bytes; the length, or 0 for nothing, too much or an error.
 */
static size_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, buf + len, size - len)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return 0;
		len += (size_t)got;
		if (len == size)
			return 0;
	}
	return len;
}

/* Exactly one list, without a byte behind it; the caller frees it. */
static bool decode(char *bytes, size_t len, dfs_learn_args *ret)
{
	XDR xdrs;
	bool whole;

	memset(ret, 0, sizeof *ret);
	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, bytes, (u_int)len, XDR_DECODE);
	whole = xdr_dfs_learn_args(&xdrs, ret) && xdr_getpos(&xdrs) == len;
	xdr_destroy(&xdrs);
	return whole;
}

static bool is_path(const dfs_path *path, const char *text)
{
	return path->dfs_path_len == strlen(text) &&
	       memcmp(path->dfs_path_val, text, path->dfs_path_len) == 0;
}

/* NULL, or what is wrong with it as the beginning of a register. */
static const char *check_item(const struct authority_source *source,
			      const dfs_learn_item *item)
{
	struct authority_claim claim = {
		.path = &item->path, .ballot = &item->ballot, .value = &item->value};
	const char *path = item->path.dfs_path_val;
	size_t len = item->path.dfs_path_len;
	enum path_kind kind = path_kind(path, len);
	bool unknown;
	const char *wrong;

	if (kind != PATH_OF_ACCOUNT && kind != PATH_OF_CREDENTIALS)
		return "a register that is not of a user";
	if (item->value.body.kind == DFS_TOMBSTONE)
		return "a user who is deleted";
	if (item->ballot.epoch != 0 || item->ballot.counter == 0 ||
	    id_is_zero(&item->ballot.proposer) ||
	    ballot_compare(&item->ballot, &item->value.origin) != 0)
		return "a ballot that is not the first of its value, in epoch 0";
	wrong = value_check_at(path, len, &item->value);
	if (!wrong)
		wrong = authority_check_proved(source, &claim, &unknown);
	return wrong ? wrong : authority_check_allowed(&claim, NULL);
}

/* There is nobody yet but admin, whose key is known. */
static bool no_key(void *context, const dfs_user *user, uint32_t number,
		   struct authority_key *ret)
{
	(void)context;
	(void)user;
	(void)number;
	(void)ret;
	return false;
}

static const char *check(const dfs_learn_args *first, const struct cluster *cluster)
{
	const struct authority_source source = {.admin_key = cluster->admin_key,
						.servers = &cluster->sign,
						.key = no_key};
	bool account = false, credentials = false;

	for (u_int i = 0; i < first->items.items_len; i++) {
		const dfs_learn_item *item = &first->items.items_val[i];
		const char *wrong = check_item(&source, item);

		if (wrong)
			return wrong;
		account = account || is_path(&item->path, PATH_ACCOUNTS "admin");
		credentials =
			credentials || is_path(&item->path, PATH_CREDENTIALS "admin");
	}
	return account && credentials ? NULL : "no registers of admin";
}

/* NULL, or what is wrong. */
static const char *read_first(int fd, const struct cluster *cluster, dfs_learn_args *ret)
{
	char *bytes = malloc(DFS_RECORD_MAX);
	const char *wrong = "it is not a list of registers, or too long";
	size_t len;

	memset(ret, 0, sizeof *ret);
	if (!bytes)
		return "out of memory";
	if (isatty(fd))
		wrong = "it is a terminal";
	len = isatty(fd) ? 0 : read_all(fd, bytes, DFS_RECORD_MAX);
	if (len > 0 && decode(bytes, len, ret))
		wrong = check(ret, cluster);
	free(bytes);
	return wrong;
}

static int exists(const struct settings *settings)
{
	(void)fprintf(stderr, "%s: %s holds a store already; nothing was changed\n",
		      settings->name, settings->data);
	return DFS_EXIT_CONFLICT;
}

int create_store(const struct settings *settings, int fd)
{
	dfs_learn_args first;
	const struct store_options options = {.folder = settings->data,
					      .server = settings->number,
					      .cluster = settings->cluster.id,
					      .first = &first};
	const char *wrong;
	int rc;

	if (store_exists(settings->data))
		return exists(settings);
	wrong = read_first(fd, &settings->cluster, &first);
	if (wrong) {
		(void)fprintf(
			stderr,
			"%s: the first registers of the store are read from stdin, as "
			"\"client cluster create\" gives them: %s\n",
			settings->name, wrong);
		xdr_free((xdrproc_t)xdr_dfs_learn_args, &first);
		return DFS_EXIT_USAGE;
	}
	rc = store_create(&options);
	xdr_free((xdrproc_t)xdr_dfs_learn_args, &first);
	if (rc == 0)
		return DFS_EXIT_DONE;
	if (rc == EEXIST)
		return exists(settings);
	(void)fprintf(stderr, "%s: no store could be made in %s: %s\n", settings->name,
		      settings->data, strerrordesc_np(rc));
	return DFS_EXIT_OTHER;
}
