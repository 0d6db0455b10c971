/*
 * A server from its start to its clean end.
 *
 * What can fail for lack of something is done first and told in a sentence on stderr;
 * from the first line of the log on, the server serves.
 */
#include "server.h"

#include "accounts.h"
#include "acceptor.h"
#include "admission.h"
#include "certificate.h"
#include "clock.h"
#include "connection.h"
#include "create.h"
#include "descriptors.h"
#include "healing.h"
#include "listener.h"
#include "log.h"
#include "mark.h"
#include "peers.h"
#include "proof.h"
#include "procs.h"
#include "registrar.h"
#include "secrets.h"
#include "settings.h"
#include "status.h"
#include "store.h"
#include "tls.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FINISH_MS = 5000, CUT_OFF_MS = 2000 };

/* Of the one server in this process: the table of procedures asks for a function. */
static struct admission *server_admission;

static unsigned count_connections(void)
{
	return admission_count(server_admission);
}

struct server {
	const struct settings *settings;
	struct certificate_files files;
	struct certificate *certificate;
	struct secrets_files secrets_files;
	struct secrets secrets;
	struct server_keys sign; /* of all four */
	struct server_key *sign_key;
	struct store *store;
	struct proof *proof;
	struct acceptor *acceptor;
	struct peers *peers;
	struct accounts *accounts;
	struct healing *healing;
	struct admission *admission;
	struct listener *listener;
	struct registrar *registrar;
	struct server_parts parts;
	struct connection_shared shared;
	bool has_pid_file;
};

/* ---- the pid file -------------------------------------------------------------- */

/* Renamed into place, so that who waits for it never reads half of it. */
static void write_pid(struct server *server)
{
	const char *file = server->settings->pid;
	char fresh[PATH_MAX + 8], text[32];
	int len = snprintf(text, sizeof text, "%d\n", (int)getpid());

	(void)snprintf(fresh, sizeof fresh, "%s.new", file);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool written = fd >= 0 && write(fd, text, (size_t)len) == len;
	if (fd >= 0 && close(fd) < 0)
		written = false;
	server->has_pid_file = written && rename(fresh, file) == 0;
	if (!server->has_pid_file) {
		char quoted[256];

		log_event(LOG_WARN, "no-pid-file", "file=%s why=%s",
			  log_quote(file, strlen(file), quoted, sizeof quoted),
			  strerrorname_np(errno));
	}
}

/* ---- start --------------------------------------------------------------------- */

static bool load_secrets(struct server *server)
{
	const struct settings *settings = server->settings;
	char why[2 * PATH_MAX + 256];

	server->files = (struct certificate_files){.name = settings->name,
						   .cert = settings->cert,
						   .key = settings->key,
						   .new_key = settings->new_key,
						   .ca = settings->cluster.ca,
						   .folder = settings->cluster.folder};
	server->certificate = certificate_load(&server->files, why, sizeof why);
	server->sign = settings->cluster.sign;
	pthread_mutex_init(&server->secrets.lock, NULL);
	server->secrets_files =
		(struct secrets_files){.newest = settings->secret,
				       .former = settings->former_secret,
				       .folder = settings->cluster.folder};
	if (server->certificate &&
	    secrets_read(&server->secrets, &server->secrets_files, why, sizeof why))
		return true;
	log_say(why);
	return false;
}

static bool open_store(struct server *server)
{
	const struct settings *settings = server->settings;
	struct store_rules rules = store_rules_default;
	const struct store_options options = {.folder = settings->data,
					      .server = settings->number,
					      .cluster = settings->cluster.id,
					      .rules = &rules};
	char why[2 * PATH_MAX + 512] = "";

	if (!mark_allows(settings, why, sizeof why)) {
		log_say(why);
		return false;
	}
	rules.grace_ms = settings->cluster.tuning.keep_readable_ms;
	int rc = store_open(&options, &server->store, why, sizeof why);
	if (rc != 0) {
		log_say(why[0] != '\0' ? why : strerrordesc_np(rc));
		return false;
	}
	mark_leave(settings);
	/* After the store, for one of an older version has no such key, and says so. */
	server->sign_key =
		server_key_read(settings->sign_key, settings->cluster.folder,
				settings->number, &server->sign, why, sizeof why);
	if (!server->sign_key) {
		log_say(why);
		return false;
	}
	server->acceptor =
		acceptor_new(server->store, settings->number, &acceptor_rules_default);
	server->proof =
		proof_new(server->store, &settings->cluster.admin_key, &server->sign);
	server->admission = admission_new(&admission_limits_default);
	if (server->acceptor && server->proof && server->admission) {
		acceptor_set_proof(server->acceptor, server->proof);
		acceptor_set_key(server->acceptor, server->sign_key);
		return true;
	}
	log_say("out of memory");
	return false;
}

