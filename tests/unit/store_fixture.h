/* A store in a folder of its own, and the few steps that tests of it repeat. */
#ifndef DFS_STORE_FIXTURE_H
#define DFS_STORE_FIXTURE_H

#include "store.h"

#include <limits.h>

struct store_fixture {
	char folder[128];
	struct store_rules rules;
	struct store_options options;
	struct store *store;
	char why[256];
};

/* A new store in a new folder, open. */
void store_fixture_start(struct store_fixture *fixture);
/* With rules other than the product's; before store_fixture_start. */
void store_fixture_rules(struct store_fixture *fixture);
void store_fixture_reopen(struct store_fixture *fixture);
/* Closes it and removes the folder. */
void store_fixture_end(struct store_fixture *fixture);

/* Ids and ballots made from numbers. */
dfs_id store_fixture_id(uint64_t number);
dfs_ballot store_fixture_ballot(uint64_t counter);

/*
 * Objects made from numbers, which their makers are made of.  Each has four units and
 * 1000 bytes, unless it was given others by one of these, for the rest of the program;
 * their trees are all zeros, so the rules of the fixture do not ask for proofs.
 */
dfs_key store_fixture_token(uint64_t object);
dfs_id store_fixture_maker(uint64_t object); /* of that */
dfs_share store_fixture_share(uint64_t object, uint64_t units, chunk_set chunks);
void store_fixture_resize(uint64_t object, uint64_t size);
uint64_t store_fixture_size(uint64_t units);
/* All but times, row and holders. */
void store_fixture_content(uint64_t object, dfs_content *content);
/* Its id; of the share: overwritten after some more. */
dfs_id store_fixture_object(uint64_t object);
const dfs_id *store_fixture_object_of(const dfs_share *share);

/* Binds an object to (path, ballot), as what a server stages: for nobody's quota. */
int store_fixture_bind(struct store_batch *batch, const dfs_id *object, const char *path,
		       size_t len, const dfs_ballot *ballot);

/* Accepts any value in a batch, at a path that is a string. */
int store_fixture_batch_value(struct store_batch *batch, const char *path,
			      const dfs_ballot *ballot, const dfs_value *value,
			      unsigned how);

/*
 * A file of four units of len bytes each (byte u of unit u), for this server; 0 or an
 * errno.
 */
int store_fixture_stage(struct store *store, const char *path, uint64_t object,
			uint64_t counter, uint32_t len);
/* object 0: a tombstone. */
int store_fixture_batch_accept(struct store_batch *batch, const char *path,
			       uint64_t object, uint64_t counter);
int store_fixture_accept(struct store *store, const char *path, uint64_t object,
			 uint64_t counter);
/* Both, and settled. */
int store_fixture_put(struct store *store, const char *path, uint64_t object,
		      uint64_t counter, uint32_t len);
void store_fixture_settle(struct store *store, const char *path, uint64_t counter);

/*
 * An upload of count units of len bytes, of which chunks are given; not yet in a batch.
 */
int store_fixture_upload(struct store_uploads *uploads, uint64_t object, uint64_t units,
			 unsigned chunks, uint32_t len);

/* Is the unit there, and what was staged? */
int store_fixture_unit(struct store *store, uint64_t object, uint64_t unit, uint32_t len);

struct store_numbers store_fixture_numbers(struct store_fixture *fixture);

/* Waits at most ten seconds for the condition. */
bool store_fixture_wait(bool (*holds)(struct store_fixture *, void *),
			struct store_fixture *fixture, void *context);

/* The path of a file in the store's folder; buf has PATH_MAX bytes. */
const char *store_fixture_file(const struct store_fixture *fixture, const char *name,
			       char *buf);
/* Names of the files in seg/, in order; the count.  Each has 64 bytes. */
size_t store_fixture_segments(const struct store_fixture *fixture, char names[][64],
			      size_t most);

#endif
