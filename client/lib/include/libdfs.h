/*
 * libdfs: the store of four servers as a library.
 *
 * A session talks to the four servers at once and goes on without one it can do without.
 * Every function works on an array of items, because a thousand small files should not
 * cost four thousand round trips; each item gets a result of its own, and the function
 * reports an item through a callback as soon as it is finished.  Callbacks run on the
 * thread that called.
 *
 * A session is used by one thread at a time.
 */
#ifndef LIBDFS_H
#define LIBDFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dfs;

enum { DFS_WHY = 1024 };

/* How one item, or a whole call, ended: an exit code of the command line, and why. */
struct dfs_result {
	int code; /* enum dfs_exit of status.h; 0 is done */
	/* a sentence for people, without a final dot; empty when done */
	char why[DFS_WHY];
	char warning[DFS_WHY]; /* done, but: e.g. which server was absent; else empty */
};

/*
 * What a log-in leaves behind, or a recovery file holds: a session of the user, and its
 * secret.
 */
struct dfs_pass {
	uint8_t id[16];
	uint8_t secret[32];
	int64_t ends_ns; /* since 1970 UTC; 0: never (a recovery file) */
};

struct dfs_options {
	const char *config; /* a cluster.conf; not NULL */
	const char *user;   /* who calls, and whose paths; not NULL */
	const char *caller; /* name and version for the servers' logs; NULL allowed */
	/* How to log in: with one of these.  With neither the caller stays nobody. */
	const char *password; /* UTF-8, at most 1024 bytes; copied, wiped once used */
	size_t password_len;
	const struct dfs_pass *pass;
};

/*
 * Reads the configuration and begins to connect; waits for nobody.  On failure *ret is
 * NULL.
 */
struct dfs_result dfs_open(const struct dfs_options *options, struct dfs **ret);
void dfs_close(struct dfs *dfs);

/*
 * From any thread, before dfs_close: what is under way, and all that is asked later,
 * fails at once, as if no server were there.
 */
void dfs_cancel(struct dfs *dfs);

/*
 * Waits until it is known whether the servers take the log-in that dfs_open has begun: at
 * least two of them must.  Code 7: they refuse, or there was nothing to log in with; 5
 * and 10: too few servers.  Whatever else is done with a session needs this first, but
 * for dfs_report.
 */
struct dfs_result dfs_login(struct dfs *dfs);

/* ---- who calls --------------------------------------------------------------- */

enum { DFS_PASS_HOURS = 12, DFS_SECRETS_MAX = 4 };

/*
 * Makes a session of DFS_PASS_HOURS, so that the password is not needed meanwhile.  Needs
 * a log-in by password.  replaced: the id of a session that ends in the same change; or
 * NULL.
 */
struct dfs_result dfs_session_begin(struct dfs *dfs, const uint8_t *replaced,
				    struct dfs_pass *ret);
/* The session of this id opens nothing any more. */
struct dfs_result dfs_session_end(struct dfs *dfs, const uint8_t id[16]);

/*
 * A recovery file: whoever has it can log in as the user, and read his files, also after
 * the password is lost.  A new one ends the log-in by older ones; their secrets stay
 * good.
 */
struct dfs_recovery {
	char user[33];
	uint8_t cluster[16];
	struct dfs_pass pass; /* never ends */
	size_t count;
	uint8_t secrets[DFS_SECRETS_MAX][32]; /* that all keys of the user are made of */
};

/*
 * Fills *ret, to be kept safe before dfs_recovery_begin makes it good.  Needs a log-in by
 * password.
 */
struct dfs_result dfs_recovery_make(struct dfs *dfs, struct dfs_recovery *ret);
struct dfs_result dfs_recovery_begin(struct dfs *dfs,
				     const struct dfs_recovery *recovery);

/*
 * A new password for who is logged in, by password or by a recovery file's pass; no file
 * is touched.  Ends all sessions but those of recovery files.  recovered: a recovery file
 * whose secrets are added to the user's; or NULL.  Code 2: no password that may be
 * chosen.
 */
struct dfs_result dfs_passwd(struct dfs *dfs, const char *password, size_t len,
			     const struct dfs_recovery *recovered);

/* ---- users (for admin) ----------------------------------------------------------- */

struct dfs_user_entry {
	const char *name;
	bool disabled;
	uint64_t quota; /* bytes; 0: no limit */
};

