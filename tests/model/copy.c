/*
 * Two paths, A and B, and one object that A names at the start.
 *
 * ops=		K copies A to B (B must not exist); M moves A to B (the same, then a
 *		tombstone at A if A is unchanged); D deletes A, E deletes B; X finishes
 *		B, Y finishes A; N meets the note of M at B, and sets the tombstone at
 *		A as M's. Every server drops the object by what it knows.
 * mode=0	nothing binds the object to B: a server that lacks it refuses the first
 *		ACCEPT
 * mode=1	a copy first binds the object to (B, ballot) on three servers, as an
 *		upload does; that protects it until a value of B above which names
 *		something else is settled
 * move=0	the tombstone at A only once B is settled; 1 without waiting for that
 * undo=	a mover whose condition fails: 0 stops, 1 deletes B again by what it
 *		sees there, 2 only if the tombstone at A is not its own
 * note=0	N only once B is settled; 1 as soon as a server has accepted it
 * retry=1	the mover tries again at A; nba=, nbb= ballots of A and of B
 * init=3	at the start one server lacks the object, and its opposite has the spare
 * learn=0, late=0, spare=0, q1= as in the model of content (data.c)
 */
#include <stdint.h>
#define MO 3
#define MB 4
typedef struct {
	struct {
		uint8_t acc[2], prom[2], ever[2], H, own, spr, pin, pr, ak, pn, sa;
	} s[4];
	struct {
		uint8_t ph, bal, best, tries, won;
	} o[MO];
	uint8_t val[2][MB + 1], fresh[MB + 1], used[2];
} U;
#define SW 6
#include "engine.h"

enum {
	IDLE,
	PB,
	SP,
	AB,
	WAITA,
	PA,
	AA,
	UB,
	VB,
	DONE
}; /* prepare B, spare, accept B, ..., undo at B */
enum { NAMES_O = 1, NOTHING = 2, TOMB = 3 }; /* TOMB + op */

static char ops[MO + 1] = "K";
static int no, nb[2] = {2, 2}, q1 = 3, mode = 1, init = 4, move, undo, note, retry,
	       learn = 1, late = 1, spare = 1;
static const struct option options[] = {
	{.key = "ops", .text = ops, .room = sizeof ops},

	{.key = "nba", .value = &nb[0]},
	{.key = "nbb", .value = &nb[1]},
	{.key = "q1", .value = &q1},
	{.key = "mode", .value = &mode},

	{.key = "init", .value = &init},
	{.key = "move", .value = &move},
	{.key = "undo", .value = &undo},
	{.key = "note", .value = &note},
	{.key = "retry", .value = &retry},

	{.key = "learn", .value = &learn},
	{.key = "late", .value = &late},
	{.key = "spare", .value = &spare},
};

#define PUT(w, sh, v, n) ((w) |= (uint64_t)(v) << (sh), (sh) += (n))
#define GETB(w, sh, n) ((sh) += (n), (u8)(((w) >> ((sh) - (n))) & ((1u << (n)) - 1)))

