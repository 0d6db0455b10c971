/*
 * The calling side of our transport: a CLIENT of libtirpc.
 *
 * Its operations put an exchange of ours in the place of libtirpc's own transport, which
 * has no TLS, and deadlines for one call only.
 */
#include "call.h"

#include "answers.h"
#include "clock.h"
#include "directory.h"
#include "exchange.h"
#include "procedures.h"
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
	CLIENT client; /* first: its operations get a CLIENT * */
	struct exchange *exchange;
	unsigned server;
	int64_t deadline_ms; /* of call_run's call; 0: the call brings a time-out */
	size_t res_size;     /* likewise */
	struct call_watcher watcher;
	char why[200]; /* the last call failed */
};

/*
 * ---- the operations of a CLIENT ------------------------------------------------------
 */

static enum clnt_stat client_call(CLIENT *client, rpcproc_t procedure, xdrproc_t encode,
				  void *args, xdrproc_t decode, void *res,
				  struct timeval timeout)
{
	struct call *call = (struct call *)client;
	const struct exchange_call what = {.program = DFS_PROGRAM + call->server - 1,
					   .version = DFS_VERSION,
					   .procedure = procedure,
					   .encode = encode,
					   .args = args,
					   .decode = decode,
					   .res = res,
					   .res_size = call->res_size,
					   .reply_max = DFS_RECORD_MAX};
	int64_t deadline_ms = call->deadline_ms;

	if (deadline_ms == 0)
		deadline_ms =
			clock_now_ms() + timeout.tv_sec * 1000 + timeout.tv_usec / 1000;
	(void)exchange_run(call->exchange, &what,
			   &(struct one_try){deadline_ms, call->why, sizeof call->why});
	return exchange_error(call->exchange).re_status;
}

static void client_abort(CLIENT *client)
{
	call_cancel((struct call *)client);
}

static void client_error(CLIENT *client, struct rpc_err *ret)
{
	*ret = exchange_error(((struct call *)client)->exchange);
}

static bool_t client_free_result(CLIENT *client, xdrproc_t decode, void *res)
{
	(void)client;
	xdr_free(decode, res);
	return TRUE;
}

static void client_destroy(CLIENT *client)
{
	call_close((struct call *)client);
}

static bool_t client_control(CLIENT *client, u_int request, void *info)
{
	(void)client;
	(void)request;
	(void)info;
	return FALSE; /* everything is fixed when the connection is opened */
}

static struct clnt_ops *client_operations(void)
{
	static struct clnt_ops operations = {client_call,    client_abort,
					     client_error,   client_free_result,
					     client_destroy, client_control};

	return &operations;
}

CLIENT *call_client(struct call *call)
{
	return &call->client;
}

/*
 * ---- opening and calling
 * ----------------------------------------------------------------
 */

/* Puts the server's name before the cause. */
static void name_it(unsigned server, const char *cause, const struct one_try *try)
{
	(void)snprintf(try->why, try->why_size, "dfs%u: %s", server, cause);
}

/* The address of the configuration or, where it has none, of rpcbind. */
static bool find(const struct cluster *cluster, unsigned server,
		 char host[DIRECTORY_HOST], unsigned short *ret_port,
		 const struct one_try *try)
{
	const struct cluster_server *entry = &cluster->servers[server - 1];

	if (entry->address[0] != '\0') {
		if (cluster_split_address(entry->address, host, DIRECTORY_HOST, ret_port))
			return true;
		(void)snprintf(try->why, try->why_size, "\"%s\" is not an address",
			       entry->address);
		return false;
	}

	struct directory_entry wanted = {entry->host, DFS_PROGRAM + server - 1,
					 DFS_VERSION, "tcp"};
	if (directory_ask(&wanted, host, ret_port, try))
		return true;
	wanted.netid = "tcp6";
	return directory_ask(&wanted, host, ret_port, try);
}

/*
 * The one credential that libtirpc has for callers without any.  It makes it at the first
 * call, and when two threads make the first call at once, one of two that nobody frees.
 */
