/* A line of the shell, taken apart as sh does. */
#include "words.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both ends grow; the pattern has a backslash before what is quoted. */
struct parsing {
	const char *at;
	struct words *words;
	char *text, *pattern; /* of the word that has begun; NULL: none */
	char *end;            /* where the next byte of text goes */
	char *pattern_end;
	bool matches; /* it has a * ? or [ that is not quoted */
	char *why;
};

static const char blanks[] = " \t\n";

static void begin(struct parsing *parsing)
{
	if (parsing->text)
		return;
	parsing->text = parsing->end;
	parsing->pattern = parsing->pattern_end;
	parsing->matches = false;
}

static void finish(struct parsing *parsing)
{
	struct words *words = parsing->words;

	if (!parsing->text)
		return;
	*parsing->end++ = '\0';
	*parsing->pattern_end++ = '\0';
	words->items[words->count] = parsing->text;
	words->patterns[words->count++] = parsing->matches ? parsing->pattern : NULL;
	parsing->text = NULL;
}

static void take(struct parsing *parsing, char c, bool quoted)
{
	begin(parsing);
	*parsing->end++ = c;
	if (quoted && strchr("*?[]\\", c))
		*parsing->pattern_end++ = '\\';
	*parsing->pattern_end++ = c;
	parsing->matches |= !quoted && strchr("*?[", c);
}

static enum words_end wrong(struct parsing *parsing, const char *what)
{
	(void)snprintf(parsing->why, WORDS_WHY,
		       "%c is %s in sh and nothing here: quote it to have it as it is",
		       *parsing->at, what);
	return WORDS_WRONG;
}

/* Would sh put something in the place of what begins here? */
static bool is_variable(const char *at)
{
	return *at == '`' ||
	       (*at == '$' && at[1] != '\0' &&
		(strchr("_{(@*#?$!-", at[1]) || (at[1] >= '0' && at[1] <= '9') ||
		 (at[1] >= 'a' && at[1] <= 'z') || (at[1] >= 'A' && at[1] <= 'Z')));
}

/* Behind a backslash; within quotes it is one itself before most. */
static enum words_end escaped(struct parsing *parsing, bool quotes)
{
	char c = parsing->at[1];

	if (c == '\0')
		return WORDS_OPEN;
	parsing->at += 2;
	if (c == '\n')
		return WORDS_DONE;
	if (quotes && !strchr("$`\"\\", c))
		take(parsing, '\\', true);
	take(parsing, c, true);
	return WORDS_DONE;
}

/* From one quote to the other. */
static enum words_end quoted(struct parsing *parsing)
{
	char quote = *parsing->at++;
	enum words_end end = WORDS_DONE;

	begin(parsing);
	while (end == WORDS_DONE && *parsing->at != quote) {
		if (*parsing->at == '\0')
			end = WORDS_OPEN;
		else if (quote == '"' && *parsing->at == '\\')
			end = escaped(parsing, true);
		else if (quote == '"' && is_variable(parsing->at))
			end = wrong(parsing, "a variable or a command");
		else
			take(parsing, *parsing->at++, true);
	}
	if (end == WORDS_DONE)
		parsing->at++;
	return end;
}

static void take_home(struct parsing *parsing)
{
	const char *home = getenv("HOME");

	if (!home)
		home = "~";
	while (*home != '\0')
		take(parsing, *home++, true);
	parsing->at++;
}

/* What stands outside quotes. */
static enum words_end plain(struct parsing *parsing)
{
	char c = *parsing->at;

	if (strchr(blanks, c)) {
		finish(parsing);
		parsing->at++;
	} else if (c == '#' && !parsing->text) {
		parsing->at += strcspn(parsing->at, "\n");
	} else if (c == '~' && !parsing->text &&
		   (parsing->at[1] == '/' || parsing->at[1] == '\0' ||
		    strchr(blanks, parsing->at[1]))) {
		take_home(parsing);
	} else if (strchr("|&;<>()", c)) {
		return wrong(parsing, "an operator");
	} else if (is_variable(parsing->at)) {
		return wrong(parsing, "a variable or a command");
	} else {
		take(parsing, c, false);
		parsing->at++;
	}
	return WORDS_DONE;
}

static bool prepare(struct parsing *parsing)
{
	struct words *words = parsing->words;
	const char *home = getenv("HOME");
	size_t len = strlen(parsing->at);
	size_t room = (len + 2) * (2 + (home ? strlen(home) : 1));

	memset(words, 0, sizeof *words);
	words->items = calloc(len + 3, sizeof *words->items);
	words->patterns = calloc(len + 3, sizeof *words->patterns);
	words->buf = calloc(3, room);
	if (!words->items || !words->patterns || !words->buf)
		return false;
	parsing->end = words->buf;
	parsing->pattern_end = words->buf + room;
	words->count = 1;
	return true;
}

enum words_end words_parse(const char *line, struct words *ret, char why[WORDS_WHY])
{
	struct parsing parsing = {.at = line, .words = ret, .why = why};
	enum words_end end = WORDS_DONE;

	if (!prepare(&parsing)) {
		(void)snprintf(why, WORDS_WHY, "out of memory");
		end = WORDS_WRONG;
	}
	while (end == WORDS_DONE && *parsing.at != '\0') {
		if (*parsing.at == '\'' || *parsing.at == '"')
			end = quoted(&parsing);
		else if (*parsing.at == '\\')
			end = escaped(&parsing, false);
		else
			end = plain(&parsing);
	}
	if (end == WORDS_DONE)
		finish(&parsing);
	else
		words_free(ret);
	return end;
}

void words_free(struct words *words)
{
	free(words->items);
	free(words->patterns);
	free(words->buf);
	memset(words, 0, sizeof *words);
}

const char *words_for_sh(const char *line)
{
	line += strspn(line, blanks);
	return *line == '!' ? line + 1 : NULL;
}
