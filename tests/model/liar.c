/*
 * One path, three honest servers, and a fourth that says whatever it can prove.
 *
 * How much has a proposer to show before servers take its value, so that one server
 * that lies cannot undo what was agreed?  The product does not ask for any of this yet:
 * the model is ahead of it (doc/AGREEMENT.md 7.3).
 *
 * The liar has no state: it promises and accepts whenever that suits it, and tells
 * every proposer whatever the rule of proof lets it tell.  A value is chosen when two
 * honest servers have accepted it, for the liar makes three.
 *
 * kinds=	a letter for each ballot, lowest first: W an honest writer, whose value
 *		has the number of its ballot; F an honest server that finishes; L the
 *		liar, which finishes
 * proof=	what a value that is proposed again must show: 0 nothing; 1 the
 *		signature of the server that proposes it; 2 three signed promises, which
 *		are believed; 3 three promises whose highest report is proved too; 4
 *		confirmations
 * ackq=	of how many servers (with proof=4; the liar gives one)
 * strict=1	a server confirms only what its own promise lets it accept
 * q1=		promises that a proposer needs
 * learn=	what is taken whatever was promised: 0 nothing; 1 any proved value; 2
 *		one that two other honest servers have now
 * vouch=1	a value that was proposed again counts when two of three answers name it
 * rd=		a read that ends with two equal answers: 1 settled ones, and the third
 *		is not higher; 2 the third may be higher; 3 they need not be settled
 */
#include <stdint.h>

enum { BALLOTS = 4, HONEST = 3, CHOSEN = 2 };

typedef struct {
	uint8_t promised[HONEST];
	uint8_t ballot[HONEST], value[HONEST]; /* accepted; value 0: nothing */
	struct {
		uint8_t given[HONEST];      /* who has promised this ballot */
		uint8_t told[HONEST];       /* the ballot that it told of then */
		uint8_t told_value[HONEST]; /* and the value of that */
		uint8_t proposed;           /* values proposed at it, as a mask */
		uint8_t below; /* of a writer: the value that its own follows */
		uint8_t confirmed[HONEST];     /* the value that it confirmed, and one */
		uint8_t accepted[BALLOTS + 1]; /* by value: who has taken it, as a mask */
	} at[BALLOTS + 1];
} U;
#define SW 4
#include "engine.h"

enum { NO_PROOF, SIGNED, PROMISES, PROVED_PROMISES, CONFIRMED };

static char kinds[BALLOTS + 1] = "WWFL";
static int ballots, proof = PROVED_PROMISES, learn, vouch, need = 3, confirmations = 3,
		    strict, reads;

/* ---- packing: bit after bit ------------------------------------------------------- */

static void put_bits(uint64_t *words, int *at, unsigned value, int count)
{
	for (int k = 0; k < count; k++, (*at)++)
		if (value >> k & 1)
			words[*at / 64] |= UINT64_C(1) << (*at % 64);
}

static uint8_t get_bits(const uint64_t *words, int *at, int count)
{
	unsigned value = 0;

	for (int k = 0; k < count; k++, (*at)++)
		value |= (unsigned)(words[*at / 64] >> (*at % 64) & 1) << k;
	return (uint8_t)value;
}

static void pack(const U *u, uint64_t *words)
{
	int at = 0;

	for (int i = 0; i < HONEST; i++) {
		put_bits(words, &at, u->promised[i], 3);
		put_bits(words, &at, u->ballot[i], 3);
		put_bits(words, &at, u->value[i], 3);
	}
	for (int b = 1; b <= BALLOTS; b++) {
		for (int i = 0; i < HONEST; i++) {
			put_bits(words, &at, u->at[b].given[i], 1);
			put_bits(words, &at, u->at[b].told[i], 3);
			put_bits(words, &at, u->at[b].told_value[i], 3);
			put_bits(words, &at, u->at[b].confirmed[i], 3);
		}
		put_bits(words, &at, u->at[b].proposed, BALLOTS + 1);
		put_bits(words, &at, u->at[b].below, 3);
		for (int v = 0; v <= BALLOTS; v++)
			put_bits(words, &at, u->at[b].accepted[v], HONEST);
	}
}

