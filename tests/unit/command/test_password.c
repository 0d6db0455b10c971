/* client/password: passwords in files, and who may read these. */
#include "password.h"

#include "recovery_file.h"
#include "status.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test_password.XXXXXX";
static char file[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(file, sizeof file, "%s/file", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(folder);
}

static void write_bytes(const char *bytes, size_t len)
{
	int fd;

	(void)unlink(file);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

/* A text, repeated, and what follows it. */
static void expect(int code, const char *text, size_t times, const char *end)
{
	char bytes[4096];
	size_t len = 0;
	struct password password;
	struct dfs_result result;

	for (size_t i = 0; i < times; i++) {
		memcpy(bytes + len, text, strlen(text));
		len += strlen(text);
	}
	memcpy(bytes + len, end, strlen(end));
	write_bytes(bytes, len + strlen(end));
	result = password_read_file(file, &password);
	assert_int_equal(result.code, code);
	if (code == DFS_EXIT_DONE) {
		assert_int_equal(password.len, len);
		assert_memory_equal(password.text, bytes, len);
		return;
	}
	assert_int_equal(password.len, 0);
	assert_non_null(strstr(result.why, file));
	/* What was wrong is not told to who looks over a shoulder. */
	bytes[len < 7 ? len : 7] = '\0';
	if (len >= 4)
		assert_null(strstr(result.why, bytes));
}

static void test_lengths(void **state)
{
	(void)state;
	expect(DFS_EXIT_USAGE, "", 0, "");
	expect(DFS_EXIT_USAGE, "", 0, "\n");
	expect(DFS_EXIT_USAGE, "x", 7, "");
	expect(DFS_EXIT_USAGE, "x", 7, "\n");
	expect(DFS_EXIT_DONE, "x", 8, "");
	expect(DFS_EXIT_DONE, "x", 8, "\n");
	expect(DFS_EXIT_DONE, "x", 1024, "");
	expect(DFS_EXIT_DONE, "x", 1024, "\n");
	expect(DFS_EXIT_USAGE, "x", 1025, "");
	expect(DFS_EXIT_USAGE, "x", 1025, "\n");
	expect(DFS_EXIT_USAGE, "x", 4096, "");
	/* Characters are counted, and bytes for the upper limit. */
	expect(DFS_EXIT_USAGE, "\xc3\xbc", 7, "");
	expect(DFS_EXIT_DONE, "\xc3\xbc", 8, "");
	expect(DFS_EXIT_DONE, "\xf0\x9f\x94\x91", 8, "\n");
	expect(DFS_EXIT_DONE, "\xf0\x9f\x94\x91", 256, "\n");
	expect(DFS_EXIT_USAGE, "\xf0\x9f\x94\x91", 257, "");
}

/* The first line counts, however it ends, and everything in it is part of it. */
static void test_9_5_lines(void **state)
{
	struct password password;

	(void)state;
	expect(DFS_EXIT_DONE, "a b\tc d \r ", 1, "\n");
	expect(DFS_EXIT_DONE, "a b\tc d ", 1, "\r\n");
	expect(DFS_EXIT_DONE, "x", 1024, "\r\n");
	expect(DFS_EXIT_DONE, "x", 8, "\n\n");
	expect(DFS_EXIT_DONE, "x", 8, "\nanother line\n");
	expect(DFS_EXIT_USAGE, "x", 7, "\n\n");
	expect(DFS_EXIT_USAGE, "x", 7, "\r\n");
	/* A byte order mark (U+FEFF) is none of it. */
	write_bytes("\xef\xbb\xbf"
		    "12345678\r\n",
		    13);
	assert_int_equal(password_read_file(file, &password).code, DFS_EXIT_DONE);
	assert_int_equal(password.len, 8);
	assert_memory_equal(password.text, "12345678", 8);
	write_bytes("\xef\xbb\xbf"
		    "1234567\n",
		    11);
	assert_int_equal(password_read_file(file, &password).code, DFS_EXIT_USAGE);
}

static void test_bytes(void **state)
{
	struct password password;

	(void)state;
	write_bytes("1234\0"
		    "5678",
		    9);
	assert_int_equal(password_read_file(file, &password).code, DFS_EXIT_USAGE);
	write_bytes("12345678\xff", 9);
	assert_int_equal(password_read_file(file, &password).code, DFS_EXIT_USAGE);
	write_bytes("12345678\xc3", 9);
	assert_int_equal(password_read_file(file, &password).code, DFS_EXIT_USAGE);
}

/* Nobody but the owner may read it, and the sentence says how to see to that. */
static void test_modes(void **state)
{
	static const mode_t wrong[] = {0640, 0620, 0610, 0604, 0602, 0601, 0644, 0666};
	struct password password;
	struct dfs_result result;
	char mend[128];

	(void)state;
	(void)snprintf(mend, sizeof mend, "chmod 600 %s", file);
	write_bytes("12345678\n", 9);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(chmod(file, wrong[i]), 0);
		result = password_read_file(file, &password);
		assert_int_equal(result.code, DFS_EXIT_DENIED);
		assert_non_null(strstr(result.why, mend));
	}
	assert_int_equal(chmod(file, 0400), 0);
	assert_int_equal(password_read_file(file, &password).code, DFS_EXIT_DONE);
	if (geteuid() != 0)
		return; /* only root can give a file away */
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(chown(file, 65534, 65534), 0);
	result = password_read_file(file, &password);
	assert_int_equal(result.code, DFS_EXIT_DENIED);
	assert_non_null(strstr(result.why, "somebody else"));
}

static void test_no_file(void **state)
{
	struct password password;
	struct dfs_result result;

	(void)state;
	(void)unlink(file);
	result = password_read_file(file, &password);
	assert_int_equal(result.code, DFS_EXIT_OTHER);
	assert_non_null(strstr(result.why, "No such file"));
	assert_int_equal(password_read_file(folder, &password).code, DFS_EXIT_OTHER);
	assert_int_equal(symlink("nowhere", file), 0);
	assert_int_equal(password_read_file(file, &password).code, DFS_EXIT_OTHER);
}

/* <(command) of a shell. */
static void test_a_pipe(void **state)
{
	struct password password;
	char name[64];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "12345678\n", 9), 9);
	assert_int_equal(close(ends[1]), 0);
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
	assert_int_equal(password_read_file(name, &password).code, DFS_EXIT_DONE);
	assert_int_equal(password.len, 8);
	assert_int_equal(close(ends[0]), 0);
}

