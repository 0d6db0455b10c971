/*
 * One path's register on four servers, without content.
 *
 * A server has an accepted ballot, a promise (in memory), a reservation (on disk), a
 * floor of forgotten tombstones (on disk), or has lost its disk and recovers.  A
 * message is never used up: an ACCEPT that was ever sent may reach any server at any
 * time, as often as it likes, which stands for delay, repetition and gossip.  A client
 * that dies takes no further step, so every prefix of a run covers its death.  Answers
 * may be lost; a client may give a ballot up and try the same operation again at
 * another one.
 *
 * In each state the history so far must be linearizable, and every read by three
 * servers that vote, and every condition seen by a quorum of promises, must be a legal
 * next answer.
 *
 * ops=		W put, C exclusive create, D delete, R read, L newest of two servers
 * nb=		ballots there are; q1= promises and acc= acceptances that are needed
 * restart=1	servers restart; dur=0 and have no durable reservation; stride= of one
 * loss=	disks that are lost; par=1 two at a time; rollback=1 an old disk comes
 *		back, oldkeep=1 and is believed; amn= losses that nobody notices,
 *		amnkeep=1 old disks
 * recov=	how a lost server comes back: 0 it merges from rk= peers, 1 with their
 *		highest counters, 2 which it asks for first, 3 in a new epoch; esz=
 *		ballots of epoch 0
 * wedge=1	a recovery that cannot end is a fault
 * gos=		LEARN: 1 and 3 of what three accepted (1: not below a floor), 2 of
 *		anything
 * td=		tombstones go: 1 without a floor, 2 and 3 with one, 4 once four have
 *		confirmed them through ACCEPT, 5 after three
 * yes=		the accepted ballot again: 0 judged like any other, 1 always yes, 2 yes
 *		while it was taken through ACCEPT
 * retry=	1 an operation knows itself by the last one, 2 by the last mem=;
 *		tfrule=1 looks at floors too; ro= the operations that are tried again,
 *		as a mask
 * fin=0	a refused condition is told without finishing what says so
 * vis=1	three answers "no such file" are an answer, whatever their ballots
 * pair=1	a value that three accepted must be known to any two servers
 * capt=1	a laggard that cannot be taught is a fault
 * from=1	begins where op1 was accepted by all and its answers were lost
 */
#include <stdint.h>
#define MB 7
#define MO 5
typedef struct {
	struct {
		uint8_t acc, prom, strict, res, tf, st, ever, conf, F, col, mrg, pr, ak,
			lk[MO];
	} s[4];
	struct {
		uint8_t ph, bal, best, res, sent, s0, fb, ftf;
	} o[MO];
	uint16_t val[MB + 1];
	uint8_t used, prec[MO], losses, amn, drops, settled;
} U;
/* One word more: what was ever settled; nobody counts what a lost disk had accepted. */
#ifdef EPOCHS
#define SW 8
#else
#define SW 7
#endif
#include "engine.h"

enum { IDLE, LOOK, PREP, ACC, DONE, UNK };
#define PROPOSED 0x8000u

static char ops[MO + 1] = "WCR";
static int no, nb = 4, q1 = 2, loss, par2, recov, rk = 2, gos, td, retry, mem = 4,
	       dur = 1, restart, stride = 1, amn, wedge, tfrule, acc3 = 3, oldkeep,
	       rollback, probe = 1, vis, fin = 1, capt, esz = 3, ro = 15, pair, amnkeep,
	       yes, from;

static const struct option options[] = {
	{.key = "ops", .text = ops, .room = sizeof ops},

	{.key = "nb", .value = &nb},

	{.key = "q1", .value = &q1},

	{.key = "loss", .value = &loss},

	{.key = "par", .value = &par2},

	{.key = "recov", .value = &recov},

	{.key = "rk", .value = &rk},

	{.key = "gos", .value = &gos},

	{.key = "td", .value = &td},

	{.key = "retry", .value = &retry},

	{.key = "mem", .value = &mem},

	{.key = "dur", .value = &dur},

	{.key = "restart", .value = &restart},

	{.key = "stride", .value = &stride},

	{.key = "amn", .value = &amn},

	{.key = "wedge", .value = &wedge},

	{.key = "tfrule", .value = &tfrule},

	{.key = "acc", .value = &acc3},

	{.key = "oldkeep", .value = &oldkeep},

	{.key = "rollback", .value = &rollback},

	{.key = "probe", .value = &probe},

	{.key = "vis", .value = &vis},

	{.key = "fin", .value = &fin},

	{.key = "capt", .value = &capt},

	{.key = "esz", .value = &esz},

	{.key = "ro", .value = &ro},

	{.key = "pair", .value = &pair},

	{.key = "amnkeep", .value = &amnkeep},

	{.key = "yes", .value = &yes},

	{.key = "from", .value = &from},
};

