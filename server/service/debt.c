/* What strangers have cost lately. */
#include "debt.h"

int64_t debt_now(struct debt *debt, int64_t now_ms)
{
	int64_t halves = (now_ms - debt->halved_ms) / DEBT_HALF_MS;

	if (debt->amount == 0 || halves > 62) {
		*debt = (struct debt){0, now_ms};
	} else if (halves > 0) {
		debt->amount >>= halves;
		debt->halved_ms += halves * DEBT_HALF_MS;
	}
	return debt->amount;
}

void debt_add(struct debt *debt, int64_t amount, int64_t now_ms)
{
	(void)debt_now(debt, now_ms);
	debt->amount += amount;
}

void debt_forgive(struct debt *debt, int64_t amount, int64_t now_ms)
{
	int64_t left = debt_now(debt, now_ms);

	debt->amount -= amount < left ? amount : left;
}
