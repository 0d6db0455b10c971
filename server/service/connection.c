/* One connection: a loop over its messages. */
#include "connection.h"

#include "certificate.h"
#include "clock.h"
#include "log.h"
#include "message.h"
#include "portions.h"
#include "record.h"
#include "stream.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct connection_times connection_times_default = {
	.stranger = 10000,
	.idle = 120000,
	.handshake = 10000,
	.record = 10000,
	.answer = 10000,
	.linger = 20,
};

/* In the clear a call is 40 bytes and at most 800 of credential and verifier. */
enum { CLEAR_MAX = 1024 };

/* So often a server that idles is looked at again: was it revoked? */
enum { REVOKED_MS = 2000 };

/* HELLO and LOGIN, with all names at their longest, are far below it. */
enum { STRANGER_MAX = 4096 };

static size_t record_max(const struct message_channel *channel)
{
	const struct caller *caller = channel->caller;

	if (!stream_in_tls(channel->stream))
		return CLEAR_MAX;
	return caller->peer == 0 && caller->user[0] == '\0' ? STRANGER_MAX
							    : DFS_RECORD_MAX;
}

static bool reserve(void *seat, size_t bytes, int64_t deadline_ms)
{
	return admission_reserve(seat, ADMISSION_CALLS, bytes, deadline_ms);
}

static void release(void *seat, size_t bytes)
{
	admission_release(seat, ADMISSION_CALLS, bytes);
}

/* What a connection has learnt of its peer's certificate. */
struct belief {
	struct certificate *certificate;
	unsigned readings; /* at which it was believed last */
};

/* A server that was revoked since is one no more; whoever shows nothing cannot be. */
static bool is_revoked(struct belief *belief, const struct message_channel *channel)
{
	unsigned readings = certificate_readings(belief->certificate);
	X509 *shown = stream_peer_certificate(channel->stream);

	if (!shown || readings == belief->readings)
		return false;
	belief->readings = readings;
	if (!certificate_has_revoked(belief->certificate, shown))
		return false;
	message_log_refused(channel->caller, "connection", "certificate revoked");
	return true;
}

/*
 * Waits for the next message; false when the connection has idled too long, or is to end
 * because its peer was revoked.
 */
static bool wait_for_message(const struct connection_times *times, struct belief *belief,
			     const struct message_channel *channel)
{
	struct stream *stream = channel->stream;

	if (stream_wait(stream, clock_now_ms() + times->linger))
		return !is_revoked(belief, channel);
	record_rest(channel->record);
	int64_t until =
		clock_now_ms() + (stream_in_tls(stream) ? times->idle : times->stranger);
	for (;;) {
		int64_t now = clock_now_ms(), next = now + REVOKED_MS;

		/* Others have nothing that could be revoked, and are not woken. */
		if (!stream_peer_certificate(stream) || next > until)
			next = until;
		bool came = stream_wait(stream, next);
		if (is_revoked(belief, channel))
			return false;
		if (came || next == until)
			return came;
	}
}

static bool shake_hands(const struct connection_shared *shared,
			const struct message_channel *channel, const struct one_try *try)
{
	if (!stream_wait_hello(channel->stream, try))
		return false;
	if (!admission_turn(channel->seat, ADMISSION_HANDSHAKE, try->deadline_ms)) {
		(void)snprintf(try->why, try->why_size,
			       "others that have cost less came first");
		return false;
	}
	SSL_CTX *tls = certificate_server(shared->certificate);
	bool secured = stream_start_tls(channel->stream, tls, true, NULL, try);

	SSL_CTX_free(tls);
	return secured;
}

static bool start_tls(const struct connection_shared *shared,
		      const struct message_channel *channel)
{
	struct caller *caller = channel->caller;
	char why[256];
	const struct one_try try = {clock_now_ms() + shared->times->handshake, why,
				    sizeof why};

	if (!shake_hands(shared, channel, &try)) {
		message_log_refused(caller, "handshake", why);
		return false;
	}
	caller->peer = stream_peer_server(channel->stream);
	if (caller->peer != 0)
		(void)admission_promote(channel->seat, PORTIONS_NOBODY);
	log_event(LOG_DEBUG, "secured", "address=%s peer=%u", caller->address,
		  caller->peer);
	caller->uploads = store_uploads_new(shared->server->store);
	return caller->uploads;
}

static void serve(const struct connection_shared *shared,
		  const struct message_channel *channel)
{
	struct record *record = channel->record;

	/* Before a handshake asks for it, so that no reading is missed. */
	struct belief belief = {shared->certificate,
				certificate_readings(shared->certificate)};

	for (;;) {
		if (!wait_for_message(shared->times, &belief, channel))
			return;
		if (!record_receive(record, record_max(channel),
				    clock_now_ms() + shared->times->record))
			return;
		if (!admission_turn(channel->seat, ADMISSION_CALL,
				    clock_now_ms() + shared->times->record))
			return;
		switch (message_answer(channel)) {
		case MESSAGE_GO_ON:
			break;
		case MESSAGE_START_TLS:
			if (!start_tls(shared, channel))
				return;
			break;
		case MESSAGE_END:
			return;
		}
	}
}

void connection_serve(const struct connection_shared *shared,
		      struct admission_seat *take_seat, int take_fd, const char *address)
{
	const struct record_budget budget = {reserve, release, take_seat};
	struct caller caller = {.server = shared->server,
				.origin = admission_origin(take_seat),
				.seat = take_seat};
	struct stream *stream = stream_new(take_fd);
	struct record *record = stream ? record_new(stream, &budget) : NULL;

	(void)snprintf(caller.address, sizeof caller.address, "%s", address);
	caller.stream = stream;
	if (record) {
		const struct message_channel channel = {.caller = &caller,
							.seat = take_seat,
							.stream = stream,
							.record = record,
							.answer_ms =
								shared->times->answer};

		serve(shared, &channel);
		int error = stream_error(stream);
		log_event(LOG_DEBUG, "closed", "address=%s why=%s", address,
			  error == 0 ? "idle" : strerrorname_np(error));
	}
	caller_release(&caller);
	store_uploads_free(caller.uploads);
	record_free(record);
	/* From here on the store may be closed, and the socket is nobody else's. */
	admission_leave(take_seat);
	if (stream)
		stream_close(stream);
	else
		close(take_fd);
}
