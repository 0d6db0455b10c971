/*
 * Somebody raises the counters of servers as high as he can, to stop paths that are not
 * his.
 *
 * The model: a server hears a counter on a path that is above what it refuses there, and
 * at most one jump above what it has seen; for one that is further above it first asks
 * its peers, and has then seen what they have.  A hostile proposer may have raised what
 * any server has seen, at any time; with that, through restarts and promises given up,
 * also what it refuses on every path.  So each server is in any state whatsoever with
 * refused <= seen, and what the honest proposer knows of it is anything up to that.  All
 * such states, small jumps, no server absent or one: how many attempts until three have
 * heard the honest one?
 *
 * And so with one server that lies: it says that it has seen whatever it likes, another
 * thing each time, and hears nothing; the three others all have to.
 */
#include "ballot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct model {
	unsigned jump, present; /* honest ones */
	unsigned asked;         /* with the one that lies, if there is one */
	bool follows;           /* servers reach each other */
	struct {
		unsigned seen, refused;
	} servers[DFS_SERVERS];
	dfs_seen known[DFS_SERVERS];
	uint64_t last;
};

/* A peer's answer to a server that is asked for more than it can follow. */
static void follow(struct model *model, unsigned server)
{
	for (unsigned i = 0; i < model->present; i++)
		if (model->servers[i].seen > model->servers[server].seen)
			model->servers[server].seen = model->servers[i].seen;
}

/* One attempt: how many promise. */
static unsigned attempt(struct model *model, bool again)
{
	const struct ballot_choice choice = {.seen = model->known,
					     .servers = (1U << model->asked) - 1,
					     .again = again,
					     .last = model->last,
					     .jump = model->jump};
	dfs_ballot ballot;
	unsigned heard = 0;

	ballot_choose(&choice, &ballot);
	model->last = ballot.counter;
	for (unsigned i = 0; i < model->present; i++) {
		if (model->follows &&
		    ballot.counter > model->servers[i].seen + model->jump)
			follow(model, i);
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

/*
 * What ballot_choose promises: the hostile one has stopped.  Each attempt above all
 * raises the highest by one, which is much of these jumps and nothing of the real one.
 */
static unsigned most_attempts(const struct model *model)
{
	unsigned lowest = model->servers[0].seen, highest = lowest;

	for (unsigned i = 1; i < model->present; i++) {
		if (model->servers[i].seen < lowest)
			lowest = model->servers[i].seen;
		if (model->servers[i].seen > highest)
			highest = model->servers[i].seen;
	}
	return model->follows ? 3 : 3 + 2 * ((highest - lowest) / (model->jump - 1));
}

struct search {
	struct model model;
	unsigned top;
	unsigned long states;
	unsigned worst; /* attempts */
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
		search->states++;
	}
}

/*
 * The states of a server are numbered; servers are alike, so later ones have no lower
 * number.
 */
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

/* The highest number of attempts in all cases. */
static unsigned search_all(bool follows)
{
	static const struct {
		unsigned jump, present, top;
	} cases[] = {{2, 4, 4}, {3, 4, 4}, {2, 3, 7}, {3, 3, 7}};
	unsigned worst = 0;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct search search = {.model = {.jump = cases[i].jump,
						  .present = cases[i].present,
						  .asked = cases[i].present,
						  .follows = follows},
					.top = cases[i].top};

		fill(&search, 0, 0);
		printf("# jump %u, %u servers%s: %lu states, at most %u attempts\n",
		       cases[i].jump, cases[i].present,
		       follows ? "" : " that do not reach each other", search.states,
		       search.worst);
		assert_true(search.states > 1000000);
		if (search.worst > worst)
			worst = search.worst;
	}
	return worst;
}

/* However high they were raised: the number of attempts is the same. */
static void test_2_2_raised_counters_stop_no_other_path(void **state)
{
	(void)state;
	assert_int_equal(search_all(true), 3);
}

/* Without peers to ask the way up is as long as it was made, and is gone all the same. */
static void test_2_2_raised_counters_are_caught_up_with_without_peers(void **state)
{
	(void)state;
	assert_true(search_all(false) > 3);
}

/* ---- one that lies ----------------------------------------------------------- */

enum { LIES = 6, TURNS = 3, TOP = 3 };

/* It says one after the other, again and again. */
static unsigned attempts_with(const struct model *from, const unsigned lies[TURNS])
{
	static const uint64_t said[LIES] = {0, 1, TOP, TOP + 2, 1000, UINT64_MAX - 1};
	struct model model = *from;
	unsigned used = 0, heard;

	do {
		model.known[3].counter = said[lies[used % TURNS]];
		heard = attempt(&model, used > 0);
		used++;
	} while (heard < 3 && used < 100);
	return used;
}

/* What it may say: so many sequences. */
static void judge_liar(struct search *search)
{
	for (unsigned n = 0; n < LIES * LIES * LIES; n++) {
		const unsigned lies[TURNS] = {n % LIES, n / LIES % LIES, n / LIES / LIES};
		unsigned used = attempts_with(&search->model, lies);

		if (used > search->worst)
			search->worst = used;
		search->states++;
	}
}

static void fill_liar(struct search *search, unsigned server)
{
	if (server == search->model.present) {
		judge_liar(search);
		return;
	}
	for (unsigned seen = 0; seen <= TOP; seen++)
		for (unsigned refused = 0; refused <= seen; refused++)
			for (unsigned known = 0; known <= seen; known++) {
				search->model.servers[server].seen = seen;
				search->model.servers[server].refused = refused;
				search->model.known[server].counter = known;
				fill_liar(search, server + 1);
			}
}

static void test_12_5_what_one_server_says_it_has_seen_stops_nobody(void **state)
{
	(void)state;
	for (unsigned jump = 3; jump <= 4; jump++) {
		struct search search = {
			.model = {
				.jump = jump, .present = 3, .asked = 4, .follows = true}};

		fill_liar(&search, 0);
		printf("# jump %u, one of four lies: %lu states, at most %u attempts\n",
		       jump, search.states, search.worst);
		assert_true(search.worst <= 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_2_2_raised_counters_stop_no_other_path),
		cmocka_unit_test(test_12_5_what_one_server_says_it_has_seen_stops_nobody),
		cmocka_unit_test(
			test_2_2_raised_counters_are_caught_up_with_without_peers),
	};

	return cmocka_run_group_tests_name("ballot_attack", tests, NULL, NULL);
}
