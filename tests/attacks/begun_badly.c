/*
 * Files that are begun badly: "other" has a value of his own accepted whose content he
 * has not brought, so that servers look for what nobody ever had.
 *
 *	begun_badly false PATH BAD
 *	begun_badly few PATH HOLDERS BROUGHT
 *
 * Servers are digits, "134".  With "false" PATH has six units, whose hash tree is right
 * and which servers prove afterwards; to those in BAD the last unit of each chunk comes
 * with other bytes.  With "few" it is a small file that names all in HOLDERS, and comes
 * to those in BROUGHT alone, who alone are asked to accept it.  The scenario looks what
 * "status" says to everybody then: nobody has lost anything.
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
	UNITS = 6,
	LARGE = UNITS * DFS_UNIT_SIZE,
	STORED = DFS_UNIT_SIZE + 17
};

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

	attack_must(few || (argc == 4 && strcmp(argv[1], "false") == 0),
		    "see the head of begun_badly.c");
	attack_begin(&other, "other", SERVERS_ALL);
	if (few)
		bring_to_few(&other, argv[2], servers_of(argv[3]), servers_of(argv[4]));
	for (unsigned tries = 0; !few && tries < TRIES; tries++)
		few = bring_false(&other, argv[2], servers_of(argv[3]));
	attack_must(few, "ACCEPT");
	attack_end(&other);
	return 0;
}