static void pack(const U *u, uint64_t *w)
{
	uint64_t c[4], best[4], t[4];
	for (int i = 0; i < 4; i++) {
		uint64_t x = 0;
		int k = 0;
		for (int r = 0; r < 2; r++) {
			PUT(x, k, u->s[i].acc[r], 3);
			PUT(x, k, u->s[i].prom[r], 3);
			PUT(x, k, u->s[i].ever[r] >> 1, 4);
		}
		PUT(x, k, u->s[i].H >> 1, 4);
		PUT(x, k, u->s[i].own, 1);
		PUT(x, k, u->s[i].spr, 1);
		PUT(x, k, u->s[i].pin, 3);
		PUT(x, k, u->s[i].pr, 3);
		PUT(x, k, u->s[i].ak, 3);
		PUT(x, k, u->s[i].pn, 3);
		PUT(x, k, u->s[i].sa, 3);
		c[i] = x;
	}
	for (int r = 0; r < 8; r++) {
		for (int i = 0; i < 4; i++)
			t[i] = c[r < 4 ? (i + r) & 3 : (3 - i + r) & 3];
		if (!r || memcmp(t, best, sizeof t) < 0)
			memcpy(best, t, sizeof t);
	}
	memcpy(w, best, sizeof best);
	uint64_t g = 0;
	int k = 0;
	for (int i = 0; i < MO; i++) {
		PUT(g, k, u->o[i].ph, 4);
		PUT(g, k, u->o[i].bal, 3);
		PUT(g, k, u->o[i].best, 3);
		PUT(g, k, u->o[i].tries, 1);
		PUT(g, k, u->o[i].won, 1);
	}
	w[4] = g;
	g = 0;
	k = 0;
	for (int r = 0; r < 2; r++) {
		for (int b = 1; b <= MB; b++)
			PUT(g, k, u->val[r][b], 3);
		PUT(g, k, u->used[r] >> 1, 4);
	}
	for (int b = 1; b <= MB; b++)
		PUT(g, k, u->fresh[b], 1);
	w[5] = g;
}

static void unpack(const uint64_t *w, U *u)
{
	memset(u, 0, sizeof *u);
	for (int i = 0; i < 4; i++) {
		uint64_t x = w[i];
		int k = 0;
		for (int r = 0; r < 2; r++) {
			u->s[i].acc[r] = GETB(x, k, 3);
			u->s[i].prom[r] = GETB(x, k, 3);
			u->s[i].ever[r] = (u8)(GETB(x, k, 4) << 1);
		}
		u->s[i].H = (u8)(GETB(x, k, 4) << 1);
		u->s[i].own = GETB(x, k, 1);
		u->s[i].spr = GETB(x, k, 1);
		u->s[i].pin = GETB(x, k, 3);
		u->s[i].pr = GETB(x, k, 3);
		u->s[i].ak = GETB(x, k, 3);
		u->s[i].pn = GETB(x, k, 3);
		u->s[i].sa = GETB(x, k, 3);
	}
	int k = 0;
	for (int i = 0; i < MO; i++) {
		u->o[i].ph = GETB(w[4], k, 4);
		u->o[i].bal = GETB(w[4], k, 3);
		u->o[i].best = GETB(w[4], k, 3);
		u->o[i].tries = GETB(w[4], k, 1);
		u->o[i].won = GETB(w[4], k, 1);
	}
	k = 0;
	for (int r = 0; r < 2; r++) {
		for (int b = 1; b <= MB; b++)
			u->val[r][b] = GETB(w[5], k, 3);
		u->used[r] = (u8)(GETB(w[5], k, 4) << 1);
	}
	for (int b = 1; b <= MB; b++)
		u->fresh[b] = GETB(w[5], k, 1);
}

static int names(const U *u, int r, int b)
{
	return b && u->val[r][b] == NAMES_O;
}
static int votes(const U *u, int r, int b)
{
	int n = 0;
	for (int j = 0; j < 4; j++)
		n += u->s[j].ever[r] >> b & 1;
	return n;
}
static int chunks(const U *u, int m)
{
	int c = 0;
	for (int j = 0; j < 4; j++) {
		if (!(m >> j & 1))
			continue;
		if (u->s[j].own)
			c |= 1 << j | 1 << ((j + 1) & 3);
		if (u->s[j].spr)
			c |= 1 << ((j + 2) & 3) | 1 << ((j + 3) & 3);
	}
	return c;
}
/* what a read by these three ends with: ballot, 0 for a register never written */
static int outcome(const U *u, int r, int d)
{
	int m = 0;
	for (int j = 0; j < 4; j++)
		if (j != d && u->s[j].acc[r] > m)
			m = u->s[j].acc[r];
	return m;
}

