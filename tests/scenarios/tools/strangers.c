/*
 * Strangers, as many as they like, at one server: connections that never prove anything.
 *
 *	strangers WAY PORT PROGRAM SOURCES ADDRESSES COUNT READY
 *		keeps COUNT connections to 127.0.0.1, from ADDRESSES addresses in turn,
 *		until it is killed; makes the file READY once each has been tried.  One
 *		that is cut off is opened again a second later.  SOURCES is an address
 *		with a * in it, for which numbers from 1 on stand
 *
 * WAY is one of
 *	nothing		is sent
 *	half		of a record, in the clear
 *	hello		half of the first message of a TLS handshake, which is
 *			announced to be a large one
 *	large		records of 2 MiB before a log-in, half sent
 *	denied		calls for the largest of answers
 *	unread		the same, whose answers nobody reads
 *	proofs		wrong ones, of the password of tester
 *
 * It knows nothing of the product but doc/SECURITY.md, and is one thread: as cheap to the
 * machine as an attacker's own machine would be.
 */
#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_MS = 1000, TICK_MS = 50, AUTH_NONE_FLAVOR = 0, AUTH_TLS_FLAVOR = 7 };
enum { PROCEDURE_LOGIN = 2, PROCEDURE_STATUS = 13, CALL_MAX = 128, LARGE = 1 << 20 };

enum state { RESTS, CONNECTS, ASKS_FOR_TLS, SHAKES_HANDS, WORKS, SITS };

struct stranger {
	struct in_addr source;
	int fd;
	SSL *ssl;
	enum state state;
	int64_t until_ms; /* that it rests */
	bool tried;
};

static const char *way;
static uint32_t program;
static struct sockaddr_in server = {.sin_family = AF_INET};
static SSL_CTX *context;
static int events;

static bool is(const char *name)
{
	return strcmp(way, name) == 0;
}

static size_t put(uint8_t *to, uint32_t word)
{
	word = htonl(word);
	memcpy(to, &word, sizeof word);
	return sizeof word;
}

/* A record with a call (RFC 5531); returns its length. */
static size_t call(uint8_t *record, uint32_t procedure, uint32_t flavor,
		   const uint8_t *args, size_t args_len)
{
	const uint32_t words[] = {1, 0, 2, program, 2, procedure, flavor, 0, 0, 0};
	size_t len = put(record, (uint32_t)(sizeof words + args_len) | 0x80000000U);

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		len += put(record + len, words[i]);
	if (args_len > 0)
		memcpy(record + len, args, args_len);
	return len + args_len;
}

static size_t wrong_proof(uint8_t *record)
{
	uint8_t args[4 + 8 + 4 + 32] = {0};

	(void)put(args, 6);
	memcpy(args + 4, "tester", 6);
	(void)put(args + 12, 1);
	(void)RAND_bytes(args + 16, 32);
	return call(record, PROCEDURE_LOGIN, AUTH_NONE_FLAVOR, args, sizeof args);
}

static void listen_for(struct stranger *stranger, uint32_t what)
{
	struct epoll_event event = {.events = what | EPOLLRDHUP, .data.ptr = stranger};

	(void)epoll_ctl(events, EPOLL_CTL_MOD, stranger->fd, &event);
}

static void end(struct stranger *stranger)
{
	SSL_free(stranger->ssl);
	stranger->ssl = NULL;
	close(stranger->fd);
	stranger->fd = -1;
	stranger->state = RESTS;
	stranger->until_ms = clock_now_ms() + REST_MS;
	stranger->tried = true;
	ERR_clear_error();
}

static void sit(struct stranger *stranger)
{
	stranger->state = SITS;
	stranger->tried = true;
	listen_for(stranger, is("unread") || is("large") ? 0 : EPOLLIN);
}

static void begin(struct stranger *stranger)
{
	const struct sockaddr_in from = {.sin_family = AF_INET,
					 .sin_addr = stranger->source};
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = stranger};
	const int small = 4096;

	stranger->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (is("unread"))
		(void)setsockopt(stranger->fd, SOL_SOCKET, SO_RCVBUF, &small,
				 sizeof small);
	stranger->state = CONNECTS;
	if (bind(stranger->fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
	    (connect(stranger->fd, (const struct sockaddr *)&server, sizeof server) !=
		     0 &&
	     errno != EINPROGRESS) ||
	    epoll_ctl(events, EPOLL_CTL_ADD, stranger->fd, &event) != 0)
		end(stranger);
}

static void connected(struct stranger *stranger)
{
	uint8_t record[CALL_MAX];
	size_t len = call(record, 0, AUTH_TLS_FLAVOR, NULL, 0);

	if (is("half"))
		len = 14;
	if (!is("nothing") &&
	    send(stranger->fd, record, len, MSG_NOSIGNAL) != (ssize_t)len) {
		end(stranger);
	} else if (is("nothing") || is("half")) {
		sit(stranger);
	} else {
		stranger->state = ASKS_FOR_TLS;
		listen_for(stranger, EPOLLIN);
	}
}