static void unpack(const uint64_t *words, U *u)
{
	int at = 0;

	memset(u, 0, sizeof *u);
	for (int i = 0; i < HONEST; i++) {
		u->promised[i] = get_bits(words, &at, 3);
		u->ballot[i] = get_bits(words, &at, 3);
		u->value[i] = get_bits(words, &at, 3);
	}
	for (int b = 1; b <= BALLOTS; b++) {
		for (int i = 0; i < HONEST; i++) {
			u->at[b].given[i] = get_bits(words, &at, 1);
			u->at[b].told[i] = get_bits(words, &at, 3);
			u->at[b].told_value[i] = get_bits(words, &at, 3);
			u->at[b].confirmed[i] = get_bits(words, &at, 3);
		}
		u->at[b].proposed = get_bits(words, &at, BALLOTS + 1);
		u->at[b].below = get_bits(words, &at, 3);
		for (int v = 0; v <= BALLOTS; v++)
			u->at[b].accepted[v] = get_bits(words, &at, HONEST);
	}
}

/* ---- what has happened ------------------------------------------------------------ */

static int kind_of(int ballot)
{
	return kinds[ballot - 1];
}

static int was_proposed(const U *u, int ballot, int value)
{
	return u->at[ballot].proposed >> value & 1;
}

/* Has a writer signed this value?  Nothing at all needs no signature. */
static int exists(const U *u, int value)
{
	return value == 0 || (kind_of(value) == 'W' && u->at[value].proposed);
}

static int is_chosen(const U *u, int ballot, int value)
{
	return ballot == 0 || __builtin_popcount(u->at[ballot].accepted[value]) >= CHOSEN;
}

/* Was the value made on top of the earlier one, or is it that one? */
static int follows(const U *u, int value, int earlier)
{
	for (int k = 0; k < 2 * BALLOTS; k++) {
		if (value == earlier)
			return 1;
		if (value == 0)
			return 0;
		value = u->at[value].below;
	}
	return 0;
}

/* May the liar tell a proposer that it has accepted this value at this ballot? */
static int may_claim(const U *u, int ballot, int value, int to_finisher)
{
	if (proof == NO_PROOF || (proof == PROMISES && to_finisher))
		return exists(u, value);
	return was_proposed(u, ballot, value);
}

/* ---- steps ------------------------------------------------------------------------ */

/* One more server confirms that this value may be proposed again. */
static void confirm(const U *u, int ballot, int seen_at, int value)
{
	for (int i = 0; i < HONEST; i++) {
		U n = *u;
		int others = 0, same = 0;

		if (u->at[ballot].confirmed[i] ||
		    (strict && (u->promised[i] > ballot || u->ballot[i] >= ballot)))
			continue;
		for (int j = 0; j < HONEST; j++)
			others |= u->at[ballot].confirmed[j] &&
				  u->at[ballot].confirmed[j] != value + 1;
		if (kind_of(ballot) == 'F' && others)
			continue; /* an honest one asks for one value only */
		n.at[ballot].confirmed[i] = (uint8_t)(value + 1);
		for (int j = 0; j < HONEST; j++)
			same += n.at[ballot].confirmed[j] == value + 1;
		if (same >= confirmations - 1)
			n.at[ballot].proposed |= (uint8_t)(1 << value);
		D("s%d confirms value %d at ballot %d, seen at %d", i + 1, value, ballot,
		  seen_at);
		out(&n);
	}
}

/* Whoever has this ballot proposes, having seen the value at a lower one. */
static void propose(const U *u, int ballot, int seen_at, int value)
{
	U n = *u;

	if (kind_of(ballot) == 'W') {
		n.at[ballot].proposed = (uint8_t)(1 << ballot);
		n.at[ballot].below = (uint8_t)value;
		D("the writer of ballot %d proposes on top of value %d, seen at %d",
		  ballot, value, seen_at);
		out(&n);
	} else if (proof == CONFIRMED) {
		confirm(u, ballot, seen_at, value);
	} else if (!was_proposed(u, ballot, value)) {
		n.at[ballot].proposed |= (uint8_t)(1 << value);
		D("%c proposes value %d again at ballot %d, seen at %d", kind_of(ballot),
		  value, ballot, seen_at);
		out(&n);
	}
}

