/* Canonical paths: what may be stored under, and how typed names become one. */
#include "path.h"

#include "dfs.h"
#include "text.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_shared(const char *part, size_t len)
{
	return len == strlen("shared") && memcmp(part, "shared", len) == 0;
}

static bool is_user_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_user_char(char c)
{
	return is_user_start(c) || c == '.' || c == '_' || c == '-';
}

const char *path_check_user(const char *name, size_t len)
{
	if (len == 0)
		return "a user name may not be empty";
	if (len > DFS_USER_MAX)
		return "a user name may have at most 32 characters";
	if (!is_user_start(name[0]))
		return "a user name begins with a lower-case letter or a digit";
	for (size_t i = 1; i < len; i++)
		if (!is_user_char(name[i]))
			return "a user name consists of a-z, 0-9, '.', '_' and '-'";
	if (is_shared(name, len))
		return "\"shared\" belongs to everyone and cannot be a user name";
	return NULL;
}

static const char *check_part(const char *part, size_t len, bool first)
{
	if (len == 0)
		return "a part of the path is empty";
	if (len > DFS_PART_MAX)
		return "a part of the path is longer than 255 bytes";
	if (part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')))
		return "\".\" and \"..\" are not allowed in a path";
	if (first && !is_shared(part, len) && path_check_user(part, len))
		return "a path begins with /USER/ or /shared/, and this is no user name";
	return NULL;
}

/* What holds for files and folders; the path ends in '/' exactly if folder says so. */
static const char *check_any(const char *path, size_t len, bool folder)
{
	size_t parts = 0;

	if (len == 0)
		return "the path is empty";
	if (len > DFS_PATH_MAX)
		return "the path is longer than 4096 bytes";
	if (path[0] != '/')
		return "the path does not begin with '/'";
	if (!text_is_utf8(path, len))
		return "the path is not valid UTF-8";
	if (text_has_control(path, len))
		return "control characters are not allowed in a path";
	if (folder && path[len - 1] != '/')
		return "the name of a folder ends in '/'";
	if (folder && len == 1)
		return NULL;

	size_t end = folder ? len - 1 : len;
	for (size_t at = 1; at <= end;) {
		const char *slash = memchr(path + at, '/', end - at);
		size_t stop = slash ? (size_t)(slash - path) : end;
		const char *wrong = check_part(path + at, stop - at, parts == 0);

		if (wrong)
			return wrong;
		parts++;
		at = stop + 1;
	}
	if (!folder && parts < 2)
		return "a file lies below /USER/ or /shared/";
	return NULL;
}

const char *path_check(const char *path, size_t len)
{
	return check_any(path, len, false);
}

const char *path_check_folder(const char *path, size_t len)
{
	return check_any(path, len, true);
}

/* The user name behind the prefix; 0 when it is not there, or is no user name. */
static size_t name_behind(const char *path, size_t len, const char *prefix)
{
	size_t begin = strlen(prefix);

	if (len <= begin || memcmp(path, prefix, begin) != 0 ||
	    path_check_user(path + begin, len - begin))
		return 0;
	return len - begin;
}

enum path_kind path_kind(const char *path, size_t len)
{
	if (name_behind(path, len, PATH_ACCOUNTS) > 0)
		return PATH_OF_ACCOUNT;
	if (name_behind(path, len, PATH_CREDENTIALS) > 0)
		return PATH_OF_CREDENTIALS;
	return !path_check(path, len) ? PATH_OF_FILE : PATH_OF_NOTHING;
}

const char *path_of_whom(const char *path, size_t len, size_t *ret_len)
{
	/* The part behind the second slash of "/@accounts/NAME", or behind the first. */
	const char *begin = path + 1, *end = path + len, *slash;

	if (len > 1 && *begin == '@') {
		slash = memchr(begin, '/', (size_t)(end - begin));
		begin = slash ? slash + 1 : end;
	}
	slash = memchr(begin, '/', (size_t)(end - begin));
	*ret_len = (size_t)((slash ? slash : end) - begin);
	return begin;
}

bool path_is_shared(const char *path, size_t len)
{
	size_t part;
	const char *first = path_of_whom(path, len, &part);

	return is_shared(first, part);
}

char *path_canonical(const char *typed, const char *user)
{
	char *path;

	if (typed[0] == '/')
		return strdup(typed);
	if (asprintf(&path, "/%s/%s", user, typed) < 0)
		return NULL;
	return path;
}

bool path_is_good(const dfs_path *path)
{
	return path_kind(path->dfs_path_val, path->dfs_path_len) != PATH_OF_NOTHING;
}

dfs_path path_borrow(const char *path)
{
	union {
		const char *borrow;
		char *plain;
	} name = {.borrow = path};

	return (dfs_path){(u_int)strlen(path), name.plain};
}

int path_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t shorter = a_len < b_len ? a_len : b_len;
	int order = shorter > 0 ? memcmp(a, b, shorter) : 0;

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}
