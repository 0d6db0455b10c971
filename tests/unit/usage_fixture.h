/* Who has stored how much: what tests of it repeat. */
#ifndef DFS_USAGE_FIXTURE_H
#define DFS_USAGE_FIXTURE_H

#include "store_fixture.h"
#include "store.h"

/* A store in which nothing is merged, for cmocka's setup. */
int usage_fixture_start(void **state);
int usage_fixture_end(void **state);

/* A file, of which the object has the counter's number; 0 or an errno. */
int usage_fixture_accept(struct store_fixture *fixture, const char *path,
			 const char *owner, uint64_t size, uint64_t counter,
			 unsigned how);
void usage_fixture_put(struct store_fixture *fixture, const char *path, const char *owner,
		       uint64_t size, uint64_t counter);
/* Bob's /bob/a, which keeps two earlier versions of these sizes; 0 or an errno. */
int usage_fixture_accept_kept(struct store_fixture *fixture, uint64_t size,
			      uint64_t first, uint64_t second, uint64_t counter,
			      unsigned how);
void usage_fixture_drop(struct store_fixture *fixture, const char *path,
			uint64_t counter);
/* path: of an account. */
void usage_fixture_set_quota(struct store_fixture *fixture, const char *path,
			     uint64_t quota, uint64_t counter);

/* What counts against a user: all, and of it these; the sum is looked at. */
struct store_owner usage_fixture_owner(struct store_fixture *fixture, const char *name);
uint64_t usage_fixture_used(struct store_fixture *fixture, const char *name);
uint64_t usage_fixture_contents(struct store_fixture *fixture, const char *name);
uint64_t usage_fixture_staged(struct store_fixture *fixture, const char *name);

/* Would bob have room for this much more, of an object that nobody knows? */
bool usage_fixture_fits(struct store_fixture *fixture, const char *path, uint64_t size);
/*
 * What the record of a file of four units takes, at a path of so many bytes below /bob/:
 * its leaves are in it.
 */
uint64_t usage_fixture_register(struct store_fixture *fixture, const char *name);

/* For store_fixture_wait. */
bool usage_fixture_is_merged(struct store_fixture *fixture, void *context);

#endif
