/* What the files of server/service/admission share. */
#ifndef DFS_ADMISSION_INTERNAL_H
#define DFS_ADMISSION_INTERNAL_H

#include "admission.h"
#include "debt.h"
#include "dfs.h"
#include "portions.h"

#include <pthread.h>

/*
 * Out of memory is an error like others: uthash reports it instead of ending the process.
 */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

/* An address or a network: there while it has seats, and while it is in debt. */
struct group {
	struct origin origin;
	unsigned seats, strangers;
	size_t bytes[2];  /* of addresses alone */
	struct debt debt; /* of strangers, also of those that have left */
	bool lost;        /* set by uthash when it had no memory to add this */
	UT_hash_handle hh;
};

struct admission_seat {
	struct admission *admission;
	struct group *groups[ORIGIN_WIDTHS];
	int fd;
	bool stranger;       /* counted as one */
	bool cut_off, waits; /* waits: for its turn */
	unsigned calls;      /* so far */
	/* While it was a stranger, and of that without turns: it will be forgiven. */
	int64_t spent, at_once;
	pthread_cond_t turn;
	/* Whose it is, and whose the memory is that it holds; nobody's: "". */
	char user[DFS_USER_MAX + 1], holder[2][DFS_USER_MAX + 1];
	struct admission_seat *prev, *next;
};

/*
 * lock guards all of it, and the fields of the seats and groups.
 *
 * seats is in the order of arrival.  A stranger that was cut off
 * is no longer counted as one but keeps its seat until its thread leaves, so that seats
 * is what is really open.
 */
struct admission {
	struct admission_limits limits;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct admission_seat *seats;
	struct portions portions; /* of seats: how many are open is what is taken */
	struct group *groups[ORIGIN_WIDTHS];
	unsigned strangers, leaving; /* leaving: cut off, and still here */
	struct debt debt;            /* of all who did not wait for a turn */
	unsigned waiting;            /* for a turn */
	int64_t turn_ms;             /* when the next is, for who is in debt */
	struct portions bytes[2];
	bool ended;
};

/* All of these with the lock held. */

/* The entry of the origin, made if need be; NULL when out of memory. */
struct group *admission_groups_find(struct admission *admission, enum origin_width width,
				    const struct origin *origin);
/* NULL is allowed. */
void admission_groups_drop_if_empty(struct admission *admission, enum origin_width width,
				    struct group *group);
void admission_groups_clear(struct admission *admission);
/* Of any two strangers, which is greedier: below 0 the other, 0 neither. */
int admission_groups_compare(struct admission_seat *seat, struct admission_seat *other,
			     int64_t now_ms);
/* at_once: without having waited for a turn. */
void admission_groups_charge(struct admission_seat *seat, int64_t cost, bool at_once);
void admission_groups_forgive(struct admission_seat *seat);

/* Wakes whoever is next in the line: something has changed for him. */
void admission_line_go_on(struct admission *admission);

#endif