static void offered_tls(struct stranger *stranger)
{
	/* A record of 16 KiB with a ClientHello of 100,000 bytes. */
	uint8_t bytes[2000] = {22, 3, 1, 0x40, 0, 1, 1, 0x86, 0xa0};

	if (recv(stranger->fd, bytes + 1000, sizeof bytes - 1000, 0) <= 0) {
		end(stranger);
	} else if (is("hello")) {
		memset(bytes + 1000, 0, sizeof bytes - 1000);
		(void)send(stranger->fd, bytes, sizeof bytes, MSG_NOSIGNAL);
		sit(stranger);
	} else {
		stranger->ssl = SSL_new(context);
		stranger->state = SHAKES_HANDS;
		if (!stranger->ssl || SSL_set_fd(stranger->ssl, stranger->fd) != 1)
			end(stranger);
	}
}

/* What an SSL call waits for; false, and the connection has ended, when for nothing. */
static bool wait_on(struct stranger *stranger, int result)
{
	switch (SSL_get_error(stranger->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		listen_for(stranger, EPOLLIN);
		return true;
	case SSL_ERROR_WANT_WRITE:
		listen_for(stranger, EPOLLOUT);
		return true;
	default:
		end(stranger);
		return false;
	}
}

/* Sends a call, and so many as nobody reads the answers of. */
static void work(struct stranger *stranger)
{
	static const uint8_t zeros[LARGE];
	uint8_t record[CALL_MAX];
	size_t len = is("proofs")
			     ? wrong_proof(record)
			     : call(record, PROCEDURE_STATUS, AUTH_NONE_FLAVOR, NULL, 0);
	int result = 1;

	if (is("large"))
		len = put(record, 0x80000000U | 2 * LARGE);
	while (result > 0) {
		result = SSL_write(stranger->ssl, record, (int)len);
		if (result > 0 && is("large"))
			result = SSL_write(stranger->ssl, zeros, LARGE);
		if (!is("unread"))
			break;
	}
	if (result <= 0)
		(void)wait_on(stranger, result);
	else if (is("large"))
		sit(stranger);
	else
		listen_for(stranger, EPOLLIN);
}

static void shake_hands(struct stranger *stranger)
{
	int result = SSL_connect(stranger->ssl);

	if (result != 1) {
		(void)wait_on(stranger, result);
		return;
	}
	stranger->state = WORKS;
	stranger->tried = true;
	work(stranger);
}

static void go_on_working(struct stranger *stranger)
{
	uint8_t answer[4096];
	int result = is("unread") ? 1 : SSL_read(stranger->ssl, answer, sizeof answer);

	if (result > 0)
		work(stranger);
	else
		(void)wait_on(stranger, result);
}

static void happened(struct stranger *stranger, uint32_t what)
{
	ERR_clear_error();
	if ((what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
		end(stranger);
		return;
	}
	switch (stranger->state) {
	case CONNECTS:
		connected(stranger);
		break;
	case ASKS_FOR_TLS:
		offered_tls(stranger);
		if (stranger->state == SHAKES_HANDS)
			shake_hands(stranger);
		break;
	case SHAKES_HANDS:
		shake_hands(stranger);
		break;
	case WORKS:
		go_on_working(stranger);
		break;
	default:
		end(stranger);
	}
}

static bool read_arguments(char **argv, struct stranger **ret, size_t *ret_count)
{
	const char *star = strchr(argv[4], '*');
	unsigned long addresses = strtoul(argv[5], NULL, 10),
		      count = strtoul(argv[6], NULL, 10);
	struct stranger *strangers = calloc(count, sizeof *strangers);

	way = argv[1];
	program = (uint32_t)strtoul(argv[3], NULL, 10);
	server.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!star || addresses == 0 || count == 0 || !strangers)
		return false;
	for (unsigned long i = 0; i < count; i++) {
		char text[64];

		(void)snprintf(text, sizeof text, "%.*s%lu%s", (int)(star - argv[4]),
			       argv[4], 1 + i % addresses, star + 1);
		if (inet_pton(AF_INET, text, &strangers[i].source) != 1)
			return false;
		strangers[i].fd = -1;
	}
	*ret = strangers;
	*ret_count = count;
	return true;
}

/* All that have rested begin again; have all been tried? */
static bool look_after(struct stranger *strangers, size_t count)
{
	bool tried = true;

	for (size_t i = 0; i < count; i++) {
		if (strangers[i].state == RESTS &&
		    strangers[i].until_ms <= clock_now_ms())
			begin(&strangers[i]);
		tried = tried && strangers[i].tried;
	}
	return tried;
}

int main(int argc, char **argv)
{
	static const unsigned char protocol[] = "\6sunrpc";
	struct epoll_event found[64];
	struct stranger *strangers;
	size_t count;
	bool told = false;

	struct rlimit files;

	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (argc != 8 || !read_arguments(argv, &strangers, &count)) {
		fprintf(stderr, "usage: strangers WAY PORT PROGRAM SOURCES ADDRESSES "
				"COUNT READY\n");
		return 2;
	}
	context = SSL_CTX_new(TLS_client_method());
	events = epoll_create1(EPOLL_CLOEXEC);
	if (!context || events < 0 ||
	    SSL_CTX_set_alpn_protos(context, protocol, sizeof protocol - 1) != 0)
		return 2;
	(void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
						SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	for (;;) {
		if (look_after(strangers, count) && !told) {
			int fd = open(argv[7], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				      0600);

			told = fd >= 0;
			if (!told || close(fd) != 0)
				return 2;
		}
		int ready = epoll_wait(events, found, 64, TICK_MS);
		for (int i = 0; i < ready; i++)
			happened(found[i].data.ptr, found[i].events);
	}
}
