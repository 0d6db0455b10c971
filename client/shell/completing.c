/* What TAB offers in the shell. */
#include "completing.h"

#include "candidates.h"
#include "complete.h"
#include "run.h"
#include "run_shell.h"
#include "typed_line.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t common(const struct candidates *found)
{
	size_t len = strlen(found->words[0]);

	for (size_t i = 1; i < found->count; i++) {
		size_t k = 0;

		while (k < len && found->words[0][k] == found->words[i][k])
			k++;
		len = k;
	}
	/* Never half a character: bytes 10xxxxxx of UTF-8 are not its first. */
	while (len > 0 && ((unsigned char)found->words[0][len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* The common part and all, quoted as the line has begun it. */
static char **make_list(const struct candidates *found, const struct typed_line *line)
{
	char **list = calloc(found->count + 2, sizeof *list);
	char *start = strndup(found->words[0], common(found));
	size_t count = 0;

	if (list && start)
		list[count++] = typed_line_insertion(line, start);
	free(start);
	/* One alone is its own common part. */
	for (size_t i = 0; list && list[0] && found->count > 1 && i < found->count; i++) {
		list[count] = typed_line_insertion(line, found->words[i]);
		if (!list[count++])
			break;
	}
	if (list && list[0] && (found->count == 1 || list[found->count]))
		return list;
	free_list(list);
	return NULL;
}

char **completing_find(const struct completing *completing, const char *line,
		       const char *replaced, char *ret_last)
{
	struct run run = {.program = completing->program, .shell = completing->shell};
	struct candidates found = {0};
	struct typed_line typed;
	char *whole = NULL, **list = NULL;

	*ret_last = ' ';
	/* A line of the shell has no program's name before it. */
	if (asprintf(&whole, "%s %s", "client", line) < 0)
		return NULL;
	if (typed_line_parse(whole, replaced, &typed)) {
		complete_in_shell(&run, typed.count, typed.words, typed.home, &found);
		if (!found.broken && found.count > 0)
			list = make_list(&found, &typed);
		if (list && found.count == 1) {
			size_t len = strlen(found.words[0]);

			if (len > 0 && strchr("/=", found.words[0][len - 1]))
				*ret_last = '\0';
			else if (typed.quote != 0)
				*ret_last = typed.quote;
		}
		typed_line_free(&typed);
	}
	candidates_free(&found);
	free(whole);
	return list;
}
