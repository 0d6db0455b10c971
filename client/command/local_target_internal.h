/* What the parts of local_target share. */
#ifndef DFS_LOCAL_TARGET_INTERNAL_H
#define DFS_LOCAL_TARGET_INTERNAL_H

#include "local.h"
#include "local_part.h"
#include "local_target.h"
#include <limits.h>
#include <sys/stat.h>

struct local_target {
	char *root;
	bool make, force;
	int root_fd; /* -1: not open yet */
	/* The folder of the newest file. */
	char *folder; /* relative to the root, "" for itself; NULL: none */
	int folder_fd;
	bool unsynced; /* names in it may not be on disk */
	/* The file that is being written. */
	struct local_part part;
	bool link; /* or where a link leads to: */
	char leads_to[LOCAL_LINK_MAX + 1];
	size_t leads_len;
	char name[NAME_MAX + 1];
	bool replaces;
	bool keeps; /* owner, group and mode of the regular file that it replaces: */
	struct stat kept;
	int64_t modified_ns;
	char warning[DFS_WHY]; /* that nobody has been told yet */
};
/*
 * folder_fd is -1 exactly when folder is NULL.  The folders are opened with O_PATH: they
 * may be such that one can write to them and not read them.
 */

/* The longest name in a message. */
enum { LOCAL_TARGET_SHOWN = 700 };

/* folder/name (either may be empty) below the root, as a person would type it. */
const char *local_target_shown(const struct local_target *target, const char *folder,
			       const char *name, char text[LOCAL_TARGET_SHOWN]);

/* By errno, of the name at hand: the code, and why. */
int local_target_blame(const struct local_target *target, char why[DFS_WHY],
		       const char *what);

/* What is missing is not essential; said once for all files. */
void local_target_warn(struct local_target *target, const char *what, int error);

/*
 * Makes the folder (the first len bytes of relative, which is safe) the newest one.  0,
 * or a code, with why.
 */
int local_target_enter(struct local_target *target, const char *relative, size_t len,
		       char why[DFS_WHY]);

/* Is every part of it a name in a folder, and nothing else? */
bool local_target_is_safe(const char *relative);

/* The times that a file, link or folder gets. */
void local_target_times(int64_t modified_ns, struct timespec ret[2]);

/* A link, begun and with all its bytes, gets its name.  0, or a code, with why. */
int local_target_finish_link(struct local_target *target, char why[DFS_WHY]);

#endif
