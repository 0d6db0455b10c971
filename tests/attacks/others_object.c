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
 * server takes calls.  The answer must be that only who made an object brings it.
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

/* The file's content, as he would have it. */
static void forge(struct attacker *other, unsigned server, const char *path,
		  const char *text, struct attack_content *ret)
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
	attack_content_make(ret, bytes, content->size,
			    (struct attack_object){&content->object, secret.key});
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

int main(int argc, char **argv)
{
	static struct attacker other;
	struct attack_content content;
	dfs_status status = DFS_BUSY;
	int64_t began = clock_now_ms(), up = 0;
	unsigned server;
	uint64_t number = 0;

	attack_must(argc == 4 && text_number(argv[3], 1, DFS_SERVERS, &number),
		    "see the head of others_object.c");
	server = (unsigned)number;
	attack_begin(&other, "other", set_without(SERVERS_ALL, server));
	forge(&other, server % DFS_SERVERS + 1, argv[1], argv[2], &content);
	printf("ready\n");
	while (is_for_now(status)) {
		if (clock_now_ms() > began + TRY_MS)
			attack_broken("dfs%u says %s for ever", server,
				      attack_status(status));
		if (!other.calls[server - 1] && !attack_connect(&other, server)) {
			clock_pause(1);
			continue;
		}
		if (up == 0)
			up = clock_now_ms();
		status = bring(&other, server, &content);
	}
	attack_content_free(&content);
	if (status == DFS_OK)
		attack_won("dfs%u keeps what other brought as the object of %s, %d ms "
			   "after it took calls",
			   server, argv[1], (int)(clock_now_ms() - up));
	if (has_heard(&other, server, argv[1]))
		attack_broken("dfs%u had heard of %s (%s)", server, argv[1],
			      attack_status(status));
	attack_end(&other);
	attack_failed("dfs%u, which has not heard of %s, says %s", server, argv[1],
		      attack_status(status));
}