/* Code 8 when there is one of that name. */
struct dfs_result dfs_user_add(struct dfs *dfs, const char *name, const char *password,
			       size_t len, uint64_t quota);

/* What is to become different. */
struct dfs_user_change {
	bool set_disabled, disabled;
	bool set_quota;
	uint64_t quota;
};
/* Code 4 when there is no such user; admin cannot be disabled (7). */
struct dfs_result dfs_user_change(struct dfs *dfs, const char *name,
				  const struct dfs_user_change *change);

/*
 * A new password, and new keys: what the user could read before he can read again with
 * his recovery file alone.  Not for admin, who has dfs_passwd.
 */
struct dfs_result dfs_user_passwd(struct dfs *dfs, const char *name, const char *password,
				  size_t len);

/*
 * Code 4 when there is no such user; 8 while there are files below "/NAME/", unless
 * with_files is set: then the user is disabled first, and they are deleted too.  What the
 * user stored below "/shared/" stays.
 */
struct dfs_result dfs_user_delete(struct dfs *dfs, const char *name, bool with_files);

/* All, in byte order; entry returns 0 to go on. */
struct dfs_result
dfs_users(struct dfs *dfs,
	  int (*entry)(void *context, const struct dfs_user_entry *entry), void *context);

/* ---- what is stored ------------------------------------------------------------ */

enum { DFS_VERSION_TEXT = 64, DFS_ID_TEXT = 33, DFS_OPERATION_TEXT = 160 };

enum { DFS_FILE_READERS = 16 };

struct dfs_file_reader {
	char user[33];
	bool writes;
};

/* What a path has; a symbolic link's content is its target. */
enum dfs_type { DFS_TYPE_FILE, DFS_TYPE_LINK, DFS_TYPE_FOLDER };

/*
 * What stat shows of a file or a link.  Of a folder: type, owner, modified_ns, version;
 * without the last two when it is only there because something is below it.
 */
struct dfs_file {
	enum dfs_type type;
	bool executable;
	char owner[33];
	char writer[33]; /* who stored the content */
	unsigned readers_count;
	struct dfs_file_reader readers[DFS_FILE_READERS]; /* besides the owner */
	uint64_t size;
	/* of the local file that was put, or as it was set later; since 1970 UTC */
	int64_t modified_ns;
	int64_t stored_ns; /* when it was put, by that client's clock */
	unsigned row;      /* 0..3 */
	uint32_t unit_size;
	char version[DFS_VERSION_TEXT];
	char object[DFS_ID_TEXT];
	bool opened;         /* by this user's key; then this is known (stat and get): */
	uint8_t xxh128[16];  /* of the content, in the order that xxh128sum prints */
	unsigned chunks[4];  /* per server: chunks it was given, bit c-1 for chunk c */
	unsigned missing[4]; /* of those, what it says it lacks (dfs_list alone) */
	unsigned copies; /* living ones of the worst chunk: 2 full, 1 degraded, 0 none */
	unsigned live;   /* servers that vote, bit s-1 for dfsS */
	/* two servers only: may be a write that was never completed */
	bool newest_unsure;
};

/* ---- put ----------------------------------------------------------------------- */

enum { DFS_BYTES = 65536 };

struct dfs_put {
	const char *path;  /* canonical */
	const char *local; /* file to read; NULL: from bytes, or from fd */
	const void *bytes; /* the content, at most DFS_BYTES of it; NULL: from fd */
	size_t bytes_len;
	int fd;              /* a regular file, read from its start */
	bool link;           /* bytes is the target of a symbolic link */
	int64_t modified_ns; /* with bytes and fd */
	/* conditions */
	bool create;            /* only where there is no file */
	const char *if_version; /* only over this version; NULL: over any */
	const char *operation;  /* what exit 11 printed, to repeat it; NULL: a new one */
	/*
	 * What is appended to the file meanwhile is left out; else it is refused, like
	 * every other change.
	 */
	bool snapshot;
	/* What the content must have, or nothing of it becomes visible. */
	bool expects_size;
	uint64_t expected_size;
	const uint8_t *sha256; /* 32 bytes; NULL: any */
	/* results */
	struct dfs_result result;
	bool local_failed; /* the result is about the local file, not the stored one */
	bool changed;      /* which did not stay as it was */
	char version[DFS_VERSION_TEXT];
	char retry[DFS_OPERATION_TEXT]; /* with code 11: what --operation takes */
	unsigned copies;                /* living copies of the worst chunk */
	uint64_t size;
};

