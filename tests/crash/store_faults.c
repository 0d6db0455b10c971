/*
 * Every system call of a store that may fail, failing once, and failing from then on.
 *
 * A script of operations runs in a child process whose n-th write (fsync, rename, ...)
 * fails, for every n that there is.  What was acknowledged must be there after a clean
 * start, what failed must not be, and after a single failure the same operation must
 * succeed.
 *
 * The calls are replaced in this program itself: a shared library's calls come here too.
 */
#include "store_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum call {
	CALL_WRITE,
	CALL_FSYNC,
	CALL_FCHMOD,
	CALL_RENAME,
	CALL_OPEN,
	CALL_MEMFD,
	CALLS
};
static const char *const call_names[] = {"write",  "fsync", "fchmod",
					 "rename", "open",  "memfd"};

/* The fault that is armed.  count runs from 1. */
static struct {
	atomic_bool armed;
	enum call call;
	int error;
	bool persists;
	unsigned at;
	atomic_uint count;
} fault;

static bool fails(enum call call)
{
	unsigned count;

	if (!atomic_load(&fault.armed) || fault.call != call)
		return false;
	count = atomic_fetch_add(&fault.count, 1) + 1;
	if (count != fault.at && !(fault.persists && count > fault.at))
		return false;
	errno = fault.error;
	return true;
}

/* ---- the calls ----------------------------------------------------------------- */

ssize_t write(int fd, const void *bytes, size_t len)
{
	return fails(CALL_WRITE) ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, len);
}