/* ---- recovery files -------------------------------------------------------------- */

static struct dfs_recovery recovery(size_t count)
{
	struct dfs_recovery made = {.user = "anna", .count = count};

	memset(made.cluster, 0x11, sizeof made.cluster);
	memset(made.pass.id, 0x22, sizeof made.pass.id);
	memset(made.pass.secret, 0x33, sizeof made.pass.secret);
	for (size_t i = 0; i < count; i++)
		memset(made.secrets[i], 0x44 + (int)i, sizeof made.secrets[i]);
	return made;
}

static void test_recovery_and_back(void **state)
{
	struct dfs_recovery back;
	struct stat stat_buf;

	(void)state;
	for (size_t count = 1; count <= DFS_SECRETS_MAX; count++) {
		const struct dfs_recovery made = recovery(count);

		(void)unlink(file);
		assert_int_equal(recovery_file_write(file, &made).code, DFS_EXIT_DONE);
		assert_int_equal(stat(file, &stat_buf), 0);
		assert_int_equal(stat_buf.st_mode & 07777, 0600);
		assert_int_equal(recovery_file_read(file, &back).code, DFS_EXIT_DONE);
		assert_memory_equal(&back, &made, sizeof back);
		/* Never over another. */
		assert_int_equal(recovery_file_write(file, &made).code,
				 DFS_EXIT_CONFLICT);
	}
	assert_int_equal(chmod(file, 0640), 0);
	assert_int_equal(recovery_file_read(file, &back).code, DFS_EXIT_DENIED);
}

#define ID "22222222222222222222222222222222"
#define SECRET ID ID
#define HEAD                                                                             \
	"[recovery]\nuser = anna\ncluster = " ID "\nsession = " ID "\nsecret = " SECRET  \
	"\n"

static void test_wrong_recoveries(void **state)
{
	static const char *const wrong[] = {
		"",
		"12345678\n",
		HEAD,
		HEAD "key2 = " SECRET "\n",
		HEAD "key0 = " SECRET "\n",
		HEAD "key1 = " ID "\n",
		HEAD "key1 = " SECRET "0\n",
		HEAD "key1 = " SECRET "\nkey1 = " SECRET "\n",
		HEAD "key1 = " SECRET "\nkey3 = " SECRET "\n",
		HEAD "key1 = " SECRET "\nkey2 = " SECRET "\nkey3 = " SECRET
		     "\nkey4 = " SECRET "\nkey5 = " SECRET "\n",
		HEAD "key1 = " SECRET "\ncolour = red\n",
		HEAD "[other]\nkey1 = " SECRET "\n",
		"[recovery]\nuser = Anna\ncluster = " ID "\nsession = " ID
		"\nsecret = " SECRET "\nkey1 = " SECRET "\n",
		"[recovery]\nuser = anna\nsession = " ID "\nsecret = " SECRET
		"\nkey1 = " SECRET "\n",
	};
	struct dfs_recovery back;

	(void)state;
	write_bytes(HEAD "key1 = " SECRET "\n", strlen(HEAD "key1 = " SECRET "\n"));
	assert_int_equal(recovery_file_read(file, &back).code, DFS_EXIT_DONE);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		write_bytes(wrong[i], strlen(wrong[i]));
		if (recovery_file_read(file, &back).code != DFS_EXIT_USAGE)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(back.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_9_5_lines),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_a_pipe),
		cmocka_unit_test(test_recovery_and_back),
		cmocka_unit_test(test_wrong_recoveries),
	};

	return cmocka_run_group_tests_name("password", tests, make_folder, remove_folder);
}