/* chains: up to 4 entries of 3 bits, newest in the low bits */
static int last(unsigned c)
{
	return c & 7;
}
static int clen(unsigned c)
{
	int n = 0;
	c &= 0xfff;
	while (c) {
		n++;
		c >>= 3;
	}
	return n;
}
static unsigned push(unsigned c, int op)
{
	return ((c << 3) | (unsigned)(op + 1)) & 0xfff;
}
static int inlast(unsigned c, int op, int k)
{
	c &= 0xfff;
	for (int i = 0; i < k && c; i++, c >>= 3)
		if ((int)(c & 7) == op + 1)
			return 1;
	return 0;
}
/* 0 absent, else op + 1 */
static int regval(unsigned c)
{
	int l = last(c);
	return l && ops[l - 1] == 'D' ? 0 : l;
}
static int bval(const U *u, int b)
{
	return b ? regval(u->val[b]) : 0;
}

/* --- packing, with the servers sorted (they are interchangeable here) --- */
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
		PUT(x, k, u->s[i].res, 3);
		PUT(x, k, u->s[i].tf, 3);
		PUT(x, k, u->s[i].st, 2);
		PUT(x, k, u->s[i].ever >> 1, 7);
		PUT(x, k, u->s[i].F, 3);
		PUT(x, k, u->s[i].col, 2);
		PUT(x, k, u->s[i].mrg, 2);
		PUT(x, k, u->s[i].pr, 4);
		PUT(x, k, u->s[i].ak, 4);
		PUT(x, k, u->s[i].conf >> 1, 7);
		for (int j = 0; j < 4; j++)
			PUT(x, k, u->s[i].lk[j], 4);
		c[i] = x;
	}
#define SWAP(a, b)                                                                       \
	if (c[a] > c[b]) {                                                               \
		uint64_t t = c[a];                                                       \
		c[a] = c[b];                                                             \
		c[b] = t;                                                                \
	}
	SWAP(0, 1) SWAP(2, 3) SWAP(0, 2) SWAP(1, 3) SWAP(1, 2) memcpy(w, c, sizeof c);
	uint64_t g[3] = {0, 0, 0};
	int k = 0;
	for (int i = 0; i < 4; i++) {
		PUT(g[0], k, u->o[i].ph, 3);
		PUT(g[0], k, u->o[i].bal, 3);
		PUT(g[0], k, u->o[i].best, 3);
		PUT(g[0], k, u->o[i].res, 3);
		PUT(g[0], k, u->o[i].sent, 1);
		PUT(g[0], k, u->o[i].s0, 3);
	}
	k = 0;
	for (int b = 1; b <= 4; b++)
		PUT(g[1], k, ((u->val[b] & 0xfff) | (u->val[b] ? 0x1000 : 0)), 13);
	PUT(g[1], k, u->used >> 1, 7);
	PUT(g[1], k, u->losses, 2);
	PUT(g[1], k, u->amn, 2);
	PUT(g[1], k, u->drops, 1);
	k = 0;
	for (int b = 5; b <= MB; b++)
		PUT(g[2], k, ((u->val[b] & 0xfff) | (u->val[b] ? 0x1000 : 0)), 13);
	for (int i = 0; i < 4; i++)
		PUT(g[2], k, u->prec[i], 4);
	k = 55;
	/* first sent ballot is only kept where it is used (tfrule, one op) */
	for (int i = 0; i < 2; i++)
		PUT(g[2], k, u->o[i].fb, 3);
	PUT(g[2], k, u->o[0].ftf, 1);
	PUT(g[2], k, u->o[1].ftf, 1);
	memcpy(w + 4, g, sizeof g);
