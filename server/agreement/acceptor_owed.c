/* What was accepted and is not here, or is here and not given: a hint for the repair. */
#include "acceptor_internal.h"

#include "placement.h"

void acceptor_note_owed(struct acceptor *acceptor, const dfs_value *value)
{
	const dfs_content *content = &value->body.dfs_body_u.manifest.content;
	unsigned given, here, filled;
	uint64_t units;

	if (value->body.kind != DFS_FILE)
		return;
	units = placement_units(content->size, content->unit_size);
	filled = units >= DFS_SERVERS ? CHUNKS_ALL : (1U << units) - 1;
	given = placement_held(content->holders, acceptor->server) & filled;
	here = store_chunks(acceptor->store, &content->object);
	if (given == here && placement_held(content->holders, acceptor->server) != 0)
		return;
	pthread_mutex_lock(&acceptor->lock);
	acceptor->owed++;
	pthread_mutex_unlock(&acceptor->lock);
}

uint64_t acceptor_owed(struct acceptor *acceptor)
{
	pthread_mutex_lock(&acceptor->lock);
	uint64_t owed = acceptor->owed;
	pthread_mutex_unlock(&acceptor->lock);
	return owed;
}
