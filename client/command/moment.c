/* Moments, as people write them. */
#include "moment.h"

#include "text.h"
#include <stddef.h>
#include <string.h>
#include <time.h>

enum { DIGITS_MAX = 10, TEXT_MAX = 32 };

static const int64_t SECOND = INT64_C(1000000000);

/* A number and a letter. */
static bool parse_age(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char digits[DIGITS_MAX + 1];
	size_t len = strlen(text);
	uint64_t number;

	if (len < 2 || len - 1 > DIGITS_MAX)
		return false;
	memcpy(digits, text, len - 1);
	digits[len - 1] = '\0';
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		/* As far as there are moments at all. */
		uint64_t most = (uint64_t)(now_ns / SECOND / units[i].seconds);

		if (text[len - 1] != units[i].letter ||
		    !text_number(digits, 0, most, &number))
			continue;
		*ret_ns = now_ns - (int64_t)number * units[i].seconds * SECOND;
		return true;
	}
	return false;
}

/* mktime makes 31 February into 3 March: that is not what was written. */
static bool is_same(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon &&
	       a->tm_mday == b->tm_mday;
}

static bool parse_date(const char *text, int64_t *ret_ns)
{
	static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M",
					      "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
					      "%Y-%m-%dT%H:%M:%S"};
	size_t len = strlen(text);
	char date[TEXT_MAX];
	bool utc;

	if (len < strlen("2026-01-31") || len >= sizeof date)
		return false;
	utc = text[len - 1] == 'Z';
	memcpy(date, text, len);
	date[utc ? len - 1 : len] = '\0';
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		struct tm written = {.tm_isdst = -1}, parts;
		const char *end = strptime(date, formats[i], &written);
		time_t seconds;

		if (!end || *end != '\0')
			continue;
		parts = written;
		seconds = utc ? timegm(&parts) : mktime(&parts);
		if (!is_same(&parts, &written) || seconds < 0 ||
		    seconds > INT64_MAX / SECOND)
			return false;
		*ret_ns = (int64_t)seconds * SECOND;
		return true;
	}
	return false;
}

bool moment_parse(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	return parse_age(text, now_ns, ret_ns) || parse_date(text, ret_ns);
}
