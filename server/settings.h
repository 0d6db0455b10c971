/* What a server is told: by its command line, and by the cluster that this names. */
#ifndef DFS_SETTINGS_H
#define DFS_SETTINGS_H

#include "cluster.h"
#include <limits.h>
#include <stdbool.h>

struct settings {
	unsigned number;       /* 1..4 */
	char name[8];          /* "dfs1" */
	char config[PATH_MAX]; /* its file: */
	struct cluster cluster;
	char listen[280];
	bool listen_is_chosen; /* by --listen, or "listen" in cluster.conf */
	char data[PATH_MAX];
	char cert[PATH_MAX], key[PATH_MAX], new_key[PATH_MAX], secret[PATH_MAX],
		former_secret[PATH_MAX], sign_key[PATH_MAX], pid[PATH_MAX],
		mark[PATH_MAX];
	bool use_rpcbind;
	bool create_store;
	bool replace_store;
	bool debug;
};

enum settings_next { SETTINGS_RUN, SETTINGS_EXIT };

/*
 * Reads the command line and the cluster file.  SETTINGS_EXIT, with *ret_code, when there
 * is nothing to run: help, version, or an error, which was told on stderr.
 */
enum settings_next settings_read(struct settings *settings, unsigned number, int argc,
				 char **argv, int *ret_code);

#endif
