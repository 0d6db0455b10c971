/*
 * A line of the shell, taken apart as sh does: quotes, backslashes, comments, "~/".
 *
 * Nothing else of sh is here: neither variables nor pipes nor several commands in a line.
 * What would mean these there is refused, so that no line is taken for something else.
 */
#ifndef DFS_WORDS_H
#define DFS_WORDS_H

#include <stddef.h>

enum { WORDS_WHY = 128 };

enum words_end {
	WORDS_DONE,
	WORDS_OPEN, /* a quote is, or the last character is a backslash: it goes on */
	WORDS_WRONG
};

/*
 * The first word is NULL, where the caller puts the program's name; the last, behind
 * `count`, is NULL too.
 */
struct words {
	char **items;
	char **patterns; /* of each the pattern that it is, for glob(3); NULL: none */
	size_t count;
	char *buf; /* where they lie */
};

/*
 * The line may have several, joined by newlines.  With WORDS_DONE end with words_free;
 * with WORDS_WRONG why says what is not understood.
 */
enum words_end words_parse(const char *line, struct words *ret, char why[WORDS_WHY]);
void words_free(struct words *words);

/* What stands behind the '!' that begins the line; NULL: there is none. */
const char *words_for_sh(const char *line);

#endif
