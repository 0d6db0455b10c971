/* Errno to wire status, per operation. */
#include "errors.h"

#include <errno.h>
#include <stddef.h>

struct errors_row {
	int error;
	dfs_status status[ERRORS_DOINGS];
};

/* In the order of enum errors_doing. */
#define ALWAYS(status)                                                                   \
	{                                                                                \
		status, status, status, status, status                                   \
	}
static const struct errors_row rows[] = {
	{0, ALWAYS(DFS_OK)},
	{ENOENT, {DFS_UNKNOWN, DFS_UNKNOWN, DFS_NODATA, DFS_UNKNOWN, DFS_UNKNOWN}},
	{EBADMSG, {DFS_DAMAGED, DFS_DAMAGED, DFS_NODATA, DFS_DAMAGED, DFS_DAMAGED}},
	{EINVAL, ALWAYS(DFS_INVALID)},
	{EFBIG, {DFS_IO, DFS_INVALID, DFS_INVALID, DFS_INVALID, DFS_INVALID}},
	{ENOSPC, {DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE}},
	/*
	 * Where a value is accepted, or something staged for it, the quota is a
	 * user's, elsewhere the disk's.
	 */
	{EDQUOT, {DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_OVER_QUOTA, DFS_NOSPACE}},
	{ENOMEM, ALWAYS(DFS_BUSY)},
	{EAGAIN, ALWAYS(DFS_BUSY)},
	{EMFILE, ALWAYS(DFS_BUSY)},
	{ENFILE, ALWAYS(DFS_BUSY)},
	/* The acceptor's word for a server that does not vote. */
	{EHOSTDOWN, ALWAYS(DFS_RECOVERING)},
};

dfs_status errors_status(enum errors_doing doing, int error)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].error == error && doing < ERRORS_DOINGS)
			return rows[i].status[doing];
	return DFS_IO;
}
