/* The command line, taken apart. */
#include "options.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spec {
	const char *name;
	char letter, other_letter; /* 0: none */
	const char *
		value; /* what its value is called; NULL: takes none; in [] it may be left
			      away, and stands behind a '=' */
	const char *help;
};

static const enum option first_of_some = OPTION_RECURSIVE;

static const struct spec specs[OPTIONS] = {
	[OPTION_CONFIG] = {"config", 0, 0, "FILE", "which cluster: its cluster.conf"},
	[OPTION_USER] = {"user", 0, 0, "NAME",
			 "who you are; else whose session is newest"},
	[OPTION_JSON] = {"json", 0, 0, NULL, "one JSON object per line"},
	[OPTION_QUIET] = {"quiet", 'q', 0, NULL, "warnings and failures only"},
	[OPTION_NO_PROGRESS] = {"no-progress", 0, 0, NULL, "no progress line"},
	[OPTION_VERBOSE] = {"verbose", 'v', 0, NULL, "say more"},
	[OPTION_HELP] = {"help", 'h', 0, NULL, "this text"},
	[OPTION_VERSION] = {"version", 0, 0, NULL, "the version of this program"},
	[OPTION_RECURSIVE] = {"recursive", 'r', 'R', NULL, "everything below a folder"},
	[OPTION_TO] = {"to", 0, 0, "TARGET", "where to; all arguments are sources then"},
	[OPTION_FORCE] = {"force", 'f', 0, NULL, "replace different local files"},
	[OPTION_LONG] = {"long", 'l', 0, NULL, "more about each, or about it"},
	[OPTION_CHUNKS] = {"chunks", 0, 0, NULL,
			   "row, and which server keeps which chunks"},
	[OPTION_NO_CLOBBER] = {"no-clobber", 'n', 0, NULL, "only where there is no file"},
	[OPTION_IF_VERSION] = {"if-version", 0, 0, "VERSION", "only this version"},
	[OPTION_REQUIRE_FULL] = {"require-full", 0, 0, NULL,
				 "exit 6 if not every chunk has two copies"},
	[OPTION_OPERATION] = {"operation", 0, 0, "OP",
			      "repeat an operation whose outcome is unknown"},
	[OPTION_SIZE] = {"size", 0, 0, "N", "store it only if it has N bytes"},
	[OPTION_SHA256] = {"sha256", 0, 0, "[HEX]",
			   "put: store it only if that is its SHA-256; stat: show it"},
	[OPTION_CHANGING] = {"changing", 0, 0, "HOW",
			     "a file that grows: snapshot, or refuse (the default)"},
	[OPTION_BASE_PORT] = {"base-port", 0, 0, "PORT|auto",
			      "ports PORT+1 to PORT+4 (10000), or free ones"},
	[OPTION_HOST] = {"host", 0, 0, "N=HOST[:PORT]", "address of server N"},
	[OPTION_QUOTA] = {"quota", 0, 0, "SIZE", "bytes of files, at most; K, M, G, T"},
	[OPTION_NEW_PASSWORD_FILE] = {"new-password-file", 0, 0, "FILE",
				      "the new password; otherwise asked for"},
	[OPTION_RECOVER] = {"recover", 0, 0, "FILE", "with what \"key export\" wrote"},
	[OPTION_WRITE] = {"write", 0, 0, NULL, "to read and to write"},
	[OPTION_WATCH] = {"watch", 0, 0, "[SECONDS]", "again and again, every 2 seconds"},
	[OPTION_WHAT_IF] = {"what-if", 0, 0, NULL,
			    "what could not be read if one or two more servers went"},
	[OPTION_PROMETHEUS] = {"prometheus", 0, 0, NULL,
			       "in the text format that Prometheus reads"},
	[OPTION_NO_WAIT] = {"no-wait", 0, 0, NULL, "not until servers have mended it"},
	[OPTION_YES] = {"yes", 'y', 0, NULL, "do not ask"},
	[OPTION_PARENTS] = {"parents", 'p', 0, NULL,
			    "the folders on the way too; those that are there are right"},
	[OPTION_DATE] = {"date", 'd', 0, "DATE", "this time, not the present one"},
	[OPTION_NO_CREATE] = {"no-create", 'c', 0, NULL, "make no files"},
	[OPTION_SYMBOLIC] = {"symbolic", 's', 0, NULL, "a symbolic link"},
	[OPTION_NO_EXECUTE] = {"no-execute", 'x', 0, NULL, "it may not be executed"},
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

/* argv[*at] begins with "--" and is longer. */
static bool parse_long(int argc, char **argv, int *at, struct options *ret,
		       char why[OPTIONS_WHY])
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	enum option option = 0;

	while (option < OPTIONS && (strlen(specs[option].name) != len ||
				    memcmp(specs[option].name, name, len) != 0))
		option++;
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
	if (*at + 1 == argc) {
		(void)snprintf(why, OPTIONS_WHY, "--%s needs a value: %s",
			       specs[option].name, specs[option].value);
		ret->awaits = option;
		return false;
	}
	return take(ret, option, argv[++*at], why);
}

/*
 * One or more letters behind one "-", argv[*at].  The value of one that takes any is what
 * stands behind it, or the next word.
 */
static bool parse_letters(int argc, char **argv, int *at, struct options *ret,
			  char why[OPTIONS_WHY])
{
	for (const char *letters = argv[*at] + 1; *letters != '\0'; letters++) {
		enum option option = 0;

		while (option < OPTIONS && specs[option].letter != *letters &&
		       specs[option].other_letter != *letters)
			option++;
		if (option == OPTIONS) {
			(void)snprintf(why, OPTIONS_WHY, "unknown option -%.60s",
				       letters);
			return false;
		}
		if (specs[option].value && letters[1] != '\0')
			return take(ret, option, letters + 1, why);
		if (specs[option].value && *at + 1 == argc) {
			(void)snprintf(why, OPTIONS_WHY, "-%c needs a value: %s",
				       *letters, specs[option].value);
			ret->awaits = option;
			return false;
		}
		if (specs[option].value)
			return take(ret, option, argv[++*at], why);
		if (!take(ret, option, "", why))
			return false;
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
