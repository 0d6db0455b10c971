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
#include <sys/xattr.h>
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

/* Nothing was left to be said. */
static void close_target(struct local_target *target)
{
	char warning[DFS_WHY];

	local_target_end(target);
	assert_false(local_target_warning(target, warning));
	local_target_free(target);
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
	close_target(target);
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
	close_target(target);
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
	close_target(target);
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
	close_target(target);
	target = local_target_new(".", false, true);
	assert_int_equal(fetch(target, "a", "two"), 0);
	expect_file("a", "two");
	close_target(target);
	assert_int_equal(count_files(), 1);
}

static mode_t mode_of(const char *name)
{
	struct stat stat_buf;

	assert_int_equal(stat(name, &stat_buf), 0);
	return stat_buf.st_mode & 07777;
}

/* What a list gives to some is not given to the whole group when the list has gone. */
static void test_9_8_access_list(void **state)
{
	/* user::rw-, user 12345:r--, group::---, mask::r--, other::--- (acl(5), xattr) */
	static const uint16_t list[] = {2,    0, /* version */
					1,    6, 0xffff, 0xffff, 2,    4, 12345,  0,
					4,    0, 0xffff, 0xffff, 0x10, 4, 0xffff, 0xffff,
					0x20, 0, 0xffff, 0xffff};
	struct local_target *target = local_target_new(".", false, true);

	(void)state;
	write_file("a", "one");
	if (setxattr("a", "system.posix_acl_access", list, sizeof list, 0) != 0)
		skip();
	assert_int_equal(mode_of("a"), 0640);
	assert_int_equal(fetch(target, "a", "two"), 0);
	close_target(target);
	assert_int_equal(mode_of("a"), 0600);
}

/* Whose file it was does not open the next one, which is another's, against his umask. */
static void test_9_8_file_of_somebody_else(void **state)
{
	struct local_target *target = local_target_new(".", false, true);
	mode_t before = umask(0077);
	struct stat stat_buf;

	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("a", "one");
	assert_int_equal(chmod("a", 0666), 0);
	assert_int_equal(chmod(".", 0777), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(fetch(target, "a", "two"), 0);
	close_target(target);
	assert_int_equal(seteuid(0), 0);
	(void)umask(before);
	assert_int_equal(stat("a", &stat_buf), 0);
	assert_int_equal(stat_buf.st_uid, 65534);
	assert_int_equal(mode_of("a"), 0600);
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
	close_target(target);
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
	close_target(target);
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
	close_target(target);
	expect_file("kept", "kept");
	expect_file("link", "new");
	assert_int_equal(lstat("link", &stat_buf), 0);
	assert_true(S_ISREG(stat_buf.st_mode));
	target = local_target_new(".", false, false);
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(symlink("kept", "link"), 0);
	assert_int_equal(fetch(target, "link", "kept"), DFS_EXIT_CONFLICT);
	close_target(target);
}

/* A folder that one can write to and not read, as for cp. */
static void test_9_8_unreadable_folder(void **state)
{
	struct local_target *target = local_target_new("closed", false, false);
	const uid_t user = geteuid();

	(void)state;
	assert_int_equal(mkdir("closed", 0700), 0);
	if (user == 0) {
		/* Modes say nothing to root. */
		assert_int_equal(chown("closed", 65534, (gid_t)-1), 0);
		assert_int_equal(chmod(".", 0755), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_int_equal(chmod("closed", 0300), 0);
	assert_int_equal(open("closed", O_RDONLY | O_CLOEXEC), -1);
	assert_int_equal(fetch(target, "a", "one"), 0);
	assert_int_equal(fetch(target, "new/b", "two"), 0);
	assert_int_equal(fetch(target, "a", "other"), DFS_EXIT_CONFLICT);
	close_target(target);
	expect_file("closed/a", "one");
	expect_file("closed/new/b", "two");
	assert_int_equal(chmod("closed", 0700), 0);
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(count_files(), 2);
}

/* Whose folder is deleted under him is told that. */
static void test_9_23_deleted_folder(void **state)
{
	static const char *const names[] = {"c", "sub/c", "other/c"};
	const struct dfs_file file = describe("new");
	char why[DFS_WHY] = "";

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct local_target *target = local_target_new("gone", true, false);

		assert_int_equal(fetch(target, "sub/b", "one"), 0);
		assert_int_equal(unlink("gone/sub/b"), 0);
		assert_int_equal(rmdir("gone/sub"), 0);
		assert_int_equal(rmdir("gone"), 0);
		assert_int_equal(local_target_begin(target, names[i], &file, why),
				 DFS_EXIT_OTHER);
		assert_string_equal(why, "the local folder gone was deleted");
		close_target(target);
	}
	assert_int_equal(count_files(), 0);
}

/* Content of any shape comes out whole, in pieces of any size; zeros take no room. */
static void test_9_13_f_holes(void **state)
{
	enum { SIZE = 300000 };
	static const size_t pieces[] = {1, 1000, 4096, 4097, 65536, SIZE};
	/* Bytes that are not zero: none, the first, the last, those at blocks' ends. */
	static const size_t marks[][3] = {{SIZE, SIZE, SIZE},
					  {0, SIZE, SIZE},
					  {SIZE - 1, SIZE, SIZE},
					  {4095, 4096, 8191},
					  {102400, 102401, 299999}};
	static const size_t sizes[] = {0,   1, 4095, 4096, 4097, 8192, SIZE - SIZE % 4096,
				       SIZE};
	static char content[SIZE], found[SIZE + 1];
	char why[DFS_WHY];
	struct stat stat_buf;

	(void)state;
	for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
		memset(content, 0, sizeof content);
		for (size_t i = 0; i < 3; i++)
			if (marks[m][i] < SIZE)
				content[marks[m][i]] = 'x';
		for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
			size_t piece =
				pieces[(m + s) % (sizeof pieces / sizeof pieces[0])];
			size_t size = sizes[s];
			struct local_target *target = local_target_new(".", false, true);
			const struct dfs_file file = {.size = size};

			assert_int_equal(local_target_begin(target, "a", &file, why), 0);
			for (size_t at = 0; at < size; at += piece)
				assert_int_equal(local_target_write(target, content + at,
								    size - at < piece
									    ? size - at
									    : piece,
								    why),
						 0);
			assert_int_equal(local_target_finish(target, why), 0);
			close_target(target);
			int fd = open("a", O_RDONLY | O_CLOEXEC);

			assert_int_equal(read(fd, found, sizeof found), size);
			assert_memory_equal(found, content, size);
			assert_int_equal(fstat(fd, &stat_buf), 0);
			if (size > 100000)
				assert_true(stat_buf.st_blocks * 512 < 100000);
			assert_int_equal(close(fd), 0);
		}
	}
}

