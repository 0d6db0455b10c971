/* One RPC call and its reply. */
#include "exchange.h"

#include "record.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct exchange {
	struct stream *stream;
	struct record *record;
	uint32_t xid; /* of the last call; the first is random, so that it cannot be
			 guessed */
	struct rpc_err error; /* of the last call */
};

struct exchange *exchange_new(struct stream *take_stream)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);

	if (!exchange || !take_stream)
		goto fail;
	exchange->record = record_new(take_stream, NULL);
	if (!exchange->record || getrandom(&exchange->xid, sizeof exchange->xid, 0) !=
					 (ssize_t)sizeof exchange->xid)
		goto fail;
	exchange->stream = take_stream;
	return exchange;
fail:
	exchange_free(exchange);
	stream_close(take_stream);
	return NULL;
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	record_free(exchange->record);
	stream_close(exchange->stream);
	free(exchange);
}

struct stream *exchange_stream(struct exchange *exchange)
{
	return exchange->stream;
}

static bool_t no_value(XDR *xdrs, ...)
{
	(void)xdrs;
	return TRUE;
}

void *exchange_unconst(const void *pointer)
{
	union {
		const void *borrow;
		void *plain;
	} either = {.borrow = pointer};

	return either.plain;
}

static bool say(const struct one_try *try, const char *text)
{
	(void)snprintf(try->why, try->why_size, "%s", text);
	return false;
}

static bool say_stream(const struct exchange *exchange, const struct one_try *try)
{
	switch (stream_error(exchange->stream)) {
	case ETIMEDOUT:
		return say(try, "no answer in time");
	case ECONNRESET:
	case EPIPE:
		return say(try, "the connection was closed");
	case ECANCELED:
		return say(try, "given up");
	case EPROTO:
		return say(try, "what arrived is not what was sent");
	case EMSGSIZE:
		return say(try, "an answer above the largest size");
	default:
		return say(try, strerrordesc_np(stream_error(exchange->stream)));
	}
}

/* With the versions that the other side says it speaks. */
static bool say_version(const struct rpc_msg *reply, uint32_t version,
			const struct one_try *try)
{
	uint32_t low = (uint32_t)reply->acpted_rply.ar_vers.low,
		 high = (uint32_t)reply->acpted_rply.ar_vers.high;
	bool older = high < version;

	if (!older && low <= version)
		return say(try, "it speaks another version of our protocol");
	(void)snprintf(try->why, try->why_size,
		       "it speaks %s protocol (%u; this program needs %u)",
		       older ? "an older" : "a newer", older ? high : low, version);
	return false;
}

static bool say_refused(const struct rpc_msg *reply, uint32_t version,
			const struct one_try *try)
{
	if (reply->rm_reply.rp_stat == MSG_DENIED) {
		if (reply->rjcted_rply.rj_stat == RPC_MISMATCH)
			return say(try, "it speaks another version of RPC");
		if (reply->rjcted_rply.rj_why == AUTH_TOOWEAK)
			return say(try, "it refuses this in the clear");
		return say(try, "it refused the credential");
	}
	switch (reply->acpted_rply.ar_stat) {
	case PROG_UNAVAIL:
		return say(try, "another program answers at this address");
	case PROG_MISMATCH:
		return say_version(reply, version, try);
	case PROC_UNAVAIL:
		return say(try, "it does not know this procedure");
	case GARBAGE_ARGS:
		return say(try, "it did not understand the request");
	default:
		return say(try, "it could not answer");
	}
}

/*
 * A call that failed on this side or on the way; a time-out is one wherever it happens.
 */
static void note_failure(struct exchange *exchange, enum clnt_stat status)
{
	int error = stream_error(exchange->stream);

	exchange->error =
		(struct rpc_err){.re_status = error == ETIMEDOUT ? RPC_TIMEDOUT : status};
	exchange->error.re_errno = error;
}

struct rpc_err exchange_error(const struct exchange *exchange)
{
	return exchange->error;
}

