/* list --local: what there is to put. */
#ifndef DFS_LIST_LOCAL_H
#define DFS_LIST_LOCAL_H

struct run;

/* Does it, reports, and returns the exit code. */
int list_local(struct run *run);

#endif
