/*
 * Canonical paths: "/USER/..." or "/shared/...".  A path is a key, never a file name on a
 * server.  Client and server both check with these functions.
 */
#ifndef DFS_PATH_H
#define DFS_PATH_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * NULL when the bytes are a canonical path of a file: it begins with '/', has at least
 * two parts, is valid UTF-8 without control characters (U+0000-U+001F, U+007F-U+009F), at
 * most DFS_PATH_MAX bytes long, its parts are 1..DFS_PART_MAX bytes and neither "." nor
 * "..", and the first part is a user name or "shared".  Otherwise a static text that says
 * what is wrong.
 */
const char *path_check(const char *path, size_t len);

/*
 * NULL if the path is one of a folder: "/", or a canonical path that ends in "/" and may
 * have only one part.  Otherwise a static text as above.
 */
const char *path_check_folder(const char *path, size_t len);

/*
 * The registers of users have paths that no file can have: "/@accounts/NAME" for what an
 * administrator says of a user, "/@credentials/NAME" for what the user says of himself.
 */
#define PATH_ACCOUNTS "/@accounts/"
#define PATH_CREDENTIALS "/@credentials/"

enum path_kind {
	PATH_OF_NOTHING, /* no register has this path */
	PATH_OF_FILE,    /* path_check is content with it */
	PATH_OF_ACCOUNT,
	PATH_OF_CREDENTIALS
};

/* What kind of register has this path. */
enum path_kind path_kind(const char *path, size_t len);

/* Has a register this path, of whatever kind? */
bool path_is_good(const dfs_path *path);

/*
 * A path that is a string, as XDR takes it: without const, though it is only read.  It
 * points into the string.
 */
dfs_path path_borrow(const char *path);

/* The order of paths is that of their bytes: below, at or above 0, as memcmp. */
int path_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/*
 * Whose it is: the first part of a file's path (a user name or "shared"), the user name
 * of the other two.  Points into path, whose kind must not be PATH_OF_NOTHING.
 */
const char *path_of_whom(const char *path, size_t len, size_t *ret_len);

/* Does it lie below /shared/? */
bool path_is_shared(const char *path, size_t len);

/*
 * NULL when name is a user name, [a-z0-9][a-z0-9._-]{0,31} and not "shared"; else why
 * not.
 */
const char *path_check_user(const char *name, size_t len);

/*
 * What a person typed, made canonical: one without a leading '/' is below /user/.
 * Nothing else is changed: "a//b" is not repaired but refused by path_check.  The caller
 * frees the result; NULL when out of memory.
 */
char *path_canonical(const char *typed, const char *user);

#endif
