/* Finishing by servers. */
#include "finishing.h"

#include "clock.h"
#include "path.h"
#include "provenance.h"
#include "refusals.h"

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

static struct round *ask(struct dfs *dfs, unsigned server, struct lookup **lookups,
			 size_t count)
{
	const dfs_paths *args;
	struct round *round = lookup_round(dfs, DFS_FINISH, lookups, count, &args);

	if (round) {
		round_ask(round, server, args, clock_now_ms() + LINKS_NEED_MS);
		round_wait(round, 1, 0);
	}
	return round;
}

/* Takes an answer that says what is agreed. */
static void take(struct lookup *lookup, const dfs_register *reg)
{
	const dfs_accepted *accepted = &reg->dfs_register_u.accepted;

	lookup_free(lookup);
	result_fail(&lookup->result, DFS_EXIT_DONE, "%s", "");
	if (!reg->known)
		return;
	if (lookup_take(lookup, accepted))
		lookup->ticket = accepted->ticket;
}

/* Why a lookup is not finished yet; a later server may do better. */
static void note_refusal(struct lookup *lookup, unsigned server, dfs_status status)
{
	const struct refusals_case of = {.what = REFUSALS_READ};
	struct refusals refusals = {0};

	if (status == DFS_DENIED)
		refusals_note(&refusals, server, status);
	if (!refusals_explain(&refusals, &of, &lookup->result))
		result_fail(&lookup->result, DFS_EXIT_FEW,
			    "no server could finish what was begun on it (%s): try "
			    "again, or start the missing servers",
			    status_text(status));
}

static bool is_proved(struct dfs *dfs, const struct lookup *lookup,
		      const dfs_register *reg)
{
	return !reg->known ||
	       provenance_is_proved(dfs, lookup->path, &reg->dfs_register_u.accepted);
}

/* One server's answers; what is left is moved to the front and counted. */
static size_t ask_server(struct dfs *dfs, unsigned server, struct lookup **lookups,
			 size_t count)
{
	struct round *round = ask(dfs, server, lookups, count);
	const dfs_finish_res *res = round ? round_answer(round, server) : NULL;
	size_t answered = 0, left = 0;

	if (res && res->status == DFS_OK)
		answered = res->dfs_finish_res_u.items.items_len;
	for (size_t i = 0; i < count; i++) {
		const dfs_looked *looked =
			i < answered ? &res->dfs_finish_res_u.items.items_val[i] : NULL;

		/* It is one server's word. */
		if (looked && looked->status == DFS_OK &&
		    is_proved(dfs, lookups[i], &looked->dfs_looked_u.reg)) {
			take(lookups[i], &looked->dfs_looked_u.reg);
			continue;
		}
		note_refusal(lookups[i], server,
			     looked && looked->status != DFS_OK ? looked->status
			     : res && res->status != DFS_OK     ? res->status
								: DFS_BUSY);
		lookups[left++] = lookups[i];
	}
	round_free(round);
	return left;
}

void finishing_run(struct dfs *dfs, struct lookup **lookups, size_t count)
{
	server_set servers = session_tellers(dfs, 2);

	for (size_t i = 0; i < count; i++)
		session_too_few(dfs, &lookups[i]->result, servers,
				"no server is there to finish what was begun on it");
	for (unsigned s = 1; s <= DFS_SERVERS && count > 0; s++) {
		size_t before = count + 1;

		/* An answer may be the first of the paths only: ask for the rest. */
		while (set_has(servers, s) && count > 0 && count < before) {
			before = count;
			count = ask_server(dfs, s, lookups, count);
		}
	}
}
