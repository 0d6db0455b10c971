/*
 * Every state in which a power cut can leave a store's folder.
 *
 * A script runs against the real store while this program notes what reaches the disk: the
 * bytes of each file that is renamed into seg/, the unlinks, the fsyncs.  Afterwards, for each
 * moment, every state that the disk may then be in is built and opened: of what happened in the
 * folder since its last fsync any part may be there, and a file that was not fsynced may be
 * empty, cut off, or whole.  What had been acknowledged by that moment must be there, what had been
 * dropped must not be, and the store must be whole.
 *
 * The same must fail when a rule of the store is broken: else the test proves nothing.
 */
#include "store_fixture.h"

#include "ballot.h"
#include "clock.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

enum { EVENTS_MAX = 2000, NAME = 64, PENDING_MAX = 7, FILES = 9, LEN = 400 };

enum event_type { RENAMED, UNLINKED, SYNCED, ACKED, DROPPED };

struct event {
	enum event_type type;
	char name[NAME];  /* RENAMED, UNLINKED */
	char pool[NAME];  /* RENAMED: where its bytes are kept */
	bool durable;     /* RENAMED: it was fsynced before */
	unsigned number;  /* ACKED: of the file; DROPPED: of the object */
	uint64_t counter; /* ACKED */
};

/* What happened, in order; filled by the store's threads. */
static struct {
	pthread_mutex_t lock;
	bool on;
	struct event events[EVENTS_MAX];
	size_t count;
	unsigned pool_files;
	ino_t synced[EVENTS_MAX]; /* files that were fsynced */
	size_t synced_count;
	char pool[PATH_MAX];
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- recording ----------------------------------------------------------------------- */

static struct event *add_event(enum event_type type)
{
	struct event *event = &disk.events[disk.count++];

