/*
 * One RPC message.
 *
 * The order of the checks is a contract (RFC 5531, RFC 9289 and what rpcinfo expects):
 * credential, program, version, procedure 0, TLS, procedure, arguments.
 */
#include "message.h"

#include "clock.h"
#include "dispatch.h"
#include "exchange.h"
#include "log.h"
#include "throttle.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void message_log_refused(const struct caller *caller, const char *what, const char *why)
{
	static struct throttle throttle = THROTTLE_INIT;
	unsigned held_back;
	char quoted[256];

	if (throttle_pass(&throttle, &held_back))
		log_event(LOG_WARN, "refused", "address=%s what=%s why=%s held_back=%u",
			  caller->address, what, log_sentence(why, quoted, sizeof quoted),
			  held_back);
}

/* ---- answers ------------------------------------------------------------------- */

static bool_t no_value(XDR *xdrs, ...)
{
	(void)xdrs;
	return TRUE;
}

static void begin_reply(struct rpc_msg *answer, uint32_t xid, enum reply_stat status)
{
	memset(answer, 0, sizeof *answer);
	answer->rm_xid = xid;
	answer->rm_direction = REPLY;
	answer->rm_reply.rp_stat = status;
}

static void begin_accepted(struct rpc_msg *answer, uint32_t xid, enum accept_stat status)
{
	begin_reply(answer, xid, MSG_ACCEPTED);
	answer->acpted_rply.ar_stat = status;
	if (status == PROG_MISMATCH)
		answer->acpted_rply.ar_vers.low = answer->acpted_rply.ar_vers.high =
			DFS_VERSION;
	else
		answer->acpted_rply.ar_results.proc = no_value;
}

static bool send_answer(const struct message_channel *channel, struct rpc_msg *answer)
{
	XDR *xdrs = record_begin(channel->record);

	return xdr_replymsg(xdrs, answer) &&
	       record_send(channel->record, clock_now_ms() + channel->answer_ms);
}

static void begin_denied(struct rpc_msg *answer, uint32_t xid, enum reject_stat status)
{
	begin_reply(answer, xid, MSG_DENIED);
	answer->rjcted_rply.rj_stat = status;
}

static enum message_next deny(const struct message_channel *channel, uint32_t xid,
			      enum auth_stat why)
{
	struct rpc_msg answer;

	begin_denied(&answer, xid, AUTH_ERROR);
	answer.rjcted_rply.rj_why = why;
	return send_answer(channel, &answer) ? MESSAGE_GO_ON : MESSAGE_END;
}

static enum message_next deny_rpc_version(const struct message_channel *channel,
					  uint32_t xid)
{
	struct rpc_msg answer;

	begin_denied(&answer, xid, RPC_MISMATCH);
	answer.rjcted_rply.rj_vers.low = RPC_MSG_VERSION;
	answer.rjcted_rply.rj_vers.high = RPC_MSG_VERSION;
	return send_answer(channel, &answer) ? MESSAGE_GO_ON : MESSAGE_END;
}

static enum message_next accept_with(const struct message_channel *channel, uint32_t xid,
				     enum accept_stat status)
{
	struct rpc_msg answer;

	begin_accepted(&answer, xid, status);
	return send_answer(channel, &answer) ? MESSAGE_GO_ON : MESSAGE_END;
}

/* ---- procedures ---------------------------------------------------------------- */

static enum message_next answer_call(const struct message_channel *channel, uint32_t xid,
				     struct dispatch_call *call)
{
	struct rpc_msg answer;
	bool sent;

	begin_accepted(&answer, xid, SUCCESS);
	answer.acpted_rply.ar_results.proc = call->types->result;
	answer.acpted_rply.ar_results.where = (caddr_t)call->res;
	if (!xdr_replymsg(record_begin(channel->record), &answer)) {
		/* Nothing has gone out yet, so the caller can be told. */
		log_event(LOG_ERROR, "unanswerable", "address=%s procedure=%s",
			  channel->caller->address, call->row->name);
		return accept_with(channel, xid, SYSTEM_ERR);
	}
	sent = record_send(channel->record, clock_now_ms() + channel->answer_ms);
	return sent ? MESSAGE_GO_ON : MESSAGE_END;
}

static enum message_next run_procedure(const struct message_channel *channel,
				       uint32_t xid, const struct dispatch_row *row)
{
	struct caller *caller = channel->caller;
	struct dispatch_call call;
	int64_t began = clock_now_ms();
	size_t reserved = 0;

	if (!dispatch_decode(&call, row, record_input(channel->record))) {
		message_log_refused(caller, row->name, "undecodable arguments");
		return accept_with(channel, xid, GARBAGE_ARGS);
	}
	if (!record_used_up(channel->record)) {
		dispatch_free(&call, caller);
		message_log_refused(caller, row->name, "bytes behind the arguments");
		return accept_with(channel, xid, GARBAGE_ARGS);
	}
	/*
	 * Who is refused takes no memory.  Then memory for the answer, or DFS_BUSY.
	 *
	 * Calls that wait for other servers hold memory meanwhile, there as here: who
	 * waits for them must not wait for memory.  Servers have one call under way each.
	 */
	bool permitted = dispatch_judge(&call, caller);
	if (permitted && caller->peer == 0)
		reserved = row->answer_max;
	if (reserved > 0 && !admission_reserve(channel->seat, ADMISSION_ANSWERS, reserved,
					       began + channel->answer_ms)) {
		reserved = 0;
		dispatch_refuse(&call, DFS_BUSY);
	} else if (permitted) {
		dispatch_run(&call, caller);
	}

	dfs_status status = dispatch_status(&call);
	if (status == DFS_DENIED || status == DFS_INVALID || status == DFS_BUSY)
		message_log_refused(caller, row->name,
				    status == DFS_BUSY     ? "busy"
				    : status == DFS_DENIED ? "denied"
							   : "invalid");
	/* The answer goes out; then all that it was made of goes. */
	enum message_next next = answer_call(channel, xid, &call);
	dispatch_free(&call, caller);
	if (reserved > 0)
		admission_release(channel->seat, ADMISSION_ANSWERS, reserved);
	log_event(LOG_DEBUG, "call",
		  "address=%s user=%s procedure=%s status=%d ms=%" PRId64,
		  caller->address, caller->user[0] != '\0' ? caller->user : "-",
		  row->name, (int)status, clock_now_ms() - began);
	return next;
}

