/* The steps of liar.c that agree: PREPARE, CONFIRM, ACCEPT and LEARN. */
#ifndef DFS_LIAR_PROPOSE_H
#define DFS_LIAR_PROPOSE_H

#include "liar.h"

static void step_promise(const U *u, int ballot)
{
	if (kind_of(ballot) != 'L' && u->at[ballot].proposed)
		return;
	for (int i = 0; i < HONEST; i++) {
		const server_state *s = &u->server[i];
		U n = *u;

		if (!hears(s, ballot) || s->at[ballot].given || s->promised >= ballot ||
		    s->ballot >= ballot)
			continue;
		n.server[i].promised = (uint8_t)ballot;
		n.server[i].at[ballot].given = 1;
		n.server[i].at[ballot].told = s->ballot;
		n.server[i].at[ballot].told_value = s->value;
		n.server[i].at[ballot].told_floor = s->ballot ? 0 : s->floor;
		D("s%d promises ballot %d, has value %d of %d", i + 1, ballot, s->value,
		  s->ballot);
		out(&n);
	}
}

/* ---- CONFIRM ---------------------------------------------------------------------- */

/* What is confirmed: the value of who proposes again, what a writer's value is on. */
static void note_confirmed(U *n, int ballot, int value)
{
	int same = 0;

	for (int j = 0; j < HONEST; j++)
		same += n->server[j].at[ballot].issued >> value & 1;
	if (same < confirmations - 1)
		return;
	if (!is_writer(ballot)) {
		n->at[ballot].proposed |= (uint8_t)(1 << value);
	} else if (!n->at[ballot].proposed) {
		n->at[ballot].proposed = (uint8_t)(1 << ballot);
		n->at[ballot].below = (uint8_t)value;
	}
}

static int may_confirm(const U *u, int server, int ballot)
{
	server_state s = u->server[server];

	if (cover == COVERS_PROMISES)
		s.lower = 0;
	return hears(&s, ballot) && !s.at[ballot].confirmed &&
	       !(strict && (s.promised > ballot || s.ballot >= ballot));
}

/* One more server confirms that this value may be proposed, or written on. */
static void confirm(const U *u, int ballot, int seen_at, int value)
{
	const int is_honest = kind_of(ballot) != 'L' && kind_of(ballot) != 'X';
	int asked = 0;

	for (int j = 0; j < HONEST; j++)
		asked |= u->server[j].at[ballot].issued;
	if (is_honest && asked & ~(1 << value))
		return; /* it asks for one only */
	for (int i = 0; i < HONEST; i++) {
		U n = *u;

		if (!may_confirm(u, i, ballot))
			continue;
		n.server[i].at[ballot].confirmed = (uint8_t)(value + 1);
		n.server[i].at[ballot].issued |= (uint8_t)(1 << value);
		note_confirmed(&n, ballot, value);
		D("s%d confirms %s value %d at ballot %d, seen at %d", i + 1,
		  is_writer(ballot) ? "a value on" : "again", value, ballot, seen_at);
		out(&n);
	}
}

/* ---- proposing -------------------------------------------------------------------- */

/* Whoever has this ballot proposes, having seen the value at a lower one. */
static void propose(const U *u, int ballot, int seen_at, int value)
{
	U n = *u;

	if (kind_of(ballot) == 'X' && is_unshared(u, value))
		return; /* all see that he may not */
	if (needs_confirmation(ballot)) {
		confirm(u, ballot, seen_at, value);
	} else if (is_writer(ballot)) {
		n.at[ballot].proposed = (uint8_t)(1 << ballot);
		n.at[ballot].below = (uint8_t)value;
		D("%c of ballot %d proposes on top of value %d, seen at %d",
		  kind_of(ballot), ballot, value, seen_at);
		out(&n);
	} else if (!was_proposed(u, ballot, value)) {
		n.at[ballot].proposed |= (uint8_t)(1 << value);
		D("%c proposes value %d again at ballot %d, seen at %d", kind_of(ballot),
		  value, ballot, seen_at);
		out(&n);
	}
}

/* What the honest ones among those asked told, taken together. */
struct told {
	int count;     /* how many they are */
	int at, value; /* the highest */
	int alike;     /* how many told just that */
	int outvoting; /* how many know nothing, with a floor not below it */
};

static int count_alike(const U *u, int ballot, int mask, const server_state *s)
{
	int count = 0;

	for (int j = 0; j < HONEST; j++) {
		const server_state *other = &u->server[j];

		count += mask >> j & 1 && other->at[ballot].given &&
			 other->at[ballot].told == s->at[ballot].told &&
			 other->at[ballot].told_value == s->at[ballot].told_value;
	}
	return count;
}

/* How many of them know nothing, with a floor at or above this? */
static int count_outvoting(const U *u, int ballot, int mask, int at)
{
	int count = 0;

	for (int j = 0; j < HONEST; j++)
		count += mask >> j & 1 && !u->server[j].at[ballot].told &&
			 u->server[j].at[ballot].told_floor >= at;
	return count;
}

static int has_all_promised(const U *u, int ballot, int mask)
{
	for (int i = 0; i < HONEST; i++)
		if (mask >> i & 1 && !u->server[i].at[ballot].given)
			return 0;
	return 1;
}

