/* Folders with a register, kept until their place in the order of a listing has come. */
#include "listing_held.h"

#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing_held {
	struct listing_entry entry;
	dfs_value value; /* where the entry has one */
	struct listing_held *next;
};

bool listing_held_add(struct listing_held **held, const struct listing_entry *entry)
{
	struct listing_held *new = calloc(1, sizeof *new);

	if (!new)
		return false;
	new->entry = *entry;
	if (entry->value && !value_copy(entry->value, &new->value)) {
		free(new);
		return false;
	}
	if (entry->value)
		new->entry.value = &new->value;
	new->next = *held;
	*held = new;
	return true;
}

bool listing_held_is_due(const struct listing_held *held, const dfs_list_entry *entry)
{
	char left[DFS_PATH_MAX + 2], right[DFS_PATH_MAX + 2];

	(void)snprintf(left, sizeof left, "%s/", held->entry.path);
	(void)snprintf(right, sizeof right, "%.*s%s", (int)entry->path.dfs_path_len,
		       entry->path.dfs_path_val, entry->kind == DFS_FOLDER ? "/" : "");
	return strcmp(left, right) <= 0;
}

struct listing_held *listing_held_take(struct listing_held **held,
				       struct listing_entry *ret)
{
	struct listing_held *top = *held;

	*held = top->next;
	top->next = NULL;
	*ret = top->entry;
	return top;
}

void listing_held_free(struct listing_held *held)
{
	struct listing_held *next;

	for (; held; held = next) {
		next = held->next;
		if (held->entry.value)
			value_free(&held->value);
		free(held);
	}
}
