/* The programs of the servers, as the client finds and runs them. */
#ifndef DFS_SERVER_PROGRAM_H
#define DFS_SERVER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The program of server number (1..4): ../dfsN/dfsN from the folder of this executable,
 * else dfsN in that folder or in ../sbin, else on PATH.  false, with why, when there is
 * none.
 */
bool server_program_find(unsigned number, char *ret_file, size_t size, char *why,
			 size_t why_size);

/* What a store begins with. */
struct server_program_store {
	const char *config;    /* the cluster's configuration file */
	const void *registers; /* dfs_learn_args in XDR */
	size_t len;
};

/*
 * Runs "FILE --create-store --config CONFIG" to its end, with the registers on its stdin;
 * false, with why, unless it exits 0.
 */
bool server_program_create_store(const char *file,
				 const struct server_program_store *store, char *why,
				 size_t why_size);

#endif
