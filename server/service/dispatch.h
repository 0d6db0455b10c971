/*
 * The procedures, as one table: a row says everything that the server must know of a
 * procedure before and after its handler runs.
 */
#ifndef DFS_DISPATCH_H
#define DFS_DISPATCH_H

#include "permit.h"
#include "procedures.h"
#include "procs.h"
#include <stdbool.h>
#include <stddef.h>

enum dispatch_access {
	DISPATCH_ANYONE, /* inside TLS */
	DISPATCH_USER,   /* who has logged in */
	DISPATCH_USER_OR_PEER,
	DISPATCH_PEER /* another server, by its certificate */
};

struct dispatch_row {
	uint32_t procedure;
	const char *name; /* as in dfs.x, without DFS_ */
	void (*handler)(struct caller *caller, const void *args, void *res);
	enum dispatch_access access;
	/* Fills in what the arguments ask for, at most DFS_BATCH_MAX; how many. */
	size_t (*demands)(const void *args, struct permit_demand *ret);
	/*
	 * The result has a status for each demand, which the handler takes from
	 * caller->permitted; else one that is refused refuses the whole call.
	 */
	bool per_item;
	bool writes;
	bool while_recovering; /* also answered while the store is not whole */
	size_t answer_max;     /* memory that the answer may take while it is sent */
};

/* The row of a procedure, or NULL. */
const struct dispatch_row *dispatch_find(uint32_t procedure);

/* One call: its row, its types, and room for arguments and result of any procedure. */
enum { DISPATCH_ROOM = 512 };
struct dispatch_call {
	const struct dispatch_row *row;
	const struct procedure *types;
	_Alignas(max_align_t) unsigned char args[DISPATCH_ROOM];
	_Alignas(max_align_t) unsigned char res[DISPATCH_ROOM];
};

/*
 * Decodes the arguments; false, with nothing left to free, when they are not what the row
 * says.
 */
bool dispatch_decode(struct dispatch_call *call, const struct dispatch_row *row,
		     XDR *xdrs);

/*
 * May the caller have it called?  false: the result is filled, with a status that
 * refuses.  Default deny: what the row does not open, and what server/access/permit.h
 * does not allow, no handler sees.
 */
bool dispatch_judge(struct dispatch_call *call, struct caller *caller);

/* Fills the result, through the handler; of a call that dispatch_judge let pass. */
void dispatch_run(struct dispatch_call *call, struct caller *caller);

/* Fills the result with a status that is an error, without running the handler. */
void dispatch_refuse(struct dispatch_call *call, dfs_status status);

/* The status that the result begins with. */
dfs_status dispatch_status(const struct dispatch_call *call);

/* Once the answer is out: frees arguments, result and what the caller kept. */
void dispatch_free(struct dispatch_call *call, struct caller *caller);

#endif
