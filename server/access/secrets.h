/*
 * The secret that the four servers share, while it stays the same and while it changes.
 *
 * A change reaches the servers one after another.  So each keeps the former secret beside
 * the new one for a while (rpc/secret.h): what is made with either is taken by whoever
 * has both, and all go over to the new one at the time that was set for it.
 */
#ifndef DFS_SECRETS_H
#define DFS_SECRETS_H

#include "secret.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros is a secret like others, for tests. */
struct secrets {
	pthread_mutex_t lock; /* of all below */
	uint8_t newest[SECRET_LEN], former[SECRET_LEN];
	int64_t until_ns; /* wall clock: the former one is used; 0: there is none */
};

struct secrets_files {
	const char *newest, *former;
	const char *folder; /* the cluster's, for messages */
};

/* At the start and whenever they have changed; false, with why, changes nothing. */
bool secrets_read(struct secrets *secrets, const struct secrets_files *files, char *why,
		  size_t why_size);

/* Those that count at this time: [0] to make things with, and how many to take. */
enum { SECRETS_MAX = 2 };
unsigned secrets_get(struct secrets *secrets, int64_t now_ns,
		     uint8_t ret[SECRETS_MAX][SECRET_LEN]);

#endif
