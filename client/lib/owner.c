/* Whose a path is where content is stored. */
#include "owner.h"

#include "account_cache.h"
#include "path.h"

#include <string.h>

void owner_find(struct dfs *dfs, struct proposal *proposal)
{
	size_t path_len = strlen(proposal->path), len;
	const char *whose = path_of_whom(proposal->path, path_len, &len);

	memcpy(proposal->owner, dfs->user, sizeof proposal->owner);
	if (path_kind(proposal->path, path_len) != PATH_OF_FILE ||
	    path_is_shared(proposal->path, path_len) || len > DFS_USER_MAX)
		return;
	memcpy(proposal->owner, whose, len);
	proposal->owner[len] = '\0';
	if (strcmp(proposal->owner, dfs->user) != 0)
		proposal->owner_account = account_cache_find(dfs, proposal->owner,
							     &proposal->owner_unknown);
}
