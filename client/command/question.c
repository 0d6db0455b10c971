/* A question to who sits at the terminal. */
#include "question.h"

#include "run.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/types.h>
#include <unistd.h>

enum question_answer question_ask(struct run *run, const char *format, ...)
{
	enum question_answer answer = QUESTION_NO;
	va_list arguments;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (options_has(&run->options, OPTION_YES))
		return QUESTION_YES;
	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
		return QUESTION_NOBODY;
	(void)fprintf(stderr, "%s: ", run->program);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputs("? [y/N] ", stderr);
	(void)fflush(stderr);
	len = getline(&line, &room, stdin);
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		line[--len] = '\0';
	if (len > 0 && (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0))
		answer = QUESTION_YES;
	free(line);
	return answer;
}
