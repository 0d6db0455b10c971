/*
 * Listings: what four servers tell is below a folder, and what a client makes of it.
 *
 * The first byte says what is listed; client_fixture.h says what follows.
 */
#include "client_fixture.h"

#include "libdfs_upkeep.h"
#include "listing.h"
#include "path.h"
#include "status.h"

static unsigned told;

/* What is shown to people is a path, and one entry is one line. */
static void check_path(const char *path)
{
	size_t len = strlen(path);

	told++;
	FUZZ_MUST(len > 0 && len <= DFS_PATH_MAX && path[0] == '/');
	for (size_t i = 0; i < len; i++)
		FUZZ_MUST((uint8_t)path[i] >= 0x20);
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	(void)context;
	check_path(entry->path);
	FUZZ_MUST(!entry->has_file || entry->file.readers_count <= DFS_FILE_READERS);
	return 0;
}

static int take_owed(void *context, const struct dfs_owed *owed)
{
	(void)context;
	check_path(owed->path);
	FUZZ_MUST(owed->why);
	return 0;
}

static int take_name(void *context, const char *path)
{
	(void)context;
	check_path(path);
	return 0;
}

static int take_user(void *context, const struct dfs_user_entry *entry)
{
	(void)context;
	told++;
	FUZZ_MUST(!path_check_user(entry->name, strlen(entry->name)));
	return 0;
}

static struct dfs_result list(struct dfs *dfs, uint8_t what)
{
	static const char *const folders[] = {"/", "/ann/", "/bob/", "/shared/"};
	const char *folder = folders[what >> 4 & 3];
	const struct dfs_list_options options = {.recursive = what & 0x40,
						 .detail = what & 0x80};

	switch (what & 0xf) {
	case 1:
		return dfs_owed(dfs, folder, take_owed, NULL);
	case 2:
		return dfs_users(dfs, take_user, NULL);
	case 3:
		return dfs_lost_without(dfs, what >> 4, take_name, NULL);
	default:
		return dfs_list(dfs, folder, options, take_entry, NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	uint8_t what = fuzz_byte(&input);
	struct dfs_result result;
	struct dfs *dfs;

	told = 0;
	client_fixture_begin(&input);
	dfs = client_fixture_open(what & 0xf ? "admin" : "ann");
	result = list(dfs, what);
	FUZZ_MUST(result.code == DFS_EXIT_DONE || result.why[0] != '\0');
	client_fixture_close(dfs);
	if (told > 0)
		fuzz_took();
	return 0;
}