/* ---- checks -------------------------------------------------------------------- */

/* The first words of a call, which xdr_callmsg does not tell when it refuses one. */
static bool is_call(struct record *record, uint32_t *ret_xid, uint32_t *ret_rpc_version)
{
	XDR *xdrs = record_input(record);
	uint32_t direction;

	return xdr_uint32_t(xdrs, ret_xid) && xdr_uint32_t(xdrs, &direction) &&
	       direction == CALL && xdr_uint32_t(xdrs, ret_rpc_version) &&
	       xdr_setpos(xdrs, 0);
}

static bool may_start_tls(const struct message_channel *channel,
			  const struct call_body *call)
{
	return !stream_in_tls(channel->stream) && call->cb_proc == NULLPROC &&
	       call->cb_cred.oa_length == 0 && call->cb_verf.oa_flavor == AUTH_NONE &&
	       call->cb_verf.oa_length == 0;
}

/* Answers to the wish for TLS: with the token, and whatever is wrong besides. */
static enum message_next offer_tls(const struct message_channel *channel, uint32_t xid,
				   const struct call_body *call, uint32_t program)
{
	char token[] = EXCHANGE_STARTTLS;
	struct rpc_msg answer;

	/* Bytes that came with the wish were put there by somebody else. */
	if (stream_has_unread(channel->stream)) {
		message_log_refused(channel->caller, "STARTTLS",
				    "bytes behind the request");
		return MESSAGE_END;
	}
	begin_accepted(&answer, xid,
		       call->cb_prog != program       ? PROG_UNAVAIL
		       : call->cb_vers != DFS_VERSION ? PROG_MISMATCH
						      : SUCCESS);
	answer.acpted_rply.ar_verf.oa_flavor = AUTH_NONE;
	answer.acpted_rply.ar_verf.oa_base = token;
	answer.acpted_rply.ar_verf.oa_length = EXCHANGE_STARTTLS_LEN;
	return send_answer(channel, &answer) ? MESSAGE_START_TLS : MESSAGE_END;
}

/* Who only asks which versions there are, as rpcinfo does, asks procedure 0. */
static enum message_next refuse_version(const struct message_channel *channel,
					uint32_t xid, const struct call_body *call)
{
	char why[96];

	(void)snprintf(why, sizeof why, "it speaks protocol %u and this server %u",
		       (unsigned)call->cb_vers, (unsigned)DFS_VERSION);
	if (call->cb_proc != NULLPROC)
		message_log_refused(channel->caller, "call", why);
	return accept_with(channel, xid, PROG_MISMATCH);
}

enum message_next message_answer(const struct message_channel *channel)
{
	const struct caller *caller = channel->caller;
	char credential[MAX_AUTH_BYTES], verifier[MAX_AUTH_BYTES];
	struct rpc_msg message;
	const struct call_body *call = &message.rm_call;
	uint32_t xid, rpc_version, program = DFS_PROGRAM + caller->server->number - 1;

	if (!is_call(channel->record, &xid, &rpc_version))
		return MESSAGE_END;
	if (rpc_version != RPC_MSG_VERSION)
		return deny_rpc_version(channel, xid);
	memset(&message, 0, sizeof message);
	message.rm_call.cb_cred.oa_base = credential;
	message.rm_call.cb_verf.oa_base = verifier;
	if (!xdr_callmsg(record_input(channel->record), &message))
		return MESSAGE_END;

	if (call->cb_cred.oa_flavor == EXCHANGE_AUTH_TLS) {
		if (!may_start_tls(channel, call))
			return deny(channel, xid, AUTH_BADCRED);
		return offer_tls(channel, xid, call, program);
	}
	if (call->cb_cred.oa_flavor != AUTH_NONE && call->cb_cred.oa_flavor != AUTH_SYS)
		return deny(channel, xid, AUTH_REJECTEDCRED);
	if (call->cb_prog != program)
		return accept_with(channel, xid, PROG_UNAVAIL);
	if (call->cb_vers != DFS_VERSION)
		return refuse_version(channel, xid, call);
	if (call->cb_proc == NULLPROC)
		return accept_with(channel, xid, SUCCESS);
	if (!stream_in_tls(channel->stream)) {
		message_log_refused(caller, "call", "in the clear");
		return deny(channel, xid, AUTH_TOOWEAK);
	}

	const struct dispatch_row *row = dispatch_find((uint32_t)call->cb_proc);
	if (!row)
		return accept_with(channel, xid, PROC_UNAVAIL);
	return run_procedure(channel, xid, row);
}
