/*
 * Attacks 12.1, 12.2, 12.3 and 12.5: LEARN of what a path had once, at a higher ballot.
 *
 *	told_again FROM keep FOLDER PATH...
 *	told_again FROM learn FOLDER PATH...
 *	told_again FROM highest FOLDER PATH...
 *
 * Who has dfsFROM's key keeps what the paths have: tombstones, older versions, former
 * credentials.  Later, when they have something else, he tells the three others that it
 * is accepted by three, at a ballot above all that they have seen; or at the highest that
 * there is, after which no other could be.
 */
#include "bad_server.h"
#include "path.h"
#include "value.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = DFS_VALUE_MAX + DFS_PATH_MAX + 64 };

static char room[ROOM];

/* The path has slashes in it: its number is the name. */
static FILE *open_kept(const char *folder, int number, const char *mode)
{
	char name[4096];

	(void)snprintf(name, sizeof name, "%s/%d", folder, number);
	return fopen(name, mode);
}

static void keep(struct bad_server *bad, const char *folder, int number,
		 const dfs_path *path)
{
	unsigned from = bad->server == 1 ? 2 : 1;
	FILE *file = open_kept(folder, number, "wb");
	dfs_learn_item item;
	dfs_seen seen;
	XDR xdrs;

	attack_must(bad_server_look(bad, from, path, &item, &seen), "nothing to keep");
	xdrmem_create(&xdrs, room, sizeof room, XDR_ENCODE);
	attack_must(xdr_dfs_learn_item(&xdrs, &item), "encoding");
	attack_must(file && fwrite(room, xdr_getpos(&xdrs), 1, file) == 1 &&
			    fclose(file) == 0,
		    folder);
	value_free(&item.value);
}

static void read_kept(const char *folder, int number, dfs_learn_item *ret)
{
	FILE *file = open_kept(folder, number, "rb");
	size_t len = file ? fread(room, 1, sizeof room, file) : 0;
	XDR xdrs;

	attack_must(len > 0 && fclose(file) == 0, folder);
	memset(ret, 0, sizeof *ret);
	xdrmem_create(&xdrs, room, (u_int)len, XDR_DECODE);
	attack_must(xdr_dfs_learn_item(&xdrs, ret), "decoding");
}

/* Above all that the others have; or as high as there is room for. */
static dfs_ballot choose(struct bad_server *bad, const dfs_path *path, bool highest)
{
	dfs_ballot ballot = {.counter = highest ? UINT64_MAX : 0};

	memset(ballot.proposer.bytes, 0xfe, sizeof ballot.proposer.bytes);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_learn_item item;
		dfs_seen seen;

		if (s == bad->server)
			continue;
		if (bad_server_look(bad, s, path, &item, &seen))
			value_free(&item.value);
		if (seen.epoch > ballot.epoch)
			ballot.epoch = seen.epoch;
		if (seen.counter >= ballot.counter && !highest)
			ballot.counter = seen.counter + 1;
	}
	return ballot;
}

/* How many of the others took it. */
static unsigned tell(struct bad_server *bad, dfs_learn_item *item)
{
	const dfs_learn_args args = {{1, item}};
	unsigned took = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_learn_res res;
		dfs_learn_item now;
		dfs_seen seen;

		if (s == bad->server)
			continue;
		bad_server_say(bad, s, DFS_LEARN, &args, &res);
		call_free_result((xdrproc_t)xdr_dfs_learn_res, &res);
		if (!bad_server_look(bad, s, &item->path, &now, &seen))
			continue;
		took += now.ballot.counter == item->ballot.counter &&
			id_equal(&now.ballot.proposer, &item->ballot.proposer);
		value_free(&now.value);
	}
	return took;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[2] : "";
	unsigned took = 0;
	struct bad_server bad;

	if (argc < 5 || (strcmp(verb, "keep") != 0 && strcmp(verb, "learn") != 0 &&
			 strcmp(verb, "highest") != 0))
		attack_broken("see the head of told_again.c");
	bad_server_begin(&bad, (unsigned)(argv[1][0] - '0'));
	for (int i = 4; i < argc; i++) {
		const dfs_path path = path_borrow(argv[i]);
		dfs_learn_item item;

		if (strcmp(verb, "keep") == 0) {
			keep(&bad, argv[3], i, &path);
			continue;
		}
		read_kept(argv[3], i, &item);
		item.ballot = choose(&bad, &path, strcmp(verb, "highest") == 0);
		took += tell(&bad, &item);
		xdr_free((xdrproc_t)xdr_dfs_learn_item, (char *)&item);
	}
	bad_server_end(&bad);
	if (strcmp(verb, "keep") == 0)
		attack_failed("what there is was kept");
	if (took > 0)
		attack_won("%u times a server took what one alone told it", took);
	attack_failed("nobody took what one alone told");
}
