/*
 * Lines that somebody types at a terminal: readline, its history, and Ctrl-C.
 *
 * There is one terminal, so there is one of these.  The history lies in
 * $XDG_STATE_HOME/dfs/history, without that variable below ~/.local/state; 0600.  What is
 * typed at other prompts, passwords, never passes here.
 */
#ifndef DFS_LINE_H
#define DFS_LINE_H

struct completing;

enum line_end { LINE_TAKEN, LINE_INTERRUPTED, LINE_OVER };

/* Before the first; completing says what TAB offers, and lives until line_end_all. */
void line_begin(struct completing *completing);
void line_end_all(void);

/* With LINE_TAKEN the line, without its newline, is the caller's to free. */
enum line_end line_read(const char *prompt, char **ret_line);

/* The whole of what was typed; one that begins with a blank is not kept. */
void line_keep(const char *text);

#endif
