/* Asking the rpcbind of a host where a program is. */
#include "directory.h"

#include "exchange.h"
#include "text.h"
#include <rpc/rpcb_prot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RPCBIND_PORT = 111, REPLY_MAX = 1024, UNIVERSAL_MAX = 300 };

/* Takes the number behind the last dot off the text. */
static bool take_octet(char *text, uint64_t *ret)
{
	char *dot = strrchr(text, '.');

	if (!dot || !text_number(dot + 1, 0, 255, ret))
		return false;
	*dot = '\0';
	return true;
}

bool directory_split(const char *universal, char ret_host[DIRECTORY_HOST],
		     unsigned short *ret_port)
{
	uint64_t high, low;

	if (strlen(universal) >= DIRECTORY_HOST)
		return false;
	(void)strcpy(ret_host, universal);
	if (!take_octet(ret_host, &low) || !take_octet(ret_host, &high) ||
	    ret_host[0] == '\0')
		return false;
	*ret_port = (unsigned short)(high << 8 | low);
	return true;
}

/* The address as rpcbind gives it: a string, empty when there is none. */
static bool_t xdr_universal(XDR *xdrs, char **text)
{
	return xdr_string(xdrs, text, UNIVERSAL_MAX);
}

bool directory_ask(const struct directory_entry *entry, char ret_host[DIRECTORY_HOST],
		   unsigned short *ret_port, const struct one_try *try)
{
	char wanted_netid[16], nothing[1] = "";
	RPCB wanted = {.r_prog = entry->program,
		       .r_vers = entry->version,
		       .r_netid = wanted_netid,
		       .r_addr = nothing,
		       .r_owner = nothing};
	char *universal = NULL;
	const struct exchange_call call = {.program = RPCBPROG,
					   .version = RPCBVERS,
					   .procedure = RPCBPROC_GETADDR,
					   .encode = (xdrproc_t)xdr_rpcb,
					   .args = &wanted,
					   .decode = (xdrproc_t)xdr_universal,
					   .res = &universal,
					   .res_size = sizeof universal,
					   .reply_max = REPLY_MAX};
	char cause[200];
	const struct one_try asking = {try->deadline_ms, cause, sizeof cause};
	bool good = false;

	*ret_port = 0;
	(void)snprintf(wanted_netid, sizeof wanted_netid, "%s", entry->netid);
	struct stream *stream = stream_connect(entry->host, RPCBIND_PORT, &asking);
	struct exchange *exchange = stream ? exchange_new(stream) : NULL;
	if (stream && !exchange)
		(void)snprintf(cause, sizeof cause, "out of memory");
	if (!exchange || !exchange_run(exchange, &call, &asking)) {
		(void)snprintf(try->why, try->why_size, "rpcbind on %s: %s", entry->host,
			       cause);
		goto done;
	}
	if (!universal || universal[0] == '\0')
		(void)snprintf(try->why, try->why_size,
			       "not registered with rpcbind on %s", entry->host);
	else if (!directory_split(universal, ret_host, ret_port))
		(void)snprintf(try->why, try->why_size,
			       "rpcbind on %s gave no usable address", entry->host);
	else
		good = true;
	free(universal);
done:
	exchange_free(exchange);
	return good;
}

bool directory_answers(const char *host, unsigned short port, uint32_t program,
		       uint32_t version, int64_t deadline_ms)
{
	const struct exchange_call call = {
		.program = program, .version = version, .reply_max = REPLY_MAX};
	char why[200];
	const struct one_try try = {deadline_ms, why, sizeof why};
	struct stream *stream = stream_connect(host, port, &try);
	struct exchange *exchange = stream ? exchange_new(stream) : NULL;
	bool answers = exchange && exchange_run(exchange, &call, &try);

	exchange_free(exchange);
	return answers;
}
