/* Finishing by servers. */
#include "finishing.h"

#include "ballot.h"
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

/*
 * Takes an answer that says what is agreed: the newer one, if another server gave one
 * before.
 */
static void take(struct lookup *lookup, const dfs_register *reg)
{
	const dfs_accepted *accepted = &reg->dfs_register_u.accepted;
	bool newer = !lookup->known ||
		     ballot_compare(&accepted->ballot, &lookup->finished_at) > 0;

	lookup->finished++;
	result_fail(&lookup->result, DFS_EXIT_DONE, "%s", "");
	if (!reg->known || !newer)
		return;
	lookup_free(lookup);
	if (!lookup_take(lookup, accepted))
		return;
	lookup->ticket = accepted->ticket;
	lookup->finished_at = accepted->ballot;
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

/* Lookups in two lists; each is moved from one to the other at most. */
struct finishing {
	struct lookup *open[DFS_BATCH_MAX], *answered[DFS_BATCH_MAX];
	size_t open_count, answered_count;
};

/* One server's answers. */
static void ask_server(struct dfs *dfs, unsigned server, struct finishing *finishing)
{
	struct round *round = ask(dfs, server, finishing->open, finishing->open_count);
	const dfs_finish_res *res = round ? round_answer(round, server) : NULL;
	size_t answered = 0, left = 0;

	if (res && res->status == DFS_OK)
		answered = res->dfs_finish_res_u.items.items_len;
	for (size_t i = 0; i < finishing->open_count; i++) {
		struct lookup *lookup = finishing->open[i];
		const dfs_looked *looked =
			i < answered ? &res->dfs_finish_res_u.items.items_val[i] : NULL;

		/* It is one server's word. */
		if (looked && looked->status == DFS_OK &&
		    is_proved(dfs, lookup, &looked->dfs_looked_u.reg)) {
			take(lookup, &looked->dfs_looked_u.reg);
			finishing->answered[finishing->answered_count++] = lookup;
			continue;
		}
		if (lookup->finished == 0)
			note_refusal(lookup, server,
				     looked && looked->status != DFS_OK ? looked->status
				     : res && res->status != DFS_OK     ? res->status
									: DFS_BUSY);
		finishing->open[left++] = lookup;
	}
	finishing->open_count = left;
	round_free(round);
}

/*
 * What one server says is agreed three have to tell; where others are at work and they do
 * not, a second server is asked, and the newer of the two counts: one of them is honest.
 */
static void look_again(struct dfs *dfs, struct finishing *finishing)
{
	size_t left = 0;

	if (finishing->answered_count > 0)
		left = lookup_agreed(dfs, finishing->answered, finishing->answered_count);
	for (size_t i = 0; i < left; i++)
		if (finishing->answered[i]->finished < 2)
			finishing->open[finishing->open_count++] = finishing->answered[i];
	finishing->answered_count = 0;
}

static void fail_alone(struct lookup *lookup)
{
	if (lookup->finished == 0)
		return;
	lookup_free(lookup);
	result_fail(&lookup->result, DFS_EXIT_FEW,
		    "what one server says is agreed on, no other can confirm: try again, "
		    "or start the missing servers");
}

void finishing_run(struct dfs *dfs, struct lookup **lookups, size_t count)
{
	struct finishing finishing = {.open_count = count};
	server_set servers = session_tellers(dfs, 2);

	for (size_t i = 0; i < count; i++) {
		session_too_few(dfs, &lookups[i]->result, servers,
				"no server is there to finish what was begun on it");
		lookup_free(lookups[i]);
		lookups[i]->finished = 0;
		finishing.open[i] = lookups[i];
	}
	for (unsigned s = 1; s <= DFS_SERVERS && finishing.open_count > 0; s++) {
		size_t before = finishing.open_count + 1;

		/* An answer may be the first of the paths only: ask for the rest. */
		while (set_has(servers, s) && finishing.open_count > 0 &&
		       finishing.open_count < before) {
			before = finishing.open_count;
			ask_server(dfs, s, &finishing);
		}
		look_again(dfs, &finishing);
	}
	for (size_t i = 0; i < finishing.open_count; i++)
		fail_alone(finishing.open[i]);
}
