/*
 * What stat and list say of a file, as text and as JSON: one place, so that they agree.
 */
#ifndef DFS_FORMAT_FILE_H
#define DFS_FORMAT_FILE_H

#include "libdfs.h"
#include "sets.h"
#include <jansson.h>

enum { FORMAT_CHUNKS = 16, FORMAT_PROTECTION = 16 };

/* "4,1": a pair in its order in the ring; "-" for none. */
const char *format_chunks(chunk_set chunks, char text[FORMAT_CHUNKS]);

/* "2/2": living copies of the worst chunk, of those there should be. */
const char *format_protection(const struct dfs_file *file, char text[FORMAT_PROTECTION]);

/* "degraded", "incomplete", or "" for a file with all its copies. */
const char *format_mark(const struct dfs_file *file);

/* {"dfs1": {"chunks": [4,1], "within_reach": true}, ...} */
json_t *format_servers(const struct dfs_file *file);

/*
 * What list and find say of a file or a folder in --json, as far as it is known.  NULL
 * when out of memory.
 */
json_t *format_entry(const struct dfs_entry *entry);

#endif
