/*
 * What every target of this folder is: a function that takes any bytes at all.
 *
 * A target goes through public functions alone, aborts where a promise is broken, and
 * keeps nothing from one input to the next.  It is linked with an engine (libFuzzer) or
 * with replay.c.
 */
#ifndef DFS_FUZZ_H
#define DFS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name is libFuzzer's; always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/*
 * The input got as far as a good one does.  A corpus of which none does is out of date:
 * the replayer then fails.
 */
void fuzz_took(void);

/* What has to hold whatever came. */
#define FUZZ_MUST(condition)                                                             \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,       \
				#condition);                                             \
			abort();                                                         \
		}                                                                        \
	} while (0)

/* Takes the input apart from its beginning; what is not there is zeros. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

static inline uint16_t fuzz_short(struct fuzz_input *input)
{
	uint16_t high = fuzz_byte(input);

	return (uint16_t)(high << 8 | fuzz_byte(input));
}

/* The next bytes, at most len of them; *ret_len says how many. */
static inline const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t len,
					size_t *ret_len)
{
	const uint8_t *at = input->at;

	*ret_len = len < input->left ? len : input->left;
	input->left -= *ret_len;
	input->at += *ret_len;
	return at;
}

/* XDR and the like take what they only read without const. */
static inline char *fuzz_unconst(const void *pointer)
{
	union {
		const void *borrow;
		char *plain;
	} either = {.borrow = pointer};

	return either.plain;
}

#endif
