/*
 * The hidden verb that a shell asks what could stand at the cursor:
 *
 *	client __complete WORD...
 *		the words behind the program's name, without quotes; the last is the one
 *		at the cursor
 *	client __complete --bash END LINE
 *		the line up to the cursor as bash has it, and the end of it that bash
 *		replaces
 *
 * One candidate a line: as it is, folders with a final '/'; for bash with quotes, as it
 * is to be inserted.  Names of files are data that others have chosen.  Nobody is asked
 * for anything: remote names are listed with the session that there is.  What goes wrong
 * or takes longer than a second gives no line.
 */
#ifndef DFS_COMPLETE_H
#define DFS_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

struct candidates;
struct run;

#define COMPLETE_VERB "__complete"

/* Does it, with what stands behind the verb; the exit code, which is always 0. */
int complete_words(const char *program, int count, char **words);

/*
 * In a shell, with what it has open: the words of a line that is being typed, the last of
 * which is the one at the cursor.  Of the run the caller has set program and shell.  What
 * was found is the caller's to free.
 */
void complete_in_shell(struct run *run, size_t count, char **words, bool home,
		       struct candidates *ret);

/*
 * Of the verb of a run whose options are known: may its argument of this number, from 0,
 * be the name of a local file, or of a remote one?
 */
bool complete_is_local(const struct run *run, size_t number);
bool complete_is_remote(const struct run *run, size_t number);

#endif
