/*
 * Does a lock keep other writers out of a path?
 *
 * ops=		H takes the lock and then relies on the value that it read; W writes
 *		without the lock; X finishes, which anybody may
 * how=0	the lock is a register of its own; servers that know of it refuse W at
 *		ACCEPT (achk=1) and at PREPARE (pchk=1) of the path
 * how=1	the lock is a part of the path's own value
 * fence=1	(how=0) H finishes the path once at a new ballot before it relies on
 *		what it read; 0: three equal answers are enough
 *
 * From the moment on when H relies on a value, every read by three servers and every
 * quorum of promises must still tell that value.
 */
#include <stdint.h>
#define MO 3
#define MB 5
typedef struct {
	struct {
		uint8_t lk, lprom, acc, prom, pr, ak, lp, la, seen;
	} s[4];
	struct {
		uint8_t ph, bal, best;
	} o[MO];
	uint8_t val[MB + 1]; /* 0 not proposed, else 1 + content, +8 when locked */
	uint8_t used, guard; /* guard: 1 + content H relies on */
} U;
#define SW 6
#include "engine.h"
enum { IDLE, LP, LA, READ, PREP, ACC, DONE };
static char ops[MO + 1] = "HW";
static int no, nb = 3, q1 = 3, how, pchk = 1, achk = 1, fence = 1, ql = 3;
static const struct option options[] = {
	{.key = "ops", .text = ops, .room = sizeof ops},

	{.key = "nb", .value = &nb},
	{.key = "q1", .value = &q1},
	{.key = "how", .value = &how},

	{.key = "pchk", .value = &pchk},
	{.key = "achk", .value = &achk},
	{.key = "fence", .value = &fence},
};
#define PUT(w, sh, v, n) ((w) |= (uint64_t)(v) << (sh), (sh) += (n))
#define GETB(w, sh, n) ((sh) += (n), (u8)(((w) >> ((sh) - (n))) & ((1u << (n)) - 1)))

static void pack(const U *u, uint64_t *w)
{
	uint64_t c[4];
	for (int i = 0; i < 4; i++) {
		uint64_t x = 0;
		int k = 0;
		PUT(x, k, u->s[i].lk, 1);
		PUT(x, k, u->s[i].lprom, 1);
		PUT(x, k, u->s[i].acc, 3);
		PUT(x, k, u->s[i].prom, 3);
		PUT(x, k, u->s[i].pr, 3);
		PUT(x, k, u->s[i].ak, 3);
		PUT(x, k, u->s[i].lp, 1);
		PUT(x, k, u->s[i].la, 1);
		PUT(x, k, u->s[i].seen, 4);
		c[i] = x;
	}
#define SWAP(a, b)                                                                       \
	if (c[a] > c[b]) {                                                               \
		uint64_t t = c[a];                                                       \
		c[a] = c[b];                                                             \
		c[b] = t;                                                                \
	}
	SWAP(0, 1) SWAP(2, 3) SWAP(0, 2) SWAP(1, 3) SWAP(1, 2) memcpy(w, c, sizeof c);
	uint64_t g = 0;
	int k = 0;
	for (int i = 0; i < MO; i++) {
		PUT(g, k, u->o[i].ph, 3);
		PUT(g, k, u->o[i].bal, 3);
		PUT(g, k, u->o[i].best, 3);
	}
	for (int b = 1; b <= MB; b++)
		PUT(g, k, u->val[b], 4);
	PUT(g, k, u->used >> 1, 5);
	PUT(g, k, u->guard, 4);
	w[4] = g;
	w[5] = 0;
}
static void unpack(const uint64_t *w, U *u)
{
	memset(u, 0, sizeof *u);
	for (int i = 0; i < 4; i++) {
		uint64_t x = w[i];
		int k = 0;
		u->s[i].lk = GETB(x, k, 1);
		u->s[i].lprom = GETB(x, k, 1);
		u->s[i].acc = GETB(x, k, 3);
		u->s[i].prom = GETB(x, k, 3);
		u->s[i].pr = GETB(x, k, 3);
		u->s[i].ak = GETB(x, k, 3);
		u->s[i].lp = GETB(x, k, 1);
		u->s[i].la = GETB(x, k, 1);
		u->s[i].seen = GETB(x, k, 4);
	}
	int k = 0;
	for (int i = 0; i < MO; i++) {
		u->o[i].ph = GETB(w[4], k, 3);
		u->o[i].bal = GETB(w[4], k, 3);
		u->o[i].best = GETB(w[4], k, 3);
	}
	for (int b = 1; b <= MB; b++)
		u->val[b] = GETB(w[4], k, 4);
	u->used = (u8)(GETB(w[4], k, 5) << 1);
	u->guard = GETB(w[4], k, 4);
}
static int content(const U *u, int b)
{
	return b ? (u->val[b] & 7) - 1 : 0;
}
static int locked(const U *u, int b)
{
	return b && u->val[b] & 8;
}