#ifdef EPOCHS
	w[7] = u->settled;
#endif
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
		u->s[i].res = GETB(x, k, 3);
		u->s[i].tf = GETB(x, k, 3);
		u->s[i].st = GETB(x, k, 2);
		u->s[i].ever = (u8)(GETB(x, k, 7) << 1);
		u->s[i].F = GETB(x, k, 3);
		u->s[i].col = GETB(x, k, 2);
		u->s[i].mrg = GETB(x, k, 2);
		u->s[i].pr = GETB(x, k, 4);
		u->s[i].ak = GETB(x, k, 4);
		u->s[i].conf = (u8)(GETB(x, k, 7) << 1);
		for (int j = 0; j < 4; j++)
			u->s[i].lk[j] = GETB(x, k, 4);
	}
	int k = 0;
	for (int i = 0; i < 4; i++) {
		u->o[i].ph = GETB(w[4], k, 3);
		u->o[i].bal = GETB(w[4], k, 3);
		u->o[i].best = GETB(w[4], k, 3);
		u->o[i].res = GETB(w[4], k, 3);
		u->o[i].sent = GETB(w[4], k, 1);
		u->o[i].s0 = GETB(w[4], k, 3);
	}
	k = 0;
	for (int b = 1; b <= 4; b++, k += 13) {
		unsigned x = (w[5] >> k) & 0x1fff;
		u->val[b] = x & 0x1000 ? (uint16_t)(PROPOSED | (x & 0xfff)) : 0;
	}
	u->used = (u8)(GETB(w[5], k, 7) << 1);
	u->losses = GETB(w[5], k, 2);
	u->amn = GETB(w[5], k, 2);
	u->drops = GETB(w[5], k, 1);
	k = 0;
	for (int b = 5; b <= MB; b++, k += 13) {
		unsigned x = (w[6] >> k) & 0x1fff;
		u->val[b] = x & 0x1000 ? (uint16_t)(PROPOSED | (x & 0xfff)) : 0;
	}
	for (int i = 0; i < 4; i++)
		u->prec[i] = GETB(w[6], k, 4);
	k = 55;
	for (int i = 0; i < 2; i++)
		u->o[i].fb = GETB(w[6], k, 3);
	u->o[0].ftf = GETB(w[6], k, 1);
	u->o[1].ftf = GETB(w[6], k, 1);
#ifdef EPOCHS
	u->settled = (u8)w[7];
#endif
}

/* --- linearizability: dp over sets of operations --- */
/* returns the mask of register values with which a legal order can end */
static unsigned legal(const U *u)
{
	unsigned dp[1 << MO] = {1}, done = 0, fine = 0;
	for (int i = 0; i < no; i++)
		if (u->o[i].ph == DONE)
			done |= 1u << i;
	for (unsigned S = 0; S < 1u << no; S++) {
		if (!dp[S])
			continue;
		if ((S & done) == done)
			fine |= dp[S];
		for (int i = 0; i < no; i++) {
			if (S >> i & 1 || u->o[i].ph == IDLE || (u->prec[i] & ~S))
				continue;
			int d = done >> i & 1, r = u->o[i].res;
			unsigned cur = dp[S], nx = 0;
			switch (ops[i]) {
			case 'W':
				nx = 1u << (i + 1);
				break;
			case 'D':
				nx = 1;
				break;
			case 'C':
				if ((cur & 1) && (!d || r == 1))
					nx |= 1u << (i + 1);
				if ((cur & ~1u) && (!d || r == 2))
					nx |= cur & ~1u;
				break;
			default:
				if (!d)
					continue;
				nx = cur & (1u << r);
			}
			dp[S | 1u << i] |= nx;
		}
	}
	return fine;
}

static int voters(const U *u, int b)
{
	int n = 0;
#ifdef EPOCHS
	if (u->settled >> b & 1)
		return 4;
#endif
	for (int j = 0; j < 4; j++)
		n += u->s[j].ever >> b & 1;
	return n;
}

