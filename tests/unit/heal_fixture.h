/* A store that is lost, damaged and mended: what tests of healing repeat. */
#ifndef DFS_HEAL_FIXTURE_H
#define DFS_HEAL_FIXTURE_H

#include "store_fixture.h"
#include "store.h"

/* A new fixture with a store in it, for cmocka's setup; fan 0: it never merges. */
int heal_fixture_start(void **state, size_t fan, int64_t grace_ms);
int heal_fixture_end(void **state);
void heal_fixture_close(struct store_fixture *fixture);

/* The store is condemned, and its recovery has begun; the number it begins with. */
uint64_t heal_fixture_begin(struct store_fixture *fixture);
/* As if peers had handed it over: accepted in epoch 1, not confirmed, settled. */
void heal_fixture_learn(struct store *store, const char *path, uint64_t object,
			uint64_t counter);
dfs_ballot heal_fixture_ballot(uint64_t counter); /* of epoch 1 */

/*
 * Content of four units of len bytes, without a binding, of which these chunks are given.
 */
int heal_fixture_content(struct store *store, uint64_t object, unsigned chunks,
			 uint32_t len);
/*
 * A settled file, as heal_fixture_content has it, of which this server (2) was given
 * chunks.
 */
void heal_fixture_file(struct store *store, const char *path, uint64_t object,
		       uint64_t counter, unsigned given);

unsigned heal_fixture_chunks(struct store *store, uint64_t object);

/* Waits until there are at most so many segments. */
void heal_fixture_wait_segments(struct store_fixture *fixture, uint64_t most);
/* Makes so many segments with nothing of interest in them: tombstones of this counter. */
void heal_fixture_fill(struct store_fixture *fixture, unsigned count, uint64_t counter);

/*
 * Flips a bit of the byte `at` behind the first occurrence of the pattern in a segment's
 * file.
 */
void heal_fixture_damage(struct store_fixture *fixture, const char *segment,
			 const void *pattern, size_t len, size_t at);
/* In whatever segment has a unit of heal_fixture_content with so many bytes. */
void heal_fixture_damage_unit(struct store_fixture *fixture, unsigned unit, uint32_t len);

#endif