struct walked {
	char files[256], left_out[256], links[256], empty[256];
	unsigned stop_after;
};

static bool take_file(void *context, const char *name, const char *relative)
{
	struct walked *walked = context;

	assert_int_equal(access(name, R_OK), 0);
	(void)strcat(strcat(walked->files, relative), " ");
	return walked->stop_after == 0 || --walked->stop_after > 0;
}

static bool take_link(void *context, const char *name, const char *relative)
{
	struct walked *walked = context;
	char *leads_to = local_read_link(name);

	assert_non_null(leads_to);
	(void)strcat(strcat(walked->links, relative), " ");
	free(leads_to);
	return true;
}

static bool take_empty(void *context, const char *name, const char *relative)
{
	struct walked *walked = context;

	(void)strcat(strcat(walked->empty, *relative != '\0' ? relative : name), " ");
	return true;
}

static void leave_out(void *context, const char *name, int error)
{
	struct walked *walked = context;

	assert_int_equal(error, 0);
	(void)strcat(strcat(walked->left_out, name), " ");
}

static void test_walk(void **state)
{
	struct walked walked = {.stop_after = 0};
	const struct local_walk walk = {.context = &walked,
					.file = take_file,
					.link = take_link,
					.empty = take_empty,
					.left_out = leave_out};

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
	assert_string_equal(walked.left_out, "tree/pipe ");
	assert_string_equal(walked.links, "link up ");
	assert_string_equal(walked.empty, "empty ");
	/*
	 * With slashes behind it, and by way of a link, which the folder itself may be.
	 */
	walked.files[0] = walked.left_out[0] = walked.empty[0] = '\0';
	assert_int_equal(local_walk("way//", &walk), 0);
	assert_string_equal(walked.files, "a b/x c ");
	assert_int_equal(local_walk("tree/empty", &walk), 0);
	assert_string_equal(walked.empty, "empty tree/empty ");
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
	assert_int_equal(local_kind("/dev/null"), LOCAL_DEVICE);
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
	assert_int_equal(setenv("TMPDIR", "/dev/null", 1), 0);
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
		IN_FOLDER(test_9_8_access_list),
		IN_FOLDER(test_9_8_file_of_somebody_else),
		IN_FOLDER(test_9_8_unreadable_folder),
		IN_FOLDER(test_9_23_deleted_folder),
		IN_FOLDER(test_9_13_f_holes),
		IN_FOLDER(test_walk),
		IN_FOLDER(test_kinds),
		IN_FOLDER(test_spool),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
