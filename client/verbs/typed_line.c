/* A command line as somebody is typing it into bash. */
#include "typed_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parsing {
	struct typed_line *line;
	const char *home;
	char *end;   /* of what was written into buf */
	char quote;  /* open: ' or " or 0 */
	bool inside; /* a word has begun */
	bool odd;    /* the word cannot be understood without the shell */
	bool drop;   /* the next word is the file of a redirection */
	bool split;  /* where the replaced part begins is in this word */
};

/* The word that begins here, which an empty one also is where the cursor is. */
static void begin(struct parsing *parsing)
{
	if (parsing->inside)
		return;
	parsing->inside = true;
	parsing->odd = false;
	parsing->line->home = false;
	parsing->line->words[parsing->line->count] = parsing->end;
}

static void finish(struct parsing *parsing)
{
	if (!parsing->inside)
		return;
	*parsing->end++ = '\0';
	if (!parsing->drop)
		parsing->line->count++;
	parsing->drop = parsing->inside = parsing->split = false;
}

/* What the shell would put for "~" in a word that is not the one at the cursor. */
static void put_home(struct parsing *parsing)
{
	char *word = parsing->line->words[parsing->line->count];
	size_t len = strlen(parsing->home);

	memmove(word + len, word + 1, (size_t)(parsing->end - word) - 1);
	memcpy(word, parsing->home, len);
	parsing->end += len;
	parsing->end--;
}

/* A word is at its end before the cursor. */
static void pass(struct parsing *parsing)
{
	if (parsing->inside && parsing->line->home)
		put_home(parsing);
	finish(parsing);
}

static void redirect(struct parsing *parsing)
{
	const char *word = parsing->line->words[parsing->line->count];

	/* "2>" is no word but the descriptor's number. */
	if (parsing->inside &&
	    strspn(word, "0123456789") >= (size_t)(parsing->end - word)) {
		parsing->end = parsing->line->words[parsing->line->count];
		parsing->inside = false;
	}
	pass(parsing);
	parsing->drop = true;
}

static void take(struct parsing *parsing, char c)
{
	begin(parsing);
	*parsing->end++ = c;
}

/* One character outside quotes, or two where the first is a backslash; how many. */
static size_t outside(struct parsing *parsing, const char *at)
{
	switch (*at) {
	case ' ':
	case '\t':
	case '\n':
		pass(parsing);
		return 1;
	case '<':
	case '>':
		redirect(parsing);
		return 1;
	case '\\':
		begin(parsing);
		if (at[1] == '\0')
			return 1;
		take(parsing, at[1]);
		return 2;
	case '\'':
	case '"':
		begin(parsing);
		parsing->quote = *at;
		return 1;
	default:
		if (*at == '~' && !parsing->inside && at[1] == '/') {
			begin(parsing);
			parsing->line->home = true;
		}
		take(parsing, *at);
		parsing->odd |= *at == '$' || *at == '`';
		return 1;
	}
}

static size_t within(struct parsing *parsing, const char *at)
{
	if (*at == parsing->quote) {
		parsing->quote = 0;
		return 1;
	}
	if (parsing->quote == '"' && *at == '\\' && at[1] != '\0' &&
	    strchr("$`\"\\\n", at[1])) {
		take(parsing, at[1]);
		return 2;
	}
	take(parsing, *at);
	parsing->odd |= parsing->quote == '"' && (*at == '$' || *at == '`');
	return 1;
}

static void mark(struct parsing *parsing)
{
	struct typed_line *line = parsing->line;

	line->kept =
		parsing->inside ? (size_t)(parsing->end - line->words[line->count]) : 0;
	line->quote = parsing->quote;
	parsing->split = true;
}

/* The words, the first of them the command's name. */
static bool parse(const char *text, size_t split, struct parsing *parsing)
{
	size_t len = strlen(text);
	bool marked = false;

	for (size_t at = 0; at < len;) {
		if (at >= split && !marked) {
			mark(parsing);
			marked = true;
		}
		at += parsing->quote != 0 ? within(parsing, text + at)
					  : outside(parsing, text + at);
	}
	if (!marked)
		mark(parsing);
	/* The cursor is at a word, be it empty. */
	begin(parsing);
	if (!parsing->split || parsing->odd || parsing->drop)
		return false;
	finish(parsing);
	return parsing->line->count > 1;
}

bool typed_line_parse(const char *text, const char *replaced, struct typed_line *ret)
{
	size_t len = strlen(text), end = strlen(replaced);
	const char *home = getenv("HOME");
	struct parsing parsing = {.line = ret, .home = home ? home : ""};

	*ret = (struct typed_line){0};
	if (end > len || strcmp(text + len - end, replaced) != 0)
		return false;
	ret->words = calloc(len + 2, sizeof *ret->words);
	ret->buf = parsing.end = calloc(len + 2, 2 + strlen(parsing.home));
	if (ret->words && ret->buf && parse(text, len - end, &parsing)) {
		ret->count--;
		memmove(ret->words, ret->words + 1, ret->count * sizeof *ret->words);
		return true;
	}
	typed_line_free(ret);
	return false;
}

void typed_line_free(struct typed_line *line)
{
	free(line->words);
	free(line->buf);
	*line = (struct typed_line){0};
}

/* What means nothing to the shell wherever it stands in a word. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || strchr("/._-+%@,:=", c) ||
	       ((unsigned char)c & 0x80) != 0;
}

/*
 * A shell that reads characters of two bytes would take the backslash for the second half
 * of one, and what stands behind it for its own; a quote never is one.
 */
static void part(FILE *stream, char open, char before, char c)
{
	bool bare = open == '"' ? strchr("$`\"\\", c) != NULL : !is_plain(c);

	if (bare && open != '\'' && ((unsigned char)before & 0x80) != 0)
		(void)fputs(open == '"' ? "\"\"" : "''", stream);
}

static void quote(FILE *stream, char open, char c)
{
	if (open == '\'')
		(void)fputs(c == '\'' ? "'\\''" : (char[]){c, '\0'}, stream);
	else if (open == '"' && c == '!') /* even a backslash would stay */
		(void)fputs("\"\\!\"", stream);
	else if (open == '"' ? strchr("$`\"\\", c) != NULL : !is_plain(c))
		(void)fprintf(stream, "\\%c", c);
	else
		(void)fputc(c, stream);
}

char *typed_line_insertion(const struct typed_line *line, const char *word)
{
	char *text = NULL;
	size_t len = strlen(word), at = line->kept < len ? line->kept : len;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		return NULL;
	for (; word[at] != '\0'; at++)
		if (at == 0 && line->home) {
			(void)fputc(word[at], stream);
		} else {
			if (line->pairs && at > 0)
				part(stream, line->quote, word[at - 1], word[at]);
			quote(stream, line->quote, word[at]);
		}
	if (fclose(stream) == 0)
		return text;
	free(text);
	return NULL;
}
