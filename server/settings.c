/* The command line of a server, and where its things are. */
#include "settings.h"

#include "log.h"
#include "status.h"
#include <getopt.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: %s [--config FILE] [--data DIR] [--listen ADDR:PORT] [--no-rpcbind] "
	"[--debug]\n"
	"           [--replace-store]\n"
	"       %s --create-store [--config FILE] [--data DIR]\n";

static const char help[] =
	"\n"
	"Server %u of a cluster, in the foreground until SIGTERM.\n"
	"\n"
	"  --config FILE       the cluster's cluster.conf (else ../cluster.conf of this\n"
	"                      program, $DFS_CONFIG, ~/.config/dfs or /etc/dfs)\n"
	"  --data DIR          the store (else %s/data beside cluster.conf)\n"
	"  --listen ADDR:PORT  instead of the address in cluster.conf; port 0: any\n"
	"  --no-rpcbind        do not register with rpcbind\n"
	"  --debug             log every call\n"
	"  --replace-store     where the store is gone: begin a new one, and take\n"
	"                      everything from the other servers\n"
	"  --create-store      make a store of the registers on stdin and end; 8 when "
	"there\n"
	"                      is one\n"
	"  -h, --help, --version\n";

enum option_code {
	OPTION_CONFIG = 256,
	OPTION_DATA,
	OPTION_LISTEN,
	OPTION_NO_RPCBIND,
	OPTION_CREATE_STORE,
	OPTION_REPLACE_STORE,
	OPTION_DEBUG,
	OPTION_VERSION
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"data", required_argument, NULL, OPTION_DATA},
	{"listen", required_argument, NULL, OPTION_LISTEN},
	{"no-rpcbind", no_argument, NULL, OPTION_NO_RPCBIND},
	{"create-store", no_argument, NULL, OPTION_CREATE_STORE},
	{"replace-store", no_argument, NULL, OPTION_REPLACE_STORE},
	{"debug", no_argument, NULL, OPTION_DEBUG},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

/* Writes a name that may not be cut off; false, told, when it does not fit. */
__attribute__((format(printf, 4, 5))) static bool
fill(const struct settings *settings, char *to, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(to, size, format, args);
	va_end(args);
	if (len >= 0 && (size_t)len < size)
		return true;
	(void)fprintf(stderr, "%s: a name is too long: %s\n", settings->name, to);
	return false;
}

/* "../cluster.conf" of the running program; false when there is none. */
static bool beside_program(char *file, size_t size)
{
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);

	if (len <= 0)
		return false;
	program[len] = '\0';
	len = snprintf(file, size, "%s/../cluster.conf", dirname(program));
	return len > 0 && (size_t)len < size && access(file, F_OK) == 0;
}

static bool find_cluster(struct settings *settings, const char *given)
{
	char file[PATH_MAX], why[512];

	if ((given || !beside_program(file, sizeof file)) &&
	    !cluster_find(given, file, sizeof file)) {
		(void)fprintf(
			stderr,
			"%s: no cluster.conf found; name one with --config, or make "
			"a cluster with \"client cluster create DIR\"\n",
			settings->name);
		return false;
	}
	if (!fill(settings, settings->config, sizeof settings->config, "%s", file))
		return false;
	if (!cluster_read(file, &settings->cluster, why, sizeof why)) {
		(void)fprintf(stderr, "%s: %s\n", settings->name, why);
		return false;
	}
	return true;
}

