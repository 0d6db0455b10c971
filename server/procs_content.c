/* PUT, BIND and GET: units on their way into the store and out of it. */
#include "procs.h"

#include "ballot.h"
#include "errors.h"
#include "path.h"

#include <stdlib.h>

void procs_put(struct caller *caller, const dfs_put_args *args, dfs_put_res *res)
{
	res->status = DFS_OK;
	if (id_is_zero(&args->object) || id_is_zero(&args->operation))
		res->status = DFS_INVALID;
	for (u_int i = 0; i < args->units.units_len && res->status == DFS_OK; i++) {
		const dfs_unit *unit = &args->units.units_val[i];

		if (unit->number >= DFS_FILE_UNITS_MAX)
			res->status = DFS_INVALID;
		else
			res->status = errors_status(
				ERRORS_UPLOADING,
				store_upload(caller->uploads, &args->object, unit));
	}
	/* The caller may then send less of it: a pair without a spare. */
	if (res->status == DFS_NOSPACE)
		store_upload_end(caller->uploads, &args->object);
}

void procs_bind(struct caller *caller, const dfs_bind_args *args, dfs_bind_res *res)
{
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_bind_item *item = &args->items.items_val[i];

		if (path_check(item->path.dfs_path_val, item->path.dfs_path_len) ||
		    id_is_zero(&item->share.object) || item->share.chunks == 0 ||
		    item->share.chunks > 0xf || item->share.units > DFS_FILE_UNITS_MAX) {
			res->status = DFS_INVALID;
			return;
		}
	}
	acceptor_bind(caller->server->acceptor, caller->uploads, args, res);
}

void procs_get(struct caller *caller, const dfs_get_args *args, dfs_get_res *res)
{
	size_t count = args->wants.wants_len, used = 0, i;
	dfs_got *items = calloc(count + 1, sizeof *items);

	if (!items) {
		res->status = DFS_BUSY;
		return;
	}
	for (i = 0; i < count && used < DFS_CONTENT_MAX; i++) {
		const dfs_want *want = &args->wants.wants_val[i];
		dfs_bytes *data = &items[i].dfs_got_u.data;
		void *record;
		int rc = store_unit(caller->server->store, &want->object, want->unit,
				    &record, data);

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
