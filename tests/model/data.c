/*
 * One path's register together with the content that it names.
 *
 * Server j of the ring has chunks j and j+1 of an object ("own"), and perhaps the pair
 * of its opposite ("spare").  Two writers with one object each, then finishers, which
 * prepare, propose the newest value seen and have it accepted.  A client that dies
 * takes no further step; messages may come late.
 *
 * In each state, for each server that may be down: a read by the other three ends (else
 * WEDGE), and what it returns can be put together from them (else UNREADABLE), unless
 * another server has just lost its disk.
 *
 * ops=		W writer, F finisher; nb= ballots; q1= promises needed; retry=1 tries
 *		again
 * mode=0	staging with marks of abortion: a rule that was given up
 * mode=1	objects bound to ballots: PREPARE binds, and content goes once a value
 *		above that ballot which names something else is settled
 * large=1	content is staged before PREPARE and not in it
 * nodata=	who refuses for want of content: 0 any ACCEPT, 1 only a first proposal,
 *		2 none; 3 as 1, and who is named as no holder refuses those too
 * spare=0	no spares; dropspare=1 they are given back
 * loss=	disks that are lost; repair=1 a server fetches its pair, 2 and the spare
 *		too
 * learn=0	no LEARN; late=0 no late messages; latestage=1 late content
 * waitall=1	a writer waits for all four; markfirst=1, abort=0 of mode 0
 */
#include <stdint.h>
#define MB 6
#define NOB 2
#define MO 4
typedef struct {
	struct {
		uint8_t acc, prom, strict, st, dl, ever, own, spr, bind[NOB], mark,
			ha[NOB], stg, pr, ak, H, sa;
	} s[4];
	struct {
		uint8_t ph, bal, best, tries;
	} o[MO];
	uint8_t val[MB + 1], fresh[MB + 1];
	uint8_t used, losses;
} U;
#define SW 6
#include "engine.h"

enum { IDLE, STAGE, PREP, SPARE, ACC, DONE };
enum { NOTHING = 3 }; /* val: 0 not proposed, 1..2 object, 3 "no file" */

static char ops[MO + 1] = "WF";
static int no, nb = 3, q1 = 3, mode = 1, large, loss, nodata = 1, spare = 1, retry,
	       learn = 1, repair, late = 1, dropspare, waitall, latestage, markfirst,
	       abrt = 1;
static const struct option options[] = {
	{.key = "ops", .text = ops, .room = sizeof ops},

	{.key = "nb", .value = &nb},

	{.key = "q1", .value = &q1},

	{.key = "mode", .value = &mode},

	{.key = "large", .value = &large},

	{.key = "loss", .value = &loss},

	{.key = "nodata", .value = &nodata},

	{.key = "spare", .value = &spare},

	{.key = "retry", .value = &retry},

	{.key = "learn", .value = &learn},

	{.key = "repair", .value = &repair},

	{.key = "late", .value = &late},

	{.key = "dropspare", .value = &dropspare},

	{.key = "waitall", .value = &waitall},

	{.key = "latestage", .value = &latestage},

	{.key = "markfirst", .value = &markfirst},

	{.key = "abort", .value = &abrt},
};

#define PUT(w, sh, v, n) ((w) |= (uint64_t)(v) << (sh), (sh) += (n))
#define GETB(w, sh, n) ((sh) += (n), (u8)(((w) >> ((sh) - (n))) & ((1u << (n)) - 1)))

