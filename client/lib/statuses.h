/* What all servers tell in STATUS, asked at once, and what their counts come to. */
#ifndef DFS_STATUSES_H
#define DFS_STATUSES_H

#include "protection.h"
#include "session.h"

struct statuses {
	struct dfs *dfs;
	struct round *round;
	const dfs_status_ok *of[DFS_SERVERS]; /* NULL: it has not answered */
	server_set answering, voting;
	struct protection_view views[DFS_SERVERS];
	/*
	 * Files of which a server that votes lacks something, once they were asked for.
	 */
	bool asked_names, named;
	struct protection_file *files;
	size_t files_count;
};

/* false when out of memory.  Freed with statuses_free either way. */
bool statuses_ask(struct dfs *dfs, struct statuses *ret);
void statuses_free(struct statuses *statuses);

/* Why a server has not answered; DFS_WHY bytes. */
void statuses_why(const struct statuses *statuses, unsigned server, char *why);

/*
 * Of all files, if these servers answered; those that have not told are taken to lack
 * nothing.  Where the counts leave it open how
 * bad it is, names decide, if they are not too many and the user may see them all.
 */
struct protection_counts statuses_count(struct statuses *statuses, server_set living);

#endif
