/* cluster create DIR */
#include "commands.h"

#include "cluster_create.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void report(struct run *run, const char *folder, const struct cluster *cluster)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		char name[8];

		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		if (output_json(run->output))
			output_object(run->output, "server", name, DFS_EXIT_DONE, NULL,
				      json_pack("{s:s}", "address",
						cluster->servers[i].address));
		else
			output_text(run->output, "%s %s\n", name,
				    cluster->servers[i].address);
	}
	output_remark(
		run->output,
		"%s is a new cluster; start its servers with \"dfs1 --config "
		"%s/cluster.conf\" and so on, and keep %s/ca.key and %s/admin.password "
		"where no server is",
		folder, folder, folder, folder);
}

/*
 * Whoever interrupts it finds a whole cluster or none: a signal ends the server's program that is at
 * work, which is a failure like others, and this one when all is taken back.
 */
static struct dfs_result create(const struct cluster_plan *plan, struct cluster *cluster)
{
	sigset_t signals, before;
	struct dfs_result result;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, &before);
	result = cluster_create(plan, cluster);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

static int run_cluster(struct run *run)
{
	const struct options *options = &run->options;
	struct cluster_plan plan = {.base_port = options->values[OPTION_BASE_PORT],
				    .hosts = options->hosts,
				    .host_count = options->host_count};
	struct cluster cluster;
	struct dfs_result result;

	if (options->count == 0 || strcmp(options->arguments[0], "create") != 0)
		return run_usage(run,
				 "the only thing to do with a cluster is to create it: "
				 "cluster create DIR");
	if (options->count != 2)
		return run_usage(run, "cluster create takes one folder");
	plan.folder = options->arguments[1];
	result = create(&plan, &cluster);
	if (result.code == DFS_EXIT_DONE)
		report(run, plan.folder, &cluster);
	else
		output_failure(run->output, "path", NULL, result.code, result.why);
	return result.code;
}

const struct command cmd_cluster = {
	.name = "cluster",
	.usage = "cluster create DIR [--base-port PORT|auto] [--host N=HOST[:PORT]]...",
	.summary = "Make a new cluster of four servers",
	.examples = {"cluster create mycluster",
		     "cluster create mycluster --host 1=alpha --host 2=beta:7000"},
	.details = "Makes in DIR the file cluster.conf, the certificates of the cluster "
		   "and of its\n"
		   "servers, and for each server a folder dfsN/ with an empty store.  "
		   "The servers\n"
		   "listen on 127.0.0.1 unless --host says where they are.  Another "
		   "machine needs\n"
		   "cluster.conf, ca.pem and its own dfsN/, never ca.key.  The first "
		   "user is admin,\n"
		   "whose password is in DIR/admin.password.\n",
	.options = OPTION_BIT(OPTION_BASE_PORT) | OPTION_BIT(OPTION_HOST),
	.run = run_cluster,
};
