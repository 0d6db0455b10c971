/* What has been made so far. */
#include "undo.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WALK_FDS = 16 };

struct undo {
	struct undo *next;
	bool content;
	char name[];
};

static bool note(struct undo **undo, const char *name, bool content)
{
	struct undo *made = calloc(1, sizeof *made + strlen(name) + 1);

	if (!made)
		return false;
	strcpy(made->name, name);
	made->content = content;
	made->next = *undo;
	*undo = made;
	return true;
}

bool undo_note(struct undo **undo, const char *name)
{
	return note(undo, name, false);
}

bool undo_note_content(struct undo **undo, const char *folder)
{
	return note(undo, folder, true);
}

static int remove_below(const char *name, const struct stat *stat_buf, int type,
			struct FTW *walk)
{
	(void)stat_buf;
	(void)type;
	if (walk->level > 0)
		(void)remove(name);
	return 0;
}

static void pop(struct undo **undo)
{
	struct undo *made = *undo;

	*undo = made->next;
	free(made);
}

void undo_all(struct undo **undo)
{
	for (; *undo; pop(undo)) {
		if ((*undo)->content)
			(void)nftw((*undo)->name, remove_below, WALK_FDS,
				   FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		else
			(void)remove((*undo)->name);
	}
}

void undo_forget(struct undo **undo)
{
	while (*undo)
		pop(undo);
}
