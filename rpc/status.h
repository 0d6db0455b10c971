/* Wire statuses and exit codes, in words. */
#ifndef DFS_STATUS_H
#define DFS_STATUS_H

#include "dfs.h"

/* The exit codes of the client, which are also the results of libdfs. */
enum dfs_exit {
	DFS_EXIT_DONE = 0,
	DFS_EXIT_OTHER = 1,
	DFS_EXIT_USAGE = 2,
	DFS_EXIT_SOME = 3,    /* some items failed, not all alike */
	DFS_EXIT_MISSING = 4, /* no such file */
	DFS_EXIT_FEW = 5,     /* too few servers, or too little space on them */
	DFS_EXIT_WEAK = 6,    /* stored below the asked protection */
	DFS_EXIT_DENIED = 7,
	DFS_EXIT_CONFLICT = 8, /* exists, or another version */
	DFS_EXIT_DAMAGED = 9,
	DFS_EXIT_ALONE = 10, /* no server */
	DFS_EXIT_OPEN = 11   /* outcome unknown */
};

/* A few words for people; also for a number that is none of ours. */
const char *status_text(dfs_status status);

/* The one word that --json calls "status": "done", "missing", "conflict", ... */
const char *status_exit_word(enum dfs_exit code);

#endif
