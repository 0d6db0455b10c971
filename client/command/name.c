/* Names of files, local ones and remote ones, as people type them. */
#include "name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool name_is_folder(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && name[len - 1] == '/';
}

char *name_base(const char *name)
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

char *name_join(const char *folder, const char *name)
{
	const char *slash = *folder == '\0' || name_is_folder(folder) ? "" : "/";
	char *joined;

	return asprintf(&joined, "%s%s%s", folder, slash, name) < 0 ? NULL : joined;
}
