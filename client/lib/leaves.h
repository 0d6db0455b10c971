/*
 * The leaves of a content's hash tree (rpc/tree.h): collected while its units are sealed,
 * and asked for again while they are read.
 *
 * Of a content that is stored they fill pieces, of which a few are in memory at a time.
 * What is remembered of all of it are the tops of the pieces, and eight bytes a unit: a
 * unit that is sealed once more must come out as it did before, or nothing of it may be
 * sent (cipher.h).
 */
#ifndef DFS_LEAVES_H
#define DFS_LEAVES_H

#include "call.h"
#include "dfs.h"
#include "links.h"
#include "sets.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- of a content that is stored; its owner has the lock, but where it says so ----- */

/* The window of units, and one piece that waits for a slow server. */
enum { LEAVES_IN_FLIGHT = 3 };

struct leaves_piece {
	uint64_t number;
	size_t missing;    /* leaves that have yet to come */
	bool ready;        /* all have come, and its top is known */
	server_set needed; /* that have yet to get it */
	dfs_key leaves[DFS_PIECE_LEAVES];
};

struct leaves {
	uint64_t units;
	uint64_t pieces; /* at least one; of up to four units it goes to nobody */
	bool known;      /* they have all been there once */
	uint64_t *marks; /* of each unit; 0: not sealed yet */
	dfs_key *tops;   /* of each piece */
	/* of the pass over the content that goes on */
	uint64_t opened, ready;
	struct leaves_piece in_flight[LEAVES_IN_FLIGHT];
};

/* units: at least one.  false when out of memory. */
bool leaves_init(struct leaves *ret, uint64_t units);
void leaves_free(struct leaves *leaves); /* one that is all zeros too */

/* From the first unit again. */
void leaves_begin(struct leaves *leaves);

/*
 * Is there room for this unit's leaf?  Units come in order; needed: who is to get the
 * piece that the unit is the first of.
 */
bool leaves_make_room(struct leaves *leaves, uint64_t unit, server_set needed);

/* The format that the unit got before (cipher_seal).  Without the lock. */
uint8_t leaves_format(const struct leaves *leaves, uint64_t unit);
/* It is as it was before, or was never sealed.  By its sealer, without the lock. */
bool leaves_is_same(struct leaves *leaves, uint64_t unit, uint8_t format,
		    const dfs_key *leaf);

/* The piece that is full with this leaf, whose top is to be noted; else NULL. */
struct leaves_piece *leaves_add(struct leaves *leaves, uint64_t unit,
				const dfs_key *leaf);
/* The top of a full piece.  Without the lock; false when out of memory. */
bool leaves_top(const struct leaves *leaves, const struct leaves_piece *piece,
		dfs_key *ret);
/* false: it is another than it was. */
bool leaves_note_top(struct leaves *leaves, struct leaves_piece *piece,
		     const dfs_key *top);

/* The piece of this number, when it is ready and the server needs it; else NULL. */
const struct leaves_piece *leaves_piece_for(const struct leaves *leaves, uint64_t number,
					    unsigned server);
/* It has piece `number`; or will get none of those that are there. */
void leaves_give(struct leaves *leaves, uint64_t number, unsigned server);
void leaves_give_up(struct leaves *leaves, unsigned server);

/* dfs_content.tree, after a pass in which all got ready; false when out of memory. */
bool leaves_tree(struct leaves *leaves, dfs_key ret[DFS_SERVERS], u_int *ret_len);

/* ---- of a content that is read --------------------------------------------------- */

enum leaves_end {
	LEAVES_PROVED,
	LEAVES_WRONG,   /* they do not lead to the root */
	LEAVES_REFUSED, /* the status says why */
	LEAVES_LOST     /* the server cannot be reached any more */
};

/* Which content, and by which right. */
struct leaves_source {
	const dfs_content *content;
	const dfs_ticket *ticket; /* for its object */
};

/* Asks a server for a piece, which ret has room for.  For a job, on its thread. */
enum leaves_end leaves_ask(struct call *call, const struct leaves_source *source,
			   uint64_t piece, dfs_key ret[DFS_PIECE_LEAVES],
			   dfs_status *ret_status);

/*
 * Asks these servers, as far as they hold anything of it, one after the other, and waits.
 * By the thread that submits jobs, while none goes on that waits for it.
 */
bool leaves_find(struct links *links, const struct leaves_source *source, uint64_t piece,
		 server_set servers, dfs_key ret[DFS_PIECE_LEAVES]);

/* Is this the unit that the leaf is of? */
bool leaves_prove(const dfs_id *maker, uint64_t unit, const dfs_bytes *stored,
		  const dfs_key *leaf);

#endif