static void pack(const U *u, uint64_t *w)
{
	uint64_t c[4];
	for (int i = 0; i < 4; i++) {
		uint64_t x = 0;
		int k = 0;
		PUT(x, k, u->s[i].acc, 3);
		PUT(x, k, u->s[i].prom, 3);
		PUT(x, k, u->s[i].strict, 1);
		PUT(x, k, u->s[i].st, 1);
		PUT(x, k, u->s[i].dl, 2);
		PUT(x, k, u->s[i].ever >> 1, 6);
		PUT(x, k, u->s[i].own, 2);
		PUT(x, k, u->s[i].spr, 2);
		PUT(x, k, u->s[i].bind[0], 3);
		PUT(x, k, u->s[i].bind[1], 3);
		PUT(x, k, u->s[i].mark, 2);
		PUT(x, k, u->s[i].ha[0], 3);
		PUT(x, k, u->s[i].ha[1], 3);
		PUT(x, k, u->s[i].stg, 2);
		PUT(x, k, u->s[i].pr, 4);
		PUT(x, k, u->s[i].ak, 4);
		PUT(x, k, u->s[i].H >> 1, 6);
		PUT(x, k, u->s[i].sa, 2);
		c[i] = x;
	}
	uint64_t best[4], t[4];
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
		PUT(g, k, u->o[i].ph, 3);
		PUT(g, k, u->o[i].bal, 3);
		PUT(g, k, u->o[i].best, 3);
		PUT(g, k, u->o[i].tries, 1);
	}
	for (int b = 1; b <= MB; b++)
		PUT(g, k, u->val[b], 2);
	PUT(g, k, u->losses, 2);
	w[4] = g;
	g = 0;
	k = 0;
	for (int b = 1; b <= MB; b++)
		PUT(g, k, u->fresh[b], 1);
	PUT(g, k, u->used >> 1, 6);
	w[5] = g;
}

static void unpack(const uint64_t *w, U *u)
{
	memset(u, 0, sizeof *u);
	for (int i = 0; i < 4; i++) {
		uint64_t x = w[i];
		int k = 0;
		u->s[i].acc = GETB(x, k, 3);
		u->s[i].prom = GETB(x, k, 3);
		u->s[i].strict = GETB(x, k, 1);
		u->s[i].st = GETB(x, k, 1);
		u->s[i].dl = GETB(x, k, 2);
		u->s[i].ever = (u8)(GETB(x, k, 6) << 1);
		u->s[i].own = GETB(x, k, 2);
		u->s[i].spr = GETB(x, k, 2);
		u->s[i].bind[0] = GETB(x, k, 3);
		u->s[i].bind[1] = GETB(x, k, 3);
		u->s[i].mark = GETB(x, k, 2);
		u->s[i].ha[0] = GETB(x, k, 3);
		u->s[i].ha[1] = GETB(x, k, 3);
		u->s[i].stg = GETB(x, k, 2);
		u->s[i].pr = GETB(x, k, 4);
		u->s[i].ak = GETB(x, k, 4);
		u->s[i].H = (u8)(GETB(x, k, 6) << 1);
		u->s[i].sa = GETB(x, k, 2);
	}
	int k = 0;
	for (int i = 0; i < MO; i++) {
		u->o[i].ph = GETB(w[4], k, 3);
		u->o[i].bal = GETB(w[4], k, 3);
		u->o[i].best = GETB(w[4], k, 3);
		u->o[i].tries = GETB(w[4], k, 1);
	}
	for (int b = 1; b <= MB; b++)
		u->val[b] = GETB(w[4], k, 2);
	u->losses = GETB(w[4], k, 2);
	k = 0;
	for (int b = 1; b <= MB; b++)
		u->fresh[b] = GETB(w[5], k, 1);
	u->used = (u8)(GETB(w[5], k, 6) << 1);
}

/* the object that ballot b names, or -1 */
static int obj(const U *u, int b)
{
	int v = b ? u->val[b] : 0;
	return v == 1 || v == 2 ? v - 1 : -1;
}
static int votes(const U *u, int b)
{
	int n = 0;
	for (int j = 0; j < 4; j++)
		n += u->s[j].ever >> b & 1;
	return n;
}
/* chunks of object i that the servers in mask m can deliver */
static int chunks(const U *u, int i, int m)
{
	int c = 0;
	for (int j = 0; j < 4; j++) {
		if (!(m >> j & 1) || u->s[j].st)
			continue;
		if (u->s[j].own >> i & 1)
			c |= 1 << j | 1 << ((j + 1) & 3);
		if (u->s[j].spr >> i & 1)
			c |= 1 << ((j + 2) & 3) | 1 << ((j + 3) & 3);
	}
	return c;
}
/* Would server j refuse ballot b's value at a new ballot, for want of content? */
static int refuses(const U *u, int j, int b, int first)
{
	int i = obj(u, b);
	if (i < 0)
		return 0;
	if (mode == 0 && u->s[j].mark >> i & 1 && (first || !markfirst))
		return 1;
	if (nodata == 2 || (nodata != 0 && !first))
		return 0;
	if (nodata == 3 && !(u->s[j].H >> b & 1))
		return 1;
	if (u->s[j].H >> b & 1) {
		if (!(u->s[j].own >> i & 1))
			return 1;
		if (mode == 1 && first && u->s[j].bind[i] != b)
			return 1;
	}
	return 0;
}

