/*
 * The proposer: getting a value agreed on for each of several paths.
 *
 * One attempt stages content, asks for promises, judges the condition on what the
 * promises tell, and has the value accepted by three; whoever is refused tries again with
 * a higher ballot and the same operation id.  Paths in one call share their ballots,
 * nothing else: each succeeds or fails by itself.
 */
#ifndef DFS_PROPOSER_H
#define DFS_PROPOSER_H

#include "content.h"
#include "refusals.h"
#include "session.h"

enum proposal_kind {
	PROPOSAL_FILE,      /* content takes this path */
	PROPOSAL_FOLDER,    /* a folder is made at this path, where there is nothing */
	PROPOSAL_TOMBSTONE, /* the file (or account) of this path goes */
	PROPOSAL_CHANGE,    /* what is there becomes what `change` makes of it */
	PROPOSAL_FINISH     /* whatever was begun here is brought to its end */
};

/* A small file's units as they are stored, one after the other. */
struct proposal_small {
	uint32_t lens[DFS_SERVERS];
	uint8_t *bytes;
};

struct proposal {
	/* ---- set by the caller */
	const char *path;
	enum proposal_kind kind;
	dfs_id operation;
	bool overtake; /* PROPOSAL_FINISH: ends bindings, also where nothing is known */
	bool create;   /* only where there is no file */
	bool link;     /* PROPOSAL_FILE: the content is the target of a symbolic link */
	bool folder;   /* PROPOSAL_TOMBSTONE: it is a folder that goes, and no file */
	bool conditional; /* only over this version: */
	dfs_version if_version;
	/*
	 * PROPOSAL_CHANGE: what the path is to have, given what it has (NULL: nothing).
	 * Called anew in each attempt, since somebody may have been faster.  true:
	 * ret_body is filled in, and allocated as XDR allocates; the proposer frees it.
	 * false: result says why not, which is reported once it is sure that the value
	 * was the one that counts; ret_body is empty.  A file keeps its content: who may
	 * read it and its attributes can change, and its version does not.
	 */
	bool (*change)(struct proposal *proposal, const dfs_value *best,
		       dfs_body *ret_body);
	void *change_context;
	const dfs_note *clears; /* PROPOSAL_CHANGE: this note goes; or NULL */
	/*
	 * Where something would take the place of a file that has a note of a move:
	 * called once, so that the move is finished first.  NULL: the note just goes.
	 */
	void (*meet)(struct dfs *dfs, const char *path);
	bool met; /* set by the proposer: it is to be called now */
	/*
	 * A file's content, signed by its writer; the proposer fills in the holders.  Of
	 * one that is not small, tree, sealed and signature are there after the first
	 * `stage`.  Of a change it is that of the highest value seen, and its tree is in
	 * `tree` below.
	 */
	dfs_content content;
	dfs_attributes attributes;
	dfs_key token;                      /* of which its maker is made */
	uint8_t key[KEYS_LEN];              /* of the object */
	char owner[DFS_USER_MAX + 1];       /* of the path; below /shared/ the writer */
	const struct proposal_small *small; /* a small file's units, or NULL */
	/*
	 * A file whose content the servers have already, at another path: its holders are
	 * those in `content`, and `ticket` lets them bind it.
	 */
	bool copies;
	dfs_note *note; /* that the value is to carry, of a move or a tree; or NULL */
	/*
	 * For a file that is not small: brings the object's chunks to the servers, as far
	 * as they are missing, and keeps `uploaded`.  Servers not in the set are absent:
	 * their pairs go to their opposites.  false: the content cannot be had any more,
	 * and result says why.
	 */
	bool (*stage)(struct proposal *proposal, server_set servers);
	void *stage_context;
	/* Of a file where others own the path: his account, or why it is not known. */
	const dfs_account *owner_account;
	struct dfs_result owner_unknown;
	/* ---- a repeated operation: when it was first proposed */
	bool proposed;
	dfs_ballot first;
	uint64_t first_number; /* operations that the path had seen then */
	/* ---- set by the proposer */
	dfs_key tree[DFS_SERVERS];
	dfs_ticket ticket; /* for the content of the highest value seen; or zero */
	bool bound;        /* content is bound, and nothing has overtaken it */
	bool replaces;     /* of a file: there was something before it */
	chunk_set uploaded[DFS_SERVERS]; /* on their way into an upload there */
	/*
	 * Why servers did not take it.  What concerns its content adds up, also by
	 * `stage`; who was unchecked, or unable to help at all, is of the last attempt.
	 */
	struct refusals refusals;
	server_set unable;
	struct dfs_result result;
	dfs_version made; /* by this operation, when it is done */
	bool known;       /* the path has a value (also with some failures): */
	dfs_value value;  /* freed with proposer_free */
};

/* Runs all to their end; each result is set. */
void proposer_run(struct dfs *dfs, struct proposal *proposals, size_t count);

/* Frees what the proposer put into it. */
void proposer_free(struct proposal *proposal);

/* What --operation takes, and back.  text has DFS_OPERATION_TEXT bytes. */
void proposer_retry_text(const struct proposal *proposal, char *text);
bool proposer_retry_parse(const char *text, struct proposal *proposal);

#endif
