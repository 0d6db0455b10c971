/* Moments, as people write them. */
#include "moment.h"

#include "text.h"
#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

enum { DIGITS_MAX = 10, SECONDS_DIGITS = 12 };

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

/* ".5" and the like, at *text, which is moved behind; true where there is none. */
static bool parse_fraction(const char **text, int64_t *ret_ns)
{
	int64_t unit = SECOND;

	*ret_ns = 0;
	if (**text != '.')
		return true;
	(*text)++;
	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++) {
		unit /= 10;
		*ret_ns += unit * (**text - '0');
	}
	return true;
}

static bool combine(int64_t seconds, int64_t fraction_ns, int64_t *ret_ns)
{
	return !__builtin_mul_overflow(seconds, SECOND, ret_ns) &&
	       !__builtin_add_overflow(*ret_ns, fraction_ns, ret_ns);
}

/* Behind the "@". */
static bool parse_seconds(const char *text, int64_t *ret_ns)
{
	bool before = *text == '-';
	int64_t seconds = 0, fraction;
	size_t digits;

	text += before;
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > SECONDS_DIGITS)
		return false;
	for (; digits > 0; digits--)
		seconds = 10 * seconds + (*text++ - '0');
	if (!parse_fraction(&text, &fraction) || *text != '\0')
		return false;
	return combine(before ? -seconds : seconds, before ? -fraction : fraction,
		       ret_ns);
}

/* So many digits, within these bounds, at *text, which is moved behind. */
static bool parse_digits(const char **text, unsigned digits, int least, int most,
			 int *ret)
{
	*ret = 0;
	for (; digits > 0; digits--, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*ret = 10 * *ret + (**text - '0');
	}
	return *ret >= least && *ret <= most;
}

static bool skip(const char **text, char letter)
{
	bool there = **text == letter;

	*text += there;
	return there;
}

static bool parse_date(const char *text, int64_t *ret_ns)
{
	struct tm parts = {.tm_isdst = -1}, back;
	int64_t fraction = 0;
	int day, month, year;
	time_t seconds;
	bool utc;

	if (!parse_digits(&text, 4, 1600, 2400, &year) || !skip(&text, '-') ||
	    !parse_digits(&text, 2, 1, 12, &month) || !skip(&text, '-') ||
	    !parse_digits(&text, 2, 1, 31, &day))
		return false;
	if (skip(&text, 'T') || skip(&text, ' ')) {
		if (!parse_digits(&text, 2, 0, 23, &parts.tm_hour) || !skip(&text, ':') ||
		    !parse_digits(&text, 2, 0, 59, &parts.tm_min))
			return false;
		if (skip(&text, ':') && (!parse_digits(&text, 2, 0, 60, &parts.tm_sec) ||
					 !parse_fraction(&text, &fraction)))
			return false;
	}
	utc = skip(&text, 'Z');
	if (*text != '\0')
		return false;
	parts.tm_year = year - 1900;
	parts.tm_mon = month - 1;
	parts.tm_mday = day;
	seconds = utc ? timegm(&parts) : mktime(&parts);
	/* A 30th of February is another day. */
	if (!(utc ? gmtime_r(&seconds, &back) : localtime_r(&seconds, &back)) ||
	    back.tm_mday != day)
		return false;
	return combine(seconds, fraction, ret_ns);
}

bool moment_parse(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	int64_t found_ns;
	bool good = *text == '@' ? parse_seconds(text + 1, &found_ns)
				 : parse_age(text, now_ns, &found_ns) ||
					   parse_date(text, &found_ns);

	if (good)
		*ret_ns = found_ns;
	return good;
}
