/* Errno to wire status, per operation. */
#include "errors.h"

#include <errno.h>
#include <stddef.h>

static const struct {
	int error;
	dfs_status reading, uploading, binding, committing;
} rows[] = {
	{0, DFS_OK, DFS_OK, DFS_OK, DFS_OK},
	{ENOENT, DFS_UNKNOWN, DFS_UNKNOWN, DFS_NODATA, DFS_UNKNOWN},
	{EBADMSG, DFS_DAMAGED, DFS_DAMAGED, DFS_NODATA, DFS_DAMAGED},
	{EINVAL, DFS_INVALID, DFS_INVALID, DFS_INVALID, DFS_INVALID},
	{ENOSPC, DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE},
	{EDQUOT, DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE},
	{EFBIG, DFS_IO, DFS_INVALID, DFS_INVALID, DFS_INVALID},
	{ENOMEM, DFS_BUSY, DFS_BUSY, DFS_BUSY, DFS_BUSY},
	{EAGAIN, DFS_BUSY, DFS_BUSY, DFS_BUSY, DFS_BUSY},
	{EMFILE, DFS_BUSY, DFS_BUSY, DFS_BUSY, DFS_BUSY},
	{ENFILE, DFS_BUSY, DFS_BUSY, DFS_BUSY, DFS_BUSY},
	/* The acceptor's word for a server that does not vote. */
	{EHOSTDOWN, DFS_RECOVERING, DFS_RECOVERING, DFS_RECOVERING, DFS_RECOVERING},
};

dfs_status errors_status(enum errors_doing doing, int error)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].error != error)
			continue;
		switch (doing) {
		case ERRORS_READING:
			return rows[i].reading;
		case ERRORS_UPLOADING:
			return rows[i].uploading;
		case ERRORS_BINDING:
			return rows[i].binding;
		case ERRORS_COMMITTING:
			return rows[i].committing;
		}
	}
	return DFS_IO;
}
