/* What the index says of a register, as the store tells it outside. */
#ifndef DFS_REGISTER_H
#define DFS_REGISTER_H

#include "index.h"
#include "sets.h"
#include "store.h"

/* All with the store's lock held. */

void register_describe(const struct store *store, const struct index_register *reg,
		       struct store_register *ret);

/* With its path. */
void register_tell(const struct store *store, const struct index_register *reg,
		   struct store_found *ret);

/*
 * Of a live file: the chunks that its value gives this server, or where it gives none its
 * own pair, that have units and are not here or damaged.
 */
chunk_set register_missing(const struct store *store, const struct index_register *reg);
/* Of these, the ones that their writer never brought here, or with other bytes. */
chunk_set register_unbrought(const struct store *store, const struct index_register *reg);

#endif
