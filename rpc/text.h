/* Small conversions between text and bytes, each with its bounds. */
#ifndef DFS_TEXT_H
#define DFS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal number in min..max and nothing else; false otherwise, *ret untouched. */
bool text_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* Lower-case hex digits and a NUL: hex has room for 2 * len + 1 bytes.  Returns hex. */
char *text_hex(const void *bytes, size_t len, char *hex);

/* Exactly 2 * len hex digits up to the NUL; false otherwise. */
bool text_unhex(const char *hex, void *ret_bytes, size_t len);

/* Valid UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
bool text_is_utf8(const void *bytes, size_t len);

/* Of valid UTF-8: has it a control character (U+0000-U+001F, U+007F-U+009F)? */
bool text_has_control(const char *text, size_t len);

#endif
