/* Which passwords may be chosen. */
#ifndef DFS_PASSWORD_RULES_H
#define DFS_PASSWORD_RULES_H

#include <stddef.h>

enum { PASSWORD_MIN_CHARACTERS = 8, PASSWORD_MAX_BYTES = 1024 };

/*
 * NULL when a password of so many bytes may be chosen; else why not.  Control characters
 * may not: hardly anybody can type them.
 */
const char *password_rules_check(const char *password, size_t len);

/* Likewise for a log-in: passwords with control characters have been chosen before. */
const char *password_rules_check_old(const char *password, size_t len);

#endif