static void step_promise(const U *u, int ballot)
{
	if (kind_of(ballot) != 'L' && u->at[ballot].proposed)
		return;
	for (int i = 0; i < HONEST; i++) {
		U n = *u;

		if (u->at[ballot].given[i] || u->promised[i] >= ballot ||
		    u->ballot[i] >= ballot)
			continue;
		n.at[ballot].given[i] = 1;
		n.promised[i] = (uint8_t)ballot;
		n.at[ballot].told[i] = u->ballot[i];
		n.at[ballot].told_value[i] = u->value[i];
		D("s%d promises ballot %d, has value %d of %d", i + 1, ballot,
		  u->value[i], u->ballot[i]);
		out(&n);
	}
}

/* How many of these servers told the proposer exactly what this one did? */
static int count_alike(const U *u, int ballot, int mask, int server)
{
	int count = 0;

	for (int j = 0; j < HONEST; j++)
		count += mask >> j & 1 && u->at[ballot].given[j] &&
			 u->at[ballot].told[j] == u->at[ballot].told[server] &&
			 u->at[ballot].told_value[j] == u->at[ballot].told_value[server];
	return count;
}

/* The highest value that these servers told of; false when one has not promised. */
static int take_highest(const U *u, int ballot, int mask, int *ret_seen_at,
			int *ret_value)
{
	*ret_seen_at = *ret_value = 0;
	for (int i = 0; i < HONEST; i++) {
		int told = u->at[ballot].told[i];

		if (!(mask >> i & 1))
			continue;
		if (!u->at[ballot].given[i])
			return 0;
		if (vouch && told && kind_of(told) != 'W' &&
		    count_alike(u, ballot, mask, i) < 2)
			continue;
		if (told > *ret_seen_at) {
			*ret_seen_at = told;
			*ret_value = u->at[ballot].told_value[i];
		}
	}
	return 1;
}

/* By enough honest promises, or by one fewer and whatever the liar tells. */
static void step_propose_by(const U *u, int ballot, int mask)
{
	int promises = __builtin_popcount((unsigned)mask), seen_at, value;

	if (promises < need - 1 || promises > need ||
	    !take_highest(u, ballot, mask, &seen_at, &value))
		return;
	propose(u, ballot, seen_at, value);
	if (promises == need)
		return;
	for (int claimed = seen_at + 1; claimed < ballot; claimed++)
		for (int v = 0; v <= ballots; v++)
			if (may_claim(u, claimed, v, kind_of(ballot) != 'W') &&
			    !(vouch && kind_of(claimed) != 'W'))
				propose(u, ballot, claimed, v);
}

static void step_propose(const U *u, int ballot)
{
	int kind = kind_of(ballot);

	if (u->at[ballot].proposed &&
	    (kind == 'W' || (kind == 'F' && proof != CONFIRMED)))
		return;
	if (kind == 'L' && (proof == NO_PROOF || proof == SIGNED)) {
		for (int v = 0; v <= ballots; v++)
			if (exists(u, v))
				propose(u, ballot, 0, v);
		return;
	}
	for (int mask = 1; mask < 1 << HONEST; mask++)
		step_propose_by(u, ballot, mask);
}

static int may_learn(const U *u, int server, int ballot, int value)
{
	int others = 0;

	for (int j = 0; j < HONEST; j++)
		others += j != server && u->ballot[j] == ballot && u->value[j] == value;
	return ballot > u->ballot[server] && (learn == 1 || (learn == 2 && others >= 2));
}

