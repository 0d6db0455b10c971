/* Walking over registers, some thousand at a time. */
#include "survey.h"

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
	survey->after = path != NULL;
}

static bool is_beyond(const struct survey *survey, const struct index_register *reg)
{
	return survey->to && index_compare_paths(index_path(reg), reg->path_len,
						 survey->to, survey->to_len) >= 0;
}

/* With the lock held: true when there is more to look at, or (*ret_found) it was stopped. */
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

bool survey_run(struct survey *survey)
{
	bool more = true, found = false;

	while (more && !found) {
		pthread_rwlock_rdlock(&survey->store->lock);
		more = step(survey, &found);
		pthread_rwlock_unlock(&survey->store->lock);
	}
	return found;
}

void survey_tell(const struct index_register *reg, char *path, size_t *ret_len,
		 struct store_register *ret)
{
	*ret_len = reg->path_len;
	memcpy(path, index_path(reg), reg->path_len);
	store_describe(reg, ret);
}
