/* The threads that heal: their start, their end, and what they tell. */
#include "healing_internal.h"

#include "clock.h"
#include "peers.h"
#include "store_census.h"

#include <stdlib.h>
#include <string.h>

static void news(void *context, unsigned servers)
{
	struct healing *healing = context;

	/* Who votes now may have refused a moment ago. */
	links_retry_after(healing->links, 0);
	compare_wake(healing->compare, servers);
	repair_wake(healing->repair);
}

static bool make_parts(struct healing *healing, const struct healing_options *options)
{
	const struct compare_options comparing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = healing_compare_calls(healing),
	};
	const struct cleaning_options cleaning = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = healing_cleaning_calls(healing),
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
		.calls = healing_scrubber_calls(healing),
	};
	const struct recovery_options recovering = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = healing_recovery_calls(healing),
		.news = news,
		.news_context = healing,
	};
	const struct repair_options repairing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = healing_repair_calls(healing),
	};

	healing->compare = compare_new(&comparing);
	healing->recovery = recovery_new(&recovering);
	healing->repair = repair_new(&repairing);
	healing->cleaning = cleaning_new(&cleaning);
	healing->scrubber = scrubber_new(&scrubbing);
	return healing->compare && healing->recovery && healing->repair &&
	       healing->cleaning && healing->scrubber && repair_start(healing->repair) &&
	       compare_start(healing->compare) && recovery_start(healing->recovery) &&
	       cleaning_start(healing->cleaning) && scrubber_start(healing->scrubber);
}

struct healing *healing_start(const struct healing_options *options)
{
	struct healing *healing = calloc(1, sizeof *healing);
	pthread_condattr_t monotonic;

	if (!healing) {
		SSL_CTX_free(options->take_tls);
		return NULL;
	}
	healing->server = options->server;
	healing->store = options->store;
	healing->peers = options->peers;
	pthread_mutex_init(&healing->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&healing->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	SSL_CTX_up_ref(options->take_tls);
	healing->links =
		peers_connect(options->cluster, options->server, options->take_tls);
	healing->content_links =
		peers_connect(options->cluster, options->server, options->take_tls);
	if (healing->links && healing->content_links && make_parts(healing, options))
		return healing;
	healing_free(healing);
	return NULL;
}

void healing_stop(struct healing *healing)
{
	if (!healing)
		return;
	pthread_mutex_lock(&healing->lock);
	healing->stopping = true;
	pthread_cond_broadcast(&healing->changed);
	pthread_mutex_unlock(&healing->lock);
	if (healing->links)
		links_cancel(healing->links);
	if (healing->content_links)
		links_cancel(healing->content_links);
	if (healing->recovery)
		recovery_stop(healing->recovery);
	if (healing->compare)
		compare_stop(healing->compare);
	if (healing->repair)
		repair_stop(healing->repair);
	if (healing->cleaning)
		cleaning_stop(healing->cleaning);
	if (healing->scrubber)
		scrubber_stop(healing->scrubber);
}

void healing_free(struct healing *healing)
{
	if (!healing)
		return;
	healing_stop(healing);
	recovery_free(healing->recovery);
	compare_free(healing->compare);
	repair_free(healing->repair);
	cleaning_free(healing->cleaning);
	scrubber_free(healing->scrubber);
	links_free(healing->links);
	links_free(healing->content_links);
	pthread_cond_destroy(&healing->changed);
	pthread_mutex_destroy(&healing->lock);
	free(healing);
}

void healing_set_tls(struct healing *healing, SSL_CTX *take_tls)
{
	SSL_CTX_up_ref(take_tls);
	links_set_tls(healing->links, take_tls);
	links_set_tls(healing->content_links, take_tls);
}

void healing_answer(struct healing *healing, unsigned peer, const dfs_recall_args *args,
		    dfs_recall_res *res)
{
	healing_note_heard(healing, peer);
	recovery_answer(healing->recovery, peer, args, res);
}

void healing_wake(struct healing *healing)
{
	links_retry_after(healing->links, 0);
	recovery_wake(healing->recovery);
	compare_wake(healing->compare, (1U << DFS_SERVERS) - 1);
	repair_wake(healing->repair);
}

static bool tell_census(struct healing *healing, dfs_status_ok *ok)
{
	struct store_census census;

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
	pthread_mutex_lock(&healing->lock);
	memcpy(ok->heard, healing->heard, sizeof ok->heard);
	pthread_mutex_unlock(&healing->lock);
	ok->heard[healing->server - 1] = clock_wall_ns();
	scrubber_status(healing->scrubber, &ok->scrubbing);
	return repair_status(healing->repair, &ok->to_heal) && tell_census(healing, ok);
}
