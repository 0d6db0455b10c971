/*
 * One path, three honest servers, and a fourth that says whatever it can prove.
 *
 * How much has a proposer to show before servers take its value, so that one server
 * that lies cannot undo what was agreed?  doc/AGREEMENT.md 8 says which of these rules
 * are the product's: own=1, shared=2, proof=4, ackq=3, strict=1, learn=2, forget=3,
 * alone=2, and cover=2.  A value is chosen when two honest
 * servers have accepted it, for the liar makes three.  The state is in liar.h, the steps
 * are in liar_propose.h and liar_faults.h.
 *
 * kinds=	a letter for each ballot, lowest first: W an honest writer, the owner,
 *		whose value has the number of its ballot; F an honest server that
 *		finishes; L the liar, which finishes; U the owner, who takes the right to
 *		write from X, who helps the liar; T the owner, with a tombstone
 * proof=	what a value that is proposed again must show: 0 nothing (the rules of
 *		before); 1 the signature of the server that proposes it; 2 three signed
 *		promises, which are believed; 3 three promises whose highest report is
 *		proved too; 4 confirmations
 * ackq=	of how many servers (with proof=4; the liar gives one)
 * strict=1	a server confirms only what its own promise lets it accept
 * q1=		promises that a proposer needs
 * own=		what an owner's value must show: 1 his signature; 0 confirmations
 * shared=	what another writer's must show: 0 his signature; 1 and three promises; 2
 *		confirmations
 * learn=	what is taken whatever was promised: 0 nothing; 1 any proved value; 2
 *		one that two other honest servers have now; 3 that one of them has
 * vouch=1	a value that was proposed again counts when two of three answers name it
 * restart=	so many starts; cover= what the reservation covers then: 0 nothing; 1
 *		promises; 2 confirmations too
 * loss=1	one disk is lost, and filled from donors= servers, one of them the liar;
 *		epoch= the first ballot of the new epoch, or 0: there is none
 * taken=1	what was taken from donors counts for no read until it was accepted anew
 * forget=	a server forgets a tombstone: 1 when the liar says so; 2 when it has asked
 *		the three others and they have just that, or more; 3 or know
 *		nothing, with a floor not below it
 * alone=	what one answer says against two that know nothing, with floors not below
 *		it: 0 it counts; 1 it does not; 2 the fourth decides
 * floors=1	floors rise for other paths too
 * rd=		a read that ends with two equal answers: 1 settled ones, and the third
 *		is not higher; 2 the third may be higher; 3 they need not be settled; 4 it
 *		ends with what one server says that it has finished
 * none=1	so does one with three answers that say "no such file", whatever
 *		their ballots; else only with three that are alike
 * reader=1	the answers of a read come one after the other, not at once
 */
#include "liar.h"
#include "liar_faults.h"
#include "liar_propose.h"

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
	step_restart(u);
	step_lose(u);
	step_hand_over(u);
	step_take_over(u);
	if (forgetting)
		step_forget(u);
	if (floors)
		step_raise_floor(u);
	if (reader)
		step_read(u);
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

/* What a read may know: the newest chosen when it began, and who has answered what. */
struct answers {
	int newest, newest_value;
	int given[HONEST], ballot[HONEST], value[HONEST];
};

static void take_answers(const U *u, struct answers *ret_answers)
{
	struct answers answers = {.newest = u->from, .newest_value = u->from_value};

	if (!reader)
		newest_chosen(u, &answers.newest, &answers.newest_value);
	for (int i = 0; i < HONEST; i++) {
		const server_state *s = &u->server[i];

		answers.given[i] =
			reader ? s->has_answered : !s->is_lost && !(taken && s->is_taken);
		answers.ballot[i] = reader ? s->answer : s->ballot;
		answers.value[i] = reader ? s->answer_value : s->value;
	}
	*ret_answers = answers;
}

static int is_old(const U *u, const struct answers *answers, int ballot, int value)
{
	return ballot < answers->newest && !follows(u, value, answers->newest_value);
}

