/*
 * dfs_set_attributes: the time of a file, a link or a folder, and whether a file may be
 * executed.  Content and version stay.
 */
#include "libdfs_folders.h"

#include "ballot.h"
#include "path.h"
#include "proposals.h"
#include "value.h"

#include <string.h>

struct settings {
	struct dfs *dfs;
	struct dfs_setting *items;
	void (*finished)(void *context, size_t item);
	void *context;
};

/* Who it belongs to; below /shared/ he alone can state anew what is his. */
static const dfs_user *owner_of(const dfs_value *value)
{
	return value->body.kind == DFS_FOLDER ? &value->body.dfs_body_u.folder.owner
					      : &value->body.dfs_body_u.manifest.owner;
}

static bool is_his(const dfs_user *owner, const char *user)
{
	return owner->dfs_user_len == strlen(user) &&
	       memcmp(owner->dfs_user_val, user, owner->dfs_user_len) == 0;
}

/* May the item be done to what is there?  false, with why not in the result. */
static bool may_set(struct proposal *proposal, const dfs_value *best)
{
	const struct dfs_setting *item = proposal->change_context;
	bool folder = best && best->body.kind == DFS_FOLDER;

	if (!best || (!folder && !value_has_content(best)))
		result_fail(&proposal->result, DFS_EXIT_MISSING, "no such file");
	else if (item->set_executable && best->body.kind != DFS_FILE)
		result_fail(&proposal->result, DFS_EXIT_USAGE,
			    folder ? "is a folder" : "is a symbolic link");
	else if (path_is_shared(proposal->path, strlen(proposal->path)) &&
		 !is_his(owner_of(best), proposal->owner))
		result_fail(&proposal->result, DFS_EXIT_DENIED,
			    "belongs to %.*s, who alone can change that",
			    (int)owner_of(best)->dfs_user_len,
			    owner_of(best)->dfs_user_val);
	else
		return true;
	return false;
}

static bool set(struct proposal *proposal, const dfs_value *best, dfs_body *ret_body)
{
	const struct dfs_setting *item = proposal->change_context;
	dfs_attributes *attributes;
	dfs_value copy;

	if (!may_set(proposal, best))
		return false;
	if (!value_copy(best, &copy)) {
		result_fail(&proposal->result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	attributes = copy.body.kind == DFS_FOLDER
			     ? &copy.body.dfs_body_u.folder.attributes
			     : &copy.body.dfs_body_u.manifest.attributes;
	if (item->set_modified)
		attributes->modified = item->modified_ns;
	if (item->set_executable)
		attributes->mode = item->executable ? 0100 : 0;
	*ret_body = copy.body;
	/* What was in it is the proposer's now. */
	memset(&copy.body, 0, sizeof copy.body);
	copy.body.kind = DFS_TOMBSTONE;
	value_free(&copy);
	return true;
}

static bool begin(void *context, size_t which, struct proposal *proposal)
{
	const struct settings *settings = context;
	struct dfs_setting *item = &settings->items[which];

	item->result = (struct dfs_result){.code = DFS_EXIT_DONE};
	proposal->path = item->path;
	proposal->kind = PROPOSAL_CHANGE;
	proposal->change = set;
	proposal->change_context = item;
	memcpy(proposal->owner, settings->dfs->user, sizeof proposal->owner);
	if (id_random(&proposal->operation))
		return true;
	result_fail(&item->result, DFS_EXIT_OTHER, "the system has no random bytes");
	settings->finished(settings->context, which);
	return false;
}

static void report(void *context, size_t which, const struct proposal *proposal)
{
	const struct settings *settings = context;
	struct dfs_setting *item = &settings->items[which];

	if (proposal)
		item->result = proposal->result;
	else
		item->result = result_of(DFS_EXIT_OTHER, "out of memory");
	settings->finished(settings->context, which);
}

void dfs_set_attributes(struct dfs *dfs, struct dfs_setting *items, size_t count,
			void (*finished)(void *context, size_t item), void *context)
{
	struct settings settings = {dfs, items, finished, context};
	const struct proposals proposals = {
		.dfs = dfs, .context = &settings, .begin = begin, .report = report};

	proposals_run(&proposals, count);
}
