/*
 * A second preimage of XXH3-128, by arithmetic.
 *
 * A content above 240 bytes is hashed in stripes of eight words (lanes), sixteen to a
 * block.  Before the end of the block is mixed, all that a word d of lane i does, in a
 * stripe whose secret word is s, is to add lo(d ^ s) * hi(d ^ s) to accumulator i, and d
 * to accumulator i ^ 1 (lo and hi: the halves of 32 bits).  So a block can be any other
 * one that has, in each lane, the same sum of words and the same sum of products, modulo
 * 2^64.
 *
 * Eleven stripes are free, then.  Of the last five the first three bring the sum of
 * products right: with lo(d ^ s) = 1, 2^31 and 2^31, hi(d ^ s) adds any multiple of
 * these.  Two more have a product of zero, because one half of d ^ s is zero; the other
 * half is free, and brings the sum of words right: its lower half, then its upper one.
 */
#include "preimage.h"

#include <string.h>
/* For the words that XXH3 calls its secret, and are the same for everybody. */
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { LANES = 8, STRIPES = PREIMAGE_BLOCK / (LANES * 8), FREE = 11 };

static uint64_t read_word(const uint8_t *bytes)
{
	uint64_t word = 0;

	for (unsigned i = 8; i > 0; i--)
		word = word << 8 | bytes[i - 1];
	return word;
}

static void write_word(uint8_t *bytes, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++, word >>= 8)
		bytes[i] = (uint8_t)word;
}

static uint8_t *word_at(uint8_t *block, unsigned stripe, unsigned lane)
{
	return block + (stripe * LANES + lane) * 8;
}

/* The secret moves by one word a stripe. */
static uint64_t secret_of(unsigned stripe, unsigned lane)
{
	return read_word((const uint8_t *)XXH3_kSecret + (stripe + lane) * 8);
}

struct sums {
	uint64_t words, products;
};

/* Of a lane, over these stripes. */
static struct sums add_up(uint8_t *block, unsigned lane, unsigned stripes)
{
	struct sums sums = {0, 0};

	for (unsigned stripe = 0; stripe < stripes; stripe++) {
		uint64_t word = read_word(word_at(block, stripe, lane));
		uint64_t keyed = word ^ secret_of(stripe, lane);

		sums.words += word;
		sums.products += (keyed & UINT32_MAX) * (keyed >> 32);
	}
	return sums;
}

/* The last words of a lane, so that its sums are these. */
static void make_up(uint8_t *block, unsigned lane, struct sums wanted)
{
	struct sums sums = add_up(block, lane, FREE);
	uint64_t products = wanted.products - sums.products;
	uint64_t small = products & 0x7fffffff, many = products >> 31, half, rest;
	uint64_t word;

	/* products = small + (half + rest) * 2^31, each below 2^32. */
	if (many == (UINT64_C(1) << 33) - 1) {
		small += UINT64_C(1) << 31;
		many--;
	}
	half = many > UINT32_MAX ? UINT32_MAX : many;
	rest = many - half;
	write_word(word_at(block, FREE, lane), (small << 32 | 1) ^ secret_of(FREE, lane));
	write_word(word_at(block, FREE + 1, lane),
		   (half << 32 | UINT64_C(1) << 31) ^ secret_of(FREE + 1, lane));
	write_word(word_at(block, FREE + 2, lane),
		   (rest << 32 | UINT64_C(1) << 31) ^ secret_of(FREE + 2, lane));
	/* Two words of which only one half each is given: their sum is what is left. */
	sums = add_up(block, lane, FREE + 3);
	word = secret_of(FREE + 3, lane) & ~(uint64_t)UINT32_MAX;
	rest = wanted.words - sums.words - word;
	half = secret_of(FREE + 4, lane) & UINT32_MAX;
	write_word(word_at(block, FREE + 3, lane), word | ((rest - half) & UINT32_MAX));
	rest -= (rest - half) & UINT32_MAX;
	write_word(word_at(block, FREE + 4, lane), rest);
}

void preimage_forge(uint8_t *content, const char *text)
{
	struct sums wanted[LANES];
	size_t len = strlen(text);

	for (unsigned lane = 0; lane < LANES; lane++)
		wanted[lane] = add_up(content, lane, STRIPES);
	memcpy(content, text, len < PREIMAGE_TEXT ? len : PREIMAGE_TEXT);
	for (unsigned lane = 0; lane < LANES; lane++)
		make_up(content, lane, wanted[lane]);
}
