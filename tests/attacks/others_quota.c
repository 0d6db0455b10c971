/*
 * Attack 4: the quota of somebody else, filled with what is only staged.
 *
 * "tester", who has a quota, lets "other" write /tester/writable.  He brings contents
 * that no value names, and begins uploads that he does not end.  Then the right is taken
 * from him, and "tester" puts a file that he has room for.
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
	EACH = 8,            /* uploads of a connection */
	CLAIMED = 400 << 10, /* and the size of each, as is said */
	CONTENTS = 16,
	CONTENT = 65536,
	ROOM = 1 << 20, /* what tester puts; his quota is twice this */
	LIMIT_MS = 30000
};

static const char path[] = "/tester/writable";

/* One byte of a content that never gets more. */
static bool begin_upload(struct attacker *other, unsigned server)
{
	static const uint8_t byte;
	dfs_unit unit = {0, {1, &byte}};
	dfs_put_args args = {
		.path = path_borrow(path), .size = CLAIMED, .units = {1, &unit}};
	dfs_put_res res;

	attack_must(id_random(&args.operation) &&
			    keys_random(&args.token, sizeof args.token),
		    "random");
	attack_say(other, server, DFS_PUT, &args, &res);
	return res.status == DFS_OK;
}

/* Another content at each of the servers; at how many? */
static unsigned stage(struct attacker *other)
{
	dfs_ballot ballot = attack_ballot(other, SERVERS_ALL);
	static uint8_t bytes[CONTENT];
	struct attack_content content;
	unsigned staged = 0;

	attack_must(keys_random(bytes, sizeof bytes), "random");
	attack_content_make(&content, bytes, sizeof bytes,
			    (struct attack_object){.key = NULL});
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		staged += attack_prepare(other, s, path, &ballot, &content) == DFS_OK;
	attack_content_free(&content);
	return staged;
}

/* The most that counts against him at any server. */
static unsigned long long most_used(struct attacker *attacker)
{
	unsigned long long most = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		unsigned long long bytes = attack_used(attacker, s);

		if (bytes > most)
			most = bytes;
	}
	return most;
}

static void no_more(void *context, size_t which)
{
	(void)context;
	(void)which;
}

static struct dfs_result put(struct dfs *dfs)
{
	struct dfs_put item = {.path = "/tester/own",
			       .fd = memfd_create("own", MFD_CLOEXEC)};

	attack_must(item.fd >= 0 && ftruncate(item.fd, ROOM) == 0, "no file to put");
	dfs_put(dfs, &item, 1, &(struct dfs_put_callbacks){.finished = no_more});
	close(item.fd);
	return item.result;
}

int main(void)
{
	struct dfs *dfs = library_open("tester");
	unsigned uploads = 0, contents = 0;
	struct attacker tester, other;
	unsigned long long before, after, brought, own;
	struct dfs_result result;

	attack_begin(&tester, "tester", SERVERS_ALL);
	attack_begin(&other, "other", SERVERS_ALL);
	before = most_used(&tester);
	own = most_used(&other);
	for (unsigned i = 0; i < CONTENTS; i++)
		contents += stage(&other);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		for (unsigned i = 0; i < EACH; i++)
			uploads += begin_upload(&other, s);
	if (uploads == 0 || contents == 0)
		attack_broken("%u uploads begun and %u contents staged", uploads,
			      contents);
	after = most_used(&tester);
	brought = most_used(&other);
	result = dfs_file_unshare(dfs, path, "other");
	if (result.code == 0)
		result = put(dfs);
	dfs_close(dfs);
	if (after > before + CONTENT || result.code != 0)
		attack_won("%llu are used of tester's quota, where it were %llu; what he "
			   "does himself ends with %d: %s",
			   after, before, result.code, result.why);
	if (brought < own + EACH * CLAIMED + CONTENTS * CONTENT)
		attack_won("what was brought counts against nobody: %llu used of other's "
			   "quota, where it were %llu",
			   brought, own);
	attack_end(&other);
	attack_end(&tester);
	attack_failed("%u uploads and %u contents count against other: %llu used; "
		      "tester puts",
		      uploads, contents, brought);
}
