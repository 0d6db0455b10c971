/* The standard descriptors of a program. */
#ifndef DFS_DESCRIPTORS_H
#define DFS_DESCRIPTORS_H

#include <stdbool.h>

/*
 * A standard descriptor that is closed would be given to the next file or connection, and
 * be read or written for what it is not.  It is taken by something that can do neither.
 * Before anything else is opened; false: that failed.
 */
bool descriptors_keep_standard(void);

#endif
