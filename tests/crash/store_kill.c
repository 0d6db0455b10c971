/*
 * A store whose process is killed at any moment, again and again.
 *
 * A child writes with four threads into a store that merges and drops at once, and notes
 * in shared memory what was acknowledged.  It is killed after so many more
 * acknowledgements, and the next child goes on where it stopped.  Between them the store
 * is opened here and compared.
 */
#include "store_fixture.h"

#include "value.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { THREADS = 4, FILES = 8, LEN = 3000, ROUNDS = 50 };

/* Of each file: the counter begun and the one acknowledged.  Each file has one writer. */
struct progress {
	atomic_ulong begun[THREADS][FILES], done[THREADS][FILES];
	atomic_ulong acknowledged;
	atomic_bool failed;
};

struct writer {
	struct store *store;
	struct progress *progress;
	unsigned number;
	unsigned seed;
};

static void path_of(unsigned thread, unsigned file, char *path)
{
	(void)snprintf(path, 32, "/t%u/%u", thread, file);
}

/* Every fifth counter is a tombstone. */
static uint64_t object_of(unsigned thread, unsigned file, uint64_t counter)
{
	return counter % 5 == 0 ? 0 : (counter * THREADS + thread) * FILES + file;
}

static int write_next(struct writer *writer, unsigned file)
{
	struct progress *progress = writer->progress;
	unsigned long counter = atomic_load(&progress->begun[writer->number][file]) + 1;
	uint64_t object = object_of(writer->number, file, counter);
	char path[32];
	int rc = 0;

	path_of(writer->number, file, path);
	atomic_store(&progress->begun[writer->number][file], counter);
	if (object != 0)
		rc = store_fixture_stage(writer->store, path, object, counter, LEN);
	if (rc == 0)
		rc = store_fixture_accept(writer->store, path, object, counter);
	if (rc != 0)
		return rc;
	atomic_store(&progress->done[writer->number][file], counter);
	atomic_fetch_add(&progress->acknowledged, 1);
	store_fixture_settle(writer->store, path, counter);
	return 0;
}

static void *write_on(void *argument)
{
	struct writer *writer = argument;

	while (write_next(writer, (unsigned)rand_r(&writer->seed) % FILES) == 0)
		;
	atomic_store(&writer->progress->failed, true);
	return NULL;
}

static void run_child(struct store_fixture *fixture, struct progress *progress,
		      unsigned round)
{
	struct writer writers[THREADS];
	pthread_t thread;

	store_fixture_reopen(fixture);
	for (unsigned i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){.store = fixture->store,
					     .progress = progress,
					     .number = i,
					     .seed = round * THREADS + i};
		if (pthread_create(&thread, NULL, write_on, &writers[i]) != 0)
			_exit(1);
	}
	for (;;)
		pause();
}

static void check_file(struct store *store, struct progress *progress, unsigned thread,
		       unsigned file)
{
	unsigned long done = atomic_load(&progress->done[thread][file]);
	unsigned long begun = atomic_load(&progress->begun[thread][file]);
	struct store_register reg;
	dfs_value value;
	char path[32];
	int rc;

	path_of(thread, file, path);
	rc = store_value(store, path, strlen(path), &reg, &value);
	if (rc == ENOENT) {
		assert_int_equal(done, 0);
		return;
	}
	assert_int_equal(rc, 0);
	assert_in_range(reg.ballot.counter, done, begun);
	assert_int_equal(value.number, reg.ballot.counter);
	value_free(&value);
	for (uint64_t unit = 0; unit < 4 && reg.kind == DFS_FILE; unit++)
		assert_int_equal(
			store_fixture_unit(store,
					   object_of(thread, file, reg.ballot.counter),
					   unit, LEN),
			0);
}

static void check_all(struct store_fixture *fixture, struct progress *progress)
{
	const char *why;

	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	for (unsigned thread = 0; thread < THREADS; thread++)
		for (unsigned file = 0; file < FILES; file++)
			check_file(fixture->store, progress, thread, file);
	store_close(fixture->store);
	fixture->store = NULL;
}

/* Kills it once so many more writes are acknowledged. */
static void kill_after(pid_t child, struct progress *progress, unsigned long more)
{
	unsigned long until = atomic_load(&progress->acknowledged) + more;
	int status = 0;

	while (atomic_load(&progress->acknowledged) < until && status == 0 &&
	       !atomic_load(&progress->failed))
		if (waitpid(child, &status, WNOHANG) == 0)
			sched_yield();
	assert_false(atomic_load(&progress->failed));
	assert_int_equal(status, 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_1_8_killed_at_any_moment(void **state)
{
	struct store_fixture fixture = {0};
	struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned seed = 1;

	(void)state;
	assert_true(progress != MAP_FAILED);
	store_fixture_rules(&fixture);
	fixture.rules.grace_ms = 1;
	fixture.rules.merge_fan = 3;
	store_fixture_start(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	for (unsigned round = 0; round < ROUNDS; round++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			run_child(&fixture, progress, round);
		kill_after(child, progress, (unsigned long)(rand_r(&seed) % 150));
		check_all(&fixture, progress);
	}
	print_message("# %lu writes acknowledged, %d kills\n",
		      atomic_load(&progress->acknowledged), ROUNDS);
	munmap(progress, sizeof *progress);
	store_fixture_end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_8_killed_at_any_moment),
	};

	return cmocka_run_group_tests_name("store_kill", tests, NULL, NULL);
}
