/* cluster create DIR, cluster renew DIR, cluster revoke DIR dfsN */
#include "upkeep.h"

#include "cluster_create.h"
#include "cluster_renew.h"
#include "cluster_revoke.h"
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
			      json_pack("{s:b, s:b, s:b}", "certificate",
					renewed->certificate, "secret", renewed->secret,
					"sign_key", renewed->sign_key));
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
	if (renewed->sign_key && !output_json(run->output))
		output_text(
			run->output,
			"%s has another key to sign with, too, which it takes when it "
			"is started again: copy\n%s/cluster.conf to all servers and "
			"users, and send the other servers SIGHUP\n",
			name, folder);
}

/* The name of a certificate's copy is the administrator's: what matters is what it is. */
static void report_authority(struct run *run, const char *folder)
{
	if (output_json(run->output))
		output_object(run->output, "path", "ca.pem", DFS_EXIT_DONE,
			      json_pack("{s:b}", "certificate", true));
	else
		output_text(run->output,
			    "the CA has a new certificate, before the old one in "
			    "%s/ca.pem: copy that file\nto all servers' machines, where "
			    "running servers take it on SIGHUP, and to all users, in\n"
			    "any order; whoever has only the old one goes on until it "
			    "ends\n",
			    folder);
}

static int verb_renew(struct run *run)
{
	const struct options *options = &run->options;
	struct cluster_renewed renewed[DFS_SERVERS];
	server_set servers = named_servers(options);
	struct dfs_result result;
	sigset_t before;
	bool authority;

	if (options->count < 2 || servers == 0)
		return run_usage(run, "cluster renew takes a folder, and then which "
				      "servers are meant: dfs1 to dfs4");
	if (options_has(options, OPTION_BASE_PORT) || options->host_count > 0)
		return run_usage(run, "--base-port and --host are for cluster create");
	hold_signals(&before);
	result = cluster_renew(options->arguments[1], servers, renewed, &authority);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (authority)
		report_authority(run, options->arguments[1]);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (renewed[s - 1].certificate)
			report_renewed(run, options->arguments[1], s, &renewed[s - 1]);
	if (result.code != DFS_EXIT_DONE)
		output_failure(run->output, "path", NULL, result.code, result.why);
	return result.code;
}

static void report_revoked(struct run *run, const char *folder, unsigned server)
{
	char name[8];

	(void)snprintf(name, sizeof name, "dfs%u", server);
	if (output_json(run->output)) {
		output_object(run->output, "server", name, DFS_EXIT_DONE,
			      json_pack("{s:b, s:b, s:b}", "revoked", true, "secret",
					true, "sign_key", true));
		return;
	}
	output_text(
		run->output,
		"%s is revoked once the others know of it; within the hour, and in this "
		"order:\n"
		"1. copy %s/crl.pem and cluster.conf to where ca.pem is on all servers' "
		"machines, and of\n"
		"   each of the other three its dfsN/secret and dfsN/secret.old; send "
		"these three SIGHUP\n"
		"2. give crl.pem and cluster.conf to all users, beside their ca.pem\n"
		"3. for %s to come back: client cluster renew '%s' %s, copy %s/%s, "
		"crl.pem and\n"
		"   cluster.conf to its machine, and start it again\n",
		name, folder, name, folder, name, folder, name);
}

static int verb_revoke(struct run *run)
{
	const struct options *options = &run->options;
	server_set servers = named_servers(options);
	struct dfs_result result;
	unsigned server = 1;
	sigset_t before;

	if (options->count != 3 || servers == 0)
		return run_usage(run,
				 "cluster revoke takes a folder, and the server that "
				 "is meant: dfs1 to dfs4");
	if (options_has(options, OPTION_BASE_PORT) || options->host_count > 0)
		return run_usage(run, "--base-port and --host are for cluster create");
	while (!set_has(servers, server))
		server++;
	hold_signals(&before);
	result = cluster_revoke(options->arguments[1], server);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (result.code == DFS_EXIT_DONE)
		report_revoked(run, options->arguments[1], server);
	else
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
	if (options->count > 0 && strcmp(options->arguments[0], "revoke") == 0)
		return verb_revoke(run);
	return run_usage(run, "what to do with a cluster: cluster create DIR, "
			      "cluster renew DIR, or cluster revoke DIR dfsN");
}

const struct command cmd_cluster = {
	.name = "cluster",
	.usage = "cluster create DIR [--base-port PORT|auto] [--host N=HOST[:PORT]]...\n"
		 "       or cluster renew DIR [dfsN]...\n"
		 "       or cluster revoke DIR dfsN",
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
		   "A running server loads them on SIGHUP.  A CA that ends within five "
		   "years gets a\n"
		   "new certificate beside the old one.\n\n"
		   "revoke is for a server whose folder was stolen: it puts its "
		   "certificate on the\n"
		   "list DIR/crl.pem, which servers and clients look at, and changes the "
		   "secret of\n"
		   "the servers.\n",
	.options = OPTION_BIT(OPTION_BASE_PORT) | OPTION_BIT(OPTION_HOST),
	.run = verb_cluster,
};
