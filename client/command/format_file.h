/*
 * What stat and list say of a file, as text and as JSON: one place, so that they agree.
 */
#ifndef DFS_FORMAT_FILE_H
#define DFS_FORMAT_FILE_H

#include "libdfs.h"
#include <jansson.h>

enum { DESCRIBE_CHUNKS = 16, DESCRIBE_PROTECTION = 16 };

/* "4,1": a pair in its order in the ring; "-" for none. */
const char *describe_chunks(unsigned chunks, char text[DESCRIBE_CHUNKS]);

/* "2/2": living copies of the worst chunk, of those there should be. */
const char *describe_protection(const struct dfs_file *file,
				char text[DESCRIBE_PROTECTION]);

/* "degraded", "incomplete", or "" for a file with all its copies. */
const char *describe_mark(const struct dfs_file *file);

/* Is the server (1..4) within reach? */
bool describe_reach(const struct dfs_file *file, unsigned server);

/* {"dfs1": {"chunks": [4,1], "within_reach": true}, ...} */
json_t *describe_servers(const struct dfs_file *file);

#endif
