/*
 * The file that "login" leaves: the input lies where a session would, and whoever asks
 * who is logged in looks at it.
 */
#include "fuzz.h"

#include "file_fixture.h"
#include "session_file.h"
#include "status.h"

#include <limits.h>
#include <unistd.h>

static const dfs_id cluster = {"a cluster's id."};
static const char user[] = "ann";
static char place[PATH_MAX];

static void remove_place(void)
{
	char *end;

	(void)unlink(place);
	for (int up = 0; up < 2 && (end = strrchr(place, '/')); up++) {
		*end = '\0';
		(void)rmdir(place);
	}
}

/* Where it lies is told by one that is written: by its folder there. */
static void find_place(void)
{
	const struct dfs_pass pass = {.ends_ns = INT64_MAX};
	char id[2 * DFS_ID_LEN + 1];

	FUZZ_MUST(setenv("XDG_RUNTIME_DIR", file_fixture_folder(), 1) == 0);
	for (unsigned i = 0; i < DFS_ID_LEN; i++)
		(void)snprintf(id + 2 * i, 3, "%02x", (uint8_t)cluster.bytes[i]);
	(void)snprintf(place, sizeof place, "%s/dfs/%s/%s", file_fixture_folder(), id,
		       user);
	FUZZ_MUST(session_file_write(&cluster, user, &pass).code == DFS_EXIT_DONE);
	FUZZ_MUST(access(place, R_OK) == 0);
	FUZZ_MUST(atexit(remove_place) == 0);
}

static void count(void *context, const char *name)
{
	(void)name;
	++*(unsigned *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char name[DFS_USER_MAX + 1];
	struct dfs_pass pass, again;
	struct dfs_result result;
	unsigned found = 0;

	if (place[0] == '\0')
		find_place();
	FUZZ_MUST(rename(file_fixture_write(bytes, len), place) == 0);
	result = session_file_read(&cluster, user, &pass);
	session_file_each(&cluster, count, &found);
	FUZZ_MUST(found <= 1);
	FUZZ_MUST(session_file_newest(&cluster, name) && strcmp(name, user) == 0);
	if (result.code != DFS_EXIT_DONE) {
		FUZZ_MUST(result.why[0] != '\0');
		return 0;
	}
	fuzz_took();
	FUZZ_MUST(pass.ends_ns > 0);
	FUZZ_MUST(session_file_write(&cluster, user, &pass).code == DFS_EXIT_DONE);
	FUZZ_MUST(session_file_read(&cluster, user, &again).code == DFS_EXIT_DONE);
	FUZZ_MUST(memcmp(&pass, &again, sizeof pass) == 0);
	return 0;
}
