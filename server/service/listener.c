/*
 * Accepting connections.
 *
 * A thread per connection: there are tens of clients, blocking code over TLS is the
 * simplest to get right, and caps are easy to see.  Whom admission refuses is closed at
 * once; when descriptors or threads are short the loop pauses instead of spinning.
 */
#include "listener.h"

#include "cluster.h"
#include "log.h"
#include "throttle.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* Who finds it full comes again a second later: strangers fill 512 at once. */
	BACKLOG = 4096,
	PAUSE_MS = 100,
	/* For handlers, XDR (dfs.x has no recursion) and TLS; untouched, it is free. */
	STACK = 512 * 1024
};

struct listener {
	int fd;
	int wake; /* an eventfd: the loop is to end */
	struct sockaddr_storage socket_address;
	socklen_t socket_address_len;
	char address[LISTENER_ADDRESS];
	struct admission *admission;
	const struct connection_shared *shared;
	pthread_t thread;
	bool started;
	struct throttle throttle;
};

/* What a new thread is given. */
struct arrival {
	const struct connection_shared *shared;
	struct admission_seat *seat;
	int fd;
	char address[64];
};

/* "host:port", of an IPv4 address mapped into IPv6 as of IPv4. */
static void address_text(const struct sockaddr *address, socklen_t len, char *text,
			 size_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	const char *shown = host;

	if (getnameinfo(address, len, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		(void)snprintf(text, size, "unknown");
		return;
	}
	if (strncmp(host, "::ffff:", 7) == 0 && strchr(host, '.'))
		shown = host + 7;
	(void)snprintf(text, size, strchr(shown, ':') ? "[%s]:%s" : "%s:%s", shown, port);
}

static int bind_and_listen(const struct addrinfo *to)
{
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		goto fail;
	if (to->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0)
		goto fail;
	if (bind(fd, to->ai_addr, to->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		goto fail;
	return fd;
fail:
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

struct listener *listener_open(const char *address, char *why, size_t why_size)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct listener *listener = calloc(1, sizeof *listener);
	struct addrinfo *found = NULL;
	char host[256], service[8];
	unsigned short port;

	if (!listener) {
		(void)snprintf(why, why_size, "out of memory");
		return NULL;
	}
	listener->fd = listener->wake = -1;
	pthread_mutex_init(&listener->throttle.lock, NULL);
	if (!cluster_split_address(address, host, sizeof host, &port)) {
		(void)snprintf(why, why_size,
			       "\"%s\" is not an address to listen on; write "
			       "HOST:PORT or [V6]:PORT",
			       address);
		goto fail;
	}
	(void)snprintf(service, sizeof service, "%u", port);
	int rc = getaddrinfo(host, service, &hints, &found);
	if (rc != 0) {
		(void)snprintf(why, why_size, "cannot listen on %s: %s", address,
			       gai_strerror(rc));
		goto fail;
	}
	for (const struct addrinfo *to = found; to && listener->fd < 0; to = to->ai_next)
		listener->fd = bind_and_listen(to);
	if (listener->fd < 0) {
		(void)snprintf(
			why, why_size, "cannot listen on %s: %s%s", address,
			strerrordesc_np(errno),
			errno == EADDRINUSE
				? "; another program has this port (see \"ss -ltnp\")"
				: "");
		goto fail;
	}
	listener->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	listener->socket_address_len = sizeof listener->socket_address;
	if (listener->wake < 0 ||
	    getsockname(listener->fd, (struct sockaddr *)&listener->socket_address,
			&listener->socket_address_len) < 0) {
		(void)snprintf(why, why_size, "cannot listen on %s: %s", address,
			       strerrordesc_np(errno));
		goto fail;
	}
	address_text((struct sockaddr *)&listener->socket_address,
		     listener->socket_address_len, listener->address,
		     sizeof listener->address);
	freeaddrinfo(found);
	return listener;
fail:
	if (found)
		freeaddrinfo(found);
	listener_close(listener);
	return NULL;
}

const char *listener_address(const struct listener *listener)
{
	return listener->address;
}

const struct sockaddr *listener_socket_address(const struct listener *listener,
					       socklen_t *ret_len)
{
	*ret_len = listener->socket_address_len;
	return (const struct sockaddr *)&listener->socket_address;
}

bool listener_is_loopback(const struct listener *listener)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (listener->socket_address.ss_family == AF_INET) {
		memcpy(&v4, &listener->socket_address, sizeof v4);
		return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	memcpy(&v6, &listener->socket_address, sizeof v6);
	return listener->socket_address.ss_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
		(IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) &&
		 v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET));
}

bool listener_is_dual(const struct listener *listener)
{
	struct sockaddr_in6 v6;

	if (listener->socket_address.ss_family != AF_INET6)
		return false;
	memcpy(&v6, &listener->socket_address, sizeof v6);
	return IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
}

static void *serve(void *take_arrival)
{
	struct arrival arrival = *(struct arrival *)take_arrival;

	free(take_arrival);
	connection_serve(arrival.shared, arrival.seat, arrival.fd, arrival.address);
	return NULL;
}

static bool spawn(struct arrival *arrival)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool spawned;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	spawned =
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
		pthread_attr_setstacksize(&attributes, STACK) == 0 &&
		pthread_create(&thread, &attributes, serve, arrival) == 0;
	pthread_attr_destroy(&attributes);
	return spawned;
}

