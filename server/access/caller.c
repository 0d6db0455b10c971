/* What one connection keeps until its reply is out. */
#include "caller.h"

#include "grow.h"

#include <stdlib.h>

bool caller_keep(struct caller *caller, void *take_memory)
{
	void **kept = grow_by_one(caller->kept, caller->kept_count, &caller->kept_room,
				  sizeof *kept);

	if (!kept) {
		free(take_memory);
		return false;
	}
	caller->kept = kept;
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
