/*
 * Commits a second of one store, with so many threads at once.
 *
 *	store_commit FOLDER [THREADS [SECONDS]]
 *
 * Each commit accepts a tombstone of its own path.  Prints "commits/s THREADS NUMBER".
 */
#include "store_fixture.h"

#include "clock.h"
#include "text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 256 };

struct worker {
	pthread_t thread;
	struct store *store;
	unsigned number;
	int64_t until_ms;
	uint64_t done;
	int failed;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	char path[64];

	while (worker->failed == 0 && clock_now_ms() < worker->until_ms) {
		(void)snprintf(path, sizeof path, "/bench/%u/%llu", worker->number,
			       (unsigned long long)worker->done);
		worker->failed = store_fixture_accept(worker->store, path, 0, 1);
		worker->done++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	struct store_options options = {.server = 1, .cluster = store_fixture_id(1)};
	uint64_t threads = 1, seconds = 2, done = 0;
	struct store *store;
	char why[256];

	if (argc < 2 || (argc > 2 && !text_number(argv[2], 1, THREADS_MAX, &threads)) ||
	    (argc > 3 && !text_number(argv[3], 1, 3600, &seconds))) {
		fprintf(stderr, "usage: store_commit FOLDER [THREADS [SECONDS]]\n");
		return 2;
	}
	options.folder = argv[1];
	if (store_create(&options) != 0 ||
	    store_open(&options, &store, why, sizeof why) != 0) {
		fprintf(stderr, "store_commit: %s cannot be made a store\n", argv[1]);
		return 1;
	}
	for (unsigned i = 0; i < threads; i++) {
		workers[i] = (struct worker){.store = store, .number = i};
		workers[i].until_ms = clock_now_ms() + (int64_t)seconds * 1000;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			return 1;
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		done += workers[i].done;
		if (workers[i].failed != 0) {
			fprintf(stderr, "store_commit: %s\n",
				strerror(workers[i].failed));
			return 1;
		}
	}
	printf("commits/s %u %llu\n", (unsigned)threads,
	       (unsigned long long)(done / seconds));
	store_close(store);
	return 0;
}
