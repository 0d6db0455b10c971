/* The command line, taken apart. */
#include "options.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is not said is 0 or NULL: there is none. */
struct spec {
	const char *name;
	char letter, other_letter;
	/* What its value is called; in [] it may be left away, and is behind a '='. */
	const char *value;
	const char *help;
	const char *verb; /* behind which alone it is meant; NULL: behind all */
};

static const enum option first_of_some = OPTION_RECURSIVE;

static const struct spec specs[OPTIONS] = {
	[OPTION_CONFIG] = {.name = "config",
			   .value = "FILE",
			   .help = "which cluster: its cluster.conf"},
	[OPTION_USER] = {.name = "user",
			 .value = "NAME",
			 .help = "who you are; else whose session is newest"},
	[OPTION_JSON] = {.name = "json", .help = "one JSON object per line"},
	[OPTION_QUIET] = {.name = "quiet",
			  .letter = 'q',
			  .help = "warnings and failures only"},
	[OPTION_NO_PROGRESS] = {.name = "no-progress", .help = "no progress line"},
	[OPTION_VERBOSE] = {.name = "verbose", .letter = 'v', .help = "say more"},
	[OPTION_HELP] = {.name = "help", .letter = 'h', .help = "this text"},
	[OPTION_VERSION] = {.name = "version", .help = "the version of this program"},
	[OPTION_RECURSIVE] = {.name = "recursive",
			      .letter = 'r',
			      .other_letter = 'R',
			      .help = "everything below a folder"},
	[OPTION_TO] = {.name = "to",
		       .value = "TARGET",
		       .help = "where to; all arguments are sources then"},
	[OPTION_NO_FOLDER] = {.name = "no-target-folder",
			      .letter = 'T',
			      .help = "to that very name, never into it"},
	[OPTION_FORCE] = {.name = "force",
			  .letter = 'f',
			  .help = "replace different local files"},
	[OPTION_LONG] = {.name = "long",
			 .letter = 'l',
			 .help = "more about each, or about it"},
	[OPTION_CHUNKS] = {.name = "chunks",
			   .help = "row, and which server keeps which chunks"},
	[OPTION_NO_CLOBBER] = {.name = "no-clobber",
			       .letter = 'n',
			       .help = "only where there is no file"},
	[OPTION_IF_VERSION] = {.name = "if-version",
			       .value = "VERSION",
			       .help = "only this version"},
	[OPTION_REQUIRE_FULL] = {.name = "require-full",
				 .help = "exit 6 if not every chunk has two copies"},
	[OPTION_OPERATION] = {.name = "operation",
			      .value = "OP",
			      .help = "repeat an operation whose outcome is unknown"},
	[OPTION_SIZE] = {.name = "size",
			 .value = "N",
			 .help = "store it only if it has N bytes"},
	[OPTION_SHA256] =
		{.name = "sha256",
		 .value = "[HEX]",
		 .help = "put: store it only if that is its SHA-256; stat: show it"},
	[OPTION_CHANGING] =
		{.name = "changing",
		 .value = "HOW",
		 .help = "a file that grows: snapshot, or refuse (the default)"},
	[OPTION_BASE_PORT] = {.name = "base-port",
			      .value = "PORT|auto",
			      .help = "ports PORT+1 to PORT+4 (10000), or free ones"},
	[OPTION_HOST] = {.name = "host",
			 .value = "N=HOST[:PORT]",
			 .help = "address of server N"},
	[OPTION_QUOTA] = {.name = "quota",
			  .value = "SIZE",
			  .help = "bytes of files, at most; K, M, G, T"},
	[OPTION_NEW_PASSWORD_FILE] = {.name = "new-password-file",
				      .value = "FILE",
				      .help = "the new password; otherwise asked for"},
	[OPTION_RECOVER] = {.name = "recover",
			    .value = "FILE",
			    .help = "with what \"key export\" wrote"},
	[OPTION_WRITE] = {.name = "write", .help = "to read and to write"},
	[OPTION_WATCH] = {.name = "watch",
			  .value = "[SECONDS]",
			  .help = "again and again, every 2 seconds"},
	[OPTION_WHAT_IF] =
		{.name = "what-if",
		 .help = "what could not be read if one or two more servers went"},
	[OPTION_PROMETHEUS] = {.name = "prometheus",
			       .help = "in the text format that Prometheus reads"},
	[OPTION_NO_WAIT] = {.name = "no-wait",
			    .help = "not until servers have mended it"},
	[OPTION_EXACT] = {.name = "exact", .help = "names as they are: no * ? [ in them"},
	[OPTION_RANGE] = {.name = "range",
			  .value = "OFFSET:LENGTH",
			  .help = "these bytes alone"},
	[OPTION_LINES] = {.name = "lines",
			  .letter = 'n',
			  .value = "N",
			  .help = "so many lines (10)",
			  .verb = "head"},
	[OPTION_BYTES] = {.name = "bytes",
			  .letter = 'c',
			  .value = "N",
			  .help = "so many bytes instead; K, M, G, T",
			  .verb = "head"},
	[OPTION_NAME] = {.name = "name",
			 .value = "PATTERN",
			 .help = "whose last part is so: * ? [a-z]"},
	[OPTION_SIZED] = {.name = "size",
			  .value = "N|+N|-N",
			  .help = "files of N bytes, or more, or less; K, M, G, T",
			  .verb = "find"},
	[OPTION_NEWER] = {.name = "newer",
			  .value = "WHEN",
			  .help = "files changed since: 2d, 2026-01-31, or like a PATH"},
	[OPTION_OWNER] = {.name = "user",
			  .value = "NAME",
			  .help = "files of this owner",
			  .verb = "find"},
	[OPTION_TYPE] = {.name = "type",
			 .value = "f|d|l",
			 .help = "files, folders, or links"},
	[OPTION_PRINT0] = {.name = "print0",
			   .help = "a NUL behind each name, for xargs -0"},
	[OPTION_DEPTH] = {.name = "depth",
			  .letter = 'd',
			  .other_letter = 'L',
			  .value = "N",
			  .help = "at most N folders deep"},
	[OPTION_SUMMARIZE] = {.name = "summarize",
			      .letter = 's',
			      .help = "one total for each name",
			      .verb = "du"},
	[OPTION_SHARED_WITH_ME] = {.name = "shared-with-me",
				   .help = "what others share with you, all of it"},
	[OPTION_YES] = {.name = "yes", .letter = 'y', .help = "do not ask"},
	[OPTION_PARENTS] =
		{.name = "parents",
		 .letter = 'p',
		 .help = "the folders on the way too; those that are there are right"},
	[OPTION_DATE] = {.name = "date",
			 .letter = 'd',
			 .value = "DATE",
			 .help = "this time, not the present one",
			 .verb = "touch"},
	[OPTION_NO_CREATE] = {.name = "no-create",
			      .letter = 'c',
			      .help = "make no files",
			      .verb = "touch"},
	[OPTION_SYMBOLIC] = {.name = "symbolic",
			     .letter = 's',
			     .help = "a symbolic link",
			     .verb = "ln"},
	[OPTION_NO_EXECUTE] = {.name = "no-execute",
			       .letter = 'x',
			       .help = "it may not be executed"},
	[OPTION_LOCAL] = {.name = "local", .help = "local files, of a local folder"},
	[OPTION_KEEP_GOING] = {.name = "keep-going",
			       .letter = 'k',
			       .help = "go on behind a command that fails"},
};

