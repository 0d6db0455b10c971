/* Files that hold a secret: opened for reading only where nobody else can read them. */
#ifndef DFS_PRIVATE_FILE_H
#define DFS_PRIVATE_FILE_H

#include "libdfs.h"
#include <stdio.h>

struct private_file {
	FILE *stream;
	char buf[4096]; /* the stream's, so that it can be wiped */
};

/*
 * what is how messages call it: "password file".  Code 7, with the command that mends it,
 * when others than its owner can read it, or the owner is neither this user nor root; 1
 * when it cannot be opened, and errno says why.
 */
struct dfs_result private_file_open(const char *name, const char *what,
				    struct private_file *ret);

/* Also wipes what was read. */
void private_file_close(struct private_file *file);

#endif
