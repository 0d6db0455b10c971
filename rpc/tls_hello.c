/*
 * Waiting for the first message of a TLS handshake (RFC 8446, 4.1.2 and 5.1).
 *
 * It stays in the socket until all of it is there: whoever sends half of one, or says
 * that a large one will follow, gets no memory and no work for it.  So the record has to
 * hold the message and nothing else, as every client makes it.
 */
#include "tls.h"

#include "clock.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The head of a record and that of a handshake message. */
enum { RECORD_HEAD = 5, MESSAGE_HEAD = 4, HEAD = RECORD_HEAD + MESSAGE_HEAD };
enum { HANDSHAKE = 22, CLIENT_HELLO = 1 };
/* A kernel short of memory may call ready what is not. */
enum { PAUSE_MS = 10 };

static bool fail(const struct one_try *try, const char *why)
{
	(void)snprintf(try->why, try->why_size, "%s", why);
	return false;
}

/* Waits until so many bytes are there; they stay there. */
static bool wait_for_bytes(int fd, uint8_t *ret, size_t len, const struct one_try *try)
{
	const int least = (int)len;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least) != 0)
		return fail(try, strerrordesc_np(errno));
	for (;;) {
		struct pollfd item = {.fd = fd, .events = POLLIN | POLLRDHUP};
		int64_t left = try->deadline_ms - clock_now_ms();

		if (left <= 0)
			return fail(try, "TLS handshake not finished in time");
		int ready = poll(&item, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready < 0 && errno != EINTR)
			return fail(try, strerrordesc_np(errno));
		if (ready <= 0)
			continue;
		ssize_t got = recv(fd, ret, len, MSG_PEEK | MSG_DONTWAIT);
		if (got == (ssize_t)len)
			return true;
		if (got == 0 || (item.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
			return fail(try, "TLS handshake broken off: "
					 "the connection was closed");
		clock_pause(PAUSE_MS);
	}
}

bool tls_hello_wait(int fd, const struct one_try *try)
{
	uint8_t bytes[RECORD_HEAD + TLS_HELLO_MAX];
	const int one = 1;
	size_t record, message;

	if (!wait_for_bytes(fd, bytes, HEAD, try))
		return false;
	record = (size_t)bytes[3] << 8 | bytes[4];
	message = (size_t)bytes[6] << 16 | (size_t)bytes[7] << 8 | bytes[8];
	if (bytes[0] != HANDSHAKE || bytes[5] != CLIENT_HELLO || record > TLS_HELLO_MAX ||
	    record != MESSAGE_HEAD + message)
		return fail(try, "TLS handshake failed: this is no beginning of one");
	return wait_for_bytes(fd, bytes, RECORD_HEAD + record, try) &&
	       setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one) == 0;
}
