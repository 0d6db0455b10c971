/*
 * Slowing down who guesses: what is counted for each pair of user name and address.
 *
 * The first wrong tries of a pair may be made side by side and are answered soon; from
 * then on they are made one after the other, each answered later than the one before.  A
 * right one clears the pair.  It is the same for names that no user has.
 *
 * Nothing here waits, and nothing knows the time: the caller holds a lock, and says what
 * time it is in milliseconds.
 */
#ifndef DFS_SLOWDOWN_H
#define DFS_SLOWDOWN_H

#include <stddef.h>
#include <stdint.h>

struct slowdown;

struct slowdown_rules {
	int64_t floor_ms;      /* what a refusal takes, from the beginning of the try */
	unsigned free_tries;   /* so many wrong ones of a pair take no longer than that */
	int64_t slow_first_ms; /* what the next takes; each one after it twice as long, */
	int64_t slow_most_ms;  /* but not more than this */
	int64_t forget_ms;     /* a pair is forgotten so long after its last wrong try */
	size_t pairs; /* remembered; beyond it the one whose last try is oldest goes */
};

/* NULL when out of memory. */
struct slowdown *slowdown_new(const struct slowdown_rules *rules);
/* No try may be under way. */
void slowdown_free(struct slowdown *slowdown);

enum slowdown_next {
	/* The try has begun: then slowdown_wrong or slowdown_right, and slowdown_end. */
	SLOWDOWN_GO,
	/*
	 * Until another try of the pair has ended, or is as if it had; or there is no
	 * memory.
	 */
	SLOWDOWN_WAIT
};

enum slowdown_next slowdown_begin(struct slowdown *slowdown, const char *user,
				  const char *address, int64_t now_ms);

/* How long the try takes, from its beginning to its answer. */
int64_t slowdown_wrong(struct slowdown *slowdown, const char *user, const char *address,
		       int64_t now_ms);

/* What was wrong before is forgotten. */
void slowdown_right(struct slowdown *slowdown, const char *user, const char *address);

/* The try has been answered. */
void slowdown_end(struct slowdown *slowdown, const char *user, const char *address);

/*
 * The try, a wrong one, has ended before its answer was due at until_ms: nobody is there
 * any more to take it.  For the next try that counts as if it were answered then.
 */
void slowdown_abandon(struct slowdown *slowdown, const char *user, const char *address,
		      int64_t until_ms);

#endif
