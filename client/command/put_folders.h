/* The empty folders of a tree that is stored: each is made, all of them at once. */
#ifndef DFS_PUT_FOLDERS_H
#define DFS_PUT_FOLDERS_H

struct put_folders;
struct run;

/* After run_user.  NULL when out of memory. */
struct put_folders *put_folders_new(struct run *run);
void put_folders_free(struct put_folders *folders);

/*
 * A local folder, to be made as remote, as a person would type it, with its time.  What
 * cannot be is reported.
 */
void put_folders_add(struct put_folders *folders, const char *local, const char *remote);

/* Makes those that are not there, gives the others their time, and reports. */
void put_folders_finish(struct put_folders *folders);

#endif
