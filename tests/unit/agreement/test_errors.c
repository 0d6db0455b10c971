/* server/errors: every errno that the store documents, for everyone who may get it. */
#include "errors.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void check(int error, dfs_status reading, dfs_status uploading, dfs_status binding,
		  dfs_status committing)
{
	assert_int_equal(errors_status(ERRORS_READING, error), reading);
	assert_int_equal(errors_status(ERRORS_UPLOADING, error), uploading);
	assert_int_equal(errors_status(ERRORS_BINDING, error), binding);
	assert_int_equal(errors_status(ERRORS_COMMITTING, error), committing);
}

static void check_all(int error, dfs_status status)
{
	check(error, status, status, status, status);
}

static void test_every_row(void **state)
{
	(void)state;
	check_all(0, DFS_OK);
	check(ENOENT, DFS_UNKNOWN, DFS_UNKNOWN, DFS_NODATA, DFS_UNKNOWN);
	check(EBADMSG, DFS_DAMAGED, DFS_DAMAGED, DFS_NODATA, DFS_DAMAGED);
	check_all(EINVAL, DFS_INVALID);
	/* A full disk does not keep anyone from reading. */
	check(ENOSPC, DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE);
	check(EDQUOT, DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE);
	check(EFBIG, DFS_IO, DFS_INVALID, DFS_INVALID, DFS_INVALID);
}

static void test_what_passes_is_busy(void **state)
{
	(void)state;
	check_all(ENOMEM, DFS_BUSY);
	check_all(EAGAIN, DFS_BUSY);
	check_all(EMFILE, DFS_BUSY);
	check_all(ENFILE, DFS_BUSY);
}

static void test_what_no_row_names_is_an_io_error(void **state)
{
	(void)state;
	check_all(EIO, DFS_IO);
	check_all(EXDEV, DFS_IO);
	check_all(-1, DFS_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_what_passes_is_busy),
		cmocka_unit_test(test_what_no_row_names_is_an_io_error),
	};

	return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