/* Two equal answers, of which the liar gives one; c is the third. */
static const char *check_two(const U *u, const struct answers *answers, int a, int c)
{
	const int ballot = answers->ballot[a], value = answers->value[a];

	if (reads == 3 && ballot && answers->ballot[c] <= ballot &&
	    !is_chosen(u, ballot, value))
		return "a read returns what was not chosen";
	if (ballot == 0 || !is_chosen(u, ballot, value))
		return NULL;
	if (reads == 1 && answers->ballot[c] > ballot)
		return NULL;
	if (is_old(u, answers, ballot, value))
		return "a read returns an older value than a chosen one";
	return NULL;
}

static int says_nothing(int value)
{
	return !value || kind_of(value) == 'T';
}

/* Three equal answers, or three that say "no such file", the third from the liar. */
static const char *check_three(const U *u, const struct answers *answers, int a, int b)
{
	const int ballot = answers->ballot[a], value = answers->value[a];
	const int is_none = none ? says_nothing(value) && says_nothing(answers->value[b])
				 : !ballot && !answers->ballot[b];

	if (is_none && answers->newest && !follows(u, 0, answers->newest_value))
		return "a read finds nothing where a file was chosen";
	if (!ballot || ballot != answers->ballot[b] || value != answers->value[b])
		return NULL;
	if (is_old(u, answers, ballot, value))
		return "two equal honest answers are older than a chosen value";
	return NULL;
}

/* The liar says that it has finished, and that this is the value. */
static const char *check_finished(const U *u, const struct answers *answers)
{
	for (int b = 0; b <= ballots; b++)
		for (int v = 0; v <= ballots; v++)
			if ((b ? may_claim(u, b, v, 0) : !v) && is_old(u, answers, b, v))
				return "what one server says to have finished is older "
				       "than a chosen value";
	return NULL;
}

static const char *check_reads(const U *u)
{
	const char *wrong = NULL;
	struct answers answers;

	take_answers(u, &answers);
	if (reads == 4)
		wrong = check_finished(u, &answers);
	for (int i = 0; i < HONEST && !wrong; i++)
		for (int j = 0; j < HONEST && !wrong; j++) {
			if (i == j || !answers.given[i] || !answers.given[j])
				continue;
			wrong = check_two(u, &answers, i, j);
			if (!wrong)
				wrong = check_three(u, &answers, i, j);
		}
	return wrong;
}

static const char *check(const U *u)
{
	for (int b = 1; b <= ballots; b++)
		for (int v = 0; v <= ballots; v++)
			if (is_chosen(u, b, v) && is_lost(u, b, v))
				return "a chosen value is not below a later chosen one";
	return reads && (!reader || u->is_reading) ? check_reads(u) : NULL;
}

static void show(const U *u)
{
	for (int i = 0; i < HONEST; i++) {
		const server_state *s = &u->server[i];

		printf("      s%d promised=%d accepted=%d(value %d) floor=%d%s\n", i + 1,
		       s->promised, s->ballot, s->value, s->floor,
		       s->is_lost ? " lost" : "");
	}
}

int main(int argc, char **argv)
{
	const struct option options[] = {
		{.key = "kinds", .text = kinds, .room = sizeof kinds},
		{.key = "proof", .value = &proof},
		{.key = "ackq", .value = &confirmations},
		{.key = "strict", .value = &strict},
		{.key = "q1", .value = &need},
		{.key = "own", .value = &own},
		{.key = "shared", .value = &shared},
		{.key = "learn", .value = &learn},
		{.key = "vouch", .value = &vouch},
		{.key = "restart", .value = &restarts_most},
		{.key = "cover", .value = &cover},
		{.key = "loss", .value = &losses_most},
		{.key = "donors", .value = &donors},
		{.key = "epoch", .value = &epoch_from},
		{.key = "taken", .value = &taken},
		{.key = "forget", .value = &forgetting},
		{.key = "alone", .value = &alone},
		{.key = "floors", .value = &floors},
		{.key = "rd", .value = &reads},
		{.key = "none", .value = &none},
		{.key = "reader", .value = &reader},
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
