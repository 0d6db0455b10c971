/*
 * Objects: the contents that servers keep, and the ids under which they keep them.
 *
 * The id of an object is made of all that says what it is: the first 16 bytes of the
 * SHA-256 of "dfs object", its maker, its size (8 bytes, the highest first) and the root
 * of its tree (tree.h).  So a value that names the same content with another size or
 * root names another object, of which no server has anything.
 *
 * The maker is the first 16 bytes of the SHA-256 of "dfs maker" and a token of 32 bytes
 * that only the writer can derive: whoever brings content shows it, and a reader, who
 * knows the maker, can bring none.
 */
#ifndef DFS_OBJECT_H
#define DFS_OBJECT_H

#include "dfs.h"
#include <stdbool.h>

/* false when OpenSSL fails for want of memory; then *ret is zero, an id of nothing. */
bool object_maker(const dfs_key *token, dfs_id *ret);

/* false also where the tree does not fit the size. */
bool object_of_share(const dfs_share *share, dfs_id *ret);
bool object_of_content(const dfs_content *content, dfs_id *ret);

/* What a server is to have of the content: these chunks.  The tree is borrowed. */
dfs_share object_share(const dfs_content *content, unsigned chunks);

#endif
