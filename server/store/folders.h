/*
 * The folders of a store that is open: data/, in it seg/ (sealed segments) and tmp/ (what
 * is not sealed yet), and the file "lock", by which a second process is kept out.
 */
#ifndef DFS_FOLDERS_H
#define DFS_FOLDERS_H

#include <dirent.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

struct folders {
	int data_fd, seg_fd, tmp_fd, lock_fd; /* -1: not open */
	char path[PATH_MAX];                  /* of data/, as it was opened */
	bool made;                            /* at this start: data/ was gone */
	atomic_uint_fast64_t names;           /* so many were given in tmp/ */
};

/* None is open. */
void folders_init(struct folders *folders);

/* Opens all, and makes those that are gone; EBUSY when another process has the lock. */
int folders_open(struct folders *folders, const char *data);
void folders_close(struct folders *folders);

/*
 * Can what is open still be reached by a name?  Not when it was removed, its disk was
 * unmounted, or another one was mounted over it.  Moved, it can.  Nine calls at most.
 */
bool folders_in_place(const struct folders *folders);

/* A name in tmp/ that nobody uses. */
enum { FOLDERS_NAME = 24 };
void folders_tmp_name(struct folders *folders, char *ret);

/* A file of tmp/ goes; nothing for an empty name. */
void folders_unlink_tmp(const struct folders *folders, const char *name);
/* All that is in tmp/ goes.  0 or an errno. */
int folders_empty_tmp(const struct folders *folders);

/* A listing of a folder, from its beginning; the caller closes it.  0 or an errno. */
int folders_list(int folder_fd, DIR **ret_dir);

#endif
