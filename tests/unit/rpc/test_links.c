/* Links to servers that hang up, are not asked for, or are not to be used. */
#include "links.h"

#include "clock.h"
#include "record.h"
#include "stream.h"
#include "tls.h"
#include "wire_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 20000 };

static struct wire_fixture fixture;

/*
 * ---- a server that says nothing but STARTTLS, and hangs up when it is told to
 * --------------
 */

struct fake {
	int listener;
	SSL_CTX *context;
	pthread_t thread;
	sem_t hang_up;
	atomic_bool ending;
	atomic_uint connections;
	atomic_uint peer; /* of the newest connection, by its certificate */
	struct cluster cluster;
};

/* Answers the wish for TLS by hand. */
static bool greet(struct record *record, int fd)
{
	uint32_t words[10] = {0, 0, htonl(1), 0, 0, htonl(8), 0, 0, 0}, xid;

	if (!record_receive(record, DFS_RECORD_MAX, clock_now_ms() + LONG_MS) ||
	    !xdr_uint32_t(record_input(record), &xid))
		return false;
	words[0] = htonl(0x80000000U | 32);
	words[1] = htonl(xid);
	memcpy(words + 6, "STARTTLS", 8);
	wire_fixture_write(fd, words, 36);
	return true;
}

static void *serve(void *arg)
{
	struct fake *fake = arg;
	int fd;

	while ((fd = accept(fake->listener, NULL, NULL)) >= 0) {
		struct stream *stream = stream_new(fd);
		struct record *record = record_new(stream, NULL);
		char why[WIRE_FIXTURE_WHY];

		if (greet(record, fd) &&
		    stream_start_tls(stream, fake->context, true, NULL,
				     &(struct one_try){clock_now_ms() + LONG_MS, why,
						       sizeof why})) {
			atomic_store(&fake->peer, stream_peer_server(stream));
			atomic_fetch_add(&fake->connections, 1);
			sem_wait(&fake->hang_up);
		}
		record_free(record);
		stream_close(stream);
		if (atomic_load(&fake->ending))
			break;
	}
	return NULL;
}

static void fake_start(struct fake *fake)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;

	memset(fake, 0, sizeof *fake);
	sem_init(&fake->hang_up, 0, 0);
	fake->context = wire_fixture_server(&fixture, "dfs2");
	fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fake->listener, 5), 0);
	assert_int_equal(getsockname(fake->listener, (struct sockaddr *)&address, &len),
			 0);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		(void)snprintf(fake->cluster.servers[i].address,
			       sizeof fake->cluster.servers[i].address, "127.0.0.1:%u",
			       i == 1 ? ntohs(address.sin_port) : 1);
	assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

static void fake_end(struct fake *fake)
{
	atomic_store(&fake->ending, true);
	sem_post(&fake->hang_up);
	(void)shutdown(fake->listener, SHUT_RDWR);
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	SSL_CTX_free(fake->context);
	sem_destroy(&fake->hang_up);
}

/*
 * ---- the owner of links
 * ---------------------------------------------------------------------
 */

struct owner {
	atomic_uint introduced;
	atomic_bool refuse;
	sem_t freed;
};

static bool introduce(void *context, unsigned server, struct call *call,
		      struct links_introduction *ret, char *why)
{
	struct owner *owner = context;

	assert_non_null(call);
	atomic_fetch_add(&owner->introduced, 1);
	ret->votes = true;
	ret->seen.counter = 40 + server;
	if (atomic_load(&owner->refuse))
		(void)snprintf(why, LINKS_WHY, "dfs%u is not wanted", server);
	return !atomic_load(&owner->refuse);
}

static void free_owner(void *context)
{
	sem_post(&((struct owner *)context)->freed);
}

static struct links *connect_to(const struct fake *fake, unsigned servers,
				struct owner *owner)
{
	const struct links_options options = {
		.cluster = &fake->cluster,
		.take_tls = wire_fixture_client(&fixture, "ca.pem"),
		.servers = servers,
		.introduce = introduce,
		.take_context = owner,
		.free_context = free_owner};
	struct links *links;

