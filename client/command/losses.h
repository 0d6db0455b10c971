/* What status prints with --what-if. */
#ifndef DFS_LOSSES_H
#define DFS_LOSSES_H

struct run;

/* For each server and each pair that could go: what would become unreadable. */
void losses_show(struct run *run);

#endif
