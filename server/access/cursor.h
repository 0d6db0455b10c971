/*
 * Cursors: where a listing goes on, for the server alone to read.
 *
 * A page may end at a path that the caller may not see, and who could choose where a page
 * begins could find out such paths by how far it comes.  So a place is boxed: 12 random
 * bytes, then the length of the place (two bytes, the higher first), the place and zeros
 * up to the longest that there is, under AES-256-GCM, then the tag.  The key is
 * HMAC-SHA256 of "dfs cursor" under the secret that the four share; associated data are
 * the server's number, the length of the user's name as one byte, the name, the flags of
 * the listing as one byte, and its folder.
 */
#ifndef DFS_CURSOR_H
#define DFS_CURSOR_H

#include "caller.h"

/* A path, or a folder and '/' and a byte that no path has. */
enum { CURSOR_PLACE = DFS_PATH_MAX + 2 };

/* What *ret points to is the caller's; false when out of memory, or OpenSSL fails. */
bool cursor_box(const struct caller *caller, const dfs_list_args *args, const char *place,
		size_t len, dfs_cursor *ret);

/* args->after; false when it was not boxed for this caller, here, and this listing. */
bool cursor_open(const struct caller *caller, const dfs_list_args *args,
		 char ret_place[CURSOR_PLACE], size_t *ret_len);

#endif
