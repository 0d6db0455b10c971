/* Numbers of bytes, as people write them. */
#include "amount.h"

#include "text.h"

#include <string.h>

enum { DIGITS_MAX = 19 };

bool amount_parse(const char *text, uint64_t *ret)
{
	static const char letters[] = "KMGT";
	char digits[DIGITS_MAX + 1];
	size_t len = strlen(text);
	const char *letter = len > 0 ? strchr(letters, text[len - 1]) : NULL;
	unsigned shift = letter ? 10 * (unsigned)(letter - letters + 1) : 0;
	uint64_t number;

	len -= letter ? 1 : 0;
	if (len > DIGITS_MAX)
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (!text_number(digits, 0, (uint64_t)INT64_MAX >> shift, &number))
		return false;
	*ret = number << shift;
	return true;
}

bool amount_parse_range(const char *text, uint64_t *ret_offset, uint64_t *ret_length)
{
	enum { ONE_MAX = DIGITS_MAX + 2 };
	const char *colon = strchr(text, ':');
	char offset[ONE_MAX];

	if (!colon || strcmp(text, ":") == 0 || (size_t)(colon - text) >= sizeof offset)
		return false;
	memcpy(offset, text, (size_t)(colon - text));
	offset[colon - text] = '\0';
	*ret_offset = 0;
	*ret_length = INT64_MAX;
	return (offset[0] == '\0' || amount_parse(offset, ret_offset)) &&
	       (colon[1] == '\0' || amount_parse(colon + 1, ret_length));
}
