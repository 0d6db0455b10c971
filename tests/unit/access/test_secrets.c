/* The servers' secret while it stays the same, and while it changes. */
#include "secrets.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define UNTIL (INT64_C(1800000000) * SECOND)

static char folder[] = "/tmp/test_secrets.XXXXXX";
static char newest[64], former[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(newest, sizeof newest, "%s/secret", folder);
	(void)snprintf(former, sizeof former, "%s/secret.old", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(newest);
	(void)unlink(former);
	return rmdir(folder);
}

static void write_text(const char *file, const char *text)
{
	char why[512] = "";
	FILE *stream;

	(void)unlink(file);
	assert_true(secret_write(file, "", why, sizeof why));
	stream = fopen(file, "we");
	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, strlen(text), stream), strlen(text));
	assert_int_equal(fclose(stream), 0);
}

static const uint8_t new_one[SECRET_LEN] = "the new one";
static const uint8_t old_one[SECRET_LEN] = "the old one";

static void write_newest(void)
{
	char text[SECRET_TEXT], line[SECRET_TEXT + 1];

	secret_text(new_one, text);
	(void)snprintf(line, sizeof line, "%s\n", text);
	write_text(newest, line);
}

static void write_former(void)
{
	char text[SECRET_FORMER_TEXT], line[SECRET_FORMER_TEXT + 1];

	secret_former_text(old_one, UNTIL, text);
	(void)snprintf(line, sizeof line, "%s\n", text);
	write_text(former, line);
}

static bool read_in(struct secrets *secrets, char why[512])
{
	const struct secrets_files files = {newest, former, folder};

	return secrets_read(secrets, &files, why, 512);
}

/* At that time so many are taken; the first is the one to make things with. */
static void takes(struct secrets *secrets, int64_t now_ns, unsigned count,
		  const uint8_t *first, const uint8_t *second)
{
	uint8_t got[SECRETS_MAX][SECRET_LEN];

	assert_int_equal(secrets_get(secrets, now_ns, got), count);
	assert_memory_equal(got[0], first, SECRET_LEN);
	if (count > 1)
		assert_memory_equal(got[1], second, SECRET_LEN);
}

static void test_12_8_one_secret_is_the_one(void **state)
{
	struct secrets secrets = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char why[512] = "";

	(void)state;
	(void)unlink(former);
	write_newest();
	assert_true(read_in(&secrets, why));
	takes(&secrets, 0, 1, new_one, NULL);
	takes(&secrets, UNTIL, 1, new_one, NULL);
	takes(&secrets, INT64_MAX, 1, new_one, NULL);
}

static void test_12_8_of_two_the_time_decides(void **state)
{
	struct secrets secrets = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char why[512] = "";

	(void)state;
	write_newest();
	write_former();
	assert_true(read_in(&secrets, why));
	/* All go on with the former one, so that who has not heard is understood; */
	takes(&secrets, UNTIL - HOUR, 2, old_one, new_one);
	takes(&secrets, UNTIL - 1, 2, old_one, new_one);
	/* then with the new one, and still understand who is a little late; */
	takes(&secrets, UNTIL, 2, new_one, old_one);
	takes(&secrets, UNTIL + HOUR - 1, 2, new_one, old_one);
	/* and then the former one is worth nothing. */
	takes(&secrets, UNTIL + HOUR, 1, new_one, NULL);
	/* Without its file it is so at once. */
	(void)unlink(former);
	assert_true(read_in(&secrets, why));
	takes(&secrets, UNTIL - HOUR, 1, new_one, NULL);
}

static void test_12_8_what_is_damaged_changes_nothing(void **state)
{
	static const char digits[] =
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
	static const char *const ends[] = {"",
					   "\n",
					   " 1800000000",
					   "  1800000000\n",
					   " \n",
					   " -5\n",
					   " 0\n",
					   " 18e8\n",
					   " 1800000000 \n",
					   "1800000000\n",
					   " 99999999999999999999\n",
					   "\t1800000000\n"};
	struct secrets secrets = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char why[512] = "", line[200];

	(void)state;
	write_newest();
	write_former();
	assert_true(read_in(&secrets, why));
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		(void)snprintf(line, sizeof line, "%s%s", digits, ends[i]);
		write_text(former, line);
		assert_false(read_in(&secrets, why));
		assert_non_null(strstr(why, former));
		takes(&secrets, UNTIL - HOUR, 2, old_one, new_one);
	}
	/* Else nothing was shown: as it should be it is taken. */
	(void)snprintf(line, sizeof line, "%s 1800000000\n", digits);
	write_text(former, line);
	assert_true(read_in(&secrets, why));
	write_former();
	/* A digit that is none; others may read it; and the newest is damaged. */
	(void)snprintf(line, sizeof line, "x%s 1800000000\n", digits + 1);
	write_text(former, line);
	assert_false(read_in(&secrets, why));
	write_former();
	assert_int_equal(chmod(former, 0640), 0);
	assert_false(read_in(&secrets, why));
	write_former();
	write_text(newest, "\n");
	assert_false(read_in(&secrets, why));
	(void)unlink(newest);
	assert_false(read_in(&secrets, why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_12_8_one_secret_is_the_one),
		cmocka_unit_test(test_12_8_of_two_the_time_decides),
		cmocka_unit_test(test_12_8_what_is_damaged_changes_nothing),
	};

	return cmocka_run_group_tests_name("secrets", tests, make_folder, remove_folder);
}
