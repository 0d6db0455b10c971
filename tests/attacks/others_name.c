/*
 * Content in another's name: "other" writes a file of tester's and says that "third", who
 * may write it as well, wrote it.
 *
 *	others_name PATH TEXT [FILE]
 *
 * The signature is his own, so nobody can prove that third wrote it.  Were that only a
 * warning, the owner would take it, and sign it when he next changes who may read: from
 * then on it is proved that third wrote it.  Without FILE the answer must be that no
 * server takes the value.  With FILE he has the servers' help: he brings the content, and
 * writes the value as it is packed to FILE; the scenario puts it into all four stores.
 * The answer must then be that the owner's client takes nothing from it, and signs
 * nothing of it.
 */
#include "attack.h"

#include "value.h"

#include <stdio.h>
#include <string.h>

static void write_value(const char *name, const dfs_value *value)
{
	static uint8_t buf[DFS_VALUE_MAX];
	size_t len = value_pack(value, buf, sizeof buf);
	FILE *file = fopen(name, "wb");

	attack_must(len > 0 && file && fwrite(buf, 1, len, file) == len &&
			    fclose(file) == 0,
		    name);
}

int main(int argc, char **argv)
{
	static struct attacker other;
	struct attack_content content;
	struct attack_known known;
	struct attack_change change = {&known, "third", {{0}}};
	dfs_ballot ballot;
	dfs_value value;
	unsigned staged = 0, accepted = 0;

	attack_must(argc == 3 || argc == 4, "see the head of others_name.c");
	attack_begin(&other, "other", SERVERS_ALL);
	attack_look(&other, 1, argv[1], &known);
	attack_must(known.known && known.value.body.kind == DFS_FILE, "no such file");
	change.owner = attack_seal_key(&other, 1, "tester");
	attack_content_make(&content, argv[2], strlen(argv[2]),
			    (struct attack_object){.key = NULL});
	ballot = attack_ballot(&other, SERVERS_ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		staged += attack_prepare(&other, s, argv[1], &ballot, &content) == DFS_OK;
	/* He may write: what is to be refused is only what he says of it. */
	attack_must(staged == DFS_SERVERS, "his content was not taken");
	attack_value_change(&other, argv[1], &ballot, &content, &change, &value);
	attack_prove(&other, argv[1], &ballot, &value);
	if (argc == 4)
		write_value(argv[3], &value);
	for (unsigned s = 1; s <= DFS_SERVERS && argc == 3; s++) {
		dfs_status status = attack_accept(&other, s, argv[1], &ballot, &value);

		printf("dfs%u: %s\n", s, attack_status(status));
		accepted += status == DFS_OK;
	}
	value_free(&value);
	attack_content_free(&content);
	attack_forget(&known);
	attack_end(&other);
	if (argc == 4)
		return 0;
	if (accepted > 0)
		attack_won("%u servers say that third wrote %s", accepted, argv[1]);
	attack_failed("no server says that third wrote %s", argv[1]);
}