	if (disk.count >= EVENTS_MAX)
		abort();
	memset(event, 0, sizeof *event);
	event->type = type;
	return event;
}

static void note(enum event_type type, unsigned number, uint64_t counter)
{
	pthread_mutex_lock(&disk.lock);
	struct event *event = add_event(type);

	event->number = number;
	event->counter = counter;
	pthread_mutex_unlock(&disk.lock);
}

int fsync(int fd)
{
	struct stat status;

	pthread_mutex_lock(&disk.lock);
	if (disk.on && fstat(fd, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			add_event(SYNCED);
		else if (disk.synced_count < EVENTS_MAX)
			disk.synced[disk.synced_count++] = status.st_ino;
	}
	pthread_mutex_unlock(&disk.lock);
	return 0;
}

static bool was_synced(ino_t inode)
{
	for (size_t i = 0; i < disk.synced_count; i++)
		if (disk.synced[i] == inode)
			return true;
	return false;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	struct stat status;
	int rc;

	pthread_mutex_lock(&disk.lock);
	rc = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
	if (disk.on && rc == 0) {
		struct event *event = add_event(RENAMED);
		char kept[PATH_MAX + NAME];

		snprintf(event->name, NAME, "%s", to);
		snprintf(event->pool, NAME, "%u", disk.pool_files++);
		snprintf(kept, sizeof kept, "%s/%s", disk.pool, event->pool);
		if (fstatat(to_fd, to, &status, 0) != 0 ||
		    linkat(to_fd, to, AT_FDCWD, kept, 0) != 0)
			abort();
		event->durable = was_synced(status.st_ino);
	}
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

int unlinkat(int at, const char *name, int flags)
{
	int rc;

	pthread_mutex_lock(&disk.lock);
	rc = (int)syscall(SYS_unlinkat, at, name, flags);
	if (disk.on && rc == 0 && strstr(name, ".gdbm"))
		snprintf(add_event(UNLINKED)->name, NAME, "%s", name);
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

/* ---- the script ---------------------------------------------------------------------- */

static void path_of(unsigned number, char *path)
{
	snprintf(path, 32, "/a/%u", number);
}

/* Object 100 * counter + number is in the value of that counter; 0 in a tombstone. */
static void write_file(struct store *store, unsigned number, uint64_t counter, bool dead)
{
	uint64_t object = dead ? 0 : 100 * counter + number;
	char path[32];

	path_of(number, path);
	if (!dead)
		assert_int_equal(store_fixture_stage(store, path, object, counter, LEN),
				 0);
	assert_int_equal(store_fixture_accept(store, path, object, counter), 0);
	note(ACKED, number, counter);
	store_fixture_settle(store, path, counter);
}

static bool is_gone(struct store_fixture *fixture, void *context)
{
	return store_fixture_unit(fixture->store, *(unsigned *)context, 0, LEN) == ENOENT;
}

static void wait_gone(struct store_fixture *fixture, unsigned object)
{
	assert_true(store_fixture_wait(is_gone, fixture, &object));
	note(DROPPED, object, 0);
}

static bool is_merged(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	(void)context;
	store_get_numbers(fixture->store, &numbers);
	return numbers.segments <= 7;
}

/* Nine files; some overwritten, some deleted; merges and drops in between. */
static void run_script(struct store_fixture *fixture)
{
	for (unsigned i = 1; i <= FILES; i++)
		write_file(fixture->store, i, 1, false);
	assert_true(store_fixture_wait(is_merged, fixture, NULL));
	for (unsigned i = 1; i <= 4; i++) {
		write_file(fixture->store, i, 2, i % 2 == 0);
		wait_gone(fixture, 100 + i);
	}
	for (unsigned i = 5; i <= 8; i++)
		write_file(fixture->store, i, 3, false);
	for (unsigned i = 5; i <= 8; i++)
		wait_gone(fixture, 100 + i);
	assert_true(store_fixture_wait(is_merged, fixture, NULL));
}

static void record(struct store_fixture *fixture)
{
	disk.count = disk.synced_count = 0;
	disk.pool_files = 0;
	store_fixture_file(fixture, "pool", disk.pool);
	assert_int_equal(mkdir(disk.pool, 0700), 0);
	/* The first segment is on the disk before anything else. */
	struct event *first = add_event(RENAMED);
	char from[PATH_MAX], to[PATH_MAX];

	snprintf(first->name, NAME, "%015u-%015u.gdbm", 1, 1);
	snprintf(first->pool, NAME, "first");
	first->durable = true;
	snprintf(to, sizeof to, "%.4000s/first", disk.pool);
	snprintf(from, sizeof from, "%.100s/seg/%.64s", fixture->folder, first->name);
	assert_int_equal(link(from, to), 0);
	add_event(SYNCED);
	disk.on = true;
	run_script(fixture);
	store_close(fixture->store);
	fixture->store = NULL;
	disk.on = false;
}

/* ---- building states ----------------------------------------------------------------- */

enum torn { WHOLE, EMPTY, HALF, TORN_WAYS };

/* The folder in which states are built, beside the recorded one. */
static struct store_fixture state_fixture;

static unsigned states, broken_states;

static void copy_half(const char *from, const char *to)
{
	char bytes[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0400);
	struct stat status;
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(fstat(in, &status), 0);
	n = read(in, bytes,
		 (size_t)status.st_size / 2 < sizeof bytes ? (size_t)status.st_size / 2
							   : sizeof bytes);
	assert_int_equal(write(out, bytes, (size_t)n), n);
	close(in);
	close(out);
}

static void put_file(const struct event *event, enum torn torn)
{
	char from[PATH_MAX + NAME], to[PATH_MAX];

	snprintf(from, sizeof from, "%s/%s", disk.pool, event->pool);
	snprintf(to, sizeof to, "%.100s/seg/%.64s", state_fixture.folder, event->name);
	unlink(to);
	if (event->durable || torn == WHOLE)
		assert_int_equal(link(from, to), 0);
	else if (torn == EMPTY)
		close(open(to, O_WRONLY | O_CREAT | O_EXCL, 0400));
	else
		copy_half(from, to);
}

static void apply(const struct event *event, enum torn torn)
{
	char path[PATH_MAX];

	if (event->type == RENAMED) {
		put_file(event, torn);
	} else {
		snprintf(path, sizeof path, "%.100s/seg/%.64s", state_fixture.folder,
			 event->name);
		unlink(path);
	}
}

static void clear_folder(void)
{
	static char names[EVENTS_MAX][64];
	char path[PATH_MAX];
	size_t count = store_fixture_segments(&state_fixture, names, EVENTS_MAX);

	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%.100s/seg/%.64s", state_fixture.folder,
			 names[i]);
		unlink(path);
	}
}

/* The last value acknowledged before the event, and whether it may be a tombstone. */
static uint64_t acknowledged(size_t end, unsigned number)
{
	uint64_t counter = 0;

	for (size_t i = 0; i < end; i++)
		if (disk.events[i].type == ACKED && disk.events[i].number == number)
			counter = disk.events[i].counter;
	return counter;
}

static bool file_is_right(struct store *store, unsigned number, uint64_t least)
{
	struct store_register reg;
	dfs_value value;
	char path[32];
	int rc;

	path_of(number, path);
	rc = store_value(store, path, strlen(path), &reg, &value);
	if (rc == ENOENT)
		return least == 0;
	if (rc != 0 || reg.ballot.counter < least)
		return rc == 0 ? (value_free(&value), false) : false;
	value_free(&value);
	if (reg.kind == DFS_TOMBSTONE)
		return true;
	for (uint64_t unit = 0; unit < 4 && rc == 0; unit++)
		rc = store_fixture_unit(store, 100 * reg.ballot.counter + number, unit,
					LEN);
	return rc == 0;
}

/* Opens the state and compares it with what was known before the event. */
static bool state_is_right(size_t end)
{
	const char *why = "";
	bool right;

	store_fixture_reopen(&state_fixture);
	right = store_whole(state_fixture.store, &why);
	for (unsigned number = 1; number <= FILES && right; number++)
		right = file_is_right(state_fixture.store, number,
				      acknowledged(end, number));
	for (size_t i = 0; i < end && right; i++) {
		dfs_id id = store_fixture_id(disk.events[i].number);

		if (disk.events[i].type == DROPPED)
			right = store_chunks(state_fixture.store, &id) == 0;
	}
	store_close(state_fixture.store);
	state_fixture.store = NULL;
	return right;
}

static bool changes_folder(const struct event *event)
{
	return event->type == RENAMED || event->type == UNLINKED;
}

/*
 * The state before event end in which, of the pending events, those in the mask happened.  An
 * earlier name of a file that is renamed over stays until then, as it should.
 */
static void try_state(size_t end, size_t synced, unsigned mask, enum torn torn)
{
	unsigned pending = 0;

	clear_folder();
	for (size_t i = 0; i < end; i++) {
		const struct event *event = &disk.events[i];

		if (!changes_folder(event))
			continue;
		if (i < synced || mask & 1U << pending)
			apply(event, torn);
		pending += i >= synced;
	}
	states++;
	broken_states += !state_is_right(end);
}

static bool has_torn(size_t end)
{
	for (size_t i = 0; i < end; i++)
		if (disk.events[i].type == RENAMED && !disk.events[i].durable)
			return true;
	return false;
}

/* All states before event end; of very many pending events the oldest are taken as done. */
static void try_moment(size_t end)
{
	size_t synced = end;
	unsigned pending = 0;

	while (synced > 0 && disk.events[synced - 1].type != SYNCED) {
		if (changes_folder(&disk.events[synced - 1]) && ++pending == PENDING_MAX)
			break;
		synced--;
	}
	if (pending == PENDING_MAX)
		pending--;
	for (unsigned mask = 0; mask < 1U << pending; mask++)
		for (int torn = WHOLE; torn < (has_torn(end) ? TORN_WAYS : EMPTY); torn++)
			try_state(end, synced, mask, (enum torn)torn);
}

/* ---- the tests ----------------------------------------------------------------------- */

static void remove_pool(void)
{
	char path[PATH_MAX + NAME];

	for (unsigned i = 0; i < disk.pool_files; i++) {
		snprintf(path, sizeof path, "%s/%u", disk.pool, i);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/first", disk.pool);
	unlink(path);
	rmdir(disk.pool);
}

/*
 * Limits of a merged segment: with the small one the first segments soon are too large to be
 * merged again, with the large one every merge begins at the first.
 */
enum { RUNS_BEHIND_FIRST = 30000, RUNS_FROM_FIRST = 400000 };

/* Runs the script under these rules, and opens every state under them. */
static void try_rules(const struct store_rules *rules, uint64_t merge_bytes)
{
	struct store_fixture fixture = {0};

	states = broken_states = 0;
	store_fixture_rules(&fixture);
	fixture.rules = *rules;
	fixture.rules.merge_fan = 4;
	fixture.rules.merge_bytes = merge_bytes;
	fixture.rules.grace_ms = 1;
	store_fixture_start(&fixture);
	record(&fixture);
	memset(&state_fixture, 0, sizeof state_fixture);
	store_fixture_rules(&state_fixture);
	state_fixture.rules = *rules;
	state_fixture.rules.merge_fan = 0;
	state_fixture.rules.grace_ms = 3600000;
	store_fixture_start(&state_fixture);
	store_close(state_fixture.store);
	state_fixture.store = NULL;
	for (size_t end = 2; end <= disk.count; end++)
		try_moment(end);
	store_fixture_end(&state_fixture);
	remove_pool();
	store_fixture_end(&fixture);
	print_message("# %zu events, %u states, %u of them wrong\n", disk.count, states,
		      broken_states);
}

static void test_1_8_no_state_loses_anything(void **state)
{
	(void)state;
	try_rules(&store_rules_default, RUNS_BEHIND_FIRST);
	assert_true(states > 100);
	assert_int_equal(broken_states, 0);
	try_rules(&store_rules_default, RUNS_FROM_FIRST);
	assert_true(states > 100);
	assert_int_equal(broken_states, 0);
}

/* The same states under rules of which one is broken: some must be wrong. */
static void try_broken(const struct store_rules *rules, uint64_t merge_bytes)
{
	try_rules(rules, merge_bytes);
	assert_true(broken_states > 0);
}

static void test_broken_rule_no_fsync_of_segments(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.fsync_segments = false;
	try_broken(&rules, RUNS_BEHIND_FIRST);
}

static void test_broken_rule_no_fsync_of_folder(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.fsync_folder = false;
	try_broken(&rules, RUNS_BEHIND_FIRST);
}

static void test_broken_rule_covered_segments_stay(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.drop_covered = false;
	try_broken(&rules, RUNS_FROM_FIRST);
}

static void test_broken_rule_drops_left_out(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.keep_undone = false;
	try_broken(&rules, RUNS_BEHIND_FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_8_no_state_loses_anything),
		cmocka_unit_test(test_broken_rule_no_fsync_of_segments),
		cmocka_unit_test(test_broken_rule_no_fsync_of_folder),
		cmocka_unit_test(test_broken_rule_covered_segments_stay),
		cmocka_unit_test(test_broken_rule_drops_left_out),
	};

	return cmocka_run_group_tests_name("store_states", tests, NULL, NULL);
}