static char msg[200];
static const char *check(const U *u)
{
	int moves = 0, others = 0;
	for (int i = 0; i < no; i++) {
		if (ops[i] == 'M')
			moves = 1;
		if (ops[i] == 'D' || ops[i] == 'E')
			others = 1;
	}
	for (int d = 0; d < 4; d++) {
		for (int r = 0; r < 2; r++) {
			int m = outcome(u, r, d);
			if (names(u, r, m) && chunks(u, 15 & ~(1 << d)) != 15) {
				sprintf(msg,
					"UNREADABLE: with s%d down a read "
					"of %c returns o, "
					"but chunks %x of f are there",
					d + 1, "AB"[r], chunks(u, 15 & ~(1 << d)));
				return msg;
			}
		}
		if (moves && !others && !names(u, 0, outcome(u, 0, d)) &&
		    !names(u, 1, outcome(u, 1, d))) {
			sprintf(msg,
				"NEITHER: with s%d down neither A nor B names the file",
				d + 1);
			return msg;
		}
	}
	return 0;
}

static void show(const U *u)
{
	for (int j = 0; j < 4; j++)
		printf("      s%d A: acc=%d(%s) prom=%d   B: acc=%d(%s) prom=%d   "
		       "o: own=%d spare=%d bound=%d\n",
		       j + 1, u->s[j].acc[0], names(u, 0, u->s[j].acc[0]) ? "o" : "-",
		       u->s[j].prom[0], u->s[j].acc[1],
		       names(u, 1, u->s[j].acc[1]) ? "o" : "-", u->s[j].prom[1],
		       u->s[j].own, u->s[j].spr, u->s[j].pin);
}

static void clr(U *n, int i)
{
	for (int j = 0; j < 4; j++) {
		n->s[j].pr &= (u8) ~(1u << i);
		n->s[j].ak &= (u8) ~(1u << i);
		n->s[j].pn &= (u8) ~(1u << i);
		n->s[j].sa &= (u8) ~(1u << i);
	}
	n->o[i].best = 0;
}
enum { PR, AK, PN };
static int count(const U *u, int i, int what)
{
	int n = 0;
	for (int j = 0; j < 4; j++)
		n += (what == PR   ? u->s[j].pr
		      : what == AK ? u->s[j].ak
				   : u->s[j].pn) >>
			     i &
		     1;
	return n;
}
static void setacc(U *n, int j, int r, int b)
{
	n->s[j].acc[r] = (u8)b;
	n->s[j].ever[r] |= (u8)(1u << b);
	if (n->s[j].prom[r] < b)
		n->s[j].prom[r] = (u8)b;
}
/* NODATA: only the first proposal of a manifest that counts on this server */
static int refuses(const U *u, int j, int b)
{
	if (!names(u, 1, b) || !u->fresh[b] || !(u->s[j].H >> b & 1))
		return 0;
	return !u->s[j].own || (mode == 1 && u->s[j].pin != b);
}
static void done(U *n, int i)
{
	clr(n, i);
	n->o[i].ph = DONE;
	n->o[i].bal = 0;
	n->o[i].tries = 0;
	n->o[i].won = 0;
}
static void propose(U *n, int i, int r, int code, int from)
{
	int b = n->o[i].bal;
	n->val[r][b] = (u8)code;
	if (r == 1 && from)
		for (int j = 0; j < 4; j++)
			if (n->s[j].H >> from & 1)
				n->s[j].H |= (u8)(1u << b);
	for (int j = 0; j < 4; j++)
		n->s[j].pr &= (u8) ~(1u << i);
	n->o[i].best = 0;
}

static void start(const U *u, int i, int r, int ph, const char *what)
{
	U n;
	for (int b = 1; b <= nb[r]; b++) {
		if (u->used[r] >> b & 1)
			continue;
		n = *u;
		clr(&n, i);
		n.o[i].ph = (u8)ph;
		n.o[i].bal = (u8)b;
		n.used[r] |= (u8)(1u << b);
		D("%c%d %s: prepares %c ballot %d", ops[i], i + 1, what, "AB"[r], b);
		out(&n);
	}
}

