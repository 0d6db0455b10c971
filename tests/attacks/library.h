/* For attacks: somebody who keeps to the rules, by the library that the client uses. */
#ifndef DFS_LIBRARY_H
#define DFS_LIBRARY_H

#include "libdfs.h"

/* With the session that "client login" left; ended with dfs_close.  Broken without. */
struct dfs *library_open(const char *user);

#endif
