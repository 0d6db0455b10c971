/*
 * The state of liar.c: one path at three honest servers, and what the fourth, which lies,
 * can prove.
 *
 * The liar has no state: it promises, confirms and accepts whenever that suits it, and
 * tells every proposer whatever the rule of proof lets it tell.  A server that is slow or
 * down needs none either: it is one whose steps have not come yet.
 *
 * Values are numbers: a writer's is that of its ballot, and 0 is nothing.  The three
 * servers are alike, so their columns are sorted when a state is packed.
 */
#ifndef DFS_LIAR_H
#define DFS_LIAR_H

#include <stdint.h>

enum { BALLOTS = 4, HONEST = 3, CHOSEN = 2 };

typedef struct {
	uint8_t promised, ballot, value; /* accepted; ballot 0: the path is unknown */
	uint8_t lower; /* nothing at or below it is heard: the reservation at a start */
	uint8_t floor; /* the same while the path is unknown */
	uint8_t epoch, is_lost;
	uint8_t is_taken; /* what it has is from donors, and was not accepted since */
	uint8_t has_handed, handed, handed_value;   /* to a server that lost its disk */
	uint8_t has_answered, answer, answer_value; /* to the reader */
	struct {
		uint8_t given;      /* it has promised this ballot, */
		uint8_t told;       /* told of this one then, */
		uint8_t told_value; /* with this value, */
		uint8_t told_floor; /* or that it knows nothing, with this floor */
		uint8_t confirmed;  /* what it remembers to have confirmed, and one */
		uint8_t issued;     /* what it has ever confirmed, as a mask */
		uint8_t accepted;   /* the values that it has taken, as a mask */
	} at[BALLOTS + 1];
} server_state;

typedef struct {
	server_state server[HONEST];
	struct {
		uint8_t proposed; /* values proposed at it, as a mask */
		uint8_t below;    /* of a writer: the value that its own follows */
	} at[BALLOTS + 1];
	uint8_t restarts, losses;
	uint8_t is_reading, from, from_value; /* the newest chosen when it began */
} U;

enum { SERVER_WORDS = 2 };
#define SW (HONEST * SERVER_WORDS + 1)
#include "engine.h"

/* ---- the rules of this run (the head of liar.c) ---------------------------------- */

enum { NO_PROOF, SIGNED, PROMISES, PROVED_PROMISES, CONFIRMED };
enum { BY_SIGNATURE, BY_PROMISES, BY_CONFIRMATION };
enum { COVERS_NOTHING, COVERS_PROMISES, COVERS_ALL };
enum { FORGET_NEVER, FORGET_BY_WORD, FORGET_EXACT, FORGET_NONE_BELOW };
enum { ALONE_COUNTS, ALONE_IS_OUTVOTED, ALONE_WAITS };

static char kinds[BALLOTS + 1] = "WWFL";
static int ballots, proof = PROVED_PROMISES, learn, vouch, need = 3, confirmations = 3,
		    strict, reads, none, reader, own = 1, shared = BY_CONFIRMATION;
static int restarts_most, cover = COVERS_ALL, losses_most, donors = 3, epoch_from,
			  forgetting, alone, floors, taken;

/* ---- packing: bit after bit ------------------------------------------------------- */

struct bits {
	uint64_t *words;
	int at;
	int is_reading;
};

/* Writes the field, or reads it. */
static void field(struct bits *bits, uint8_t *value, int count)
{
	unsigned got = 0;

	for (int k = 0; k < count; k++, bits->at++) {
		uint64_t *word = &bits->words[bits->at / 64];
		const int shift = bits->at % 64;

		if (bits->is_reading)
			got |= (unsigned)(*word >> shift & 1) << k;
		else
			*word |= (uint64_t)(*value >> k & 1) << shift;
	}
	if (bits->is_reading)
		*value = (uint8_t)got;
}

static void server_fields(struct bits *bits, server_state *s)
{
	uint8_t *const small[] = {&s->promised, &s->ballot,       &s->value,
				  &s->lower,    &s->floor,        &s->handed,
				  &s->answer,   &s->handed_value, &s->answer_value};
	uint8_t *const flags[] = {&s->epoch, &s->is_lost, &s->is_taken, &s->has_handed,
				  &s->has_answered};

	for (size_t k = 0; k < sizeof small / sizeof *small; k++)
		field(bits, small[k], 3);
	for (size_t k = 0; k < sizeof flags / sizeof *flags; k++)
		field(bits, flags[k], 1);
	for (int b = 1; b <= BALLOTS; b++) {
		field(bits, &s->at[b].given, 1);
		field(bits, &s->at[b].told, 3);
		field(bits, &s->at[b].told_value, 3);
		field(bits, &s->at[b].told_floor, 3);
		field(bits, &s->at[b].confirmed, 3);
		field(bits, &s->at[b].issued, BALLOTS + 1);
		field(bits, &s->at[b].accepted, BALLOTS + 1);
	}
}