struct dfs_put_callbacks {
	void *context;
	void (*progress)(void *context, size_t item, uint64_t done,
			 uint64_t size); /* or NULL */
	void (*finished)(void *context, size_t item);
};

/*
 * Puts all items, each alone (one that fails stops none).  The whole call's own failure,
 * such as too few servers, is in every item too.
 */
void dfs_put(struct dfs *dfs, struct dfs_put *items, size_t count,
	     const struct dfs_put_callbacks *callbacks);

/* ---- get ----------------------------------------------------------------------- */

/* Bytes of a content; what lies behind its end is none. */
struct dfs_range {
	uint64_t offset, length;
};

struct dfs_get {
	const char *path;
	const struct dfs_range *range; /* NULL: all.  No other unit is fetched. */
	bool briefly; /* the caller may end it early: at first only few units ahead */
	struct dfs_result result;
};

/*
 * For each item that can be read: begin, the content (of the range) in order by write,
 * then finished with code 0; a failure after begin ends in finished with another code,
 * and what was written is to be thrown away (the content is only proved whole at the
 * end).  begin and write return 0, or a code that ends this item, having put their reason
 * into why.  Only one item is between begin and finished at any time.
 */
struct dfs_get_callbacks {
	void *context;
	int (*begin)(void *context, size_t item, const struct dfs_file *file,
		     char why[DFS_WHY]);
	int (*write)(void *context, size_t item, const void *bytes, size_t len,
		     char why[DFS_WHY]);
	void (*finished)(void *context, size_t item);
};

/*
 * A caller whose bytes cannot be taken back (stdout) sets final: an object that goes
 * while it is read is then a conflict (8); otherwise the item begins again from its new
 * version, with another begin.
 */
void dfs_get(struct dfs *dfs, struct dfs_get *items, size_t count, bool final,
	     const struct dfs_get_callbacks *callbacks);

/* ---- delete, stat -------------------------------------------------------------- */

struct dfs_delete {
	const char *path;
	/* It is a folder that goes: what is below it stays, and with it its name. */
	bool folder;
	const char *if_version; /* or NULL */
	const char *operation;  /* as in dfs_put */
	struct dfs_result result;
	char version[DFS_VERSION_TEXT];
	char retry[DFS_OPERATION_TEXT];
};

void dfs_delete(struct dfs *dfs, struct dfs_delete *items, size_t count,
		void (*finished)(void *context, size_t item), void *context);

struct dfs_stat {
	const char *path;
	struct dfs_result result;
	struct dfs_file file;
};

void dfs_stat(struct dfs *dfs, struct dfs_stat *items, size_t count,
	      void (*finished)(void *context, size_t item), void *context);

/* ---- share --------------------------------------------------------------------- */

/*
 * Lets another user read a file of one's own, in its later versions too; with writes,
 * also store it anew.  Sharing again changes that.  Code 2: below /shared/, with oneself,
 * or with more than DFS_FILE_READERS; 4: no such file or user; 7: another's file.
 */
struct dfs_result dfs_file_share(struct dfs *dfs, const char *path, const char *user,
				 bool writes);
/*
 * Ends that; what he read before he may have kept.  Code 4 too when it is not shared with
 * him.
 */
struct dfs_result dfs_file_unshare(struct dfs *dfs, const char *path, const char *user);

/* ---- list ---------------------------------------------------------------------- */

struct dfs_entry {
	const char *path;     /* canonical; a folder's without the final '/' */
	bool folder, link;    /* neither: a file */
	bool own;             /* a folder that was made, and is there by itself */
	bool has_file;        /* detail was asked and could be had */
	struct dfs_file file; /* copies, chunks and live are right without detail too */
};

struct dfs_list_options {
	bool recursive, detail;
};

/*
 * The children of a folder ("/" or a path ending in "/"), or with recursive all files and
 * links below, and the folders that were made, in byte order.  entry returns 0 to go on.
 * A path that names a file lists that one file.  The result's warning says when the
 * listing may be out of date.  Code 4 when there is nothing of that name (except "/" and
 * the user's own folder, which are always there).
 */
struct dfs_result dfs_list(struct dfs *dfs, const char *path,
			   struct dfs_list_options options,
			   int (*entry)(void *context, const struct dfs_entry *entry),
			   void *context);

#endif