static bool take(struct options *options, enum option option, const char *value,
		 char why[OPTIONS_WHY])
{
	if (option == OPTION_HOST) {
		if (options->host_count == OPTIONS_HOSTS) {
			(void)snprintf(why, OPTIONS_WHY,
				       "--host is given more than %d times",
				       (int)OPTIONS_HOSTS);
			return false;
		}
		options->hosts[options->host_count++] = value;
	} else if (specs[option].value && options->values[option]) {
		(void)snprintf(why, OPTIONS_WHY, "--%s is given twice",
			       specs[option].name);
		return false;
	}
	options->values[option] = value;
	return true;
}

/* No file that anybody has is called so. */
static bool is_sha256(const char *text)
{
	uint8_t digest[32];

	return text_unhex(text, digest, sizeof digest);
}

/* How well an option that is called so is meant: best is that of the verb alone. */
static int rank(const struct options *options, enum option option)
{
	const char *verb = specs[option].verb;

	if (!verb)
		return 1;
	return options->verb && strcmp(verb, options->verb) == 0 ? 2 : 0;
}

/* The one that is called so, by its letter where name is NULL; OPTIONS: there is none. */
static enum option find_option(const struct options *options, const char *name,
			       size_t len, char letter)
{
	enum option best = OPTIONS;

	for (enum option option = 0; option < OPTIONS; option++) {
		const struct spec *spec = &specs[option];
		bool fits = name ? strlen(spec->name) == len &&
					    memcmp(spec->name, name, len) == 0
				 : spec->letter == letter || spec->other_letter == letter;

		if (fits &&
		    (best == OPTIONS || rank(options, option) > rank(options, best)))
			best = option;
	}
	return best;
}

/* The next word is its value. */
static bool take_next(int argc, char **argv, int *at, enum option option,
		      struct options *ret, char why[OPTIONS_WHY])
{
	if (*at + 1 == argc) {
		(void)snprintf(why, OPTIONS_WHY, "--%s needs a value: %s",
			       specs[option].name, specs[option].value);
		ret->awaits = option;
		return false;
	}
	return take(ret, option, argv[++*at], why);
}

