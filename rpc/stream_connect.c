/* Connecting a stream to a host that may have several addresses. */
#include "stream.h"

#include "clock.h"
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Waits for the outcome of a connect under way: 0 or an errno. */
static int wait_connected(int fd, int64_t deadline_ms)
{
	int error = 0, ready;
	socklen_t size = sizeof error;

	do {
		struct pollfd item = {.fd = fd, .events = POLLOUT};
		int64_t left = deadline_ms - clock_now_ms();

		if (left < 0)
			left = 0;
		ready = poll(&item, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready == 0)
			return ETIMEDOUT;
	} while (ready < 0 && errno == EINTR);
	if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return errno;
	return error;
}

/* One attempt at one address; the socket, or -1 with errno. */
static int connect_one(const struct addrinfo *to, int64_t deadline_ms)
{
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, to->ai_addr, to->ai_addrlen) < 0)
		error = errno;
	if (error == EINPROGRESS)
		error = wait_connected(fd, deadline_ms);
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static const char *connect_words(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused";
	case ETIMEDOUT:
		return "no answer in time";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no way to that host";
	default:
		return strerrordesc_np(error);
	}
}

struct stream *stream_connect(const char *host, unsigned short port,
			      const struct one_try *try)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found;
	struct stream *stream = NULL;
	char service[8];
	int fd = -1, left = 0;

	(void)snprintf(service, sizeof service, "%u", port);
	int rc = getaddrinfo(host, service, &hints, &found);
	if (rc != 0) {
		(void)snprintf(try->why, try->why_size, "host %s: %s", host,
			       gai_strerror(rc));
		return NULL;
	}
	for (const struct addrinfo *to = found; to; to = to->ai_next)
		left++;
	for (const struct addrinfo *to = found; to && fd < 0; to = to->ai_next) {
		/* Each address gets its share of the time that is left. */
		int64_t now = clock_now_ms();
		int64_t share =
			try->deadline_ms > now ? (try->deadline_ms - now) / left-- : 0;

		fd = connect_one(to, now + share);
	}
	if (fd >= 0) {
		stream = stream_new(fd);
		if (!stream) {
			(void)snprintf(try->why, try->why_size, "out of memory");
			close(fd);
		}
	} else {
		(void)snprintf(try->why, try->why_size, "%s", connect_words(errno));
	}
	freeaddrinfo(found);
	return stream;
}
