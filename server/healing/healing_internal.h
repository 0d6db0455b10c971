/* Inside healing: its parts, and what they may call. */
#ifndef DFS_HEALING_INTERNAL_H
#define DFS_HEALING_INTERNAL_H

#include "healing.h"

#include "cleaning.h"
#include "compare.h"
#include "links.h"
#include "recovery.h"
#include "repair.h"
#include "scrubber.h"

#include <pthread.h>

struct healing {
	unsigned server;
	struct store *store;
	struct links *links, *content_links;
	struct peers *peers;
	struct recovery *recovery;
	struct compare *compare;
	struct repair *repair;
	struct cleaning *cleaning;
	struct scrubber *scrubber;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool stopping;
	int64_t heard
		/* when a peer answered or called last, by the wall clock */
		[DFS_SERVERS];
};

/* A peer called or answered just now. */
void healing_note_heard(struct healing *healing, unsigned server);

/* How each part calls other servers, and the other parts. */
struct recovery_calls healing_recovery_calls(struct healing *healing);
struct compare_calls healing_compare_calls(struct healing *healing);
struct repair_calls healing_repair_calls(struct healing *healing);
struct cleaning_calls healing_cleaning_calls(struct healing *healing);
struct scrubber_calls healing_scrubber_calls(struct healing *healing);

#endif
