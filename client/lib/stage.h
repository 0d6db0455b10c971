/*
 * Bringing a large content to the servers: units of it, read once, to all that need them.
 *
 * A reader (the caller's thread) fills a window of units; each server's thread sends the
 * units of its chunks, several in a call, and a unit's place is free again when all who
 * needed it have it.  So memory is the window, whatever the size of the file.  Whichever
 * of these threads comes to a unit first compresses and encrypts it, for all, and hashes
 * it: the leaves of the content's tree go to all these servers too, in pieces.
 */
#ifndef DFS_STAGE_H
#define DFS_STAGE_H

#include "content.h"
#include "keys.h"
#include "leaves.h"
#include "refusals.h"
#include "session.h"

struct stage {
	/* ---- set by the caller */
	struct dfs *dfs;
	int fd; /* a regular file, read with pread */
	dfs_id operation;
	const char *path;      /* that the content is to take */
	dfs_content content;   /* maker, size, row, unit_size */
	dfs_key token;         /* of which the maker is made */
	uint8_t key[KEYS_LEN]; /* of the object */
	uint8_t xxh128[16];    /* what the content must hash to */
	bool with_sha256;      /* take it */
	void (*progress)(void *context, uint64_t done); /* or NULL */
	void *progress_context;
	/* ---- set by stage_run */
	bool ran; /* all was sealed; then these are known: */
	dfs_key tree[DFS_SERVERS];
	u_int tree_len;
	uint8_t sha256[32];
	struct leaves leaves;
	server_set begun;         /* their uploads of this run have the pieces */
	server_set unfit;         /* that failed to take their units, */
	struct refusals refusals; /* and why: full or over */
	server_set no_spares;     /* that have no room for more than their pair */
	bool changed;             /* it failed because the file is not what it was */
};

/* Frees what stage_run has put into it, and wipes its key. */
void stage_free(struct stage *stage);

/*
 * Sends what these servers are to have and uploaded[] (chunks per server) does
 * not show yet, and brings uploaded[] up to date; who fails joins stage->unfit, and its
 * pair goes to its opposite.  false, with result, when the file changed or cannot be
 * read.
 */
bool stage_run(struct stage *stage, server_set servers, chunk_set uploaded[DFS_SERVERS],
	       struct dfs_result *result);

#endif
