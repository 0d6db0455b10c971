/*
 * Listings: what four servers tell is below a folder, and what a client makes of it.
 *
 * The first byte says what is listed; client_fixture.h says what follows.
 */
#include "client_fixture.h"

#include "libdfs_trees.h"
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

static int take_found(void *context, size_t item, const struct dfs_entry *entry)
{
	FUZZ_MUST(item == 0);
	return take_entry(context, entry);
}

static int take_match(void *context, size_t item, const char *path, bool folder)
{
	(void)context;
	(void)folder;
	FUZZ_MUST(item == 0 && !path_check(path, strlen(path)));
	told++;
	return 0;
}

static int take_folder(void *context, size_t item, const struct dfs_usage *folder,
		       unsigned depth)
{
	(void)context;
	FUZZ_MUST(item == 0 && depth > 0);
	check_path(folder->path);
	return 0;
}

static void end(void *context, size_t item)
{
	(void)context;
	(void)item;
	told++;
}

/* What is made of listings. */
static struct dfs_result search(struct dfs *dfs, uint8_t what, const char *folder)
{
	static const char *const patterns[] = {"/ann/*", "/bob/[a-z]*", "/shared/?*",
					       "/ann/*/*"};
	struct dfs_find find = {.path = folder,
				.condition = {.sized = what & 0x40, .most = 1000},
				.detail = what & 0x80};
	struct dfs_expand expand = {.pattern = patterns[what >> 4 & 3],
				    .no_files = what & 0x40};
	struct dfs_usage usage = {.path = folder};

	switch (what & 0xf) {
	case 4:
		dfs_find(dfs, &find, 1, take_found, NULL);
		return find.result;
	case 5:
		dfs_expand(dfs, &expand, 1, take_match, NULL);
		return expand.result;
	case 6:
		dfs_usage(dfs, &usage, 1,
			  &(struct dfs_usage_callbacks){.folder = take_folder,
							.finished = end});
		return usage.result;
	default:
		return dfs_list_shared(dfs, take_entry, NULL);
	}
}

static struct dfs_result list(struct dfs *dfs, uint8_t what)
{
	static const char *const folders[] = {"/", "/ann/", "/bob/", "/shared/"};
	const char *folder = folders[what >> 4 & 3];
	const struct dfs_list_options options = {.recursive = what & 0x40,
						 .detail = what & 0x80};

	if ((what & 0xf) >= 4 && (what & 0xf) <= 7)
		return search(dfs, what, folder);
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
