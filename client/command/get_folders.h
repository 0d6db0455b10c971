/* The folders of a tree that is fetched. */
#ifndef DFS_GET_FOLDERS_H
#define DFS_GET_FOLDERS_H

#include <stdbool.h>

struct get_folders;
struct local_target;
struct run;

/* NULL when out of memory. */
struct get_folders *get_folders_new(struct run *run);
void get_folders_free(struct get_folders *folders);

/*
 * One more: its canonical path and its local name below the target.  Both are copied;
 * false when out of memory.
 */
bool get_folders_add(struct get_folders *folders, const char *path, const char *local);

/*
 * Makes them, those that are there are right; then those that have a time of their own
 * get it, which is that of their last change: nothing may be put into them afterwards.
 * Needs the session to be open.  Reports them, and what fails.
 */
void get_folders_make(struct get_folders *folders, struct local_target *target);

#endif