int fsync(int fd)
{
	return fails(CALL_FSYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fchmod(int fd, mode_t mode)
{
	return fails(CALL_FCHMOD) ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

/* Where renames wait while it is shut. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool shut;
	unsigned came;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void pass_gate(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.came++;
	pthread_cond_broadcast(&gate.changed);
	while (gate.shut)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void set_gate(bool shut)
{
	pthread_mutex_lock(&gate.lock);
	gate.shut = shut;
	gate.came = 0;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

/* false when nothing comes for ten seconds. */
static bool await_at_gate(void)
{
	struct timespec until;
	bool came;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&gate.lock);
	while (gate.came == 0 &&
	       pthread_cond_timedwait(&gate.changed, &gate.lock, &until) == 0)
		;
	came = gate.came > 0;
	pthread_mutex_unlock(&gate.lock);
	return came;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	pass_gate();
	return fails(CALL_RENAME)
		       ? -1
		       : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int openat(int at, const char *name, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return fails(CALL_OPEN) ? -1 : (int)syscall(SYS_openat, at, name, flags, mode);
}

int memfd_create(const char *name, unsigned flags)
{
	return fails(CALL_MEMFD) ? -1 : (int)syscall(SYS_memfd_create, name, flags);
}

/* The file system, as it says of itself; 0: as it is. */
static atomic_ullong disk_left;

int fstatvfs(int fd, struct statvfs *status)
{
	unsigned long long left = atomic_load(&disk_left);
	struct statfs real;

	if (syscall(SYS_fstatfs, fd, &real) != 0)
		return -1;
	memset(status, 0, sizeof *status);
	status->f_bsize = status->f_frsize = 4096;
	status->f_blocks = left > 0 ? (1ULL << 30) / 4096 : (fsblkcnt_t)real.f_blocks;
	status->f_bavail = left > 0 ? left / 4096 : (fsblkcnt_t)real.f_bavail;
	return 0;
}

/* ---- the script ---------------------------------------------------------------- */

enum { STEPS = 5, UNITS = 24, UNIT_LEN = 60000, TRIES = 2 };

/*
 * Shared with the child: what each step's last try returned, and whether it was reached.
 */
struct report {
	bool tried[STEPS];
	int result[STEPS];
};

static int stage_large(struct store *store)
{
	struct store_uploads *uploads = store_uploads_new(store);
	struct store_batch *batch = store_batch_new(store);
	dfs_share share = store_fixture_share(2, UNITS, CHUNKS_ALL);
	dfs_ballot ballot = store_fixture_ballot(5);
	int rc = uploads && batch ? 0 : ENOMEM;

	if (rc == 0)
		rc = store_fixture_upload(uploads, 2, UNITS, CHUNKS_ALL, UNIT_LEN);
	if (rc == 0)
		rc = store_batch_upload(batch, uploads, &share);
	if (rc == 0)
		rc = store_fixture_bind(batch, store_fixture_object_of(&share),
					"/a/large", 8, &ballot);
	if (rc == 0)
		rc = store_commit(batch);
	else
		store_batch_free(batch);
	store_uploads_free(uploads);
	return rc;
}

static int run_step(struct store *store, unsigned step)
{
	switch (step) {
	case 0:
		return store_fixture_stage(store, "/a/small", 1, 5, 300);
	case 1:
		return store_fixture_accept(store, "/a/small", 1, 5);
	case 2:
		return stage_large(store);
	case 3:
		return store_fixture_accept(store, "/a/large", 2, 5);
	default:
		return store_fixture_accept(store, "/a/gone", 0, 5);
	}
}

/* Is what the step did there? */
static bool is_done(struct store *store, unsigned step)
{
	static const char *const paths[] = {NULL, "/a/small", NULL, "/a/large",
					    "/a/gone"};
	struct store_register reg;
	dfs_value value;
	int rc = 0;

	if (paths[step]) {
		rc = store_value(store, paths[step], strlen(paths[step]), &reg, &value);
		if (rc == 0)
			value_free(&value);
	} else if (step == 0) {
		for (uint64_t unit = 0; unit < 4 && rc == 0; unit++)
			rc = store_fixture_unit(store, 1, unit, 300);
	} else {
		for (uint64_t unit = 0; unit < UNITS && rc == 0; unit++)
			rc = store_fixture_unit(store, 2, unit, UNIT_LEN);
	}
	return rc == 0;
}

/* In the child: 0, or the line at which something was wrong. */
static int run_script(struct store_fixture *fixture, struct report *report)
{
	atomic_store(&fault.armed, true);
	for (unsigned step = 0; step < STEPS; step++)
		for (unsigned try = 0; try < TRIES; try++) {
			report->tried[step] = true;
			report->result[step] = run_step(fixture->store, step);
			if (report->result[step] == 0)
				break;
			/* A failed open may stand in the way of reading, too. */
			atomic_store(&fault.armed, false);
			if (is_done(fixture->store, step))
				return __LINE__;
			atomic_store(&fault.armed, true);
		}
	for (unsigned step = 0; step < STEPS; step++)
		if (!fault.persists && report->result[step] != 0)
			return __LINE__;
	store_close(fixture->store);
	return 0;
}

static void check_after(struct store_fixture *fixture, const struct report *report,
			bool died)
{
	const char *why;

	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	for (unsigned step = 0; step < STEPS; step++) {
		bool done = is_done(fixture->store, step);

		if (report->tried[step] && report->result[step] == 0)
			assert_true(done);
		else if (!died)
			assert_false(done);
	}
}

/* Runs it with the armed fault in a child; false when the fault was never reached. */
static bool run_child(struct report *report)
{
	struct store_fixture fixture = {0};
	unsigned *reached = (unsigned *)(report + 1);
	int status;
	pid_t child;

	memset(report, 0, sizeof *report);
	*reached = 0;
	store_fixture_rules(&fixture);
	fixture.rules.merge_fan = 0;
	store_fixture_start(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	/* What the child stages is read here, too. */
	store_fixture_resize(2, store_fixture_size(UNITS));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int line;

		store_fixture_reopen(&fixture);
		/*
		 * A report left behind for a step that the process did not live to end.
		 */
		memset(report->result, -1, sizeof report->result);
		line = run_script(&fixture, report);
		*reached = atomic_load(&fault.count);
		_exit(line == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGABRT);
		assert_int_equal(fault.call, CALL_FSYNC);
		*reached = fault.at;
	} else {
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	check_after(&fixture, report, WIFSIGNALED(status));
	store_fixture_end(&fixture);
	return *reached >= fault.at;
}

static void try_all(enum call call, int error, bool persists)
{
	struct report *report = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned at = 0;

	assert_true(report != MAP_FAILED);
	do {
		atomic_store(&fault.count, 0);
		fault.call = call;
		fault.error = error;
		fault.persists = persists;
		fault.at = ++at;
	} while (run_child(report));
	munmap(report, 4096);
	print_message("# %s: %u places, %s, %s\n", call_names[call], at - 1,
		      strerror(error), persists ? "for good" : "once");
	assert_true(at > 1);
}

static void test_failing_once(void **state)
{
	(void)state;
	for (int call = 0; call < CALLS; call++)
		try_all((enum call)call, EIO, false);
	try_all(CALL_WRITE, ENOSPC, false);
	try_all(CALL_FSYNC, ENOSPC, false);
	try_all(CALL_OPEN, EMFILE, false);
}

static void test_failing_for_good(void **state)
{
	(void)state;
	for (int call = 0; call < CALLS; call++)
		try_all((enum call)call, EIO, true);
	try_all(CALL_WRITE, ENOSPC, true);
}

/* ---- notes that cannot be written ---------------------------------------------- */

enum { NOTED = 2560, NOTED_AT_ONCE = 256 };

/* "/000017/xxx...": a note of it takes 4 KB. */
static void long_path(unsigned number, char *path)
{
	size_t len = (size_t)snprintf(path, DFS_PATH_MAX, "/%06u", number);

	for (; len < 4000; len++)
		path[len] = len % 200 == 7 ? '/' : 'x';
	path[len] = '\0';
}

static void *accept_one(void *store)
{
	return (void *)(intptr_t)store_fixture_accept(store, "/b", 0, 5);
}

/*
 * More come while a commit that will fail is under way, again and again: they are never
 * more than a list can hold.
 */
static void test_notes_that_wait_stop_no_commit(void **state)
{
	struct store_fixture fixture = {0};
	struct store_batch *batch = NULL;
	char path[DFS_PATH_MAX];

	(void)state;
	store_fixture_rules(&fixture);
	fixture.rules.merge_fan = 0;
	store_fixture_start(&fixture);
	for (unsigned i = 0; i < NOTED; i++) {
		if (!batch)
			batch = store_batch_new(fixture.store);
		assert_non_null(batch);
		long_path(i, path);
		assert_int_equal(store_fixture_batch_accept(batch, path, 0, 5), 0);
		if (i % 128 == 127) {
			assert_int_equal(store_commit(batch), 0);
			batch = NULL;
		}
	}
	fault.call = CALL_RENAME;
	fault.error = EIO;
	fault.persists = true;
	fault.at = 1;
	atomic_store(&fault.armed, true);
	for (unsigned i = 0; i < NOTED;) {
		pthread_t thread;
		void *result;

		set_gate(true);
		assert_int_equal(pthread_create(&thread, NULL, accept_one, fixture.store),
				 0);
		assert_true(await_at_gate());
		for (unsigned end = i + NOTED_AT_ONCE; i < end; i++) {
			long_path(i, path);
			store_fixture_settle(fixture.store, path, 5);
		}
		set_gate(false);
		pthread_join(thread, &result);
		assert_int_equal((intptr_t)result, EIO);
	}
	atomic_store(&fault.armed, false);
	assert_int_equal(store_fixture_accept(fixture.store, "/b", 0, 5), 0);
	store_fixture_end(&fixture);
}

/* ---- a full disk --------------------------------------------------------------- */

static void test_1_11_reserve(void **state)
{
	struct store_fixture fixture = {0};
	struct store_uploads *uploads;
	struct store_numbers numbers;
	const unsigned long long reserve = (1ULL << 30) / 20;

	(void)state;
	store_fixture_start(&fixture);
	uploads = store_uploads_new(fixture.store);
	/* Of 1 GiB, 5 % and 1 MiB are left. */
	atomic_store(&disk_left, reserve + (1 << 20));
	store_get_numbers(fixture.store, &numbers);
	assert_int_equal(numbers.disk_size, 1ULL << 30);
	assert_in_range(numbers.disk_free, (1 << 20) - 4096, 1 << 20);
	assert_true(store_has_room(fixture.store, 1000000));
	assert_int_equal(store_fixture_stage(fixture.store, "/a/x", 1, 5, 1000), 0);
	assert_int_equal(store_fixture_stage(fixture.store, "/a/y", 2, 5, 250000),
			 ENOSPC);
	/* Only the reserve is left: for votes, which the fixture's accept is. */
	atomic_store(&disk_left, reserve - (1 << 20));
	assert_false(store_has_room(fixture.store, 1));
	store_get_numbers(fixture.store, &numbers);
	assert_int_equal(numbers.disk_free, 0);
	assert_int_equal(store_fixture_stage(fixture.store, "/a/y", 2, 5, 10), ENOSPC);
	assert_int_equal(store_fixture_upload(uploads, 3, 4, CHUNKS_ALL, 10), ENOSPC);
	assert_int_equal(store_fixture_accept(fixture.store, "/a/x", 1, 5), 0);
	assert_int_equal(store_fixture_accept(fixture.store, "/a/z", 0, 5), 0);
	assert_int_equal(store_fixture_unit(fixture.store, 1, 0, 1000), 0);
	assert_int_equal(store_fixture_unit(fixture.store, 2, 0, 10), ENOENT);
	/* Nothing at all is left. */
	atomic_store(&disk_left, 4096);
	assert_int_equal(store_fixture_accept(fixture.store, "/a/z", 0, 6), ENOSPC);
	assert_int_equal(store_fixture_unit(fixture.store, 1, 0, 1000), 0);
	atomic_store(&disk_left, 0);
	assert_int_equal(store_fixture_accept(fixture.store, "/a/z", 0, 6), 0);
	store_uploads_free(uploads);
	store_fixture_end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_11_reserve),
		cmocka_unit_test(test_failing_once),
		cmocka_unit_test(test_failing_for_good),
		cmocka_unit_test(test_notes_that_wait_stop_no_commit),
	};

	return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
