/*
 * One TCP connection as a stream of bytes.
 *
 * The socket never blocks; poll(2) does, up to the deadline.  Inside TLS bytes may wait
 * in OpenSSL while the socket has none, so SSL is always tried before poll.
 */
#include "stream.h"

#include "clock.h"
#include "tls.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream {
	int fd;
	SSL *ssl; /* NULL in the clear */
	/* What the peer has shown, or NULL: set once, for other threads to look at. */
	X509 *shown;
	int64_t deadline;
	int error; /* of the first failure; never cleared */
	atomic_bool cancelled;
};

struct stream *stream_new(int take_fd)
{
	int one = 1, flags = fcntl(take_fd, F_GETFL);
	struct stream *stream = calloc(1, sizeof *stream);

	if (!stream || flags < 0 || fcntl(take_fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		free(stream);
		return NULL;
	}
	/*
	 * A record goes out in full-sized pieces and a last short one, for which the peer
	 * waits: Nagle's delay would only hurt.
	 */
	(void)setsockopt(take_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	stream->fd = take_fd;
	return stream;
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->ssl) {
		ERR_clear_error();
		if (stream->error == 0)
			(void)SSL_shutdown(stream->ssl);
		SSL_free(stream->ssl);
		ERR_clear_error();
	}
	X509_free(stream->shown);
	close(stream->fd);
	free(stream);
}

void stream_set_deadline(struct stream *stream, int64_t deadline_ms)
{
	stream->deadline = deadline_ms;
}

bool stream_in_tls(const struct stream *stream)
{
	return stream->ssl;
}

unsigned stream_peer_server(const struct stream *stream)
{
	return stream->ssl ? tls_peer_server(stream->ssl) : 0;
}

int64_t stream_peer_ends(const struct stream *stream)
{
	return tls_ends(stream->shown);
}

X509 *stream_peer_certificate(const struct stream *stream)
{
	return stream->shown;
}

int stream_error(const struct stream *stream)
{
	return stream->error;
}

void stream_fail(struct stream *stream, int error)
{
	if (stream->error == 0)
		stream->error = atomic_load(&stream->cancelled) ? ECANCELED : error;
}

void stream_cancel(struct stream *stream)
{
	atomic_store(&stream->cancelled, true);
	(void)shutdown(stream->fd, SHUT_RDWR);
}

bool stream_has_unread(const struct stream *stream)
{
	char byte;

	return recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Which of these is so now?  Errors and cut-offs are always told. */
static short look(const struct stream *stream, short events)
{
	struct pollfd item = {.fd = stream->fd, .events = events};

	return poll(&item, 1, 0) > 0 ? item.revents : 0;
}

bool stream_has_ended(const struct stream *stream)
{
	return (look(stream, POLLRDHUP) & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool stream_is_cut_off(const struct stream *stream)
{
	return (look(stream, 0) & (POLLHUP | POLLERR)) != 0;
}

/* 1: ready, 0: not before then, -1: the stream has failed. */
static int wait_until(struct stream *stream, short events, int64_t until)
{
	for (;;) {
		struct pollfd item = {.fd = stream->fd, .events = events};
		int64_t left = until - clock_now_ms();

		if (left < 0)
			left = 0;
		int ready = poll(&item, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready > 0)
			return 1;
		if (ready == 0 && clock_now_ms() >= until)
			return 0;
		if (ready < 0 && errno != EINTR) {
			stream_fail(stream, errno);
			return -1;
		}
	}
}

static bool wait_for(struct stream *stream, short events)
{
	int ready = wait_until(stream, events, stream->deadline);

	if (ready == 0)
		stream_fail(stream, ETIMEDOUT);
	return ready > 0;
}

bool stream_wait(struct stream *stream, int64_t until_ms)
{
	if (stream->error != 0 || (stream->ssl && SSL_has_pending(stream->ssl)))
		return true;
	return wait_until(stream, POLLIN, until_ms) != 0;
}

/*
 * After an SSL call that moved nothing: what to poll for, or 0 when the stream is over.
 */
static short wanted(struct stream *stream, int result)
{
	int system_error = errno;
	short events = 0;

	switch (SSL_get_error(stream->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		events = POLLIN;
		break;
	case SSL_ERROR_WANT_WRITE:
		events = POLLOUT;
		break;
	case SSL_ERROR_ZERO_RETURN:
		stream_fail(stream, ECONNRESET);
		break;
	case SSL_ERROR_SYSCALL:
		stream_fail(stream, system_error != 0 ? system_error : ECONNRESET);
		break;
	default:
		stream_fail(stream, EPROTO);
	}
	ERR_clear_error();
	return events;
}

static size_t read_tls(struct stream *stream, void *buf, size_t len)
{
	for (;;) {
		size_t got;

		errno = 0;
		int result = SSL_read_ex(stream->ssl, buf, len, &got);
		if (result == 1)
			return got;
		short events = wanted(stream, result);
		if (events == 0 || !wait_for(stream, events))
			return 0;
	}
}

static size_t read_clear(struct stream *stream, void *buf, size_t len)
{
	for (;;) {
		ssize_t got = recv(stream->fd, buf, len, 0);

		if (got > 0)
			return (size_t)got;
		if (got == 0) {
			stream_fail(stream, ECONNRESET);
			return 0;
		}
		if (errno != EAGAIN && errno != EINTR) {
			stream_fail(stream, errno);
			return 0;
		}
		if (!wait_for(stream, POLLIN))
			return 0;
	}
}

size_t stream_read(struct stream *stream, void *buf, size_t len)
{
	if (stream->error != 0)
		return 0;
	/* A peer that sends a byte now and then must not outlive the deadline. */
	if (clock_now_ms() >= stream->deadline) {
		stream_fail(stream, ETIMEDOUT);
		return 0;
	}
	return stream->ssl ? read_tls(stream, buf, len) : read_clear(stream, buf, len);
}

bool stream_read_all(struct stream *stream, void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len > 0) {
		size_t got = stream_read(stream, to, len);

		if (got == 0)
			return false;
		to += got;
		len -= got;
	}
	return true;
}

/* Bytes written, 0 after which the stream is dead. */
static size_t write_some(struct stream *stream, const uint8_t *bytes, size_t len)
{
	for (;;) {
		size_t put;
		short events = POLLOUT;

		errno = 0;
		if (stream->ssl) {
			int result = SSL_write_ex(stream->ssl, bytes, len, &put);

			if (result == 1)
				return put;
			events = wanted(stream, result);
			if (events == 0)
				return 0;
		} else {
			ssize_t sent = send(stream->fd, bytes, len, MSG_NOSIGNAL);

			if (sent > 0)
				return (size_t)sent;
			if (errno != EAGAIN && errno != EINTR) {
				stream_fail(stream, errno);
				return 0;
			}
		}
		if (!wait_for(stream, events))
			return 0;
	}
}

bool stream_write(struct stream *stream, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		if (stream->error != 0)
			return false;
		if (clock_now_ms() >= stream->deadline) {
			stream_fail(stream, ETIMEDOUT);
			return false;
		}
		size_t put = write_some(stream, from, len);
		if (put == 0)
			return false;
		from += put;
		len -= put;
	}
	return true;
}

bool stream_wait_hello(struct stream *stream, const struct one_try *try)
{
	if (stream->error != 0)
		return false;
	if (!tls_hello_wait(stream->fd, try))
		stream_fail(stream, EPROTO);
	return stream->error == 0;
}

bool stream_start_tls(struct stream *stream, SSL_CTX *tls, bool server, const char *name,
		      const struct one_try *try)
{
	/* A server has looked before it answered: what is there now is the handshake. */
	if (!server && stream->error == 0 && stream_has_unread(stream)) {
		(void)snprintf(try->why, try->why_size, "bytes before the TLS handshake");
		stream_fail(stream, EPROTO);
	}
	if (stream->error != 0)
		return false;
	stream->ssl = tls_handshake(tls, stream->fd, server, name, try);
	if (!stream->ssl)
		stream_fail(stream, EPROTO);
	else
		stream->shown = SSL_get1_peer_certificate(stream->ssl);
	return stream->ssl;
}
