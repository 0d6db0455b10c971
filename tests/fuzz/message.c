/*
 * What a stranger may say before TLS: the input has arrived on a connection, and its
 * messages are answered as server/service/connection.c does.
 */
#include "fuzz.h"

#include "clock.h"
#include "log.h"
#include "message.h"
#include "stream_fixture.h"

#include <sys/socket.h>
#include <unistd.h>

enum { CLEAR_MAX = 1024, ANSWER_MAX = 64 };

/* The answers, which are short, and as many as were asked for. */
static void check_answers(int peer, size_t count)
{
	uint8_t answers[16384];
	ssize_t got = recv(peer, answers, sizeof answers, MSG_DONTWAIT);
	size_t left = got > 0 ? (size_t)got : 0, seen = 0;
	const uint8_t *at = answers;

	while (left >= 4) {
		size_t len = (size_t)at[2] << 8 | at[3];

		FUZZ_MUST(at[0] == 0x80 && at[1] == 0 && len <= ANSWER_MAX);
		FUZZ_MUST(len + 4 <= left);
		/* Of the second word, REPLY. */
		FUZZ_MUST(len >= 8 && at[4 + 4 + 3] == REPLY);
		at += len + 4;
		left -= len + 4;
		seen++;
	}
	FUZZ_MUST(left == 0 && seen <= count);
	if (seen > 0)
		fuzz_took();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct server_parts server = {.number = 2};
	struct caller caller = {.server = &server, .address = "a stranger"};
	struct message_channel channel = {.caller = &caller, .answer_ms = 60000};
	enum message_next next = MESSAGE_GO_ON;
	size_t count = 0;
	int peer;

	if (len > 4096)
		return 0;
	log_start("fuzz", LOG_ERROR);
	channel.stream = stream_fixture_open(bytes, len, &peer);
	channel.record = record_new(channel.stream, NULL);
	FUZZ_MUST(channel.record);
	while (next == MESSAGE_GO_ON &&
	       record_receive(channel.record, CLEAR_MAX, clock_now_ms() + 60000)) {
		next = message_answer(&channel);
		count++;
	}
	FUZZ_MUST(caller.user[0] == '\0' && caller.peer == 0);
	record_free(channel.record);
	check_answers(peer, count);
	stream_close(channel.stream);
	(void)close(peer);
	return 0;
}
