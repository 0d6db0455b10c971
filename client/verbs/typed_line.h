/*
 * A command line as somebody is typing it into bash: its words without their quotes, and
 * quotes for what is to be inserted.  Nothing is expanded, and nothing is run.
 */
#ifndef DFS_TYPED_LINE_H
#define DFS_TYPED_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct typed_line {
	char **words; /* behind the command's name; the last is the one at the cursor */
	size_t count; /* at least 1 */
	/* of the word at the cursor: */
	bool home;   /* it begins with "~/" that the shell would replace */
	size_t kept; /* so many of its bytes stand before what bash will replace */
	char quote;  /* what is open there: ' or " or 0 */
	/*
	 * Set by the caller: in the shell's locale a byte above 0x7f and one below may
	 * be one character together (GBK, Big5, Shift-JIS), as they never are in UTF-8.
	 */
	bool pairs;
	char *buf; /* where the words lie */
};

/*
 * Takes apart the line up to the cursor; replaced is the end of it that bash puts an
 * insertion in place of (the second argument of a completion function).  false, and
 * nothing to free, where the word at the cursor needs the shell to be understood ($, `),
 * there is no command before it, or no memory.
 */
bool typed_line_parse(const char *line, const char *replaced, struct typed_line *ret);
void typed_line_free(struct typed_line *line);

/*
 * What to put in place of the end, so that the word at the cursor becomes this one.  The
 * caller frees it; NULL when out of memory.
 */
char *typed_line_insertion(const struct typed_line *line, const char *word);

#endif
