/*
 * Attack 6: all uploads that servers have room for, so that nobody else puts anything
 * large.
 *
 * "other" opens connections to two of the servers, begins on each as many uploads as it
 * lets him, and ends none of them.  Then "tester" puts 2 MiB.
 */
#include "attack.h"
#include "library.h"

#include "clock.h"
#include "path.h"
#include "status.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	ATTACKED = 3, /* dfs1 and dfs2, as a set */
	CONNECTIONS = 128,
	EACH = 8,
	LARGE = 2 << 20,
	LIMIT_MS = 30000
};

/* One unit of a content that never gets its others. */
static bool begin_upload(struct call *call)
{
	static const uint8_t byte;
	dfs_unit unit = {0, {1, &byte}};
	dfs_put_args args = {
		.path = path_borrow("/other/large"), .size = LARGE, .units = {1, &unit}};
	dfs_put_res res;
	char why[512] = "";

	/* He may be cut off, too. */
	return id_random(&args.operation) &&
	       keys_random(&args.token, sizeof args.token) &&
	       call_run(call, DFS_PUT, &args, &res,
			&(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why}) &&
	       res.status == DFS_OK;
}

/* On all connections of one attacker; how many were begun. */
static unsigned fill(struct attacker *other)
{
	unsigned begun = 0;

	for (unsigned server = 1; server <= DFS_SERVERS; server++) {
		if (!set_has(ATTACKED, server) || !attack_connect(other, server))
			continue;
		for (unsigned i = 0; i < EACH; i++)
			begun += begin_upload(other->calls[server - 1]);
	}
	return begun;
}

static void no_more(void *context, size_t which)
{
	(void)context;
	(void)which;
}

static struct dfs_result put_large(void)
{
	struct dfs *dfs = library_open("tester");
	struct dfs_put item = {.path = "/tester/large",
			       .fd = memfd_create("large", MFD_CLOEXEC)};

	if (item.fd < 0 || ftruncate(item.fd, LARGE) != 0)
		attack_broken("no file to put");
	dfs_put(dfs, &item, 1, &(struct dfs_put_callbacks){.finished = no_more});
	dfs_close(dfs);
	close(item.fd);
	return item.result;
}

int main(void)
{
	struct attacker *others = calloc(CONNECTIONS, sizeof *others);
	struct dfs_result result = put_large();
	unsigned begun = 0;

	if (result.code != DFS_EXIT_DONE)
		attack_broken("before anything was begun: %s", result.why);
	for (unsigned i = 0; others && i < CONNECTIONS; i++) {
		attack_begin(&others[i], "other", 0);
		begun += fill(&others[i]);
	}
	if (begun == 0)
		attack_broken("nothing was begun");
	result = put_large();
	for (unsigned i = 0; i < CONNECTIONS; i++)
		attack_end(&others[i]);
	free(others);
	if (result.code != DFS_EXIT_DONE)
		attack_won("beside %u uploads of other, a put by tester ended with %d: "
			   "%s",
			   begun, result.code, result.why);
	attack_failed("tester puts beside %u uploads of other", begun);
}
