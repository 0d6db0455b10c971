/* TLS: nothing unsafe starts, and of two peers either one refuses what is wrong. */
#include "tls.h"

#include "clock.h"
#include "wire_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct wire_fixture fixture;

static int start(void **state)
{
	(void)state;
	wire_fixture_start(&fixture);
	return 0;
}

static int end(void **state)
{
	(void)state;
	wire_fixture_end(&fixture);
	return 0;
}

/*
 * ---- contexts
 * --------------------------------------------------------------------------
 */

static void server_refused(const char *certificate, const char *key, const char *ca,
			   const char *because)
{
	char files[3][WIRE_FIXTURE_FILE], why[WIRE_FIXTURE_WHY] = "";
	const struct tls_own own = {
		.cert = wire_fixture_file(&fixture, certificate, files[0]),
		.key = wire_fixture_file(&fixture, key, files[1]),
		.ca = wire_fixture_file(&fixture, ca, files[2]),
		.folder = "/the/cluster"};

	assert_null(tls_for_server(&own, why, sizeof why));
	if (!strstr(why, because))
		fail_msg("\"%s\" does not say \"%s\"", why, because);
	if (!strstr(why, "mend it with: ") && !strstr(why, "make it again where the") &&
	    strcmp(ca, "none.pem") != 0)
		fail_msg("\"%s\" does not say what to do", why);
	/* As the caller it has the same to show. */
	why[0] = '\0';
	assert_null(tls_for_peer(&own, why, sizeof why));
	assert_non_null(strstr(why, because));
}

static void test_1_9_2_6_a_server_starts_only_with_what_fits(void **state)
{
	char file[WIRE_FIXTURE_FILE];
	SSL_CTX *context = wire_fixture_server(&fixture, "dfs1");

	(void)state;
	assert_true(tls_has_name(context, "dfs1"));
	assert_false(tls_has_name(context, "dfs2"));
	SSL_CTX_free(context);
	server_refused("none.pem", "dfs1.key", "ca.pem",
		       "the certificate cannot be read");
	server_refused("dfs1.pem", "none.key", "ca.pem",
		       "the private key cannot be read");
	server_refused("dfs1.pem", "dfs1.pem", "ca.pem", "chmod 600");
	server_refused("dfs1.pem", "dfs1.key", "none.pem", "CA cannot be read");
	server_refused("dfs1.pem", "dfs2.key", "ca.pem",
		       "does not belong to the certificate");
	server_refused("dfs1.pem", "dfs1.key", "other.pem", "does not vouch");
	server_refused("old.pem", "old.key", "ca.pem", "certificate has expired");

	wire_fixture_file(&fixture, "dfs1.key", file);
	for (mode_t mode = 040; mode > 0; mode >>= 1) {
		assert_int_equal(chmod(file, 0600 | mode), 0);
		server_refused("dfs1.pem", "dfs1.key", "ca.pem", "chmod 600");
	}
	assert_int_equal(chmod(file, 0600), 0);
}

static void test_a_wildcard_is_no_name(void **state)
{
	SSL_CTX *context = wire_fixture_server(&fixture, "wild");

	(void)state;
	assert_false(tls_has_name(context, "one.dfs"));
	SSL_CTX_free(context);
}

/*
 * ---- handshakes
 * -------------------------------------------------------------------------
 */

struct side {
	SSL_CTX *context;
	int fd;
	const char *name;
	SSL *ssl;
	char why[WIRE_FIXTURE_WHY];
};

static void *serve(void *arg)
{
	struct side *side = arg;

	side->ssl = tls_handshake(
		side->context, side->fd, true, NULL,
		&(struct one_try){clock_now_ms() + 20000, side->why, sizeof side->why});
	/* A client may finish before the server has judged its certificate. */
	if (side->ssl != NULL && SSL_write(side->ssl, "!", 1) != 1)
		side->why[0] = '!';
	if (!side->ssl)
		(void)shutdown(side->fd, SHUT_RDWR);
	return NULL;
}

struct outcome {
	bool client, server;
	unsigned peer; /* who the client is, as the server sees it */
	int shown;     /* certificates that the server sent, if the client believed it */
	char client_why[WIRE_FIXTURE_WHY], server_why[WIRE_FIXTURE_WHY];
};

