/*
 * What a host's rpcbind answers, in the clear: the input is the whole of it.  The call's
 * number is 2.
 */
#include "fuzz.h"

#include "clock.h"
#include "dfs.h"
#include "directory.h"
#include "stream_fixture.h"

#include <unistd.h>

static const uint8_t *answer;
static size_t answer_len;
static int peer = -1;

static struct stream *connect_once(unsigned short port)
{
	(void)port;
	FUZZ_MUST(peer < 0);
	return stream_fixture_open(answer, answer_len, &peer);
}

static void hang_up(void)
{
	(void)close(peer);
	peer = -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct directory_entry entry = {"localhost", DFS_PROGRAM, DFS_VERSION,
					      "tcp"};
	char host[DIRECTORY_HOST], why[256] = "";
	unsigned short port;
	const struct one_try try = {clock_now_ms() + 60000, why, sizeof why};

	answer = bytes;
	answer_len = len;
	stream_fixture_connect(connect_once);
	if (directory_ask(&entry, host, &port, &try)) {
		FUZZ_MUST(host[0] != '\0' && strlen(host) < sizeof host);
		fuzz_took();
	} else {
		FUZZ_MUST(why[0] != '\0' && port == 0);
	}
	hang_up();
	(void)directory_answers("localhost", 111, DFS_PROGRAM, DFS_VERSION,
				try.deadline_ms);
	hang_up();
	return 0;
}
