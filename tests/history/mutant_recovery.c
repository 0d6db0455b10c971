/*
 * A server that votes at once when its disk was lost, to see that the check of histories
 * can fail.  It is whichever of the four its name says: dfs1 to dfs4.
 */
#include "recovery.h"
#include "server.h"

#include <string.h>

const struct recovery_rules recovery_rules_default = {
	.answers = 2,
	.registers = false,
	.new_epoch = true,
	.memory = true,
	.retry_ms = 1000,
	.retry_most_ms = 60000,
	.third_ms = 60000,
	.notice_ms = 1000,
	.tell_ms = 60000,
};

int main(int argc, char **argv)
{
	return server_main((unsigned)(argv[0][strlen(argv[0]) - 1] - '0'), argc, argv);
}
