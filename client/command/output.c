/* Everything that the command prints. */
#include "output.h"

#include "format.h"
#include "interrupt.h"
#include "options.h"
#include "status.h"
#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The version of the objects that --json prints. */
enum { FORMAT_VERSION = 1 };

struct said {
	struct said *next;
	char text[];
};

struct output {
	const char *program;
	bool json, quiet, verbose, no_progress;
	bool out_terminal, err_terminal, utf8;
	bool stdout_taken;
	bool failed; /* stdout could not be written */
	int error;
	struct said *said; /* warnings so far */
	void (*hide)(void *context);
	void *hide_context;
};

struct output *output_new(const char *program, const struct options *options)
{
	struct output *output = calloc(1, sizeof *output);

	if (!output)
		return NULL;
	output->program = program;
	output->json = options_has(options, OPTION_JSON);
	output->quiet = options_has(options, OPTION_QUIET);
	output->verbose = options_has(options, OPTION_VERBOSE);
	output->no_progress = options_has(options, OPTION_NO_PROGRESS);
	output->out_terminal = isatty(STDOUT_FILENO) == 1;
	output->err_terminal = isatty(STDERR_FILENO) == 1;
	output->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	return output;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	while (output->said) {
		struct said *said = output->said;

		output->said = said->next;
		free(said);
	}
	free(output);
}

bool output_json(const struct output *output)
{
	return output->json;
}

bool output_terminal(const struct output *output)
{
	return output->out_terminal && !output->json;
}

bool output_utf8(const struct output *output)
{
	return output->utf8;
}

bool output_talks(const struct output *output)
{
	return !output->quiet && !output->json &&
	       (output->err_terminal || output->verbose);
}

bool output_verbose(const struct output *output)
{
	return output->verbose && !output->json;
}

bool output_progress(const struct output *output)
{
	const char *term = getenv("TERM");

	return output->err_terminal && !output->quiet && !output->json &&
	       !output->no_progress && (!term || strcmp(term, "dumb") != 0);
}

void output_take_stdout(struct output *output)
{
	output->stdout_taken = true;
}

void output_before(struct output *output, void (*hide)(void *context), void *context)
{
	output->hide = hide;
	output->hide_context = context;
}

static void hide(struct output *output)
{
	if (output->hide)
		output->hide(output->hide_context);
}

static void note_failure(struct output *output, bool written)
{
	if (!written && !output->failed) {
		output->failed = true;
		output->error = errno;
	}
}

json_t *output_limit(uint64_t bytes)
{
	return bytes > 0 ? json_integer((json_int_t)bytes) : json_null();
}

json_t *output_string(const char *text)
{
	json_t *string = json_string(text);
	char *escaped;

	if (string)
		return string;
	escaped = format_escape(text, false);
	string = escaped ? json_string(escaped) : NULL;
	free(escaped);
	return string;
}

void output_object(struct output *output, const char *subject, const char *name, int code,
		   json_t *take_fields)
{
	FILE *stream = output->stdout_taken ? stderr : stdout;
	const char *word = json_string_value(json_object_get(take_fields, "status"));
	json_t *object;
	bool written = false;

	if (!output->json || interrupt_came()) {
		json_decref(take_fields);
		return;
	}
	if (!word)
		word = status_exit_word((enum dfs_exit)code);
	object = json_pack("{s:i,s:o,s:s,s:i}", "version", FORMAT_VERSION, subject,
			   name ? output_string(name) : json_null(), "status", word,
			   "code", code);
	errno = ENOMEM;
	if (object &&
	    (!take_fields || json_object_update_missing(object, take_fields) == 0)) {
		written = json_dumpf(object, stream, JSON_COMPACT) == 0 &&
			  fputc('\n', stream) != EOF;
		/* Whoever follows a long command sees each item as it is done. */
		if (written && fflush(stream) != 0)
			written = false;
	}
	note_failure(output, written);
	json_decref(object);
	json_decref(take_fields);
}

/* One line on stderr. */
static void say(struct output *output, const char *before, const char *text)
{
	char *escaped;

	hide(output);
	/* Whoever ended it knows. */
	if (interrupt_came())
		return;
	escaped = format_escape(text, output->utf8 || !output->err_terminal);
	(void)fprintf(stderr, "%s: %s%s\n", output->program, before,
		      escaped ? escaped : text);
	free(escaped);
}

void output_failure(struct output *output, const char *subject, const char *name,
		    int code, const char *why)
{
	char *text;

	if (output->json) {
		json_t *fields = json_object();

		if (fields &&
		    json_object_set_new(fields, "message", output_string(why)) != 0) {
			json_decref(fields);
			fields = NULL;
		}
		output_object(output, subject, name, code, fields);
		return;
	}
	if (!name) {
		say(output, "", why);
	} else if (asprintf(&text, "%s: %s", name, why) >= 0) {
		say(output, "", text);
		free(text);
	} else {
		say(output, "", "out of memory");
	}
}

void output_warning(struct output *output, const char *text)
{
	size_t len = strlen(text);
	struct said *said = output->said;

	if (len == 0)
		return;
	while (said && strcmp(said->text, text) != 0)
		said = said->next;
	if (said)
		return;
	said = malloc(sizeof *said + len + 1);
	/* Without memory it may be said twice. */
	if (said) {
		memcpy(said->text, text, len + 1);
		said->next = output->said;
		output->said = said;
	}
	say(output, "warning: ", text);
}

void output_remark(struct output *output, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	if (!output_talks(output))
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) >= 0) {
		say(output, "", text);
		free(text);
	}
	va_end(arguments);
}

void output_text(struct output *output, const char *format, ...)
{
	va_list arguments;

	if (output->failed || interrupt_came())
		return;
	va_start(arguments, format);
	note_failure(output, vprintf(format, arguments) >= 0);
	va_end(arguments);
}

const char *output_size(const struct output *output, uint64_t bytes,
			char text[OUTPUT_SIZE])
{
	if (output->out_terminal && !output->json)
		return format_size(bytes, text);
	(void)snprintf(text, OUTPUT_SIZE, "%llu", (unsigned long long)bytes);
	return text;
}

char *output_escape(const struct output *output, const char *name)
{
	return output->out_terminal ? format_escape(name, output->utf8) : strdup(name);
}

void output_name(struct output *output, const char *name)
{
	char *escaped = output_escape(output, name);

	/* On a terminal nothing stands for what could not be escaped. */
	if (escaped || !output->out_terminal)
		output_text(output, "%s", escaped ? escaped : name);
	free(escaped);
}

bool output_broken(const struct output *output)
{
	return output->failed || interrupt_came();
}

int output_finish(struct output *output, int code)
{
	hide(output);
	if (!output->stdout_taken && fflush(stdout) != 0)
		note_failure(output, false);
	if (!output->failed || code != DFS_EXIT_DONE)
		return code;
	/* A reader who has seen enough ("| head") wants no message. */
	if (output->error != EPIPE) {
		output->json = false;
		say(output, "cannot write: ", strerror(output->error));
	}
	return DFS_EXIT_OTHER;
}
