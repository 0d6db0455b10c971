/*
 * Attack 8: a write by somebody who may not write any more.
 *
 *	late_writer PID
 *
 * "tester" lets "other" write /tester/writable, who proposes once more what is there.  He
 * may; but his ballot is one too high for dfs1, which first asks the others how far they
 * are.  One of them is silent for a while: PID, which is stopped here, as where a network
 * stalls.  Meanwhile "tester" takes the right away, with a ballot that brings the other
 * one into reach.  It counts only where dfs1 had taken that in before it took the
 * proposal.
 */
#include "attack.h"
#include "library.h"

#include "object.h"
#include "path.h"
#include "placement.h"
#include "text.h"
#include "value.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER = 1, THREE = 7 /* dfs1 to dfs3, as a set */, TRIES = 20, ENOUGH = 3 };

static const char path[] = "/tester/writable";
static pid_t silent;

/* ---- a proposal that waits ----------------------------------------------------- */

struct waiting {
	struct attacker attacker;
	dfs_ballot ballot;
	dfs_value value;
	pthread_t thread;
	atomic_bool answered;
};

static void *propose(void *argument)
{
	struct waiting *waiting = argument;

	(void)attack_accept(&waiting->attacker, SERVER, path, &waiting->ballot,
			    &waiting->value);
	atomic_store(&waiting->answered, true);
	return NULL;
}

static void waiting_begin(struct waiting *ret, const struct attack_known *before)
{
	attack_begin(&ret->attacker, "other", set_of(SERVER));
	/* One above what the server has seen, and as far above that as it would hear. */
	ret->ballot = attack_ballot(&ret->attacker, set_of(SERVER));
	ret->ballot.counter += BALLOT_JUMP;
	attack_must(value_copy(&before->value, &ret->value), "memory");
	if (pthread_create(&ret->thread, NULL, propose, ret) != 0)
		attack_broken("no thread");
}

/* Who asks at the same time has been judged: so has the one that waits. */
static void wait_until_judged(struct attacker *other, const struct attack_known *before)
{
	dfs_ballot low = {.counter = 1};

	attack_must(id_random(&low.proposer), "random");
	(void)attack_accept(other, SERVER, path, &low, &before->value);
}

static void waiting_end(struct waiting *waiting)
{
	(void)pthread_join(waiting->thread, NULL);
	attack_end(&waiting->attacker);
	value_free(&waiting->value);
}

/* ---- the end of a right -------------------------------------------------------- */

/* The same content, without readers, as the next operation. */
static void make_unshared(const struct attacker *tester, const struct attack_known *known,
			  const dfs_ballot *ballot, dfs_value *ret)
{
	struct manifest_secret secret;
	dfs_value value = known->value;
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;

	attack_open_file(tester, path, known, &secret);
	attack_must(id_random(&value.operation), "random");
	value.origin = *ballot;
	value.number++;
	value.recent.recent_len = 1;
	value.recent.recent_val = &value.operation;
	manifest->access = (dfs_access){.generation = manifest->access.generation + 1};
	attack_must(manifest_wrap(&tester->identity, path, manifest,
				  &tester->identity.account.seal_key, secret.key),
		    "manifest");
	attack_must(value_copy(&value, ret), "memory");
	free(manifest->keys.keys_val);
	secret_wipe(&secret, sizeof secret);
}

/* A promise, for a value with the content that is there. */
static void prepare(struct attacker *tester, unsigned server,
		    const struct attack_known *known, const dfs_ballot *ballot)
{
	const dfs_content *content = &known->value.body.dfs_body_u.manifest.content;
	dfs_prepare_item item = {.path = path_borrow(path), .size = content->size};
	dfs_prepare_args args = {.ballot = *ballot, .items = {1, &item}};
	dfs_prepare_res res;

	item.stage.kind = DFS_STAGE_BINDING;
	item.stage.dfs_stage_u.binding =
		(dfs_binding){object_share(content, placement_pair(content->row, server)),
			      known->ticket};
	attack_must(id_random(&args.operation), "random");
	attack_say(tester, server, DFS_PREPARE, &args, &res);
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &res);
}

/* At three servers, for none of which anybody waits; did they take it? */
static bool take_right(struct attacker *tester)
{
	dfs_ballot ballot = attack_ballot(tester, THREE);
	struct attack_known known;
	dfs_value value;
	bool taken = true;

	attack_look(tester, SERVER, path, &known);
	make_unshared(tester, &known, &ballot, &value);
	for (unsigned server = 1; server <= 3; server++)
		prepare(tester, server, &known, &ballot);
	for (unsigned server = 1; server <= 3; server++)
		taken = attack_accept(tester, server, path, &ballot, &value) == DFS_OK &&
			taken;
	value_free(&value);
	attack_forget(&known);
	return taken;
}

/* ---- the race ------------------------------------------------------------------ */

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
	dfs_path name = path_borrow(path);
	const dfs_paths args = {.paths = {1, &name}};
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

/* What is stopped here goes on, however it ends. */
static void go_on(void)
{
	(void)kill(silent, SIGCONT);
}

enum outcome {
	TOO_EARLY, /* or the right went too late */
	NOT_TAKEN,
	TAKEN /* after the right had gone */
};

static enum outcome race(struct dfs *dfs, struct attacker *tester, struct attacker *other)
{
	struct waiting waiting = {.answered = false};
	struct attack_known before;
	struct dfs_result result = dfs_file_share(dfs, path, "other", true);
	bool gone, waited;

	if (result.code != 0)
		attack_broken("%s: %s", path, result.why);
	attack_look(other, SERVER, path, &before);
	attack_must(before.known, "other may not read it");
	attack_must(kill(silent, SIGSTOP) == 0, "PID");
	waiting_begin(&waiting, &before);
	wait_until_judged(other, &before);
	gone = take_right(tester) && !is_shared(tester);
	waited = !atomic_load(&waiting.answered);
	waiting_end(&waiting);
	go_on();
	attack_forget(&before);
	if (!gone || !waited)
		return TOO_EARLY;
	return is_shared(tester) ? TAKEN : NOT_TAKEN;
}

int main(int argc, char **argv)
{
	unsigned races = 0, outcomes[] = {[TOO_EARLY] = 0, [NOT_TAKEN] = 0, [TAKEN] = 0};
	struct attacker tester, other;
	struct dfs *dfs;
	uint64_t number;

	if (argc != 2 || !text_number(argv[1], 2, INT32_MAX, &number))
		attack_broken("see the head of late_writer.c");
	silent = (pid_t)number;
	(void)atexit(go_on);
	dfs = library_open("tester");
	attack_begin(&tester, "tester", THREE);
	attack_begin(&other, "other", SERVERS_ALL);
	while (races < TRIES && outcomes[NOT_TAKEN] < ENOUGH && outcomes[TAKEN] == 0) {
		outcomes[race(dfs, &tester, &other)]++;
		races++;
	}
	dfs_close(dfs);
	if (outcomes[TAKEN] > 0)
		attack_won(
			"dfs%u took what other proposed when he might not any more; by "
			"now he may read at %u servers",
			SERVER, may_read(&other));
	if (outcomes[NOT_TAKEN] == 0)
		attack_broken("in %u races the proposal never came late", races);
	attack_failed("in %u races, of which it came late in %u", races,
		      outcomes[NOT_TAKEN]);
}