static char msg[200];
static const char *check(const U *u)
{
	unsigned ok = legal(u);
	if (!ok)
		return "NOT LINEARIZABLE";
	if (!probe)
		return 0;
	if (pair)
		for (int i = 0; i < 4; i++)
			for (int j = 0; j < i; j++) {
				int m = u->s[i].acc > u->s[j].acc ? u->s[i].acc
								  : u->s[j].acc;
				if (u->s[i].st || u->s[j].st)
					continue;
				for (int b = m + 1; b <= nb; b++)
					if (voters(u, b) >= 3 && bval(u, b))
						return "PAIR: two servers do not "
						       "know a value "
						       "that three accepted";
			}
	for (int d = 0; d < 4; d++) { /* d is the server that does not answer */
		int v[4], n = 0, rec = 0;
		for (int i = 0; i < 4; i++)
			if (i != d) {
				if (u->s[i].st == 0)
					v[n++] = i;
				else
					rec++;
			}
		if (wedge && rec == 1 && u->s[d].st == 0 && n < rk)
			return "WEDGE: the recovering server cannot "
			       "finish with three servers up";
		if (n < 3)
			continue;
		int a = u->s[v[0]].acc, b = u->s[v[1]].acc, c = u->s[v[2]].acc;
		if (a == b && b == c && !(ok >> bval(u, a) & 1)) {
			sprintf(msg,
				"PROBE: a read by three equal answers would "
				"return %d, legal set %#x",
				bval(u, a), ok);
			return msg;
		}
		for (int x = 0; x < 3; x++) { /* prepare quorums */
			int m = 0;
			for (int i = 0; i < 3; i++)
				if (q1 == 3 || i != x)
					m = u->s[v[i]].acc > m ? u->s[v[i]].acc : m;
			if (!(ok >> bval(u, m) & 1)) {
				sprintf(msg,
					"PROBE: a prepare quorum would take %d as "
					"the value, legal set %#x",
					bval(u, m), ok);
				return msg;
			}
		}
		if (capt && gos == 0)
			for (int e = 1; e <= nb; e++)
				if ((u->s[d].acc < e) && a == e && b == e && c == e &&
				    (u->s[d].prom > e ||
				     (u->s[d].prom == e && u->s[d].strict)) &&
				    u->s[d].st == 0)
					return "STUCK: a laggard refuses the "
					       "re-delivered ACCEPT of a settled "
					       "value (promise or reservation above it)";
	}
	return 0;
}

static void show(const U *u)
{
	for (int i = 0; i < 4; i++)
		printf("      s%d acc=%d prom=%d%s floor=%d %s\n", i + 1, u->s[i].acc,
		       u->s[i].prom, u->s[i].strict ? "!" : "", u->s[i].tf,
		       u->s[i].st ? "RECOVERING" : "");
	for (int b = 1; b <= nb; b++)
		if (u->val[b])
			printf("      ballot %d proposes value %d (chain %o)\n", b,
			       bval(u, b), u->val[b] & 0xfff);
	for (int i = 0; i < no; i++)
		printf("      op%d=%c phase %d result %d after{%x}\n", i + 1, ops[i],
		       u->o[i].ph, u->o[i].res, u->prec[i]);
}

/*
 * recov=3: a recovery opens a new epoch. Ballots 1..esz are epoch 0, then pairs.
 * bound[e] is the last ballot before epoch e; a floor of bound[e] refuses all older ones.
 */
static int bound(int e)
{
	int b = e ? esz + 2 * (e - 1) : 0;
	return b > nb ? nb : b;
}
static int bepoch(int b)
{
	int e = 0;
	while (e < 2 && b > bound(e + 1))
		e++;
	return e;
}
static int sepoch(const U *u, int j)
{
	int p = u->s[j].prom, e = p ? bepoch(p) : 0;
	if (e < 2 && p == bound(e + 1) && u->s[j].strict)
		e++;
	return e;
}
static int topepoch(const U *u)
{
	int m = 0;
	for (int j = 0; j < 4; j++)
		m = sepoch(u, j) > m ? sepoch(u, j) : m;
	return m;
}

static void begin(U *n, int i)
{
	n->prec[i] = 0;
	for (int j = 0; j < no; j++)
		if (n->o[j].ph == DONE)
			n->prec[i] |= (u8)(1u << j);
}