static void log_refused(struct listener *listener, const char *address, const char *why)
{
	unsigned held_back;

	if (throttle_pass(&listener->throttle, &held_back))
		log_event(LOG_WARN, "refused",
			  "address=%s what=connection why=%s held_back=%u", address, why,
			  held_back);
}

static void welcome(struct listener *listener, int fd, const struct sockaddr *from,
		    socklen_t from_len)
{
	struct arrival *arrival = calloc(1, sizeof *arrival);
	const char *why = "memory";

	if (!arrival)
		goto fail;
	arrival->shared = listener->shared;
	arrival->fd = fd;
	address_text(from, from_len, arrival->address, sizeof arrival->address);
	arrival->seat = admission_enter(listener->admission, from, fd);
	why = "too-many";
	if (!arrival->seat)
		goto fail;
	if (spawn(arrival))
		return;
	why = "no-thread";
	admission_leave(arrival->seat);
fail:
	log_refused(listener, arrival ? arrival->address : "unknown", why);
	close(fd);
	free(arrival);
}

/* Waits for a connection, or for PAUSE_MS when pausing; false when the loop is to end. */
static bool wait_on(const struct listener *listener, bool pausing)
{
	struct pollfd items[2] = {{.fd = listener->wake, .events = POLLIN},
				  {.fd = listener->fd, .events = POLLIN}};

	(void)poll(items, pausing ? 1 : 2, pausing ? PAUSE_MS : -1);
	return (items[0].revents & POLLIN) == 0;
}

static void *accept_loop(void *arg)
{
	struct listener *listener = arg;
	bool pausing = false;

	while (wait_on(listener, pausing)) {
		struct sockaddr_storage from;
		socklen_t from_len = sizeof from;
		int fd = accept4(listener->fd, (struct sockaddr *)&from, &from_len,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			pausing = false;
			welcome(listener, fd, (struct sockaddr *)&from, from_len);
			continue;
		}
		/* A peer that gave up in the queue is nothing; a shortage is. */
		pausing = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
		if (pausing)
			log_refused(listener, "any", strerrorname_np(errno));
	}
	return NULL;
}

bool listener_start(struct listener *listener, struct admission *admission,
		    const struct connection_shared *shared)
{
	listener->admission = admission;
	listener->shared = shared;
	listener->started =
		pthread_create(&listener->thread, NULL, accept_loop, listener) == 0;
	return listener->started;
}

void listener_close(struct listener *listener)
{
	const uint64_t one = 1;

	if (!listener)
		return;
	if (listener->started && write(listener->wake, &one, sizeof one) == sizeof one)
		pthread_join(listener->thread, NULL);
	if (listener->wake >= 0)
		close(listener->wake);
	if (listener->fd >= 0)
		close(listener->fd);
	pthread_mutex_destroy(&listener->throttle.lock);
	free(listener);
}
