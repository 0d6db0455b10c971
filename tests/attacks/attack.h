/*
 * What the attacks share: a user who has logged in and keeps to no rule after that.
 *
 * He speaks to servers of his choice, in words of the protocol, with the library's own
 * keys.  What is made of fields (contents, values) is made here and nowhere else: first
 * as the product would make it, and the program then changes the fields that it lies in.
 *
 * The cluster is that of DFS_CONFIG; a user has the session that "client login" left.
 */
#ifndef DFS_ATTACK_H
#define DFS_ATTACK_H

#include "ballot.h"
#include "call.h"
#include "cluster.h"
#include "identity.h"
#include "manifest.h"
#include "sets.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ---- how it ends ----------------------------------------------------------------------
 */

/*
 * Each prints a sentence and ends the program: what the attack was answered (0: the store
 * is safe); what it got (1); or why it could not be carried out (2), which shows nothing.
 */
_Noreturn void attack_failed(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
_Noreturn void attack_won(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void attack_broken(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Ends the program as broken unless it is so. */
void attack_must(bool good, const char *what);

/* "OK", "DENIED", ...: for sentences. */
const char *attack_status(dfs_status status);

/*
 * ---- who attacks ----------------------------------------------------------------------
 */

struct attacker {
	const char *user; /* borrowed */
	struct cluster cluster;
	struct identity identity; /* once one server has taken the log-in */
	struct call *calls[DFS_SERVERS];
};

/*
 * Logs in at these servers; broken where one does not take him.  Takes no servers, too:
 * attack_connect adds them.
 */
void attack_begin(struct attacker *ret, const char *user, server_set servers);
/* Another server, or the same once more; false when it does not answer (yet). */
bool attack_connect(struct attacker *attacker, unsigned server);
void attack_end(struct attacker *attacker);

/*
 * One call; broken when it gets no answer.  The caller frees the result, as call_run
 * says.
 */
void attack_say(struct attacker *attacker, unsigned server, uint32_t procedure,
		const void *args, void *res);

/*
 * ---- what is there --------------------------------------------------------------------
 */

struct attack_known {
	dfs_status status; /* of the item */
	dfs_seen seen;     /* of the server */
	bool known;        /* then these are there: */
	dfs_ballot ballot;
	dfs_ticket ticket;
	dfs_value value;
};

/* What one server tells him of the path; freed with attack_forget. */
void attack_look(struct attacker *attacker, unsigned server, const char *path,
		 struct attack_known *ret);
void attack_forget(struct attack_known *known);

/* Bytes that count against his quota, as one server tells. */
uint64_t attack_used(struct attacker *attacker, unsigned server);

/* A ballot of his own that all these servers would hear, as far as they tell. */
dfs_ballot attack_ballot(struct attacker *attacker, server_set servers);

/* The key of the object of a file that he may read; broken where it does not open. */
void attack_open_file(const struct attacker *attacker, const char *path,
		      const struct attack_known *known, struct manifest_secret *ret);

/*
 * The content of the first units of a file that he may read, from whoever holds them of
 * those he is connected to; free'd by the caller.
 */
uint8_t *attack_read(struct attacker *attacker, const struct attack_known *known,
		     const struct manifest_secret *secret, unsigned units);

/*
 * ---- what is made ---------------------------------------------------------------------
 */

/*
 * A small content as it is stored: a unit for each server.  It is not moved: content.tree
 * points to its tree.
 */
struct attack_content {
	dfs_content content; /* sealed, writer and signature are empty */
	dfs_key tree[DFS_SERVERS];
	dfs_key token; /* that is shown for it */
	struct manifest_secret secret;
	uint32_t lens[DFS_SERVERS]; /* of the stored units */
	uint8_t *units[DFS_SERVERS];
};

/*
 * What to make it of; NULL in the place of any: something new, and his own.  Of what is
 * claimed it has maker and tree, whatever its units are, and no token unless one is
 * given.
 */
struct attack_object {
	const dfs_content *claimed; /* of somebody else, and of four units */
	const uint8_t *key;
	const dfs_key *token;
};

/*
 * Of 4 to 65536 bytes, with pairs for all four servers.  Freed with attack_content_free.
 */
void attack_content_make(struct attack_content *ret, const void *bytes, size_t len,
			 struct attack_object object);
/* Another tree for what is claimed: the one over its units, whatever they are. */
void attack_content_plant(struct attack_content *content);
void attack_content_free(struct attack_content *content);

/*
 * A unit as it is stored, of content bytes that lie at `bytes`; its length, and in
 * *ret_stored what is free'd by the caller.
 */
uint32_t attack_unit_make(const dfs_content *content, const uint8_t key[KEYS_LEN],
			  uint64_t unit, const uint8_t *bytes, uint8_t **ret_stored);

/*
 * A first value of a file of his own at this path, that names the content; freed with
 * value_free.  What the writer states of a content is signed here: for that the program
 * changes the content and makes the value anew.  All else it may change afterwards, for
 * the whole is signed where it is sent.
 */
void attack_value_make(const struct attacker *attacker, const char *path,
		       const dfs_ballot *ballot, const struct attack_content *content,
		       dfs_value *ret);

/*
 * The same for the file that is there, of whoever: its next value.  It names its writer
 * as it is told to, and the attacker signs for him.
 */
struct attack_change {
	const struct attack_known *before;
	const char *writer;
	dfs_key owner; /* his seal key */
};
void attack_value_change(const struct attacker *attacker, const char *path,
			 const dfs_ballot *ballot, const struct attack_content *content,
			 const struct attack_change *change, dfs_value *ret);
/* He states that this is what he put at the path of the owner; sealed and all. */
void attack_sign_content(const struct attacker *attacker, const char *path,
			 const char *owner, dfs_content *content);

/* The key that files of this user are wrapped for; from his account, at one server. */
dfs_key attack_seal_key(struct attacker *attacker, unsigned server, const char *user);

/*
 * ---- what is said ---------------------------------------------------------------------
 */

/*
 * PREPARE with the units that the server keeps of the content; NULL: with none.  What the
 * promise says, or else what the content was answered.
 */
dfs_status attack_prepare(struct attacker *attacker, unsigned server, const char *path,
			  const dfs_ballot *ballot, const struct attack_content *content);
/* ACCEPT, of the value as he himself proposes it at this ballot. */
dfs_status attack_accept(struct attacker *attacker, unsigned server, const char *path,
			 const dfs_ballot *ballot, const dfs_value *value);
/* The same of the value as it is, with the proof that it has; or none. */
dfs_status attack_accept_as_it_is(struct attacker *attacker, unsigned server,
				  const char *path, const dfs_ballot *ballot,
				  const dfs_value *value);
/* The proof for it; what was there is freed. */
void attack_prove(const struct attacker *attacker, const char *path,
		  const dfs_ballot *ballot, dfs_value *value);

#endif
