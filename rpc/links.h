/*
 * The servers as somebody sees them who calls several: a thread and a connection for
 * each.
 *
 * Work for a server is a job in its queue; the server's thread runs one after another,
 * connecting first where it must, also when the server has hung up since the last job.
 * The links may be given up while a thread is still held up by a server that does not
 * answer: the thread then ends by itself and takes the rest with it.
 *
 * All functions may be called from any thread; servers are numbered 1..4.
 */
#ifndef DFS_LINKS_H
#define DFS_LINKS_H

#include "call.h"
#include "cluster.h"
#include "dfs.h"
#include "sets.h"
#include <stdbool.h>
#include <stdint.h>

struct links;

enum {
	LINKS_PATIENCE_MS = 1000, /* for a server that one can do without */
	LINKS_NEED_MS = 10000,    /* for one that is needed */
	LINKS_WHY = 512
};

/*
 * A piece of work.  run is called once, on the server's thread: call is NULL when there
 * is no connection, and why then says so.  The job belongs to run from then on.
 */
struct job {
	void (*run)(struct job *job, unsigned server, struct call *call, const char *why);
	struct job *next; /* of the queue */
};

/* What a server has told when it was connected to. */
struct links_introduction {
	bool votes;
	/* or may soon: until then what it tells is good where no three vote */
	bool tells;
	int64_t again_ms; /* when to ask it again whether that has changed; 0: never */
	dfs_seen seen;
};

struct links_options {
	const struct cluster *cluster; /* copied */
	SSL_CTX *take_tls;             /* one reference */
	server_set servers;            /* never connects to others, which count as down */
	/*
	 * Called on the server's thread with each new connection, before any job, to say
	 * what must be said first; and again on the same one when the server has told
	 * (hello.h) that it votes now, or no more.  false, with why (LINKS_WHY bytes,
	 * naming the server), when the server cannot be used: the connection is closed.
	 * True with a why says for what it is no good, e.g.  that it does not vote.  May
	 * take its time, and ends soon after links_free, because its calls then fail.
	 */
	bool (*introduce)(void *context, unsigned server, struct call *call,
			  struct links_introduction *ret, char *why);
	/*
	 * Called on the server's thread when it has answered what breaks a rule
	 * (answers.h): why names both.  true: it is left out from now on, which is what
	 * NULL means too; false: what was asked has failed, and it is asked again.
	 */
	bool (*wrong)(void *context, unsigned server, const char *why);
	void *take_context;
	void (*free_context)(void *context); /* or NULL; when the last thread has ended */
};

/*
 * Starts to connect.  NULL when out of memory or threads; what it takes is freed then
 * too.
 */
struct links *links_new(const struct links_options *options);

/*
 * Cancels what is under way; jobs not yet run, and those submitted from now on, are run
 * with call NULL.
 */
void links_cancel(struct links *links);

/* Cancels them likewise, and frees them.  NULL is allowed. */
void links_free(struct links *links);

/*
 * Waits until each server has answered or failed, and knows whether it votes: for a
 * second, and only once for a server that does neither; or, where they are needed, for
 * ten.
 */
void links_settle(struct links *links, bool needed);

/*
 * Waits until no server is on its way; or until enough(context) holds, which is
 * looked at now and whenever a server has answered or failed (NULL: never); or until
 * deadline_ms.  enough may not call a function of the links.
 */
void links_wait(struct links *links, bool (*enough)(void *context, server_set on_the_way),
		void *context, int64_t deadline_ms);

/* Begins to connect again to those that failed so long ago or longer; or a second. */
void links_retry_after(struct links *links, int64_t pause_ms);
void links_retry(struct links *links);

/*
 * Connections from now on are made with this one, and those end whose certificate it has
 * as revoked; takes one reference.
 */
void links_set_tls(struct links *links, SSL_CTX *take_tls);

void links_submit(struct links *links, unsigned server, struct job *job);

/*
 * Servers that are connected; of these, the ones that vote; and those that tell or vote.
 */
server_set links_up(struct links *links);
server_set links_voting(struct links *links);
server_set links_telling(struct links *links);

/* What the server told as its "seen" in its last introduction. */
dfs_seen links_seen(struct links *links, unsigned server);

/*
 * Leaves a server out for what only who puts its answers together can see: rule is what
 * it has broken, as answers_check says it.
 */
void links_leave_out(struct links *links, unsigned server, const char *rule);

/*
 * Servers that are left out, because they answered wrongly: links_why says which rule
 * each has broken.  Known as soon as the call has failed.
 */
server_set links_left_out(struct links *links);

/* Servers that are not up because they speak an older protocol. */
server_set links_older(struct links *links);

/* When the certificate ends that it has shown last (tls_ends); 0: it has shown none. */
int64_t links_certificate_ends(struct links *links, unsigned server);

/* Why the server is not up, or does not vote; LINKS_WHY bytes.  Returns why. */
const char *links_why(struct links *links, unsigned server, char *why);

/* The server's address as configured; "by rpcbind" where there is none. */
void links_address(struct links *links, unsigned server, char *ret, size_t size);

/*
 * A server that kept a command waiting is passed over (not up) until it answers again.
 */
void links_too_slow(struct links *links, unsigned server);

#endif
