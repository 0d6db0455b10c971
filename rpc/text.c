/* Small conversions between text and bytes. */
#include "text.h"

#include <string.h>

bool text_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		unsigned digit = (unsigned)(*text - '0');
		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (number < min || number > max)
		return false;
	*ret = number;
	return true;
}

char *text_hex(const void *bytes, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[from[i] >> 4];
		hex[2 * i + 1] = digits[from[i] & 15];
	}
	hex[2 * len] = '\0';
	return hex;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_unhex(const char *hex, void *ret_bytes, size_t len)
{
	uint8_t *to = ret_bytes;

	if (strlen(hex) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++)
		if (digit_of(hex[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(digit_of(hex[2 * i]) * 16 + digit_of(hex[2 * i + 1]));
	return true;
}

/*
 * The length of the sequence that begins here, by table 3-7 of Unicode; 0 when it is
 * none.
 */
static size_t sequence_len(const uint8_t *at, size_t len)
{
	uint8_t low = 0x80, high = 0xbf; /* of the second byte */
	size_t want;

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf) {
		want = 2;
	} else if (at[0] >= 0xe0 && at[0] <= 0xef) {
		want = 3;
		if (at[0] == 0xe0)
			low = 0xa0; /* else overlong */
		if (at[0] == 0xed)
			high = 0x9f; /* else a surrogate */
	} else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
		want = 4;
		if (at[0] == 0xf0)
			low = 0x90; /* else overlong */
		if (at[0] == 0xf4)
			high = 0x8f; /* else above U+10FFFF */
	} else {
		return 0;
	}
	if (len < want || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < want; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	return want;
}

bool text_is_utf8(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		size_t step = sequence_len(at, len);

		if (step == 0)
			return false;
		at += step;
		len -= step;
	}
	return true;
}

/*
 * U+0000-U+001F are bytes below 0x20; U+007F-U+009F are 0x7f and 0xc2 0x80 to 0xc2 0x9f.
 */
bool text_has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < len && (uint8_t)text[i + 1] <= 0x9f)
			return true;
	}
	return false;
}
