/*
 * A breadth-first search over all states of a small model.
 *
 * A model includes this file after it has defined
 *	SW	64-bit words of a packed state
 *	U	the unpacked state
 * and defines after it
 *	pack	a state in its canonical form: states that differ by names alone coincide
 *	unpack	the way back
 *	succ	calls out() with every state that may follow, and D() before it, which
 *		says in words what has happened
 *	check	NULL, or what is wrong with the state
 *	show	prints it
 * Breadth first, so the first fault found has a shortest trace, which is printed.  The
 * search ends by itself ("complete") unless the table is full ("BOUND").
 */
#ifndef DFS_ENGINE_H
#define DFS_ENGINE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef uint8_t u8;
typedef uint16_t u16;

static uint64_t *states; /* packed, in the order in which they were found */
static uint32_t *parents;
static uint32_t *table; /* a hash table of states: the index and one */
static uint64_t table_mask;
static uint32_t state_count, state_most = 120000000U, current;
static uint64_t step_count;
static int is_full;

static int tracing; /* 1: looking for the step that leads to `wanted` */
static uint64_t wanted[SW];
static int found;
static U found_state;
static char description[512], found_description[512];

static void pack(const U *u, uint64_t *w);
static void unpack(const uint64_t *w, U *u);
static void succ(const U *u);
static const char *check(const U *u);
static void show(const U *u);

__attribute__((format(printf, 1, 2))) static void D(const char *format, ...)
{
	va_list arguments;

	if (!tracing)
		return;
	va_start(arguments, format);
	(void)vsnprintf(description, sizeof description, format, arguments);
	va_end(arguments);
}

static uint64_t hash_words(const uint64_t *words)
{
	uint64_t hash = UINT64_C(0x9E3779B97F4A7C15);

	for (int i = 0; i < SW; i++) {
		hash ^= words[i];
		hash *= UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 29);
}

static void add_state(const uint64_t *words)
{
	uint64_t slot = hash_words(words) & table_mask;

	for (; table[slot]; slot = (slot + 1) & table_mask)
		if (!memcmp(states + (uint64_t)(table[slot] - 1) * SW, words, SW * 8))
			return;
	if (state_count >= state_most) {
		is_full = 1;
		return;
	}
	memcpy(states + (uint64_t)state_count * SW, words, SW * 8);
	parents[state_count] = current;
	table[slot] = ++state_count;
}

static void out(const U *u)
{
	uint64_t words[SW];

	memset(words, 0, sizeof words);
	pack(u, words);
	if (!tracing) {
		step_count++;
		add_state(words);
	} else if (!found && !memcmp(words, wanted, sizeof words)) {
		found = 1;
		found_state = *u;
		memcpy(found_description, description, sizeof description);
	}
}

/* Memory that costs nothing until it is written to. */
static void *reserve(uint64_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return memory;
}

static void print_trace(uint32_t last, const U *first)
{
	enum { STEPS_MOST = 10000 };
	static uint32_t path[STEPS_MOST];
	int steps = 0;
	U u = *first;

	for (uint32_t i = last; i && steps < STEPS_MOST; i = parents[i])
		path[steps++] = i;
	printf("trace (%d steps):\n", steps);
	tracing = 1;
	for (int k = steps - 1; k >= 0; k--) {
		memcpy(wanted, states + (uint64_t)path[k] * SW, SW * 8);
		found = 0;
		succ(&u);
		if (!found) {
			printf("  ?? the step is not found again\n");
			break;
		}
		u = found_state;
		printf("  %2d. %s\n", steps - k, found_description);
	}
	tracing = 0;
	const char *wrong = check(&u);

	if (wrong)
		printf("      %s\n", wrong);
	show(&u);
}

/* The program's exit code: 0 when no state is wrong, 1 when one is. */
static int explore(const U *first, const char *title)
{
	struct timespec begin, end;
	uint64_t slots = 1, words[SW];
	const char *wrong;
	uint32_t i;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (slots < (uint64_t)state_most * 2)
		slots <<= 1;
	table_mask = slots - 1;
	states = reserve((uint64_t)state_most * SW * 8);
	parents = reserve((uint64_t)state_most * 4);
	table = reserve(slots * 4);
	memset(words, 0, sizeof words);
	pack(first, words);
	add_state(words);
	wrong = check(first);
	for (i = 0; i < state_count; i++) {
		U u;

		unpack(states + (uint64_t)i * SW, &u);
		wrong = check(&u);
		if (wrong)
			break;
		current = i;
		succ(&u);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%s\n  => %s; %u states, %llu transitions, %.1f s\n", title,
	       wrong     ? "VIOLATION"
	       : is_full ? "BOUND (no violation among the states explored)"
			 : "complete, no violation",
	       wrong ? i + 1 : state_count, (unsigned long long)step_count,
	       (double)(end.tv_sec - begin.tv_sec) +
		       (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	if (wrong)
		print_trace(i, first);
	(void)fflush(stdout);
	return wrong != NULL;
}

/* ---- the command line: KEY=VALUE ... --------------------------------------------- */

enum { TITLE = 512 };

struct option {
	const char *key;
	int *value;  /* a number; or */
	char *text;  /* some letters, as many as fit in here */
	size_t room; /* of text */
};

/*
 * Sets what the arguments say and writes them into title; max= is the bound in millions
 * of states.  0, or 2 when an argument is unknown.
 */
static int read_options(int argc, char **argv, const struct option *options, size_t count,
			char title[TITLE])
{
	size_t used = (size_t)snprintf(title, TITLE, "%s", argv[0]);

	for (int i = 1; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		size_t len = value ? (size_t)(value - argv[i]) : 0, k = 0;

		if (used < TITLE)
			used += (size_t)snprintf(title + used, TITLE - used, " %s",
						 argv[i]);
		while (k < count && (strlen(options[k].key) != len ||
				     strncmp(argv[i], options[k].key, len) != 0))
			k++;
		if (value && len == 3 && !strncmp(argv[i], "max", 3))
			state_most = (uint32_t)(strtod(value + 1, NULL) * 1e6);
		else if (value && k < count && options[k].value)
			*options[k].value = (int)strtol(value + 1, NULL, 10);
		else if (value && k < count && strlen(value + 1) < options[k].room)
			(void)snprintf(options[k].text, options[k].room, "%s", value + 1);
		else {
			(void)fprintf(stderr, "%s: what is %s?\n", argv[0], argv[i]);
			return 2;
		}
	}
	return 0;
}

#endif
