/*
 * A server that answers wrong log-ins as soon as it can: those of users that it does not
 * know at once, those of others when it has asked for the account, and then for the
 * credentials.  To see that the test of 2.5 can fail.  It is whichever of the four its
 * name says: dfs1 to dfs4.
 */
#include "accounts.h"
#include "clock.h"
#include "peers.h"
#include "peers_internal.h"
#include "server.h"

#include <string.h>

static bool is_known_here(const struct peers *peers, const dfs_path *path)
{
	struct store_register reg;

	return store_register(peers->store, path->dfs_path_val, path->dfs_path_len,
			      &reg) == 0;
}

static bool read_if_known(struct peers *peers, const dfs_paths *paths,
			  int64_t deadline_ms, struct peers_register *ret)
{
	if (is_known_here(peers, &paths->paths.paths_val[0])) {
		const dfs_paths account = {.paths = {1, paths->paths.paths_val}};

		if (!peers_read(peers, &account, deadline_ms, ret))
			return false;
		peers_free_registers(ret, 1);
		return peers_read(peers, paths, deadline_ms, ret);
	}
	memset(ret, 0, paths->paths.paths_len * sizeof *ret);
	for (u_int i = 0; i < paths->paths.paths_len; i++)
		ret[i].answers = ret[i].equal = 3;
	return true;
}

const struct accounts_rules accounts_rules_default = {
	.fresh_ms = 10000,
	.ask_ms = 0,
	.wait_ms = 8000,
	.slowdown = {.floor_ms = 0,
		     .free_tries = 3,
		     .slow_first_ms = 200,
		     .slow_most_ms = 2000,
		     .forget_ms = 600000,
		     .pairs = 4096},
	.now_ms = clock_now_ms,
	.wall_ns = clock_wall_ns,
	.read = read_if_known,
	.finish = peers_finish,
};

int main(int argc, char **argv)
{
	return server_main((unsigned)(argv[0][strlen(argv[0]) - 1] - '0'), argc, argv);
}
