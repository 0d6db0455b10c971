/*
 * A move that nobody began: "other" puts a file below /shared/ that notes it has come
 * from a file of tester's there, with other content.
 *
 *	planted_note OLD NEW TEXT
 *
 * Whoever now moves OLD to NEW must not take that for a move that was begun, of which
 * only the old file is left to delete.  The scenario judges by what he finds there.
 */
#include "attack.h"

#include "path.h"
#include "value.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static struct attacker other;
	struct attack_content content;
	struct attack_known known;
	dfs_note note;
	dfs_ballot ballot;
	dfs_value value;
	unsigned staged = 0, accepted = 0;

	attack_must(argc == 4, "see the head of planted_note.c");
	attack_begin(&other, "other", SERVERS_ALL);
	attack_look(&other, 1, argv[1], &known);
	attack_must(known.known && known.value.body.kind == DFS_FILE, "no such file");
	attack_content_make(&content, argv[3], strlen(argv[3]),
			    (struct attack_object){.key = NULL});
	ballot = attack_ballot(&other, SERVERS_ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		staged += attack_prepare(&other, s, argv[2], &ballot, &content) == DFS_OK;
	attack_must(staged == DFS_SERVERS, "his content was not taken");
	attack_value_make(&other, argv[2], &ballot, &content, &value);
	note = (dfs_note){.operation = value.operation,
			  .old_path = path_borrow(argv[1]),
			  .old_version = known.value.content_version};
	value.note = &note;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		accepted += attack_accept(&other, s, argv[2], &ballot, &value) == DFS_OK;
	value.note = NULL;
	value_free(&value);
	attack_content_free(&content);
	attack_forget(&known);
	attack_end(&other);
	/* Anybody may take away what is there, and so note it. */
	if (accepted < DFS_SERVERS)
		attack_broken("%u servers have it", accepted);
	return 0;
}
