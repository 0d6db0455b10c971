/* Which passwords may be chosen. */
#include "password_rules.h"

#include "text.h"

#include <stdint.h>
#include <string.h>

const char *password_rules_check_old(const char *password, size_t len)
{
	size_t characters = 0;

	/* A character of UTF-8 has one byte that is not 10xxxxxx. */
	for (size_t i = 0; i < len; i++)
		characters += ((uint8_t)password[i] & 0xc0) != 0x80;
	if (len > PASSWORD_MAX_BYTES)
		return "a password has at most 1024 bytes";
	if (memchr(password, '\0', len) || !text_is_utf8(password, len))
		return "a password is a text in UTF-8, without a NUL byte";
	if (characters < PASSWORD_MIN_CHARACTERS)
		return "a password has at least 8 characters";
	return NULL;
}

const char *password_rules_check(const char *password, size_t len)
{
	const char *wrong = password_rules_check_old(password, len);

	return wrong || !text_has_control(password, len)
		       ? wrong
		       : "a new password has no control characters, like tabs";
}
