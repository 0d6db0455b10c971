/*
 * Files that are begun badly: "other" has a value of his own accepted whose content he
 * has not brought, so that servers look for what nobody ever had.
 *
 *	begun_badly false PATH BAD
 *	begun_badly few PATH HOLDERS BROUGHT
 *	begun_badly forged|again|kept|named PATH
 *
 * Servers are digits, "134".  With "false" PATH has six units, whose hash tree is right
 * and which servers prove afterwards; to those in BAD the last unit of each chunk comes
 * with other bytes.  With "few" it is a small file that names all in HOLDERS, and comes
 * to those in BROUGHT alone, who alone are asked to accept it.  The scenario looks what
 * "status" says to everybody then: nobody has lost anything.
 *
 * The others are for while server 4 is away, so that what is finished is what server 1
 * has, which alone has the bad content.  "forged": it comes after a good one, and its
 * value says that it was first proposed when there was nothing.  "again": it comes first,
 * then a good one to the others, then it is proposed again.  "kept": a good one keeps it
 * as an earlier version.  "named": then it is named once more.
 */
#include "attack.h"

#include "object.h"
#include "path.h"
#include "pieces.h"
#include "placement.h"
#include "tree.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRIES = 20,
	HERE = SERVERS_ALL & ~8, /* server 4 is away */
	UNITS = 6,
	LARGE = UNITS * DFS_UNIT_SIZE,
	STORED = DFS_UNIT_SIZE + 17
};

/* How long an earlier version is kept, in nanoseconds. */
static const int64_t DAY = INT64_C(86400) * 1000000000;

static server_set servers_of(const char *digits)
{
	server_set servers = 0;

	for (; *digits; digits++) {
		attack_must(*digits >= '1' && *digits <= '4', "servers are 1 to 4");
		servers = set_with(servers, (unsigned)(*digits - '0'));
	}
	return servers;
}

static void hold(struct attack_content *content, server_set servers)
{
	content->content.holders = 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			content->content.holders =
				placement_hold(content->content.holders, s,
					       placement_pair(content->content.row, s));
}

/* Asks these servers to accept it; false: one did not. */
static bool accept_at(struct attacker *other, const char *path, server_set servers,
		      const dfs_ballot *ballot, const struct attack_content *content)
{
	dfs_value value;
	bool all = true;

	attack_value_make(other, path, ballot, content, &value);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			all &= attack_accept(other, s, path, ballot, &value) == DFS_OK;
	value_free(&value);
	return all;
}

/* ---- few ----------------------------------------------------------------------- */

static void bring_to_few(struct attacker *other, const char *path, server_set holders,
			 server_set brought)
{
	struct attack_content content;
	dfs_ballot ballot = attack_ballot(other, SERVERS_ALL);

	attack_content_make(&content, "four", 4, (struct attack_object){.key = NULL});
	hold(&content, holders);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		attack_must(attack_prepare(other, s, path, &ballot,
					   set_has(brought, s) ? &content : NULL) ==
				    DFS_OK,
			    "PREPARE");
	attack_must(accept_at(other, path, brought, &ballot, &content), "ACCEPT");
	attack_content_free(&content);
}

/* ---- after another, before another ------------------------------------------------ */

struct version {
	struct attack_content content;
	dfs_value value;
	dfs_ballot ballot;
};

/* A content with these holders at a ballot of its own, brought to those it names. */
static void bring(struct attacker *other, const char *path, const char *bytes,
		  server_set holders, server_set brought, struct version *ret)
{
	ret->ballot = attack_ballot(other, HERE);
	attack_content_make(&ret->content, bytes, strlen(bytes),
			    (struct attack_object){.key = NULL});
	hold(&ret->content, holders);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(brought, s))
			attack_must(attack_prepare(other, s, path, &ret->ballot,
						   &ret->content) == DFS_OK,
				    "PREPARE");
	attack_value_make(other, path, &ret->ballot, &ret->content, &ret->value);
}

static void have_accepted(struct attacker *other, const char *path, server_set servers,
			  const struct version *version)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			attack_must(attack_accept(other, s, path, &version->ballot,
						  &version->value) == DFS_OK,
				    "ACCEPT");
}

static void count_up(dfs_value *value, const dfs_value *before)
{
	value->number = value->content_version.number = before->number + 1;
}

