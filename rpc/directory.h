/*
 * Asking the directory of a host, its rpcbind, where a program is.
 *
 * With calls of our own: those of libtirpc wait up to a minute, whatever the caller's
 * deadline.  What a directory says is never proof: servers prove themselves by
 * certificate.
 */
#ifndef DFS_DIRECTORY_H
#define DFS_DIRECTORY_H

#include "one_try.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIRECTORY_HOST = 256 };

/* What is looked for. */
struct directory_entry {
	const char *host; /* whose rpcbind is asked */
	uint32_t program, version;
	const char *netid; /* "tcp" or "tcp6" */
};

/*
 * Where rpcbind on that host says that the program listens for the netid.  false, with a
 * sentence in why, when it does not answer or *ret_port is 0: no such program.
 */
bool directory_ask(const struct directory_entry *entry, char ret_host[DIRECTORY_HOST],
		   unsigned short *ret_port, const struct one_try *try);

/* Does something answer procedure 0 of the program there, whatever the answer? */
bool directory_answers(const char *host, unsigned short port, uint32_t program,
		       uint32_t version, int64_t deadline_ms);

/* Splits a universal address, "127.0.0.1.39.17" or "::1.39.17"; false when it is none. */
bool directory_split(const char *universal, char ret_host[DIRECTORY_HOST],
		     unsigned short *ret_port);

#endif
