/*
 * Attack 8: a write by somebody who may not write any more.
 *
 * "tester" lets "other" write /tester/writable, who proposes once more what is there.  He
 * may; but he sees to it that the call has to wait for another path, of his own, which
 * many calls of his are at.  Meanwhile "tester" takes his right away.  It counts only
 * where the server had taken that in before it took the proposal.
 */
#include "flood.h"
#include "library.h"

#include "clock.h"
#include "value.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER = 1, CONNECTIONS = 24, WAITING = 2, TRIES = 20, LIMIT_MS = 60000 };
#define ABOVE (UINT64_C(1) << 16) /* all that tester proposes meanwhile */

static const char path[] = "/tester/writable", busy[] = "/other/hold";

/* A call that waits, and all that is in it. */
struct waiting {
	struct attacker attacker;
	dfs_ballot ballot;
	struct attack_content content;
	dfs_value harmless, again;
	pthread_t thread;
	atomic_bool answered;
};

/* Both in one call, which takes its paths in their order. */
static void *propose(void *argument)
{
	struct waiting *waiting = argument;
	dfs_proposal items[] = {{attack_path(busy), waiting->harmless},
				{attack_path(path), waiting->again}};
	const dfs_accept_args args = {waiting->ballot, {2, items}};
	dfs_accept_res res;
	char why[512];

	if (call_run(waiting->attacker.calls[SERVER - 1], DFS_ACCEPT, &args, &res,
		     &(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why}))
		call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
	atomic_store(&waiting->answered, true);
	return NULL;
}

/*
 * What he proposes at his own path has no content and is not taken: it is only waited
 * for.
 */
static void begin(struct waiting *ret, const struct attack_known *before)
{
	attack_begin(&ret->attacker, "other", set_of(SERVER));
	ret->ballot = attack_ballot(&ret->attacker, set_of(SERVER));
	ret->ballot.counter += ABOVE;
	attack_content_make(&ret->content, "none", 4, (struct attack_object){NULL, NULL});
	attack_value_make(&ret->attacker, busy, &ret->ballot, &ret->content,
			  &ret->harmless);
	attack_must(value_copy(&before->value, &ret->again), "memory");
	if (pthread_create(&ret->thread, NULL, propose, ret) != 0)
		attack_broken("no thread");
}

/* Had it waited until now? */
static bool end(struct waiting *waiting, bool waited)
{
	(void)pthread_join(waiting->thread, NULL);
	attack_end(&waiting->attacker);
	attack_content_free(&waiting->content);
	value_free(&waiting->harmless);
	value_free(&waiting->again);
	return waited;
}

/* As tester sees it there: has it readers? */
static bool is_shared(struct attacker *tester)
{
	struct attack_known known;
	bool shared;

	attack_look(tester, SERVER, path, &known);
	shared = known.known &&
		 known.value.body.dfs_body_u.manifest.access.readers.readers_len > 0;
	attack_forget(&known);
	return shared;
}

/* To how many servers may he read it, once this one has told them? */
static unsigned may_read(struct attacker *other)
{
	dfs_path name = attack_path(path);
	const dfs_paths args = {{1, &name}};
	dfs_finish_res res;
	unsigned count = 0;

	attack_say(other, SERVER, DFS_FINISH, &args, &res);
	call_free_result((xdrproc_t)xdr_dfs_finish_res, &res);
	for (unsigned server = 1; server <= DFS_SERVERS; server++) {
		struct attack_known known;

		attack_look(other, server, path, &known);
		count += known.known && !id_is_zero(&known.ticket.object);
		attack_forget(&known);
	}
	return count;
}

static void must(const struct dfs_result *result)
{
	if (result->code != 0)
		attack_broken("%s: %s", path, result->why);
}

/* Somebody who asks at the same time is judged: those before him have been, too. */
static void wait_for_judgement(struct attacker *other,
			       const struct attack_known *before)
{
	const dfs_ballot low = {.counter = 0};

	(void)attack_accept(other, SERVER, path, &low, &before->value);
}

/* One race; true when the proposal was taken after the right had gone. */
static bool race(struct dfs *dfs, struct attacker *tester, struct attacker *other)
{
	struct waiting *waiting = calloc(WAITING, sizeof *waiting);
	struct attack_known before;
	struct dfs_result result = dfs_file_share(dfs, path, "other", true);
	bool gone, waited = false;

	must(&result);
	attack_look(other, SERVER, path, &before);
	if (!waiting || !before.known)
		attack_broken("other may not read %s", path);
	for (unsigned i = 0; i < WAITING; i++)
		begin(&waiting[i], &before);
	wait_for_judgement(other, &before);
	result = dfs_file_unshare(dfs, path, "other");
	must(&result);
	gone = !is_shared(tester);
	for (unsigned i = 0; i < WAITING; i++)
		waited = end(&waiting[i], !atomic_load(&waiting[i].answered)) || waited;
	attack_forget(&before);
	free(waiting);
	return gone && waited && is_shared(tester);
}

int main(void)
{
	const struct flood_place place = {.server = SERVER, .user = "other", .path = busy};
	struct flood *flood = flood_start(&place, CONNECTIONS);
	struct dfs *dfs = library_open("tester");
	struct attacker tester, other;
	bool won = false;
	unsigned tries;

	attack_begin(&tester, "tester", set_of(SERVER));
	attack_begin(&other, "other", SERVERS_ALL);
	for (tries = 0; tries < TRIES && !won; tries++)
		won = race(dfs, &tester, &other);
	if (flood_staged(flood) == 0)
		attack_broken("other may not bring content of his own");
	flood_end(flood);
	if (won)
		attack_won("after %u tries dfs%u took what other proposed when he might "
			   "not any more; by now he may read at %u servers",
			   tries, SERVER, may_read(&other));
	attack_failed("in %u tries", tries);
}
