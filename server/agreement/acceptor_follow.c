/*
 * Catching up with epochs that peers have adopted, and counters that they have seen.
 *
 * Anybody may raise the counters of one server, one jump with each ballot, to where the
 * others refuse all that this server would hear.  What a peer says is not measured in
 * jumps (doc/AGREEMENT.md 2.1).
 */
#include "acceptor_internal.h"

#include "clock.h"

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

void acceptor_follow(struct acceptor *acceptor, const dfs_seen *peer)
{
	/*
	 * Epochs travel between servers only; what cannot be adopted is heard of again.
	 */
	(void)acceptor_adopt(acceptor, peer->epoch);
	pthread_mutex_lock(&acceptor->lock);
	/* The end of all counters is nobody's honest word. */
	if (peer->epoch == acceptor->epoch && peer->counter > acceptor->seen &&
	    peer->counter <= UINT64_MAX - acceptor->rules.jump)
		acceptor->seen = peer->counter;
	pthread_mutex_unlock(&acceptor->lock);
}
