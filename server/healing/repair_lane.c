/* What a thread that pulls has done: counted, logged, and read back. */
#include "repair_internal.h"

#include "foreground.h"
#include "log.h"
#include "placement.h"
#include "store_survey.h"

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

/* ---- what could not be had ----------------------------------------------------- */

void repair_said_note(struct repair_said *said, const struct repair_unit *unit)
{
	unsigned at = placement_chunk(unit->number) - 1;

	said->unbrought[at] |= unit->unbrought;
	said->had[at] |= unit->had;
}

enum verdict { LOST, UNBROUGHT, OPEN };

/* The other servers whom the manifest gives this chunk. */
static server_set others_given(const struct repair_lane *lane,
			       const struct repair_piece *piece, unsigned chunk)
{
	server_set servers = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != lane->repair->server &&
		    set_has(placement_held(piece->content.holders, s), chunk))
			servers = set_with(servers, s);
	return servers;
}

/*
 * Nobody has this chunk.  Did anybody ever?  Its writer brought it to nobody where all
 * say so who were to have it, this server among them; and where this one does not know,
 * because it was to have none or has lost its disk, at least two others, for one alone
 * may lie to hide what it has lost.  It is open while one of them gives something else,
 * or does not know the file, for it has yet to find out.
 */
static enum verdict judge_chunk(const struct repair_lane *lane,
				const struct repair_piece *piece, unsigned chunk,
				const struct repair_said *said)
{
	server_set given = others_given(lane, piece, chunk), all = 0;
	server_set unbrought = said->unbrought[chunk - 1];

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		all |= said->unbrought[i];
	if (lane->away != 0)
		return OPEN;
	if ((given & said->had[chunk - 1]) != 0)
		return LOST;
	if ((given & ~unbrought) != 0)
		return OPEN;
	if (set_has(piece->unbrought, chunk) || set_count(all) >= 2)
		return UNBROUGHT;
	return piece->given == 0 && given != 0 ? UNBROUGHT : LOST;
}

static enum verdict judge(const struct repair_lane *lane,
			  const struct repair_piece *piece, chunk_set chunks,
			  const struct repair_said *said)
{
	enum verdict worst = UNBROUGHT;

	for (unsigned c = 1; c <= DFS_SERVERS; c++) {
		enum verdict one = set_has(chunks, c) ? judge_chunk(lane, piece, c, said)
						      : UNBROUGHT;

		if (one == OPEN || worst == OPEN)
			worst = OPEN;
		else if (one == LOST)
			worst = LOST;
	}
	return worst;
}

static void tell(struct repair *repair, const struct repair_piece *piece,
		 chunk_set chunks, const char *event)
{
	char quoted[512], list[8] = "";
	size_t len = 0;

	if (!is_news(repair, piece))
		return;
	for (unsigned c = 1; c <= DFS_SERVERS; c++)
		if (set_has(chunks, c)) {
			if (len > 0)
				list[len++] = ',';
			list[len++] = (char)('0' + c);
			list[len] = '\0';
		}
	log_event(LOG_WARN, event, "path=%s chunks=%s",
		  log_quote(piece->path, piece->path_len, quoted, sizeof quoted), list);
}

/* By name once all peers have been asked: until then one that is away may have it. */
void repair_lane_lost(struct repair_lane *lane, const struct repair_piece *piece,
		      chunk_set chunks, const struct repair_said *said)
{
	struct repair *repair = lane->repair;

	switch (judge(lane, piece, chunks, said)) {
	case UNBROUGHT:
		lane->outcome.unbrought++;
		store_judge_unbrought(repair->store, &piece->content.object, true);
		tell(repair, piece, chunks, "not-brought");
		break;
	case LOST:
		lane->outcome.lost++;
		store_judge_unbrought(repair->store, &piece->content.object, false);
		tell(repair, piece, chunks, "lost");
		break;
	case OPEN:
		if ((chunks & ~piece->unbrought) == 0)
			lane->outcome.open++;
		else
			lane->outcome.lost++;
		break;
	}
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
