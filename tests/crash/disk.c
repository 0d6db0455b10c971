/* What reaches the disk, and every state that a power cut can make of it. */
#include "disk.h"

#include <dirent.h>
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

enum { EVENTS_MAX = 2000, NAME = 64, PENDING_MAX = 7 };

enum event_type { RENAMED, UNLINKED, SYNCED, NOTED };

struct event {
	enum event_type type;
	char name[NAME]; /* RENAMED, UNLINKED */
	char pool[NAME]; /* RENAMED: where its bytes are kept */
	bool durable;    /* RENAMED: it was fsynced before */
	struct disk_note note;
};

/* What happened, in order; filled by the store's threads. */
static struct {
	pthread_mutex_t lock;
	bool on;
	struct event events[EVENTS_MAX];
	size_t count, first; /* those below first were there before */
	unsigned pool_files;
	ino_t synced[EVENTS_MAX]; /* files that were fsynced, also before it is on */
	size_t synced_count;
	char pool[PATH_MAX];
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- recording ----------------------------------------------------------------- */

static struct event *add_event(enum event_type type)
{
	struct event *event = &disk.events[disk.count++];

	if (disk.count >= EVENTS_MAX)
		abort();
	memset(event, 0, sizeof *event);
	event->type = type;
	return event;
}

void disk_note(unsigned what, unsigned number, uint64_t counter)
{
	pthread_mutex_lock(&disk.lock);
	add_event(NOTED)->note = (struct disk_note){what, number, counter};
	pthread_mutex_unlock(&disk.lock);
}

int fsync(int fd)
{
	struct stat status;

	pthread_mutex_lock(&disk.lock);
	if (fstat(fd, &status) == 0) {
		if (S_ISDIR(status.st_mode) && disk.on)
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

/* A file of the folder, whose bytes are kept from now on. */
static struct event *add_file(int folder_fd, const char *name)
{
	struct event *event = add_event(RENAMED);
	char kept[PATH_MAX + NAME];

	(void)snprintf(event->name, NAME, "%.63s", name);
	(void)snprintf(event->pool, NAME, "%u", disk.pool_files++);
	(void)snprintf(kept, sizeof kept, "%s/%s", disk.pool, event->pool);
	if (linkat(folder_fd, name, AT_FDCWD, kept, 0) != 0)
		abort();
	return event;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	struct stat status;
	int rc;

	pthread_mutex_lock(&disk.lock);
	rc = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
	if (disk.on && rc == 0) {
		if (fstatat(to_fd, to, &status, 0) != 0)
			abort();
		add_file(to_fd, to)->durable = was_synced(status.st_ino);
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
		(void)snprintf(add_event(UNLINKED)->name, NAME, "%s", name);
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

/* With the store's threads at work: nothing is renamed or unlinked meanwhile. */
static void disk_record(struct store_fixture *fixture)
{
	static char names[EVENTS_MAX][64];
	char path[PATH_MAX];
	size_t count;
	int fd;

	pthread_mutex_lock(&disk.lock);
	disk.count = 0;
	disk.pool_files = 0;
	store_fixture_file(fixture, "pool", disk.pool);
	assert_int_equal(mkdir(disk.pool, 0700), 0);
	count = store_fixture_segments(fixture, names, EVENTS_MAX);
	fd = open(store_fixture_file(fixture, "seg", path), O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	for (size_t i = 0; i < count; i++)
		add_file(fd, names[i])->durable = true;
	close(fd);
	add_event(SYNCED);
	disk.first = disk.count;
	disk.on = true;
	pthread_mutex_unlock(&disk.lock);
}

static void disk_stop(struct store_fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
	disk.on = false;
}

const struct disk_note *disk_noted(size_t moment, size_t number)
{
	for (size_t i = 0; i < moment; i++)
		if (disk.events[i].type == NOTED && number-- == 0)
			return &disk.events[i].note;
	return NULL;
}

static void disk_forget(void)
{
	char path[PATH_MAX + NAME];

	for (unsigned i = 0; i < disk.pool_files; i++) {
		(void)snprintf(path, sizeof path, "%s/%u", disk.pool, i);
		unlink(path);
	}
	rmdir(disk.pool);
}

/* ---- building states ----------------------------------------------------------- */

enum torn { WHOLE, EMPTY, HALF, TORN_WAYS };

/* The folder in which states are built, beside the recorded one. */
static struct store_fixture state_fixture;

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

	(void)snprintf(from, sizeof from, "%s/%s", disk.pool, event->pool);
	(void)snprintf(to, sizeof to, "%.100s/seg/%.64s", state_fixture.folder,
		       event->name);
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
		(void)snprintf(path, sizeof path, "%.100s/seg/%.64s",
			       state_fixture.folder, event->name);
		unlink(path);
	}
}

static void clear_folder(void)
{
	static char names[EVENTS_MAX][64];
	char path[PATH_MAX];
	size_t count = store_fixture_segments(&state_fixture, names, EVENTS_MAX);

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof path, "%.100s/seg/%.64s",
			       state_fixture.folder, names[i]);
		unlink(path);
	}
}

static bool changes_folder(const struct event *event)
{
	return event->type == RENAMED || event->type == UNLINKED;
}

struct tried {
	unsigned states, wrong;
	size_t events;
};

struct walk {
	bool (*is_right)(struct store *store, size_t moment);
	struct tried result;
};

/*
 * The state before event end in which, of the pending events, those in the mask happened.
 * An earlier name of a file that is renamed over stays until then, as it should.
 */
static void try_state(struct walk *walk, size_t end, size_t synced, unsigned mask,
		      enum torn torn)
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
	store_fixture_reopen(&state_fixture);
	walk->result.states++;
	walk->result.wrong += !walk->is_right(state_fixture.store, end);
	store_close(state_fixture.store);
	state_fixture.store = NULL;
}

static bool has_torn(size_t end)
{
	for (size_t i = 0; i < end; i++)
		if (disk.events[i].type == RENAMED && !disk.events[i].durable)
			return true;
	return false;
}

/*
 * All states before event end; of very many pending events the oldest are taken as done.
 */
static void try_moment(struct walk *walk, size_t end)
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
			try_state(walk, end, synced, mask, (enum torn)torn);
}

