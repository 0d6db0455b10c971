/* client/command/local_target, local: what is written to and read from local folders. */
#include "local_target.h"

#include "local.h"
#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <cmocka.h>

/* Every test works in an empty folder, which is then the current one. */
static char folder[256];

static int make_folder(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)snprintf(folder, sizeof folder, "%s/target-XXXXXX",
		       tmp != NULL ? tmp : "/tmp");
	return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *name, const struct stat *stat_buf, int type,
		      struct FTW *walk)
{
	(void)stat_buf;
	(void)type;
	(void)walk;
	return remove(name);
}

static int remove_folder(void **state)
{
	(void)state;
	return chdir("/") == 0 && nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0
		       ? 0
		       : -1;
}

static void write_file(const char *name, const char *text)
{
	FILE *stream = fopen(name, "we");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static void expect_file(const char *name, const char *text)
{
	char found[64] = "";
	FILE *stream = fopen(name, "re");

	assert_non_null(stream);
	found[fread(found, 1, sizeof found - 1, stream)] = '\0';
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(found, text);
}

static unsigned files_seen;

static int count_one(const char *name, const struct stat *stat_buf, int type,
		     struct FTW *walk)
{
	(void)name;
	(void)stat_buf;
	(void)walk;
	files_seen += type != FTW_D;
	return 0;
}

/* Whatever is no folder, hidden or not. */
static unsigned count_files(void)
{
	files_seen = 0;
	assert_int_equal(nftw(".", count_one, 16, FTW_PHYS), 0);
	return files_seen;
}

static struct dfs_file describe(const char *text)
{
	struct dfs_file file = {.size = strlen(text), .modified_ns = 1500000000123456789};
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(text, strlen(text)));
	memcpy(file.xxh128, canonical.digest, sizeof file.xxh128);
	return file;
}

/* From begin to finish, as far as it goes; the code. */
static int fetch(struct local_target *target, const char *name, const char *text)
{
	const struct dfs_file file = describe(text);
	char why[DFS_WHY] = "";
	int code = local_target_begin(target, name, &file, why);

	if (code == 0)
		code = local_target_write(target, text, strlen(text), why);
	if (code == 0)
		code = local_target_finish(target, why);
	if (code != 0 && code != LOCAL_TARGET_EQUAL)
		assert_true(why[0] != '\0');
	return code;
}

static int close_target(struct local_target *target)
{
	char why[DFS_WHY];

	return local_target_free(target, why);
}

static void test_lands(void **state)
{
	struct local_target *target = local_target_new("new/deeper", true, false);
	struct stat stat_buf;

	(void)state;
	assert_non_null(target);
	assert_int_equal(fetch(target, "a", "one"), 0);
	assert_int_equal(fetch(target, "sub/sub/b", "two"), 0);
	assert_int_equal(fetch(target, "sub/c", ""), 0);
	assert_int_equal(close_target(target), 0);
	expect_file("new/deeper/a", "one");
	expect_file("new/deeper/sub/sub/b", "two");
	expect_file("new/deeper/sub/c", "");
	assert_int_equal(stat("new/deeper/a", &stat_buf), 0);
	assert_int_equal(stat_buf.st_mtim.tv_sec, 1500000000);
	assert_int_equal(stat_buf.st_mtim.tv_nsec, 123456789);
	assert_int_equal(count_files(), 3);
}

static void test_missing_folder(void **state)
{
	struct local_target *target = local_target_new("nowhere", false, false);

	(void)state;
	assert_int_equal(fetch(target, "a", "one"), DFS_EXIT_OTHER);
	assert_int_equal(close_target(target), 0);
	assert_int_equal(access("nowhere", F_OK), -1);
}

