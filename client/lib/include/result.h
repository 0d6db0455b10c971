/* Making results; a sentence that is too long for one is cut off. */
#ifndef DFS_RESULT_H
#define DFS_RESULT_H

#include "libdfs.h"
#include <stdarg.h>

/* One that failed; done is the zeroed struct. */
struct dfs_result result_of(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct dfs_result result_of_list(int code, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Lets a result fail; its warning stays. */
void result_fail(struct dfs_result *result, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Gives a result this warning. */
void result_warn(struct dfs_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