static void clr(U *n, int i)
{
	for (int j = 0; j < 4; j++) {
		n->s[j].pr &= (u8) ~(1u << i);
		n->s[j].ak &= (u8) ~(1u << i);
		n->s[j].lk[i] = 0;
	}
	n->o[i].best = 0;
}

static void finish(U *n, int i)
{
	clr(n, i);
	n->o[i].ph = DONE;
	n->o[i].bal = 0;
	n->o[i].sent = 0;
	n->o[i].s0 = 0;
	n->o[i].fb = 0;
	n->o[i].ftf = 0;
}

/* prepare quorum reached: decide what to propose */
static void decide(U *n, int i)
{
	unsigned c = n->o[i].best ? n->val[n->o[i].best] & 0xfff : 0, p = c;
	int res;
	for (int j = 0; j < 4; j++)
		n->s[j].pr &= (u8) ~(1u << i);
	if (ops[i] == 'R') {
		res = regval(c);
	} else if (retry == 1 && last(c) == i + 1) {
		res = 1;
	} else if (retry == 2 && inlast(c, i, mem)) {
		res = 1;
	} else if (retry == 2 && n->o[i].sent &&
		   (clen(c) - n->o[i].s0 > mem || clen(c) < n->o[i].s0 ||
		    (tfrule && n->o[i].ftf))) {
		clr(n, i);
		n->o[i].ph = UNK;
		n->o[i].bal = 0;
		n->o[i].sent = 0;
		n->o[i].s0 = 0;
		n->o[i].fb = 0;
		n->o[i].ftf = 0;
		n->o[i].res = 0;
		return;
	} else if (ops[i] == 'C' && regval(c)) {
		res = 2;
		if (!fin) { /* the rule that is broken: "exists" is told at once */
			n->o[i].res = 2;
			finish(n, i);
			return;
		}
	} else {
		p = push(c, i);
		res = 1;
		if (retry && ro >> i & 1 && !n->o[i].sent) {
			n->o[i].sent = 1;
			n->o[i].s0 = (u8)clen(c);
			if (tfrule && i < 2)
				n->o[i].fb = n->o[i].bal;
		}
	}
	n->val[n->o[i].bal] = (uint16_t)(PROPOSED | p);
	n->o[i].res = (u8)res;
	n->o[i].ph = ACC;
	n->o[i].best = 0;
}

static void seen(U *n, int j, int b)
{
	n->s[j].ever |= (u8)(1u << b);
#ifdef EPOCHS
	if (voters(n, b) >= 3)
		n->settled |= (u8)(1u << b);
#endif
}

static void setacc(U *n, int j, int b)
{
	n->s[j].acc = (u8)b;
	seen(n, j, b);
	if (n->s[j].prom < b) {
		n->s[j].prom = (u8)b;
		n->s[j].strict = 0;
	}
}