static bool has_spread(struct attacker *other, const char *path, const dfs_value *value)
{
	bool all = true;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct attack_known known;

		if (!set_has(HERE, s))
			continue;
		attack_look(other, s, path, &known);
		all &= known.known && id_equal(&known.value.operation, &value->operation);
		attack_forget(&known);
	}
	return all;
}

/* Servers finish what server 1 alone has accepted. */
static void spread(struct attacker *other, const char *path, const dfs_value *value)
{
	dfs_path named = path_borrow(path);
	dfs_paths args = {.paths = {1, &named}};
	unsigned tries = 0;

	while (!has_spread(other, path, value)) {
		dfs_finish_res res;

		attack_must(tries++ < TRIES, "it does not spread");
		attack_say(other, 2, DFS_FINISH, &args, &res);
		call_free_result((xdrproc_t)xdr_dfs_finish_res, &res);
	}
}

static void propose_forged(struct attacker *other, const char *path)
{
	static struct version good, bad;

	bring(other, path, "good one", HERE, HERE, &good);
	have_accepted(other, path, HERE, &good);
	bring(other, path, "four", SERVERS_ALL, set_of(1), &bad);
	bad.value.origin.epoch = 0;
	bad.value.origin.counter = 1;
	count_up(&bad.value, &good.value);
	have_accepted(other, path, set_of(1), &bad);
	spread(other, path, &bad.value);
}

static void propose_again(struct attacker *other, const char *path)
{
	static struct version good, bad;
	server_set others = HERE & ~set_of(1);

	bring(other, path, "four", SERVERS_ALL, set_of(1), &bad);
	have_accepted(other, path, set_of(1), &bad);
	/* Each chunk has to be given to somebody: so to server 4, too. */
	bring(other, path, "good one", SERVERS_ALL & ~set_of(1), others, &good);
	have_accepted(other, path, others, &good);
	bad.ballot = attack_ballot(other, HERE);
	have_accepted(other, path, set_of(1), &bad);
	spread(other, path, &bad.value);
}

static void keep(struct attacker *other, const char *path, bool named)
{
	static struct version bad, good;
	static dfs_earlier earlier;
	dfs_manifest *manifest;
	struct attack_known known;
	const dfs_manifest *before;

	bring(other, path, "four", SERVERS_ALL, set_of(1), &bad);
	have_accepted(other, path, set_of(1), &bad);
	spread(other, path, &bad.value);
	bring(other, path, "good one", HERE, HERE, &good);
	attack_look(other, 1, path, &known);
	before = &known.value.body.dfs_body_u.manifest;
	earlier = (dfs_earlier){.content_version = known.value.content_version,
				.until = before->content.stored + DAY,
				.key = before->keys.keys_val[0],
				.content = before->content};
	count_up(&good.value, &known.value);
	manifest = &good.value.body.dfs_body_u.manifest;
	manifest->earlier.earlier_len = 1;
	manifest->earlier.earlier_val = &earlier;
	have_accepted(other, path, HERE, &good);
	attack_forget(&known);
	if (!named)
		return;
	bad.ballot = attack_ballot(other, HERE);
	attack_must(attack_prepare(other, 1, path, &bad.ballot, &bad.content) == DFS_OK,
		    "PREPARE");
	attack_value_make(other, path, &bad.ballot, &bad.content, &bad.value);
	count_up(&bad.value, &good.value);
	have_accepted(other, path, set_of(1), &bad);
	spread(other, path, &bad.value);
}

static bool propose_late(struct attacker *other, const char *how, const char *path)
{
	if (strcmp(how, "forged") == 0)
		propose_forged(other, path);
	else if (strcmp(how, "again") == 0)
		propose_again(other, path);
	else if (strcmp(how, "kept") == 0 || strcmp(how, "named") == 0)
		keep(other, path, strcmp(how, "named") == 0);
	else
		return false;
	return true;
}

/* ---- false --------------------------------------------------------------------- */

struct large {
	struct attack_content content; /* of which only what stands in the clear counts */
	uint8_t *units[UNITS];         /* as its tree says that they are stored */
	dfs_key leaves[UNITS];
};

