/* Many calls at once. */
#include "flood.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MOST = 64 };

/* Written before the threads start, but for staged, next and ends. */
struct flood {
	struct flood_place place;
	unsigned count;
	struct attacker attackers[MOST];
	pthread_t threads[MOST];
	atomic_uint staged, next;
	atomic_bool ends;
};

static void *run(void *argument)
{
	struct flood *flood = argument;
	const struct flood_place *place = &flood->place;
	struct attacker *attacker =
		&flood->attackers[atomic_fetch_add(&flood->next, 1)];
	struct attack_content content;

	while (!atomic_load(&flood->ends)) {
		attack_content_make(&content, "held", 4,
				    (struct attack_object){.id = place->object});
		if (attack_prepare(attacker, place->server, place->path, &place->ballot,
				   &content) == DFS_OK)
			atomic_fetch_add(&flood->staged, 1);
		attack_content_free(&content);
	}
	return NULL;
}

struct flood *flood_start(const struct flood_place *place, unsigned connections)
{
	struct flood *flood = calloc(1, sizeof *flood);

	if (!flood || connections > MOST)
		attack_broken("a flood of %u", connections);
	flood->place = *place;
	for (; flood->count < connections; flood->count++)
		attack_begin(&flood->attackers[flood->count], place->user,
			     set_of(place->server));
	flood->place.ballot = attack_ballot(&flood->attackers[0], set_of(place->server));
	for (unsigned i = 0; i < connections; i++)
		if (pthread_create(&flood->threads[i], NULL, run, flood) != 0)
			attack_broken("no thread");
	return flood;
}

unsigned flood_staged(struct flood *flood)
{
	return atomic_load(&flood->staged);
}

void flood_end(struct flood *flood)
{
	atomic_store(&flood->ends, true);
	for (unsigned i = 0; i < flood->count; i++) {
		(void)pthread_join(flood->threads[i], NULL);
		attack_end(&flood->attackers[i]);
	}
	free(flood);
}
