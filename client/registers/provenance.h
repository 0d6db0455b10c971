/*
 * Whether what servers tell is proved, and opening a manifest that is.
 *
 * What three servers tell alike two honest ones have checked; what fewer tell is checked
 * here.  Content is never believed unproved, however many tell it.
 */
#ifndef DFS_PROVENANCE_H
#define DFS_PROVENANCE_H

#include "manifest.h"
#include "session.h"
#include "tally.h"

/*
 * Opens the manifest of a file, whose value at this path it is.  false, with result: code
 * 7 when its key is not wrapped for this user, 9 when it does not open, or is not proved
 * to be from who may write it.
 */
bool provenance_open(struct dfs *dfs, const char *path, const dfs_value *value,
		     struct manifest_secret *ret, struct dfs_result *result);

/* Is it proved that the path has been given this value, at or below this ballot? */
bool provenance_is_proved(struct dfs *dfs, const char *path, const dfs_accepted *told);

/*
 * Where no three tell the same of the path, or one tells of something newer: who tells
 * of a value that is not proved, and of which nobody else tells, has told nothing; its
 * register becomes NULL.  What is left is in ret_words too, as it is counted.
 */
void provenance_drop_unproved(struct dfs *dfs, const char *path,
			      const dfs_register *told[DFS_SERVERS],
			      struct tally_word ret_words[DFS_SERVERS]);

#endif
