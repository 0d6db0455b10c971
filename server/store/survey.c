/* Walking over registers, some thousand at a time. */
#include "survey.h"

#include "path.h"
#include "placement.h"

#include <string.h>

void survey_from(struct survey *survey, const char *path, size_t len)
{
	survey->after = false;
	survey->path_len = path ? len : 0;
	if (path)
		memcpy(survey->path, path, len);
}

void survey_after(struct survey *survey, const char *path, size_t len)
{
	survey_from(survey, path, len);
	survey->after = path;
}

static bool is_beyond(const struct survey *survey, const struct index_register *reg)
{
	return survey->to && path_compare(index_path(reg), reg->path_len, survey->to,
					  survey->to_len) >= 0;
}

/*
 * With the lock held: true when there is more to look at, or (*ret_found) it was stopped.
 */
static bool step(struct survey *survey, bool *ret_found)
{
	struct index_register *reg =
		index_first(survey->store->index, survey->tree, survey->path,
			    survey->path_len, survey->after);
	struct index_register *last = NULL;

	for (unsigned i = 0; i < SURVEY_STEP && reg && !*ret_found; i++) {
		if (is_beyond(survey, reg))
			return false;
		last = reg;
		*ret_found = survey->visit(survey->context, reg);
		reg = index_step(reg);
	}
	if (last)
		survey_after(survey, index_path(last), last->path_len);
	return reg || *ret_found;
}

static bool is_at(const struct survey *survey, const struct index_binding *binding)
{
	return survey->path_len == binding->path_len &&
	       memcmp(survey->path, binding->path, binding->path_len) == 0;
}

/* The same for bindings. */
static bool step_bindings(struct survey *survey, bool *ret_found)
{
	struct index_binding *binding =
		index_first_binding(survey->store->index, survey->path, survey->path_len);

	for (unsigned i = 0; binding; i++) {
		if (i >= SURVEY_STEP && !is_at(survey, binding))
			return true;
		*ret_found = survey->visit_binding(survey->context, binding);
		survey_after(survey, binding->path, binding->path_len);
		if (*ret_found)
			return true;
		binding = index_step_binding(binding);
	}
	return false;
}

static bool run(struct survey *survey, bool (*one_step)(struct survey *, bool *))
{
	bool more = true, found = false;

	while (more && !found) {
		pthread_rwlock_rdlock(&survey->store->lock);
		more = one_step(survey, &found);
		pthread_rwlock_unlock(&survey->store->lock);
	}
	return found;
}

bool survey_run(struct survey *survey)
{
	return run(survey, step);
}

bool survey_bindings(struct survey *survey)
{
	return run(survey, step_bindings);
}

void survey_tell(const struct store *store, const struct index_register *reg, char *path,
		 size_t *ret_len, struct store_register *ret)
{
	*ret_len = reg->path_len;
	memcpy(path, index_path(reg), reg->path_len);
	store_describe(store, reg, ret);
}

unsigned survey_missing(const struct store *store, const struct index_register *reg)
{
	unsigned wanted = placement_held(reg->holders, store->server), row;

	if (reg->kind != DFS_FILE || reg->object_count == 0)
		return 0;
	if (wanted == 0) {
		row = placement_row(reg->holders);
		wanted = row < DFS_SERVERS ? placement_pair(row, store->server)
					   : CHUNKS_ALL;
	}
	return wanted & placement_filled(reg->size) & ~index_chunks(reg->objects[0]);
}

bool survey_is_named(const struct store *store, const struct index_binding *binding)
{
	const struct index_register *reg =
		index_find_register(store->index, binding->path, binding->path_len);

	for (unsigned i = 0; reg && i < reg->object_count; i++)
		if (reg->objects[i] == binding->object)
			return true;
	return false;
}
