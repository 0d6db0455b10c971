/* The disk of a store, and what of it only repairs, deletes and votes may use. */
#ifndef DFS_SPACE_H
#define DFS_SPACE_H

#include <stdbool.h>
#include <stdint.h>

/* Who asks for room: a repair leaves half of the reserve to deletes, votes and merges. */
enum space_use { SPACE_ORDINARY, SPACE_REPAIR, SPACE_ALL };

struct space {
	uint64_t size; /* of the file system */
	uint64_t left; /* for us, with the reserve */
	uint64_t free; /* for us, without it */
};

/* 0 or an errno. */
int space_read(int fd, struct space *ret);

/* The reserve of a file system of this size: 5 %, at least 4 MiB, at most 256 MiB. */
uint64_t space_reserve(uint64_t size);

/* Is there room for so many bytes? */
bool space_has_room(const struct space *space, uint64_t bytes, enum space_use use);

#endif
