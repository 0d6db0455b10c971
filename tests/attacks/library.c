/* Somebody who keeps to the rules. */
#include "library.h"

#include "attack.h"
#include "session_file.h"

#include <signal.h>
#include <stdlib.h>

struct dfs *library_open(const char *user)
{
	const char *config = getenv("DFS_CONFIG");
	static struct cluster cluster;
	struct dfs_pass pass;
	struct dfs_result result;
	struct dfs *dfs = NULL;
	char why[512] = "";

	/* As the client: a server that hangs up is an error like others. */
	(void)signal(SIGPIPE, SIG_IGN);
	attack_must(config && cluster_read(config, &cluster, why, sizeof why),
		    "DFS_CONFIG");
	result = session_file_read(&cluster.id, user, &pass);
	if (result.code == 0)
		result = dfs_open(&(struct dfs_options){.config = config,
							.user = user,
							.pass = &pass},
				  &dfs);
	if (result.code == 0)
		result = dfs_login(dfs);
	if (result.code != 0)
		attack_broken("%s: %s", user, result.why);
	return dfs;
}
