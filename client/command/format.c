/* Names, moments, spans of time and sizes as people may see them. */
#include "format.h"

#include "text.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Length of the UTF-8 character at text and its code; 0 when it is none. */
static size_t decode(const unsigned char *text, uint32_t *ret)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len;
	uint32_t code;

	if (text[0] < 0x80) {
		*ret = text[0];
		return 1;
	}
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		len = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		len = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		len = 4;
	else
		return 0;
	code = text[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[len] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	*ret = code;
	return len;
}

/* Controls, and what is invisible or turns the direction of what follows. */
static bool deceives(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} odd[] = {{0x00, 0x1f},      {0x7f, 0x9f},     {0xad, 0xad},
		   {0x61c, 0x61c},    {0x200b, 0x200f}, {0x2028, 0x202e},
		   {0x2060, 0x2069},  {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
		   {0xe0000, 0xe007f}};

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		if (code >= odd[i].first && code <= odd[i].last)
			return true;
	return false;
}

char *format_escape(const char *text, bool utf8)
{
	/* "\xNN" is the longest that one byte becomes. */
	char *escaped = malloc(4 * strlen(text) + 1), *to = escaped;

	if (!escaped)
		return NULL;
	while (*text != '\0') {
		uint32_t code = 0;
		size_t len = decode((const unsigned char *)text, &code);
		bool plain =
			len == 1 ? !deceives(code) : len > 1 && utf8 && !deceives(code);

		if (len == 0)
			len = 1;
		for (; len > 0; len--, text++) {
			if (plain) {
				*to++ = *text;
			} else {
				to = stpcpy(to, "\\x");
				to = text_hex(text, 1, to) + 2;
			}
		}
	}
	*to = '\0';
	return escaped;
}

static time_t seconds_of(long long ns)
{
	long long seconds = ns / 1000000000;

	return (time_t)(ns % 1000000000 < 0 ? seconds - 1 : seconds);
}

static const char *put_time(long long ns, bool utc, char text[FORMAT_TIME])
{
	time_t seconds = seconds_of(ns);
	struct tm parts;
	bool known = utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts);
	size_t len = 0;

	if (known && utc)
		len = strftime(text, FORMAT_TIME, "%Y-%m-%dT%H:%M:%SZ", &parts);
	else if (known)
		len = strftime(text, FORMAT_TIME, "%Y-%m-%d %H:%M:%S", &parts);
	if (len == 0)
		strcpy(text, "-");
	return text;
}

const char *format_time(long long ns, char text[FORMAT_TIME])
{
	return put_time(ns, false, text);
}

const char *format_time_utc(long long ns, char text[FORMAT_TIME])
{
	return put_time(ns, true, text);
}

const char *format_size(unsigned long long bytes, char text[FORMAT_SIZE])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		(void)snprintf(text, FORMAT_SIZE, "%llu byte%s", bytes,
			       bytes == 1 ? "" : "s");
		return text;
	}
	while (size >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
		size /= 1024;
		unit++;
	}
	(void)snprintf(text, FORMAT_SIZE, "%.1f %s", size, units[unit]);
	return text;
}

const char *format_duration(uint64_t seconds, char text[FORMAT_DURATION])
{
	static const struct {
		uint64_t seconds;
		const char *name, *plural;
	} units[] = {
		{86400, " day", "s"}, {3600, " h", ""}, {60, " min", ""}, {1, " s", ""}};
	size_t i = 0;

	/* In the largest unit of which it is more than two: 90 s, 119 min, 47 h. */
	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	uint64_t count = seconds / units[i].seconds;

	(void)snprintf(text, FORMAT_DURATION, "%llu%s%s", (unsigned long long)count,
		       units[i].name, count == 1 ? "" : units[i].plural);
	return text;
}
