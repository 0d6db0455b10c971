/* The threads that heal: their start, their end, and what they tell. */
#include "healing.h"

#include "clock.h"
#include "compare.h"
#include "leftovers.h"
#include "peer_links.h"
#include "prover.h"
#include "recovery.h"
#include "repair.h"
#include "scrubber.h"
#include "store_census.h"

#include <stdlib.h>

struct healing {
	unsigned server;
	struct store *store;
	struct peer_links *links;
	struct recovery *recovery;
	struct compare *compare;
	struct repair *repair;
	struct leftovers *leftovers;
	struct scrubber *scrubber;
	struct prover *prover;
};

/* ---- what the parts hear of each other ----------------------------------------- */

static void note_voters(void *context, server_set servers)
{
	struct healing *healing = context;

	/* Who votes now may have refused a moment ago. */
	peer_links_retry(healing->links);
	compare_wake(healing->compare, servers);
	repair_wake(healing->repair);
}

static void note_damaged(void *context)
{
	healing_wake(context);
}

static void note_proved(void *context)
{
	struct healing *healing = context;

	repair_wake(healing->repair);
}

static void condemn(void *context, const char *why)
{
	struct healing *healing = context;

	recovery_condemn(healing->recovery, why);
}

static server_set alike(void *context)
{
	struct healing *healing = context;

	return compare_alike(healing->compare);
}

/* ---- start and end ------------------------------------------------------------- */

static bool make_parts(struct healing *healing, const struct healing_options *options)
{
	const struct compare_options comparing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = compare_calls_on(healing->links),
	};
	const struct leftovers_options looking = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = leftovers_calls_on(healing->links),
		.alike = alike,
		.alike_context = healing,
		.rules = {.abandoned_after_ms =
				  options->cluster->tuning.abandoned_after_ms,
			  .tombstones_after_ms =
				  options->cluster->tuning.tombstones_after_ms,
			  .all_four = true},
	};
	const struct scrubber_options scrubbing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.folder = options->folder,
		.share = options->cluster->tuning.scrub_share,
		.round_ms = options->cluster->tuning.scrub_round_ms,
		.calls = {healing, note_damaged, condemn, NULL},
	};
	const struct prover_options proving = {
		.store = options->store,
		.acceptor = options->acceptor,
		.calls = {healing, note_damaged, condemn, note_proved},
	};
	struct recovery_rules recovery_rules = recovery_rules_default;
	const struct recovery_options recovering = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = recovery_calls_on(healing->links),
		.news = note_voters,
		.news_context = healing,
		.rules = &recovery_rules,
	};
	const struct repair_options repairing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = repair_calls_on(healing->links),
	};

	recovery_rules.third_ms = options->cluster->tuning.third_donor_ms;
	healing->compare = compare_new(&comparing);
	healing->recovery = recovery_new(&recovering);
	healing->repair = repair_new(&repairing);
	healing->leftovers = leftovers_new(&looking);
	healing->scrubber = scrubber_new(&scrubbing);
	healing->prover = prover_new(&proving);
	return healing->compare && healing->recovery && healing->repair &&
	       healing->leftovers && healing->scrubber && healing->prover &&
	       repair_start(healing->repair) && compare_start(healing->compare) &&
	       recovery_start(healing->recovery) && leftovers_start(healing->leftovers) &&
	       scrubber_start(healing->scrubber) && prover_start(healing->prover);
}

struct healing *healing_start(const struct healing_options *options)
{
	struct healing *healing = calloc(1, sizeof *healing);

	if (!healing) {
		SSL_CTX_free(options->take_tls);
		return NULL;
	}
	healing->server = options->server;
	healing->store = options->store;
	healing->links = peer_links_new(options->cluster, options->server,
					options->take_tls, options->peers);
	if (healing->links && make_parts(healing, options))
		return healing;
	healing_free(healing);
	return NULL;
}

void healing_stop(struct healing *healing)
{
	if (!healing)
		return;
	/* What they wait for first: then they end soon. */
	peer_links_cancel(healing->links);
	if (healing->recovery)
		recovery_stop(healing->recovery);
	if (healing->compare)
		compare_stop(healing->compare);
	if (healing->repair)
		repair_stop(healing->repair);
	if (healing->leftovers)
		leftovers_stop(healing->leftovers);
	if (healing->scrubber)
		scrubber_stop(healing->scrubber);
	if (healing->prover)
		prover_stop(healing->prover);
}

void healing_free(struct healing *healing)
{
	if (!healing)
		return;
	healing_stop(healing);
	recovery_free(healing->recovery);
	compare_free(healing->compare);
	repair_free(healing->repair);
	leftovers_free(healing->leftovers);
	scrubber_free(healing->scrubber);
	prover_free(healing->prover);
	peer_links_free(healing->links);
	free(healing);
}

/* ---- for who serves ------------------------------------------------------------ */

void healing_set_tls(struct healing *healing, SSL_CTX *take_tls)
{
	peer_links_set_tls(healing->links, take_tls);
}

void healing_answer(struct healing *healing, unsigned peer, const dfs_recall_args *args,
		    dfs_recall_res *res)
{
	peer_links_note_heard(healing->links, peer);
	recovery_answer(healing->recovery, peer, args, res);
}

void healing_wake(struct healing *healing)
{
	peer_links_retry(healing->links);
	recovery_wake(healing->recovery);
	compare_wake(healing->compare, SERVERS_ALL);
	repair_wake(healing->repair);
}

static bool tell_census(struct healing *healing, dfs_status_ok *ok)
{
	struct store_census census;
	struct store_numbers numbers;

	store_get_numbers(healing->store, &numbers);
	ok->to_heal.unproved = numbers.unproved;
	if (store_census(healing->store, &census) != 0)
		return false;
	ok->counted = census.counted;
	ok->kept.kept_val = census.kept; /* freed with the answer */
	ok->kept.kept_len = census.kept_len;
	ok->to_heal.owed_files = census.owed_files;
	ok->to_heal.owed_bytes = census.owed_bytes;
	ok->to_heal.spares = census.spares;
	ok->to_heal.unsettled = census.unsettled;
	ok->to_heal.abandoned = census.abandoned;
	return true;
}

bool healing_status(struct healing *healing, dfs_status_ok *ok)
{
	peer_links_heard(healing->links, ok->heard);
	ok->heard[healing->server - 1] = clock_wall_ns();
	scrubber_status(healing->scrubber, &ok->scrubbing);
	return repair_status(healing->repair, &ok->to_heal) && tell_census(healing, ok);
}
