/*
 * Another size for somebody else's object: a value of "other" names the object of a file
 * that he may read, shorter than it is.
 *
 *	others_size PATH		as an earlier version of a file of his own, at all
 *	others_size PATH SERVER		as its content, at a server that has not heard of
 *					PATH, and that sees to it that the others take it
 *
 * PATH is a file of more than four full units.  A server that has to fetch the object,
 * because it lost its disk or was away, and comes to his value first, would fetch the few
 * units that it names, and have the whole object then as far as it knows: what others
 * bring of the rest is wrong to it, "status" finds nothing, and the next disk that is
 * lost takes the file with it.  The answer must be that no server takes the value; the
 * scenario then has a server fetch, and another one go.
 */
#include "attack.h"

#include "leaves.h"
#include "placement.h"
#include "text.h"
#include "value.h"

#include <stdio.h>
#include <string.h>

enum { UNITS = 4 }; /* that it is to have: one a chunk, of full size */
static const char own_path[] = "/other/mine";

/*
 * Units of the one are units of the other: its tree is over the leaves of the first four,
 * which any reader is told.
 */
static dfs_content shorter(struct attacker *other, unsigned server,
			   const struct attack_known *known)
{
	static dfs_key leaves[DFS_PIECE_LEAVES];
	static char writer[] = "other";
	dfs_content content = known->value.body.dfs_body_u.manifest.content;
	const struct leaves_source source = {&content, &known->ticket};
	dfs_status status;

	attack_must(leaves_ask(other->calls[server - 1], &source, 0, leaves, &status) ==
			    LEAVES_PROVED,
		    "its leaves are not told");
	content.size = (uint64_t)UNITS * DFS_UNIT_SIZE;
	content.unit_size = placement_unit_size(content.size);
	content.tree.tree_len = UNITS;
	content.tree.tree_val = leaves;
	content.writer = (dfs_user){sizeof writer - 1, writer};
	return content;
}

/* What is proposed at a path of his own, with content of his own, at all servers. */
static unsigned propose(struct attacker *other, const struct attack_content *content,
			const dfs_ballot *ballot, const dfs_value *value)
{
	unsigned accepted = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_status status = attack_prepare(other, s, own_path, ballot, content);

		attack_must(status == DFS_OK, "his own content was not taken");
		status = attack_accept(other, s, own_path, ballot, value);
		printf("dfs%u: %s\n", s, attack_status(status));
		accepted += status == DFS_OK;
	}
	return accepted;
}

/* A version of it: with what it says that the one before it was, or the first. */
static unsigned put_version(struct attacker *other, dfs_earlier *earlier)
{
	dfs_ballot ballot = attack_ballot(other, SERVERS_ALL);
	struct attack_content content;
	dfs_manifest *manifest;
	dfs_value plain, value;
	unsigned accepted;

	attack_content_make(&content, "mine", 4, (struct attack_object){.key = NULL});
	attack_value_make(other, own_path, &ballot, &content, &plain);
	value = plain;
	manifest = &value.body.dfs_body_u.manifest;
	if (!id_is_zero(&earlier->content_version.operation)) {
		value.number = value.content_version.number = 2;
		earlier->key = manifest->keys.keys_val[0];
		manifest->earlier.earlier_len = 1;
		manifest->earlier.earlier_val = earlier;
	}
	accepted = propose(other, &content, &ballot, &value);
	earlier->content_version = value.content_version;
	value_free(&plain);
	attack_content_free(&content);
	return accepted;
}

static unsigned try_earlier(struct attacker *other, const dfs_content *claimed)
{
	dfs_earlier earlier = {.content = *claimed};
	unsigned accepted;

	attack_must(put_version(other, &earlier) == DFS_SERVERS,
		    "his own file was not taken");
	attack_sign_content(other, own_path, other->user, &earlier.content);
	accepted = put_version(other, &earlier);
	xdr_free((xdrproc_t)xdr_dfs_signature, &earlier.content.signature);
	return accepted;
}

static unsigned try_content(struct attacker *other, unsigned server,
			    const dfs_content *claimed, const struct manifest_secret *key)
{
	dfs_ballot ballot = attack_ballot(other, set_of(server));
	struct attack_content content = {.content = *claimed, .secret = *key};
	dfs_status status = attack_prepare(other, server, own_path, &ballot, NULL);
	dfs_value value;

	/* Who is to hold nothing is not asked whether it does. */
	content.content.holders = placement_hold(content.content.holders, server, 0);
	attack_value_make(other, own_path, &ballot, &content, &value);
	if (status == DFS_OK)
		status = attack_accept(other, server, own_path, &ballot, &value);
	printf("dfs%u: %s\n", server, attack_status(status));
	value_free(&value);
	return status == DFS_OK ? 1 : 0;
}

int main(int argc, char **argv)
{
	static struct attacker other;
	struct attack_known known;
	struct manifest_secret secret;
	dfs_content claimed;
	uint64_t server = 0;
	unsigned accepted, told_by;

	attack_must(argc == 2 ||
			    (argc == 3 && text_number(argv[2], 1, DFS_SERVERS, &server)),
		    "see the head of others_size.c");
	attack_begin(&other, "other", SERVERS_ALL);
	told_by = (unsigned)server % DFS_SERVERS + 1;
	attack_look(&other, told_by, argv[1], &known);
	attack_open_file(&other, argv[1], &known, &secret);
	attack_must(known.value.body.dfs_body_u.manifest.content.size >
			    (uint64_t)UNITS * DFS_UNIT_SIZE,
		    "the file is too small");
	claimed = shorter(&other, told_by, &known);
	accepted = server == 0 ? try_earlier(&other, &claimed)
			       : try_content(&other, (unsigned)server, &claimed, &secret);
	secret_wipe(&secret, sizeof secret);
	attack_forget(&known);
	attack_end(&other);
	if (accepted > 0)
		attack_won("%u servers have a value that names the object of %s with %d "
			   "units",
			   accepted, argv[1], UNITS);
	attack_failed("no server has a value that names the object of %s", argv[1]);
}
