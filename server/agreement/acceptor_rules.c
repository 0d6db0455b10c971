/*
 * The rules of the product.  A test links others in their place, to see that it can fail.
 */
#include "acceptor.h"

#include "ballot.h"

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
	.honour = true,
	.reserve = true,
	.check_data = true,
	.check_floor = true,
	.check_confirmed = true,
	.fence = true,
	.prove = true,
};
