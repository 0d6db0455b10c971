/*
 * The line in which strangers wait for what they ask for: handshakes, and calls beyond
 * those that it takes to log in.
 *
 * Whose address and network have cost little lately goes at once, as long as all who did
 * so have not cost too much together.  All others share one stream of turns: next is who
 * belongs to the least greedy network, of that to the least greedy address, and there who
 * is here for longest.  Only he keeps an eye on the clock; whoever changes something
 * wakes him.
 */
#include "admission_internal.h"

#include "clock.h"
#include <utlist.h>

/*
 * What each address may owe.  While very many come who are new here, no more than that
 * one who has just arrived can begin.
 */
static bool owes_little(struct admission_seat *seat, int64_t now_ms)
{
	struct admission *admission = seat->admission;
	const struct admission_limits *limits = &admission->limits;
	const int64_t all = debt_now(&admission->debt, now_ms);
	const int64_t one = limits->cost_ms[ADMISSION_HANDSHAKE];

	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++) {
		int64_t most = limits->free_ms_of[width];

		if (all >= limits->free_ms / 2 && most > one)
			most = one;
		if (debt_now(&seat->groups[width]->debt, now_ms) >= most)
			return false;
	}
	return all < limits->free_ms;
}

static struct admission_seat *next_of(const struct admission *admission)
{
	const int64_t now = clock_now_ms();
	struct admission_seat *seat, *found = NULL;

	if (admission->waiting == 0)
		return NULL;
	DL_FOREACH (admission->seats, seat) {
		/* cppcheck-suppress uninitvar ; seats are made by calloc */
		if (!seat->waits)
			continue;
		if (!found || admission_groups_compare(seat, found, now) < 0)
			found = seat;
	}
	return found;
}

void admission_line_go_on(struct admission *admission)
{
	struct admission_seat *next = next_of(admission);

	if (next)
		pthread_cond_signal(&next->turn);
}

/*
 * Waits for the seat's turn; false when there will be none.  ret_at_once: he need not
 * wait for it any more.
 */
static bool wait_in_line(struct admission_seat *seat, int64_t cost, int64_t deadline_ms,
			 bool *ret_at_once)
{
	struct admission *admission = seat->admission;
	int64_t now = clock_now_ms();
	bool granted = false;

	seat->waits = true;
	admission->waiting++;
	while (!seat->cut_off && !admission->ended && now < deadline_ms) {
		int64_t until = deadline_ms;

		if (next_of(admission) == seat) {
			/* Others of his address may have been forgiven meanwhile. */
			granted = now >= admission->turn_ms || owes_little(seat, now);
			until = admission->turn_ms;
		} else {
			admission_line_go_on(admission);
		}
		if (granted)
			break;
		(void)clock_wait(&seat->turn, &admission->lock,
				 until < deadline_ms ? until : deadline_ms);
		now = clock_now_ms();
	}
	seat->waits = false;
	admission->waiting--;
	*ret_at_once = now < admission->turn_ms;
	if (granted && !*ret_at_once)
		admission->turn_ms = now + cost;
	return granted;
}

bool admission_turn(struct admission_seat *seat, enum admission_work work,
		    int64_t deadline_ms)
{
	struct admission *admission = seat->admission;
	const int64_t cost = admission->limits.cost_ms[work];
	const int64_t now = clock_now_ms();

	pthread_mutex_lock(&admission->lock);
	bool granted = !seat->cut_off && !admission->ended;
	bool paid = work == ADMISSION_CALL && seat->calls < admission->limits.calls;
	seat->calls += work == ADMISSION_CALL;
	if (granted && seat->stranger && !paid) {
		bool at_once = owes_little(seat, now);

		granted = at_once || wait_in_line(seat, cost, deadline_ms, &at_once);
		if (granted)
			admission_groups_charge(seat, cost, at_once);
		/* What it cost may have changed who is next, and when. */
		admission_line_go_on(admission);
	}
	pthread_mutex_unlock(&admission->lock);
	return granted;
}
