/* The disk and its reserve. */
#include "space.h"

#include <errno.h>
#include <sys/statvfs.h>

enum { LEAST = 4 << 20, MOST = 256 << 20 };

uint64_t space_reserve(uint64_t size)
{
	uint64_t part = size / 20;

	if (part < LEAST)
		return LEAST;
	return part > MOST ? MOST : part;
}

int space_read(int fd, struct space *ret)
{
	struct statvfs status;
	uint64_t reserve;

	if (fstatvfs(fd, &status) != 0)
		return errno;
	ret->size = (uint64_t)status.f_blocks * status.f_frsize;
	ret->left = (uint64_t)status.f_bavail * status.f_frsize;
	reserve = space_reserve(ret->size);
	ret->free = ret->left > reserve ? ret->left - reserve : 0;
	return 0;
}

bool space_has_room(const struct space *space, uint64_t bytes, enum space_use use)
{
	uint64_t half = space_reserve(space->size) / 2;

	switch (use) {
	case SPACE_ALL:
		return bytes <= space->left;
	case SPACE_REPAIR:
		return space->left > half && bytes <= space->left - half;
	default:
		return bytes <= space->free;
	}
}