/* Begins to connect to the others. */
static bool meet_others(struct server *server)
{
	const struct settings *settings = server->settings;

	server->peers = peers_new(&settings->cluster, settings->number,
				  certificate_peer(server->certificate), server->acceptor,
				  server->store);
	if (server->peers) {
		acceptor_set_ask(server->acceptor, peers_follow, server->peers);
		proof_set_ask(server->proof, peers_account, server->peers);
		server->accounts = accounts_new(&(struct accounts_options){
			.peers = server->peers,
			.server = settings->number,
			.secrets = &server->secrets,
			.admin_key = settings->cluster.admin_key,
			.rules = &accounts_rules_default});
	}
	if (server->accounts)
		server->healing = healing_start(&(struct healing_options){
			.cluster = &settings->cluster,
			.server = settings->number,
			.take_tls = certificate_peer(server->certificate),
			.folder = settings->data,
			.store = server->store,
			.acceptor = server->acceptor,
			.peers = server->peers});
	if (server->healing)
		return true;
	log_say("out of memory or threads");
	return false;
}

static void share(struct server *server)
{
	const struct settings *settings = server->settings;

	server_admission = server->admission;
	server->parts = (struct server_parts){.number = settings->number,
					      .cluster = settings->cluster.id,
					      .store = server->store,
					      .acceptor = server->acceptor,
					      .peers = server->peers,
					      .accounts = server->accounts,
					      .healing = server->healing,
					      .secrets = &server->secrets,
					      .started_ns = clock_wall_ns(),
					      .connections = count_connections};
	server->shared = (struct connection_shared){.server = &server->parts,
						    .certificate = server->certificate,
						    .times = &connection_times_default};
}

/* Of Debian's line "127.0.1.1 HOST" in /etc/hosts comes such an address. */
static void tell_loopback(const struct server *server)
{
	const struct settings *settings = server->settings;

	if (!settings->listen_is_chosen && listener_is_loopback(server->listener) &&
	    cluster_is_spread(&settings->cluster, settings->number))
		log_event(LOG_ERROR, "unreachable",
			  "address=%s why=\"%s is an address of this machine alone "
			  "(127.0.1.1 in /etc/hosts?), and no other can reach it: write "
			  "listen = 0.0.0.0:PORT into [%s] of cluster.conf\"",
			  listener_address(server->listener), settings->listen,
			  settings->name);
}

static bool listen_on(struct server *server)
{
	const struct settings *settings = server->settings;
	char why[512];

	server->listener = listener_open(settings->listen, why, sizeof why);
	if (!server->listener) {
		log_say(why);
		return false;
	}
	write_pid(server);
	if (!listener_start(server->listener, server->admission, &server->shared)) {
		log_say("no thread to be had");
		return false;
	}
	log_event(LOG_INFO, "listening", "address=%s",
		  listener_address(server->listener));
	tell_loopback(server);
	if (settings->use_rpcbind) {
		server->registrar =
			registrar_start(server->listener,
					DFS_PROGRAM + settings->number - 1, DFS_VERSION);
		if (!server->registrar)
			log_event(LOG_WARN, "unregistered", "why=no-thread");
	}
	return true;
}

static void tell_state(const struct server *server)
{
	struct store_numbers numbers;

	store_get_numbers(server->store, &numbers);
	log_event(LOG_INFO, "started",
		  "version=%s pid=%d segments=%" PRIu64 " files=%" PRIu64, DFS_SOFTWARE,
		  (int)getpid(), numbers.segments, numbers.files);
}

/* ---- while it runs ------------------------------------------------------------- */

static void tell_certificate(const struct server *server)
{
	char serial[CERTIFICATE_TEXT], until[CERTIFICATE_TEXT];

	certificate_describe(server->certificate, serial, until);
	log_event(LOG_INFO, "certificate", "serial=%s until=%s", serial, until);
}

/* At the start, when they were read again, and then once a day. */
static void warn_of_ends(const struct server *server)
{
	for (int of_ca = 0; of_ca <= 1; of_ca++) {
		int days = certificate_days_left(server->certificate, of_ca);

		if (days < TLS_WARN_DAYS)
			log_event(LOG_WARN, "certificate-ends", "of=%s days=%d",
				  of_ca ? "ca" : server->settings->name, days);
	}
}

/* Keys that servers sign with: what cluster.conf names besides counts from now on. */
static bool reload_keys(struct server *server, char *why, size_t why_size)
{
	struct cluster cluster;

	if (!cluster_read(server->settings->config, &cluster, why, why_size))
		return false;
	if (server_keys_follow(&server->sign, &cluster.sign))
		return true;
	(void)snprintf(why, why_size,
		       "%s lacks a key of a server that was there: the lines with sign "
		       "only grow",
		       server->settings->config);
	return false;
}

/*
 * SIGHUP: the keys that servers sign with, certificate, key, CA, the list of what it has
 * revoked, and the secret are read again.  Keys and secrets that are of no use change
 * nothing.  The others count together; where one is of no use, none of them changes.
 */
