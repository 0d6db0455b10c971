/* LOOKUP, PREPARE, CONFIRM, ACCEPT and so on: checking what came before the acceptor. */
#include "procs.h"

#include "ballot.h"
#include "clock.h"
#include "path.h"
#include "object.h"
#include "peers.h"
#include "permit.h"
#include "placement.h"
#include "secrets.h"
#include "ticket.h"
#include "tree.h"
#include "value.h"
#include <string.h>

static dfs_status judge_again(const void *caller, size_t item, const dfs_path *path)
{
	return permit_judge_again(caller, item, path);
}

struct acceptor_caller procs_on_behalf(const struct caller *caller)
{
	return (struct acceptor_caller){.user = caller->peer != 0 ? NULL : caller->user,
					.server = caller->peer,
					.judged = caller->permitted,
					.judge_again = judge_again,
					.context = caller};
}

void procs_lookup(struct caller *caller, const dfs_paths *args, dfs_lookup_res *res)
{
	const struct acceptor_caller whom = procs_on_behalf(caller);
	dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;

	for (u_int i = 0; i < args->paths.paths_len; i++)
		if (!path_is_good(&args->paths.paths_val[i])) {
			res->status = DFS_INVALID;
			return;
		}
	acceptor_lookup_for(caller->server->acceptor, &whom, args, res);
	for (u_int i = 0; res->status == DFS_OK && i < ok->items.items_len; i++)
		if (ok->items.items_val[i].status == DFS_OK)
			permit_give_ticket(caller, &args->paths.paths_val[i],
					   &ok->items.items_val[i].dfs_looked_u.reg);
}

static uint64_t units_of(uint64_t size)
{
	return placement_units(size, placement_unit_size(size));
}

bool procs_share_is_good(const dfs_share *share, const dfs_key *token)
{
	dfs_id maker;

	if (share->size > (uint64_t)DFS_FILE_UNITS_MAX * DFS_UNIT_SIZE ||
	    id_is_zero(&share->maker) || share->chunks == 0 ||
	    share->chunks > CHUNKS_ALL ||
	    !tree_fits(units_of(share->size), share->tree.tree_len))
		return false;
	return !token || (object_maker(token, &maker) && id_equal(&maker, &share->maker));
}

bool procs_unit_is_good(const dfs_unit *unit, uint64_t size)
{
	uint32_t unit_size = placement_unit_size(size);

	uint64_t units, piece = unit->number - DFS_FILE_UNITS_MAX;

	if (size > (uint64_t)DFS_FILE_UNITS_MAX * DFS_UNIT_SIZE)
		return false;
	units = units_of(size);
	if (unit->number >= DFS_FILE_UNITS_MAX)
		return piece < tree_pieces(units) &&
		       unit->data.len == tree_piece_leaves(units, piece) * DFS_KEY_LEN;
	return unit->number < units &&
	       unit->data.len <= placement_unit_len(size, unit_size, unit->number) +
					 PLACEMENT_UNIT_MORE;
}

static bool small_is_good(const dfs_small *small, uint64_t size)
{
	if (!procs_share_is_good(&small->share, &small->token) ||
	    small->share.size != size || units_of(size) > DFS_SERVERS)
		return false;
	for (u_int i = 0; i < small->units.units_len; i++)
		if (!procs_unit_is_good(&small->units.units_val[i], size))
			return false;
	return true;
}

/* Only files have content. */
static bool stage_is_good(const dfs_prepare_item *item)
{
	const dfs_stage *stage = &item->stage;
	bool is_file = !path_check(item->path.dfs_path_val, item->path.dfs_path_len);

	switch (stage->kind) {
	case DFS_STAGE_NOTHING:
		return true;
	case DFS_STAGE_CONTENT:
		return is_file && small_is_good(&stage->dfs_stage_u.small, item->size);
	case DFS_STAGE_BINDING:
		return is_file && stage->dfs_stage_u.binding.share.size == item->size &&
		       procs_share_is_good(&stage->dfs_stage_u.binding.share, NULL);
	default:
		return false;
	}
}

bool procs_may_read(const struct caller *caller, const dfs_ticket *ticket,
		    const dfs_id *object)
{
	const int64_t now = clock_wall_ns();
	uint8_t secrets[SECRETS_MAX][SECRET_LEN];
	bool good = false;

	/* Each wanted unit is asked about with each ticket. */
	if (!id_equal(&ticket->object, object))
		return false;
	unsigned count = secrets_get(caller->server->secrets, now, secrets);
	for (unsigned i = 0; i < count && !good; i++)
		good = ticket_is_good(secrets[i], caller->user, ticket, now);
	secret_wipe(secrets, sizeof secrets);
	return good;
}

/* What is bound without being brought has to be what the caller may read. */
static bool may_stage(const struct caller *caller, const dfs_stage *stage)
{
	const dfs_binding *binding = &stage->dfs_stage_u.binding;
	dfs_id object;

	return stage->kind != DFS_STAGE_BINDING || caller->peer != 0 ||
	       (object_of_share(&binding->share, &object) &&
		procs_may_read(caller, &binding->ticket, &object));
}