/* Does anybody who reads B see the note of a move? */
static int is_noted(const U *u)
{
	for (int b = 1; b <= nb[1]; b++)
		if (names(u, 1, b) && votes(u, 1, b) >= (note ? 1 : 3))
			return 1;
	return 0;
}
static int mover(void)
{
	const char *at = strchr(ops, 'M');
	return at ? (int)(at - ops) : 0;
}

static void succ(const U *u)
{
	U n;
	for (int i = 0; i < no; i++) {
		char t = ops[i];
		int ph = u->o[i].ph, b = u->o[i].bal;
		int copies = t == 'K' || t == 'M';
		if (ph == IDLE && t == 'N') {
			if (is_noted(u))
				start(u, i, 0, PA, "meets the note");
		} else if (ph == IDLE)
			start(u, i, t == 'D' || t == 'Y' ? 0 : 1,
			      t == 'D' || t == 'Y' ? PA : PB, "starts");
		if (ph == WAITA)
			start(u, i, 0, PA, "goes on");
		if (retry && t == 'M' && (ph == PA || ph == AA) && !u->o[i].tries) {
			U m = *u;
			m.o[i].tries = 1;
			start(&m, i, 0, PA, "retries");
		}
		if (ph == PB || ph == PA || ph == UB) {
			int r = ph == PA ? 0 : 1;
			for (int j = 0; j < 4; j++) {
				if (u->s[j].pr >> i & 1 || b <= u->s[j].prom[r])
					continue;
				n = *u;
				n.s[j].prom[r] = (u8)b;
				n.s[j].pr |= (u8)(1u << i);
				if (n.s[j].acc[r] > n.o[i].best)
					n.o[i].best = n.s[j].acc[r];
				if (ph == PB && copies && mode == 1 && n.s[j].own) {
					n.s[j].pin = (u8)b;
					n.s[j].pn |= (u8)(1u << i);
				}
				D("s%d promises %c %d to %c%d%s", j + 1, "AB"[r], b, t,
				  i + 1,
				  ph == PB && copies && mode == 1
					  ? n.s[j].own ? ", binds o" : ", has no o"
					  : "");
				if (count(&n, i, PR) >= q1 && !(ph == PB && copies)) {
					int best = n.o[i].best,
					    code = best ? n.val[r][best] : NOTHING,
					    fin = 0;
					if (t == 'X' || t == 'Y')
						fin = 1;
					else if (ph == UB)
						fin = code != NAMES_O; /* still there */
					else if (t == 'M' || t == 'N')
						fin = code !=
						      NAMES_O; /* A is unchanged */
					if (t == 'N' && fin) {
						done(&n, i);
						out(&n);
						continue;
					}
					if (t == 'M' && ph == PA && fin) {
						/* the condition fails */
						if (undo == 1 ||
						    (undo == 2 && code != TOMB + i)) {
							n.o[i].ph = UB;
							n.o[i].best = 0;
							U m = n;
							start(&m, i, 1, UB,
							      "condition failed, undoes");
							continue;
						}
						done(&n, i);
						out(&n);
						continue;
					}
					propose(&n, i, r,
						fin ? code
						    : TOMB + (t == 'N' ? mover() : i),
						fin ? best : 0);
					n.o[i].ph = ph == PB ? AB : ph == PA ? AA : VB;
				}
				out(&n);
			}
		}
		/* B is free and o is bound on three (mode 1): a copy proposes. */
		if (ph == PB && copies && count(u, i, PR) >= q1) {
			int best = u->o[i].best;
			if (best && u->val[1][best] == NAMES_O) {
				n = *u;
				done(&n, i);
				D("%c%d: B exists, stops", t, i + 1);
				out(&n);
			} else if (mode == 0) {
				n = *u;
				propose(&n, i, 1, NAMES_O, 0);
				n.fresh[b] = 1;
				for (int j = 0; j < 4; j++)
					if (init == 4 || j != 3)
						n.s[j].H |= (u8)(1u << b);
				n.o[i].ph = AB;
				D("%c%d proposes B %d naming o", t, i + 1, b);
				out(&n);
			} else if (count(u, i, PN) >= 3) {
				int a = -1;
				for (int j = 0; j < 4; j++)
					if (!(u->s[j].pn >> i & 1))
						a = j;
				int q = (a + 2) & 3;
				if (a >= 0 && spare && !(u->s[q].sa >> i & 1)) {
					int c = chunks(u, 15);
					if (u->s[q].pin == b && u->s[q].own &&
					    c >> a & 1 && c >> ((a + 1) & 3) & 1) {
						n = *u;
						n.s[q].spr = 1;
						n.s[q].sa |= (u8)(1u << i);
						D("s%d takes the spare for s%d", q + 1,
						  a + 1);
						out(&n);
					}
				} else {
					n = *u;
					for (int j = 0; j < 4; j++)
						if (n.s[j].pn >> i & 1)
							n.s[j].H |= (u8)(1u << b);
					propose(&n, i, 1, NAMES_O, 0);
					n.fresh[b] = 1;
					n.o[i].ph = AB;
					D("%c%d proposes B %d naming o", t, i + 1, b);
					out(&n);
				}
			}
		}
		if (ph == AB || ph == AA || ph == VB) {
			int r = ph == AA ? 0 : 1;
			if (ph == AB && t == 'M' && move == 1) {
				n = *u;
				clr(&n, i);
				n.o[i].ph = WAITA;
				n.o[i].bal = 0;
				D("%c%d does not wait for B", t, i + 1);
				out(&n);
			}
			for (int j = 0; j < 4; j++) {
				if (u->s[j].ak >> i & 1 || b < u->s[j].prom[r] ||
				    u->s[j].acc[r] > b || (r == 1 && refuses(u, j, b)))
					continue;
				n = *u;
				setacc(&n, j, r, b);
				n.s[j].ak |= (u8)(1u << i);
				int full = count(&n, i, AK) >= 3;
				D("s%d accepts %c %d for %c%d%s", j + 1, "AB"[r], b, t,
				  i + 1, full ? ", acknowledged" : "");
				if (full) {
					if (ph == AB && t == 'M') {
						clr(&n, i);
						n.o[i].ph = WAITA;
						n.o[i].bal = 0;
					} else
						done(&n, i);
				}
				out(&n);
			}
		}
	}
	for (int r = 0; r < 2; r++)
		for (int b = 1; b <= nb[r]; b++)
			if (u->val[r][b])
				for (int j = 0; j < 4; j++) {
					if (u->s[j].acc[r] >= b)
						continue;
					int plain = late && b >= u->s[j].prom[r] &&
						    !(r == 1 && refuses(u, j, b));
					if (!plain && !(learn && votes(u, r, b) >= 3))
						continue;
					n = *u;
					setacc(&n, j, r, b);
					D("s%d takes %c %d from %s", j + 1, "AB"[r], b,
					  plain ? "a late ACCEPT"
						: "gossip: it is settled");
					out(&n);
				}
	for (int j = 0; j < 4; j++) {
		if (!u->s[j].own && !u->s[j].spr)
			continue;
		if (names(u, 0, u->s[j].acc[0]) || names(u, 1, u->s[j].acc[1]))
			continue;
		int a = 0, bb = mode == 0 || u->s[j].pin == 0;
		for (int b = 2; b <= nb[0]; b++)
			a |= votes(u, 0, b) >= 3 && !names(u, 0, b);
		for (int b = 1; b <= nb[1]; b++)
			bb |= votes(u, 1, b) >= 3 && !names(u, 1, b) && b > u->s[j].pin;
		if (a && bb) {
			n = *u;
			n.s[j].own = n.s[j].spr = n.s[j].pin = 0;
			D("s%d drops o", j + 1);
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
	u.val[0][1] = NAMES_O;
	u.used[0] = 2;
	for (int j = 0; j < 4; j++)
		if (init == 4 || j != 3) {
			u.s[j].acc[0] = u.s[j].prom[0] = 1;
			u.s[j].ever[0] = 2;
			u.s[j].own = 1;
		}
	if (init != 4)
		u.s[1].spr = 1;
	return explore(&u, title);
}
