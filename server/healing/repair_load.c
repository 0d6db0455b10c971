/*
 * Fetching many units at once.
 *
 * Each unit is asked for where the manifest says that it is, of two such peers the one
 * that has less to send; then from any other.  An answer that had no room for all is
 * asked for the rest.
 */
#include "repair_internal.h"

#include "placement.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

struct repair_load *repair_load_new(struct repair *repair)
{
	struct repair_load *load = calloc(1, sizeof *load);

	if (!load)
		return NULL;
	load->repair = repair;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		load->asks[s - 1].load = load;
		load->asks[s - 1].ask.server = s;
	}
	return load;
}

void repair_load_clear(struct repair_load *load)
{
	for (size_t i = 0; i < load->count; i++)
		free(load->units[i].bytes);
	load->count = 0;
	load->bytes = 0;
}

void repair_load_free(struct repair_load *load)
{
	if (!load)
		return;
	repair_load_clear(load);
	free(load);
}

/* Whom the manifest gives this chunk. */
static server_set holders_of_chunk(uint32_t holders, unsigned chunk)
{
	server_set found = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(placement_held(holders, s), chunk))
			found = set_with(found, s);
	return found;
}

uint64_t repair_load_add(struct repair_load *load, const struct repair_content *content,
			 chunk_set chunks, const struct repair_leaves *leaves,
			 uint64_t from)
{
	uint32_t unit_size = placement_unit_size(content->size);
	uint64_t number = from;

	for (; number < leaves->to; number++) {
		unsigned chunk = placement_chunk(number);
		uint32_t most = placement_unit_len(content->size, unit_size, number) +
				PLACEMENT_UNIT_MORE;

		if (!set_has(chunks, chunk))
			continue;
		if (load->count == REPAIR_UNITS ||
		    (load->count > 0 &&
		     load->bytes + most > load->repair->rules.load_bytes))
			break;
		load->units[load->count++] = (struct repair_unit){
			.object = content->object,
			.maker = content->maker,
			.number = number,
			.leaf = leaves->leaves[number - leaves->from],
			.most = most,
			.holders = holders_of_chunk(content->holders, chunk)};
		load->bytes += most;
	}
	return number;
}

/* ---- asking -------------------------------------------------------------------- */

static bool is_proved(const struct repair_unit *unit, const dfs_bytes *data)
{
	dfs_key leaf;

	return data->len <= unit->most &&
	       tree_leaf(&unit->maker, unit->number, data->data, data->len, &leaf) &&
	       memcmp(&leaf, &unit->leaf, sizeof leaf) == 0;
}

/* What does not prove is as good as damaged there: another is asked. */
static void take_unit(struct repair_ask *ask, u_int at, const dfs_got *got)
{
	struct repair_load_ask *asked = (struct repair_load_ask *)ask;
	struct repair_load *load = asked->load;
	struct repair_unit *unit = &load->units[asked->units[at]];
	const dfs_bytes *data = &got->dfs_got_u.data;

	if (got->status == DFS_OK && is_proved(unit, data))
		unit->bytes = malloc(data->len + 1);
	if (!unit->bytes) {
		unit->tried = set_with(unit->tried, ask->server);
		if (got->status == DFS_UNBROUGHT)
			unit->unbrought = set_with(unit->unbrought, ask->server);
		else if (got->status == DFS_DAMAGED || got->status == DFS_NODATA)
			unit->had = set_with(unit->had, ask->server);
		else
			asked->unsure |=
				got->status != DFS_UNKNOWN && got->status != DFS_OK;
		return;
	}
	memcpy(unit->bytes, data->data, data->len);
	unit->len = data->len;
	repair_count(load->repair, data->len);
}

/* The server with the least to send among these that has room for more; 0: none. */
static unsigned least_busy(const struct repair_load *load, server_set servers,
			   uint32_t bytes)
{
	unsigned best = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const struct repair_load_ask *ask = &load->asks[s - 1];

		if (!set_has(servers, s) || ask->ask.count == DFS_UNITS_MAX ||
		    (ask->ask.count > 0 && ask->bytes + bytes > DFS_CONTENT_MAX))
			continue;
		if (best == 0 || ask->bytes < load->asks[best - 1].bytes)
			best = s;
	}
	return best;
}

static void choose_peer(struct repair_load *load, server_set reach, size_t at)
{
	struct repair_unit *unit = &load->units[at];
	server_set left = reach & ~unit->tried & ~load->lost;
	server_set named = left & unit->holders;
	unsigned server;
	struct repair_load_ask *ask;

	server = least_busy(load, named ? named : left, unit->most);
	if (server == 0)
		return;
	ask = &load->asks[server - 1];
	ask->units[ask->ask.count] = (uint16_t)at;
	ask->ask.wants[ask->ask.count++] = (dfs_want){unit->object, unit->number};
	ask->bytes += unit->most;
	unit->asked = true;
}

/* Asks for all that is not here yet; false when nobody is left to be asked. */
static bool ask_all(struct repair_load *load)
{
	const struct repair_calls *calls = &load->repair->calls;
	server_set others = set_without(SERVERS_ALL, load->repair->server);
	server_set reach = calls->reach(calls->context) & others;
	bool some = false;

	load->away = others & ~reach;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		load->asks[i].ask.count = 0;
		load->asks[i].ask.answered = false;
		load->asks[i].unsure = false;
		load->asks[i].ask.take = take_unit;
		load->asks[i].bytes = 0;
	}
	for (size_t i = 0; i < load->count; i++) {
		load->units[i].asked = false;
		if (!load->units[i].bytes)
			choose_peer(load, reach, i);
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (load->asks[i].ask.count > 0) {
			calls->ask(calls->context, &load->asks[i].ask);
			some = true;
		}
	return some;
}

/* Who answered nothing is not asked again for this load. */
static void await_all(struct repair_load *load)
{
	const struct repair_calls *calls = &load->repair->calls;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct repair_ask *ask = &load->asks[i].ask;

		if (ask->count == 0)
			continue;
		calls->await(calls->context, ask);
		if (!ask->answered)
			load->lost = set_with(load->lost, i + 1);
		if (load->asks[i].unsure)
			load->unsure = set_with(load->unsure, i + 1);
	}
}

void repair_load_begin(struct repair_load *load)
{
	load->lost = load->unsure = 0;
	(void)ask_all(load);
}

void repair_load_await(struct repair_load *load)
{
	do
		await_all(load);
	while (!atomic_load(&load->repair->stopping) && ask_all(load));
	load->away |= load->lost | load->unsure;
}