static char msg[200];
static const char *check(const U *u)
{
	if (!u->guard)
		return 0;
	for (int d = 0; d < 4; d++)
		for (int x = -1; x < 4; x++) {
			if (x == d || (x >= 0 && q1 == 3))
				continue;
			int m = 0;
			for (int j = 0; j < 4; j++)
				if (j != d && j != x)
					m = u->s[j].acc > m ? u->s[j].acc : m;
			int a = -1, eq = 1;
			for (int j = 0; j < 4; j++)
				if (j != d) {
					if (a >= 0 && u->s[j].acc != a)
						eq = 0;
					a = u->s[j].acc;
				}
			if (x >= 0 && eq)
				continue;
			if (content(u, m) != u->guard - 1) {
				sprintf(msg,
					"NOT EXCLUDED: the holder relies on value "
					"%d, a read now returns %d",
					u->guard - 1, content(u, m));
				return msg;
			}
		}
	return 0;
}
static void show(const U *u)
{
	for (int j = 0; j < 4; j++)
		printf("      s%d lock=%d path: acc=%d(value %d%s) prom=%d\n", j + 1,
		       u->s[j].lk, u->s[j].acc, content(u, u->s[j].acc),
		       locked(u, u->s[j].acc) ? " locked" : "", u->s[j].prom);
}
static void clr(U *n, int i)
{
	for (int j = 0; j < 4; j++) {
		n->s[j].pr &= (u8) ~(1u << i);
		n->s[j].ak &= (u8) ~(1u << i);
	}
	n->o[i].best = 0;
}
static void succ(const U *u)
{
	U n;
	for (int i = 0; i < no; i++) {
		char t = ops[i];
		int ph = u->o[i].ph, b = u->o[i].bal;
		if (ph == IDLE && t == 'H' && how == 0) {
			n = *u;
			n.o[i].ph = LP;
			D("H prepares the lock");
			out(&n);
		}
		if ((ph == IDLE && (t != 'H' || how == 1)) || (t == 'H' && ph == READ))
			for (int c = 1; c <= nb; c++) {
				if (u->used >> c & 1)
					continue;
				n = *u;
				clr(&n, i);
				for (int j = 0; j < 4 && t == 'H'; j++)
					n.s[j].seen = 0;
				n.o[i].ph = PREP;
				n.o[i].bal = (u8)c;
				n.used |= (u8)(1u << c);
				D("%c%d prepares the path at %d", t, i + 1, c);
				out(&n);
			}
		if (ph == LP || ph == LA)
			for (int j = 0; j < 4; j++) {
				if (ph == LP ? u->s[j].lp : u->s[j].la)
					continue;
				n = *u;
				int c = 0;
				if (ph == LP)
					n.s[j].lp = n.s[j].lprom = 1;
				else
					n.s[j].la = n.s[j].lk = 1;
				for (int k = 0; k < 4; k++)
					c += ph == LP ? n.s[k].lp : n.s[k].la;
				if (ph == LP && c >= q1) {
					n.o[i].ph = LA;
					for (int k = 0; k < 4; k++)
						n.s[k].lp = 0;
				}
				if (ph == LA && c >= ql)
					n.o[i].ph = READ;
				D("s%d %s the lock for H%s", j + 1,
				  ph == LP ? "promises" : "accepts",
				  n.o[i].ph == READ ? ": H has it" : "");
				out(&n);
			}
		if (ph == READ && !fence)
			for (int j = 0; j < 4; j++) {
				if (u->s[j].seen)
					continue;
				n = *u;
				n.s[j].seen = (u8)(u->s[j].acc + 1);
				D("H: s%d answers ballot %d", j + 1, u->s[j].acc);
				int c = 0;
				for (int k = 0; k < 4; k++)
					c += n.s[k].seen == n.s[j].seen;
				if (c >= 3) {
					n.guard = (u8)(1 + content(u, u->s[j].acc));
					n.o[i].ph = DONE;
					for (int k = 0; k < 4; k++)
						n.s[k].seen = 0;
					D("H: s%d answers ballot %d; three equal, "
					  "H relies on value %d",
					  j + 1, u->s[j].acc, n.guard - 1);
				}
				out(&n);
			}
		if (ph == PREP)
			for (int j = 0; j < 4; j++) {
				if (u->s[j].pr >> i & 1 || b <= u->s[j].prom ||
				    (t == 'W' && how == 0 && pchk && u->s[j].lk))
					continue;
				n = *u;
				n.s[j].prom = (u8)b;
				n.s[j].pr |= (u8)(1u << i);
				if (n.s[j].acc > n.o[i].best)
					n.o[i].best = n.s[j].acc;
				D("s%d promises %d to %c%d (has %d)", j + 1, b, t, i + 1,
				  u->s[j].acc);
				int c = 0;
				for (int k = 0; k < 4; k++)
					c += n.s[k].pr >> i & 1;
				if (c >= q1) {
					int best = n.o[i].best, lk = locked(&n, best),
					    v = content(&n, best);
					if (t == 'H' && how == 1)
						lk = 1;
					if (t == 'W' && !(how == 1 && lk)) {
						v = i + 1;
						lk = 0;
					}
					n.val[b] = (u8)(1 + v + (lk ? 8 : 0));
					n.o[i].ph = ACC;
					n.o[i].best = 0;
					for (int k = 0; k < 4; k++)
						n.s[k].pr &= (u8) ~(1u << i);
				}
				out(&n);
			}
		if (ph == ACC)
			for (int j = 0; j < 4; j++) {
				if (u->s[j].ak >> i & 1 || b < u->s[j].prom ||
				    (t == 'W' && how == 0 && achk && u->s[j].lk))
					continue;
				n = *u;
				n.s[j].acc = n.s[j].prom = (u8)b;
				n.s[j].ak |= (u8)(1u << i);
				int c = 0;
				for (int k = 0; k < 4; k++)
					c += n.s[k].ak >> i & 1;
				D("s%d accepts %d (value %d%s) for %c%d%s", j + 1, b,
				  content(u, b), locked(u, b) ? ", locked" : "", t, i + 1,
				  c >= 3 ? ", acknowledged" : "");
				if (c >= 3) {
					clr(&n, i);
					n.o[i].ph = DONE;
					n.o[i].bal = 0;
					if (t == 'H') {
						n.guard = (u8)(1 + content(u, b));
						for (int k = 0; k < 4; k++)
							n.s[k].la = 0;
					}
				}
				out(&n);
			}
	}
}
int main(int argc, char **argv)
{
	char title[TITLE];

	if (read_options(argc, argv, options, sizeof options / sizeof *options, title) !=
	    0)
		return 2;
	no = (int)strlen(ops);
	U u;
	memset(&u, 0, sizeof u);
	return explore(&u, title);
}
