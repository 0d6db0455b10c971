/* Files that servers mend, looked at until they have. */
#include "mending.h"

#include "clock.h"
#include "interrupt.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

const struct mending_rules mending_rules = {
	.patience_ms = 30000, .pause_ms = 200, .reach_ms = 2000};

bool mending_wants(const struct dfs_verified *item)
{
	return item->bad_units.any && item->bad_units.mendable > 0;
}

bool mending_add(struct mending *mending, const struct dfs_verified *item)
{
	struct mending_file *file;

	if (mending->count == mending->room) {
		size_t room = mending->room == 0 ? 64 : 2 * mending->room;
		struct mending_file *more = realloc(mending->files, room * sizeof *more);

		if (!more)
			return false;
		mending->files = more;
		mending->room = room;
	}
	file = &mending->files[mending->count];
	*file = (struct mending_file){.path = strdup(item->path),
				      .bad = item->bad_units,
				      .code = item->result.code};
	mending->count += file->path ? 1 : 0;
	return file->path;
}

void mending_free(struct mending *mending)
{
	for (size_t i = 0; i < mending->count; i++)
		free(mending->files[i].path);
	free(mending->files);
	*mending = (struct mending){.count = 0};
}

/* What a look says of a file; true when the servers have nothing more to do for it. */
static bool take(struct mending_file *file, const struct dfs_verified *item,
		 const struct mending_rules *rules)
{
	int64_t now = clock_now_ms();
	bool mended;

	/* Too few servers, or the like: what was known stays. */
	if (item->result.code != DFS_EXIT_DONE && !item->bad_units.any)
		return false;
	file->bad = item->bad_units;
	file->code = item->result.code;
	/* One that is wrong besides is not waited for: its server has yet to find it. */
	mended = !mending_wants(item) && file->code != DFS_EXIT_DAMAGED;
	if (!mended || file->mended_ms == 0)
		file->mended_ms = mended ? now : 0;
	return mended &&
	       (file->code != DFS_EXIT_FEW || now - file->mended_ms >= rules->reach_ms);
}

struct looking {
	const struct mending_rules *rules;
	const struct mending_calls *calls;
	struct dfs_verified *items; /* room for one look */
	size_t kept;                /* files so far that are not mended */
};

/* Looks at these files, and keeps those that are not mended. */
static void look_at(struct mending *mending, size_t at, size_t count,
		    struct looking *looking)
{
	const struct mending_calls *calls = looking->calls;
	struct dfs_verified *items = looking->items;

	for (size_t k = 0; k < count; k++)
		items[k] = (struct dfs_verified){.path = mending->files[at + k].path,
						 .bad_units = mending->files[at + k].bad};
	calls->look(calls->context, items, count);
	for (size_t k = 0; k < count; k++) {
		struct mending_file *file = &mending->files[at + k];

		if (take(file, &items[k], looking->rules)) {
			mending->mended++;
			calls->mended(calls->context, &items[k]);
			free(file->path);
		} else {
			mending->files[looking->kept++] = *file;
		}
	}
}

/* All files once; how many copies the servers have yet to bring back, or to come with. */
static uint64_t look(struct mending *mending, struct looking *looking)
{
	size_t all = mending->count;
	uint64_t left = 0;

	looking->kept = 0;
	for (size_t at = 0; at < all; at += DFS_VERIFY_MAX) {
		size_t count = all - at < DFS_VERIFY_MAX ? all - at : DFS_VERIFY_MAX;

		look_at(mending, at, count, looking);
	}
	mending->count = looking->kept;
	for (size_t i = 0; i < mending->count; i++)
		left += mending->files[i].bad.mendable +
			(mending->files[i].mended_ms > 0);
	return left;
}

void mending_wait(struct mending *mending, const struct mending_rules *rules,
		  const struct mending_calls *calls)
{
	struct dfs_verified *items = calloc(DFS_VERIFY_MAX, sizeof *items);
	struct looking looking = {rules, calls, items, 0};
	uint64_t least = UINT64_MAX;
	int64_t moved = clock_now_ms(), pause = rules->pause_ms;

	while (items && mending->count > 0) {
		int64_t began, now;
		uint64_t left;

		interrupt_pause(pause);
		if (interrupt_came())
			break;
		began = clock_now_ms();
		left = look(mending, &looking);
		now = clock_now_ms();
		if (left < least)
			moved = now;
		least = left < least ? left : least;
		if (!calls->goes_on(calls->context, mending) || left == 0 ||
		    now - moved >= rules->patience_ms)
			break;
		pause = now - began > rules->pause_ms ? now - began : rules->pause_ms;
	}
	free(items);
}