/* A server that proposed again is heard only with another one that says the same. */
static int counts(const U *u, int ballot, int mask, const server_state *s)
{
	return !vouch || is_writer(s->at[ballot].told) ||
	       count_alike(u, ballot, mask, s) >= 2;
}

/*
 * What they told when the one called best told the highest, or as high as another with
 * another value; best below 0: none of them knows anything.  False when it is not so.
 */
static int take_highest(const U *u, int ballot, int mask, int best, struct told *ret_told)
{
	struct told told = {.count = __builtin_popcount((unsigned)mask)};

	if (best >= 0) {
		const server_state *s = &u->server[best];

		if (!(mask >> best & 1) || !s->at[ballot].told ||
		    !counts(u, ballot, mask, s))
			return 0;
		told.at = s->at[ballot].told;
		told.value = s->at[ballot].told_value;
		told.alike = count_alike(u, ballot, mask, s);
	}
	for (int i = 0; i < HONEST; i++) {
		const server_state *s = &u->server[i];

		if (mask >> i & 1 && s->at[ballot].told > told.at &&
		    counts(u, ballot, mask, s))
			return 0;
	}
	told.outvoting = count_outvoting(u, ballot, mask, told.at);
	*ret_told = told;
	return 1;
}

/*
 * Proposes what the honest ones told, the liar saying what suits it.  Where one alone
 * names it and the others know nothing, the liar may be a third that knows nothing.
 */
static void propose_told(const U *u, int ballot, const struct told *told)
{
	const int may_outvote = told->at && told->alike == 1 && forgetting &&
				told->outvoting == told->count - 1;

	if (!may_outvote || told->count < need || alone != ALONE_IS_OUTVOTED)
		propose(u, ballot, told->at, told->value);
	if (may_outvote && (alone == ALONE_IS_OUTVOTED ||
			    (alone == ALONE_WAITS && told->count == HONEST)))
		propose(u, ballot, 0, 0);
}

/* Proposes what the liar, one of those asked, says that it has accepted. */
static void propose_claimed(const U *u, int ballot, int mask, const struct told *told)
{
	for (int claimed = told->at + 1; claimed < ballot; claimed++) {
		if (alone != ALONE_COUNTS &&
		    count_outvoting(u, ballot, mask, claimed) == told->count)
			continue;
		for (int v = 0; v <= ballots; v++)
			if (may_claim(u, claimed, v, !is_writer(ballot)) &&
			    !(vouch && !is_writer(claimed)))
				propose(u, ballot, claimed, v);
	}
}

/* By enough honest promises, or by one fewer and whatever the liar tells. */
static void step_propose_by(const U *u, int ballot, int mask)
{
	const int promises = __builtin_popcount((unsigned)mask);
	struct told told;

	if (promises < need - 1 || promises > need || !has_all_promised(u, ballot, mask))
		return;
	for (int best = -1; best < HONEST; best++) {
		if (!take_highest(u, ballot, mask, best, &told))
			continue;
		propose_told(u, ballot, &told);
		if (promises < need)
			propose_claimed(u, ballot, mask, &told);
	}
}

static void step_propose(const U *u, int ballot)
{
	const int kind = kind_of(ballot);
	const int needs_none = (kind == 'L' && proof <= SIGNED) ||
			       (kind == 'X' && shared == BY_SIGNATURE);

	if (u->at[ballot].proposed &&
	    (is_writer(ballot) || (kind == 'F' && proof != CONFIRMED)))
		return;
	for (int v = 0; needs_none && v <= ballots; v++)
		if (exists(u, v))
			propose(u, ballot, 0, v);
	for (int mask = 1; !needs_none && mask < 1 << HONEST; mask++)
		step_propose_by(u, ballot, mask);
}

/* ---- ACCEPT and LEARN ------------------------------------------------------------- */

static int may_accept(const U *u, int server, int ballot, int value)
{
	const server_state *s = &u->server[server];

	return hears(s, ballot) && ballot > s->ballot && ballot >= s->promised &&
	       !(kind_of(ballot) == 'X' && value == ballot && is_unshared(u, s->value));
}

/* What has not been told by a proposer is taken whatever was promised. */
static int may_learn(const U *u, int server, int ballot, int value)
{
	const server_state *s = &u->server[server];
	int others = 0;

	if (s->is_lost || ballot <= s->ballot || (!s->ballot && ballot <= s->floor) ||
	    epoch_of(ballot) < s->epoch)
		return 0;
	for (int j = 0; j < HONEST; j++)
		others += j != server && u->server[j].ballot == ballot &&
			  u->server[j].value == value;
	return learn == 1 || (learn == 2 && others >= 2) || (learn == 3 && others >= 1);
}

static void step_accept(const U *u, int ballot, int value)
{
	for (int i = 0; i < HONEST; i++) {
		const int accepts = may_accept(u, i, ballot, value);
		U n = *u;
		server_state *s = &n.server[i];

		if (!accepts && !may_learn(u, i, ballot, value))
			continue;
		s->ballot = (uint8_t)ballot;
		s->value = (uint8_t)value;
		s->is_taken = 0;
		s->epoch = (uint8_t)epoch_of(ballot);
		if (s->promised < ballot)
			s->promised = (uint8_t)ballot;
		s->at[ballot].accepted |= (uint8_t)(1 << value);
		D("s%d %s value %d at ballot %d", i + 1, accepts ? "accepts" : "learns",
		  value, ballot);
		out(&n);
	}
}

#endif
