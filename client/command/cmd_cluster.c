/* cluster create DIR, cluster renew DIR */
#include "commands.h"

#include "cluster_create.h"
#include "cluster_renew.h"
#include "output.h"
#include "run.h"
#include "sets.h"
#include "status.h"
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void report(struct run *run, const char *folder, const struct cluster *cluster)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		char name[8];

		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		if (output_json(run->output))
			output_object(run->output, "server", name, DFS_EXIT_DONE,
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
 * Whoever interrupts it finds a whole cluster or none, and certificates with their keys:
 * a signal ends the server's program that is at work, which is a failure like others, and
 * this one when all is done or taken back.
 */
static void hold_signals(sigset_t *ret_before)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, ret_before);
}

static int verb_create(struct run *run)
{
	const struct options *options = &run->options;
	const struct cluster_plan plan = {.folder = options->arguments[1],
					  .base_port = options->values[OPTION_BASE_PORT],
					  .hosts = options->hosts,
					  .host_count = options->host_count};
	struct cluster cluster;
	struct dfs_result result;
	sigset_t before;

	if (options->count != 2)
		return run_usage(run, "cluster create takes one folder");
	hold_signals(&before);
	result = cluster_create(&plan, &cluster);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (result.code == DFS_EXIT_DONE)
		report(run, plan.folder, &cluster);
	else
		output_failure(run->output, "path", NULL, result.code, result.why);
	return result.code;
}

/*
 * The servers that are named, "dfs1" to "dfs4"; all when there is none; 0 when one is
 * wrong.
 */
static server_set named_servers(const struct options *options)
{
	server_set servers = 0;

	for (size_t i = 2; i < options->count; i++) {
		const char *name = options->arguments[i];

		if (strncmp(name, "dfs", 3) != 0 || name[3] < '1' ||
		    name[3] > '0' + DFS_SERVERS || name[4] != '\0')
			return 0;
		servers = set_with(servers, (unsigned)(name[3] - '0'));
	}
	return servers != 0 ? servers : SERVERS_ALL;
}

static void report_renewed(struct run *run, const char *folder, unsigned server,
			   const struct cluster_renewed *renewed)
{
	char name[8], pid[PATH_MAX + 16];

	(void)snprintf(name, sizeof name, "dfs%u", server);
	(void)snprintf(pid, sizeof pid, "%s/%s/pid", folder, name);
	if (output_json(run->output))
		output_object(run->output, "server", name, DFS_EXIT_DONE,
			      json_pack("{s:b, s:b}", "certificate", renewed->certificate,
					"secret", renewed->secret));
	else if (renewed->new_secret)
		output_text(run->output,
			    "%s has a new certificate and a new secret: stop it and "
			    "start it again\n",
			    name);
	else if (access(pid, F_OK) == 0)
		output_text(run->output,
			    "%s has a new certificate%s; if it is running: kill -HUP "
			    "$(cat '%s')\n",
			    name, renewed->secret ? " and the secret of the others" : "",
			    pid);
	else
		output_text(run->output,
			    "%s has a new certificate%s; copy %s/%s to its machine, and "
			    "where it is running send it SIGHUP\n",
			    name, renewed->secret ? " and the secret of the others" : "",
			    folder, name);
}

static int verb_renew(struct run *run)
{
	const struct options *options = &run->options;
	struct cluster_renewed renewed[DFS_SERVERS];
	server_set servers = named_servers(options);
	struct dfs_result result;
	sigset_t before;

	if (options->count < 2 || servers == 0)
		return run_usage(run, "cluster renew takes a folder, and then which "
				      "servers are meant: dfs1 to dfs4");
	if (options_has(options, OPTION_BASE_PORT) || options->host_count > 0)
		return run_usage(run, "--base-port and --host are for cluster create");
	hold_signals(&before);
	result = cluster_renew(options->arguments[1], servers, renewed);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (renewed[s - 1].certificate)
			report_renewed(run, options->arguments[1], s, &renewed[s - 1]);
	if (result.code != DFS_EXIT_DONE)
		output_failure(run->output, "path", NULL, result.code, result.why);
	return result.code;
}

static int verb_cluster(struct run *run)
{
	const struct options *options = &run->options;

	if (options->count > 0 && strcmp(options->arguments[0], "create") == 0)
		return verb_create(run);
	if (options->count > 0 && strcmp(options->arguments[0], "renew") == 0)
		return verb_renew(run);
	return run_usage(run, "what to do with a cluster: cluster create DIR, or "
			      "cluster renew DIR");
}

const struct command cmd_cluster = {
	.name = "cluster",
	.usage = "cluster create DIR [--base-port PORT|auto] [--host N=HOST[:PORT]]...\n"
		 "       or cluster renew DIR [dfsN]...",
	.summary = "Make a new cluster of four servers, or new certificates",
	.examples = {"cluster create mycluster --host 1=alpha --host 2=beta:7000",
		     "cluster renew mycluster dfs2"},
	.details = "Makes in DIR the file cluster.conf, the certificates of the cluster "
		   "and of its\n"
		   "servers, and for each server a folder dfsN/ with an empty store.  "
		   "The servers\n"
		   "listen on 127.0.0.1 unless --host says where they are.  Another "
		   "machine needs\n"
		   "cluster.conf, ca.pem and its own dfsN/, never ca.key.  The first "
		   "user is admin,\n"
		   "whose password is in DIR/admin.password.\n\n"
		   "renew makes new keys and certificates for all servers or those that "
		   "are named,\n"
		   "with DIR/ca.key, and gives a server that has lost its secret that of "
		   "another.\n"
		   "A running server loads them on SIGHUP.\n",
	.options = OPTION_BIT(OPTION_BASE_PORT) | OPTION_BIT(OPTION_HOST),
	.run = verb_cluster,
};
