/*
 * A local file while it is being written.
 *
 * It has no name, or, where the file system or a missing /proc does not allow that, a
 * temporary one (.dfs-*.part), which a signal that ends the program takes away.  Blocks
 * of zeros become holes.  All functions are for one thread, one part at a time; the
 * functions that return bool leave errno behind.
 */
#ifndef DFS_LOCAL_PART_H
#define DFS_LOCAL_PART_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LOCAL_PART_BLOCK = 4096, LOCAL_PART_NAME = NAME_MAX + 1 };

struct local_part {
	int folder_fd;              /* where it is, or will be; borrowed */
	int fd;                     /* -1: nothing is being written */
	char name[LOCAL_PART_NAME]; /* empty: it has none */
	mode_t mode;                /* that it was created with */
	uint64_t size;              /* so far, whole blocks */
	bool ends_in_hole;
	uint8_t block[LOCAL_PART_BLOCK]; /* what follows, until it is a whole one */
	size_t filled;
};
/* name is empty when fd is -1. */

void local_part_init(struct local_part *part);

/* A new one in the folder, whose descriptor (O_PATH is enough) must outlive it. */
bool local_part_create(struct local_part *part, int folder_fd, mode_t mode);
bool local_part_write(struct local_part *part, const void *bytes, size_t len);
/* All is written: the file gets its size. */
bool local_part_end(struct local_part *part);

/* Gives it a temporary name, if it has none. */
bool local_part_link(struct local_part *part);
/* Where that cannot be: makes it anew with a name, from what was written and ended. */
bool local_part_copy(struct local_part *part);

/*
 * Gives it its own name in place of the temporary one.  Without replaces it is EEXIST
 * when something has that name.
 */
bool local_part_rename(struct local_part *part, const char *name, bool replaces);

/* Throws away what has not got its name; harmless when there is nothing. */
void local_part_drop(struct local_part *part);

#endif
