/* What is told of the repair: what it does, how much came, and how fast. */
#include "repair_internal.h"

#include "clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void repair_set_doing(struct repair *repair, enum repair_doing doing)
{
	pthread_mutex_lock(&repair->lock);
	repair->doing = doing;
	if (doing == REPAIR_PULLING)
		repair->files = 0;
	pthread_mutex_unlock(&repair->lock);
}

void repair_set_lost(struct repair *repair, uint64_t lost)
{
	pthread_mutex_lock(&repair->lock);
	repair->lost = lost;
	pthread_mutex_unlock(&repair->lock);
}

void repair_count(struct repair *repair, uint64_t bytes)
{
	int64_t now = clock_now_ms() / 1000;

	pthread_mutex_lock(&repair->lock);
	if (now - repair->second >= REPAIR_SECONDS)
		memset(repair->seconds, 0, sizeof repair->seconds);
	else
		while (repair->second < now)
			repair->seconds[++repair->second % REPAIR_SECONDS] = 0;
	repair->second = now;
	repair->seconds[now % REPAIR_SECONDS] += bytes;
	repair->fetched += bytes;
	pthread_mutex_unlock(&repair->lock);
}

/*
 * Bytes a second, of the seconds since the first of the last minute in which something
 * came.
 */
static uint64_t per_second(const struct repair *repair)
{
	uint64_t bytes = 0;
	int64_t since = repair->second;

	for (int64_t s = repair->second; s > repair->second - REPAIR_SECONDS && s >= 0;
	     s--)
		if (repair->seconds[s % REPAIR_SECONDS] > 0) {
			bytes += repair->seconds[s % REPAIR_SECONDS];
			since = s;
		}
	return bytes / (uint64_t)(repair->second - since + 1);
}

static int describe(const struct repair *repair, char *text, size_t size)
{
	switch (repair->doing) {
	case REPAIR_PULLING:
		if (repair->files == 0)
			break;
		return snprintf(text, size,
				"Fetches what is missing here from its peers: %" PRIu64
				" files so far.",
				repair->files);
	case REPAIR_PROPOSING:
		return snprintf(text, size, "Tells its peers what it has again.");
	case REPAIR_TRIMMING:
		return snprintf(text, size, "Gives up spares that are needed no more.");
	case REPAIR_NOTHING:
		break;
	}
	text[0] = '\0';
	return 0;
}

bool repair_status(struct repair *repair, dfs_to_heal *ret)
{
	char text[DFS_TEXT_MAX];

	ret->doing.dfs_text_val = malloc(sizeof text);
	if (!ret->doing.dfs_text_val)
		return false;
	repair_count(repair, 0);
	pthread_mutex_lock(&repair->lock);
	ret->fetched = repair->fetched;
	ret->per_second = per_second(repair);
	ret->lost_files = repair->lost;
	ret->doing.dfs_text_len = (u_int)describe(repair, text, sizeof text);
	pthread_mutex_unlock(&repair->lock);
	memcpy(ret->doing.dfs_text_val, text, sizeof text);
	return true;
}
