/* What servers remember of each other's stores. */
#include "watermark.h"

#include "ballot.h"

#include <stdio.h>

bool watermark_take(dfs_watermark *remembered, const dfs_watermark *told)
{
	dfs_watermark before = *remembered;

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

enum watermark_verdict watermark_judge(const dfs_watermark *own, uint32_t born,
				       const dfs_watermark *remembered)
{
	if (!id_equal(&own->store, &remembered->store))
		return remembered->epoch < born ? WATERMARK_FINE : WATERMARK_FOREIGN;
	return own->epoch < remembered->epoch ||
			       own->newest_segment < remembered->newest_segment
		       ? WATERMARK_OLDER
		       : WATERMARK_FINE;
}

const char *watermark_explain(enum watermark_verdict verdict, unsigned server, char *why,
			      size_t size)
{
	switch (verdict) {
	case WATERMARK_FINE:
		(void)snprintf(why, size, "%s", "");
		break;
	case WATERMARK_OLDER:
		(void)snprintf(
			why, size,
			"The store is older than what dfs%u remembers of it: it was set "
			"back, or its end is missing.",
			server);
		break;
	case WATERMARK_FOREIGN:
		(void)snprintf(
			why, size,
			"The store is not the one that dfs%u remembers of this server.",
			server);
		break;
	}
	return why;
}
