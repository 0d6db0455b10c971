/* HELLO, STATUS and HEAL: who this server is and how it is. */
#include "procs.h"

#include "healing.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text of the wire, cut off at its bound; false when out of memory. */
static bool fill_text(dfs_text *ret, const char *text)
{
	size_t len = strnlen(text, DFS_TEXT_MAX);

	ret->dfs_text_val = malloc(len + 1);
	if (!ret->dfs_text_val)
		return false;
	memcpy(ret->dfs_text_val, text, len);
	ret->dfs_text_len = (u_int)len;
	return true;
}

void procs_hello(struct caller *caller, const dfs_hello_args *args, dfs_hello_res *res)
{
	const struct server_parts *server = caller->server;
	dfs_hello_ok *ok = &res->dfs_hello_res_u.ok;
	struct store_numbers numbers;
	char quoted[DFS_TEXT_MAX + 1];

	log_event(LOG_DEBUG, "hello", "address=%s caller=%s", caller->address,
		  log_quote(args->caller.dfs_text_val, args->caller.dfs_text_len, quoted,
			    sizeof quoted));
	store_get_numbers(server->store, &numbers);
	if (!fill_text(&ok->software, DFS_SOFTWARE)) {
		res->status = DFS_BUSY;
		return;
	}
	ok->cluster = server->cluster;
	ok->store = numbers.id;
	ok->server = server->number;
	ok->state = acceptor_state(server->acceptor);
	ok->seen = acceptor_seen(server->acceptor);
	res->status = DFS_OK;
}

void procs_status(struct caller *caller, const void *args, dfs_status_res *res)
{
	const struct server_parts *server = caller->server;
	dfs_status_ok *ok = &res->dfs_status_res_u.ok;
	struct store_numbers numbers;
	struct store_owner owner;
	struct acceptor_standing standing;

	(void)args;
	store_get_numbers(server->store, &numbers);
	ok->server = server->number;
	acceptor_get_standing(server->acceptor, &standing);
	if (standing.state == DFS_STATE_VOTING && numbers.disk_error != 0)
		(void)snprintf(standing.why, sizeof standing.why,
			       "Its disk did not take what was stored last: %s.",
			       strerror(numbers.disk_error));
	ok->state = standing.state;
	ok->recovered = standing.recovered;
	ok->to_recover = standing.to_recover;
	if (!fill_text(&ok->why, standing.why) ||
	    !fill_text(&ok->software, DFS_SOFTWARE)) {
		free(ok->why.dfs_text_val);
		res->status = DFS_BUSY;
		return;
	}
	ok->store = numbers.id;
	ok->seen = acceptor_seen(server->acceptor);
	ok->started = server->started_ns;
	ok->files = numbers.files;
	ok->tombstones = numbers.tombstones;
	ok->objects = numbers.objects;
	ok->segments = numbers.segments;
	ok->newest_segment = numbers.newest_segment;
	ok->stored_bytes = numbers.stored_bytes;
	ok->disk_free = numbers.disk_free;
	ok->disk_size = numbers.disk_size;
	ok->damaged = numbers.damaged;
	ok->connections = server->connections();
	store_owner(server->store, caller->user, strlen(caller->user), &owner);
	ok->used = owner.used;
	ok->quota = owner.quota;
	if (server->healing && !healing_status(server->healing, ok)) {
		xdr_free((xdrproc_t)xdr_dfs_status_res, res);
		memset(res, 0, sizeof *res);
		res->status = DFS_BUSY;
		return;
	}
	res->status = DFS_OK;
}

void procs_heal(struct caller *caller, const void *args, dfs_heal_res *res)
{
	(void)args;
	if (caller->server->healing)
		healing_wake(caller->server->healing);
	res->status = caller->server->healing ? DFS_OK : DFS_BUSY;
}