static void common_fields(struct bits *bits, U *u)
{
	for (int b = 1; b <= BALLOTS; b++) {
		field(bits, &u->at[b].proposed, BALLOTS + 1);
		field(bits, &u->at[b].below, 3);
	}
	field(bits, &u->restarts, 2);
	field(bits, &u->losses, 1);
	field(bits, &u->is_reading, 1);
	field(bits, &u->from, 3);
	field(bits, &u->from_value, 3);
}

static int compare_columns(const void *a, const void *b)
{
	return memcmp(a, b, SERVER_WORDS * sizeof(uint64_t));
}

static void pack(const U *u, uint64_t *words)
{
	U copy = *u;
	struct bits bits = {.words = words + HONEST * SERVER_WORDS};

	common_fields(&bits, &copy);
	for (int i = 0; i < HONEST; i++) {
		struct bits column = {.words = words + i * SERVER_WORDS};

		server_fields(&column, &copy.server[i]);
	}
	qsort(words, HONEST, SERVER_WORDS * sizeof *words, compare_columns);
}

static void unpack(const uint64_t *words, U *u)
{
	uint64_t copy[SW];
	struct bits bits = {.words = copy + HONEST * SERVER_WORDS, .is_reading = 1};

	memcpy(copy, words, sizeof copy);
	memset(u, 0, sizeof *u);
	common_fields(&bits, u);
	for (int i = 0; i < HONEST; i++) {
		struct bits column = {.words = copy + i * SERVER_WORDS, .is_reading = 1};

		server_fields(&column, &u->server[i]);
	}
}

/* ---- what has happened ------------------------------------------------------------ */

static int kind_of(int ballot)
{
	return kinds[ballot - 1];
}

/* Of a user, with a value of its own; the others propose again what they were told. */
static int is_writer(int ballot)
{
	return kind_of(ballot) != 'F' && kind_of(ballot) != 'L';
}

static int needs_confirmation(int ballot)
{
	if (!is_writer(ballot))
		return proof == CONFIRMED;
	return kind_of(ballot) == 'X' ? shared == BY_CONFIRMATION : !own;
}

static int epoch_of(int ballot)
{
	return epoch_from && ballot >= epoch_from;
}

static int was_proposed(const U *u, int ballot, int value)
{
	return u->at[ballot].proposed >> value & 1;
}

/* Has a writer signed this value?  Nothing at all needs no signature. */
static int exists(const U *u, int value)
{
	return value == 0 || (is_writer(value) && u->at[value].proposed);
}

/* The liar makes three. */
static int is_chosen(const U *u, int ballot, int value)
{
	int count = 0;

	for (int i = 0; i < HONEST; i++)
		count += u->server[i].at[ballot].accepted >> value & 1;
	return ballot == 0 || count >= CHOSEN;
}

static int was_ever_chosen(const U *u, int value)
{
	for (int b = 1; b <= ballots; b++)
		if (is_chosen(u, b, value))
			return 1;
	return 0;
}

/* Is the value this one, or made on top of it?  "Last" is the lowest of its line. */
static int is_in_line(const U *u, int value, int earlier, int *ret_last)
{
	*ret_last = BALLOTS + 1;
	while (value != earlier && value != 0) {
		*ret_last = value;
		value = u->at[value].below;
	}
	return value == earlier;
}

/*
 * Was the value made with knowledge of the earlier one?  Who finds nothing after a
 * tombstone was chosen has found what the tombstone says.
 */
static int follows(const U *u, int value, int earlier)
{
	int last, ignored;

	if (is_in_line(u, value, earlier, &last))
		return 1;
	for (int t = 1; t <= ballots; t++)
		if (kind_of(t) == 'T' && t < last && was_ever_chosen(u, t) &&
		    is_in_line(u, t, earlier, &ignored))
			return 1;
	return 0;
}

/* Has the owner taken the right to write away, as this value tells? */
static int is_unshared(const U *u, int value)
{
	for (; value; value = u->at[value].below)
		if (kind_of(value) == 'U')
			return 1;
	return 0;
}

/* May the liar tell a proposer that it has accepted this value at this ballot? */
static int may_claim(const U *u, int ballot, int value, int to_finisher)
{
	if (proof == NO_PROOF || (proof == PROMISES && to_finisher))
		return exists(u, value);
	return was_proposed(u, ballot, value);
}

/* Does the server hear messages of this ballot at all? */
static int hears(const server_state *s, int ballot)
{
	return !s->is_lost && s->epoch == epoch_of(ballot) && ballot > s->lower &&
	       (s->ballot || ballot > s->floor);
}

#endif