static bool find_files(struct settings *settings, const char *data)
{
	const char *folder = settings->cluster.folder, *name = settings->name;

	return (data ? fill(settings, settings->data, sizeof settings->data, "%s", data)
		     : fill(settings, settings->data, sizeof settings->data, "%s/%s/data",
			    folder, name)) &&
	       fill(settings, settings->cert, sizeof settings->cert, "%s/%s/cert.pem",
		    folder, name) &&
	       fill(settings, settings->key, sizeof settings->key, "%s/%s/key.pem",
		    folder, name) &&
	       fill(settings, settings->new_key, sizeof settings->new_key,
		    "%s/%s/key.new.pem", folder, name) &&
	       fill(settings, settings->secret, sizeof settings->secret, "%s/%s/secret",
		    folder, name) &&
	       fill(settings, settings->former_secret, sizeof settings->former_secret,
		    "%s/%s/secret.old", folder, name) &&
	       fill(settings, settings->sign_key, sizeof settings->sign_key,
		    "%s/%s/sign.key", folder, name) &&
	       fill(settings, settings->pid, sizeof settings->pid, "%s/%s/pid", folder,
		    name) &&
	       fill(settings, settings->mark, sizeof settings->mark, "%s/%s/store",
		    folder, name);
}

/* Before anything is opened: wrong usage. */
static bool is_address(const struct settings *settings, const char *given)
{
	char host[256];
	unsigned short port;

	if (cluster_split_address(given, host, sizeof host, &port))
		return true;
	(void)fprintf(stderr,
		      "%s: --listen %s is not an address; write HOST:PORT or [V6]:PORT\n",
		      settings->name, given);
	return false;
}

/* Without any address the port is the system's choice, which rpcbind tells to clients. */
static bool find_address(struct settings *settings, const char *given)
{
	const struct cluster_server *server =
		&settings->cluster.servers[settings->number - 1];
	const char *address = server->address;

	settings->listen_is_chosen = given || server->listen[0] != '\0';
	if (given)
		address = given;
	else if (server->listen[0] != '\0')
		address = server->listen;
	else if (address[0] == '\0')
		address = "127.0.0.1:0";
	return fill(settings, settings->listen, sizeof settings->listen, "%s", address);
}

enum settings_next settings_read(struct settings *settings, unsigned number, int argc,
				 char **argv, int *ret_code)
{
	const char *config = NULL, *data = NULL, *address = NULL;
	int code;

	memset(settings, 0, sizeof *settings);
	settings->number = number;
	settings->use_rpcbind = true;
	(void)snprintf(settings->name, sizeof settings->name, "dfs%u", number);
	*ret_code = DFS_EXIT_USAGE;
	if (argc > 0)
		argv[0] = settings->name; /* getopt's messages begin with it */
	while ((code = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (code) {
		case OPTION_CONFIG:
			config = optarg;
			break;
		case OPTION_DATA:
			data = optarg;
			break;
		case OPTION_LISTEN:
			address = optarg;
			break;
		case OPTION_NO_RPCBIND:
			settings->use_rpcbind = false;
			break;
		case OPTION_CREATE_STORE:
			settings->create_store = true;
			break;
		case OPTION_REPLACE_STORE:
			settings->replace_store = true;
			break;
		case OPTION_DEBUG:
			settings->debug = true;
			break;
		case 'h':
			(void)printf(usage, settings->name, settings->name);
			(void)printf(help, number, settings->name);
			*ret_code = DFS_EXIT_DONE;
			return SETTINGS_EXIT;
		case OPTION_VERSION:
			(void)printf("%s %s\n", settings->name, DFS_SOFTWARE);
			*ret_code = DFS_EXIT_DONE;
			return SETTINGS_EXIT;
		default: /* getopt has told what is wrong */
			(void)fprintf(stderr, usage, settings->name, settings->name);
			return SETTINGS_EXIT;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "%s: unexpected argument: %s\n", settings->name,
			      argv[optind]);
		(void)fprintf(stderr, usage, settings->name, settings->name);
		return SETTINGS_EXIT;
	}
	if (address && !is_address(settings, address))
		return SETTINGS_EXIT;
	*ret_code = DFS_EXIT_OTHER;
	if (!find_cluster(settings, config) || !find_files(settings, data) ||
	    !find_address(settings, address))
		return SETTINGS_EXIT;
	return SETTINGS_RUN;
}
