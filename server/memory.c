/* What servers remember of each other's stores. */
#include "memory.h"

#include "ballot.h"

#include <stdio.h>

bool memory_take(dfs_memory *remembered, const dfs_memory *told)
{
	dfs_memory before = *remembered;

	if (id_is_zero(&told->store))
		return false;
	if (id_is_zero(&before.store) ||
	    (!id_equal(&before.store, &told->store) && told->epoch > before.epoch)) {
		*remembered = *told;
		return true;
	}
	if (!id_equal(&before.store, &told->store))
		return false;
	if (told->epoch > before.epoch)
		remembered->epoch = told->epoch;
	if (told->newest_segment > before.newest_segment)
		remembered->newest_segment = told->newest_segment;
	return remembered->epoch != before.epoch ||
	       remembered->newest_segment != before.newest_segment;
}

enum memory_verdict memory_judge(const dfs_memory *own, uint32_t born,
				 const dfs_memory *remembered)
{
	if (!id_equal(&own->store, &remembered->store))
		return remembered->epoch < born ? MEMORY_FINE : MEMORY_FOREIGN;
	return own->epoch < remembered->epoch ||
			       own->newest_segment < remembered->newest_segment
		       ? MEMORY_OLDER
		       : MEMORY_FINE;
}

const char *memory_explain(enum memory_verdict verdict, unsigned server, char *why,
			   size_t size)
{
	switch (verdict) {
	case MEMORY_FINE:
		snprintf(why, size, "%s", "");
		break;
	case MEMORY_OLDER:
		snprintf(why, size,
			 "The store is older than what dfs%u remembers of it: it was set "
			 "back, or its end is missing.",
			 server);
		break;
	case MEMORY_FOREIGN:
		snprintf(why, size,
			 "The store is not the one that dfs%u remembers of this server.",
			 server);
		break;
	}
	return why;
}
