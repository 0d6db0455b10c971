/*
 * What a client does with the answers to everything else than a listing: looking up and
 * reading, proving, writing, deleting, sharing, and what servers tell of themselves.
 *
 * The first byte says what is done, and with which path; client_fixture.h says what
 * follows.
 */
#include "client_fixture.h"

#include "cipher.h"
#include "libdfs_upkeep.h"
#include "status.h"

/* Units are in the clear: in place of client/lib/cipher_rules.c. */
const struct cipher_rules cipher_rules = {.encrypt = false, .compress = true};

static const char *const paths[] = {"/ann/a", "/bob/b", "/shared/c", "/ann/d/e"};

/* ---- what is called back ----------------------------------------------------------- */

struct getting {
	uint64_t size, got;
	bool began;
};

static int begin(void *context, size_t item, const struct dfs_file *file,
		 char why[DFS_WHY])
{
	struct getting *getting = context;

	(void)item;
	(void)why;
	*getting = (struct getting){.size = file->size, .began = true};
	return 0;
}

static int take(void *context, size_t item, const void *bytes, size_t len,
		char why[DFS_WHY])
{
	struct getting *getting = context;

	(void)item;
	(void)bytes;
	(void)why;
	FUZZ_MUST(getting->began && len <= getting->size - getting->got);
	getting->got += len;
	return 0;
}

static void finished(void *context, size_t item)
{
	(void)context;
	(void)item;
}

/* ---- commands ---------------------------------------------------------------------- */

static void check(const struct dfs_result *result)
{
	FUZZ_MUST(result->code == DFS_EXIT_DONE || result->why[0] != '\0');
	FUZZ_MUST(strnlen(result->why, DFS_WHY) < DFS_WHY);
	if (result->code == DFS_EXIT_DONE && client_fixture_answers() > 0)
		fuzz_took();
}

static void stat_file(struct dfs *dfs, const char *path)
{
	struct dfs_stat item = {.path = path};

	dfs_stat(dfs, &item, 1, finished, NULL);
	check(&item.result);
}

static void get(struct dfs *dfs, const char *path)
{
	struct getting getting = {.began = false};
	const struct dfs_get_callbacks callbacks = {&getting, begin, take, finished};
	struct dfs_get item = {.path = path};

	dfs_get(dfs, &item, 1, false, &callbacks);
	check(&item.result);
	if (item.result.code == DFS_EXIT_DONE)
		FUZZ_MUST(getting.began && getting.got == getting.size);
}

static void verify(struct dfs *dfs, const char *path)
{
	const struct dfs_verify_callbacks callbacks = {.finished = finished};
	struct dfs_verified item = {.path = path};

	dfs_verify(dfs, &item, 1, &callbacks);
	check(&item.result);
}

static void delete (struct dfs *dfs, const char *path)
{
	struct dfs_delete item = {.path = path};

	dfs_delete(dfs, &item, 1, finished, NULL);
	check(&item.result);
}

static void put(struct dfs *dfs, const char *path)
{
	const struct dfs_put_callbacks callbacks = {.finished = finished};
	FILE *stream = tmpfile();
	struct dfs_put item = {.path = path};

	FUZZ_MUST(stream && fputs("content", stream) >= 0 && fflush(stream) == 0);
	item.fd = fileno(stream);
	dfs_put(dfs, &item, 1, &callbacks);
	check(&item.result);
	(void)fclose(stream);
}

static void report(struct dfs *dfs)
{
	static struct dfs_report all;
	const struct dfs_result result = dfs_report(dfs, &all);

	check(&result);
	FUZZ_MUST(all.code >= 0 && all.code <= 3);
}

static void what_if(struct dfs *dfs)
{
	struct dfs_loss losses[DFS_LOSSES_MAX];
	size_t count = 0;
	unsigned down;
	const struct dfs_result result = dfs_what_if(dfs, losses, &count, &down);

	check(&result);
	FUZZ_MUST(count <= DFS_LOSSES_MAX);
}

static void run(struct dfs *dfs, uint8_t what)
{
	const char *path = paths[what >> 4 & 3];
	struct dfs_result result = {.code = DFS_EXIT_DONE};

	switch (what & 0xf) {
	case 0:
		stat_file(dfs, path);
		break;
	case 1:
		get(dfs, path);
		break;
	case 2:
		verify(dfs, path);
		break;
	case 3:
		delete (dfs, path);
		break;
	case 4:
		put(dfs, path);
		break;
	case 5:
		result = dfs_file_share(dfs, path, "cem", what & 0x80);
		break;
	case 6:
		result = dfs_file_unshare(dfs, path, "bob");
		break;
	case 7:
		report(dfs);
		break;
	case 8:
		what_if(dfs);
		break;
	case 9:
		result = dfs_heal(dfs);
		break;
	case 10:
		result = dfs_user_change(
			dfs, "bob",
			&(struct dfs_user_change){.set_quota = true, .quota = 7});
		break;
	default:
		break;
	}
	check(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	uint8_t what = fuzz_byte(&input);
	struct dfs *dfs;

	client_fixture_begin(&input);
	dfs = client_fixture_open((what & 0xf) == 10 ? "admin" : "ann");
	run(dfs, what);
	client_fixture_close(dfs);
	return 0;
}