static void make_large(struct large *large)
{
	dfs_content *content = &large->content.content;
	dfs_key nodes[UNITS];

	attack_content_make(&large->content, "four", 4,
			    (struct attack_object){.key = NULL});
	content->size = LARGE;
	content->unit_size = placement_unit_size(LARGE);
	content->tree.tree_len = 1;
	for (unsigned u = 0; u < UNITS; u++) {
		large->units[u] = calloc(1, STORED);
		attack_must(large->units[u], "memory");
		large->units[u][0] = 1;
		large->units[u][1] = (uint8_t)u;
		attack_must(tree_leaf(&content->maker, u, large->units[u], STORED,
				      &large->leaves[u]),
			    "tree");
	}
	memcpy(nodes, large->leaves, sizeof nodes);
	attack_must(tree_top(nodes, UNITS, &large->content.tree[0]), "tree");
}

static void put_unit(struct attacker *other, unsigned server, const char *path,
		     const struct large *large, dfs_unit unit)
{
	dfs_put_args args = {.path = path_borrow(path),
			     .size = LARGE,
			     .token = large->content.token,
			     .units = {1, &unit}};
	dfs_put_res res;

	attack_must(id_random(&args.operation), "random");
	attack_say(other, server, DFS_PUT, &args, &res);
	attack_must(res.status == DFS_OK, "PUT");
}

/* The pair of one server, and its tree. */
static void put_pair(struct attacker *other, unsigned server, const char *path,
		     struct large *large, bool good)
{
	chunk_set pair = placement_pair(large->content.content.row, server);

	for (unsigned u = 0; u < UNITS; u++) {
		bool last = u + DFS_SERVERS >= UNITS;

		if (!set_has(pair, placement_chunk(u)))
			continue;
		large->units[u][STORED - 1] ^= last && !good;
		put_unit(other, server, path, large,
			 (dfs_unit){u, {STORED, large->units[u]}});
		large->units[u][STORED - 1] = 0;
	}
	put_unit(other, server, path, large,
		 (dfs_unit){PIECES_FIRST,
			    {sizeof large->leaves, (uint8_t *)large->leaves}});
}

static void bind_pair(struct attacker *other, unsigned server, const char *path,
		      const dfs_ballot *ballot, const struct large *large)
{
	const dfs_content *content = &large->content.content;
	dfs_bind_item item = {
		.path = path_borrow(path),
		.share = object_share(content, placement_pair(content->row, server)),
		.token = large->content.token};
	dfs_bind_args args = {.ballot = *ballot, .items = {1, &item}};
	dfs_bind_res res;

	attack_must(id_random(&args.operation), "random");
	attack_say(other, server, DFS_BIND, &args, &res);
	attack_must(res.status == DFS_OK &&
			    res.dfs_bind_res_u.items.items_val[0] == DFS_OK,
		    "BIND");
	call_free_result((xdrproc_t)xdr_dfs_bind_res, &res);
}

/* false: a server has found out before it was asked to accept it. */
static bool bring_false(struct attacker *other, const char *path, server_set bad)
{
	static struct large large;
	dfs_ballot ballot = attack_ballot(other, SERVERS_ALL);

	bool all;

	make_large(&large);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		put_pair(other, s, path, &large, !set_has(bad, s));
		attack_must(attack_prepare(other, s, path, &ballot, NULL) == DFS_OK,
			    "PREPARE");
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		bind_pair(other, s, path, &ballot, &large);
	all = accept_at(other, path, SERVERS_ALL, &ballot, &large.content);
	for (unsigned u = 0; u < UNITS; u++)
		free(large.units[u]);
	attack_content_free(&large.content);
	return all;
}

int main(int argc, char **argv)
{
	static struct attacker other;
	bool few = argc == 5 && strcmp(argv[1], "few") == 0;
	bool late = argc == 3, done = few || late;

	attack_must(done || (argc == 4 && strcmp(argv[1], "false") == 0),
		    "see the head of begun_badly.c");
	attack_begin(&other, "other", late ? HERE : SERVERS_ALL);
	if (few)
		bring_to_few(&other, argv[2], servers_of(argv[3]), servers_of(argv[4]));
	if (late)
		attack_must(propose_late(&other, argv[1], argv[2]),
			    "see the head of begun_badly.c");
	for (unsigned tries = 0; !done && tries < TRIES; tries++)
		done = bring_false(&other, argv[2], servers_of(argv[3]));
	attack_must(done, "ACCEPT");
	attack_end(&other);
	return 0;
}