static char msg[200];
static const char *check(const U *u)
{
	for (int d = 0; d < 4; d++) {
		int v[3], n = 0, skip = 0, U3 = 15 & ~(1 << d);
		for (int j = 0; j < 4; j++)
			if (j != d) {
				v[n++] = j;
				skip |= u->s[j].st;
			}
		if (skip)
			continue;
		int hurt = 0; /* objects that another server lost and has not repaired */
		for (int j = 0; j < 4; j++)
			if (j != d)
				hurt |= u->s[j].dl;
		for (int x = 0; x < 3; x++) {
			int m = 0, eq = u->s[v[0]].acc == u->s[v[1]].acc &&
					u->s[v[1]].acc == u->s[v[2]].acc;
			for (int k = 0; k < 3; k++)
				if (q1 == 3 || eq || k != x)
					m = u->s[v[k]].acc > m ? u->s[v[k]].acc : m;
			int i = obj(u, m);
			if (i < 0)
				continue;
			if (!eq)
				for (int k = 0; k < 3; k++)
					if (refuses(u, v[k], m, 0)) {
						sprintf(msg,
							"WEDGE: with s%d silent, a "
							"read must finish "
							"object %d, but s%d refuses",
							d + 1, i + 1, v[k] + 1);
						return msg;
					}
			if (!(hurt >> i & 1) && chunks(u, i, U3) != 15) {
				sprintf(msg,
					"UNREADABLE: with s%d down a read "
					"returns object %d "
					"but chunks %x of f are there",
					d + 1, i + 1, chunks(u, i, U3));
				return msg;
			}
		}
	}
	return 0;
}

static void show(const U *u)
{
	for (int i = 0; i < 4; i++)
		printf("      s%d acc=%d(%s%d) prom=%d%s own=%x spare=%x "
		       "bind=%d,%d abort=%x%s%s\n",
		       i + 1, u->s[i].acc, obj(u, u->s[i].acc) < 0 ? "-" : "object ",
		       obj(u, u->s[i].acc) + 1, u->s[i].prom, u->s[i].strict ? "!" : "",
		       u->s[i].own, u->s[i].spr, u->s[i].bind[0], u->s[i].bind[1],
		       u->s[i].mark, u->s[i].st ? " RECOVERING" : "",
		       u->s[i].dl ? " (lost content)" : "");
}

static void clr(U *n, int i)
{
	for (int j = 0; j < 4; j++) {
		n->s[j].pr &= (u8) ~(1u << i);
		n->s[j].ak &= (u8) ~(1u << i);
		if (i < NOB) {
			n->s[j].sa &= (u8) ~(1u << i);
			n->s[j].stg &= (u8) ~(1u << i);
		}
	}
	n->o[i].best = 0;
}
static int count(const U *u, int i, int what)
{
	int n = 0;
	for (int j = 0; j < 4; j++)
		n += (what == 0   ? u->s[j].pr
		      : what == 1 ? u->s[j].ak
				  : u->s[j].stg) >>
			     i &
		     1;
	return n;
}
static void setacc(U *n, int j, int b)
{
	n->s[j].acc = (u8)b;
	n->s[j].ever |= (u8)(1u << b);
	if (n->s[j].prom < b) {
		n->s[j].prom = (u8)b;
		n->s[j].strict = 0;
	}
	int i = obj(n, b);
	if (i >= 0 && mode == 0)
		n->s[j].ha[i] = (u8)b;
	/* a server without content to miss needs no repair */
}
static int blocked(const U *u, int j, int b)
{
	return u->s[j].st || b < u->s[j].prom || (b == u->s[j].prom && u->s[j].strict);
}
/* the writer proposes at its ballot with the holders in its current masks */
static void propose(U *n, int i)
{
	int b = n->o[i].bal;
	for (int j = 0; j < 4; j++)
		if (n->s[j].stg >> i & 1)
			n->s[j].H |= (u8)(1u << b);
	n->val[b] = (u8)(i + 1);
	n->fresh[b] = 1;
	n->o[i].ph = ACC;
	n->o[i].best = 0;
	for (int j = 0; j < 4; j++)
		n->s[j].pr &= (u8) ~(1u << i);
}
static int absent(const U *u, int i)
{
	for (int j = 0; j < 4; j++)
		if (!(u->s[j].stg >> i & 1))
			return j;
	return -1;
}

