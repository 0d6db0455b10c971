/*
 * A server that gives promises and does not keep them, to see that the history's check
 * can fail.  It is whichever of the four its name says: dfs1 to dfs4.
 */
#include "acceptor.h"
#include "ballot.h"
#include "server.h"

#include <string.h>

const struct acceptor_rules acceptor_rules_default = {
	.stride = 65536,
	.jump = BALLOT_JUMP,
	.ask_ms = 100,
	.epoch_step = 16,
	.epochs = 64,
	.counters = UINT64_C(1) << 38,
	.alone_ms = 60000,
	.promises = 65536,
	.promise_bytes = 16 << 20,
	.honour = false,
	.reserve = true,
	.check_data = true,
	.prove = true,
};

int main(int argc, char **argv)
{
	return server_main((unsigned)(argv[0][strlen(argv[0]) - 1] - '0'), argc, argv);
}
