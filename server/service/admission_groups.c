/* Addresses and networks: who is there, and what their strangers have cost lately. */
#include "admission_internal.h"

#include "clock.h"
#include <stdlib.h>

/* So many are remembered that have nobody here any more. */
enum { GROUPS_MAX = 4096 };

static bool is_empty(const struct group *group)
{
	return group->seats == 0;
}

static void drop(struct admission *admission, enum origin_width width,
		 struct group *group)
{
	HASH_DEL(admission->groups[width], group);
	free(group);
}

/* Those with the smaller debts are forgotten; who has a seat is not. */
static void make_room(struct admission *admission, enum origin_width width)
{
	const int64_t now = clock_now_ms();
	struct group *group, *next;
	int64_t sum = 0, count = 0;

	HASH_ITER (hh, admission->groups[width], group, next) {
		if (!is_empty(group))
			continue;
		sum += debt_now(&group->debt, now);
		count++;
	}
	if (count < GROUPS_MAX)
		return;
	HASH_ITER (hh, admission->groups[width], group, next)
		if (is_empty(group) && group->debt.amount <= sum / count)
			drop(admission, width, group);
}

struct group *admission_groups_find(struct admission *admission, enum origin_width width,
				    const struct origin *origin)
{
	struct group *group;

	HASH_FIND(hh, admission->groups[width], origin, sizeof *origin, group);
	if (group)
		return group;
	if (HASH_COUNT(admission->groups[width]) >= GROUPS_MAX)
		make_room(admission, width);
	group = calloc(1, sizeof *group);
	if (!group)
		return NULL;
	group->origin = *origin;
	HASH_ADD(hh, admission->groups[width], origin, sizeof group->origin, group);
	if (group->lost) {
		free(group);
		return NULL;
	}
	return group;
}

void admission_groups_drop_if_empty(struct admission *admission, enum origin_width width,
				    struct group *group)
{
	if (group && is_empty(group) && debt_now(&group->debt, clock_now_ms()) == 0)
		drop(admission, width, group);
}

void admission_groups_clear(struct admission *admission)
{
	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++) {
		struct group *group = admission->groups[width];

		HASH_CLEAR(hh, admission->groups[width]);
		while (group) {
			struct group *next = group->hh.next;

			free(group);
			group = next;
		}
	}
}

/* Each stranger who is there counts a little more than a handshake. */
static int64_t greed(const struct admission_seat *seat, enum origin_width width,
		     int64_t now_ms)
{
	struct group *group = seat->groups[width];

	const int64_t each = 1 + seat->admission->limits.cost_ms[ADMISSION_HANDSHAKE];

	return debt_now(&group->debt, now_ms) + each * group->strangers;
}

int admission_groups_compare(struct admission_seat *seat, struct admission_seat *other,
			     int64_t now_ms)
{
	static const enum origin_width order[] = {ORIGIN_NETWORK, ORIGIN_ADDRESS};

	for (unsigned i = 0; i < ORIGIN_WIDTHS; i++) {
		int64_t of_seat = greed(seat, order[i], now_ms),
			of_other = greed(other, order[i], now_ms);

		if (of_seat != of_other)
			return of_seat > of_other ? 1 : -1;
	}
	return 0;
}

void admission_groups_charge(struct admission_seat *seat, int64_t cost, bool at_once)
{
	const int64_t now = clock_now_ms();

	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++)
		debt_add(&seat->groups[width]->debt, cost, now);
	seat->spent += cost;
	if (!at_once)
		return;
	debt_add(&seat->admission->debt, cost, now);
	seat->at_once += cost;
}

void admission_groups_forgive(struct admission_seat *seat)
{
	const int64_t now = clock_now_ms();

	for (unsigned width = 0; width < ORIGIN_WIDTHS; width++)
		debt_forgive(&seat->groups[width]->debt, seat->spent, now);
	debt_forgive(&seat->admission->debt, seat->at_once, now);
	seat->spent = seat->at_once = 0;
}