void procs_prepare(struct caller *caller, const dfs_prepare_args *args,
		   dfs_prepare_res *res)
{
	const struct acceptor_caller whom = procs_on_behalf(caller);
	dfs_prepare_ok *ok = &res->dfs_prepare_res_u.ok;

	if (!ballot_is_good(&args->ballot)) {
		res->status = DFS_INVALID;
		return;
	}
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_prepare_item *item = &args->items.items_val[i];

		if (!path_is_good(&item->path) || !stage_is_good(item) ||
		    id_is_zero(&args->operation)) {
			res->status = DFS_INVALID;
			return;
		}
		if (caller->permitted[i] == DFS_OK && !may_stage(caller, &item->stage))
			caller->permitted[i] = DFS_DENIED;
	}
	acceptor_prepare_for(caller->server->acceptor, &whom, args, res);
	for (u_int i = 0; res->status == DFS_OK && i < ok->items.items_len; i++)
		if (ok->items.items_val[i].status == DFS_OK)
			permit_give_ticket(
				caller, &args->items.items_val[i].path,
				&ok->items.items_val[i].dfs_promise_u.promised.reg);
}

/*
 * Below /shared/ a file or folder is owned by who stored it, which nobody may say of
 * another: what others began there is finished by servers.
 */
static bool may_own(const struct caller *caller, const dfs_path *path,
		    const dfs_value *value)
{
	const dfs_body *body = &value->body;
	const dfs_user *owner = body->kind == DFS_FOLDER
					? &body->dfs_body_u.folder.owner
					: &body->dfs_body_u.manifest.owner;

	return caller->peer != 0 ||
	       (!value_has_content(value) && body->kind != DFS_FOLDER) ||
	       !path_is_shared(path->dfs_path_val, path->dfs_path_len) ||
	       (owner->dfs_user_len == strlen(caller->user) &&
		memcmp(owner->dfs_user_val, caller->user, owner->dfs_user_len) == 0);
}

/* Could a register of this path have such a value? */
static bool value_is_good(const dfs_path *path, const dfs_value *value)
{
	return !value_check_at(path->dfs_path_val, path->dfs_path_len, value);
}

/* Is it by servers that there are?  What they signed is looked at later. */
static bool promises_are_good(const dfs_confirm_item *item)
{
	for (u_int i = 0; i < item->promises.promises_len; i++) {
		uint32_t server = item->promises.promises_val[i].server;

		if (server < 1 || server > DFS_SERVERS)
			return false;
	}
	return true;
}

void procs_confirm(struct caller *caller, const dfs_confirm_args *args,
		   dfs_confirm_res *res)
{
	const struct acceptor_caller whom = procs_on_behalf(caller);

	if (!ballot_is_good(&args->ballot)) {
		res->status = DFS_INVALID;
		return;
	}
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_confirm_item *item = &args->items.items_val[i];

		if (!path_is_good(&item->path) || !promises_are_good(item) ||
		    !value_is_good(&item->path, &item->value) ||
		    (item->highest && !value_is_good(&item->path, item->highest))) {
			res->status = DFS_INVALID;
			return;
		}
		if (caller->permitted[i] == DFS_OK &&
		    !may_own(caller, &item->path, &item->value))
			caller->permitted[i] = DFS_DENIED;
	}
	if (caller->peer != 0)
		peers_check_lone(caller->server->peers, args, caller->permitted);
	acceptor_confirm_for(caller->server->acceptor, &whom, args, res);
}

static void accept_any(struct caller *caller, const dfs_accept_args *args, bool deletes,
		       dfs_accept_res *res)
{
	const struct acceptor_caller whom = procs_on_behalf(caller);

	if (!ballot_is_good(&args->ballot)) {
		res->status = DFS_INVALID;
		return;
	}
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_proposal *item = &args->items.items_val[i];

		if (!path_is_good(&item->path) ||
		    !value_is_good(&item->path, &item->value) ||
		    (deletes && item->value.body.kind != DFS_TOMBSTONE)) {
			res->status = DFS_INVALID;
			return;
		}
		if (caller->permitted[i] == DFS_OK &&
		    !may_own(caller, &item->path, &item->value))
			caller->permitted[i] = DFS_DENIED;
	}
	acceptor_accept_for(caller->server->acceptor, &whom, args, res);
}

void procs_accept(struct caller *caller, const dfs_accept_args *args, dfs_accept_res *res)
{
	accept_any(caller, args, false, res);
}

void procs_delete(struct caller *caller, const dfs_accept_args *args, dfs_accept_res *res)
{
	accept_any(caller, args, true, res);
}

void procs_settled(struct caller *caller, const dfs_settled_args *args,
		   dfs_settled_res *res)
{
	const struct acceptor_caller whom = procs_on_behalf(caller);

	for (u_int i = 0; i < args->items.items_len; i++)
		if (!path_is_good(&args->items.items_val[i].path))
			caller->permitted[i] = DFS_INVALID;
	acceptor_settled_for(caller->server->acceptor, &whom, args, res);
}
