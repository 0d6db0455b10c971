/*
 * Passwords, as people give them: from a file whose name is in DFS_PASSWORD_FILE or
 * behind --new-password-file, or typed at a prompt.  Never as an argument, which
 * everybody could see in the list of processes.
 */
#ifndef DFS_PASSWORD_H
#define DFS_PASSWORD_H

#include "libdfs.h"
#include "password_rules.h"

struct password {
	char text[PASSWORD_MAX_BYTES + 1]; /* not ended by a NUL */
	size_t len;
};

/*
 * The first line of a file, less its end ("\n" or "\r\n") and a byte order mark before
 * it; what follows does not count.  Code 7, with the command that mends it, when others
 * than its owner can read it or the owner is neither this user nor root; 2 when it holds
 * no password that could have been chosen (password_rules_check_old); 1 when it cannot be
 * read.
 */
struct dfs_result password_read_file(const char *name, struct password *ret);

/* Is there a terminal to ask at? */
bool password_can_ask(void);

/*
 * Asks on the terminal, with the echo off; a signal that ends the program puts the
 * terminal in order first.  Code 7 when there is no terminal or nothing was typed, 2 when
 * it is no password that could have been chosen.  what is shown before the colon.
 */
struct dfs_result password_ask(const char *what, struct password *ret);
/* For a new one: twice, until both are alike, which is said; three times at most. */
struct dfs_result password_ask_new(const char *what, struct password *ret);

void password_wipe(struct password *password);

#endif
