/*
 * libdfs: names and trees.  What lies in a folder, has a name like this, or such
 * properties.
 */
#ifndef DFS_LIBDFS_TREES_H
#define DFS_LIBDFS_TREES_H

#include "libdfs.h"

/*
 * The files of others that they share with this user, in byte order, with detail; never
 * what is everybody's, below /shared/.
 */
struct dfs_result dfs_list_shared(struct dfs *dfs,
				  int (*entry)(void *context,
					       const struct dfs_entry *entry),
				  void *context);

/* ---- patterns ------------------------------------------------------------------ */

/*
 * A name that may be a pattern (pattern.h), and the names that it stands for.  A file or
 * folder that is called just so is the only one then.  A pattern whose last part alone is
 * one costs a listing of one folder, any other one of all that is below the folder where
 * the patterns begin.
 */
struct dfs_expand {
	const char *pattern;       /* canonical, without a '/' at the end */
	bool no_files, no_folders; /* these are not wanted */
	struct dfs_result result;  /* code 4: it stands for nothing */
};

/*
 * found is called for each name, in byte order, of one item after the other; a folder's
 * is without its '/'.  It returns 0 to go on, else the code of its item.
 */
void dfs_expand(struct dfs *dfs, struct dfs_expand *items, size_t count,
		int (*found)(void *context, size_t item, const char *path, bool folder),
		void *context);

/* ---- find ---------------------------------------------------------------------- */

/* Which files, links and folders are meant; all zeros: all. */
struct dfs_condition {
	const char *name; /* a pattern of the last part; NULL: any */
	unsigned depth;   /* at most so many parts below the path; 0: any */
	bool no_files, no_links, no_folders; /* these are not meant */
	/* Of files and links, whose values are read; folders do not meet these. */
	const char *owner; /* NULL: anybody */
	bool sized;        /* at least and at most so many bytes: */
	uint64_t least, most;
	bool newer; /* changed later than this, since 1970 UTC: */
	int64_t newer_ns;
};

struct dfs_find {
	const char *path; /* a file, a link, or a folder with or without its '/' */
	struct dfs_condition condition;
	bool detail;              /* has_file is wanted without a condition too */
	struct dfs_result result; /* code 4: there is no such file or folder */
	uint64_t unknown; /* files of which was not known whether they are meant */
};

/*
 * What lies below each path and is meant, in byte order; a folder comes before what is in
 * it.  found returns 0 to go on, else the code of its item.
 */
void dfs_find(struct dfs *dfs, struct dfs_find *items, size_t count,
	      int (*found)(void *context, size_t item, const struct dfs_entry *entry),
	      void *context);

/* ---- usage --------------------------------------------------------------------- */

/* How much a folder has below it; or a file. */
struct dfs_usage {
	const char *path; /* as in dfs_find */
	struct dfs_result result;
	bool is_file;
	uint64_t files, size; /* bytes of their contents */
	uint64_t unknown;     /* of these files the size is not known */
};

struct dfs_usage_callbacks {
	void *context;
	/*
	 * Or NULL: a folder below an item's, once all below it is counted; it returns 0
	 * to go on.  Its path is without a '/' at the end, depth 1 is right below.
	 */
	int (*folder)(void *context, size_t item, const struct dfs_usage *folder,
		      unsigned depth);
	void (*finished)(void *context, size_t item);
};

void dfs_usage(struct dfs *dfs, struct dfs_usage *items, size_t count,
	       const struct dfs_usage_callbacks *callbacks);

#endif
