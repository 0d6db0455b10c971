/* client/session_file: where sessions lie, who may read them, whose is the newest. */
#include "session_file.h"

#include "ballot.h"
#include "clock.h"
#include "status.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test_session.XXXXXX";
static dfs_id cluster;
static char clusters[256]; /* the folder of this cluster */

static int make_folder(void **state)
{
	char id[ID_TEXT];

	(void)state;
	if (!mkdtemp(folder) || !id_random(&cluster) ||
	    setenv("XDG_RUNTIME_DIR", folder, 1) != 0)
		return -1;
	(void)snprintf(clusters, sizeof clusters, "%s/dfs/%s", folder,
		       id_text(&cluster, id));
	return 0;
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
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* One that ends in an hour, or an hour ago. */
static struct dfs_pass pass(unsigned fill, int hours)
{
	struct dfs_pass made = {.ends_ns =
					clock_wall_ns() + hours * INT64_C(3600000000000)};

	memset(made.id, (int)fill, sizeof made.id);
	memset(made.secret, (int)fill + 1, sizeof made.secret);
	return made;
}

static mode_t mode_of(const char *name)
{
	struct stat stat_buf;

	assert_int_equal(lstat(name, &stat_buf), 0);
	return stat_buf.st_mode & 07777;
}

static char *name_of(const char *user)
{
	static char name[300];

	(void)snprintf(name, sizeof name, "%s/%s", clusters, user);
	return name;
}

static void test_there_and_back(void **state)
{
	const struct dfs_pass made = pass(1, 1), other = pass(7, 1);
	struct dfs_pass back;
	char below[300];
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(session_file_read(&cluster, "anna", &back).code,
			 DFS_EXIT_MISSING);
	assert_int_equal(session_file_write(&cluster, "anna", &made).code, DFS_EXIT_DONE);
	(void)umask(before);
	assert_int_equal(session_file_read(&cluster, "anna", &back).code, DFS_EXIT_DONE);
	assert_memory_equal(&back, &made, sizeof back);
	assert_int_equal(mode_of(name_of("anna")), 0600);
	assert_int_equal(mode_of(clusters), 0700);
	(void)snprintf(below, sizeof below, "%s/dfs", folder);
	assert_int_equal(mode_of(below), 0700);
	/* A new one takes its place. */
	assert_int_equal(session_file_write(&cluster, "anna", &other).code,
			 DFS_EXIT_DONE);
	assert_int_equal(session_file_read(&cluster, "anna", &back).code, DFS_EXIT_DONE);
	assert_memory_equal(&back, &other, sizeof back);
	assert_int_equal(session_file_remove(&cluster, "anna").code, DFS_EXIT_DONE);
	assert_int_equal(session_file_remove(&cluster, "anna").code, DFS_EXIT_MISSING);
	assert_int_equal(rmdir(clusters), 0); /* nothing was left beside it */
}

static void test_modes(void **state)
{
	static const mode_t wrong[] = {0640, 0604, 0660, 0620};
	const struct dfs_pass made = pass(1, 1);
	struct dfs_result result;
	struct dfs_pass back;

	(void)state;
	assert_int_equal(session_file_write(&cluster, "anna", &made).code, DFS_EXIT_DONE);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(chmod(name_of("anna"), wrong[i]), 0);
		result = session_file_read(&cluster, "anna", &back);
		assert_int_equal(result.code, DFS_EXIT_DENIED);
		assert_non_null(strstr(result.why, "chmod 600 "));
		assert_non_null(strstr(result.why, name_of("anna")));
	}
	if (geteuid() == 0) {
		assert_int_equal(chmod(name_of("anna"), 0600), 0);
		assert_int_equal(chown(name_of("anna"), 65534, 65534), 0);
		assert_int_equal(session_file_read(&cluster, "anna", &back).code,
				 DFS_EXIT_DENIED);
	}
	assert_int_equal(session_file_remove(&cluster, "anna").code, DFS_EXIT_DONE);
	/* A folder that others may write into is no place for a session. */
	assert_int_equal(chmod(clusters, 0770), 0);
	result = session_file_write(&cluster, "anna", &made);
	assert_int_equal(result.code, DFS_EXIT_DENIED);
	assert_non_null(strstr(result.why, "chmod 700 "));
	assert_int_equal(chmod(clusters, 0700), 0);
}

static void write_text(const char *text)
{
	FILE *stream = fopen(name_of("anna"), "we");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(chmod(name_of("anna"), 0600), 0);
}

#define ID "22222222222222222222222222222222"

