/* Local files: what is there, trees, pipes, and whether one is like a stored file. */
#ifndef DFS_LOCAL_H
#define DFS_LOCAL_H

#include "libdfs.h"
#include <stdbool.h>

enum local_kind {
	LOCAL_FILE,
	LOCAL_FOLDER,
	LOCAL_PIPE,   /* is read to its end, like standard input */
	LOCAL_DEVICE, /* that takes a stream: a terminal, /dev/null */
	LOCAL_OTHER,  /* disks, sockets */
	LOCAL_NONE    /* nothing, or not to be looked at: see errno */
};

/* What the name leads to; symbolic links are followed. */
enum local_kind local_kind(const char *name);

/*
 * The descriptor that the name stands for: /dev/stdout, /dev/stderr, /dev/fd/N and
 * /proc/self/fd/N; -1 if it is none of these.
 */
int local_descriptor(const char *name);

struct local_walk {
	void *context;
	/*
	 * A regular file; relative is its name below the folder.  false ends the walk,
	 * also from the next two.
	 */
	bool (*file)(void *context, const char *name, const char *relative);
	/* A symbolic link. */
	bool (*link)(void *context, const char *name, const char *relative);
	/* A folder without any of these below it; relative may be "". */
	bool (*empty)(void *context, const char *name, const char *relative);
	/*
	 * Not walked into, or nothing of that; error is an errno, 0: left out on purpose.
	 */
	void (*left_out)(void *context, const char *name, int error);
};

/*
 * Everything below the folder, in byte order of the names in each folder.  The folder
 * itself may be a symbolic link, those below it are not followed.  0, or an errno;
 * ECANCELED when a function returned false.
 */
int local_walk(const char *folder, const struct local_walk *walk);

enum { LOCAL_LINK_MAX = 4095 }; /* bytes of where a symbolic link leads to */

/* Where a symbolic link leads to; the caller frees it.  NULL: see errno. */
char *local_read_link(const char *name);

/* The time at which it was modified; 0 where that cannot be told. */
int64_t local_modified(const char *name);

/*
 * Reads fd to its end into a file that has no name and that only this process can read,
 * in $TMPDIR or /tmp.  Its descriptor, which the caller closes; -1, with why.
 */
int local_spool(int fd, char why[DFS_WHY]);

/*
 * Has the file of this name in the folder the content of the stored one?  Compares the
 * size, then the XXH3-128 of the content.  false also when it cannot be read.
 */
bool local_is_same(int folder_fd, const char *name, const struct dfs_file *file);

#endif
