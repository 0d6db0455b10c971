/* Walking over registers or bindings, some thousand at a time. */
#include "walk.h"

#include "path.h"

#include <string.h>

void walk_from(struct index_walk *walk, const char *path, size_t len)
{
	walk->after = false;
	walk->path_len = path ? len : 0;
	if (path)
		memcpy(walk->path, path, len);
}

void walk_after(struct index_walk *walk, const char *path, size_t len)
{
	walk_from(walk, path, len);
	walk->after = path;
}

static bool is_beyond(const struct index_walk *walk, const struct index_register *reg)
{
	return walk->to &&
	       path_compare(index_path(reg), reg->path_len, walk->to, walk->to_len) >= 0;
}

/*
 * With the lock held: true when there is more to look at, or (*ret_found) it was stopped.
 */
static bool step_registers(struct index_walk *walk, bool *ret_found)
{
	struct index_register *reg = index_first(walk->store->index, walk->tree,
						 walk->path, walk->path_len, walk->after);
	struct index_register *last = NULL;

	for (unsigned i = 0; i < WALK_STEP && reg && !*ret_found; i++) {
		if (is_beyond(walk, reg))
			return false;
		last = reg;
		*ret_found = walk->visit(walk->context, reg);
		reg = index_step(reg);
	}
	if (last)
		walk_after(walk, index_path(last), last->path_len);
	return reg || *ret_found;
}

static bool is_at_path(const struct index_walk *walk, const struct index_binding *binding)
{
	return walk->path_len == binding->path_len &&
	       memcmp(walk->path, binding->path, binding->path_len) == 0;
}

/*
 * With the lock held, for bindings: true when there is more, or (*ret_found) it was
 * stopped.  The bindings of one path are in one step.
 */
static bool step_bindings(struct index_walk *walk, bool *ret_found)
{
	struct index_binding *binding =
		index_first_binding(walk->store->index, walk->path, walk->path_len);

	for (unsigned i = 0; binding; i++) {
		if (i >= WALK_STEP && !is_at_path(walk, binding))
			return true;
		*ret_found = walk->visit_binding(walk->context, binding);
		walk_after(walk, binding->path, binding->path_len);
		if (*ret_found)
			return true;
		binding = index_step_binding(binding);
	}
	return false;
}

static bool walk_on(struct index_walk *walk,
		    bool (*one_step)(struct index_walk *, bool *))
{
	bool more = true, found = false;

	while (more && !found) {
		pthread_rwlock_rdlock(&walk->store->lock);
		more = one_step(walk, &found);
		pthread_rwlock_unlock(&walk->store->lock);
	}
	return found;
}

bool walk_registers(struct index_walk *walk)
{
	return walk_on(walk, step_registers);
}

bool walk_bindings(struct index_walk *walk)
{
	return walk_on(walk, step_bindings);
}
