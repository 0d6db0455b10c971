/*
 * The rules of the product.  A test links others in their place, to see that it can fail.
 */
#include "accounts.h"

#include "clock.h"
#include "peers.h"

const struct accounts_rules accounts_rules_default = {
	.fresh_ms = 10000,
	.ask_ms = 20,
	.wait_ms = 8000,
	.slowdown = {.floor_ms = 100,
		     .free_tries = 3,
		     .slow_first_ms = 200,
		     .slow_most_ms = 2000,
		     .forget_ms = 600000,
		     .pairs = 4096},
	.now_ms = clock_now_ms,
	.wall_ns = clock_wall_ns,
	.read = peers_read,
	.finish = peers_finish,
};
