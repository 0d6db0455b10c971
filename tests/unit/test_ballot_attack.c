/*
 * Somebody raises the counters of servers as high as he can, to stop paths that are not his.
 *
 * The model: a server hears a counter on a path that is above what it refuses there, and at
 * most one jump above what it has seen.  A hostile proposer may have raised what any server has
 * seen, at any time; with that, through restarts and promises given up, also what it refuses
 * on every path.  So each server is in any state whatsoever with refused <= seen, and what the
 * honest proposer knows of it is anything up to that.  All such states, small jumps, no server
 * absent or one: how many attempts until three have heard the honest one?
 */
#include "ballot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct model {
	unsigned jump, present;
	struct {
		unsigned seen, refused;
	} servers[DFS_SERVERS];
	dfs_seen known[DFS_SERVERS];
	uint64_t last;
};

/* One attempt: how many promise. */
static unsigned attempt(struct model *model, bool again)
{
	const struct ballot_choice choice = {.seen = model->known,
					     .servers = (1U << model->present) - 1,
					     .again = again,
					     .last = model->last,
					     .jump = model->jump};
	dfs_ballot ballot;
	unsigned heard = 0;

	ballot_choose(&choice, &ballot);
	model->last = ballot.counter;
	for (unsigned i = 0; i < model->present; i++) {
		if (ballot.counter > model->servers[i].refused &&
		    ballot.counter <= model->servers[i].seen + model->jump) {
			model->servers[i].refused = (unsigned)ballot.counter;
			if (ballot.counter > model->servers[i].seen)
				model->servers[i].seen = (unsigned)ballot.counter;
			heard++;
		}
		/* Promise and refusal both tell it. */
		model->known[i].counter = model->servers[i].seen;
	}
	return heard;
}

/* What ballot_choose promises: the hostile one has stopped. */
static unsigned most_attempts(const struct model *model)
{
	unsigned sorted[DFS_SERVERS];

	for (unsigned i = 0; i < model->present; i++) {
		unsigned at = i;

		for (; at > 0 && sorted[at - 1] > model->servers[i].seen; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = model->servers[i].seen;
	}
	return 2 + (sorted[2] - sorted[0]) / model->jump;
}

struct search {
	struct model model;
	unsigned top;
	unsigned long states;
	unsigned worst; /* attempts */
	bool reached;   /* the promised number is not too high either */
};

static void judge(struct search *search)
{
	for (search->model.last = 0; search->model.last <= search->top;
	     search->model.last++) {
		struct model model = search->model;
		unsigned most = most_attempts(&model), used = 1;

		while (attempt(&model, used > 1) < 3 && used <= most)
			used++;
		if (used > most)
			fail_msg("jump %u: more than %u attempts, seen %u %u %u %u",
				 model.jump, most, search->model.servers[0].seen,
				 search->model.servers[1].seen,
				 search->model.servers[2].seen,
				 search->model.servers[3].seen);
		if (used > search->worst)
			search->worst = used;
		search->reached |= used == most && most > 3;
		search->states++;
	}
}

/* The states of a server are numbered; servers are alike, so later ones have no lower number. */
static void fill(struct search *search, unsigned server, unsigned from)
{
	unsigned number = 0;

	if (server == search->model.present) {
		judge(search);
		return;
	}
	for (unsigned seen = 0; seen <= search->top; seen++)
		for (unsigned refused = 0; refused <= seen; refused++)
			for (unsigned known = 0; known <= seen; known++) {
				if (number++ < from)
					continue;
				search->model.servers[server].seen = seen;
				search->model.servers[server].refused = refused;
				search->model.known[server].counter = known;
				fill(search, server + 1, number - 1);
			}
}

static void test_2_2_raised_counters_stop_no_other_path(void **state)
{
	static const struct {
		unsigned jump, present, top;
	} cases[] = {{1, 4, 3}, {2, 4, 4}, {3, 4, 4}, {1, 3, 5}, {2, 3, 6}, {3, 3, 7}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct search search = {
			.model = {.jump = cases[i].jump, .present = cases[i].present},
			.top = cases[i].top};

		fill(&search, 0, 0);
		printf("# jump %u, %u servers: %lu states, at most %u attempts\n",
		       cases[i].jump, cases[i].present, search.states, search.worst);
		assert_true(search.states > 100000);
		if (cases[i].top > 2 * cases[i].jump)
			assert_true(search.reached);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_2_2_raised_counters_stop_no_other_path),
	};

	return cmocka_run_group_tests_name("ballot_attack", tests, NULL, NULL);
}
