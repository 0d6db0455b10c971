/*
 * Why servers did not help: for each reason the servers that gave it, and its words.
 *
 * Who asks decides how many of them it takes; what is then said stands here.
 */
#ifndef DFS_REFUSALS_H
#define DFS_REFUSALS_H

#include "dfs.h"
#include "libdfs.h"
#include "sets.h"

/* What is said when the servers do not even know who calls any more. */
#define REFUSALS_NOBODY "the servers do not take this log-in any more: log in again"

struct refusals {
	server_set refused;   /* they have heard of a higher ballot */
	server_set invalid;   /* they call the request invalid */
	server_set denied;    /* that is not for this user, */
	server_set nobody;    /* and of these: they do not know who calls */
	server_set unchecked; /* they cannot tell who calls */
	server_set full;      /* they have no room for the content */
	server_set over;      /* it is more than a quota: explain_over says whose */
	server_set failing;   /* their disk failed */
	server_set busy;      /* too much is open there, of this user or in all */
	server_set unshown;   /* they know nothing of the content */
	server_set silent;    /* they did not take the content, and did not say why */
};

/* Notes what a server says of one path, of a whole call, of content that it was sent. */
void refusals_note(struct refusals *refusals, unsigned server, dfs_status status);
void refusals_note_call(struct refusals *refusals, unsigned server, dfs_status status);
void refusals_note_content(struct refusals *refusals, unsigned server, dfs_status status);

/* Adds what is true of a content in later attempts too: full, over, failing, busy. */
void refusals_add(struct refusals *refusals, const struct refusals *more);

/* What was asked for. */
struct refusals_case {
	enum { REFUSALS_READ, REFUSALS_WRITE, REFUSALS_CONTENT } what;
	const char *path; /* whose quota it is, and for whom; not needed for reading */
	const char *user;
};

/*
 * Puts the first reason that any server gave into words, with its exit code; false, and
 * *ret is left alone, when none did.  Reasons that do not count are left empty.
 */
bool refusals_explain(const struct refusals *refusals, const struct refusals_case *of,
		      struct dfs_result *ret);

#endif
