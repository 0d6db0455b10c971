/* Inside the links: what a link's thread and the links' owner share. */
#ifndef DFS_LINKS_INTERNAL_H
#define DFS_LINKS_INTERNAL_H

#include "links.h"
#include <pthread.h>

enum link_state { LINK_NEW, LINK_UP, LINK_DOWN };

struct link {
	struct links *links;
	unsigned server;
	struct job *first, *last;
	enum link_state state;
	bool running; /* a job is with its thread */
	struct links_introduction told;
	int64_t again; /* when it is asked anew whether it votes */
	bool slow,
		/* was waited for in vain: as one that could help, as one needed */
		hopeless;
	bool older;                  /* it went down for its older protocol */
	bool left_out;               /* for good: it has answered wrongly */
	bool undecided, undecidable; /* likewise, to know whether it votes */
	int64_t ends;                /* the certificate that it showed last; 0: none */
	int64_t since;               /* the state was entered at */
	struct call *call;           /* set by the thread alone; others only cancel it */
	char why[LINKS_WHY];
};

struct links {
	pthread_mutex_t lock;   /* of all below and of the links */
	pthread_cond_t work;    /* a job came, or closing */
	pthread_cond_t changed; /* a state changed */
	unsigned references;
	bool closing;
	struct cluster cluster;
	SSL_CTX *tls;
	server_set servers;
	bool (*introduce)(void *context, unsigned server, struct call *call,
			  struct links_introduction *ret, char *why);
	bool (*wrong)(void *context, unsigned server, const char *why);
	void *context;
	void (*free_context)(void *context);
	struct link link[DFS_SERVERS];
};

#endif
