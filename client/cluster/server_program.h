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

/*
 * Runs "FILE --create-store --config CONFIG" to its end, with the registers that the
 * store begins with on its stdin; false, with why, unless it exits 0.
 */
bool server_program_create_store(const char *file, const char *config,
				 const void *registers, size_t len, char *why,
				 size_t why_size);

#endif