/* argv[*at] begins with "--" and is longer. */
static bool parse_long(int argc, char **argv, int *at, struct options *ret,
		       char why[OPTIONS_WHY])
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	enum option option = find_option(ret, name, len, 0);

	if (option == OPTIONS) {
		(void)snprintf(why, OPTIONS_WHY, "unknown option --%.60s", name);
		return false;
	}
	if (!specs[option].value) {
		if (!equals)
			return take(ret, option, "", why);
		(void)snprintf(why, OPTIONS_WHY, "--%s takes no value",
			       specs[option].name);
		return false;
	}
	if (equals)
		return take(ret, option, equals + 1, why);
	if (option == OPTION_SHA256 && *at + 1 < argc && is_sha256(argv[*at + 1]))
		return take(ret, option, argv[++*at], why);
	if (specs[option].value[0] == '[')
		return take(ret, option, "", why);
	return take_next(argc, argv, at, option, ret, why);
}

/*
 * One or more letters behind one "-".  The value of one that takes one is the rest of the
 * word, or the next.
 */
static bool parse_letters(int argc, char **argv, int *at, struct options *ret,
			  char why[OPTIONS_WHY])
{
	for (const char *letters = argv[*at] + 1; *letters != '\0'; letters++) {
		enum option option = find_option(ret, NULL, 0, *letters);

		if (option == OPTIONS) {
			const char *word = argv[*at] + 1;
			/* As find(1) has it: -name. */
			bool is_name = find_option(ret, word, strlen(word), 0) != OPTIONS;

			(void)snprintf(why, OPTIONS_WHY, "unknown option -%.60s%s%s",
				       letters, is_name ? "; meant is --" : "",
				       is_name ? word : "");
			return false;
		}
		if (specs[option].value && letters[1] == '\0')
			return take_next(argc, argv, at, option, ret, why);
		if (!take(ret, option, specs[option].value ? letters + 1 : "", why))
			return false;
		if (specs[option].value)
			return true;
	}
	return true;
}

/* After a mistake, for the sake of how it is reported. */
static void find_json(int argc, char **argv, int at, struct options *ret)
{
	for (; at < argc && strcmp(argv[at], "--") != 0; at++)
		if (strcmp(argv[at], "--json") == 0)
			ret->values[OPTION_JSON] = "";
}

bool options_parse(int argc, char **argv, struct options *ret, char why[OPTIONS_WHY])
{
	int at;

	memset(ret, 0, sizeof *ret);
	ret->awaits = OPTIONS;
	ret->arguments = calloc((size_t)argc + 1, sizeof *ret->arguments);
	if (!ret->arguments) {
		(void)snprintf(why, OPTIONS_WHY, "out of memory");
		return false;
	}
	for (at = 1; at < argc; at++) {
		const char *text = argv[at];
		bool understood = true;

		if (ret->ended || text[0] != '-' || text[1] == '\0') {
			if (!ret->verb)
				ret->verb = text;
			else
				ret->arguments[ret->count++] = text;
		} else if (strcmp(text, "--") == 0) {
			ret->ended = true;
		} else if (text[1] == '-') {
			understood = parse_long(argc, argv, &at, ret, why);
		} else {
			understood = parse_letters(argc, argv, &at, ret, why);
		}
		if (!understood) {
			find_json(argc, argv, at, ret);
			return false;
		}
	}
	return true;
}

void options_free(struct options *options)
{
	free(options->arguments);
	memset(options, 0, sizeof *options);
}

const char *options_name(enum option option)
{
	return specs[option].name;
}

uint64_t options_of_all(void)
{
	return OPTION_BIT(first_of_some) - 1;
}

bool options_has(const struct options *options, enum option option)
{
	return options->values[option];
}

const char *options_refused(const struct options *options, uint64_t mask)
{
	for (enum option option = first_of_some; option < OPTIONS; option++)
		if (options->values[option] && (mask & OPTION_BIT(option)) == 0)
			return specs[option].name;
	return NULL;
}

char *options_help(uint64_t mask)
{
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		return NULL;
	for (enum option option = 0; option < OPTIONS; option++) {
		const struct spec *spec = &specs[option];
		char left[64], letter = spec->letter;

		/* What lists descends with -R, as ls does. */
		if (spec->other_letter != 0 && (mask & OPTION_BIT(OPTION_LONG)) != 0)
			letter = spec->other_letter;
		if (mask == 0 ? option >= first_of_some
			      : (mask & OPTION_BIT(option)) == 0)
			continue;
		(void)snprintf(left, sizeof left, "%c%c%s --%s%s%s",
			       letter != 0 ? '-' : ' ', letter != 0 ? letter : ' ',
			       letter != 0 ? "," : " ", spec->name,
			       spec->value ? " " : "", spec->value ? spec->value : "");
		(void)fprintf(stream, "  %-28s %s\n", left, spec->help);
	}
	if (fclose(stream) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
