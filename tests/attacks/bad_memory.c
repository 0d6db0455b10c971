/* What a server that lies was told once. */
#include "bad_memory.h"

#include "path.h"
#include "value.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 512 };

struct kept {
	char path[DFS_PATH_MAX];
	size_t len;
	dfs_accepted accepted;
};

static struct {
	pthread_mutex_t lock;
	uint64_t state;
	struct kept *kept[KEPT];
	size_t count, next;
} memory = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* SplitMix64. */
static uint64_t draw(void)
{
	uint64_t bits = memory.state += 0x9e3779b97f4a7c15;

	bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
	bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
	return bits ^ bits >> 31;
}

void bad_memory_begin(uint64_t seed)
{
	memory.state = seed;
}

unsigned bad_memory_random(unsigned count)
{
	uint64_t bits;

	pthread_mutex_lock(&memory.lock);
	bits = draw();
	pthread_mutex_unlock(&memory.lock);
	return (unsigned)(bits % count);
}

static struct kept *copy_of(const dfs_path *path, const dfs_accepted *accepted)
{
	struct kept *kept = calloc(1, sizeof *kept);

	if (!kept || path->dfs_path_len > sizeof kept->path ||
	    !value_copy(&accepted->value, &kept->accepted.value)) {
		free(kept);
		return NULL;
	}
	memcpy(kept->path, path->dfs_path_val, path->dfs_path_len);
	kept->len = path->dfs_path_len;
	kept->accepted.ballot = accepted->ballot;
	kept->accepted.ticket = accepted->ticket;
	return kept;
}

void bad_memory_keep(const dfs_path *path, const dfs_accepted *accepted)
{
	struct kept *kept = copy_of(path, accepted), *old;

	if (!kept)
		return;
	pthread_mutex_lock(&memory.lock);
	old = memory.kept[memory.next];
	memory.kept[memory.next] = kept;
	memory.next = (memory.next + 1) % KEPT;
	if (memory.count < KEPT)
		memory.count++;
	pthread_mutex_unlock(&memory.lock);
	if (old)
		value_free(&old->accepted.value);
	free(old);
}

bool bad_memory_tell(const dfs_path *path, dfs_accepted *ret)
{
	bool found = false;
	size_t first;

	pthread_mutex_lock(&memory.lock);
	first = memory.count > 0 ? draw() % memory.count : 0;
	for (size_t i = 0; !found && i < memory.count; i++) {
		const struct kept *kept = memory.kept[(first + i) % memory.count];

		if (path && path_compare(path->dfs_path_val, path->dfs_path_len,
					 kept->path, kept->len) != 0)
			continue;
		*ret = kept->accepted;
		found = value_copy(&kept->accepted.value, &ret->value);
		break;
	}
	pthread_mutex_unlock(&memory.lock);
	return found;
}
