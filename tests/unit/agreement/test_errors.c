/* agreement/errors: every errno that the store documents, for everyone who may get it. */
#include "errors.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct row {
	int error;
	dfs_status reading, uploading, binding, accepting, committing;
};

static void check(const struct row *row)
{
	const dfs_status wanted[ERRORS_DOINGS] = {
		[ERRORS_READING] = row->reading,
		[ERRORS_UPLOADING] = row->uploading,
		[ERRORS_BINDING] = row->binding,
		[ERRORS_ACCEPTING] = row->accepting,
		[ERRORS_COMMITTING] = row->committing,
	};

	for (enum errors_doing doing = 0; doing < ERRORS_DOINGS; doing++)
		assert_int_equal(errors_status(doing, row->error), wanted[doing]);
}

static void check_always(int error, dfs_status status)
{
	check(&(struct row){error, status, status, status, status, status});
}

static void test_what_depends_on_what_was_done(void **state)
{
	static const struct row rows[] = {
		{ENOENT, DFS_UNKNOWN, DFS_UNKNOWN, DFS_NODATA, DFS_UNKNOWN, DFS_UNKNOWN},
		{EBADMSG, DFS_DAMAGED, DFS_DAMAGED, DFS_NODATA, DFS_DAMAGED, DFS_DAMAGED},
		{ENXIO, DFS_NODATA, DFS_IO, DFS_NODATA, DFS_IO, DFS_IO},
		{ENODATA, DFS_UNBROUGHT, DFS_IO, DFS_NODATA, DFS_IO, DFS_IO},
		/* A full disk does not keep anyone from reading. */
		{ENOSPC, DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE, DFS_NOSPACE},
		{EFBIG, DFS_IO, DFS_INVALID, DFS_INVALID, DFS_INVALID, DFS_INVALID},
		/* A value that its owner may not have is no matter of the disk. */
		{EDQUOT, DFS_IO, DFS_NOSPACE, DFS_NOSPACE, DFS_OVER_QUOTA, DFS_NOSPACE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&rows[i]);
}

static void test_what_is_the_same_whatever_was_done(void **state)
{
	(void)state;
	check_always(0, DFS_OK);
	check_always(EINVAL, DFS_INVALID);
	check_always(EHOSTDOWN, DFS_RECOVERING);
}

static void test_what_passes_is_busy(void **state)
{
	(void)state;
	check_always(ENOMEM, DFS_BUSY);
	check_always(EAGAIN, DFS_BUSY);
	check_always(EMFILE, DFS_BUSY);
	check_always(ENFILE, DFS_BUSY);
}

static void test_what_no_row_names_is_an_io_error(void **state)
{
	(void)state;
	check_always(EIO, DFS_IO);
	check_always(EXDEV, DFS_IO);
	check_always(-1, DFS_IO);
	assert_int_equal(errors_status(ERRORS_DOINGS, EINVAL), DFS_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_depends_on_what_was_done),
		cmocka_unit_test(test_what_is_the_same_whatever_was_done),
		cmocka_unit_test(test_what_passes_is_busy),
		cmocka_unit_test(test_what_no_row_names_is_an_io_error),
	};

	return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
