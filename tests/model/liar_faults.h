/* The steps of liar.c in which servers restart, lose a disk, forget, or are read from. */
#ifndef DFS_LIAR_FAULTS_H
#define DFS_LIAR_FAULTS_H

#include "liar.h"

/* Promises and what was confirmed are gone; the reservation stands for what it covers. */
static void step_restart(const U *u)
{
	for (int i = 0; i < HONEST && u->restarts < restarts_most; i++) {
		U n = *u;
		server_state *s = &n.server[i];

		if (s->is_lost)
			continue;
		n.restarts++;
		if (cover != COVERS_NOTHING)
			s->lower = s->promised;
		s->promised = s->ballot;
		for (int b = 1; b <= ballots; b++)
			s->at[b].confirmed = 0;
		D("s%d starts again", i + 1);
		out(&n);
	}
}

/* ---- a lost disk ------------------------------------------------------------------ */

static void step_lose(const U *u)
{
	for (int i = 0; i < HONEST && u->losses < losses_most; i++) {
		U n = *u;
		server_state *s = &n.server[i];

		n.losses++;
		s->promised = s->ballot = s->value = s->lower = s->floor = s->epoch = 0;
		s->is_lost = 1;
		for (int b = 1; b <= ballots; b++)
			s->at[b].confirmed = 0;
		D("s%d loses its disk", i + 1);
		out(&n);
	}
}

/* Any server may hear of the new epoch; one that hands over has to. */
static void step_hand_over(const U *u)
{
	for (int i = 0; i < HONEST && u->losses; i++) {
		const server_state *s = &u->server[i];
		U n = *u;

		if (s->is_lost)
			continue;
		if (epoch_from && !s->epoch) {
			n.server[i].epoch = 1;
			D("s%d goes to the new epoch", i + 1);
			out(&n);
			continue;
		}
		if (s->has_handed)
			continue;
		n.server[i].has_handed = 1;
		n.server[i].handed = s->ballot;
		n.server[i].handed_value = s->value;
		D("s%d hands over value %d of %d", i + 1, s->value, s->ballot);
		out(&n);
	}
}

/* What no other server has any more, for all have gone on, is not counted anew. */
static void take_over(const U *u, int server, int ballot, int value)
{
	int is_held = 0;
	U n = *u;
	server_state *s = &n.server[server];

	s->is_lost = 0;
	s->epoch = epoch_from != 0;
	s->promised = s->ballot = (uint8_t)ballot;
	s->value = (uint8_t)value;
	for (int j = 0; j < HONEST; j++)
		is_held |= j != server && u->server[j].ballot == ballot &&
			   u->server[j].value == value;
	s->is_taken = (uint8_t)taken;
	if (ballot && is_held && !taken)
		s->at[ballot].accepted |= (uint8_t)(1 << value);
	for (int j = 0; j < HONEST; j++)
		n.server[j].has_handed = n.server[j].handed = n.server[j].handed_value =
			0;
	D("s%d votes again, with value %d of %d", server + 1, value, ballot);
	out(&n);
}

/* The liar is one of the donors, and hands over nothing or what it can prove. */
static void take_over_from(const U *u, int server, int mask)
{
	int ballot = 0, value = 0;

	if (__builtin_popcount((unsigned)mask) != donors - 1)
		return;
	for (int j = 0; j < HONEST; j++) {
		const server_state *s = &u->server[j];

		if (!(mask >> j & 1))
			continue;
		if (!s->has_handed)
			return;
		if (s->handed > ballot) {
			ballot = s->handed;
			value = s->handed_value;
		}
	}
	take_over(u, server, ballot, value);
	for (int b = ballot + 1; b <= ballots; b++)
		for (int v = 0; v <= ballots; v++)
			if (may_claim(u, b, v, 0))
				take_over(u, server, b, v);
}

static void step_take_over(const U *u)
{
	for (int i = 0; i < HONEST; i++)
		for (int mask = 1; u->server[i].is_lost && mask < 1 << HONEST; mask++)
			take_over_from(u, i, mask);
}

/* ---- tombstones that are forgotten ------------------------------------------------- */

/*
 * Has the server asked the others, and may it forget what it has?  They are asked one
 * after the other and may be further when the last has answered: higher is as good.
 */
static int may_forget(const U *u, int server)
{
	const server_state *s = &u->server[server];

	if (!s->ballot || !s->value || kind_of(s->value) != 'T')
		return 0;
	for (int j = 0; j < HONEST && forgetting != FORGET_BY_WORD; j++) {
		const server_state *other = &u->server[j];
		int has = (other->ballot == s->ballot && other->value == s->value) ||
			  other->ballot > s->ballot;

		if (forgetting == FORGET_NONE_BELOW)
			has |= !other->ballot && other->floor >= s->ballot;
		if (other->is_lost || !has)
			return 0;
	}
	return 1;
}

static void step_forget(const U *u)
{
	for (int i = 0; i < HONEST; i++) {
		U n = *u;
		server_state *s = &n.server[i];

		if (!may_forget(u, i))
			continue;
		if (s->floor < s->promised)
			s->floor = s->promised;
		s->ballot = s->value = 0;
		D("s%d forgets the tombstone, floor %d", i + 1, s->floor);
		out(&n);
	}
}

/* What is forgotten of other paths raises the floor for all of them. */
static void step_raise_floor(const U *u)
{
	for (int i = 0; i < HONEST; i++)
		for (int f = u->server[i].floor + 1; f <= ballots; f++) {
			U n = *u;

			n.server[i].floor = (uint8_t)f;
			D("s%d has floor %d for another path", i + 1, f);
			out(&n);
		}
}

/* ---- a reader asks the servers one after the other ----------------------------- */

static void newest_chosen(const U *u, int *ret_ballot, int *ret_value)
{
	*ret_ballot = *ret_value = 0;
	for (int b = 1; b <= ballots; b++)
		for (int v = 0; v <= ballots; v++)
			if (was_proposed(u, b, v) && is_chosen(u, b, v)) {
				*ret_ballot = b;
				*ret_value = v;
			}
}

static void step_read(const U *u)
{
	U n = *u;

	if (!u->is_reading) {
		int ballot, value;

		newest_chosen(u, &ballot, &value);
		n.is_reading = 1;
		n.from = (uint8_t)ballot;
		n.from_value = (uint8_t)value;
		D("the reader begins; the newest chosen is value %d of %d", value,
		  ballot);
		out(&n);
		return;
	}
	for (int i = 0; i < HONEST; i++) {
		const server_state *s = &u->server[i];

		if (s->is_lost || s->has_answered)
			continue;
		n = *u;
		n.server[i].has_answered = 1;
		n.server[i].answer = s->ballot;
		n.server[i].answer_value = s->value;
		D("s%d answers the reader: value %d of %d", i + 1, s->value, s->ballot);
		out(&n);
	}
}

#endif
