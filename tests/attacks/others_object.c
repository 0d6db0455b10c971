/*
 * Content under another's object id: "other", who may read a file, brings bytes of his
 * own for its object to a server that has not heard of the file yet (it was away, or the
 * owner's client was kept from it), and has a value of his own that names them accepted
 * there.
 *
 *	others_object PATH TEXT SERVER
 *
 * PATH is a file of 4,100 to 65,536 bytes, of which the three other servers know.  Its
 * key he has as a reader, so his units open in the place of the owner's; the text is what
 * they begin with, and they have the XXH3-128 that the manifest names.  A server that
 * keeps them takes them for its pair once it hears of the file: it fetches nothing,
 * "status" finds nothing, and "get" gives the text.  Tries from the moment at which the
 * server takes calls, without a token and with one of his own, for the object whose maker
 * and tree the manifest names, and for one of that maker and a tree of his own.  The
 * answer must be that only who made an object brings it.
 */
#include "attack.h"

#include "clock.h"
#include "preimage.h"
#include "text.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRY_MS = 60000 };
static const char own_path[] = "/other/mine";

enum { FORGERIES = 4 };

/* The same bytes, as what they can be said to be. */
static void make_all(const dfs_content *victim, const uint8_t *bytes,
		     const struct manifest_secret *secret,
		     struct attack_content ret[FORGERIES])
{
	dfs_key own;

	attack_must(keys_random(&own, sizeof own), "random");
	for (unsigned i = 0; i < FORGERIES; i++) {
		const struct attack_object object = {.claimed = victim,
						     .key = secret->key,
						     .token = i % 2 ? &own : NULL};

		attack_content_make(&ret[i], bytes, victim->size, object);
		if (i >= FORGERIES / 2)
			attack_content_plant(&ret[i]);
	}
}

/* The file's content, as he would have it. */
static void forge(struct attacker *other, unsigned server, const char *path,
		  const char *text, struct attack_content ret[FORGERIES])
{
	const dfs_content *content;
	struct attack_known known;
	struct manifest_secret secret;
	uint8_t *bytes;

	attack_look(other, server, path, &known);
	attack_open_file(other, path, &known, &secret);
	content = &known.value.body.dfs_body_u.manifest.content;
	attack_must(content->unit_size > PREIMAGE_BLOCK &&
			    content->size <= CONTENT_SMALL_MAX,
		    "the file is too small or too large");
	bytes = attack_read(other, &known, &secret, DFS_SERVERS);
	preimage_forge(bytes, text);
	make_all(content, bytes, &secret, ret);
	free(bytes);
	secret_wipe(&secret, sizeof secret);
	attack_forget(&known);
}

/* Does the server know of the file? */
static bool has_heard(struct attacker *other, unsigned server, const char *path)
{
	struct attack_known known;
	bool has;

	attack_look(other, server, path, &known);
	has = known.known;
	attack_forget(&known);
	return has;
}

static dfs_status bring(struct attacker *other, unsigned server,
			const struct attack_content *content)
{
	dfs_ballot ballot = attack_ballot(other, set_of(server));
	dfs_status status = attack_prepare(other, server, own_path, &ballot, content);
	dfs_value value;

	if (status != DFS_OK)
		return status;
	attack_value_make(other, own_path, &ballot, content, &value);
	status = attack_accept(other, server, own_path, &ballot, &value);
	value_free(&value);
	return status;
}

/* Not yet: it does not vote, or has too much to do. */
static bool is_for_now(dfs_status status)
{
	return status == DFS_RECOVERING || status == DFS_BUSY || status == DFS_REFUSED ||
	       status == DFS_UNCHECKED;
}

/* Until it is taken or refused for good. */
static dfs_status bring_at_last(struct attacker *other, unsigned server,
				const struct attack_content *content)
{
	int64_t began = clock_now_ms();
	dfs_status status = DFS_BUSY;

	while (is_for_now(status)) {
		if (clock_now_ms() > began + TRY_MS)
			attack_broken("dfs%u says %s for ever", server,
				      attack_status(status));
		if (!other->calls[server - 1] && !attack_connect(other, server))
			clock_pause(1);
		else
			status = bring(other, server, content);
	}
	return status;
}

int main(int argc, char **argv)
{
	static struct attacker other;
	static struct attack_content contents[FORGERIES];
	dfs_status status = DFS_BUSY;
	int64_t began;
	unsigned server;
	uint64_t number = 0;

	attack_must(argc == 4 && text_number(argv[3], 1, DFS_SERVERS, &number),
		    "see the head of others_object.c");
	server = (unsigned)number;
	attack_begin(&other, "other", set_without(SERVERS_ALL, server));
	forge(&other, server % DFS_SERVERS + 1, argv[1], argv[2], contents);
	printf("ready\n");
	began = clock_now_ms();
	for (unsigned i = 0; i < FORGERIES; i++) {
		status = bring_at_last(&other, server, &contents[i]);
		if (status == DFS_OK)
			attack_won("dfs%u keeps what other brought as the object of %s "
				   "(way %u), %d ms after he was ready",
				   server, argv[1], i + 1, (int)(clock_now_ms() - began));
		attack_content_free(&contents[i]);
	}
	if (has_heard(&other, server, argv[1]))
		attack_broken("dfs%u had heard of %s (%s)", server, argv[1],
			      attack_status(status));
	attack_end(&other);
	attack_failed("dfs%u, which has not heard of %s, says %s", server, argv[1],
		      attack_status(status));
}
