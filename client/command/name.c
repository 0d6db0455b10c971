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

char *name_resolve(const char *folder, const char *typed)
{
	const char *start = *typed == '/' ? "/" : folder;
	size_t len = strlen(start);
	char *path = malloc(len + strlen(typed) + 1);

	if (!path)
		return NULL;
	memcpy(path, start, len);
	for (const char *part = *typed == '/' ? typed + 1 : typed;;) {
		size_t size = strcspn(part, "/");
		bool last = part[size] == '\0';

		if (size == 2 && memcmp(part, "..", 2) == 0) {
			while (len > 1 && path[--len - 1] != '/')
				;
		} else if (size != 1 || *part != '.') {
			memcpy(path + len, part, size);
			len += size;
			if (!last)
				path[len++] = '/';
		}
		if (last)
			break;
		part += size + 1;
	}
	path[len] = '\0';
	return path;
}
