/* Which arguments of put and get are sources, and what is the target. */
#include "transfer.h"

#include "name.h"
#include "options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <uthash.h>

void transfer_split(const struct options *options, bool dash, struct transfer *ret)
{
	const char *last =
		options->count > 0 ? options->arguments[options->count - 1] : "";

	ret->sources = options->arguments;
	ret->count = options->count;
	ret->target = options->values[OPTION_TO];
	if (ret->target || options->count < 2)
		return;
	if (options->count == 2 || name_is_folder(last) ||
	    (dash && strcmp(last, "-") == 0)) {
		ret->target = last;
		ret->count--;
	}
}

struct named {
	UT_hash_handle hh;
	const char *name;
};

/*
 * The index of the first name that was there before; count if there is none.  -1: no
 * memory.
 */
static ssize_t find_twice(char **names, size_t count)
{
	struct named *seen = NULL, *entries = calloc(count + 1, sizeof *entries), *found;
	size_t i;

	if (!entries)
		return -1;
	for (i = 0; i < count; i++) {
		HASH_FIND_STR(seen, names[i], found);
		if (found)
			break;
		entries[i].name = names[i];
		HASH_ADD_KEYPTR(hh, seen, entries[i].name, strlen(entries[i].name),
				&entries[i]);
	}
	HASH_CLEAR(hh, seen);
	free(entries);
	return (ssize_t)i;
}

static char *name_one(const char *source, const char *name, const char *folder)
{
	char *base, *joined;

	if (name)
		return strdup(name);
	base = name_base(source);
	if (!base)
		return NULL;
	joined = name_join(folder, base);
	free(base);
	return joined;
}

char **transfer_names(const struct transfer *transfer, const char *name,
		      const char *folder, const char **ret_twice)
{
	char **names = calloc(transfer->count + 1, sizeof *names);
	size_t count = 0;
	ssize_t twice;

	*ret_twice = NULL;
	if (!names)
		return NULL;
	for (; count < transfer->count; count++) {
		names[count] = name_one(transfer->sources[count], name, folder);
		if (!names[count])
			goto fail;
	}
	if (name)
		return names;
	twice = find_twice(names, count);
	if (twice == (ssize_t)count)
		return names;
	if (twice >= 0)
		*ret_twice = transfer->sources[twice];
fail:
	transfer_free_names(names, count);
	return NULL;
}

void transfer_free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}