static void succ(const U *u)
{
	U n;
	for (int i = 0; i < no; i++) {
		int w = ops[i] == 'W', ph = u->o[i].ph;
		int b = u->o[i].bal;
		if (ph == IDLE ||
		    (w && ph >= PREP && ph <= ACC && retry && !u->o[i].tries))
			for (int c = 1; c <= nb; c++) {
				if (u->used >> c & 1 || (ph != IDLE && c < b))
					continue;
				n = *u;
				clr(&n, i);
				n.o[i].ph = w && large ? STAGE : PREP;
				if (ph != IDLE)
					n.o[i].tries = 1;
				if (w && large && mode == 0 && ph != IDLE) {
					n.o[i].ph = PREP; /* staged already */
					for (int j = 0; j < 4; j++)
						n.s[j].stg |= u->s[j].stg & (u8)(1u << i);
				}
				n.o[i].bal = (u8)c;
				n.used |= (u8)(1u << c);
				D("%s%d %s ballot %d", w ? "writer " : "finisher ", i + 1,
				  ph == IDLE ? "starts with" : "gives up, retries with",
				  c);
				out(&n);
			}
		/* A large file is sealed first (mode 1: bound, no promise). */
		if (ph == STAGE) {
			for (int j = 0; j < 4; j++)
				if (!u->s[j].st && !(u->s[j].stg >> i & 1) &&
				    !(u->s[j].mark >> i & 1)) {
					n = *u;
					n.s[j].own |= (u8)(1u << i);
					n.s[j].dl &= (u8) ~(1u << i);
					n.s[j].stg |= (u8)(1u << i);
					if (mode == 1 && n.s[j].bind[i] < b)
						n.s[j].bind[i] = (u8)b;
					D("s%d stages its pair of object %d", j + 1,
					  i + 1);
					out(&n);
				}
			if (count(u, i, 2) >= 3) {
				int a = absent(u, i);
				if (a < 0 || !spare || u->s[(a + 2) & 3].sa >> i & 1) {
					n = *u;
					n.o[i].ph = PREP;
					D("writer %d has staged enough and prepares",
					  i + 1);
					out(&n);
				} else if (!u->s[(a + 2) & 3].st &&
					   !(u->s[(a + 2) & 3].mark >> i & 1) &&
					   (mode == 0 ||
					    u->s[(a + 2) & 3].bind[i] == b)) {
					n = *u;
					n.s[(a + 2) & 3].spr |= (u8)(1u << i);
					n.s[(a + 2) & 3].sa |= (u8)(1u << i);
					D("s%d takes the spare for s%d",
					  ((a + 2) & 3) + 1, a + 1);
					out(&n);
				}
			}
		}
		if (ph == PREP) {
			int carries = w && !large; /* PREPARE stages and binds as well */
			for (int j = 0; j < 4; j++) {
				if (u->s[j].st || u->s[j].pr >> i & 1 ||
				    b <= u->s[j].prom)
					continue;
				if (w && mode == 0 && u->s[j].mark >> i & 1)
					continue;
				n = *u;
				n.s[j].prom = (u8)b;
				n.s[j].strict = 0;
				n.s[j].pr |= (u8)(1u << i);
				if (n.s[j].acc > n.o[i].best)
					n.o[i].best = n.s[j].acc;
				if (carries) {
					n.s[j].own |= (u8)(1u << i);
					n.s[j].dl &= (u8) ~(1u << i);
					n.s[j].stg |= (u8)(1u << i);
					if (mode == 1)
						n.s[j].bind[i] = (u8)b;
				}
				D("s%d promises %d%s (has accepted %d)", j + 1, b,
				  carries ? " and stages" : "", u->s[j].acc);
				if (!w && count(&n, i, 0) >= q1) {
					n.val[b] = n.o[i].best ? n.val[n.o[i].best]
							       : NOTHING;
					if (n.o[i].best)
						for (int k = 0; k < 4; k++)
							if (n.s[k].H >> n.o[i].best & 1)
								n.s[k].H |= (u8)(1u << b);
					n.o[i].ph = ACC;
					n.o[i].best = 0;
					for (int k = 0; k < 4; k++)
						n.s[k].pr &= (u8) ~(1u << i);
				}
				out(&n);
			}
			if (w && count(u, i, 0) >= q1 && count(u, i, 2) >= 3) {
				int a = absent(u, i);
				if (a >= 0 && spare && !(u->s[(a + 2) & 3].sa >> i & 1)) {
					int t = (a + 2) & 3;
					if (!u->s[t].st && u->s[t].own >> i & 1 &&
					    (mode == 0 || u->s[t].bind[i] == b) &&
					    !(mode == 0 && u->s[t].mark >> i & 1)) {
						n = *u;
						n.s[t].spr |= (u8)(1u << i);
						n.s[t].sa |= (u8)(1u << i);
						D("s%d takes the spare for s%d", t + 1,
						  a + 1);
						out(&n);
					}
				} else if (a < 0 || !waitall) {
					n = *u;
					propose(&n, i);
					D("writer %d proposes object %d at ballot %d",
					  i + 1, i + 1, b);
					out(&n);
				}
			}
		}
		if (ph == ACC)
			for (int j = 0; j < 4; j++) {
				if (blocked(u, j, b) || u->s[j].ak >> i & 1 ||
				    u->s[j].acc > b || refuses(u, j, b, u->fresh[b]))
					continue;
				n = *u;
				setacc(&n, j, b);
				n.s[j].ak |= (u8)(1u << i);
				D("s%d accepts %d%s", j + 1, b,
				  count(&n, i, 1) >= 3 ? ", acknowledged" : "");
				if (count(&n, i, 1) >= 3) {
					clr(&n, i);
					n.o[i].ph = DONE;
					if (!latestage)
						n.o[i].bal = 0;
				}
				out(&n);
			}
	}
	for (int b = 1; b <= nb; b++)
		if (u->val[b])
			for (int j = 0; j < 4; j++) {
				if (u->s[j].st || u->s[j].acc >= b)
					continue;
				int plain = !blocked(u, j, b) &&
					    !refuses(u, j, b, u->fresh[b]);
				if (!(late && plain) && !(learn && votes(u, b) >= 3))
					continue;
				n = *u;
				setacc(&n, j, b);
				D("s%d takes ballot %d from %s", j + 1, b,
				  late && plain ? "a late ACCEPT"
						: "gossip: it is settled");
				out(&n);
			}
	for (int i = 0; i < NOB; i++) {
		if (ops[i] != 'W' || u->o[i].ph == IDLE)
			continue;
		/* staging messages that come late, or again */
		for (int j = 0; j < 4 && latestage; j++) {
			int b = u->o[i].bal;
			if (u->s[j].st || u->s[j].own >> i & 1 || u->s[j].mark >> i & 1 ||
			    (!large && b <= u->s[j].prom))
				continue;
			n = *u;
			if (!large) {
				n.s[j].prom = (u8)b;
				n.s[j].strict = 0;
			}
			n.s[j].own |= (u8)(1u << i);
			if (mode == 1 && n.s[j].bind[i] < b)
				n.s[j].bind[i] = (u8)b;
			D("s%d stages object %d from a late message", j + 1, i + 1);
			out(&n);
		}
		int marks = 0;
		for (int j = 0; j < 4; j++)
			marks += u->s[j].mark >> i & 1;
		for (int j = 0; j < 4; j++) {
			if (u->s[j].st)
				continue;
			int has = (u->s[j].own | u->s[j].spr) >> i & 1;
			if (mode == 0 && abrt && !(u->s[j].mark >> i & 1) &&
			    obj(u, u->s[j].acc) != i) {
				n = *u;
				n.s[j].mark |= (u8)(1u << i);
				D("s%d notes the ABORT of object %d", j + 1, i + 1);
				out(&n);
			}
			int drop = 0;
			if (mode == 0 && has && u->s[j].mark >> i & 1 && marks >= 3)
				drop = 1;
			if (has && obj(u, u->s[j].acc) != i)
				for (int b = 1; b <= nb; b++)
					if (votes(u, b) >= 3 && obj(u, b) != i) {
						if (mode == 0 && u->s[j].ha[i] &&
						    b > u->s[j].ha[i])
							drop = 2;
						if (mode == 1 && b > u->s[j].bind[i])
							drop = 3;
					}
			if (drop) {
				n = *u;
				n.s[j].own &= (u8) ~(1u << i);
				n.s[j].spr &= (u8) ~(1u << i);
				n.s[j].bind[i] = 0;
				D("s%d drops object %d (%s)", j + 1, i + 1,
				  drop == 1   ? "three servers noted the abort"
				  : drop == 2 ? "a newer value is settled"
					      : "a value above its ballot is settled and "
						"names something else");
				out(&n);
			}
			if (repair && obj(u, u->s[j].acc) == i) {
				/* Its pair is owed, and a spare that is needed. */
				int c = chunks(u, i, 15 & ~(1 << j)), o = (j + 2) & 3;
				int want = !(u->s[j].own >> i & 1) ? 1
					   : !(u->s[o].own >> i & 1) &&
							   !(u->s[j].spr >> i & 1) &&
							   repair == 2
						   ? 2
						   : 0;
				int p = want == 1 ? j : o;
				if (want && c >> p & 1 && c >> ((p + 1) & 3) & 1) {
					n = *u;
					if (want == 1)
						n.s[j].own |= (u8)(1u << i);
					else
						n.s[j].spr |= (u8)(1u << i);
					if (repair == 1 || n.s[o].own >> i & 1 ||
					    n.s[j].spr >> i & 1)
						n.s[j].dl &= (u8) ~(1u << i);
					D("s%d fetches %s of object %d%s", j + 1,
					  want == 1 ? "its pair"
						    : "the spare for its opposite",
					  i + 1,
					  n.s[j].dl >> i & 1 ? ""
							     : ", counts as repaired");
					out(&n);
				}
			}
			if (dropspare && u->s[j].spr >> i & 1 &&
			    u->s[(j + 2) & 3].own >> i & 1 && !u->s[(j + 2) & 3].st &&
			    obj(u, u->s[(j + 2) & 3].acc) == i) {
				n = *u;
				n.s[j].spr &= (u8) ~(1u << i);
				D("s%d gives its spare of object %d back to s%d", j + 1,
				  i + 1, ((j + 2) & 3) + 1);
				out(&n);
			}
		}
	}
	for (int j = 0; j < 4; j++) {
		int rec = 0;
		for (int k = 0; k < 4; k++)
			rec |= u->s[k].st | u->s[k].dl;
		if (u->losses < loss && !rec) {
			n = *u;
			n.losses++;
			u8 ever = n.s[j].ever, H = n.s[j].H, pr = n.s[j].pr,
			   ak = n.s[j].ak, stg = n.s[j].stg, sa = n.s[j].sa;
			memset(&n.s[j], 0, sizeof n.s[j]);
			n.s[j].ever = ever;
			n.s[j].H = H;
			n.s[j].pr = pr;
			n.s[j].ak = ak;
			n.s[j].stg = stg;
			n.s[j].sa = sa;
			n.s[j].st = 1;
			n.s[j].dl = u->s[j].own | u->s[j].spr;
			D("s%d loses its disk", j + 1);
			out(&n);
		}
		if (u->s[j].st)
			for (int p = 0; p < 4; p++)
				for (int q = p + 1; q < 4; q++) {
					if (p == j || q == j)
						continue;
					n = *u;
					int F = 0, a = 0;
					for (int b = 1; b <= nb; b++)
						if (u->used >> b & 1)
							F = b;
					int pp[2] = {p, q};
					for (int k = 0; k < 2; k++) {
						if (n.s[pp[k]].prom <= F) {
							n.s[pp[k]].prom = (u8)F;
							n.s[pp[k]].strict = 1;
						}
						a = n.s[pp[k]].acc > a ? n.s[pp[k]].acc
								       : a;
					}
					n.s[j].acc = (u8)a;
					n.s[j].prom = (u8)F;
					n.s[j].strict = 1;
					n.s[j].st = 0;
					if (a)
						n.s[j].ever |= (u8)(1u << a);
					D("s%d recovers its registers "
					  "from s%d and s%d in "
					  "a new epoch (accepted %d)",
					  j + 1, p + 1, q + 1, a);
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
	if (nb > MB)
		return 2;
	U u;
	memset(&u, 0, sizeof u);
	return explore(&u, title);
}
