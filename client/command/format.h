/* Names, moments, spans of time and sizes as people may see them. */
#ifndef DFS_FORMAT_H
#define DFS_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The text as a terminal may show it; the caller frees it, NULL when out of memory.  utf8
 * says whether the terminal understands more than ASCII.
 */
char *format_escape(const char *text, bool utf8);

/* "2026-01-31 12:00:00", local time, and with a 'T' and 'Z' in UTC for JSON. */
enum { FORMAT_TIME = 40 };
const char *format_time(long long ns, char text[FORMAT_TIME]);
const char *format_time_utc(long long ns, char text[FORMAT_TIME]);

/* "1023 bytes", "4.2 MiB". */
enum { FORMAT_SIZE = 32 };
const char *format_size(unsigned long long bytes, char text[FORMAT_SIZE]);

/* "12 s", "4 min", "3 h", "5 days" */
enum { FORMAT_DURATION = 48 };
const char *format_duration(uint64_t seconds, char text[FORMAT_DURATION]);

#endif
