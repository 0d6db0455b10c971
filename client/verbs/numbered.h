/*
 * In a shell: names in the place of what stands for them among the arguments of a
 * command, the numbers of listings, and patterns of local files.
 */
#ifndef DFS_NUMBERED_H
#define DFS_NUMBERED_H

#include <stddef.h>

struct run;

/* What the arguments point to instead; its fields are this module's own. */
struct numbered {
	char **names;
	size_t count, room;
	char *target;
};

/*
 * Puts them there, where the verb takes names: what are sources of put and get stays so,
 * however many they become.  0, or the exit code of what was reported.  End with
 * numbered_free either way, when the command is over.
 */
int numbered_replace(struct run *run, struct numbered *ret);
void numbered_free(struct numbered *numbered);

#endif
