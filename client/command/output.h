/*
 * Everything that the command prints passes here: data and JSON on stdout, all else on
 * stderr.
 *
 * With --json each item is one object on a line of its own; its message and its warning
 * are in it.  Names are escaped on a terminal, where odd characters could deceive or do
 * harm, and in every message, which is one line; as data to a pipe they go as they are.
 */
#ifndef DFS_OUTPUT_H
#define DFS_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options;
struct output;

/* NULL when out of memory.  program is kept, not copied. */
struct output *output_new(const char *program, const struct options *options);
void output_free(struct output *output);

bool output_json(const struct output *output);     /* --json was given */
bool output_terminal(const struct output *output); /* stdout is one, and no --json */
bool output_utf8(const struct output *output);     /* it may be more than ASCII */
bool output_talks(const struct output *output);    /* short remarks are welcome */
bool output_verbose(const struct output *output);
bool output_progress(const struct output *output); /* a progress line may be shown */

/* From now on stdout is the content of a file: objects go to stderr instead. */
void output_take_stdout(struct output *output);

/* What to call before anything is printed on stderr, to take away a progress line. */
void output_before(struct output *output, void (*hide)(void *context), void *context);

/*
 * One object: version, the subject ("path", "server" or "user") with its name (NULL:
 * null), status, code, then the fields, whose reference is taken (NULL allowed).  The
 * status is the word of the code, unless the fields have one.  Does nothing without
 * --json.
 */
void output_object(struct output *output, const char *subject, const char *name, int code,
		   json_t *take_fields);

/* A number of bytes that is a limit; null where 0 says that there is none. */
json_t *output_limit(uint64_t bytes);

/* A string value; what is not UTF-8 in it is written as \xNN. */
json_t *output_string(const char *text);

/*
 * Something failed: on stderr "program: NAME: why" and, for code 2, where to read more;
 * or an object.  name NULL: the whole command.
 */
void output_failure(struct output *output, const char *subject, const char *name,
		    int code, const char *why);

/* Once per distinct text; what belongs to an item is in its object instead. */
void output_warning(struct output *output, const char *text);

/* A short remark for someone who is watching; only if output_talks. */
void output_remark(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* To stdout: as it is, and a name. */
void output_text(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void output_name(struct output *output, const char *name);

/* A number of bytes: for people on a terminal, exactly elsewhere.  Returns text. */
enum { OUTPUT_SIZE = 32 };
const char *output_size(const struct output *output, uint64_t bytes,
			char text[OUTPUT_SIZE]);

/* A name as it goes to stdout; the caller frees it, NULL when out of memory. */
char *output_escape(const struct output *output, const char *name);

/* stdout could not be written: whoever prints much may stop. */
bool output_broken(const struct output *output);

/* Flushes; code, or 1 (said once) when stdout could not be written and code was 0. */
int output_finish(struct output *output, int code);

#endif
