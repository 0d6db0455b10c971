/* client/command/options, transfer and name: the command line, taken apart. */
#include "options.h"

#include "transfer.h"
#include "name.h"
#include "commands.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { WORDS_MAX = 16, POOL_SIZE = 512 };

/*
 * Parses "client WORD...", the words ended by NULL.  The options borrow copies of them,
 * which last until the next call.
 */
static bool parse(struct options *options, char why[OPTIONS_WHY],
		  const char *const *words)
{
	static char pool[POOL_SIZE];
	char *argv[WORDS_MAX + 2] = {NULL}, *to = pool;
	int argc = 1;

	argv[0] = pool;
	to = stpcpy(pool, "client") + 1;
	for (; *words != NULL; words++) {
		assert_true(argc <= WORDS_MAX);
		assert_true((size_t)(to - pool) + strlen(*words) < POOL_SIZE);
		argv[argc++] = to;
		to = stpcpy(to, *words) + 1;
	}
	return options_parse(argc, argv, options, why);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_before_and_after_the_verb(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why,
			  WORDS("--json", "put", "-r", "a", "--to", "d/", "b", "-q",
				"--user=anna")));
	assert_string_equal(options.verb, "put");
	assert_int_equal(options.count, 2);
	assert_string_equal(options.arguments[0], "a");
	assert_string_equal(options.arguments[1], "b");
	assert_true(options_has(&options, OPTION_JSON));
	assert_true(options_has(&options, OPTION_QUIET));
	assert_true(options_has(&options, OPTION_RECURSIVE));
	assert_false(options_has(&options, OPTION_FORCE));
	assert_string_equal(options.values[OPTION_TO], "d/");
	assert_string_equal(options.values[OPTION_USER], "anna");
	options_free(&options);
}

/* A value that may be left away stands behind a '='; what follows is an argument. */
static void test_a_value_that_may_be_left_away(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why, WORDS("status", "--watch", "5")));
	assert_string_equal(options.values[OPTION_WATCH], "");
	assert_int_equal(options.count, 1);
	options_free(&options);
	assert_true(parse(&options, why, WORDS("status", "--watch=5")));
	assert_string_equal(options.values[OPTION_WATCH], "5");
	assert_int_equal(options.count, 0);
	options_free(&options);
	assert_false(parse(&options, why, WORDS("status", "--watch=5", "--watch")));
	assert_non_null(strstr(why, "twice"));
	options_free(&options);
	assert_false(parse(&options, why, WORDS("status", "--what-if=5")));
	options_free(&options);
}

static void test_letters_together(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why, WORDS("list", "-lR")));
	assert_true(options_has(&options, OPTION_LONG));
	assert_true(options_has(&options, OPTION_RECURSIVE));
	options_free(&options);
	assert_false(parse(&options, why, WORDS("list", "-lz")));
	assert_non_null(strstr(why, "-z"));
	options_free(&options);
}

/* The value of a letter is what stands behind it, or the next word. */
static void test_letters_with_a_value(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why, WORDS("touch", "-cd", "2026-01-31", "a")));
	assert_true(options_has(&options, OPTION_NO_CREATE));
	assert_string_equal(options.values[OPTION_DATE], "2026-01-31");
	assert_int_equal(options.count, 1);
	options_free(&options);
	assert_true(parse(&options, why, WORDS("touch", "-d2026-01-31", "a")));
	assert_string_equal(options.values[OPTION_DATE], "2026-01-31");
	assert_int_equal(options.count, 1);
	options_free(&options);
	assert_false(parse(&options, why, WORDS("touch", "a", "-d")));
	assert_non_null(strstr(why, "--date needs a value"));
	assert_int_equal(options.awaits, OPTION_DATE);
	options_free(&options);
	assert_false(parse(&options, why, WORDS("touch", "-d1", "-d2")));
	assert_non_null(strstr(why, "twice"));
	options_free(&options);
}

static void test_dashes(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why, WORDS("put", "-", "--", "--json", "-r", "--")));
	assert_int_equal(options.count, 4);
	assert_string_equal(options.arguments[0], "-");
	assert_string_equal(options.arguments[1], "--json");
	assert_string_equal(options.arguments[2], "-r");
	assert_string_equal(options.arguments[3], "--");
	assert_false(options_has(&options, OPTION_JSON));
	options_free(&options);
}

