/* Inside the repair: its state, and loads of units. */
#ifndef DFS_REPAIR_INTERNAL_H
#define DFS_REPAIR_INTERNAL_H

#include "repair.h"
#include "sets.h"
#include "store_survey.h"
#include "worker.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	REPAIR_SECONDS = 60,
	REPAIR_LOGGED = 4096,
	REPAIR_UNITS =
		2 * DFS_UNITS_MAX, /* of a load: what two neighbours can be asked for */
	REPAIR_PIECES = DFS_UNITS_MAX /* small contents of one commit */
};

/* What is being done, for people. */
enum repair_doing { REPAIR_NOTHING, REPAIR_PULLING, REPAIR_PROPOSING, REPAIR_TRIMMING };

struct repair {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct repair_calls calls;
	struct repair_rules rules;
	struct worker worker;
	atomic_bool stopping; /* also where a pass has no thread of its own */

	pthread_mutex_t lock;           /* of what follows */
	uint64_t logged[REPAIR_LOGGED]; /* contents that were logged as lost, as hashes */
	size_t logged_count;
	bool woken, runs; /* runs: and can be woken */
	enum repair_doing doing;
	uint64_t fetched, lost, files;    /* files: of this pass */
	uint64_t seconds[REPAIR_SECONDS]; /* bytes fetched, by the second, */
	int64_t second;                   /* up to this one */
};

/* For repair_status: what is being done, and files that are to be had nowhere. */
void repair_set_doing(struct repair *repair, enum repair_doing doing);
void repair_set_lost(struct repair *repair, uint64_t lost);
/* Counts bytes that came; 0 brings the seconds up to date. */
void repair_count(struct repair *repair, uint64_t bytes);

/* ---- loads --------------------------------------------------------------------- */

/* A unit that is to be fetched. */
struct repair_unit {
	dfs_id object, maker;
	uint64_t number;
	dfs_key leaf;         /* what it has to hash to */
	uint32_t most;        /* bytes that it may have */
	server_set holders;   /* who was given it: they are asked first */
	server_set tried;     /* who could not give it, */
	server_set unbrought; /* because its writer never brought it there, */
	server_set had;       /* or for another reason, though it is to have it */
	bool asked;
	uint32_t len;
	uint8_t *bytes; /* malloc'd; NULL: not here */
};

/* Units that are fetched at once, from several peers. */
struct repair_load {
	struct repair *repair;
	size_t count;
	uint64_t bytes; /* that they may have together */
	struct repair_unit units[REPAIR_UNITS];
	server_set lost;   /* peers that did not answer */
	server_set unsure; /* that have something, or may, and could not give it now */
	server_set away;   /* in the end: these, and those that are not within reach */
	struct repair_load_ask {
		struct repair_ask ask; /* first */
		struct repair_load *load;
		uint64_t bytes;
		bool unsure;
		uint16_t units[DFS_UNITS_MAX]; /* whose the items are */
	} asks[DFS_SERVERS];
};

/* NULL when out of memory. */
struct repair_load *repair_load_new(struct repair *repair);
/* NULL is allowed. */
void repair_load_free(struct repair_load *load);
/* Empty again, for other units. */
void repair_load_clear(struct repair_load *load);

/* As in the manifest, and the id under which it is kept. */
struct repair_content {
	dfs_id object, maker;
	uint64_t size;
	uint32_t holders;
	u_int tree_len;
	dfs_key tree[DFS_SERVERS];
};

/* The leaves of some units: of number from, and those that follow, up to below to. */
struct repair_leaves {
	const dfs_key *leaves;
	uint64_t from, to;
};
/*
 * Adds the units of these chunks from a number on, while there is room and there are
 * leaves: the number to go on at.
 */
uint64_t repair_load_add(struct repair_load *load, const struct repair_content *content,
			 chunk_set chunks, const struct repair_leaves *leaves,
			 uint64_t from);

/* Begins to ask; and waits until each unit is here, or to be had nowhere within reach. */
void repair_load_begin(struct repair_load *load);
void repair_load_await(struct repair_load *load);

/* ---- steps of a pass ----------------------------------------------------------- */

/* A content of which chunks are missing. */
struct repair_piece {
	struct repair_content content;
	chunk_set given; /* to this server */
	chunk_set missing;
	chunk_set unbrought; /* of these: this server knows that they were not brought */
	size_t path_len;
	char *path; /* malloc'd */
};

/* What one thread counts. */
struct repair_lane {
	struct repair *repair;
	struct repair_outcome outcome;
	server_set away; /* peers that could not be asked */
};

/*
 * Before each load: steps aside while users are at work, for a moment.  false when all is
 * to end.
 */
bool repair_goes_on(struct repair *repair);

void repair_pull(struct repair *repair, struct repair_outcome *outcome);

/* Small contents that go together. */
struct repair_small {
	struct repair *repair;
	struct repair_load *load;
	struct repair_piece pieces[REPAIR_PIECES]; /* their paths are its own */
	size_t count;
};
/* false when out of memory, with nothing to end. */
bool repair_small_begin(struct repair_small *small, struct repair *repair);
void repair_small_end(struct repair_small *small);
/* Without pieces again. */
void repair_small_clear(struct repair_small *small);
bool repair_small_has(const struct repair_small *small, const dfs_id *object);
/* Takes it; false: it is not small, or there is no room for it. */
bool repair_small_add(struct repair_small *small, const struct repair_piece *take_piece);
/* Fetches and stores them; 0 or an errno of the store. */
int repair_small_pull(struct repair_small *small, struct repair_lane *lane);

/* One content, unit by unit through a file of its own; 0 or an errno of the store. */
int repair_pull_large(struct repair_lane *lane, const struct repair_piece *piece);
/* What peers said of chunks that could not be had of them. */
struct repair_said {
	server_set unbrought[DFS_SERVERS]; /* of each chunk: never brought there; */
	server_set had[DFS_SERVERS];       /* not, or damaged, and may have been there */
};
/* Of a unit that is not here. */
void repair_said_note(struct repair_said *said, const struct repair_unit *unit);

/* Of this piece something was stored; or these chunks could not be had. */
void repair_lane_stored(struct repair_lane *lane, uint64_t bytes);
void repair_lane_lost(struct repair_lane *lane, const struct repair_piece *piece,
		      chunk_set chunks, const struct repair_said *said);
/*
 * Reads back what was stored: what is damaged is marked so by the store, and owed again.
 */
void repair_verify(struct repair *repair, const struct repair_content *content,
		   chunk_set chunks);

void repair_propose(struct repair *repair, struct repair_outcome *outcome);
void repair_trim(struct repair *repair, struct repair_outcome *outcome);

#endif
