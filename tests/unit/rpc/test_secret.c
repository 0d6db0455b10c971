/* rpc/secret: one form, and only for its owner. */
#include "secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test_secret.XXXXXX";
static char file[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(file, sizeof file, "%s/secret", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(folder);
}

static void refused(const char *because, const char *mend)
{
	uint8_t secret[SECRET_LEN];
	char why[512] = "";

	assert_false(secret_read(file, "/the/cluster", secret, why, sizeof why));
	assert_null(strstr(why, "mend it with: client")); /* there is no ca.key */
	if (!strstr(why, because) || !strstr(why, mend) || !strstr(why, file))
		fail_msg("\"%s\" does not say \"%s\" and \"%s\"", why, because, mend);
}

static const char renew[] = "make it again where the cluster's ca.key is";

static void test_2_6_a_secret_is_read_as_it_was_written(void **state)
{
	uint8_t secret[SECRET_LEN], back[SECRET_LEN], other[SECRET_LEN];
	char text[SECRET_TEXT], why[256] = "";
	struct stat status;

	(void)state;
	(void)unlink(file);
	assert_true(secret_make(secret));
	assert_true(secret_make(other));
	assert_memory_not_equal(secret, other, SECRET_LEN);
	secret_text(secret, text);
	assert_int_equal(strlen(text), 64);
	assert_true(secret_write(file, text, why, sizeof why));
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 65);
	assert_true(secret_read(file, "/the/cluster", back, why, sizeof why));
	assert_memory_equal(secret, back, SECRET_LEN);
	assert_string_equal(why, "");
	/* Never over another. */
	assert_false(secret_write(file, text, why, sizeof why));
	assert_non_null(strstr(why, "File exists"));
}

static void test_2_6_a_secret_that_others_may_read_or_write_is_refused(void **state)
{
	char chmod_it[128];

	(void)state;
	(void)snprintf(chmod_it, sizeof chmod_it, "mend it with: chmod 600 '%s'", file);
	for (mode_t mode = 040; mode > 0; mode >>= 1) {
		assert_int_equal(chmod(file, 0600 | mode), 0);
		refused("others than its owner may read", chmod_it);
	}
	assert_int_equal(chmod(file, 0600), 0);
}

static void test_2_6_what_is_no_secret_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"\n",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\n",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg\n"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		FILE *stream = fopen(file, "we");

		assert_non_null(stream);
		assert_true(fputs(wrong[i], stream) >= 0);
		assert_int_equal(fclose(stream), 0);
		refused("not a secret", renew);
	}
	assert_int_equal(unlink(file), 0);
	refused("No such file", renew);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_2_6_a_secret_is_read_as_it_was_written),
		cmocka_unit_test(
			test_2_6_a_secret_that_others_may_read_or_write_is_refused),
		cmocka_unit_test(test_2_6_what_is_no_secret_is_refused),
	};

	return cmocka_run_group_tests_name("secret", tests, make_folder, remove_folder);
}
