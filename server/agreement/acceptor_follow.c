/*
 * Catching up with epochs that peers have adopted, and counters that they have seen.
 *
 * Anybody may raise the counters of one server, one jump with each ballot, to where the
 * others refuse all that this server would hear.  What peers say is not measured in
 * jumps, but one of them may lie (doc/AGREEMENT.md 2.1).
 */
#include "acceptor_internal.h"

#include "clock.h"

#include <errno.h>

void acceptor_set_ask(struct acceptor *acceptor, void (*ask)(void *context),
		      void *context)
{
	acceptor->ask = ask;
	acceptor->ask_context = context;
	acceptor->asked_ms = clock_now_ms() - acceptor->rules.ask_ms;
}

void acceptor_catch_up(struct acceptor *acceptor, const dfs_ballot *ballot)
{
	int64_t now = clock_now_ms();

	pthread_mutex_lock(&acceptor->lock);
	bool asks = acceptor->ask && now - acceptor->asked_ms >= acceptor->rules.ask_ms &&
		    (ballot->epoch > acceptor->epoch ||
		     (ballot->epoch == acceptor->epoch &&
		      ballot->counter > acceptor->seen + acceptor->rules.jump));

	if (asks)
		acceptor->asked_ms = now;
	pthread_mutex_unlock(&acceptor->lock);
	if (asks)
		acceptor->ask(acceptor->ask_context);
}

/* ---- what peers say ------------------------------------------------------------ */

/* With the lock held: a peer gets what it may do alone. */
static struct acceptor_peer *peer_of(struct acceptor *acceptor, unsigned server)
{
	const struct acceptor_rules *rules = &acceptor->rules;
	struct acceptor_peer *peer = &acceptor->peers[server - 1];
	int64_t now = clock_now_ms();

	if (peer->since_ms == 0) {
		peer->epochs = rules->epochs;
	} else if (now - peer->since_ms >= rules->alone_ms) {
		if (peer->epochs < rules->epochs)
			peer->epochs++;
	} else {
		return peer;
	}
	peer->counters = rules->counters;
	peer->since_ms = now;
	return peer;
}

/* With the lock held: the highest epoch that two servers name, this one counted twice. */
static uint32_t epoch_of_two(const struct acceptor *acceptor)
{
	uint32_t highest = acceptor->epoch, second = highest;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		uint32_t epoch = acceptor->peers[i].epoch;

		if (epoch > highest) {
			second = highest;
			highest = epoch;
		} else if (epoch > second) {
			second = epoch;
		}
	}
	return second;
}

bool acceptor_epoch_is_far(struct acceptor *acceptor, uint32_t epoch)
{
	pthread_mutex_lock(&acceptor->lock);
	uint32_t known = epoch_of_two(acceptor);
	bool far = epoch > known && epoch - known > acceptor->rules.epoch_step;
	pthread_mutex_unlock(&acceptor->lock);
	return far;
}

/*
 * With the lock held: as many steps to the epoch that it names as it may still move this
 * one.  An honest one may be so far ahead, for another has moved it alone; but what is
 * out of reach is a lie.
 */
static uint32_t step_to(const struct acceptor *acceptor, struct acceptor_peer *peer,
			uint32_t known)
{
	uint32_t step = acceptor->rules.epoch_step, far, steps;

	if (peer->epoch <= known)
		return known;
	far = peer->epoch - known;
	steps = far / step + (far % step > 0);
	if (steps > peer->epochs)
		return known;
	peer->epochs -= steps;
	return peer->epoch;
}

int acceptor_hear_epoch(struct acceptor *acceptor, unsigned server, uint32_t epoch)
{
	struct acceptor_peer *peer;
	uint32_t adopted;
	int rc;

	pthread_mutex_lock(&acceptor->lock);
	peer = peer_of(acceptor, server);
	peer->epoch = epoch;
	adopted = step_to(acceptor, peer, epoch_of_two(acceptor));
	pthread_mutex_unlock(&acceptor->lock);
	rc = acceptor_adopt(acceptor, adopted);
	return rc == 0 && adopted < epoch ? EPERM : rc;
}

/* With the lock held: the counter that counts, and how far above it one is alone. */
static void follow_counters(struct acceptor *acceptor, const dfs_seen told[DFS_SERVERS],
			    server_set peers)
{
	uint64_t highest = acceptor->seen, second = highest, reach;
	struct acceptor_peer *alone = NULL;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_seen *peer = &told[s - 1];

		/* The end of all counters is nobody's honest word. */
		if (!set_has(peers, s) || peer->epoch != acceptor->epoch ||
		    peer->counter > UINT64_MAX - acceptor->rules.jump)
			continue;
		if (peer->counter > highest) {
			second = highest;
			highest = peer->counter;
			alone = peer_of(acceptor, s);
		} else if (peer->counter > second) {
			second = peer->counter;
		}
	}
	acceptor->seen = second;
	if (!alone)
		return;
	reach = highest - second < alone->counters ? highest - second : alone->counters;
	alone->counters -= reach;
	acceptor->seen += reach;
}

void acceptor_follow(struct acceptor *acceptor, const dfs_seen told[DFS_SERVERS],
		     server_set peers)
{
	/*
	 * Epochs travel between servers only; what cannot be adopted is heard of again.
	 */
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(peers, s))
			(void)acceptor_hear_epoch(acceptor, s, told[s - 1].epoch);
	pthread_mutex_lock(&acceptor->lock);
	follow_counters(acceptor, told, peers);
	pthread_mutex_unlock(&acceptor->lock);
}
