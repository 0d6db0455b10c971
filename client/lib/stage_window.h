/*
 * One pass over a content that is put: the window of units, and the servers' threads that
 * seal and send what is in it.  stage.c fills it.
 */
#ifndef DFS_STAGE_WINDOW_H
#define DFS_STAGE_WINDOW_H

#include "cipher.h"
#include "stage.h"

#include <pthread.h>

enum { STAGE_WINDOW = 48 }; /* units in memory */

enum stage_slot_state { SLOT_FREE, SLOT_READ, SLOT_SEALING, SLOT_SEALED };

/* A slot that is being sealed is its sealer's alone. */
struct stage_slot {
	enum stage_slot_state state;
	uint8_t *room;     /* the unit at CIPHER_BEFORE, then its stored form */
	uint32_t len;      /* of the unit, then of what is stored */
	server_set needed; /* that have yet to get it */
};

struct stage_sender {
	struct job job; /* first: its run gets it back */
	struct stage_window *window;
	struct cipher *cipher; /* its thread's */
	chunk_set chunks;      /* to be sent to this server; 0: nothing */
	uint64_t next;         /* unit to look at next */
	uint64_t next_piece;   /* to be sent; beyond the last one: it has them all */
};

/* Why a pass ends before the content does. */
enum stage_stop {
	STOP_NOT,
	STOP_MEMORY,  /* a unit could not be encrypted */
	STOP_CHANGED, /* a unit is not what it was in an earlier pass */
	STOP_ALONE    /* no server takes any more */
};

/*
 * One pass over the file; of a whole one every unit is sealed, so that all leaves are
 * there, else only those that a server needs.
 */
struct stage_window {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct stage_slot slots[STAGE_WINDOW];
	uint64_t filled; /* units below are in their slots, or were */
	uint64_t units;
	bool ended; /* nothing more will be filled */
	bool whole;
	enum stage_stop stop;
	server_set failed;        /* to take their units, */
	struct refusals refusals; /* and why: full or over */
	unsigned running;         /* senders that have not ended */
	struct stage *stage;      /* of it, leaves are under the lock too */
	struct cipher_object object;
	struct stage_sender senders[DFS_SERVERS];
};

/* Does this server get the unit in this pass? */
bool stage_window_wants(const struct stage_sender *sender, uint64_t unit);

/* A sender's job, on its server's thread: until all is sent, or the pass stops. */
void stage_window_send(struct job *job, unsigned server, struct call *call,
		       const char *why);

#endif