static void test_mistakes(void **state)
{
	const char *const *const wrong[] = {
		WORDS("put", "--bogus"),
		WORDS("put", "--to"),
		WORDS("put", "--json=1"),
		WORDS("put", "--to", "a", "--to=b"),
		WORDS("--user", "a", "list", "--user", "b"),
	};
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		why[0] = '\0';
		assert_false(parse(&options, why, wrong[i]));
		assert_true(why[0] != '\0');
		options_free(&options);
	}
}

/* A failure is to be reported as JSON also when --json stands behind the mistake. */
static void test_json_behind_a_mistake(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_false(parse(&options, why, WORDS("put", "--bogus", "--json")));
	assert_true(options_has(&options, OPTION_JSON));
	options_free(&options);
	assert_false(parse(&options, why, WORDS("put", "--bogus", "--", "--json")));
	assert_false(options_has(&options, OPTION_JSON));
	options_free(&options);
}

static void test_hosts(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(
		parse(&options, why,
		      WORDS("cluster", "create", "--host", "1=a", "--host=2=b", "d")));
	assert_int_equal(options.host_count, 2);
	assert_string_equal(options.hosts[0], "1=a");
	assert_string_equal(options.hosts[1], "2=b");
	options_free(&options);
	assert_false(parse(&options, why,
			   WORDS("--host=1=a", "--host=1=a", "--host=1=a", "--host=1=a",
				 "--host=1=a")));
	options_free(&options);
}

static void test_refused(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why, WORDS("list", "--json", "-l", "--force")));
	assert_null(options_refused(&options,
				    OPTION_BIT(OPTION_LONG) | OPTION_BIT(OPTION_FORCE)));
	assert_string_equal(options_refused(&options, OPTION_BIT(OPTION_LONG)), "force");
	options_free(&options);
}

static void test_users(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why,
			  WORDS("user", "add", "anna", "--quota=5K",
				"--new-password-file", "f", "--user", "admin")));
	assert_int_equal(options.count, 2);
	assert_string_equal(options.values[OPTION_QUOTA], "5K");
	assert_string_equal(options.values[OPTION_NEW_PASSWORD_FILE], "f");
	assert_string_equal(options.values[OPTION_USER], "admin");
	assert_null(options_refused(&options, commands_find("user")->options));
	assert_string_equal(options_refused(&options, commands_find("passwd")->options),
			    "quota");
	options_free(&options);
	assert_true(parse(&options, why, WORDS("share", "--write", "f", "berta")));
	assert_int_equal(options.count, 2);
	assert_null(options_refused(&options, commands_find("share")->options));
	assert_string_equal(options_refused(&options, commands_find("unshare")->options),
			    "write");
	options_free(&options);
	/* A password is never an argument, so nothing takes one. */
	assert_false(parse(&options, why, WORDS("login", "--password", "secret")));
	options_free(&options);
	assert_false(parse(&options, why, WORDS("passwd", "--new-password=secret")));
	options_free(&options);
}

/* How the arguments of put, or with dash of get, are understood. */
static void expect_split(bool dash, const char *const *words, const char *target,
			 size_t sources)
{
	struct options options;
	struct transfer transfer;
	char why[OPTIONS_WHY];

	assert_true(parse(&options, why, words));
	transfer_split(&options, dash, &transfer);
	assert_int_equal(transfer.count, sources);
	if (!target)
		assert_null(transfer.target);
	else
		assert_string_equal(transfer.target, target);
	options_free(&options);
}

/* What a verb has from a command that everybody knows is meant behind it. */
static void test_4_1_options_of_one_verb(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why,
			  WORDS("--user", "anna", "find", "--user", "berta", "--size",
				"-10K", "a")));
	assert_string_equal(options.values[OPTION_USER], "anna");
	assert_string_equal(options.values[OPTION_OWNER], "berta");
	assert_string_equal(options.values[OPTION_SIZED], "-10K");
	assert_null(options.values[OPTION_SIZE]);
	options_free(&options);
	assert_true(parse(&options, why, WORDS("put", "-n", "--size", "5", "a")));
	assert_true(options_has(&options, OPTION_NO_CLOBBER));
	assert_string_equal(options.values[OPTION_SIZE], "5");
	assert_int_equal(options.count, 1);
	options_free(&options);
	assert_true(parse(&options, why, WORDS("--lines", "3", "head", "a")));
	assert_string_equal(options.values[OPTION_LINES], "3");
	options_free(&options);
}

