/* What a thread that pulls has done: counted, logged, and read back. */
#include "repair_internal.h"

#include "foreground.h"
#include "log.h"
#include "placement.h"

#include <stdlib.h>
#include <xxhash.h>

bool repair_goes_on(struct repair *repair)
{
	foreground_wait(FOREGROUND_MOST_MS);
	return !atomic_load(&repair->stopping);
}

void repair_lane_stored(struct repair_lane *lane, uint64_t bytes)
{
	lane->outcome.files++;
	lane->outcome.bytes += bytes;
	pthread_mutex_lock(&lane->repair->lock);
	lane->repair->files++;
	pthread_mutex_unlock(&lane->repair->lock);
}

/* Each content is logged once, of the last ones that were. */
static bool is_news(struct repair *repair, const struct repair_piece *piece)
{
	uint64_t hash = XXH3_64bits_withSeed(
		piece->path, piece->path_len,
		XXH3_64bits(&piece->content.object, sizeof piece->content.object));
	bool news = true;

	pthread_mutex_lock(&repair->lock);
	for (size_t i = 0; i < REPAIR_LOGGED && news; i++)
		news = repair->logged[i] != hash;
	if (news)
		repair->logged[repair->logged_count++ % REPAIR_LOGGED] = hash;
	pthread_mutex_unlock(&repair->lock);
	return news;
}

/* By name once all peers have been asked: until then one that is away may have it. */
void repair_lane_lost(struct repair_lane *lane, const struct repair_piece *piece,
		      chunk_set chunks)
{
	char quoted[512], list[8] = "";
	size_t len = 0;

	lane->outcome.lost++;
	if (lane->away != 0 || !is_news(lane->repair, piece))
		return;
	for (unsigned c = 1; c <= DFS_SERVERS; c++)
		if (set_has(chunks, c)) {
			if (len > 0)
				list[len++] = ',';
			list[len++] = (char)('0' + c);
			list[len] = '\0';
		}
	log_event(LOG_WARN, "lost", "path=%s chunks=%s",
		  log_quote(piece->path, piece->path_len, quoted, sizeof quoted), list);
}

void repair_verify(struct repair *repair, const struct repair_content *content,
		   chunk_set chunks)
{
	uint64_t units =
		placement_units(content->size, placement_unit_size(content->size));
	dfs_bytes data;
	void *record;

	for (uint64_t u = 0; u < units && !atomic_load(&repair->stopping); u++)
		if (set_has(chunks, placement_chunk(u)) &&
		    store_unit(repair->store, &content->object, u, &record, &data) == 0)
			free(record);
}
