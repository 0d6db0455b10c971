/*
 * Catching up with counters that peers have seen.
 *
 * Anybody may raise the counters of one server, one jump with each ballot, to where the others
 * refuse all that this server would hear.  What a peer says is not measured in jumps.
 */
#include "acceptor_internal.h"

bool acceptor_is_behind(struct acceptor *acceptor, const dfs_ballot *ballot)
{
	pthread_mutex_lock(&acceptor->lock);
	bool behind = ballot->epoch == acceptor->epoch &&
		      ballot->counter > acceptor->seen + acceptor->rules.jump;
	pthread_mutex_unlock(&acceptor->lock);
	return behind;
}

void acceptor_follow(struct acceptor *acceptor, const dfs_seen *peer)
{
	pthread_mutex_lock(&acceptor->lock);
	/* The end of all counters is nobody's honest word. */
	if (peer->epoch == acceptor->epoch && peer->counter > acceptor->seen &&
	    peer->counter <= UINT64_MAX - acceptor->rules.jump)
		acceptor->seen = peer->counter;
	pthread_mutex_unlock(&acceptor->lock);
}
