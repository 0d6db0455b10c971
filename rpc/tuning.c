/* The section [server] of cluster.conf: one table of what may be said. */
#include "tuning.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

enum kind { PERCENT, SPAN };

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/*
 * What is kept readable is so for 60 times that at most, counted in milliseconds of 32
 * bits (index_objects.c): so its bound is an hour.
 */
static const struct row {
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t standard, min, max;
	const char *demand;
} rows[] = {
	{"scrub_share", PERCENT, offsetof(struct tuning, scrub_share), 10, 1, 100,
	 "a whole number from 1 to 100"},
	{"scrub_round", SPAN, offsetof(struct tuning, scrub_round_ms), 30 * DAY, SECOND,
	 365 * DAY, "a time from 1s to 365d, such as 30d"},
	{"abandoned_after", SPAN, offsetof(struct tuning, abandoned_after_ms), HOUR,
	 SECOND, 365 * DAY, "a time from 1s to 365d, such as 1h"},
	{"tombstones_after", SPAN, offsetof(struct tuning, tombstones_after_ms), MINUTE,
	 SECOND, 365 * DAY, "a time from 1s to 365d, such as 1m"},
	{"keep_readable", SPAN, offsetof(struct tuning, keep_readable_ms), MINUTE, SECOND,
	 HOUR, "a time from 1s to 1h, such as 60s"},
	{"third_donor", SPAN, offsetof(struct tuning, third_donor_ms), MINUTE, SECOND,
	 HOUR, "a time from 1s to 1h, such as 60s"},
};
enum { ROWS = sizeof rows / sizeof rows[0], LOG_LEVEL = ROWS };

static const char *const levels[] = {"debug", "info", "warn", "error"};
enum { LEVELS = sizeof levels / sizeof levels[0] };
_Static_assert(LOG_DEBUG == 0 && LOG_ERROR == LEVELS - 1, "the words of the levels");

static int64_t *field(struct tuning *tuning, const struct row *row)
{
	return (int64_t *)(void *)((char *)tuning + row->offset);
}

void tuning_set_defaults(struct tuning *ret)
{
	*ret = (struct tuning){.log_level = LOG_INFO};
	for (size_t i = 0; i < ROWS; i++)
		*field(ret, &rows[i]) = rows[i].standard;
}

static int64_t unit_of(char letter)
{
	switch (letter) {
	case 's':
		return SECOND;
	case 'm':
		return MINUTE;
	case 'h':
		return HOUR;
	case 'd':
		return DAY;
	default:
		return 0;
	}
}

bool tuning_span(const char *text, int64_t min_ms, int64_t max_ms, int64_t *ret_ms)
{
	size_t len = strlen(text);
	int64_t unit = len > 0 ? unit_of(text[len - 1]) : 0;
	char digits[24];
	uint64_t number;

	if (unit == 0 || len > sizeof digits)
		return false;
	memcpy(digits, text, len - 1);
	digits[len - 1] = '\0';
	if (!text_number(digits, 0, (uint64_t)(max_ms / unit), &number) ||
	    (int64_t)number * unit < min_ms)
		return false;
	*ret_ms = (int64_t)number * unit;
	return true;
}

static bool take_level(struct tuning *tuning, const char *value)
{
	for (int i = 0; i < LEVELS; i++)
		if (strcmp(value, levels[i]) == 0) {
			tuning->log_level = (enum log_level)i;
			return true;
		}
	return false;
}

static bool take_number(struct tuning *tuning, const struct row *row, const char *value)
{
	uint64_t number;

	if (row->kind == SPAN)
		return tuning_span(value, row->min, row->max, field(tuning, row));
	if (!text_number(value, (uint64_t)row->min, (uint64_t)row->max, &number))
		return false;
	*field(tuning, row) = (int64_t)number;
	return true;
}

static unsigned find(const char *name)
{
	unsigned at = 0;

	while (at < ROWS && strcmp(name, rows[at].name) != 0)
		at++;
	return at < ROWS || strcmp(name, "log_level") == 0 ? at : ROWS + 1;
}

bool tuning_take(struct tuning *tuning, const char *name, const char *value, char *why)
{
	unsigned at = find(name);
	const char *demand = at < ROWS ? rows[at].demand : "error, warn, info or debug";

	if (at > LOG_LEVEL) {
		(void)snprintf(why, TUNING_WHY, "unknown key %.60s", name);
		return false;
	}
	if (tuning->given & 1U << at) {
		(void)snprintf(why, TUNING_WHY, "given twice: %.60s", name);
		return false;
	}
	tuning->given |= 1U << at;
	if (at < ROWS ? take_number(tuning, &rows[at], value) : take_level(tuning, value))
		return true;
	(void)snprintf(why, TUNING_WHY, "%s has to be %s, not %.20s", name, demand,
		       *value != '\0' ? value : "empty");
	return false;
}
