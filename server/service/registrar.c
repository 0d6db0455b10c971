/*
 * Registration with rpcbind.
 *
 * rpcbind forgets everything when it restarts, hence again every minute.  libtirpc's
 * calls may wait far longer than a server that is told to stop, so stopping leaves a
 * thread behind that does not come back in time.
 */
#include "registrar.h"

#include "clock.h"
#include "directory.h"
#include "log.h"
#include <arpa/inet.h>
#include <netconfig.h>
#include <netinet/in.h>
#include <pthread.h>
#include <rpc/rpc.h>
#include <rpc/rpcb_clnt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 60000, ALIVE_MS = 1000, ASK_MS = 2000, STOP_MS = 3000 };

/* What is told once and not every minute. */
enum told { TOLD_NOTHING, TOLD_REGISTERED, TOLD_TAKEN, TOLD_ABSENT };

/* One entry of the directory: the program over one transport. */
struct registration {
	const char *netid; /* NULL: unused */
	struct sockaddr_storage address;
	socklen_t address_len;
	bool registered;
	enum told told;
};

/*
 * registrations belong to the thread.  lock guards stopping, ended and abandoned; changed
 * tells of them.  Whoever comes last, the thread or registrar_stop, frees all of it.
 */
struct registrar {
	uint32_t program, version;
	struct registration registrations[2];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping, ended, abandoned;
};

static unsigned short port_of(const struct registration *entry)
{
	/* The port lies at the same place in sockaddr_in and sockaddr_in6. */
	struct sockaddr_in address;

	memcpy(&address, &entry->address, sizeof address);
	return ntohs(address.sin_port);
}

