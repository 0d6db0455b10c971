/*
 * A store that is lost begins again.
 *
 * Results, threads and ownership are as in store.h.
 */
#ifndef DFS_STORE_PHASE_H
#define DFS_STORE_PHASE_H

#include "store.h"

/*
 * The store is not whole any more: its peers know that it is old or another one.  Nothing
 * is written into it from now on (commits fail with EIO) until store_recover_begin; what
 * is here can be read.  why: a sentence for people, which is copied.
 */
void store_condemn(struct store *store, const char *why);

/*
 * Is the store still the folder that was opened?  Not when that was removed, or its disk
 * is not mounted any more; then it is not whole, and nothing is merged or dropped.
 * Cheap: to be asked every second.
 */
bool store_in_place(struct store *store);

/*
 * Begins a recovery, also in a folder that is empty or has gaps.  Durably: the store has
 * a new id, and registers, bindings, floor, reservation and epoch in what was there are
 * dead for ever; its content counts, and what is remembered of peers.  The first segment
 * that counts gets a number above all that are there and above at_least.  Then batches
 * may be committed, though the store is not whole; nothing is dropped.  It may be called
 * again, to begin anew.
 *
 * EINVAL: the store is whole (store_condemn it first); ERANGE: no such number.
 */
int store_recover_begin(struct store *store, uint64_t at_least);

/*
 * Everything that the recovery had to learn is committed: the store is whole, durably,
 * and votes in this epoch, which its head has from now on.  EINVAL: no recovery is under
 * way, or the epoch is 0 or below the store's.  After an error it is still RECOVERING.
 */
int store_recover_end(struct store *store, uint32_t epoch);

#endif
