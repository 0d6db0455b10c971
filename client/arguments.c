/* Which arguments of put and get are sources, and what is the target. */
#include "arguments.h"

#include "options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool arguments_is_folder(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && name[len - 1] == '/';
}

void arguments_split(const struct options *options, bool dash, struct arguments *ret)
{
	const char *last =
		options->count > 0 ? options->arguments[options->count - 1] : "";

	ret->sources = options->arguments;
	ret->count = options->count;
	ret->target = options->values[OPTION_TO];
	if (ret->target != NULL || options->count < 2)
		return;
	if (options->count == 2 || arguments_is_folder(last) ||
	    (dash && strcmp(last, "-") == 0)) {
		ret->target = last;
		ret->count--;
	}
}

char *arguments_base(const char *name)
{
	size_t end = strlen(name), start;

	while (end > 0 && name[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && name[start - 1] != '/')
		start--;
	if ((end - start == 1 && name[start] == '.') ||
	    (end - start == 2 && memcmp(name + start, "..", 2) == 0))
		start = end;
	return strndup(name + start, end - start);
}

char *arguments_join(const char *folder, const char *name)
{
	const char *slash = *folder == '\0' || arguments_is_folder(folder) ? "" : "/";
	char *joined;

	return asprintf(&joined, "%s%s%s", folder, slash, name) < 0 ? NULL : joined;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *arguments_twice(const char **names, size_t count)
{
	if (count == 0)
		return NULL;
	qsort(names, count, sizeof *names, compare);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return names[i];
	return NULL;
}
