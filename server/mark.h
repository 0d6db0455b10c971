/*
 * dfsN/store: a mark that this server has had a store, kept beside it and not in it.
 *
 * A disk that is not mounted looks like one that is empty.  Whoever started on that would
 * fetch everything anew, onto a disk that is not meant for it, and come back as another
 * store when the right disk is there again.
 */
#ifndef DFS_MARK_H
#define DFS_MARK_H

#include "settings.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Before the store is opened.  false, with what to do in why, where the mark is there but
 * data/ is missing; or data/ is an empty folder, and was the root of a disk of its own
 * when the mark was left, and is not now.
 */
bool mark_allows(const struct settings *settings, char *why, size_t why_size);

/* Leaves the mark, once the store is open; logs when that fails, and goes on. */
void mark_leave(const struct settings *settings);

#endif
