/* dfs_delete and dfs_stat: a file's end, and what is known of it. */
#include "libdfs.h"

#include "ballot.h"
#include "proposer.h"
#include "provenance.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

/* Fills the proposal of an item; false when the item has ended. */
static bool begin(struct dfs_delete *item, struct proposal *proposal)
{
	*proposal = (struct proposal){.path = item->path, .kind = PROPOSAL_TOMBSTONE,
				       .meet = reading_meet};
	item->result = (struct dfs_result){.code = DFS_EXIT_DONE};
	item->version[0] = item->retry[0] = '\0';
	proposal->conditional = item->if_version;
	if (item->if_version && !version_parse(item->if_version, &proposal->if_version))
		result_fail(&item->result, DFS_EXIT_USAGE, "\"%.80s\" is not a version",
			    item->if_version);
	else if (item->operation && !proposer_retry_parse(item->operation, proposal))
		result_fail(&item->result, DFS_EXIT_USAGE,
			    "\"%.80s\" is not an operation", item->operation);
	else if (!item->operation && !id_random(&proposal->operation))
		result_fail(&item->result, DFS_EXIT_OTHER,
			    "the system has no random bytes");
	return item->result.code == DFS_EXIT_DONE;
}

static void report(struct dfs_delete *item, const struct proposal *proposal)
{
	item->result = proposal->result;
	if (item->result.code == DFS_EXIT_OPEN)
		proposer_retry_text(proposal, item->retry);
	else if (item->result.code == DFS_EXIT_DONE && proposal->known)
		version_text(&proposal->made, item->version);
}

/* Is the path there twice?  One ballot cannot serve two operations on one path. */
static bool is_there(const struct proposal *proposals, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(proposals[i].path, path) == 0)
			return true;
	return false;
}

void dfs_delete(struct dfs *dfs, struct dfs_delete *items, size_t count,
		void (*finished)(void *context, size_t item), void *context)
{
	struct proposal *proposals = calloc(DFS_BATCH_MAX, sizeof *proposals);
	size_t which[DFS_BATCH_MAX], filled = 0;

	for (size_t i = 0; i < count || filled > 0;) {
		bool more = i < count && filled < DFS_BATCH_MAX && proposals &&
			    !is_there(proposals, filled, items[i].path);

		if (more) {
			if (begin(&items[i], &proposals[filled]))
				which[filled++] = i;
			else
				finished(context, i);
			i++;
			continue;
		}
		if (!proposals) {
			items[i].result = (struct dfs_result){0};
			result_fail(&items[i].result, DFS_EXIT_OTHER, "out of memory");
			finished(context, i++);
			continue;
		}
		proposer_run(dfs, proposals, filled);
		for (size_t p = 0; p < filled; p++) {
			report(&items[which[p]], &proposals[p]);
			proposer_free(&proposals[p]);
			finished(context, which[p]);
		}
		filled = 0;
	}
	free(proposals);
	session_tell(dfs);
}

static void describe(struct dfs *dfs, struct dfs_stat *item, const struct lookup *lookup)
{
	struct dfs_result unopened = {0};
	struct manifest_secret opening;

	item->result = lookup->result;
	if (item->result.code != DFS_EXIT_DONE)
		return;
	if (!lookup_file(lookup)) {
		result_fail(&item->result, DFS_EXIT_MISSING, "no such file");
		return;
	}
	lookup_describe(dfs, &lookup->value, &item->file);
	item->file.newest_unsure = lookup->unsure;
	item->file.opened =
		provenance_open(dfs, lookup->path, &lookup->value, &opening, &unopened);
	if (item->file.opened) {
		memcpy(item->file.xxh128, opening.xxh128, sizeof item->file.xxh128);
	} else if (unopened.code == DFS_EXIT_DAMAGED) {
		item->result = unopened;
	}
	secret_wipe(&opening, sizeof opening);
}

void dfs_stat(struct dfs *dfs, struct dfs_stat *items, size_t count,
	      void (*finished)(void *context, size_t item), void *context)
{
	struct lookup *lookups = calloc(count + 1, sizeof *lookups);

	if (lookups) {
		for (size_t i = 0; i < count; i++)
			lookups[i].path = items[i].path;
		reading_run(dfs, lookups, count);
	}
	for (size_t i = 0; i < count; i++) {
		items[i].result = (struct dfs_result){0};
		if (lookups) {
			describe(dfs, &items[i], &lookups[i]);
			lookup_free(&lookups[i]);
		} else {
			result_fail(&items[i].result, DFS_EXIT_OTHER, "out of memory");
		}
		finished(context, i);
	}
	free(lookups);
	session_tell(dfs);
}
