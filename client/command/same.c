/* Is a local file the same as a stored one? */
#include "same.h"

#include "libdfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { READ_SIZE = 262144 };

/* The hash in the order that xxh128sum prints; false on a read error. */
static bool hash(int fd, uint8_t ret_hash[16])
{
	XXH3_state_t *state = XXH3_createState();
	uint8_t *buf = malloc(READ_SIZE);
	XXH128_canonical_t canonical;
	ssize_t got = -1;

	if (state && buf && XXH3_128bits_reset(state) == XXH_OK) {
		while ((got = read(fd, buf, READ_SIZE)) != 0) {
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0 ||
			    XXH3_128bits_update(state, buf, (size_t)got) != XXH_OK)
				break;
		}
		XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
		memcpy(ret_hash, canonical.digest, sizeof canonical.digest);
	}
	free(buf);
	(void)XXH3_freeState(state);
	return got == 0;
}

bool same_content(int folder_fd, const char *name, const struct dfs_file *file)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat stat_buf;
	uint8_t found[16];
	bool same = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &stat_buf) == 0 && S_ISREG(stat_buf.st_mode) &&
	    (uint64_t)stat_buf.st_size == file->size && hash(fd, found))
		same = memcmp(found, file->xxh128, sizeof found) == 0;
	(void)close(fd);
	return same;
}
