/*
 * A CONFIRM of nothing, at a ballot that is as high as can be: "other" asks every server,
 * with no promise to show.
 *
 *	high_confirm PATH TEXT
 *
 * What a server signs it must remember after its next start, and so it keeps how high it
 * has been.  Did it keep that of what it refuses, it would start above all that anybody
 * may propose, and take nothing any more.  The scenario starts it anew, and stores.
 */
#include "attack.h"

#include "path.h"
#include "value.h"

#include <string.h>

/* What a server keeps is higher by 65,536, which it need not write again for a while. */
static const uint64_t far_above = UINT64_MAX - 65536;

static dfs_status confirm(struct attacker *other, unsigned server,
			  const dfs_confirm_args *args)
{
	dfs_confirm_res res;
	dfs_status status;

	attack_say(other, server, DFS_CONFIRM, args, &res);
	status = res.status;
	if (status == DFS_OK)
		status = res.dfs_confirm_res_u.ok.items.items_val[0];
	call_free_result((xdrproc_t)xdr_dfs_confirm_res, &res);
	return status;
}

int main(int argc, char **argv)
{
	static struct attacker other;
	struct attack_content content;
	dfs_confirm_item item;
	dfs_confirm_args args;
	unsigned confirmed = 0;

	attack_must(argc == 3, "see the head of high_confirm.c");
	memset(&item, 0, sizeof item);
	attack_begin(&other, "other", SERVERS_ALL);
	attack_content_make(&content, argv[2], strlen(argv[2]),
			    (struct attack_object){.key = NULL});
	args = (dfs_confirm_args){attack_ballot(&other, SERVERS_ALL), {1, &item}};
	args.ballot.counter = far_above;
	item.path = path_borrow(argv[1]);
	attack_value_make(&other, argv[1], &args.ballot, &content, &item.value);
	attack_prove(&other, argv[1], &args.ballot, &item.value);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		confirmed += confirm(&other, s, &args) == DFS_OK;
	value_free(&item.value);
	attack_content_free(&content);
	attack_end(&other);
	if (confirmed > 0)
		attack_won("%u servers confirm what nobody promised", confirmed);
	attack_failed("no server confirms it");
}
