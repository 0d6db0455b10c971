/*
 * Proving what is stored: whether the records of a content, as its segment has them, lead
 * to the id of its object (rpc/object.h, rpc/tree.h).
 *
 * All that it takes is in the segment: the entry in its list, and the pieces.  So whoever
 * changes a stored unit, a piece or the entry, with every checksum made anew, is found
 * out, unless he finds another content with the same id.
 */
#ifndef DFS_PROVE_H
#define DFS_PROVE_H

#include "object.h"
#include "seal.h"
#include "tree.h"
#include <stdbool.h>
#include <stdint.h>

struct segment;

/* One content in one segment. */
struct prove {
	struct segment *file; /* whose caller has a reference */
	dfs_id object, maker, record_id;
	uint64_t size, units;
	u_int tree_len;
	dfs_key tree[DFS_SERVERS];        /* as in the value, of up to four units */
	dfs_key *tops;                    /* of more than four: of each piece */
	uint64_t piece;                   /* that the leaves are of; UINT64_MAX: none */
	dfs_key leaves[DFS_PIECE_LEAVES]; /* proved by its top */
};

/*
 * 0, and prove_end ends it; EBADMSG: what proves the content is not right, so that
 * nothing of it here is; or an errno of reading.
 */
int prove_begin(struct prove *prove, struct segment *file,
		const struct seal_entry *entry);
void prove_end(struct prove *prove);

/*
 * Is this record (a unit, a piece, or tops) right?  0; EBADMSG, with the number of what
 * is not in *ret_bad: the record or the piece above it; or an errno of reading.
 */
int prove_record(struct prove *prove, uint64_t number, const dfs_bytes *data,
		 uint64_t *ret_bad);

#endif
