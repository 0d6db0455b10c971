/*
 * What follows from a value that was accepted: its path's promise has done its work, and
 * what is not here, or is here and not given, is a hint for the repair.
 */
#include "acceptor_internal.h"

#include "object.h"
#include "placement.h"
#include "value.h"

/* Does the value give this server other chunks of its content than are here? */
static bool owes(struct acceptor *acceptor, const dfs_value *value)
{
	const dfs_content *content = &value->body.dfs_body_u.manifest.content;
	chunk_set given;
	dfs_id object;

	if (!value_has_content(value) || !object_of_content(content, &object))
		return false;
	given = placement_held(content->holders, acceptor->server);
	return given == 0 || (given & placement_filled(content->size)) !=
				     store_chunks(acceptor->store, &object);
}

void acceptor_note_value(struct acceptor *acceptor, const dfs_path *path,
			 const dfs_ballot *ballot, const dfs_value *value)
{
	bool owing = owes(acceptor, value);

	pthread_mutex_lock(&acceptor->lock);
	promises_accepted(acceptor->promises, path, ballot);
	if (ballot->counter > acceptor->seen)
		acceptor->seen = ballot->counter;
	acceptor->owed += owing;
	pthread_mutex_unlock(&acceptor->lock);
}

uint64_t acceptor_owed(struct acceptor *acceptor)
{
	pthread_mutex_lock(&acceptor->lock);
	uint64_t owed = acceptor->owed;
	pthread_mutex_unlock(&acceptor->lock);
	return owed;
}