/* Where to reach this very server, if the entry is for every address of the machine. */
static void host_of(const struct registration *entry, char *host, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	memcpy(&v6, &entry->address, sizeof v6);
	memcpy(&v4, &entry->address, sizeof v4);
	if (entry->address.ss_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
	else
		(void)inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
	(void)snprintf(host, size, "%s", text);
}

static bool is_any(const struct registration *entry)
{
	char host[INET6_ADDRSTRLEN];

	host_of(entry, host, sizeof host);
	return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* Is what the directory says our own address? */
static bool is_ours(const struct registration *entry, const char *host,
		    unsigned short port)
{
	char own[INET6_ADDRSTRLEN];

	host_of(entry, own, sizeof own);
	return port == port_of(entry) && (is_any(entry) || strcmp(own, host) == 0);
}

static bool set(const struct registrar *registrar, const struct registration *entry)
{
	struct netconfig *transport = getnetconfigent(entry->netid);
	struct sockaddr_storage address = entry->address;
	struct netbuf at = {
		.maxlen = entry->address_len, .len = entry->address_len, .buf = &address};
	bool done = transport &&
		    rpcb_set(registrar->program, registrar->version, transport, &at);

	if (transport)
		freenetconfigent(transport);
	return done;
}

static void unset(const struct registrar *registrar, const struct registration *entry)
{
	struct netconfig *transport = getnetconfigent(entry->netid);

	if (!transport)
		return;
	(void)rpcb_unset(registrar->program, registrar->version, transport);
	freenetconfigent(transport);
}

static void tell(struct registration *entry, enum told what, enum log_level level,
		 const char *event, const char *why)
{
	char quoted[256];

	if (entry->told != what)
		log_event(level, event, "netid=%s port=%u why=%s", entry->netid,
			  port_of(entry), log_sentence(why, quoted, sizeof quoted));
	entry->told = what;
}

/* One try for one entry. */
static void register_entry(const struct registrar *registrar, struct registration *entry)
{
	char host[DIRECTORY_HOST], why[200], taken[DIRECTORY_HOST + 60];
	const char *local = entry->address.ss_family == AF_INET6 ? "::1" : "127.0.0.1";
	unsigned short port;
	const struct directory_entry wanted = {local, registrar->program,
					       registrar->version, entry->netid};

	bool known = directory_ask(
		&wanted, host, &port,
		&(struct one_try){clock_now_ms() + ASK_MS, why, sizeof why});
	if (known && !is_ours(entry, host, port)) {
		if (directory_answers(host, port, registrar->program, registrar->version,
				      clock_now_ms() + ALIVE_MS)) {
			(void)snprintf(taken, sizeof taken,
				       "another server answers at %s port %u", host,
				       port);
			entry->registered = false;
			tell(entry, TOLD_TAKEN, LOG_WARN, "unregistered", taken);
			return;
		}
		log_event(LOG_INFO, "stale", "netid=%s address=%s port=%u", entry->netid,
			  log_quote(host, strlen(host), taken, sizeof taken), port);
		unset(registrar, entry);
	}
	if (set(registrar, entry)) {
		entry->registered = true;
		tell(entry, TOLD_REGISTERED, LOG_INFO, "registered", "rpcbind");
	} else {
		entry->registered = false;
		tell(entry, TOLD_ABSENT, LOG_WARN, "unregistered",
		     known ? "rpcbind keeps the entry of another user" : why);
	}
}

/* Waits for the next round; false when it is time to end. */
static bool wait_for_round(struct registrar *registrar)
{
	int64_t next = clock_now_ms() + AGAIN_MS;
	bool in_time = true;

	pthread_mutex_lock(&registrar->lock);
	while (!registrar->stopping && in_time)
		in_time = clock_wait(&registrar->changed, &registrar->lock, next);
	bool go_on = !registrar->stopping;
	pthread_mutex_unlock(&registrar->lock);
	return go_on;
}

static void registrar_free(struct registrar *registrar)
{
	pthread_cond_destroy(&registrar->changed);
	pthread_mutex_destroy(&registrar->lock);
	free(registrar);
}

static void *rounds(void *arg)
{
	struct registrar *registrar = arg;
	const size_t count =
		sizeof registrar->registrations / sizeof registrar->registrations[0];

	do {
		for (size_t i = 0; i < count; i++)
			if (registrar->registrations[i].netid)
				register_entry(registrar, &registrar->registrations[i]);
	} while (wait_for_round(registrar));
	for (size_t i = 0; i < count; i++)
		if (registrar->registrations[i].registered)
			unset(registrar, &registrar->registrations[i]);

	pthread_mutex_lock(&registrar->lock);
	registrar->ended = true;
	bool mine = registrar->abandoned;
	pthread_cond_signal(&registrar->changed);
	pthread_mutex_unlock(&registrar->lock);
	if (mine)
		registrar_free(registrar);
	return NULL;
}

static void fill_registrations(struct registrar *registrar,
			       const struct listener *listener)
{
	socklen_t len;
	const struct sockaddr *address = listener_socket_address(listener, &len);
	struct registration *entry = &registrar->registrations[0];

	memcpy(&entry->address, address, len);
	entry->address_len = len;
	entry->netid = address->sa_family == AF_INET6 ? "tcp6" : "tcp";
	if (!listener_is_dual(listener))
		return;
	struct sockaddr_in any = {.sin_family = AF_INET,
				  .sin_port = htons(port_of(entry)),
				  .sin_addr.s_addr = htonl(INADDR_ANY)};
	entry = &registrar->registrations[1];
	memcpy(&entry->address, &any, sizeof any);
	entry->address_len = sizeof any;
	entry->netid = "tcp";
}

struct registrar *registrar_start(const struct listener *listener, uint32_t program,
				  uint32_t version)
{
	struct registrar *registrar = calloc(1, sizeof *registrar);
	pthread_attr_t attributes;
	pthread_t thread;
	bool started;

	if (!registrar)
		return NULL;
	registrar->program = program;
	registrar->version = version;
	fill_registrations(registrar, listener);
	pthread_mutex_init(&registrar->lock, NULL);
	clock_condition_init(&registrar->changed);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	started = pthread_create(&thread, &attributes, rounds, registrar) == 0;
	pthread_attr_destroy(&attributes);
	if (!started) {
		registrar_free(registrar);
		return NULL;
	}
	return registrar;
}

void registrar_stop(struct registrar *registrar)
{
	int64_t end = clock_now_ms() + STOP_MS;
	bool in_time = true;

	if (!registrar)
		return;
	pthread_mutex_lock(&registrar->lock);
	registrar->stopping = true;
	pthread_cond_signal(&registrar->changed);
	while (!registrar->ended && in_time)
		in_time = clock_wait(&registrar->changed, &registrar->lock, end);
	bool mine = registrar->ended;
	registrar->abandoned = !mine;
	pthread_mutex_unlock(&registrar->lock);
	if (mine)
		registrar_free(registrar);
	else
		log_event(LOG_WARN, "unregister", "why=rpcbind-does-not-answer");
}