static bool send_call(struct exchange *exchange, const struct exchange_call *call,
		      int flavor, const struct one_try *try)
{
	XDR *xdrs = record_begin(exchange->record);
	struct rpc_msg message;

	memset(&message, 0, sizeof message);
	message.rm_xid = ++exchange->xid;
	message.rm_direction = CALL;
	message.rm_call.cb_rpcvers = RPC_MSG_VERSION;
	message.rm_call.cb_prog = call->program;
	message.rm_call.cb_vers = call->version;
	message.rm_call.cb_proc = call->procedure;
	message.rm_call.cb_cred.oa_flavor = flavor;
	if (!xdr_callmsg(xdrs, &message) ||
	    (call->encode && !call->encode(xdrs, exchange_unconst(call->args))))
		return say(
			try,
			"the request breaks a limit of the protocol, or memory is out");
	if (!record_send(exchange->record, try->deadline_ms))
		return say_stream(exchange, try);
	return true;
}

/* verifier has MAX_AUTH_BYTES.  The result is still to be decoded after it. */
static bool receive_reply(struct exchange *exchange, size_t max,
			  struct rpc_msg *ret_reply, char *verifier,
			  const struct one_try *try)
{
	do {
		memset(ret_reply, 0, sizeof *ret_reply);
		ret_reply->acpted_rply.ar_verf.oa_base = verifier;
		ret_reply->acpted_rply.ar_results.proc = no_value;
		if (!record_receive(exchange->record, max, try->deadline_ms))
			return say_stream(exchange, try);
		if (!xdr_replymsg(record_input(exchange->record), ret_reply)) {
			stream_fail(exchange->stream, EPROTO);
			return say_stream(exchange, try);
		}
		/* Another xid would be the answer to a call that was given up. */
	} while (ret_reply->rm_xid != exchange->xid);
	return true;
}

bool exchange_run(struct exchange *exchange, const struct exchange_call *call,
		  const struct one_try *try)
{
	char verifier[MAX_AUTH_BYTES];
	struct rpc_msg reply;

	note_failure(exchange, RPC_CANTSEND);
	if (stream_error(exchange->stream) != 0)
		return say_stream(exchange, try);
	if (!send_call(exchange, call, AUTH_NONE, try)) {
		note_failure(exchange, stream_error(exchange->stream)
					       ? RPC_CANTSEND
					       : RPC_CANTENCODEARGS);
		return false;
	}
	if (!receive_reply(exchange, call->reply_max, &reply, verifier, try)) {
		note_failure(exchange, RPC_CANTRECV);
		return false;
	}
	_seterr_reply(&reply, &exchange->error);
	if (reply.rm_reply.rp_stat != MSG_ACCEPTED ||
	    reply.acpted_rply.ar_stat != SUCCESS)
		return say_refused(&reply, call->version, try);
	if (!call->decode)
		return true;
	memset(call->res, 0, call->res_size);
	if (call->decode(record_input(exchange->record), call->res) &&
	    record_used_up(exchange->record))
		return true;
	xdr_free(call->decode, call->res);
	memset(call->res, 0, call->res_size);
	note_failure(exchange, RPC_CANTDECODERES);
	return say(try, "its answer breaks the protocol, or memory is out");
}

bool exchange_ask_tls(struct exchange *exchange, uint32_t program, uint32_t version,
		      const struct one_try *try)
{
	const struct exchange_call probe = {.program = program, .version = version};
	enum { REPLY_MAX = 1024 };
	char verifier[MAX_AUTH_BYTES];
	struct rpc_msg reply;
	const struct opaque_auth *answer = &reply.acpted_rply.ar_verf;

	if (!send_call(exchange, &probe, EXCHANGE_AUTH_TLS, try) ||
	    !receive_reply(exchange, REPLY_MAX, &reply, verifier, try))
		return false;
	/* The status does not matter: TLS may be had even where the program is not. */
	if (reply.rm_reply.rp_stat != MSG_ACCEPTED || answer->oa_flavor != AUTH_NONE ||
	    answer->oa_length != EXCHANGE_STARTTLS_LEN ||
	    memcmp(answer->oa_base, EXCHANGE_STARTTLS, EXCHANGE_STARTTLS_LEN) != 0) {
		stream_fail(exchange->stream, EPROTO);
		return say(try,
			   "it does not offer TLS, and nothing is sent in the clear");
	}
	return true;
}
