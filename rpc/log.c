/*
 * One line per event on stderr.
 *
 * What waits to be written is a ring of bytes.  Once a line has found no room, no line is
 * taken until all that waits is written and the thread has told how many were dropped: so
 * lines stay in their order, and the number stands where they are missing.
 */
#include "log.h"

#include "clock.h"
#include "worker.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Set once, before any other thread runs. */
static const char *log_name = "dfs";
static enum log_level log_lowest = LOG_INFO;

enum { RING = 256 * 1024, FLUSH_MS = 1000 };

static struct {
	char *bytes; /* NULL: who logs writes */
	struct worker worker;
	pthread_mutex_t lock;   /* of what follows */
	pthread_cond_t written; /* for log_flush */
	size_t begin, len;
	uint64_t dropped;
	bool writing; /* the thread, something that is not in the ring any more */
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};

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

/* A log that cannot be written has nobody to be told. */
static void write_out(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t done = write(STDERR_FILENO, bytes, len);

		if (done > 0) {
			bytes += done;
			len -= (size_t)done;
		} else if (done < 0 && errno == EAGAIN) {
			/* Somebody else made it so that it does not wait. */
			struct pollfd item = {.fd = STDERR_FILENO, .events = POLLOUT};

			(void)poll(&item, 1, -1);
		} else if (done == 0 || errno != EINTR) {
			return;
		}
	}
}

/* Gives the line to the thread; false: there is none. */
static bool hand_over(const char *line, size_t len)
{
	size_t at, first;

	if (!waiting.bytes)
		return false;
	pthread_mutex_lock(&waiting.lock);
	if (waiting.dropped > 0 || len > RING - waiting.len) {
		waiting.dropped++;
	} else {
		at = (waiting.begin + waiting.len) % RING;
		first = len < RING - at ? len : RING - at;
		memcpy(waiting.bytes + at, line, first);
		memcpy(waiting.bytes, line + first, len - first);
		waiting.len += len;
	}
	pthread_mutex_unlock(&waiting.lock);
	worker_wake(&waiting.worker);
	return true;
}

static void put_line(const char *line, size_t len)
{
	if (!hand_over(line, len))
		write_out(line, len);
}

/* "2026-01-31T12:00:00.123Z dfs2 warn event"; returns its length. */
static size_t begin_line(char *line, size_t size, enum log_level level, const char *event)
{
	struct tm utc;
	int64_t wall = clock_wall_ns();
	time_t seconds = (time_t)(wall / 1000000000);

	if (!gmtime_r(&seconds, &utc))
		memset(&utc, 0, sizeof utc);
	size_t used = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return advance(used,
		       snprintf(line + used, size - used, ".%03dZ %s %s %s",
				(int)(wall / 1000000 % 1000), log_name, level_word(level),
				event),
		       size);
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	/* A pipe takes this much in one piece, so lines of several servers never mix. */
	char line[PIPE_BUF];
	const size_t size = sizeof line - 1; /* room for the newline */
	va_list args;

	if (level < log_lowest)
		return;
	size_t used = begin_line(line, size, level, event);
	if (*format != '\0') {
		used = advance(used, snprintf(line + used, size - used, " "), size);
		va_start(args, format);
		used = advance(used, vsnprintf(line + used, size - used, format, args),
			       size);
		va_end(args);
	}
	line[used++] = '\n';
	put_line(line, used);
}

void log_say(const char *text)
{
	char line[PIPE_BUF];
	const size_t size = sizeof line - 1;
	size_t used = advance(0, snprintf(line, size, "%s: %s", log_name, text), size);

	line[used++] = '\n';
	put_line(line, used);
}

/* ---- the thread ---------------------------------------------------------------- */

/* Up to its next newline, into line; 0: nothing waits. */
static size_t take_line(char line[PIPE_BUF])
{
	size_t len = 0;

	while (len < PIPE_BUF && len < waiting.len) {
		line[len] = waiting.bytes[(waiting.begin + len) % RING];
		if (line[len++] == '\n')
			break;
	}
	waiting.begin = (waiting.begin + len) % RING;
	waiting.len -= len;
	return len;
}

/* The next line that is to be written, or how many there might have been; 0: none. */
static size_t next_line(char line[PIPE_BUF])
{
	size_t len;

	pthread_mutex_lock(&waiting.lock);
	len = take_line(line);
	if (len == 0 && waiting.dropped > 0) {
		len = begin_line(line, PIPE_BUF, LOG_WARN, "dropped");
		len = advance(len,
			      snprintf(line + len, PIPE_BUF - len, " lines=%llu\n",
				       (unsigned long long)waiting.dropped),
			      PIPE_BUF);
		waiting.dropped = 0;
	}
	waiting.writing = len > 0;
	if (len == 0)
		pthread_cond_broadcast(&waiting.written);
	pthread_mutex_unlock(&waiting.lock);
	return len;
}

static void *write_lines(void *unused)
{
	char line[PIPE_BUF];
	size_t len;

	(void)unused;
	while (worker_rest(&waiting.worker, INT64_MAX))
		while ((len = next_line(line)) > 0)
			write_out(line, len);
	return NULL;
}

void log_detach(void)
{
	char *bytes = malloc(RING);

	if (!bytes)
		return;
	clock_condition_init(&waiting.written);
	waiting.bytes = bytes; /* before the thread looks */
	if (worker_start(&waiting.worker, write_lines, NULL) == 0)
		return;
	waiting.bytes = NULL;
	free(bytes);
}

void log_flush(void)
{
	int64_t until = clock_now_ms() + FLUSH_MS;
	bool in_time = true;

	if (!waiting.bytes)
		return;
	pthread_mutex_lock(&waiting.lock);
	while (in_time && (waiting.len > 0 || waiting.dropped > 0 || waiting.writing))
		in_time = clock_wait(&waiting.written, &waiting.lock, until);
	pthread_mutex_unlock(&waiting.lock);
}

/* ---- values -------------------------------------------------------------------- */

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
