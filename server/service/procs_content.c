/* PUT, BIND, GET and PIECE: units on their way into the store and out of it. */
#include "procs.h"

#include "ballot.h"
#include "foreground.h"
#include "errors.h"
#include "object.h"
#include "path.h"
#include "pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Another size than was told of the content before is DFS_INVALID; more than the caller
 * may have, with all that he has staged, or the owner of the path, is DFS_OVER_QUOTA.
 */
static dfs_status check_stake(struct caller *caller, const dfs_put_args *args,
			      const dfs_id *maker)
{
	const struct store_stake stake = {
		.user = caller->user, .path = &args->path, .size = args->size};

	return errors_status(ERRORS_ACCEPTING,
			     store_upload_stake(caller->uploads, maker, &stake));
}

/* Before anything is staged: nothing of an upload that is refused may stay. */
static dfs_status check_put(struct caller *caller, const dfs_put_args *args,
			    const dfs_id *maker)
{
	if (id_is_zero(&args->operation) ||
	    path_check(args->path.dfs_path_val, args->path.dfs_path_len))
		return DFS_INVALID;
	for (u_int i = 0; i < args->units.units_len; i++)
		if (!procs_unit_is_good(&args->units.units_val[i], args->size))
			return DFS_INVALID;
	return check_stake(caller, args, maker);
}

void procs_put(struct caller *caller, const dfs_put_args *args, dfs_put_res *res)
{
	dfs_id maker;

	res->status = object_maker(&args->token, &maker) ? check_put(caller, args, &maker)
							 : DFS_BUSY;
	for (u_int i = 0; i < args->units.units_len && res->status == DFS_OK; i++) {
		const dfs_unit *unit = &args->units.units_val[i];

		res->status = errors_status(ERRORS_UPLOADING,
					    store_upload(caller->uploads, &maker, unit));
		if (i == 0 && res->status == DFS_OK)
			res->status = check_stake(caller, args, &maker);
	}
	/* The caller may then send less of it: a pair without a spare. */
	if (res->status == DFS_NOSPACE || res->status == DFS_OVER_QUOTA)
		store_upload_end(caller->uploads, &maker);
}

void procs_bind(struct caller *caller, const dfs_bind_args *args, dfs_bind_res *res)
{
	const struct acceptor_caller whom = procs_on_behalf(caller);

	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_bind_item *item = &args->items.items_val[i];

		if (path_check(item->path.dfs_path_val, item->path.dfs_path_len) ||
		    !procs_share_is_good(&item->share, &item->token)) {
			res->status = DFS_INVALID;
			return;
		}
	}
	acceptor_bind_for(caller->server->acceptor, &whom, caller->uploads, args, res);
}

/*
 * Which of the tickets are good: each is looked at once, however many units are wanted.
 */
static void check_tickets(const struct caller *caller, const dfs_get_args *args,
			  bool good[DFS_BATCH_MAX])
{
	for (u_int i = 0; i < args->tickets.tickets_len; i++) {
		const dfs_ticket *ticket = &args->tickets.tickets_val[i];

		good[i] = procs_may_read(caller, ticket, &ticket->object);
	}
}

static bool has_ticket(const dfs_get_args *args, const bool good[DFS_BATCH_MAX],
		       const dfs_id *object)
{
	for (u_int i = 0; i < args->tickets.tickets_len; i++)
		if (good[i] && id_equal(&args->tickets.tickets_val[i].object, object))
			return true;
	return false;
}

void procs_get(struct caller *caller, const dfs_get_args *args, dfs_get_res *res)
{
	size_t count = args->wants.wants_len, used = 0, i;
	dfs_got *items = calloc(count + 1, sizeof *items);
	bool good[DFS_BATCH_MAX];

	if (!items) {
		res->status = DFS_BUSY;
		return;
	}
	if (caller->peer != 0)
		foreground_wait(FOREGROUND_MOST_MS);
	check_tickets(caller, args, good);
	for (i = 0; i < count && used < DFS_CONTENT_MAX; i++) {
		const dfs_want *want = &args->wants.wants_val[i];
		dfs_bytes *data = &items[i].dfs_got_u.data;
		void *record;
		int rc;

		if (caller->peer == 0 && !has_ticket(args, good, &want->object)) {
			items[i].status = DFS_DENIED;
			continue;
		}
		rc = store_unit(caller->server->store, &want->object, want->unit, &record,
				data);
		items[i].status = errors_status(ERRORS_READING, rc);
		if (rc != 0)
			continue;
		if (used + data->len > DFS_CONTENT_MAX) {
			free(record); /* the answer ends here: the caller asks again */
			break;
		}
		used += data->len;
		if (!caller_keep(caller, record))
			items[i].status = DFS_BUSY;
	}
	res->status = DFS_OK;
	res->dfs_get_res_u.items.items_val = items;
	res->dfs_get_res_u.items.items_len = (u_int)i;
}

/* ---- pieces -------------------------------------------------------------------- */

/* The tops of all pieces of a content that has several; 0 or an errno. */
static int read_tops(struct store *store, const dfs_id *object, uint64_t units,
		     dfs_key *ret)
{
	uint64_t pieces = tree_pieces(units), got = 0;
	int rc = 0;

	for (uint64_t i = 0; got < pieces && rc == 0; i++) {
		dfs_bytes data;
		void *record;

		rc = store_unit(store, object, PIECES_TOPS + i, &record, &data);
		if (rc != 0)
			break;
		if (data.len % sizeof *ret != 0 || data.len == 0 ||
		    data.len / sizeof *ret > pieces - got)
			rc = EBADMSG;
		else
			memcpy(&ret[got], data.data, data.len);
		got += data.len / sizeof *ret;
		free(record);
	}
	return rc;
}

/* From the top of this piece to the root. */
static int find_path(struct store *store, const dfs_piece_args *args, dfs_piece *ret)
{
	uint64_t units = store_units(store, &args->object), pieces = tree_pieces(units);
	dfs_key *tops;
	size_t len = 0;
	int rc;

	if (args->piece >= pieces)
		return ENOENT;
	if (pieces == 1)
		return 0;
	tops = calloc(pieces, sizeof *tops);
	ret->path.path_val = calloc(DFS_PIECE_PATH_MAX, sizeof *tops);
	rc = tops && ret->path.path_val ? read_tops(store, &args->object, units, tops)
					: ENOMEM;
	if (rc == 0 && !tree_path(tops, pieces, args->piece, ret->path.path_val, &len))
		rc = ENOMEM;
	ret->path.path_len = (u_int)len;
	free(tops);
	return rc;
}

void procs_piece(struct caller *caller, const dfs_piece_args *args, dfs_piece_res *res)
{
	struct store *store = caller->server->store;
	dfs_piece *piece = &res->dfs_piece_res_u.piece;
	void *record;
	int rc;

	if (caller->peer == 0 && !procs_may_read(caller, &args->ticket, &args->object)) {
		res->status = DFS_DENIED;
		return;
	}
	rc = find_path(store, args, piece);
	if (rc == 0)
		rc = store_unit(store, &args->object, PIECES_FIRST + args->piece, &record,
				&piece->leaves);
	res->status = errors_status(ERRORS_READING, rc);
	if (rc == 0 && !caller_keep(caller, record))
		res->status = DFS_BUSY;
	if (res->status != DFS_OK)
		free(piece->path.path_val);
}
