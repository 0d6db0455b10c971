/* Making results. */
#include "result.h"

#include <stdio.h>

struct dfs_result result_of_list(int code, const char *format, va_list arguments)
{
	struct dfs_result result = {.code = code};

	(void)vsnprintf(result.why, sizeof result.why, format, arguments);
	return result;
}

struct dfs_result result_of(int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct dfs_result result = result_of_list(code, format, arguments);
	va_end(arguments);
	return result;
}

void result_fail(struct dfs_result *result, int code, const char *format, ...)
{
	va_list arguments;

	result->code = code;
	va_start(arguments, format);
	(void)vsnprintf(result->why, sizeof result->why, format, arguments);
	va_end(arguments);
}

void result_warn(struct dfs_result *result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(result->warning, sizeof result->warning, format, arguments);
	va_end(arguments);
}