/* Both contexts are freed. */
static struct outcome shake(SSL_CTX *client_context, SSL_CTX *server_context,
			    const char *name)
{
	struct side client = {.context = client_context},
		    server = {.context = server_context};
	struct outcome outcome;
	pthread_t thread;
	int ends[2];

	memset(&outcome, 0, sizeof outcome);
	wire_fixture_pair(ends);
	client.fd = ends[0];
	server.fd = ends[1];
	assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
	client.ssl = tls_handshake(
		client.context, client.fd, false, name,
		&(struct one_try){clock_now_ms() + 20000, client.why, sizeof client.why});
	if (!client.ssl)
		(void)shutdown(client.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	outcome.client = client.ssl != NULL;
	outcome.server = server.ssl != NULL;
	outcome.peer = server.ssl != NULL ? tls_peer_server(server.ssl) : 0;
	memcpy(outcome.client_why, client.why, sizeof client.why);
	memcpy(outcome.server_why, server.why, sizeof server.why);
	if (client.ssl != NULL && server.ssl != NULL) {
		outcome.shown = sk_X509_num(SSL_get_peer_cert_chain(client.ssl));
		assert_string_equal(SSL_get_version(client.ssl), "TLSv1.3");
		assert_false(SSL_session_reused(client.ssl));
	}
	SSL_free(client.ssl);
	SSL_free(server.ssl);
	SSL_CTX_free(client.context);
	SSL_CTX_free(server.context);
	close(ends[0]);
	close(ends[1]);
	return outcome;
}

static void test_1_9_two_of_a_cluster_agree(void **state)
{
	struct outcome outcome = shake(wire_fixture_client(&fixture, "ca.pem"),
				       wire_fixture_server(&fixture, "dfs1"), "dfs1");

	(void)state;
	assert_true(outcome.client && outcome.server);
}

/* The CA's certificate, which a client has, would be parsed in each handshake again. */
static void test_9_26_a_server_sends_no_certificate_but_its_own(void **state)
{
	struct outcome outcome = shake(wire_fixture_client(&fixture, "ca.pem"),
				       wire_fixture_server(&fixture, "dfs1"), "dfs1");

	(void)state;
	assert_int_equal(outcome.shown, 1);
}

static void test_1_9_a_client_refuses_the_wrong_server(void **state)
{
	struct outcome outcome = shake(wire_fixture_client(&fixture, "ca.pem"),
				       wire_fixture_server(&fixture, "dfs2"), "dfs1");

	(void)state;
	assert_false(outcome.client);
	assert_non_null(strstr(outcome.client_why, "certificate refused: hostname"));

	outcome = shake(wire_fixture_client(&fixture, "ca.pem"),
			wire_fixture_server(&fixture, "stranger"), "dfs1");
	assert_false(outcome.client);
	assert_non_null(strstr(outcome.client_why, "certificate refused"));

	outcome = shake(wire_fixture_client(&fixture, "other.pem"),
			wire_fixture_server(&fixture, "dfs1"), "dfs1");
	assert_false(outcome.client);

	outcome = shake(wire_fixture_client(&fixture, "ca.pem"),
			wire_fixture_server(&fixture, "wild"), "one.dfs");
	assert_false(outcome.client);
}

/* A peer of OpenSSL's own making, which does not insist on what we do. */
static SSL_CTX *lax_client(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	assert_non_null(context);
	return context;
}

static SSL_CTX *lax_server(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	char certificate[WIRE_FIXTURE_FILE], key[WIRE_FIXTURE_FILE];

	wire_fixture_file(&fixture, "dfs1.pem", certificate);
	wire_fixture_file(&fixture, "dfs1.key", key);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), 1);
	return context;
}

static const uint8_t sunrpc[] = "\x06sunrpc";

static int take_sunrpc(SSL *ssl, const uint8_t **ret, uint8_t *ret_len,
		       const uint8_t *offered, unsigned len, void *unused)
{
	(void)ssl;
	(void)offered;
	(void)len;
	(void)unused;
	*ret = sunrpc + 1;
	*ret_len = 6;
	return SSL_TLSEXT_ERR_OK;
}

/* Without our checks for ALPN the two lax peers would agree with anybody. */
static void test_1_9_without_alpn_either_side_refuses(void **state)
{
	struct outcome outcome =
		shake(lax_client(), wire_fixture_server(&fixture, "dfs1"), NULL);

	(void)state;
	assert_false(outcome.server);
	assert_non_null(strstr(outcome.server_why, "sunrpc"));

	outcome = shake(wire_fixture_client(&fixture, "ca.pem"), lax_server(), "dfs1");
	assert_false(outcome.client);
	assert_non_null(strstr(outcome.client_why, "sunrpc"));
}

