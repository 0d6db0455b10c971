/*
 * The one place where an errno of the store, or of the acceptor, becomes a status on the
 * wire.
 */
#ifndef DFS_ERRORS_H
#define DFS_ERRORS_H

#include "dfs.h"

/* What was being done: the same errno means different things to different callers. */
enum errors_doing {
	ERRORS_READING, /* a register or a unit */
	ERRORS_UPLOADING,
	ERRORS_BINDING,
	ERRORS_ACCEPTING, /* a value into a batch, or what is staged for one */
	ERRORS_COMMITTING,
	ERRORS_DOINGS /* how many there are */
};

/* 0 is DFS_OK; an errno that no row names is DFS_IO. */
dfs_status errors_status(enum errors_doing doing, int error);

#endif
