/* Asking the other servers how far their counters are. */
#include "peers_internal.h"

#include "clock.h"

void peers_follow(void *context)
{
	static const dfs_hello_args nobody;
	struct peers *peers = context;
	dfs_seen told[DFS_SERVERS] = {{0}};
	server_set answered = 0;
	server_set up = links_up(peers->links);
	int64_t until = clock_now_ms() + LINKS_PATIENCE_MS;
	struct round *round = peers_ask(
		peers, up, &(struct peers_call){.procedure = DFS_HELLO, .args = &nobody},
		until);

	if (!round)
		return; /* out of memory: the proposer will come again */
	(void)round_await(round, set_count(up), until);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_hello_res *res = round_answer(round, s);

		if (res && res->status == DFS_OK) {
			told[s - 1] = res->dfs_hello_res_u.ok.seen;
			answered = set_with(answered, s);
		}
	}
	acceptor_follow(peers->acceptor, told, answered);
	round_free(round);
}