/* What is given up leaves nothing, and no folder either before it was begun. */
static void test_abandoned(void **state)
{
	struct local_target *target = local_target_new(".", false, false);
	const struct dfs_file file = describe("whole");
	char why[DFS_WHY];

	(void)state;
	assert_int_equal(local_target_begin(target, "a", &file, why), 0);
	assert_int_equal(local_target_write(target, "wh", 2, why), 0);
	assert_int_equal(access("a", F_OK), -1);
	/* A second beginning throws the first away. */
	assert_int_equal(local_target_begin(target, "a", &file, why), 0);
	local_target_abandon(target);
	local_target_abandon(target);
	assert_int_equal(local_target_begin(target, "b", &file, why), 0);
	assert_int_equal(close_target(target), 0);
	assert_int_equal(count_files(), 0);
}

static void test_existing(void **state)
{
	struct local_target *target = local_target_new(".", false, false);

	(void)state;
	write_file("a", "one");
	assert_int_equal(fetch(target, "a", "one"), LOCAL_TARGET_EQUAL);
	assert_int_equal(fetch(target, "a", "two"), DFS_EXIT_CONFLICT);
	assert_int_equal(fetch(target, "a", "longer"), DFS_EXIT_CONFLICT);
	expect_file("a", "one");
	assert_int_equal(close_target(target), 0);
	target = local_target_new(".", false, true);
	assert_int_equal(fetch(target, "a", "two"), 0);
	expect_file("a", "two");
	assert_int_equal(close_target(target), 0);
	assert_int_equal(count_files(), 1);
}

/* A file that appears under the name meanwhile is not replaced. */
static void test_appears_meanwhile(void **state)
{
	struct local_target *target = local_target_new(".", false, false);
	const struct dfs_file file = describe("new");
	char why[DFS_WHY] = "";

	(void)state;
	assert_int_equal(local_target_begin(target, "a", &file, why), 0);
	assert_int_equal(local_target_write(target, "new", 3, why), 0);
	write_file("a", "other");
	assert_int_equal(local_target_finish(target, why), DFS_EXIT_CONFLICT);
	assert_int_equal(close_target(target), 0);
	expect_file("a", "other");
	assert_int_equal(count_files(), 1);
}

static void test_never_outside(void **state)
{
	static const char *const names[] = {"../evil", "a/../../evil", "/evil", "",
					    "a//evil", "./evil",       "..",    "a/"};
	struct local_target *target;

	(void)state;
	assert_int_equal(mkdir("inside", 0700), 0);
	assert_int_equal(mkdir("outside", 0700), 0);
	assert_int_equal(symlink("../outside", "inside/link"), 0);
	target = local_target_new("inside", false, true);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_not_equal(fetch(target, names[i], "evil"), 0);
	assert_int_equal(fetch(target, "link/evil", "evil"), DFS_EXIT_CONFLICT);
	assert_int_equal(close_target(target), 0);
	assert_int_equal(access("outside/evil", F_OK), -1);
	assert_int_equal(access("evil", F_OK), -1);
	/* Only the link itself. */
	assert_int_equal(count_files(), 1);
}