static void test_1_9_another_alpn_is_refused(void **state)
{
	SSL_CTX *client = lax_client();
	struct outcome outcome;

	(void)state;
	assert_int_equal(SSL_CTX_set_alpn_protos(client, (const uint8_t *)"\2h2", 3), 0);
	outcome = shake(client, wire_fixture_server(&fixture, "dfs1"), NULL);
	assert_false(outcome.server);
	assert_false(outcome.client);
}

static void test_1_9_tls_1_2_is_refused_by_either_side(void **state)
{
	SSL_CTX *client = lax_client(), *server = lax_server();
	struct outcome outcome;

	(void)state;
	SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_set_alpn_protos(client, sunrpc, 7), 0);
	outcome = shake(client, wire_fixture_server(&fixture, "dfs1"), NULL);
	assert_false(outcome.server);

	SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
	SSL_CTX_set_alpn_select_cb(server, take_sunrpc, NULL);
	outcome = shake(wire_fixture_client(&fixture, "ca.pem"), server, "dfs1");
	assert_false(outcome.client);

	/* The same server is fine with the version left open: it was the version. */
	server = lax_server();
	SSL_CTX_set_alpn_select_cb(server, take_sunrpc, NULL);
	outcome = shake(wire_fixture_client(&fixture, "ca.pem"), server, "dfs1");
	assert_true(outcome.client);
}

/* A client that shows the certificate of this name. */
static SSL_CTX *peer(const char *name)
{
	char files[3][WIRE_FIXTURE_FILE], file[32], why[WIRE_FIXTURE_WHY] = "";
	struct tls_own own = {.folder = "",
			      .ca = wire_fixture_file(&fixture, "ca.pem", files[2])};
	SSL_CTX *context;

	(void)snprintf(file, sizeof file, "%s.pem", name);
	own.cert = wire_fixture_file(&fixture, file, files[0]);
	(void)snprintf(file, sizeof file, "%s.key", name);
	own.key = wire_fixture_file(&fixture, file, files[1]);
	context = tls_for_peer(&own, why, sizeof why);
	if (!context)
		fail_msg("%s", why);
	return context;
}

