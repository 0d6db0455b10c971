/*
 * Proving contents: every unit from every server that its manifest names for it.
 *
 * Each server's thread walks through the units that its server should have, proves and
 * opens each, and keeps none: memory does not grow with the files, but for two bits a
 * unit.  The leaves of a content of more than four units come from the same server; where
 * it cannot give a piece of them that proves, the walk stops until another has given it.
 */
#ifndef DFS_PROVING_H
#define DFS_PROVING_H

#include "libdfs_upkeep.h"
#include "manifest.h"
#include "session.h"

struct proving {
	/* set by the caller, and borrowed */
	const dfs_content *content;
	const dfs_ticket *ticket;
	const struct manifest_secret *secret;
	const struct dfs_bad_units *only; /* read no others; NULL: all */
	/* what was found, by server: chunks, as masks */
	unsigned damaged[DFS_SERVERS];   /* the server says so, or cannot read its disk */
	unsigned missing[DFS_SERVERS];   /* the server has no such thing */
	unsigned wrong[DFS_SERVERS];     /* the server gives something else */
	unsigned unreached[DFS_SERVERS]; /* it could not be asked, */
	bool denied;                     /* or one did not take the ticket */
	uint64_t first[DFS_SERVERS], last[DFS_SERVERS]; /* unit of all these */
	uint64_t mendable; /* copies damaged or missing: servers bring them back */
	uint64_t lost;     /* units of which there was no good copy, */
	uint64_t single;   /* or one; where all were read */
};

enum { PROVING_MAX = DFS_BATCH_MAX };

/*
 * At most PROVING_MAX files; those without units are good.  now and then tick, which may
 * be NULL, is told how many bytes of content have been proved in this call.  false when
 * out of memory.
 */
bool proving_run(struct dfs *dfs, struct proving *files, size_t count,
		 void (*tick)(void *context, uint64_t bytes), void *context);

#endif
