/*
 * Whether what servers tell is proved, and opening a manifest that is.
 *
 * What three servers tell alike two honest ones have checked; what fewer tell is checked
 * here.  Content is never believed unproved, however many tell it.
 */
#ifndef DFS_PROVENANCE_H
#define DFS_PROVENANCE_H

#include "authority.h"
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

/* Where the session has keys from. */
struct authority_source provenance_source(struct dfs *dfs);

/* Is it proved that the path has this value at this ballot? */
bool provenance_is_proved(struct dfs *dfs, const char *path, const dfs_accepted *told);

/*
 * Whose word on the path is doubtful (tally_doubtful), and not proved, has told nothing:
 * its register becomes NULL.  Of those that tell the same, one whose proof is none gets
 * another's register.  What is left is in ret_words too, as it is counted.
 */
void provenance_drop_unproved(struct dfs *dfs, const char *path,
			      const dfs_register *told[DFS_SERVERS],
			      struct tally_word ret_words[DFS_SERVERS]);

#endif
