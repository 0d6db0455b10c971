/* The last census of a store, which is told again for as long as nothing changes. */
#ifndef DFS_CENSUS_H
#define DFS_CENSUS_H

#include "store_census.h"

#include <pthread.h>

/* Of a store.  Its lock is held while all is counted; the store's is taken inside it. */
struct census {
	pthread_mutex_t lock;     /* of what follows */
	struct store_census last; /* kept NULL: none yet */
	uint64_t changes;         /* the store's, when it was counted */
	int64_t at_ms, took_ms;
};

void census_init(struct census *census);
void census_free(struct census *census);

#endif
