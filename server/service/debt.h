/*
 * What strangers have cost lately: an amount that halves every ten seconds.
 *
 * Who proves something is forgiven what he cost; what stays is of those who never did.
 * Nothing here knows the time: the caller says what it is, in milliseconds.
 */
#ifndef DFS_DEBT_H
#define DFS_DEBT_H

#include <stdint.h>

/* All zeros is none. */
struct debt {
	int64_t amount, halved_ms;
};

enum { DEBT_HALF_MS = 10000 };

int64_t debt_now(struct debt *debt, int64_t now_ms);
void debt_add(struct debt *debt, int64_t amount, int64_t now_ms);
/* As much of it as is left. */
void debt_forgive(struct debt *debt, int64_t amount, int64_t now_ms);

#endif
