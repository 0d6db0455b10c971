/*
 * A forged unit: "other", who may read a file, makes another first unit for it that
 * opens with the file's key, so that the whole content still has the XXH3-128 of the one
 * that was put.  A server that lies, or a disk in his hands, then gives it.
 *
 *	forged_unit PATH TEXT FILE
 *
 * PATH is a file of more than 4,100 bytes, TEXT what the unit begins with.  Writes it as
 * it is stored to FILE, and prints the object's id and the unit's number.  The scenario
 * puts it into one store.  The answer must be that nobody is given it, and that "verify"
 * names the server.
 */
#include "attack.h"

#include "object.h"
#include "preimage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_file(const char *name, const uint8_t *bytes, uint32_t len)
{
	FILE *file = fopen(name, "wb");

	attack_must(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0,
		    name);
}

/* As "get" and "verify" prove a whole content; its first block is the unit's. */
static void hash(const uint8_t *bytes, uint32_t len, struct content_digests *ret)
{
	struct content_hash *running = content_hash_new(false);

	attack_must(running && content_hash_add(running, bytes, len) &&
			    content_hash_end(running, ret),
		    "hash");
}

int main(int argc, char **argv)
{
	static struct attacker other;
	const dfs_content *content;
	struct attack_known known;
	struct manifest_secret secret;
	struct content_digests before, after;
	uint8_t *bytes, *stored;
	char text[ID_TEXT];
	dfs_id id;
	uint32_t len;

	attack_must(argc == 4, "see the head of forged_unit.c");
	attack_begin(&other, "other", SERVERS_ALL);
	attack_look(&other, 1, argv[1], &known);
	attack_open_file(&other, argv[1], &known, &secret);
	content = &known.value.body.dfs_body_u.manifest.content;
	attack_must(content->unit_size > PREIMAGE_BLOCK, "the file is too small");
	bytes = attack_read(&other, &known, &secret, 1);
	hash(bytes, content->unit_size, &before);
	preimage_forge(bytes, argv[2]);
	hash(bytes, content->unit_size, &after);
	attack_must(memcmp(before.xxh128, after.xxh128, sizeof before.xxh128) == 0,
		    "it is no second preimage");
	len = attack_unit_make(content, secret.key, 0, bytes, &stored);
	write_file(argv[3], stored, len);
	attack_must(object_of_content(content, &id), "object");
	printf("%s 0\n", id_text(&id, text));
	free(stored);
	free(bytes);
	secret_wipe(&secret, sizeof secret);
	attack_forget(&known);
	attack_end(&other);
	return 0;
}