static void server_reload(struct server *server)
{
	char why[2 * PATH_MAX + 256], quoted[512];

	if (reload_keys(server, why, sizeof why) &&
	    secrets_read(&server->secrets, &server->secrets_files, why, sizeof why) &&
	    certificate_reload(server->certificate, why, sizeof why)) {
		peers_set_tls(server->peers, certificate_peer(server->certificate));
		healing_set_tls(server->healing, certificate_peer(server->certificate));
		tell_certificate(server);
		warn_of_ends(server);
	} else {
		log_event(LOG_WARN, "not-reloaded", "why=%s",
			  log_sentence(why, quoted, sizeof quoted));
	}
}

/* Until SIGTERM or SIGINT, which is returned. */
static int wait_for_end(struct server *server, const sigset_t *signals)
{
	const struct timespec day = {.tv_sec = 86400};
	int signal_number;

	do {
		signal_number = sigtimedwait(signals, NULL, &day);
		if (signal_number == SIGHUP)
			server_reload(server);
		else if (signal_number < 0 && errno == EAGAIN)
			warn_of_ends(server);
	} while (signal_number < 0 || signal_number == SIGHUP);
	return signal_number;
}

/* ---- end ----------------------------------------------------------------------- */

/* false when connections do not end: then the store is in use and may not be closed. */
static bool end_connections(struct server *server)
{
	if (!server->admission)
		return true;
	admission_end_input(server->admission);
	if (admission_wait_empty(server->admission, clock_now_ms() + FINISH_MS))
		return true;
	admission_cut_off(server->admission);
	return admission_wait_empty(server->admission, clock_now_ms() + CUT_OFF_MS);
}

static void stop(struct server *server)
{
	bool served = server->listener;

	listener_close(server->listener);
	registrar_stop(server->registrar);
	accounts_cancel(server->accounts);
	peers_cancel(server->peers);
	healing_stop(server->healing);
	if (!end_connections(server)) {
		/*
		 * The process ends under them, which is as safe as kill -9: stores are
		 * made for that.
		 */
		log_event(LOG_WARN, "stopped", "connections=%u",
			  admission_count(server->admission));
		goto done;
	}
	healing_free(server->healing);
	accounts_free(server->accounts);
	peers_free(server->peers);
	acceptor_free(server->acceptor);
	proof_free(server->proof);
	server_key_free(server->sign_key);
	store_close(server->store);
	admission_free(server->admission);
	certificate_free(server->certificate);
	if (served)
		log_event(LOG_INFO, "stopped", "connections=0");
done:
	if (server->has_pid_file)
		(void)unlink(server->settings->pid);
}

/* ---- the program --------------------------------------------------------------- */

/* Stores keep files open, and each connection is one more. */
static void raise_descriptor_limit(void)
{
	const rlim_t enough = 65536;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/*
 * Content comes and goes in pieces of 256 KiB and more.  Left to itself malloc would map
 * and unmap each of them, which costs as much as encrypting it (measured).  What is kept
 * instead is bounded, as admission bounds what is in use.
 */
static void tune_memory(void)
{
	(void)mallopt(M_ARENA_MAX, 4);
	(void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

static int serve(const struct settings *settings)
{
	/* Not of this function's frame: connections that do not end go on using it. */
	static struct server the_server;
	struct server *server = &the_server;
	sigset_t signals;
	int signal_number, code = DFS_EXIT_OTHER;

	server->settings = settings;

	/* Blocked in all threads from here on, and taken by sigwait below. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGHUP, SIG_DFL);  /* below nohup it would be thrown away */
	(void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes with write(2) */
	log_detach();
	raise_descriptor_limit();
	tune_memory();

	if (!load_secrets(server) || !open_store(server) || !meet_others(server))
		goto done;
	share(server);
	tell_state(server);
	tell_certificate(server);
	warn_of_ends(server);
	if (!listen_on(server))
		goto done;
	signal_number = wait_for_end(server, &signals);
	log_event(LOG_INFO, "stopping", "signal=%s", sigabbrev_np(signal_number));
	code = DFS_EXIT_DONE;
done:
	stop(server);
	log_flush();
	return code;
}

int server_main(unsigned number, int argc, char **argv)
{
	/* Kept by the log for as long as the process lives. */
	static struct settings settings;
	int code;

	if (!descriptors_keep_standard())
		return DFS_EXIT_OTHER;
	/* A limit on the size of files is a disk that is full: an error, not an end. */
	(void)signal(SIGXFSZ, SIG_IGN);

	if (settings_read(&settings, number, argc, argv, &code) == SETTINGS_EXIT)
		return code;
	log_start(settings.name,
		  settings.debug ? LOG_DEBUG : settings.cluster.tuning.log_level);
	return settings.create_store ? create_store(&settings, STDIN_FILENO)
				     : serve(&settings);
}
