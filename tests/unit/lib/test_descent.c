/* client/lib/descent, find, usage, expand: what is made of listings of the test. */
#include "descent.h"

#include "lookup.h"
#include "result.h"
#include "status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 4096 };

/* What dfs_list tells; a path that ends in '/' is a folder. */
static const char *const *listed;
static struct dfs_list_options asked;
static int list_code;

static char text[TEXT_MAX];

static void append(const char *line)
{
	size_t len = strlen(text);

	assert_true(len + strlen(line) + 2 < sizeof text);
	(void)snprintf(text + len, sizeof text - len, "%s\n", line);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's */
struct dfs_result
__wrap_dfs_list(struct dfs *dfs, const char *path, struct dfs_list_options options,
		int (*entry)(void *context, const struct dfs_entry *entry),
		void *context);
void __wrap_lookup_newest(struct dfs *dfs, struct lookup *lookups, size_t count);

struct dfs_result
__wrap_dfs_list(struct dfs *dfs, const char *path, struct dfs_list_options options,
		int (*entry)(void *context, const struct dfs_entry *entry), void *context)
{
	(void)dfs;
	(void)path;
	asked = options;
	for (size_t i = 0; listed[i]; i++) {
		char name[DFS_PATH_MAX + 2];
		size_t len = strlen(listed[i]);
		struct dfs_entry told = {.path = name, .has_file = true};

		memcpy(name, listed[i], len + 1);
		told.folder = len > 0 && name[len - 1] == '/';
		if (told.folder)
			name[len - 1] = '\0';
		told.file.size = len;
		if (entry(context, &told) != 0)
			break;
	}
	return (struct dfs_result){.code = list_code};
}

/* No name is there as it is written. */
void __wrap_lookup_newest(struct dfs *dfs, struct lookup *lookups, size_t count)
{
	(void)dfs;
	(void)lookups;
	(void)count;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void lists(const char *const *lines)
{
	listed = lines;
	list_code = DFS_EXIT_DONE;
	text[0] = '\0';
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static int enter(void *context, const char *folder, unsigned depth)
{
	char line[TEXT_MAX];

	(void)context;
	(void)snprintf(line, sizeof line, "%u> %s", depth, folder);
	append(line);
	return 0;
}

static int leave(void *context, const char *folder, unsigned depth)
{
	char line[TEXT_MAX];

	(void)context;
	(void)snprintf(line, sizeof line, "%u< %s", depth, folder);
	append(line);
	return 0;
}

static int take_file(void *context, const struct dfs_entry *entry, unsigned depth)
{
	char line[TEXT_MAX];

	(void)context;
	(void)snprintf(line, sizeof line, "%u  %s", depth, entry->path);
	append(line);
	return 0;
}

static const struct descent_callbacks shows = {
	.enter = enter, .leave = leave, .file = take_file};

static void test_4_1_folders_are_entered_and_left(void **state)
{
	struct dfs_result result;

	(void)state;
	lists(LINES("/ann/a-b/x", "/ann/a.txt", "/ann/a/b/c/1", "/ann/a/b/d/2",
		    "/ann/a/e/", "/ann/a/e/3", "/ann/b/4", "/ann/c/"));
	result = descent_run(NULL, "/ann", false, false, &shows);
	assert_int_equal(result.code, DFS_EXIT_DONE);
	assert_true(asked.recursive);
	assert_string_equal(text, "1> /ann/a-b\n2  /ann/a-b/x\n1< /ann/a-b\n"
				  "1  /ann/a.txt\n"
				  "1> /ann/a\n2> /ann/a/b\n3> /ann/a/b/c\n"
				  "4  /ann/a/b/c/1\n3< /ann/a/b/c\n3> /ann/a/b/d\n"
				  "4  /ann/a/b/d/2\n3< /ann/a/b/d\n2< /ann/a/b\n"
				  "2> /ann/a/e\n3  /ann/a/e/3\n2< /ann/a/e\n1< /ann/a\n"
				  "1> /ann/b\n2  /ann/b/4\n1< /ann/b\n"
				  "1> /ann/c\n1< /ann/c\n");
}

static void test_4_1_a_file_alone(void **state)
{
	(void)state;
	lists(LINES("/ann/a"));
	assert_int_equal(descent_run(NULL, "/ann/a", false, false, &shows).code,
			 DFS_EXIT_DONE);
	assert_string_equal(text, "0  /ann/a\n");
}

static void test_4_1_names_that_cannot_be_are_passed_over(void **state)
{
	static const char *const odd[] = {
		"/bob/x", "/ann/../x", "/ann/a\nb", "/ann/a//b", "/ann/", "x",
		"",       "/ann/\xff", "/annx/y",   "/ann/\x7f", "/"};

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct dfs_result result;

		lists(LINES("/ann/a", odd[i], "/ann/b"));
		result = descent_run(NULL, "/ann/", false, false, &shows);
		assert_int_equal(result.code, DFS_EXIT_DAMAGED);
		assert_string_equal(text, "1  /ann/a\n1  /ann/b\n");
	}
	/* Of all users: their folders. */
	lists(LINES("/ann/", "/shared/"));
	assert_int_equal(descent_run(NULL, "/", true, false, &shows).code, DFS_EXIT_DONE);
	assert_string_equal(text, "1> /ann\n1< /ann\n1> /shared\n1< /shared\n");
	assert_false(asked.recursive);
}

static int show_found(void *context, size_t item, const struct dfs_entry *entry)
{
	(void)context;
	assert_int_equal(item, 0);
	append(entry->path);
	return 0;
}

static void finds(const struct dfs_condition *condition, const char *expected)
{
	struct dfs_find find = {.path = "/ann", .condition = *condition};

	lists(LINES("/ann/abc", "/ann/d/1234", "/ann/d/e/.x", "/ann/f/"));
	dfs_find(NULL, &find, 1, show_found, NULL);
	assert_int_equal(find.result.code, DFS_EXIT_DONE);
	assert_string_equal(text, expected);
}

/* A file is as large as its path is long here. */
static void test_4_1_conditions(void **state)
{
	(void)state;
	finds(&(struct dfs_condition){.name = NULL},
	      "/ann/abc\n/ann/d\n/ann/d/1234\n/ann/d/e\n/ann/d/e/.x\n/ann/f\n");
	assert_false(asked.detail);
	finds(&(struct dfs_condition){.no_files = true}, "/ann/d\n/ann/d/e\n/ann/f\n");
	finds(&(struct dfs_condition){.depth = 2, .no_folders = true},
	      "/ann/abc\n/ann/d/1234\n");
	assert_true(asked.recursive);
	finds(&(struct dfs_condition){.depth = 1}, "/ann/abc\n/ann/d\n/ann/f\n");
	assert_false(asked.recursive);
	finds(&(struct dfs_condition){.name = "?"}, "/ann/d\n/ann/d/e\n/ann/f\n");
	finds(&(struct dfs_condition){.name = "*x"}, "/ann/d/e/.x\n");
	finds(&(struct dfs_condition){.sized = true, .least = 8, .most = 8},
	      "/ann/abc\n");
	assert_true(asked.detail);
	finds(&(struct dfs_condition){.sized = true, .least = 9, .most = 10}, "");
	finds(&(struct dfs_condition){.sized = true, .least = 9, .most = 11},
	      "/ann/d/1234\n/ann/d/e/.x\n");
	finds(&(struct dfs_condition){.owner = "ann"}, "");
	finds(&(struct dfs_condition){.newer = true, .newer_ns = -1},
	      "/ann/abc\n/ann/d/1234\n/ann/d/e/.x\n");
	finds(&(struct dfs_condition){.newer = true, .newer_ns = 0}, "");
}

static int show_usage(void *context, size_t item, const struct dfs_usage *folder,
		      unsigned depth)
{
	char line[TEXT_MAX];

	(void)context;
	assert_int_equal(item, 0);
	(void)snprintf(line, sizeof line, "%u %llu %llu %s", depth,
		       (unsigned long long)folder->files,
		       (unsigned long long)folder->size, folder->path);
	append(line);
	return 0;
}

static void note_end(void *context, size_t item)
{
	*(size_t *)context += item + 1;
}

static void test_4_1_usage(void **state)
{
	struct dfs_usage usage = {.path = "/ann/"};
	size_t ended = 0;

	(void)state;
	lists(LINES("/ann/abc", "/ann/d/1234", "/ann/d/e/.x", "/ann/f/"));
	dfs_usage(NULL, &usage, 1,
		  &(struct dfs_usage_callbacks){
			  .context = &ended, .folder = show_usage, .finished = note_end});
	assert_int_equal(ended, 1);
	assert_string_equal(text, "2 1 11 /ann/d/e\n1 2 22 /ann/d\n1 0 0 /ann/f\n");
	assert_int_equal(usage.files, 3);
	assert_int_equal(usage.size, 30);
	assert_int_equal(usage.unknown, 0);
	assert_false(usage.is_file);
}

static int show_match(void *context, size_t item, const char *path, bool folder)
{
	char line[TEXT_MAX];

	(void)context;
	(void)item;
	(void)snprintf(line, sizeof line, "%s%s", path, folder ? "/" : "");
	append(line);
	return 0;
}

static void expands(const char *pattern, const char *expected)
{
	struct dfs_expand item = {.pattern = pattern};

	dfs_expand(NULL, &item, 1, show_match, NULL);
	assert_string_equal(text, expected);
	assert_int_equal(item.result.code,
			 *expected == '\0' ? DFS_EXIT_MISSING : DFS_EXIT_DONE);
}

static void test_4_1_patterns(void **state)
{
	struct dfs_expand twice[2] = {{.pattern = "/ann/b*", .no_folders = true},
				      {.pattern = "/ann/*", .no_files = true}};

	(void)state;
	lists(LINES("/ann/a1", "/ann/b1", "/ann/b/"));
	expands("/ann/?1", "/ann/a1\n/ann/b1\n");
	assert_false(asked.recursive);
	lists(LINES("/ann/a/1", "/ann/a/b/2", "/ann/c/3"));
	expands("/ann/*/*", "/ann/a/1\n/ann/a/b/\n/ann/c/3\n");
	assert_true(asked.recursive);
	lists(LINES("/ann/a/1", "/ann/a/b/2", "/ann/c/3"));
	expands("/ann/*/[^a-z]", "/ann/a/1\n/ann/c/3\n");
	lists(LINES("/ann/ab/1", "/ann/a\\b/2"));
	expands("/ann/a\\b/*", "/ann/ab/1\n");
	lists(LINES("/ann/a"));
	expands("/ann/b*", "");
	/* A folder that is called just so is the only one; what comes after it, too. */
	lists(LINES("/ann/[ab]/", "/ann/a", "/ann/b"));
	expands("/ann/[ab]", "/ann/[ab]/\n");
	lists(LINES("/ann/a", "/ann/b", "/ann/[ab]/"));
	expands("/ann/[ab]", "/ann/[ab]/\n");

	lists(LINES("/ann/a", "/ann/b", "/ann/b2/"));
	dfs_expand(NULL, twice, 2, show_match, NULL);
	assert_string_equal(text, "/ann/b\n/ann/b2/\n");
	/* A listed name that cannot be fails the pattern, and matches nothing. */
	lists(LINES("/ann/a", "/bob/b"));
	dfs_expand(NULL, twice, 1, show_match, NULL);
	assert_int_equal(twice[0].result.code, DFS_EXIT_DAMAGED);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4_1_folders_are_entered_and_left),
		cmocka_unit_test(test_4_1_a_file_alone),
		cmocka_unit_test(test_4_1_names_that_cannot_be_are_passed_over),
		cmocka_unit_test(test_4_1_conditions),
		cmocka_unit_test(test_4_1_usage),
		cmocka_unit_test(test_4_1_patterns),
	};

	return cmocka_run_group_tests_name("descent", tests, NULL, NULL);
}
