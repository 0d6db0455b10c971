/* What could stand in a place of the command line. */
#include "candidates.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROOM = 64 };

void candidates_add(struct candidates *candidates, const char *front, const char *word)
{
	char **words, *both;

	if (candidates->count == candidates->room) {
		size_t room = candidates->room > 0 ? 2 * candidates->room : ROOM;

		words = reallocarray(candidates->words, room, sizeof *words);
		if (!words) {
			candidates->broken = true;
			return;
		}
		candidates->words = words;
		candidates->room = room;
	}
	if (asprintf(&both, "%s%s", front, word) < 0)
		candidates->broken = true;
	else
		candidates->words[candidates->count++] = both;
}

void candidates_fit(struct candidates *candidates, const char *front, const char *typed,
		    const char *word)
{
	if (strncmp(word, typed, strlen(typed)) == 0)
		candidates_add(candidates, front, word);
}

/* The folder that was typed, as the system knows it; the caller frees it. */
static char *real_folder(const struct candidates_local *local, size_t len)
{
	const char *home = getenv("HOME");
	char *folder;

	if (len == 0)
		return strdup(".");
	if (!local->home)
		return strndup(local->typed, len);
	if (!home ||
	    asprintf(&folder, "%s/%.*s", home, (int)(len - 2), local->typed + 2) < 0)
		return NULL;
	return folder;
}

static bool ends_in(const char *name, const char *ending)
{
	size_t len = strlen(name), end = strlen(ending);

	return len >= end && strcmp(name + len - end, ending) == 0;
}

struct folder {
	const char *front; /* of candidates_add_local */
	const struct candidates_local *local;
	size_t len; /* of its name as typed */
	DIR *dir;
};

/* One entry of the folder. */
static void add_entry(struct candidates *candidates, const struct folder *in,
		      const char *name)
{
	const struct candidates_local *local = in->local;
	const char *begun = local->typed + in->len;
	struct stat stat_buf;
	bool folder;
	char *word;

	if (strncmp(name, begun, strlen(begun)) != 0 || strchr(name, '\n') ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    (name[0] == '.' && begun[0] != '.'))
		return;
	folder = fstatat(dirfd(in->dir), name, &stat_buf, 0) == 0 &&
		 S_ISDIR(stat_buf.st_mode);
	if (!folder &&
	    (local->folders || (local->ending && !ends_in(name, local->ending))))
		return;
	/* It would be taken for an option. */
	const char *here =
		name[0] == '-' && local->typed[0] == '\0' && !local->dash ? "./" : "";
	if (asprintf(&word, "%.*s%s%s%s", (int)in->len, local->typed, here, name,
		     folder ? "/" : "") < 0) {
		candidates->broken = true;
		return;
	}
	candidates_add(candidates, in->front, word);
	free(word);
}

void candidates_add_local(struct candidates *candidates, const char *front,
			  const struct candidates_local *local)
{
	const char *slash = strrchr(local->typed, '/');
	size_t len = slash ? (size_t)(slash - local->typed) + 1 : 0;
	char *folder = real_folder(local, len);
	DIR *dir = folder ? opendir(folder) : NULL;
	const struct folder in = {front, local, len, dir};
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		add_entry(candidates, &in, entry->d_name);
	if (dir)
		(void)closedir(dir);
	free(folder);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void candidates_sort(struct candidates *candidates)
{
	size_t kept = 0;

	if (candidates->count == 0)
		return;
	qsort(candidates->words, candidates->count, sizeof *candidates->words, compare);
	for (size_t i = 1; i < candidates->count; i++)
		if (strcmp(candidates->words[kept], candidates->words[i]) == 0)
			free(candidates->words[i]);
		else
			candidates->words[++kept] = candidates->words[i];
	candidates->count = kept + 1;
}

void candidates_free(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		free(candidates->words[i]);
	free(candidates->words);
	*candidates = (struct candidates){0};
}
