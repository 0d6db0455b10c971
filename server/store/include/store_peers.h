/*
 * What a server remembers of its peers' stores.
 *
 * Results, threads and ownership are as in store.h.
 */
#ifndef DFS_STORE_PEERS_H
#define DFS_STORE_PEERS_H

#include "store.h"

/*
 * What a server (1..4) told of its store is taken into what is remembered of it
 * (watermark_take: nothing goes down within one store).  It travels in the next segment,
 * or in one of its own after a second without; so who has nothing new to tell should not.
 */
void store_remember(struct store *store, unsigned server, const dfs_watermark *told);

/* What is remembered of a server (1..4); false: nothing. */
bool store_watermark(struct store *store, unsigned server, dfs_watermark *ret);

#endif
