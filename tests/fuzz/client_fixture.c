/*
 * A client among four servers whose answers are the input.
 *
 * In the targets that are linked with it some functions of the product are this file's
 * (see Makefile): a connection leads to a pair of sockets, nobody asks for TLS, and once
 * a call has gone out its answer is put behind the other socket, under the number that
 * the call has.  Nobody pauses.
 */
#include "client_fixture.h"

#include "account_cache.h"
#include "clock.h"
#include "exchange.h"
#include "pack.h"
#include "record.h"
#include "stream_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 10000 };

/* Of a server; used by the thread of its link alone. */
struct server {
	struct fuzz_input script;
	int peer; /* the socket behind its connection; -1: none */
};

static struct server servers[DFS_SERVERS];
static server_set down, voiceless;
static struct cluster cluster = {.id = {"a cluster's id."}};
static atomic_uint answers;
static _Thread_local unsigned calling; /* the server; 0: none */

/* Until the links are gone. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static bool linked;

/* ---- in place of the product's ---------------------------------------------------- */

bool __wrap_exchange_ask_tls(struct exchange *exchange, uint32_t program,
			     uint32_t version, const struct one_try *try);
bool __wrap_stream_start_tls(struct stream *stream, SSL_CTX *tls, bool server,
			     const char *name, const struct one_try *try);
bool __wrap_exchange_run(struct exchange *exchange, const struct exchange_call *call,
			 const struct one_try *try);
bool __real_exchange_run(struct exchange *exchange, const struct exchange_call *call,
			 const struct one_try *try);
bool __wrap_record_send(struct record *record, int64_t deadline_ms);
bool __real_record_send(struct record *record, int64_t deadline_ms);
void __wrap_clock_pause(int64_t ms);

static void hang_up(struct server *server)
{
	if (server->peer >= 0)
		(void)close(server->peer);
	server->peer = -1;
}

static struct stream *connect_to(unsigned short port)
{
	unsigned number = port - PORT;
	struct server *server = &servers[number - 1];
	struct stream *stream;
	int ends[2];

	FUZZ_MUST(number >= 1 && number <= DFS_SERVERS);
	hang_up(server);
	if (server->script.left == 0 || set_has(down, number))
		return NULL;
	FUZZ_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	stream = stream_new(ends[0]);
	FUZZ_MUST(stream);
	server->peer = ends[1];
	return stream;
}

bool __wrap_exchange_ask_tls(struct exchange *exchange, uint32_t program,
			     uint32_t version, const struct one_try *try)
{
	(void)exchange;
	(void)program;
	(void)version;
	(void)try;
	return true;
}

bool __wrap_stream_start_tls(struct stream *stream, SSL_CTX *tls, bool server,
			     const char *name, const struct one_try *try)
{
	(void)tls;
	(void)server;
	(void)name;
	(void)try;
	return stream_error(stream) == 0;
}

bool __wrap_exchange_run(struct exchange *exchange, const struct exchange_call *call,
			 const struct one_try *try)
{
	bool good;

	calling = call->program - DFS_PROGRAM + 1;
	FUZZ_MUST(calling >= 1 && calling <= DFS_SERVERS);
	good = __real_exchange_run(exchange, call, try);
	calling = 0;
	return good;
}

/* The number of the call that has arrived. */
static uint32_t read_number(struct server *server)
{
	static _Thread_local uint8_t request[65536];
	uint32_t number = 0;
	ssize_t got = recv(server->peer, request, sizeof request, MSG_DONTWAIT);

	if (got >= 8)
		memcpy(&number, request + 4, sizeof number);
	while (got > 0)
		got = recv(server->peer, request, sizeof request, MSG_DONTWAIT);
	return number;
}

