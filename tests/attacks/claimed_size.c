/*
 * A value that claims space without content: "other" says of a file of his own that it
 * has 1 TiB, and that three servers hold it, to whom he has brought nothing.
 *
 *	claimed_size
 *
 * Each server is shown a value that gives the content to the three others, so that it has
 * nothing to look for itself.  They would then all lack what nobody ever had, and
 * everybody's "status" would say so.  The answer must be that every server refuses it.
 */
#include "attack.h"
#include "placement.h"
#include "value.h"

#include <stdio.h>

#define TIB (UINT64_C(1) << 40)
static const char path[] = "/other/claimed";

/* Three holders, and this server is none of them. */
static uint32_t holders_without(unsigned row, unsigned server)
{
	uint32_t holders = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != server)
			holders = placement_hold(holders, s, placement_pair(row, s));
	return holders;
}

int main(void)
{
	static struct attacker other;
	struct attack_content content;
	dfs_ballot ballot;
	unsigned accepted = 0;

	attack_begin(&other, "other", SERVERS_ALL);
	attack_content_make(&content, "four", 4, (struct attack_object){.key = NULL});
	content.content.size = TIB;
	content.content.unit_size = placement_unit_size(TIB);
	/* Of more than four units it has the root alone. */
	content.content.tree.tree_len = 1;
	ballot = attack_ballot(&other, SERVERS_ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_status status = attack_prepare(&other, s, path, &ballot, NULL);
		dfs_value value;

		content.content.holders = holders_without(content.content.row, s);
		attack_value_make(&other, path, &ballot, &content, &value);
		if (status == DFS_OK)
			status = attack_accept(&other, s, path, &ballot, &value);
		printf("dfs%u: %s\n", s, attack_status(status));
		accepted += status == DFS_OK;
		value_free(&value);
	}
	attack_content_free(&content);
	attack_end(&other);
	if (accepted > 0)
		attack_won("%u servers have a file of 1 TiB of which nobody has a byte",
			   accepted);
	attack_failed("no server has a file of which it was brought nothing");
}
