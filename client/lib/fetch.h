/*
 * Fetching a content: each unit from one of its living holders, in order to the caller.
 *
 * Every server's thread fetches the units it is asked for, proves each by its leaf of the
 * content's hash tree, and opens them into a window, from where the caller's thread takes
 * them in order.  Where the leaves are not in the manifest they are fetched too, a piece
 * at a time.  A unit or piece that one holder cannot give (dead, not there, or it does
 * not prove) is asked of another; nobody is asked twice for the same.
 */
#ifndef DFS_FETCH_H
#define DFS_FETCH_H

#include "manifest.h"
#include "range.h"
#include "session.h"

struct fetch {
	struct dfs *dfs;
	const char *path; /* for messages */
	const dfs_content *content;
	const dfs_ticket *ticket;              /* for its object */
	const struct manifest_secret *opening; /* of its manifest */
	struct dfs_range range;                /* of its bytes; none is behind its end */
	bool briefly;                          /* as in struct dfs_get */
	/*
	 * Takes the range in order; not 0 ends the fetch with that code (why is set).
	 */
	int (*write)(void *context, const void *bytes, size_t len, char why[DFS_WHY]);
	void *context;
};

enum fetch_end {
	FETCH_DONE,   /* proved and written */
	FETCH_FAILED, /* result says why */
	/*
	 * holders have it no more, or do not give it: look again; the result holds if
	 * that shows nothing new
	 */
	FETCH_GONE
};

enum fetch_end fetch_run(const struct fetch *fetch, struct dfs_result *result);

/*
 * The server to ask for a unit: of these that hold it, the one that has its
 * chunk as the first of its pair, so that each of four servers gives one chunk; 0 when
 * there is none.
 */
unsigned fetch_source(const dfs_content *content, uint64_t unit, server_set servers);

/*
 * "transfer failed: chunk 2 is on dfs1 and dfs2, which cannot be reached (...)": why the
 * range cannot be read while only these servers can be; false when it can.
 */
bool fetch_out_of_reach(const struct fetch *fetch, server_set servers,
			char text[DFS_WHY]);

#endif
