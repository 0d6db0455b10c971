/*
 * The command line, taken apart.
 *
 * Options may stand before or after the verb; "--" ends them; "-" is an argument.  All
 * verbs share one table, so an option means the same everywhere, but for the few that one
 * verb has from a command that everybody knows: they mean that behind it ("find --user
 * NAME").  Which verb takes which is checked afterwards with options_refused.
 */
#ifndef DFS_OPTIONS_H
#define DFS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option {
	/* for every verb */
	OPTION_CONFIG,
	OPTION_USER,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_NO_PROGRESS,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTION_VERSION,
	/* for some */
	OPTION_RECURSIVE,
	OPTION_TO,
	OPTION_NO_FOLDER,
	OPTION_FORCE,
	OPTION_LONG,
	OPTION_CHUNKS,
	OPTION_NO_CLOBBER,
	OPTION_IF_VERSION,
	OPTION_REQUIRE_FULL,
	OPTION_OPERATION,
	OPTION_SIZE,
	OPTION_SHA256,
	OPTION_CHANGING,
	OPTION_BASE_PORT,
	OPTION_HOST,
	OPTION_QUOTA,
	OPTION_NEW_PASSWORD_FILE,
	OPTION_RECOVER,
	OPTION_WRITE,
	OPTION_WATCH,
	OPTION_WHAT_IF,
	OPTION_PROMETHEUS,
	OPTION_NO_WAIT,
	OPTION_EXACT,
	OPTION_RANGE,
	OPTION_LINES,
	OPTION_BYTES,
	OPTION_NAME,
	OPTION_SIZED,
	OPTION_NEWER,
	OPTION_OWNER,
	OPTION_TYPE,
	OPTION_PRINT0,
	OPTION_DEPTH,
	OPTION_SUMMARIZE,
	OPTION_SHARED_WITH_ME,
	OPTION_YES,
	OPTION_PARENTS,
	OPTION_DATE,
	OPTION_NO_CREATE,
	OPTION_SYMBOLIC,
	OPTION_NO_EXECUTE,
	OPTION_LOCAL,
	OPTION_KEEP_GOING,
	OPTIONS
};

#define OPTION_BIT(option) (UINT64_C(1) << (option))

enum { OPTIONS_WHY = 256, OPTIONS_HOSTS = 4 };

struct options {
	const char *values[OPTIONS]; /* NULL: not given; "" for one without a value */
	const char *hosts[OPTIONS_HOSTS]; /* --host may be repeated */
	size_t host_count;
	const char *verb;       /* NULL: none */
	const char **arguments; /* what follows the verb, borrowed from argv */
	size_t count;
	enum option awaits; /* the last word is this one without its value; or OPTIONS */
	bool ended;         /* by "--": what follows is an argument */
};

/*
 * Takes argv apart.  false, with a sentence in why, when it cannot be; what was
 * understood up to there is kept, and --json is found wherever it stands, so that the
 * failure can be reported as asked.  End with options_free either way.
 */
bool options_parse(int argc, char **argv, struct options *ret, char why[OPTIONS_WHY]);
void options_free(struct options *options);

/* The name of an option, without its "--". */
const char *options_name(enum option option);

/* Those that every verb takes, as a mask. */
uint64_t options_of_all(void);

bool options_has(const struct options *options, enum option option);

/*
 * The name of an option that was given but is neither in the mask nor for every verb; or
 * NULL.
 */
const char *options_refused(const struct options *options, uint64_t mask);

/*
 * The lines that help prints for the options in the mask, or with 0 for those of every
 * verb.  The caller frees it; NULL when out of memory.
 */
char *options_help(uint64_t mask);

#endif
