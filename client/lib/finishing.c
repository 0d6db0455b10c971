/* Finishing by servers. */
#include "finishing.h"

#include "clock.h"
#include "path.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* Below /shared/ a value may be somebody else's, and other users' paths are theirs. */
bool finishing_is_own(const struct dfs *dfs, const char *path)
{
	size_t len = strlen(path), whose_len;
	enum path_kind kind = path_kind(path, len);
	const char *whose;

	if (kind == PATH_OF_NOTHING)
		return false;
	if (kind != PATH_OF_FILE && strcmp(dfs->user, "admin") == 0)
		return true;
	whose = path_of_whom(path, len, &whose_len);
	return kind != PATH_OF_ACCOUNT && whose_len == strlen(dfs->user) &&
	       memcmp(whose, dfs->user, whose_len) == 0;
}

/* ---- one call ------------------------------------------------------------------ */

struct finish_call {
	dfs_paths args;
	dfs_path paths[DFS_BATCH_MAX];
};

static void finish_call_free(void *owner)
{
	struct finish_call *call = owner;

	for (u_int i = 0; i < call->args.paths.paths_len; i++)
		free(call->paths[i].dfs_path_val);
	free(call);
}

static struct round *ask(struct dfs *dfs, unsigned server, struct reading **readings,
			 size_t count)
{
	struct finish_call *call = calloc(1, sizeof *call);
	struct round *round;

	if (!call)
		return NULL;
	call->args.paths.paths_val = call->paths;
	for (size_t i = 0; i < count; i++) {
		char *path = strdup(readings[i]->path);

		if (!path) {
			finish_call_free(call);
			return NULL;
		}
		call->paths[call->args.paths.paths_len++] =
			(dfs_path){(u_int)strlen(path), path};
	}
	round = round_new(dfs->links, DFS_FINISH, call, finish_call_free);
	if (round) {
		round_ask(round, server, &call->args, clock_now_ms() + LINKS_NEED_MS);
		round_wait(round, 1, 0);
	}
	return round;
}

/* Takes an answer that says what is agreed. */
static void take(struct reading *reading, const dfs_register *reg)
{
	const dfs_accepted *accepted = &reg->dfs_register_u.accepted;

	reader_free(reading);
	result_fail(&reading->result, DFS_EXIT_DONE, "%s", "");
	if (!reg->known)
		return;
	reading->known = value_copy(&accepted->value, &reading->value);
	if (!reading->known)
		result_fail(&reading->result, DFS_EXIT_OTHER, "out of memory");
	reading->ticket = accepted->ticket;
}

/* Why a reading is not finished yet; a later server may do better. */
static void note_refusal(struct reading *reading, dfs_status status)
{
	if (status == DFS_DENIED)
		result_fail(&reading->result, DFS_EXIT_DENIED, READER_DENIED);
	else
		result_fail(&reading->result, DFS_EXIT_FEW,
			    "no server could finish what was begun on it (%s): try "
			    "again, or start the missing servers",
			    status_text(status));
}

/* One server's answers; what is left is moved to the front and counted. */
static size_t ask_server(struct dfs *dfs, unsigned server, struct reading **readings,
			 size_t count)
{
	struct round *round = ask(dfs, server, readings, count);
	const dfs_finish_res *res = round ? round_answer(round, server) : NULL;
	size_t answered = 0, left = 0;

	if (res && res->status == DFS_OK)
		answered = res->dfs_finish_res_u.items.items_len;
	for (size_t i = 0; i < count; i++) {
		const dfs_looked *looked =
			i < answered ? &res->dfs_finish_res_u.items.items_val[i] : NULL;

		if (looked && looked->status == DFS_OK) {
			take(readings[i], &looked->dfs_looked_u.reg);
			continue;
		}
		note_refusal(readings[i], looked                         ? looked->status
					  : res && res->status != DFS_OK ? res->status
									 : DFS_BUSY);
		readings[left++] = readings[i];
	}
	round_free(round);
	return left;
}

void finishing_run(struct dfs *dfs, struct reading **readings, size_t count)
{
	unsigned servers = session_tellers(dfs, 2);

	for (size_t i = 0; i < count; i++)
		session_too_few(dfs, &readings[i]->result, servers,
				"no server is there to finish what was begun on it");
	for (unsigned s = 1; s <= DFS_SERVERS && count > 0; s++) {
		size_t before = count + 1;

		/* An answer may be the first of the paths only: ask for the rest. */
		while (servers & 1U << (s - 1) && count > 0 && count < before) {
			before = count;
			count = ask_server(dfs, s, readings, count);
		}
	}
}
