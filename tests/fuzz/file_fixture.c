/* A file whose content is the input: in memory where the machine has a place for that. */
#include "file_fixture.h"

#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

static char folder[48], file[64];

static void remove_all(void)
{
	(void)unlink(file);
	(void)rmdir(folder);
}

const char *file_fixture_folder(void)
{
	if (folder[0] != '\0')
		return folder;
	(void)strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/dfs-fuzz-XXXXXX"
							   : "/tmp/dfs-fuzz-XXXXXX");
	FUZZ_MUST(mkdtemp(folder));
	(void)snprintf(file, sizeof file, "%s/input", folder);
	FUZZ_MUST(atexit(remove_all) == 0);
	return folder;
}

const char *file_fixture_write(const uint8_t *bytes, size_t len)
{
	int fd;

	(void)file_fixture_folder();
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_MUST(fd >= 0);
	FUZZ_MUST(len == 0 || write(fd, bytes, len) == (ssize_t)len);
	FUZZ_MUST(close(fd) == 0);
	return file;
}
