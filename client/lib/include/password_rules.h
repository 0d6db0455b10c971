/* Which passwords may be chosen. */
#ifndef DFS_PASSWORD_RULES_H
#define DFS_PASSWORD_RULES_H

#include <stddef.h>

enum { PASSWORD_MIN_CHARACTERS = 8, PASSWORD_MAX_BYTES = 1024 };

/* NULL when a password of so many bytes may be chosen; else why not. */
const char *password_rules_check(const char *password, size_t len);

#endif