static void test_2_2_a_server_knows_by_its_certificate_which_other_calls(void **state)
{
	static const struct {
		const char *name;
		unsigned server;
	} cases[] = {{"dfs1", 1}, {"dfs2", 2}, {"both", 0}, {"nobody", 0}, {"wild", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct outcome outcome =
			shake(peer(cases[i].name), wire_fixture_server(&fixture, "dfs1"),
			      "dfs1");

		assert_true(outcome.client && outcome.server);
		assert_int_equal(outcome.peer, cases[i].server);
	}
	/* Who shows none is nobody, and taken all the same. */
	struct outcome outcome = shake(wire_fixture_client(&fixture, "ca.pem"),
				       wire_fixture_server(&fixture, "dfs1"), "dfs1");

	assert_true(outcome.client && outcome.server);
	assert_int_equal(outcome.peer, 0);
}

/* Shows a certificate that tls_for_peer would not load. */
static SSL_CTX *forger(const char *name)
{
	SSL_CTX *context = wire_fixture_client(&fixture, "ca.pem");
	char certificate[WIRE_FIXTURE_FILE], key[WIRE_FIXTURE_FILE], file[32];

	(void)snprintf(file, sizeof file, "%s.pem", name);
	wire_fixture_file(&fixture, file, certificate);
	(void)snprintf(file, sizeof file, "%s.key", name);
	wire_fixture_file(&fixture, file, key);
	assert_int_equal(SSL_CTX_use_certificate_chain_file(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), 1);
	return context;
}

static void test_2_2_a_certificate_that_does_not_verify_ends_the_handshake(void **state)
{
	static const char *const names[] = {"stranger", "old"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct outcome outcome = shake(
			forger(names[i]), wire_fixture_server(&fixture, "dfs1"), "dfs1");

		assert_false(outcome.server);
		assert_non_null(strstr(outcome.server_why, "certificate refused"));
	}
}

static void test_a_mute_peer_is_not_waited_for(void **state)
{
	SSL_CTX *context = wire_fixture_server(&fixture, "dfs1");
	char why[WIRE_FIXTURE_WHY] = "";
	int ends[2];

	(void)state;
	wire_fixture_pair(ends);
	assert_null(
		tls_handshake(context, ends[0], true, NULL,
			      &(struct one_try){clock_now_ms() + 50, why, sizeof why}));
	assert_non_null(strstr(why, "not finished in time"));
	SSL_CTX_free(context);
	close(ends[0]);
	close(ends[1]);
}

/* What comes of these first bytes, of which no more follow, in so many milliseconds. */
static bool waits_for(const uint8_t *bytes, size_t len, bool hang_up, int64_t limit_ms,
		      char why[WIRE_FIXTURE_WHY])
{
	uint8_t there[TLS_HELLO_MAX + 16];
	int ends[2];
	bool whole;

	wire_fixture_pair(ends);
	wire_fixture_write(ends[1], bytes, len);
	if (hang_up)
		assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	whole = tls_hello_wait(ends[0], &(struct one_try){clock_now_ms() + limit_ms, why,
							  WIRE_FIXTURE_WHY});
	/* All of it is still there for the handshake. */
	assert_int_equal(recv(ends[0], there, sizeof there, MSG_DONTWAIT),
			 len < sizeof there ? len : sizeof there);
	close(ends[0]);
	close(ends[1]);
	return whole;
}

static void test_12_10_a_handshake_begins_with_a_small_and_whole_message(void **state)
{
	enum { LONG_MS = 20000, SHORT_MS = 50, HEAD = 9, BODY = 500 };
	/* A record of 504 bytes that holds a ClientHello of 500. */
	uint8_t bytes[5 + TLS_HELLO_MAX + 1] = {22, 3, 1, 1, 248, 1, 0, 1, 244};
	char why[WIRE_FIXTURE_WHY] = "";

	(void)state;
	assert_true(waits_for(bytes, HEAD + BODY, false, LONG_MS, why));
	assert_true(waits_for(bytes, HEAD + BODY, true, LONG_MS, why));
	/* Half of it, of the head or of the body, is waited for and no longer. */
	for (size_t len = 1; len < HEAD + BODY; len += 100) {
		assert_false(waits_for(bytes, len, false, SHORT_MS, why));
		assert_non_null(strstr(why, "not finished in time"));
		assert_false(waits_for(bytes, len, true, LONG_MS, why));
		assert_non_null(strstr(why, "broken off"));
	}
	/* The largest that is taken, and what announces more, as record or as message. */
	bytes[3] = TLS_HELLO_MAX >> 8;
	bytes[4] = 0;
	bytes[7] = (TLS_HELLO_MAX - 4) >> 8;
	bytes[8] = 252;
	assert_true(waits_for(bytes, 5 + TLS_HELLO_MAX, false, LONG_MS, why));
	bytes[4] = 1;
	assert_false(waits_for(bytes, HEAD, false, LONG_MS, why));
	assert_non_null(strstr(why, "no beginning of one"));
	bytes[4] = 0;
	bytes[6] = 1;
	assert_false(waits_for(bytes, HEAD, false, LONG_MS, why));
	bytes[6] = 0;
	/* A record that ends before its message does, or behind it, is not waited for. */
	for (int more = -1; more <= 1; more += 2) {
		bytes[8] = (uint8_t)(252 + more);
		assert_false(waits_for(bytes, HEAD, false, LONG_MS, why));
		assert_non_null(strstr(why, "no beginning of one"));
	}
	bytes[8] = 252;
	/* Other records and messages. */
	for (unsigned i = 0; i < 6; i += 5) {
		bytes[i]++;
		assert_false(waits_for(bytes, HEAD, false, LONG_MS, why));
		bytes[i]--;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_12_10_a_handshake_begins_with_a_small_and_whole_message),
		cmocka_unit_test(test_1_9_2_6_a_server_starts_only_with_what_fits),
		cmocka_unit_test(test_a_wildcard_is_no_name),
		cmocka_unit_test(test_1_9_two_of_a_cluster_agree),
		cmocka_unit_test(test_9_26_a_server_sends_no_certificate_but_its_own),
		cmocka_unit_test(test_1_9_a_client_refuses_the_wrong_server),
		cmocka_unit_test(test_1_9_without_alpn_either_side_refuses),
		cmocka_unit_test(test_1_9_another_alpn_is_refused),
		cmocka_unit_test(test_1_9_tls_1_2_is_refused_by_either_side),
		cmocka_unit_test(
			test_2_2_a_server_knows_by_its_certificate_which_other_calls),
		cmocka_unit_test(
			test_2_2_a_certificate_that_does_not_verify_ends_the_handshake),
		cmocka_unit_test(test_a_mute_peer_is_not_waited_for),
	};

	return cmocka_run_group_tests_name("tls", tests, start, end);
}
