/*
 * The prover: a thread that proves, unit by unit, what came from its writer unproved; the
 * newest first, and soon.
 *
 * Until then the content counts as here, but justifies neither giving back a spare nor
 * dropping another copy.  What does not prove is damaged: the store logs it by name, and
 * whoever repairs is woken; likewise when all is proved, because of what has waited for
 * that.  Users come first, as with the repair.
 */
#ifndef DFS_PROVER_H
#define DFS_PROVER_H

#include "acceptor.h"
#include <stdbool.h>

struct prover;

struct prover_calls {
	void *context;
	/* Something was found damaged; a segment's list (scrubber.h). */
	void (*damaged)(void *context);
	void (*condemn)(void *context, const char *why);
	/* What was unproved is proved, or damaged. */
	void (*proved)(void *context);
};

struct prover_options {
	struct store *store;
	struct acceptor *acceptor; /* it works only while this votes */
	struct prover_calls calls;
};

/* NULL when out of memory.  Store and acceptor outlive it. */
struct prover *prover_new(const struct prover_options *options);
/* false: no thread to be had. */
bool prover_start(struct prover *prover);
void prover_stop(struct prover *prover);
/* Ends it likewise, and frees it.  NULL is allowed. */
void prover_free(struct prover *prover);

/*
 * One step, of about a megabyte, by hand, where there is no thread: false when there is
 * nothing more to prove, or an error is in the way.
 */
bool prover_step(struct prover *prover);

#endif