	sem_init(&owner->freed, 0, 0);
	links = links_new(&options);
	assert_non_null(links);
	return links;
}

/* Gives the links up, and waits until the last thread is done with the context. */
static void end(struct links *links, struct owner *owner)
{
	links_free(links);
	sem_wait(&owner->freed);
	assert_int_equal(sem_trywait(&owner->freed), -1);
	sem_destroy(&owner->freed);
}

struct asking {
	struct job job;
	sem_t done;
	bool connected;
	char why[LINKS_WHY];
};

static void note(struct job *job, unsigned server, struct call *call, const char *why)
{
	struct asking *asking = (struct asking *)job;

	(void)server;
	asking->connected = call != NULL;
	(void)snprintf(asking->why, sizeof asking->why, "%s", why);
	sem_post(&asking->done);
}

/*
 * Has a job run on the server's thread: was there a connection?  If not, why has to say
 * this.
 */
static bool ask(struct links *links, unsigned server, const char *because)
{
	struct asking asking = {.job = {.run = note}};

	sem_init(&asking.done, 0, 0);
	links_submit(links, server, &asking.job);
	sem_wait(&asking.done);
	sem_destroy(&asking.done);
	if (!asking.connected && !strstr(asking.why, because))
		fail_msg("\"%s\" does not say \"%s\"", asking.why, because);
	return asking.connected;
}

/*
 * Hangs up, and waits until the hanging up has arrived: the next connection can be
 * accepted.
 */
static void hang_up(struct fake *fake)
{
	sem_post(&fake->hang_up);
}

/*
 * ---- tests
 * ----------------------------------------------------------------------------------
 */

static void test_only_who_is_asked_for_is_connected_to(void **state)
{
	struct owner owner = {.refuse = false};
	char why[LINKS_WHY];
	struct fake fake;

	(void)state;
	fake_start(&fake);
	struct links *links = connect_to(&fake, 1U << 1, &owner);

	links_settle(links, true);
	assert_int_equal(links_up(links), 1U << 1);
	assert_int_equal(links_voting(links), 1U << 1);
	assert_int_equal(links_seen(links, 2).counter, 42);
	assert_true(ask(links, 2, ""));
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		if (s == 2)
			continue;
		assert_non_null(strstr(links_why(links, s, why), "not asked for"));
		assert_false(ask(links, s, "not asked for"));
	}
	links_retry(links);
	links_settle(links, true);
	assert_int_equal(links_up(links), 1U << 1);
	assert_int_equal(atomic_load(&owner.introduced), 1);
	end(links, &owner);
	fake_end(&fake);
}

static void test_8_10_who_answered_wrongly_stays_left_out(void **state)
{
	static const char sentence[] = "dfs2 answers wrongly: a rule: left out";
	struct owner owner = {.refuse = false};
	char why[LINKS_WHY];
	struct fake fake;

	(void)state;
	fake_start(&fake);
	struct links *links = connect_to(&fake, SERVERS_ALL, &owner);

	links_settle(links, true);
	assert_int_equal(links_up(links), set_of(2));
	assert_int_equal(links_left_out(links), 0);
	links_leave_out(links, 2, "a rule");
	/* At once, though it is connected. */
	assert_int_equal(links_left_out(links), set_of(2));
	assert_int_equal(links_up(links), 0);
	assert_string_equal(links_why(links, 2, why), sentence);
	/* Nothing more is asked on that connection, and there is no other. */
	assert_false(ask(links, 2, sentence));
	assert_false(ask(links, 2, sentence));
	links_retry_after(links, 0);
	links_settle(links, true);
	assert_int_equal(links_up(links), 0);
	assert_string_equal(links_why(links, 2, why), sentence);
	assert_int_equal(atomic_load(&fake.connections), 1);
	end(links, &owner);
	fake_end(&fake);
}