/* -n 3, -n3, and behind letters that take no value. */
static void test_4_1_letters_with_values(void **state)
{
	struct options options;
	char why[OPTIONS_WHY];

	(void)state;
	assert_true(parse(&options, why, WORDS("head", "-n", "3", "a")));
	assert_string_equal(options.values[OPTION_LINES], "3");
	assert_int_equal(options.count, 1);
	options_free(&options);
	assert_true(parse(&options, why, WORDS("head", "-qn12", "-c", "-1")));
	assert_string_equal(options.values[OPTION_LINES], "12");
	assert_string_equal(options.values[OPTION_BYTES], "-1");
	assert_true(options_has(&options, OPTION_QUIET));
	options_free(&options);
	assert_false(parse(&options, why, WORDS("head", "-n")));
	assert_string_equal(why, "--lines needs a value: N");
	assert_int_equal(options.awaits, OPTION_LINES);
	options_free(&options);
	assert_false(parse(&options, why, WORDS("head", "-n1", "-n", "2")));
	options_free(&options);
}

static void test_split(void **state)
{
	(void)state;
	expect_split(false, WORDS("put", "a"), NULL, 1);
	expect_split(false, WORDS("put", "a", "b"), "b", 1);
	expect_split(false, WORDS("put", "a", "b/"), "b/", 1);
	expect_split(false, WORDS("put", "a", "b", "c"), NULL, 3);
	expect_split(false, WORDS("put", "a", "b", "c/"), "c/", 2);
	expect_split(false, WORDS("put", "a", "b", "-"), NULL, 3);
	expect_split(true, WORDS("get", "a", "b", "-"), "-", 2);
	expect_split(true, WORDS("get", "a", "-"), "-", 1);
	expect_split(false, WORDS("put", "a", "b", "--to", "c"), "c", 2);
	expect_split(false, WORDS("put", "--to", "c", "a/"), "c", 1);
}

static void expect_base(const char *name, const char *base)
{
	char *found = name_base(name);

	assert_non_null(found);
	assert_string_equal(found, base);
	free(found);
}

static void test_base(void **state)
{
	(void)state;
	expect_base("a", "a");
	expect_base("a/b.c", "b.c");
	expect_base("/a/b//", "b");
	expect_base("/", "");
	expect_base("", "");
	expect_base(".", "");
	expect_base("a/..", "");
	expect_base("../x", "x");
	expect_base("...", "...");
	expect_base(".hidden", ".hidden");
}

static void test_join(void **state)
{
	char *joined;

	(void)state;
	joined = name_join("a/", "b");
	assert_string_equal(joined, "a/b");
	free(joined);
	joined = name_join("a", "b");
	assert_string_equal(joined, "a/b");
	free(joined);
	joined = name_join("", "b");
	assert_string_equal(joined, "b");
	free(joined);
}

/*
 * The names that the sources get, or NULL and what the second of two equal ones was
 * called.
 */
static char **name_all(const char *const *sources, const char *name, const char *folder,
		       const char **ret_twice)
{
	struct transfer transfer = {.sources = sources};

	while (sources[transfer.count] != NULL)
		transfer.count++;
	return transfer_names(&transfer, name, folder, ret_twice);
}

static void test_names(void **state)
{
	const char *twice;
	char **names = name_all(WORDS("x/a", "y/b/", "."), NULL, "d/", &twice);

	(void)state;
	assert_non_null(names);
	assert_null(twice);
	assert_string_equal(names[0], "d/a");
	assert_string_equal(names[1], "d/b");
	assert_string_equal(names[2], "d/");
	transfer_free_names(names, 3);
	names = name_all(WORDS("a", "a"), "all", "", &twice);
	assert_non_null(names);
	assert_string_equal(names[1], "all");
	transfer_free_names(names, 2);
	assert_null(name_all(WORDS("a", "b", "x/a"), NULL, "", &twice));
	assert_string_equal(twice, "x/a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_and_after_the_verb),
		cmocka_unit_test(test_letters_together),
		cmocka_unit_test(test_letters_with_a_value),
		cmocka_unit_test(test_a_value_that_may_be_left_away),
		cmocka_unit_test(test_dashes),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_json_behind_a_mistake),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_4_1_options_of_one_verb),
		cmocka_unit_test(test_4_1_letters_with_values),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
