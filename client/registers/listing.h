/*
 * The listings of several servers, merged into one.
 *
 * Each server lists its own index in byte order, a page at a time; per path the newest
 * ballot of all that answer counts.  A tombstone on one server so hides an older file on
 * another.  A folder with a register is told of where its name with a '/' behind it
 * stands, before all that is below it.
 */
#ifndef DFS_LISTING_H
#define DFS_LISTING_H

#include "session.h"

struct listing;

/* What one path, or folder, comes to. */
struct listing_entry {
	char path[DFS_PATH_MAX + 1]; /* a folder's without the final '/' */
	bool folder, link;
	bool own;    /* a folder: it has a register, and is there by itself */
	bool agreed; /* a folder: it is, or all servers have something below it */
	uint32_t holders, full;
	server_set from;                /* that told of it */
	chunk_set missing[DFS_SERVERS]; /* that these say they lack, */
	chunk_set
		unbrought[DFS_SERVERS]; /* and besides: were not brought by the writer */
	dfs_value *value; /* with detail, if it could be read; the listing's own */
};

/*
 * Lists a folder ("/" or one that ends in "/") on all servers that vote; recursive: all
 * that has a register below it.  NULL, with result, when that cannot be.
 */
struct listing *listing_new(struct dfs *dfs, const char *folder, bool recursive,
			    bool detail, struct dfs_result *result);

/* Lists all below "/" on these servers, but only files of which they lack something. */
struct listing *listing_new_owing(struct dfs *dfs, server_set servers,
				  struct dfs_result *result);
void listing_free(struct listing *listing);

/*
 * The next live file, link or folder; false at the end, or with result set when servers
 * failed.
 */
bool listing_next(struct listing *listing, struct listing_entry *ret,
		  struct dfs_result *result);

/* Servers whose listings are in it. */
server_set listing_servers(const struct listing *listing);

#endif
