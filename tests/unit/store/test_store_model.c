/*
 * A store against a model of what doc/AGREEMENT.md says, over random histories with
 * merges, drops and starts: what may be needed again is always there, and what is not
 * goes.
 *
 * The model, per path: the accepted values, and the highest settled ballot.  An object is
 * needed while a path's accepted value names it, or a value that was overtaken and above
 * which nothing is settled, or while it is bound to a ballot at or above which nothing is
 * settled.
 */
#include "store_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { PATHS = 5, STEPS = 250, LEN = 200, HISTORY = 2 * STEPS, WHOLE_STORE = 64 << 20 };

struct value {
	unsigned path;
	uint64_t counter;
	uint64_t object; /* 0: a tombstone */
};

struct model {
	struct store_fixture fixture;
	unsigned seed;
	uint64_t next; /* counter and object in one: each is used once */
	struct value accepted[HISTORY], bound[HISTORY];
	size_t accepted_count, bound_count;
	uint64_t top[PATHS], settled[PATHS];
};

static unsigned pick(struct model *model, unsigned below)
{
	return (unsigned)rand_r(&model->seed) % below;
}

static const char *path_of(unsigned path)
{
	static const char *const paths[PATHS] = {"/a/1", "/a/2", "/b/3", "/b/4/5",
						 "/c/6"};

	return paths[path];
}

/* ---- steps --------------------------------------------------------------------- */

static void stage(struct model *model, unsigned path)
{
	struct value value = {.path = path, .counter = ++model->next};

	value.object = value.counter;
	assert_int_equal(store_fixture_stage(model->fixture.store, path_of(path),
					     value.object, value.counter, LEN),
			 0);
	model->bound[model->bound_count++] = value;
}

/* The last binding of the path that is above what is settled; or NULL. */
static const struct value *last_bound(struct model *model, unsigned path)
{
	for (size_t i = model->bound_count; i > 0; i--)
		if (model->bound[i - 1].path == path &&
		    model->bound[i - 1].counter > model->settled[path])
			return &model->bound[i - 1];
	return NULL;
}

static void take(struct model *model, unsigned path, uint64_t object, uint64_t counter)
{
	struct value value = {.path = path, .counter = counter, .object = object};

	assert_int_equal(store_fixture_accept(model->fixture.store, path_of(path), object,
					      value.counter),
			 0);
	model->accepted[model->accepted_count++] = value;
	model->top[path] = value.counter;
}

/* A first proposal, at the ballot of its binding, or a later one of the same value. */
static void propose(struct model *model, unsigned path)
{
	const struct value *bound = last_bound(model, path);

	if (bound && bound->counter > model->top[path])
		take(model, path, bound->object, bound->counter);
	else if (bound)
		take(model, path, bound->object, ++model->next);
}

static void settle(struct model *model, unsigned path)
{
	if (model->top[path] == 0)
		return;
	store_fixture_settle(model->fixture.store, path_of(path), model->top[path]);
	model->settled[path] = model->top[path];
}

/* ---- what is needed ------------------------------------------------------------ */

static bool is_needed(const struct model *model, uint64_t object)
{
	for (size_t i = 0; i < model->accepted_count; i++) {
		const struct value *value = &model->accepted[i];

		if (value->object == object &&
		    value->counter >= model->settled[value->path])
			return true;
	}
	for (size_t i = 0; i < model->bound_count; i++) {
		const struct value *value = &model->bound[i];

		if (value->object == object &&
		    value->counter > model->settled[value->path])
			return true;
	}
	return false;
}

static uint64_t count_needed(const struct model *model)
{
	uint64_t count = 0;

	for (uint64_t object = 1; object <= model->next; object++)
		count += is_needed(model, object);
	return count;
}

static void check(struct model *model)
{
	struct store *store = model->fixture.store;

	for (uint64_t object = 1; object <= model->next; object++)
		for (uint64_t unit = 0; unit < 4 && is_needed(model, object); unit++)
			assert_int_equal(store_fixture_unit(store, object, unit, LEN), 0);
	for (unsigned path = 0; path < PATHS; path++) {
		struct store_register reg;
		dfs_value value;
		int rc = store_value(store, path_of(path), strlen(path_of(path)), &reg,
				     &value);

		assert_int_equal(rc, model->top[path] == 0 ? ENOENT : 0);
		if (rc != 0)
			continue;
		value_free(&value);
		assert_int_equal(reg.ballot.counter, model->top[path]);
		assert_int_equal(reg.settled, model->settled[path] == model->top[path]);
	}
}

static bool only_needed_is_left(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->store, &numbers);
	return numbers.objects == *(uint64_t *)context;
}

static bool is_merged(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	(void)context;
	store_get_numbers(fixture->store, &numbers);
	return numbers.segments < 2 * fixture->rules.merge_fan + 2;
}

/* Where merged segments have a low limit, there is no saying how many there are. */
static void wait_merged(struct model *model)
{
	if (model->fixture.rules.merge_bytes >= WHOLE_STORE)
		assert_true(store_fixture_wait(is_merged, &model->fixture, NULL));
}

static void step(struct model *model)
{
	unsigned path = pick(model, PATHS);

	switch (pick(model, 12)) {
	case 0:
	case 1:
	case 2:
		stage(model, path);
		break;
	case 3:
		take(model, path, 0, ++model->next);
		break;
	case 4:
	case 5:
	case 6:
		propose(model, path);
		break;
	case 7:
	case 8:
		settle(model, path);
		break;
	case 9:
		check(model);
		break;
	case 10:
		/* The wrong ballot settles nothing. */
		store_fixture_settle(model->fixture.store, path_of(path),
				     model->next + 1000);
		break;
	default:
		if (pick(model, 3) == 0)
			wait_merged(model);
		else if (pick(model, 3) == 0)
			store_fixture_reopen(&model->fixture);
	}
}

static void run(unsigned seed)
{
	struct model *model = calloc(1, sizeof *model);
	uint64_t needed;

	assert_non_null(model);
	model->seed = seed;
	store_fixture_rules(&model->fixture);
	model->fixture.rules.grace_ms = 1;
	model->fixture.rules.merge_fan = 2 + seed % 3;
	model->fixture.rules.merge_bytes = seed % 2 ? 20000 : WHOLE_STORE;
	store_fixture_start(&model->fixture);
	for (unsigned i = 0; i < STEPS; i++)
		step(model);
	check(model);
	for (unsigned path = 0; path < PATHS; path++) {
		if (model->top[path] == model->settled[path])
			propose(model, path);
		settle(model, path);
	}
	for (int round = 0; round < 2; round++) {
		needed = count_needed(model);
		assert_true(store_fixture_wait(only_needed_is_left, &model->fixture,
					       &needed));
		check(model);
		store_fixture_reopen(&model->fixture);
	}
	store_fixture_end(&model->fixture);
	free(model);
}

static void test_random_histories(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_histories),
	};

	return cmocka_run_group_tests_name("store_model", tests, NULL, NULL);
}