static void test_who_is_not_introduced_is_down(void **state)
{
	struct owner owner = {.refuse = true};
	char why[LINKS_WHY];
	struct fake fake;

	(void)state;
	fake_start(&fake);
	struct links *links = connect_to(&fake, 0x3, &owner);

	links_settle(links, true);
	assert_int_equal(links_up(links), 0);
	assert_string_equal(links_why(links, 1, why), "dfs1: connection refused");
	assert_string_equal(links_why(links, 2, why), "dfs2 is not wanted");
	assert_int_equal(links_seen(links, 2).counter, 0);
	/* A job tries again, and says why when that is in vain too. */
	hang_up(&fake);
	assert_false(ask(links, 2, "dfs2 is not wanted"));
	assert_int_equal(atomic_load(&owner.introduced), 2);
	atomic_store(&owner.refuse, false);
	hang_up(&fake);
	assert_true(ask(links, 2, ""));
	assert_int_equal(links_up(links), 1U << 1);
	end(links, &owner);
	fake_end(&fake);
}

static void test_a_server_that_hung_up_is_connected_to_again(void **state)
{
	struct owner owner = {.refuse = false};
	struct fake fake;

	(void)state;
	fake_start(&fake);
	struct links *links = connect_to(&fake, 1U << 1, &owner);

	for (unsigned i = 1; i <= 5; i++) {
		assert_true(ask(links, 2, ""));
		assert_true(ask(links, 2, ""));
		assert_int_equal(atomic_load(&owner.introduced), i);
		hang_up(&fake);
		/*
		 * Until the news has come: a job before that would only find out later.
		 */
		while (atomic_load(&owner.introduced) == i)
			assert_true(ask(links, 2, ""));
	}
	end(links, &owner);
	fake_end(&fake);
}

static SSL_CTX *peer(const char *name)
{
	char files[3][WIRE_FIXTURE_FILE], file[32], why[WIRE_FIXTURE_WHY] = "";
	struct tls_own own = {.folder = "",
			      .ca = wire_fixture_file(&fixture, "ca.pem", files[2])};

	(void)snprintf(file, sizeof file, "%s.pem", name);
	own.cert = wire_fixture_file(&fixture, file, files[0]);
	(void)snprintf(file, sizeof file, "%s.key", name);
	own.key = wire_fixture_file(&fixture, file, files[1]);
	SSL_CTX *context = tls_for_peer(&own, why, sizeof why);
	if (!context)
		fail_msg("%s", why);
	return context;
}

static void test_2_6_new_certificates_are_shown_from_the_next_connection_on(void **state)
{
	struct owner owner = {.refuse = false};
	struct fake fake;

	(void)state;
	fake_start(&fake);
	struct links *links = connect_to(&fake, 1U << 1, &owner);

	assert_true(ask(links, 2, ""));
	assert_int_equal(atomic_load(&fake.peer), 0);
	links_set_tls(links, peer("dfs1"));
	assert_true(ask(links, 2, ""));
	assert_int_equal(atomic_load(&fake.peer), 0);
	hang_up(&fake);
	while (atomic_load(&owner.introduced) == 1)
		assert_true(ask(links, 2, ""));
	while (atomic_load(&fake.connections) == 1)
		sched_yield();
	assert_int_equal(atomic_load(&fake.peer), 1);
	end(links, &owner);
	fake_end(&fake);
}

static int start_all(void **state)
{
	(void)state;
	wire_fixture_start(&fixture);
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	wire_fixture_end(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_who_is_asked_for_is_connected_to),
		cmocka_unit_test(test_8_10_who_answered_wrongly_stays_left_out),
		cmocka_unit_test(test_who_is_not_introduced_is_down),
		cmocka_unit_test(test_a_server_that_hung_up_is_connected_to_again),
		cmocka_unit_test(
			test_2_6_new_certificates_are_shown_from_the_next_connection_on),
	};

	return cmocka_run_group_tests_name("links", tests, start_all, end_all);
}
