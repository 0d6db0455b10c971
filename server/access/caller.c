/* What one connection keeps until its reply is out. */
#include "caller.h"

#include <stdlib.h>

bool caller_keep(struct caller *caller, void *take_memory)
{
	if (caller->kept_count == caller->kept_room) {
		size_t room = caller->kept_room ? 2 * caller->kept_room : 16;
		void **kept = realloc(caller->kept, room * sizeof *kept);

		if (!kept) {
			free(take_memory);
			return false;
		}
		caller->kept = kept;
		caller->kept_room = room;
	}
	caller->kept[caller->kept_count++] = take_memory;
	return true;
}

void caller_release(struct caller *caller)
{
	for (size_t i = 0; i < caller->kept_count; i++)
		free(caller->kept[i]);
	free(caller->kept);
	caller->kept = NULL;
	caller->kept_count = caller->kept_room = 0;
}