static void succ(const U *u)
{
	U n;
	for (int i = 0; i < no; i++) {
		int ph = u->o[i].ph;
		char t = ops[i];
		/* start, or give the ballot up and retry at another */
		if ((ph == IDLE && t != 'R' && t != 'L') ||
		    ((ph == PREP || ph == ACC) && retry && ro >> i & 1) ||
		    (ph == LOOK && t == 'R')) {
			int replies = 0, go = 1;
			if (ph == LOOK) {
				for (int j = 0; j < 4; j++)
					replies += u->s[j].lk[i] != 0;
				go = replies >= 3;
			}
			if (go)
				for (int b = 1; b <= nb; b++) {
					if (u->used >> b & 1 ||
					    (ph >= PREP && b < u->o[i].bal))
						continue;
					if (recov == 3 && bepoch(b) > topepoch(u))
						continue; /* not known to anybody */
					n = *u;
					if (ph == IDLE)
						begin(&n, i);
					clr(&n, i);
					n.o[i].ph = PREP;
					n.o[i].bal = (u8)b;
					n.o[i].res = 0;
					n.used |= (u8)(1u << b);
					D("op%d(%c) %s: prepares ballot %d", i + 1, t,
					  ph == IDLE   ? "starts"
					  : ph == LOOK ? "answers differ"
						       : "gives up, retries",
					  b);
					out(&n);
				}
		}
		if (ph == IDLE && (t == 'R' || t == 'L')) {
			/* starting is merged with the first answer */
			for (int j = 0; j < 4; j++)
				if (u->s[j].st == 0) {
					n = *u;
					begin(&n, i);
					n.o[i].ph = LOOK;
					n.s[j].lk[i] = (u8)(u->s[j].acc + 1);
					D("op%d(%c) starts: s%d answers ballot %d", i + 1,
					  t, j + 1, u->s[j].acc);
					out(&n);
				}
		}
		if (ph == LOOK)
			for (int j = 0; j < 4; j++) {
				if (u->s[j].st || u->s[j].lk[i])
					continue;
				n = *u;
				n.s[j].lk[i] = (u8)(u->s[j].acc + 1);
				int cnt[MB + 2] = {0}, hi = 0, tot = 0;
				for (int k = 0; k < 4; k++)
					if (n.s[k].lk[i]) {
						cnt[n.s[k].lk[i]]++;
						tot++;
						hi = n.s[k].lk[i] > hi ? n.s[k].lk[i]
								       : hi;
					}
				int r = -1, absent = 0;
				for (int k = 0; vis && k < 4; k++)
					if (n.s[k].lk[i] && !bval(u, n.s[k].lk[i] - 1))
						absent++;
				if (absent >= 3)
					r = 0;
				if (t == 'L') {
					if (tot == 2)
						r = bval(u, hi - 1);
				} else
					for (int k = 1; k <= nb + 1; k++)
						if (cnt[k] >= 3)
							r = bval(u, k - 1);
				if (r >= 0) {
					n.o[i].res = (u8)r;
					finish(&n, i);
				}
				D("op%d(%c): s%d answers ballot %d%s", i + 1, t, j + 1,
				  u->s[j].acc, r >= 0 ? ", returns" : "");
				out(&n);
			}
		if (ph == PREP)
			for (int j = 0; j < 4; j++) {
				int b = u->o[i].bal;
				if (u->s[j].st || u->s[j].pr >> i & 1 ||
				    b <= u->s[j].prom)
					continue;
				n = *u;
				n.s[j].prom = (u8)b;
				n.s[j].strict = 0;
				if (restart && n.s[j].res < b)
					n.s[j].res = (u8)(b + stride - 1 > nb
								  ? nb
								  : b + stride - 1);
				n.s[j].pr |= (u8)(1u << i);
				if (n.s[j].acc > n.o[i].best)
					n.o[i].best = n.s[j].acc;
				if (i < 2 && n.o[i].fb && n.s[j].acc == 0 &&
				    n.s[j].tf >= n.o[i].fb)
					n.o[i].ftf = 1;
				D("s%d promises %d to op%d (has accepted %d)", j + 1, b,
				  i + 1, u->s[j].acc);
				int c = 0;
				for (int k = 0; k < 4; k++)
					c += n.s[k].pr >> i & 1;
				if (c >= q1)
					decide(&n, i);
				out(&n);
			}
		if (ph == ACC)
			for (int j = 0; j < 4; j++) {
				int b = u->o[i].bal;
				if (u->s[j].st || u->s[j].ak >> i & 1)
					continue;
				int same =
					u->s[j].acc == b &&
					(yes == 1 || (yes == 2 && u->s[j].conf >> b & 1));
				if (!same && (b < u->s[j].prom ||
					      (b == u->s[j].prom && u->s[j].strict)))
					continue;
				n = *u;
				setacc(&n, j, b);
				if (td == 4)
					n.s[j].conf |= (u8)(1u << b);
				n.s[j].ak |= (u8)(1u << i);
				int c = 0;
				for (int k = 0; k < 4; k++)
					c += n.s[k].ak >> i & 1;
				D("s%d accepts %d (value %d) for op%d%s", j + 1, b,
				  bval(u, b), i + 1, c >= acc3 ? ", acknowledged" : "");
				if (c >= acc3)
					finish(&n, i);
				out(&n);
			}
	}
	/* An ACCEPT that was sent comes late, again or by gossip: no answer counts. */
	for (int b = 1; b <= nb; b++) {
		if (!u->val[b])
			continue;
		for (int j = 0; j < 4; j++) {
			int again = yes == 1 && td == 4 && u->s[j].acc == b &&
				    !(u->s[j].conf >> b & 1);
			if (u->s[j].st || (u->s[j].acc >= b && !again))
				continue;
			int plain = again || !(b < u->s[j].prom ||
					       (b == u->s[j].prom && u->s[j].strict));
			int learn = (gos == 1 && voters(u, b) >= 3 &&
				     !(u->s[j].acc == 0 && u->s[j].tf >= b)) ||
				    (gos == 2 && voters(u, b) >= 1) ||
				    (gos == 3 && voters(u, b) >= 3);
			if (!plain && !learn)
				continue;
			n = *u;
			setacc(&n, j, b);
			if (td == 4 && plain)
				n.s[j].conf |= (u8)(1u << b);
			D("s%d takes ballot %d (value %d) from %s", j + 1, b, bval(u, b),
			  plain ? "a late or repeated ACCEPT"
				: "gossip, below its promise");
			out(&n);
		}
	}
	for (int j = 0; j < 4; j++) {
		if (restart && u->s[j].st == 0) {
			n = *u;
			u8 r = dur ? u->s[j].res : 0;
			n.s[j].prom = r > u->s[j].acc ? r : u->s[j].acc;
			if (u->s[j].tf > n.s[j].prom)
				n.s[j].prom = u->s[j].tf;
			n.s[j].strict = (u8)(dur ? 1 : 0);
			D("s%d restarts (floor %d)", j + 1, n.s[j].prom);
			out(&n);
		}
		/* the disk is lost; the server knows and becomes RECOVERING */
		int recs = 0, slot = 1;
		for (int k = 0; k < 4; k++) {
			recs += u->s[k].st != 0;
			if (u->s[k].st == 1)
				slot = 2;
		}
		if (u->losses < loss && u->s[j].st == 0 && recs < (par2 ? 2 : 1)) {
			for (int keep = 0; keep <= (rollback ? nb : 0); keep++) {
				if (keep && (!(u->s[j].ever >> keep & 1) ||
					     (keep > u->s[j].acc && !td)))
					continue;
				n = *u;
				n.losses++;
				n.s[j].acc = oldkeep ? (u8)keep : 0;
				n.s[j].prom = n.s[j].strict = n.s[j].res = n.s[j].tf =
					n.s[j].F = 0;
				if (yes == 2)
					n.s[j].conf = 0;
				n.s[j].st = (u8)slot;
#ifdef EPOCHS
				n.s[j].ever = 0;
#endif
				for (int k = 0; k < 4; k++) {
					n.s[k].col &= (u8)~slot;
					n.s[k].mrg &= (u8)~slot;
				}
				if (keep)
					D("s%d comes back with an old disk "
					  "(accepted %d), is RECOVERING",
					  j + 1, keep);
				else
					D("s%d loses its disk, is RECOVERING", j + 1);
				out(&n);
			}
		}
		/* the disk is lost and nobody notices */
		if (u->amn < amn && u->s[j].st == 0)
			for (int keep = 0; keep <= (amnkeep ? nb : 0); keep++) {
				if (keep && (!(u->s[j].ever >> keep & 1) ||
					     keep > u->s[j].acc + (td ? nb : 0)))
					continue;
				n = *u;
				n.amn++;
				n.s[j].acc = n.s[j].prom = (u8)keep;
				n.s[j].strict = n.s[j].res = n.s[j].tf = 0;
				D("s%d comes back with an old or empty disk "
				  "(accepted %d), unnoticed",
				  j + 1, keep);
				out(&n);
			}
		if (u->s[j].st) {
			int sl = u->s[j].st, c = 0, m = 0;
			for (int p = 0; p < 4; p++) {
				c += (u->s[p].col & sl) != 0;
				m += (u->s[p].mrg & sl) != 0;
			}
			for (int p = 0; p < 4; p++) {
				if (p == j || u->s[p].st)
					continue;
				u8 hi = u->s[p].prom > u->s[p].res ? u->s[p].prom
								   : u->s[p].res;
				if (recov == 3 && c < rk && !(u->s[p].col & sl)) {
					int e = sepoch(u, p) + 1;
					if (e > 2)
						continue; /* no third epoch here */
					n = *u;
					n.s[p].col |= (u8)sl;
					n.s[j].F = (u8)(bound(e) > u->s[j].F ? bound(e)
									     : u->s[j].F);
					D("s%d learns the epoch of s%d (%d): its "
					  "own will be %d or more",
					  j + 1, p + 1, e - 1, e);
					out(&n);
				}
				if (recov == 2 && c < rk && !(u->s[p].col & sl)) {
					n = *u;
					n.s[p].col |= (u8)sl;
					n.s[j].F = hi > u->s[j].F ? hi : u->s[j].F;
					D("s%d learns the highest counter of s%d: %d",
					  j + 1, p + 1, hi);
					out(&n);
				}
				if ((recov < 2 || c >= rk) && !(u->s[p].mrg & sl)) {
					n = *u;
					n.s[p].mrg |= (u8)sl;
					if (recov == 1 && hi > n.s[j].F)
						n.s[j].F = hi;
					if (recov >= 2 && u->s[p].prom <= u->s[j].F) {
						n.s[p].prom = u->s[j].F;
						n.s[p].strict = 1;
						if (restart && n.s[p].res < u->s[j].F)
							n.s[p].res = u->s[j].F;
					}
					if (u->s[p].acc > u->s[j].acc)
						n.s[j].acc = u->s[p].acc;
					if (u->s[p].tf > u->s[j].tf)
						n.s[j].tf = u->s[p].tf;
					D("s%d merges from s%d (accepted %d)", j + 1,
					  p + 1, u->s[p].acc);
					if (m + 1 >= rk) {
						u8 f = recov ? n.s[j].F : 0;
						if (n.s[j].acc > f)
							f = n.s[j].acc;
						if (n.s[j].tf > f)
							f = n.s[j].tf;
						n.s[j].prom = f;
						n.s[j].strict =
							(u8)(recov != 0 &&
							     n.s[j].F >= n.s[j].acc);
						n.s[j].res = restart && recov ? f : 0;
						n.s[j].st = 0;
						n.s[j].F = 0;
						if (n.s[j].acc)
							seen(&n, j, n.s[j].acc);
						for (int k = 0; k < 4; k++) {
							n.s[k].col &= (u8)~sl;
							n.s[k].mrg &= (u8)~sl;
						}
						D("s%d merges from s%d (accepted "
						  "%d) and votes again",
						  j + 1, p + 1, u->s[p].acc);
					}
					out(&n);
				}
			}
		}
		/* a tombstone is removed once all four have confirmed it */
		if (td && u->s[j].st == 0 && u->s[j].acc && u->val[u->s[j].acc] &&
		    last(u->val[u->s[j].acc]) && bval(u, u->s[j].acc) == 0) {
			int b = u->s[j].acc, all = td != 5 || voters(u, b) >= 3;
			for (int k = 0; k < 4; k++)
				if (td == 5 ? 0
				    : td == 4
					    ? !(u->s[k].conf >> b & 1)
					    : !(u->s[k].ever >> b & 1 || u->s[k].tf >= b))
					all = 0;
			if (all) {
				n = *u;
				n.s[j].acc = 0;
				if (td == 1) {
					n.s[j].prom = 0;
					n.s[j].strict = 0;
					n.s[j].res = 0;
				} else if (td == 2) {
					n.s[j].prom = (u8)b;
					n.s[j].strict = 1;
					n.s[j].tf = (u8)b;
				} else {
					n.s[j].strict = 1;
					n.s[j].tf = n.s[j].prom;
				}
				n.drops = 1;
				D("s%d removes the tombstone of ballot %d", j + 1, b);
				out(&n);
			}
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
	if (no > 4 || nb > MB)
		return 2;
	U u;
	memset(&u, 0, sizeof u);
	if (from) { /* all have op1 at ballot 1, and op3, a read, has seen it */
		u.used = 2;
		u.val[1] = PROPOSED | 1;
		u.o[0].ph = ACC;
		u.o[0].bal = 1;
		u.o[0].sent = 1;
		u.o[0].res = 1;
		u.o[0].fb = tfrule ? 1 : 0;
		u.o[2].ph = DONE;
		u.o[2].res = 1;
		for (int j = 0; j < 4; j++) {
			u.s[j].acc = u.s[j].prom = 1;
			u.s[j].ever = u.s[j].conf = 2;
		}
	}
	return explore(&u, title);
}