static void answer(struct server *server)
{
	uint32_t number = read_number(server);
	const uint8_t *result;
	struct pack_out out = {0};
	size_t len;

	if (server->script.left == 0) {
		(void)shutdown(server->peer, SHUT_RDWR);
		return;
	}
	result = fuzz_bytes(&server->script, fuzz_short(&server->script), &len);
	pack_put_u32(&out, 0x80000000U | (uint32_t)(24 + len));
	pack_put(&out, &number, sizeof number);
	pack_put_u32(&out, REPLY);
	for (unsigned i = 0; i < 4; i++)
		pack_put_u32(&out, 0); /* accepted, without a verifier, successfully */
	pack_put(&out, result, len);
	FUZZ_MUST(!out.failed);
	/* A call that was given up has nobody who reads. */
	(void)send(server->peer, out.bytes, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	pack_free(&out);
	atomic_fetch_add(&answers, 1);
}

bool __wrap_record_send(struct record *record, int64_t deadline_ms)
{
	bool sent = __real_record_send(record, deadline_ms);

	if (sent && calling != 0)
		answer(&servers[calling - 1]);
	return sent;
}

void __wrap_clock_pause(int64_t ms)
{
	(void)ms;
}

/* ---- the session ------------------------------------------------------------------ */

static struct fuzz_input take_script(struct fuzz_input *input)
{
	struct fuzz_input script;
	size_t len = fuzz_short(input);

	script.at = fuzz_bytes(input, len, &script.left);
	return script;
}

void client_fixture_begin(struct fuzz_input *input)
{
	uint8_t mask = fuzz_byte(input);
	struct fuzz_input shared;

	stream_fixture_begin();
	stream_fixture_connect(connect_to);
	atomic_store(&answers, 0);
	down = mask >> DFS_SERVERS;
	voiceless = fuzz_byte(input) & SERVERS_ALL;
	shared = take_script(input);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		servers[s - 1].script =
			set_has(mask & SERVERS_ALL, s) ? take_script(input) : shared;
		servers[s - 1].peer = -1;
		(void)snprintf(cluster.servers[s - 1].address,
			       sizeof cluster.servers[s - 1].address, "127.0.0.1:%u",
			       PORT + s);
	}
}

static void make_identity(struct identity *identity, const char *user)
{
	dfs_account *account = &identity->account;

	(void)snprintf(identity->user, sizeof identity->user, "%s", user);
	memset(identity->ring.secrets[0], user[0], KEYS_LEN);
	identity->ring.count = 1;
	memset(identity->shared, 's', sizeof identity->shared);
	FUZZ_MUST(identity_make_pairs(identity));
	account->number = 1;
	account->key = 1;
	account->signature.leaves = 1;
	account->seal_key = *keys_pair_seal_key(identity->pairs[0]);
	account->sign_key = *keys_pair_sign_key(identity->pairs[0]);
}

const struct identity *client_fixture_identity(const char *user)
{
	static struct identity known[3];

	size_t i = 0;

	while (known[i].user[0] != '\0' && strcmp(known[i].user, user) != 0) {
		i++;
		FUZZ_MUST(i < sizeof known / sizeof known[0]);
	}
	if (known[i].user[0] == '\0')
		make_identity(&known[i], user);
	return &known[i];
}

static bool introduce(void *context, unsigned server, struct call *call,
		      struct links_introduction *ret, char *why)
{
	(void)context;
	(void)call;
	why[0] = '\0';
	*ret = (struct links_introduction){.votes = !set_has(voiceless, server),
					   .seen = {.counter = server}};
	if (!ret->votes)
		(void)snprintf(why, LINKS_WHY, "dfs%u: recovering", server);
	return true;
}

static void note_end(void *context)
{
	(void)context;
	pthread_mutex_lock(&lock);
	linked = false;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&lock);
}

static SSL_CTX *borrow_tls(void)
{
	static SSL_CTX *tls;

	if (!tls)
		tls = SSL_CTX_new(TLS_method());
	FUZZ_MUST(tls && SSL_CTX_up_ref(tls) == 1);
	return tls;
}

struct dfs *client_fixture_open(const char *user)
{
	struct dfs *dfs = calloc(1, sizeof *dfs);
	const struct links_options options = {.cluster = &cluster,
					      .take_tls = borrow_tls(),
					      .servers = SERVERS_ALL,
					      .introduce = introduce,
					      .free_context = note_end};

	FUZZ_MUST(dfs);
	(void)snprintf(dfs->user, sizeof dfs->user, "%s", user);
	dfs->identity = client_fixture_identity(user);
	dfs->cluster = &cluster;
	linked = true;
	dfs->links = links_new(&options);
	FUZZ_MUST(dfs->links);
	return dfs;
}

void client_fixture_close(struct dfs *dfs)
{
	session_end(dfs);
	links_free(dfs->links);
	pthread_mutex_lock(&lock);
	while (linked)
		pthread_cond_wait(&ended, &lock);
	pthread_mutex_unlock(&lock);
	account_cache_free(dfs->accounts);
	free(dfs);
	client_fixture_end();
}

void client_fixture_end(void)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		hang_up(&servers[i]);
}

const struct cluster *client_fixture_cluster(void)
{
	return &cluster;
}

struct call *client_fixture_call(unsigned server)
{
	char why[256];
	SSL_CTX *tls = borrow_tls();
	struct call *call =
		call_open(&cluster, server, tls,
			  &(struct one_try){clock_now_ms() + 60000, why, sizeof why});

	SSL_CTX_free(tls);
	return call;
}

unsigned client_fixture_answers(void)
{
	return atomic_load(&answers);
}
