/* libdfs: looking after what is stored, and how the servers are. */
#ifndef DFS_LIBDFS_UPKEEP_H
#define DFS_LIBDFS_UPKEEP_H

#include "libdfs.h"

/* ---- verify -------------------------------------------------------------------- */

/*
 * Which units of a file were not good, so that they can be read again without the rest:
 * by server a set of chunks, and of their units the first and the last.
 */
struct dfs_bad_units {
	bool any;
	uint8_t object[16]; /* it is about this content, */
	uint32_t holders;   /* with these holders */
	bool lost;          /* some had no good copy within reach */
	unsigned chunks[4];
	uint64_t first[4], last[4];
	uint64_t mendable; /* copies that servers can bring back by themselves */
};

/* What became of one file's copies; sets of chunks, by server. */
struct dfs_verified {
	const char *path; /* set by the caller */
	/*
	 * Set by the caller to what an earlier look left here: only these units are read,
	 * if the file still has the same content and holders; or to zeros: all.  On
	 * return, of what is not good now.
	 */
	struct dfs_bad_units bad_units;
	/*
	 * 0: every unit has two good copies, and all that its manifest names are good.
	 * 9: a copy is damaged, or not what was stored.  5: copies are missing or cannot
	 * be reached.  7: its content is not for this user to prove.  Others: the file
	 * cannot be read.
	 */
	struct dfs_result result;
	bool gone;     /* deleted meanwhile; result is 0 */
	bool unproved; /* nothing was read: the content is not for this user */
	bool closed;   /* nothing was read: what the servers have of it does not open */
	bool lost;     /* there are units without any good copy within reach */
	uint64_t size;
	unsigned damaged[4]; /* the server says so */
	unsigned missing[4]; /* the server has no such thing */
	unsigned wrong[4];   /* the server gives something else, and does not know */
	unsigned unreached[4];
};

struct dfs_verify_callbacks {
	void *context;
	/* Or NULL: so many of the bytes of all copies have been read. */
	void (*progress)(void *context, size_t item, uint64_t done, uint64_t size);
	void (*finished)(void *context, size_t item);
};

/*
 * Reads and proves every unit of every chunk from every server that the manifest names
 * for it, or those of bad_units.  At most DFS_VERIFY_MAX items; memory does not grow with
 * their sizes, but for two bits for each 256 KiB.
 */
enum { DFS_VERIFY_MAX = 128 };
void dfs_verify(struct dfs *dfs, struct dfs_verified *items, size_t count,
		const struct dfs_verify_callbacks *callbacks);

/* ---- status -------------------------------------------------------------------- */

/* What a server has yet to do by itself, and what it is at. */
struct dfs_healing {
	uint64_t owed_files, owed_bytes; /* that it has to fetch */
	uint64_t lost_files; /* of these: nobody in reach had what is missing */
	uint64_t unproved;   /* objects that it has yet to prove, unit by unit */
	uint64_t spares;     /* objects of which it keeps more than it should */
	uint64_t unsettled;  /* registers not known to be settled */
	uint64_t abandoned;  /* uploads that came to nothing and are not cleaned yet */
	uint64_t fetched;    /* bytes since the start, */
	uint64_t per_second; /* and in the last minute */
	char doing[256];     /* a sentence; empty: nothing */
	/* Re-reading everything; times are since 1970 UTC, 0: never. */
	uint64_t scrub_read, scrub_of;          /* bytes of this round, of so many */
	int64_t scrub_began_ns, scrub_ended_ns; /* of this round; of the last whole one */
	uint64_t scrub_found;                   /* damaged records in this round */
};

enum dfs_server_state {
	DFS_SERVER_DOWN,
	DFS_SERVER_STARTING,   /* answers; its peers have yet to tell what they know */
	DFS_SERVER_RECOVERING, /* answers; takes its registers from its peers */
	DFS_SERVER_UP          /* answers and votes */
};

struct dfs_server_status {
	enum dfs_server_state state;
	bool up; /* it answered */
	bool votes;
	char why[DFS_WHY]; /* down or recovering: why */
	char address[280];
	int64_t heard_ns; /* when another server heard of it last; 0: not known */
	/* of what it has shown: when that ends, since 1970 UTC; 0: not known */
	int64_t certificate_ends_ns;
	bool told;                      /* what follows is known */
	uint64_t recovered, to_recover; /* registers, of so many; RECOVERING */
	char software[256];
	char store[DFS_ID_TEXT];
	uint32_t epoch;
	int64_t started_ns;
	uint64_t files, tombstones, objects, segments, newest_segment;
	uint64_t stored_bytes, disk_free, disk_size, damaged;
	uint32_t connections;
	struct dfs_healing healing;
};

struct dfs_report {
	struct dfs_server_status servers[4];
	int64_t ca_ends_ns;   /* the CA of the cluster, as this client has it; or 0 */
	bool known;           /* to the servers: who asks; else they tell little */
	uint64_t used, quota; /* bytes of the user's files; 0: no limit */
	bool counted;         /* the numbers below are known; of everybody's files */
	uint64_t files;
	uint64_t files_by_copies
		[3];   /* two or more, one, no living copy of the worst chunk */
	bool at_most;  /* the last two are as bad as it can be, and perhaps less */
	uint64_t lost; /* of those without a living copy: not even if all came back */
	int code;      /* 0..3, the exit code of "status" */
};

/*
 * From what servers count, in one round; where two of them lack something of the same
 * kind of files, names of at most DFS_REPORT_NAMES files decide.  Without a log-in only
 * what a server says to anybody: that it is there, and whether it votes.
 */
enum { DFS_REPORT_NAMES = 20000 };
struct dfs_result dfs_report(struct dfs *dfs, struct dfs_report *ret);

/* How the servers are, without counting files; code is 0 or 1. */
struct dfs_result dfs_report_servers(struct dfs *dfs, struct dfs_report *ret);

/* What would become unreadable if servers went that live, one or two of them. */
struct dfs_loss {
	unsigned gone;       /* the servers that would go; a set */
	uint64_t unreadable; /* then, of everybody's files, */
	uint64_t files;      /* which are so many */
	bool at_most;        /* perhaps fewer */
};
enum { DFS_LOSSES_MAX = 10 };

/*
 * Each server and each pair of those that answer, into losses; in *ret_down those that do
 * not answer, which are gone in all of them.  Code 5 or 10 where too few have counted.
 */
struct dfs_result dfs_what_if(struct dfs *dfs, struct dfs_loss losses[DFS_LOSSES_MAX],
			      size_t *ret_count, unsigned *ret_down);

/*
 * The names of the files that the user may list and that nobody could read without these
 * servers (a set; those that do not answer are to be in it), in byte order.  name
 * returns 0 to go on.  It asks every server for the list of all files.
 */
struct dfs_result dfs_lost_without(struct dfs *dfs, unsigned gone,
				   int (*name)(void *context, const char *path),
				   void *context);

/* ---- repair -------------------------------------------------------------------- */

/* Asks all servers that answer to look at everything again now, and heal it. */
struct dfs_result dfs_heal(struct dfs *dfs);

/* A file of which servers that vote lack something. */
struct dfs_owed {
	const char *path;
	unsigned missing[4]; /* chunks, by server */
	int code;            /* 9: a chunk has no good copy any more; else 5 */
	const char *why;     /* that it is not mended */
};

/*
 * Those that the user may list, of this path (a file, or all below a folder; "/" for
 * all), in byte order.  entry returns 0 to go on.
 */
struct dfs_result dfs_owed(struct dfs *dfs, const char *path,
			   int (*entry)(void *context, const struct dfs_owed *owed),
			   void *context);

#endif
