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
