/* Patterns of names, as shells have them. */
#include "pattern.h"

#include <stdint.h>
#include <string.h>

/* A part of a pattern or of a name: what is left of it. */
struct part {
	const char *at, *end;
};

bool pattern_is(const char *text)
{
	return text[strcspn(text, "*?[")] != '\0';
}

size_t pattern_folder(const char *pattern)
{
	size_t len = strcspn(pattern, "*?[\\");

	while (len > 0 && pattern[len - 1] != '/')
		len--;
	return len;
}

size_t pattern_parts(const char *pattern)
{
	size_t parts = 1;

	while ((pattern = strchr(pattern, '/'))) {
		pattern++;
		parts++;
	}
	return parts;
}

/* The next character, which must be there; what is no UTF-8 is a character for itself. */
static uint32_t take(struct part *part)
{
	const unsigned char *from = (const unsigned char *)part->at;
	size_t left = (size_t)(part->end - part->at), len = 1;
	uint32_t code = from[0];

	if (code >= 0xc2 && code < 0xf5)
		len = code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;
	if (len > left)
		len = 1;
	for (size_t i = 1; i < len; i++)
		if ((from[i] & 0xc0) != 0x80)
			len = 1;
	code &= len > 1 ? 0x7fU >> len : 0xff;
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (from[i] & 0x3f);
	part->at += len;
	return code;
}

static bool begins(const struct part *part, char with)
{
	return part->at < part->end && *part->at == with;
}

/* Likewise of a pattern, where a '\' is before what is meant. */
static uint32_t take_meant(struct part *pattern)
{
	if (begins(pattern, '\\') && pattern->at + 1 < pattern->end)
		pattern->at++;
	return take(pattern);
}

/*
 * A set, behind its '[': is the character in it?  The pattern is behind its ']' then;
 * false, with it where it was, when there is none.
 */
static bool take_set(struct part *pattern, uint32_t code, bool *ret_in)
{
	struct part set = *pattern;
	bool not = begins(&set, '!') || begins(&set, '^'), in = false;

	set.at += not ? 1 : 0;
	/* A ']' in the first place is one of the set. */
	for (bool first = true; first || !begins(&set, ']'); first = false) {
		uint32_t low, high;

		if (set.at == set.end)
			return false;
		low = high = take_meant(&set);
		if (begins(&set, '-') && set.at + 1 < set.end && set.at[1] != ']') {
			set.at++;
			high = take_meant(&set);
		}
		in |= low <= code && code <= high;
	}
	pattern->at = set.at + 1;
	*ret_in = in != not ;
	return true;
}

/* The next of the pattern, which is no '*', against the next of the name. */
static bool step(struct part *pattern, struct part *name)
{
	uint32_t code;
	bool in;

	if (pattern->at == pattern->end || name->at == name->end)
		return false;
	code = take(name);
	if (begins(pattern, '?')) {
		pattern->at++;
		return true;
	}
	if (begins(pattern, '[')) {
		pattern->at++;
		return take_set(pattern, code, &in) ? in : code == '[';
	}
	return take_meant(pattern) == code;
}

/* What fails goes back to the last '*', which then takes one character more. */
static bool part_matches(struct part pattern, struct part name)
{
	struct part star = {NULL, NULL}, from = {NULL, NULL};

	while (pattern.at < pattern.end || name.at < name.end) {
		if (begins(&pattern, '*')) {
			pattern.at++;
			star = pattern;
			from = name;
		} else if (!step(&pattern, &name)) {
			if (!star.at || from.at == from.end)
				return false;
			(void)take(&from);
			pattern = star;
			name = from;
		}
	}
	return true;
}

static struct part first_part(const char *text)
{
	return (struct part){text, text + strcspn(text, "/")};
}

bool pattern_matches(const char *pattern, const char *name, bool hidden)
{
	for (;;) {
		struct part of = first_part(pattern), part = first_part(name);
		struct part front = of;

		if (!hidden && begins(&part, '.') &&
		    (of.at == of.end || *of.at == '[' || take_meant(&front) != '.'))
			return false;
		if (!part_matches(of, part) || *of.end != *part.end)
			return false;
		if (*of.end == '\0')
			return true;
		pattern = of.end + 1;
		name = part.end + 1;
	}
}