static struct tried walk_states(const struct store_rules *rules,
				bool (*is_right)(struct store *store, size_t moment))
{
	struct walk walk = {.is_right = is_right, .result.events = disk.count};

	memset(&state_fixture, 0, sizeof state_fixture);
	store_fixture_rules(&state_fixture);
	state_fixture.rules = *rules;
	state_fixture.rules.prove = false;
	state_fixture.rules.merge_fan = 0;
	state_fixture.rules.grace_ms = 3600000;
	store_fixture_start(&state_fixture);
	store_close(state_fixture.store);
	state_fixture.store = NULL;
	for (size_t end = disk.first; end <= disk.count; end++)
		try_moment(&walk, end);
	store_fixture_end(&state_fixture);
	return walk.result;
}

static struct tried try_play(const struct disk_play *play,
			     const struct store_rules *rules, uint64_t merge_bytes)
{
	struct store_fixture fixture = {0};
	struct tried tried;

	store_fixture_rules(&fixture);
	fixture.rules = *rules;
	fixture.rules.prove = false; /* the fixture's trees are all zeros */
	fixture.rules.merge_bytes = merge_bytes;
	disk.synced_count = 0; /* of what came before */
	play->begin(&fixture);
	disk_record(&fixture);
	play->script(&fixture);
	disk_stop(&fixture);
	tried = walk_states(rules, play->is_right);
	disk_forget();
	store_fixture_end(&fixture);
	print_message("# %zu events, %u states, %u of them wrong\n", tried.events,
		      tried.states, tried.wrong);
	return tried;
}

void disk_expect_right(const struct disk_play *play, uint64_t merge_bytes)
{
	struct tried tried = try_play(play, &store_rules_default, merge_bytes);

	assert_true(tried.states > 100);
	assert_int_equal(tried.wrong, 0);
}

void disk_expect_wrong(const struct disk_play *play, const struct store_rules *broken,
		       uint64_t merge_bytes)
{
	assert_true(try_play(play, broken, merge_bytes).wrong > 0);
}