/* A link as the last part is replaced, not followed; devices and folders stay. */
static void test_odd_targets(void **state)
{
	struct local_target *target = local_target_new(".", false, true);
	struct stat stat_buf;

	(void)state;
	write_file("kept", "kept");
	assert_int_equal(symlink("kept", "link"), 0);
	assert_int_equal(symlink("/dev/null", "null"), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(fetch(target, "link", "new"), 0);
	assert_int_equal(fetch(target, "null", "new"), DFS_EXIT_CONFLICT);
	assert_int_equal(fetch(target, "pipe", "new"), DFS_EXIT_CONFLICT);
	assert_int_equal(fetch(target, "folder", "new"), DFS_EXIT_CONFLICT);
	assert_int_equal(fetch(target, "kept/below", "new"), DFS_EXIT_CONFLICT);
	assert_int_equal(close_target(target), 0);
	expect_file("kept", "kept");
	expect_file("link", "new");
	assert_int_equal(lstat("link", &stat_buf), 0);
	assert_true(S_ISREG(stat_buf.st_mode));
	target = local_target_new(".", false, false);
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(symlink("kept", "link"), 0);
	assert_int_equal(fetch(target, "link", "kept"), DFS_EXIT_CONFLICT);
	assert_int_equal(close_target(target), 0);
}

struct walked {
	char files[256], left_out[256];
	unsigned stop_after;
};

static bool take_file(void *context, const char *name, const char *relative)
{
	struct walked *walked = context;

	assert_int_equal(access(name, R_OK), 0);
	(void)strcat(strcat(walked->files, relative), " ");
	return walked->stop_after == 0 || --walked->stop_after > 0;
}

static void leave_out(void *context, const char *name, int error)
{
	struct walked *walked = context;

	assert_int_equal(error, 0);
	(void)strcat(strcat(walked->left_out, name), " ");
}

static void test_walk(void **state)
{
	struct walked walked = {{0}, {0}, 0};
	const struct local_walk walk = {
		.context = &walked, .file = take_file, .left_out = leave_out};

	(void)state;
	assert_int_equal(mkdir("tree", 0700), 0);
	assert_int_equal(mkdir("tree/b", 0700), 0);
	assert_int_equal(mkdir("tree/empty", 0700), 0);
	write_file("tree/c", "");
	write_file("tree/a", "");
	write_file("tree/b/x", "");
	assert_int_equal(symlink("a", "tree/link"), 0);
	assert_int_equal(symlink("..", "tree/up"), 0);
	assert_int_equal(mkfifo("tree/pipe", 0600), 0);
	assert_int_equal(symlink("tree", "way"), 0);
	assert_int_equal(local_walk("tree", &walk), 0);
	assert_string_equal(walked.files, "a b/x c ");
	assert_string_equal(walked.left_out, "tree/link tree/pipe tree/up ");
	/*
	 * With slashes behind it, and by way of a link, which the folder itself may be.
	 */
	walked.files[0] = walked.left_out[0] = '\0';
	assert_int_equal(local_walk("way//", &walk), 0);
	assert_string_equal(walked.files, "a b/x c ");
	walked.files[0] = '\0';
	walked.stop_after = 2;
	assert_int_equal(local_walk("tree", &walk), ECANCELED);
	assert_string_equal(walked.files, "a b/x ");
}

static void test_kinds(void **state)
{
	(void)state;
	write_file("file", "");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(symlink("nothing", "broken"), 0);
	assert_int_equal(local_kind("file"), LOCAL_FILE);
	assert_int_equal(local_kind("link"), LOCAL_FILE);
	assert_int_equal(local_kind("."), LOCAL_FOLDER);
	assert_int_equal(local_kind("pipe"), LOCAL_PIPE);
	assert_int_equal(local_kind("/dev/null"), LOCAL_OTHER);
	assert_int_equal(local_kind("broken"), LOCAL_NONE);
	assert_int_equal(local_kind("nothing"), LOCAL_NONE);
}

/* The whole of a pipe, in a file that nobody else can find or read. */
static void test_spool(void **state)
{
	char why[DFS_WHY], found[16];
	struct stat stat_buf;
	int ends[2], spool;

	(void)state;
	assert_int_equal(setenv("TMPDIR", folder, 1), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "through", 7), 7);
	assert_int_equal(close(ends[1]), 0);
	spool = local_spool(ends[0], why);
	assert_true(spool >= 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(pread(spool, found, sizeof found, 0), 7);
	assert_memory_equal(found, "through", 7);
	assert_int_equal(fstat(spool, &stat_buf), 0);
	assert_int_equal(stat_buf.st_nlink, 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0600);
	assert_int_equal(close(spool), 0);
	assert_int_equal(count_files(), 0);
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_int_equal(local_spool(STDIN_FILENO, why), -1);
	assert_non_null(strstr(why, "TMPDIR"));
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_lands),
		IN_FOLDER(test_missing_folder),
		IN_FOLDER(test_abandoned),
		IN_FOLDER(test_existing),
		IN_FOLDER(test_appears_meanwhile),
		IN_FOLDER(test_never_outside),
		IN_FOLDER(test_odd_targets),
		IN_FOLDER(test_walk),
		IN_FOLDER(test_kinds),
		IN_FOLDER(test_spool),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
