/*
 * The acceptor: whether it votes, and in which epoch.
 *
 * Each message on paths holds the gate, shared, from its first check to the end of its
 * commit.  Whoever changes the standing or the epoch holds it alone: so a new epoch is
 * adopted only when every ACCEPT of an older one has been committed or refused, and no
 * message that began while this server voted ends when it does not.
 */
#include "acceptor_internal.h"

#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* ---- the gate ------------------------------------------------------------------ */

void acceptor_gate_init(struct acceptor *acceptor)
{
	pthread_rwlockattr_t kind;

	/* Messages that never stop must not keep an epoch from being adopted. */
	pthread_rwlockattr_init(&kind);
	pthread_rwlockattr_setkind_np(&kind,
				      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&acceptor->gate, &kind);
	pthread_rwlockattr_destroy(&kind);
}

bool acceptor_enter(struct acceptor *acceptor, dfs_state *ret_state)
{
	pthread_rwlock_rdlock(&acceptor->gate);
	*ret_state = acceptor_state(acceptor);
	if (*ret_state != DFS_STATE_RECOVERING)
		return true;
	pthread_rwlock_unlock(&acceptor->gate);
	return false;
}

void acceptor_leave(struct acceptor *acceptor)
{
	pthread_rwlock_unlock(&acceptor->gate);
}

/* ---- the standing -------------------------------------------------------------- */

dfs_state acceptor_state(struct acceptor *acceptor)
{
	pthread_mutex_lock(&acceptor->lock);
	dfs_state state = acceptor->standing.state;
	pthread_mutex_unlock(&acceptor->lock);
	return state;
}

void acceptor_get_standing(struct acceptor *acceptor, struct acceptor_standing *ret)
{
	pthread_mutex_lock(&acceptor->lock);
	*ret = acceptor->standing;
	pthread_mutex_unlock(&acceptor->lock);
}

void acceptor_note(struct acceptor *acceptor, const struct acceptor_standing *standing)
{
	pthread_mutex_lock(&acceptor->lock);
	dfs_state state = acceptor->standing.state;

	acceptor->standing = *standing;
	acceptor->standing.state = state;
	pthread_mutex_unlock(&acceptor->lock);
}

int acceptor_vote(struct acceptor *acceptor)
{
	int rc;

	pthread_rwlock_wrlock(&acceptor->gate);
	rc = acceptor_load(acceptor);
	if (rc == 0) {
		pthread_mutex_lock(&acceptor->lock);
		acceptor->standing =
			(struct acceptor_standing){.state = DFS_STATE_VOTING};
		pthread_mutex_unlock(&acceptor->lock);
	}
	pthread_rwlock_unlock(&acceptor->gate);
	return rc;
}

void acceptor_restart(struct acceptor *acceptor)
{
	pthread_mutex_lock(&acceptor->lock);
	acceptor->standing = (struct acceptor_standing){.state = DFS_STATE_STARTING};
	pthread_mutex_unlock(&acceptor->lock);
}

void acceptor_retire(struct acceptor *acceptor, const char *why)
{
	pthread_rwlock_wrlock(&acceptor->gate);
	pthread_mutex_lock(&acceptor->lock);
	acceptor->standing = (struct acceptor_standing){.state = DFS_STATE_RECOVERING};
	(void)snprintf(acceptor->standing.why, sizeof acceptor->standing.why, "%s", why);
	pthread_mutex_unlock(&acceptor->lock);
	pthread_rwlock_unlock(&acceptor->gate);
}

uint64_t acceptor_messages(struct acceptor *acceptor)
{
	pthread_mutex_lock(&acceptor->lock);
	uint64_t messages = acceptor->messages;
	pthread_mutex_unlock(&acceptor->lock);
	return messages;
}

/* ---- epochs -------------------------------------------------------------------- */

/* With the gate held alone. */
static int adopt_alone(struct acceptor *acceptor, uint32_t epoch)
{
	struct store_batch *batch = store_batch_new(acceptor->store);
	int rc = batch ? store_batch_epoch(batch, epoch) : ENOMEM;

	if (rc != 0) {
		store_batch_free(batch);
		return rc;
	}
	store_batch_may_use_reserve(batch);
	rc = store_commit(batch);
	if (rc != 0)
		return rc;
	pthread_mutex_lock(&acceptor->lock);
	acceptor->epoch = epoch;
	pthread_mutex_unlock(&acceptor->lock);
	log_event(LOG_INFO, "epoch", "adopted=%" PRIu32, epoch);
	return 0;
}

int acceptor_adopt(struct acceptor *acceptor, uint32_t epoch)
{
	int rc = 0;

	if (epoch <= acceptor_seen(acceptor).epoch)
		return 0;
	pthread_rwlock_wrlock(&acceptor->gate);
	if (acceptor_state(acceptor) == DFS_STATE_RECOVERING)
		rc = EHOSTDOWN;
	else if (epoch > acceptor_seen(acceptor).epoch)
		rc = adopt_alone(acceptor, epoch);
	pthread_rwlock_unlock(&acceptor->gate);
	return rc;
}
