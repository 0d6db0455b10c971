/*
 * What is to be done: damaged, unsettled, owed, too much, misheld, abandoned.
 *
 * Results, threads and ownership are as in store.h.  What walks over registers holds the
 * store's lock for some thousand of them at a time: if they change meanwhile the result
 * is that of some moment in between.
 */
#ifndef DFS_STORE_SURVEY_H
#define DFS_STORE_SURVEY_H

#include "store.h"
#include "sets.h"
#include <stdint.h>

/*
 * The first after the cursor (as store_next): a register whose record was found damaged
 * (its ballot is that of @seal), a tombstone, and one that is not known to be settled.
 */
int store_next_damaged(struct store *store, const char *after, size_t after_len,
		       struct store_found *ret);
int store_next_tombstone(struct store *store, const char *after, size_t after_len,
			 struct store_found *ret);
int store_next_unsettled(struct store *store, const char *after, size_t after_len,
			 struct store_found *ret);

struct store_owed_content {
	dfs_id object;
	dfs_id maker;
	uint64_t size; /* bytes of the content */
	u_int tree_len;
	dfs_key tree[DFS_SERVERS]; /* as in the value */
	uint32_t holders;          /* likewise */
	chunk_set given;   /* the chunks that the manifest gives this server; 0: none */
	chunk_set missing; /* of those, or of its own pair: not here, or damaged */
	/* Of the missing ones, those that their writer never brought here right. */
	chunk_set unbrought;
};

/* The contents that a path owes this server: the current one, earlier ones. */
struct store_owed {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_ballot ballot;
	size_t count;
	struct store_owed_content contents[1 + DFS_EARLIER_MAX];
};

/*
 * The first file after the cursor whose manifest gives this server chunks that are not
 * here or damaged; where it gives it none, its own pair counts (by the row).  Chunks
 * without units are never missing.  Values are read of files of which something is
 * missing, of those that give this server nothing, and of those that have earlier
 * versions of which less than a pair is here.  What was judged to be unbrought is owed no
 * more.  ENOENT at the end.
 */
int store_next_owed(struct store *store, const char *after, size_t after_len,
		    struct store_owed *ret);

/*
 * What all peers, who were asked for what is missing of an object, say of its writer:
 * that he brought it to nobody who was given it (agreed; then it is unbrought here, too,
 * until the next start or until more of it comes), or that one of them may have had it,
 * so that it is lost.
 */
void store_judge_unbrought(struct store *store, const dfs_id *object, bool agreed);

/*
 * Chunks of an object that are here beyond what the one settled value that names it
 * gives.
 */
struct store_surplus {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_ballot ballot;
	dfs_id object;
	chunk_set given, here; /* given is not 0; all of it is here, and proved */
};

/*
 * The first after the cursor; ENOENT at the end.  An object that more than one register
 * or binding refers to has none: what the others need of it is not known from memory.
 */
int store_next_surplus(struct store *store, const char *after, size_t after_len,
		       struct store_surplus *ret);
/* That of one path, to be asked again once the object is the caller's; ENOENT: none. */
int store_surplus(struct store *store, const char *path, size_t len,
		  struct store_surplus *ret);

/* A file whose settled value says of holders what could be said better. */
struct store_misheld {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_id object;
};

/*
 * The first after the cursor, as store_next, where this server's own pair is here and
 * proved, and the value gives it nothing, or gives all four chunks to its opposite; or
 * where it gives all four to this server, and to the opposite its own pair.  Current
 * contents only, from memory.
 */
int store_next_misheld(struct store *store, const char *after, size_t after_len,
		       struct store_misheld *ret);

/* Content that was staged for a path, which has not come to a value since. */
struct store_abandoned {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_ballot ballot; /* the highest of such bindings of the path */
	dfs_id object;
};

/*
 * The first path after the cursor with a binding that is at least older_than_ms old
 * (since it was made, or since the start), for an object that the path's accepted value
 * does not name.  ENOENT at the end.
 */
int store_next_abandoned(struct store *store, int64_t older_than_ms, const char *after,
			 size_t after_len, struct store_abandoned *ret);

#endif
