/* One line per event on stderr. */
#include "log.h"

#include "clock.h"
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Set once, before any other thread runs. */
static const char *log_name = "dfs";
static enum log_level log_lowest = LOG_INFO;

void log_start(const char *name, enum log_level level)
{
	log_name = name;
	log_lowest = level;
}

static const char *level_word(enum log_level level)
{
	switch (level) {
	case LOG_DEBUG:
		return "debug";
	case LOG_INFO:
		return "info";
	case LOG_WARN:
		return "warn";
	case LOG_ERROR:
		return "error";
	}
	return "error";
}

/* Adds what snprintf reported to used, which stays below size. */
static size_t advance(size_t used, int added, size_t size)
{
	if (added < 0)
		return used;
	return (size_t)added < size - used ? used + (size_t)added : size - 1;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	/* A pipe takes this much in one piece, so lines of several servers never mix. */
	char line[PIPE_BUF];
	const size_t size = sizeof line - 1; /* room for the newline */
	struct tm utc;
	va_list args;

	if (level < log_lowest)
		return;

	int64_t wall = clock_wall_ns();
	time_t seconds = (time_t)(wall / 1000000000);
	if (!gmtime_r(&seconds, &utc))
		memset(&utc, 0, sizeof utc);
	size_t used = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	used = advance(used,
		       snprintf(line + used, size - used, ".%03dZ %s %s %s",
				(int)(wall / 1000000 % 1000), log_name, level_word(level),
				event),
		       size);
	if (*format != '\0') {
		used = advance(used, snprintf(line + used, size - used, " "), size);
		va_start(args, format);
		used = advance(used, vsnprintf(line + used, size - used, format, args),
			       size);
		va_end(args);
	}
	line[used++] = '\n';
	/* A log that cannot be written has nobody to be told. */
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}

const char *log_quote(const void *bytes, size_t len, char *buf, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;
	size_t used = 0;

	if (size == 0)
		return "";
	(void)snprintf(buf, size, "%s", len == 0 ? "\"\"" : "");
	for (size_t i = 0; i < len; i++) {
		bool plain = from[i] > ' ' && from[i] < 0x7f && from[i] != '\\' &&
			     from[i] != '"';
		size_t need = plain ? 1 : 4;

		if (need >= size - used)
			break;
		if (plain) {
			buf[used++] = (char)from[i];
		} else {
			buf[used++] = '\\';
			buf[used++] = 'x';
			buf[used++] = digits[from[i] >> 4];
			buf[used++] = digits[from[i] & 15];
		}
		buf[used] = '\0';
	}
	return buf;
}

const char *log_sentence(const char *text, char *buf, size_t size)
{
	size_t used = 0;

	if (size < 3)
		return "";
	buf[used++] = '"';
	for (; *text != '\0' && used < size - 2; text++) {
		bool plain = *text >= ' ' && *text < 0x7f && *text != '"';

		buf[used++] = plain ? *text : '?';
	}
	buf[used++] = '"';
	buf[used] = '\0';
	return buf;
}
