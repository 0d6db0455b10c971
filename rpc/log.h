/*
 * One line per event on stderr, as "2026-01-31T12:00:00.123Z dfs2 warn damaged
 * segment=...".
 *
 * Any thread may log; a line is written with one write(2).  Never log secrets.
 *
 * Until log_detach a line is written by who logs it.  From then on a thread writes, and
 * nobody waits for whoever reads: where he does not keep up, lines are dropped, and as
 * soon as he does again "dropped lines=N" says how many.
 */
#ifndef DFS_LOG_H
#define DFS_LOG_H

#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/*
 * name is kept, not copied; level is the lowest that is written.  Before any thread
 * starts.
 */
void log_start(const char *name, enum log_level level);

/*
 * Once, with the signals blocked that the writing thread is not to take.  Without memory
 * or a thread all stays as it was.
 */
void log_detach(void);

/* Before the process ends: waits until all is written, but no longer than a second. */
void log_flush(void);

/* A line that is for people alone: "dfs2: TEXT". */
void log_say(const char *text);

/*
 * event is one word that a script may look for; format gives "key=value" pairs.  Bytes of
 * a value that are not printable ASCII, and spaces from "%s" values that need it, are the
 * caller's to escape (log_quote).
 */
void log_event(enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Writes len bytes so that they are one word in a log line; cut off to fit.  Returns buf.
 */
const char *log_quote(const void *bytes, size_t len, char *buf, size_t size);

/*
 * Writes a sentence in double quotes, with '?' for what would end or forge it.  Returns
 * buf.
 */
const char *log_sentence(const char *text, char *buf, size_t size);

#endif