static void test_damaged(void **state)
{
	static const char *const wrong[] = {
		"",
		"nonsense\n",
		"[session]\nuser = anna\nid = " ID "\nsecret = " ID ID "\n",
		"[session]\nuser = berta\nid = " ID "\nsecret = " ID ID "\nends = 5\n",
		"[session]\nuser = anna\nid = 22\nsecret = " ID ID "\nends = 5\n",
		"[session]\nuser = anna\nid = " ID "\nsecret = " ID "\nends = 5\n",
		"[session]\nuser = anna\nid = " ID "\nsecret = " ID ID "\nends = 0\n",
		"[session]\nuser = anna\nid = " ID "\nsecret = " ID ID
		"\nends = 9223372036854775808\n",
		"[session]\nuser = anna\nid = " ID "\nsecret = " ID ID
		"\nends = 5\nmore = 1\n",
		"[other]\nuser = anna\nid = " ID "\nsecret = " ID ID "\nends = 5\n",
	};
	const struct dfs_pass made = pass(1, 1);
	struct dfs_pass back;

	(void)state;
	assert_int_equal(session_file_write(&cluster, "anna", &made).code, DFS_EXIT_DONE);
	write_text("[session]\nuser = anna\nid = " ID "\nsecret = " ID ID
		   "\nends = 9223372036854775807\n");
	assert_int_equal(session_file_read(&cluster, "anna", &back).code, DFS_EXIT_DONE);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		write_text(wrong[i]);
		if (session_file_read(&cluster, "anna", &back).code != DFS_EXIT_OTHER)
			fail_msg("taken: %s", wrong[i]);
	}
	assert_int_equal(session_file_remove(&cluster, "anna").code, DFS_EXIT_DONE);
}

/* So that the newest is not a question of how fast this machine is. */
static void date(const char *user, time_t seconds)
{
	const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	assert_int_equal(utimensat(AT_FDCWD, name_of(user), times, 0), 0);
}

static void test_9_23_newest(void **state)
{
	const struct dfs_pass good = pass(1, 1), over = pass(2, -1);
	char user[DFS_USER_MAX + 1] = "";
	dfs_id other;

	(void)state;
	assert_true(id_random(&other));
	assert_false(session_file_newest(&cluster, user));
	assert_int_equal(session_file_write(&cluster, "anna", &good).code, DFS_EXIT_DONE);
	assert_int_equal(session_file_write(&cluster, "berta", &good).code,
			 DFS_EXIT_DONE);
	assert_int_equal(session_file_write(&cluster, "carl", &over).code, DFS_EXIT_DONE);
	date("anna", 1000);
	date("berta", 2000);
	date("carl", 3000); /* which has ended */
	assert_true(session_file_newest(&cluster, user));
	assert_string_equal(user, "berta");
	date("anna", 2001);
	assert_true(session_file_newest(&cluster, user));
	assert_string_equal(user, "anna");
	/* One that others can read is not passed over in silence. */
	assert_int_equal(chmod(name_of("berta"), 0644), 0);
	date("berta", 4000);
	assert_true(session_file_newest(&cluster, user));
	assert_string_equal(user, "berta");
	assert_false(session_file_newest(&other, user));
	(void)session_file_remove(&cluster, "anna");
	(void)session_file_remove(&cluster, "berta");
	/* He is to log in again, and not whoever has the machine's name. */
	assert_true(session_file_newest(&cluster, user));
	assert_string_equal(user, "carl");
	assert_false(session_file_any(&cluster, user));
	(void)session_file_remove(&cluster, "carl");
	assert_false(session_file_newest(&cluster, user));
}

/* Without a folder for what runs, below the home. */
static void test_home(void **state)
{
	const struct dfs_pass made = pass(1, 1);
	char own[64], id[ID_TEXT], name[300];

	(void)state;
	(void)snprintf(own, sizeof own, "/run/user/%lu", (unsigned long)geteuid());
	if (access(own, F_OK) == 0)
		skip(); /* this one would be taken */
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
	assert_int_equal(setenv("HOME", folder, 1), 0);
	assert_int_equal(session_file_write(&cluster, "anna", &made).code, DFS_EXIT_DONE);
	(void)snprintf(name, sizeof name, "%s/.local/state/dfs/%s/anna", folder,
		       id_text(&cluster, id));
	assert_int_equal(mode_of(name), 0600);
	(void)snprintf(name, sizeof name, "%s/.local/state/dfs", folder);
	assert_int_equal(mode_of(name), 0700);
	assert_int_equal(unsetenv("HOME"), 0);
	assert_int_equal(session_file_write(&cluster, "anna", &made).code,
			 DFS_EXIT_OTHER);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_modes),
		cmocka_unit_test(test_damaged),        cmocka_unit_test(test_9_23_newest),
		cmocka_unit_test(test_home),
	};

	return cmocka_run_group_tests_name("session_file", tests, make_folder,
					   remove_folder);
}