static pthread_once_t credentials_once = PTHREAD_ONCE_INIT;
static AUTH *credentials;

static void make_credentials(void)
{
	credentials = authnone_create();
}

static AUTH *no_credentials(void)
{
	(void)pthread_once(&credentials_once, make_credentials);
	return credentials;
}

struct call *call_open(const struct cluster *cluster, unsigned server, SSL_CTX *tls,
		       const struct one_try *try)
{
	struct call *call = calloc(1, sizeof *call);
	char host[DIRECTORY_HOST], name[8], cause[300] = "out of memory";
	const struct one_try opening = {try->deadline_ms, cause, sizeof cause};
	unsigned short port;

	assert(server >= 1 && server <= DFS_SERVERS);
	if (!call)
		goto fail;
	call->server = server;
	call->client.cl_ops = client_operations();
	call->client.cl_auth = no_credentials();
	(void)snprintf(name, sizeof name, "dfs%u", server);
	if (!find(cluster, server, host, &port, &opening))
		goto fail;
	struct stream *stream = stream_connect(host, port, &opening);
	if (!stream)
		goto fail;
	call->exchange = exchange_new(stream);
	if (!call->exchange)
		goto fail;
	if (!exchange_ask_tls(call->exchange, DFS_PROGRAM + server - 1, DFS_VERSION,
			      &opening) ||
	    !stream_start_tls(stream, tls, false, name, &opening))
		goto fail;
	return call;
fail:
	name_it(server, cause, try);
	call_close(call);
	return NULL;
}

void call_close(struct call *call)
{
	if (!call)
		return;
	exchange_free(call->exchange);
	free(call);
}

void call_watch(struct call *call, const struct call_watcher *watcher)
{
	call->watcher = *watcher;
}

/* Does the answer keep the rules?  One that does not is freed, and told of. */
static bool check_answer(struct call *call, const struct answers_call *answer, void *res,
			 const struct one_try *try)
{
	const struct procedure *procedure = procedures_find(answer->procedure);
	const char *wrong = answers_check(answer);

	if (!wrong)
		return true;
	call_free_result(procedure->result, res);
	memset(res, 0, procedure->result_size);
	answers_why(call->server, wrong, try->why, try->why_size);
	if (call->watcher.wrong)
		call->watcher.wrong(call->watcher.context, try->why);
	return false;
}

bool call_run(struct call *call, uint32_t number, const void *args, void *res,
	      const struct one_try *try)
{
	const struct answers_call answer = {number, call->server, args, res};
	const struct procedure *procedure = procedures_find(number);
	const struct timeval none = {0};
	enum clnt_stat status;

	assert(procedure);
	call->deadline_ms = try->deadline_ms;
	call->res_size = procedure->result_size;
	status = clnt_call(&call->client, number, procedure->args, exchange_unconst(args),
			   procedure->result, res, none);
	call->deadline_ms = 0;
	call->res_size = 0;
	if (status == RPC_SUCCESS)
		return check_answer(call, &answer, res, try);
	name_it(call->server, call->why, try);
	return false;
}

void call_free_result(xdrproc_t decode, void *res)
{
	xdr_free(decode, res);
}

unsigned call_server(const struct call *call)
{
	return call->server;
}

X509 *call_peer_certificate(const struct call *call)
{
	return stream_peer_certificate(exchange_stream(call->exchange));
}

int64_t call_peer_ends(const struct call *call)
{
	return stream_peer_ends(exchange_stream(call->exchange));
}

bool call_is_dead(const struct call *call)
{
	return stream_error(exchange_stream(call->exchange)) != 0;
}

bool call_is_older(const struct call *call)
{
	struct rpc_err error = exchange_error(call->exchange);

	return error.re_status == RPC_PROGVERSMISMATCH &&
	       error.re_vers.high < DFS_VERSION;
}

bool call_was_closed(const struct call *call)
{
	return stream_wait(exchange_stream(call->exchange), 0);
}

void call_cancel(struct call *call)
{
	stream_cancel(exchange_stream(call->exchange));
}
