/*
 * Answers as they arrive at a caller: headers, and the result of each procedure.
 *
 * The first byte chooses the procedure, or the wish for TLS; the rest has arrived on the
 * connection.  The calls' numbers are 2, 3 and 4.
 */
#include "fuzz.h"

#include "clock.h"
#include "exchange.h"
#include "procedures.h"
#include "stream_fixture.h"

#include <unistd.h>

enum { NUMBERS = 64, CALLS = 3, ROOM = 2 * DFS_RECORD_MAX };

/* What was decoded can be encoded, and is the same then. */
static void encode_twice(const struct procedure *procedure, void *res)
{
	static char wire[2][ROOM];
	_Alignas(max_align_t) char again[4096];
	u_int len[2];
	XDR xdrs;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, wire[0], ROOM, XDR_ENCODE);
	FUZZ_MUST(procedure->result(&xdrs, res));
	len[0] = xdr_getpos(&xdrs);
	FUZZ_MUST(procedure->result_size <= sizeof again);
	memset(again, 0, sizeof again);
	xdrmem_create(&xdrs, wire[0], len[0], XDR_DECODE);
	FUZZ_MUST(procedure->result(&xdrs, (void *)again));
	FUZZ_MUST(xdr_getpos(&xdrs) == len[0]);
	xdrmem_create(&xdrs, wire[1], ROOM, XDR_ENCODE);
	FUZZ_MUST(procedure->result(&xdrs, (void *)again));
	len[1] = xdr_getpos(&xdrs);
	FUZZ_MUST(len[0] == len[1] && memcmp(wire[0], wire[1], len[0]) == 0);
	xdr_free(procedure->result, again);
}

static void run(struct exchange *exchange, const struct procedure *procedure)
{
	_Alignas(max_align_t) char res[4096];
	char why[256] = "";
	const struct one_try try = {clock_now_ms() + 60000, why, sizeof why};
	const struct exchange_call call = {.program = DFS_PROGRAM,
					   .version = DFS_VERSION,
					   .procedure = procedure->number,
					   .decode = procedure->result,
					   .res = res,
					   .res_size = procedure->result_size,
					   .reply_max = DFS_RECORD_MAX};

	FUZZ_MUST(procedure->result_size <= sizeof res);
	if (!exchange_run(exchange, &call, &try)) {
		FUZZ_MUST(why[0] != '\0');
		return;
	}
	fuzz_took();
	encode_twice(procedure, res);
	xdr_free(procedure->result, res);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	const struct procedure *procedure = procedures_find(fuzz_byte(&input) % NUMBERS);
	char why[256] = "";
	struct exchange *exchange;
	int peer;

	exchange = exchange_new(stream_fixture_open(input.at, input.left, &peer));
	FUZZ_MUST(exchange);
	if (!procedure)
		(void)exchange_ask_tls(
			exchange, DFS_PROGRAM, DFS_VERSION,
			&(struct one_try){clock_now_ms() + 60000, why, sizeof why});
	for (unsigned i = 0; procedure && i < CALLS; i++)
		run(exchange, procedure);
	exchange_free(exchange);
	(void)close(peer);
	return 0;
}
