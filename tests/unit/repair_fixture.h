/*
 * Four servers in one process that repair: their content, and calls that are function
 * calls.
 */
#ifndef DFS_REPAIR_FIXTURE_H
#define DFS_REPAIR_FIXTURE_H

#include "repair.h"
#include "world_fixture.h"

struct repair_fixture;

struct repair_caller {
	struct repair_fixture *fixture;
	unsigned server;
	struct repair *repair;
};

struct repair_fixture {
	struct world world;
	struct repair_rules rules;
	struct store_rules store_rules; /* without fsync: nothing is cut off here */
	struct repair_caller callers[DFS_SERVERS]; /* [0] is dfs1 */
	_Atomic unsigned away; /* servers that no content is to be had from; a mask */
	unsigned unmet;  /* servers that are back, and out of reach until they are met */
	unsigned answer; /* units that fit in an answer */
	uint64_t asked;  /* units, by all */
	/* Comes once, before something is proposed. */
	void (*meanwhile)(struct repair_fixture *fixture);
	bool alone;    /* nobody can be reached to propose */
	bool unproved; /* what is staged is not proved then */
};

/* All vote, with nothing in their stores; for cmocka. */
int repair_fixture_start(void **state);
int repair_fixture_end(void **state);

/*
 * A settled file of row 0, as server 3 would find it that was away or lost what it had.
 */
struct repair_file {
	const char *path;
	uint64_t object, size;
	uint32_t holders; /* as its value says */
	uint32_t here;    /* what the servers have, likewise */
	uint64_t counter; /* of its ballot */
	uint64_t
		/* the object of an earlier version, of this size and holders; 0: none */
		earlier;
	unsigned unsettled; /* servers that do not know that it is settled; a mask */
	/*
	 * Servers that are named and were never brought it: the others had it once, if
	 * they have it not; a mask
	 */
	unsigned unbrought;
};
/* Holders that all have their pairs, but for one: it has these chunks. */
uint32_t repair_holders(unsigned server, unsigned chunks);
void repair_fixture_put(struct repair_fixture *fixture, const struct repair_file *file);
/* Only what servers have of it. */
void repair_fixture_stage(struct repair_fixture *fixture, uint64_t object, uint64_t size,
			  uint32_t here);

/* Proves what came unproved. */
void repair_fixture_prove(struct repair_fixture *fixture, unsigned server);

/* Its thread, which looks every few milliseconds. */
void repair_fixture_run(struct repair_fixture *fixture, unsigned server);

struct repair_outcome repair_fixture_pass(struct repair_fixture *fixture,
					  unsigned server);

/* The chunks that a server has and that are as they were staged. */
unsigned repair_fixture_chunks(struct repair_fixture *fixture, unsigned server,
			       uint64_t object, uint64_t size);
/* What a server's value says; the caller frees it. */
dfs_value repair_fixture_value(struct repair_fixture *fixture, unsigned server,
			       const char *path);
uint32_t repair_fixture_holders(struct repair_fixture *fixture, unsigned server,
				const char *path);
/* Another value for a byte of a unit in the files of a server. */
void repair_fixture_damage(struct repair_fixture *fixture, unsigned server,
			   uint64_t object, uint64_t unit);

#endif
