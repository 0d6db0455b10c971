/* The calling side of our transport. */
#include "call.h"

#include "directory.h"
#include "exchange.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct call {
	struct exchange *exchange;
	unsigned server;
};

/* Puts the server's name before the cause. */
static void name_it(unsigned server, const char *cause, char *why, size_t why_size)
{
	(void)snprintf(why, why_size, "dfs%u: %s", server, cause);
}

/* The address of the configuration or, where it has none, of rpcbind. */
static bool find(const struct cluster *cluster, unsigned server, int64_t deadline_ms,
		 char host[DIRECTORY_HOST], unsigned short *ret_port, char *why,
		 size_t why_size)
{
	const struct cluster_server *entry = &cluster->servers[server - 1];

	if (entry->address[0] != '\0') {
		if (cluster_split_address(entry->address, host, DIRECTORY_HOST, ret_port))
			return true;
		(void)snprintf(why, why_size, "\"%s\" is not an address", entry->address);
		return false;
	}

	uint32_t program = DFS_PROGRAM + server - 1;
	return directory_ask(entry->host, program, DFS_VERSION, "tcp", deadline_ms, host,
			     ret_port, why, why_size) ||
	       directory_ask(entry->host, program, DFS_VERSION, "tcp6", deadline_ms, host,
			     ret_port, why, why_size);
}

struct call *call_open(const struct cluster *cluster, unsigned server, SSL_CTX *tls,
		       int64_t deadline_ms, char *why, size_t why_size)
{
	struct call *call = calloc(1, sizeof *call);
	char host[DIRECTORY_HOST], name[8], cause[300] = "out of memory";
	unsigned short port;

	assert(server >= 1 && server <= DFS_SERVERS);
	if (call == NULL)
		goto fail;
	call->server = server;
	(void)snprintf(name, sizeof name, "dfs%u", server);
	if (!find(cluster, server, deadline_ms, host, &port, cause, sizeof cause))
		goto fail;
	struct stream *stream =
		stream_connect(host, port, deadline_ms, cause, sizeof cause);
	if (stream == NULL)
		goto fail;
	call->exchange = exchange_new(stream);
	if (call->exchange == NULL)
		goto fail;
	if (!exchange_ask_tls(call->exchange, DFS_PROGRAM + server - 1, DFS_VERSION,
			      deadline_ms, cause, sizeof cause) ||
	    !stream_start_tls(stream, tls, false, name, deadline_ms, cause, sizeof cause))
		goto fail;
	return call;
fail:
	name_it(server, cause, why, why_size);
	call_close(call);
	return NULL;
}

void call_close(struct call *call)
{
	if (call == NULL)
		return;
	exchange_free(call->exchange);
	free(call);
}

bool call_run(struct call *call, uint32_t procedure, xdrproc_t encode, const void *args,
	      xdrproc_t decode, void *res, size_t res_size, int64_t deadline_ms,
	      char *why, size_t why_size)
{
	const struct exchange_call what = {.program = DFS_PROGRAM + call->server - 1,
					   .version = DFS_VERSION,
					   .procedure = procedure,
					   .encode = encode,
					   .args = args,
					   .decode = decode,
					   .res = res,
					   .res_size = res_size,
					   .reply_max = DFS_RECORD_MAX};
	char cause[200];

	if (exchange_run(call->exchange, &what, deadline_ms, cause, sizeof cause))
		return true;
	name_it(call->server, cause, why, why_size);
	return false;
}

void call_free_result(xdrproc_t decode, void *res)
{
	xdr_free(decode, res);
}

bool call_is_dead(const struct call *call)
{
	return stream_error(exchange_stream(call->exchange)) != 0;
}

void call_cancel(struct call *call)
{
	stream_cancel(exchange_stream(call->exchange));
}