static void step_accept(const U *u, int ballot, int value)
{
	for (int i = 0; i < HONEST; i++) {
		U n = *u;

		if (!(ballot > u->ballot[i] && ballot >= u->promised[i]) &&
		    !may_learn(u, i, ballot, value))
			continue;
		n.ballot[i] = (uint8_t)ballot;
		n.value[i] = (uint8_t)value;
		if (n.promised[i] < ballot)
			n.promised[i] = (uint8_t)ballot;
		n.at[ballot].accepted[value] |= (uint8_t)(1 << i);
		D("s%d accepts value %d at ballot %d", i + 1, value, ballot);
		out(&n);
	}
}

static void succ(const U *u)
{
	for (int b = 1; b <= ballots; b++)
		step_promise(u, b);
	for (int b = 1; b <= ballots; b++)
		step_propose(u, b);
	for (int b = 1; b <= ballots; b++)
		for (int v = 0; v <= ballots; v++)
			if (was_proposed(u, b, v))
				step_accept(u, b, v);
}

/* ---- what must be so -------------------------------------------------------------- */

/* Does a chosen value stand that was made without this one? */
static int is_lost(const U *u, int ballot, int value)
{
	for (int c = ballot; c <= ballots; c++)
		for (int x = 0; x <= ballots; x++)
			if (was_proposed(u, c, x) && !(c == ballot && x == value) &&
			    is_chosen(u, c, x) && !follows(u, x, value))
				return 1;
	return 0;
}

/* Two equal answers, of which the liar gives one; c is the third. */
static const char *check_read(const U *u, int a, int c, int newest, int newest_value)
{
	int ballot = u->ballot[a], value = u->value[a];

	if (reads == 3 && ballot && u->ballot[c] <= ballot &&
	    !is_chosen(u, ballot, value))
		return "a read returns what was not chosen";
	if (ballot == 0 || !is_chosen(u, ballot, value))
		return NULL;
	if (reads == 1 && u->ballot[c] > ballot)
		return NULL;
	if (ballot < newest && !follows(u, value, newest_value))
		return "a read returns an older value than a chosen one";
	return NULL;
}

static const char *check_reads(const U *u)
{
	const char *wrong = NULL;
	int newest = 0, newest_value = 0;

	for (int b = 1; b <= ballots; b++)
		for (int v = 0; v <= ballots; v++)
			if (was_proposed(u, b, v) && is_chosen(u, b, v)) {
				newest = b;
				newest_value = v;
			}
	for (int i = 0; i < HONEST && !wrong; i++)
		for (int j = 0; j < HONEST && !wrong; j++) {
			if (i == j)
				continue;
			wrong = check_read(u, i, j, newest, newest_value);
			if (!wrong && u->ballot[i] && u->ballot[i] == u->ballot[j] &&
			    u->value[i] == u->value[j] && u->ballot[i] < newest &&
			    !follows(u, u->value[i], newest_value))
				wrong = "two equal honest answers are older "
					"than a chosen value";
		}
	return wrong;
}

static const char *check(const U *u)
{
	for (int b = 1; b <= ballots; b++)
		for (int v = 0; v <= ballots; v++)
			if (is_chosen(u, b, v) && is_lost(u, b, v))
				return "a chosen value is not below a later chosen one";
	return reads ? check_reads(u) : NULL;
}

static void show(const U *u)
{
	for (int i = 0; i < HONEST; i++)
		printf("      s%d promised=%d accepted=%d(value %d)\n", i + 1,
		       u->promised[i], u->ballot[i], u->value[i]);
}

int main(int argc, char **argv)
{
	const struct option options[] = {
		{.key = "kinds", .text = kinds, .room = sizeof kinds},
		{.key = "proof", .value = &proof},
		{.key = "ackq", .value = &confirmations},
		{.key = "strict", .value = &strict},
		{.key = "q1", .value = &need},
		{.key = "learn", .value = &learn},
		{.key = "vouch", .value = &vouch},
		{.key = "rd", .value = &reads},
	};
	char title[TITLE];
	U first;

	if (read_options(argc, argv, options, sizeof options / sizeof *options, title) !=
	    0)
		return 2;
	ballots = (int)strlen(kinds);
	memset(&first, 0, sizeof first);
	return explore(&first, title);
}
