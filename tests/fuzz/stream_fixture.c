/*
 * A stream on which the input has arrived.
 *
 * In all targets two functions of the product are this file's own (see Makefile):
 * stream_connect, and getrandom, which counts, so that an input does the same each time
 * and can hold the answer to a call.
 */
#include "stream_fixture.h"

#include "fuzz.h"

#include <stdatomic.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream *__wrap_stream_connect(const char *host, unsigned short port,
				     const struct one_try *try);
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags);

static _Atomic uint32_t numbers;
static struct stream *(*connected)(unsigned short port);

struct stream *stream_fixture_open(const uint8_t *bytes, size_t len, int *ret_peer)
{
	int ends[2];
	struct stream *stream;

	stream_fixture_begin();
	if (len > STREAM_FIXTURE_MAX)
		len = STREAM_FIXTURE_MAX;
	FUZZ_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	FUZZ_MUST(len == 0 || send(ends[1], bytes, len, MSG_DONTWAIT) == (ssize_t)len);
	FUZZ_MUST(shutdown(ends[1], SHUT_WR) == 0);
	stream = stream_new(ends[0]);
	FUZZ_MUST(stream);
	*ret_peer = ends[1];
	return stream;
}

void stream_fixture_connect(struct stream *(*connect)(unsigned short port))
{
	connected = connect;
}

struct stream *__wrap_stream_connect(const char *host, unsigned short port,
				     const struct one_try *try)
{
	struct stream *stream = connected ? connected(port) : NULL;

	(void)host;
	if (!stream)
		(void)snprintf(try->why, try->why_size, "connection refused");
	return stream;
}

/* 1, 2, 3 and so on, the lowest byte first; and zeros behind that. */
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags)
{
	const uint32_t number = atomic_fetch_add(&numbers, 1) + 1;

	(void)flags;
	memset(buf, 0, len);
	memcpy(buf, &number, len < sizeof number ? len : sizeof number);
	return (ssize_t)len;
}

void stream_fixture_begin(void)
{
	atomic_store(&numbers, 0);
}
