/*
 * Patterns of names, as shells have them: '*' is any characters, '?' one, "[a-z]" one of
 * these and "[!a-z]" none of them; behind a '\' each is itself, and a '[' without its ']'
 * too.  None of them is a '/'.  Characters are those of UTF-8, and ranges go by their
 * numbers, whatever the locale.
 */
#ifndef DFS_PATTERN_H
#define DFS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Is there anything in it that a pattern has, so that it may stand for other names? */
bool pattern_is(const char *text);

/*
 * How long the folder is below which all lies that the pattern stands for: up to the last
 * '/' before what does not stand for itself, with it.
 */
size_t pattern_folder(const char *pattern);

/* Of how many parts is it, between '/'? */
size_t pattern_parts(const char *pattern);

/*
 * Does the pattern stand for this name, part by part?  Without hidden a part that begins
 * with '.' needs a pattern that does.  There is no pattern that takes for ever.
 */
bool pattern_matches(const char *pattern, const char *name, bool hidden);

#endif
