/* The leaves of a content's hash tree, on their way out and in. */
#include "leaves.h"

#include "cipher.h"
#include "clock.h"
#include "placement.h"
#include "tree.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- of a content that is stored ------------------------------------------------- */

bool leaves_init(struct leaves *ret, uint64_t units)
{
	memset(ret, 0, sizeof *ret);
	ret->units = units;
	ret->pieces = (units + DFS_PIECE_LEAVES - 1) / DFS_PIECE_LEAVES;
	ret->marks = calloc((size_t)units, sizeof *ret->marks);
	ret->tops = calloc((size_t)ret->pieces, sizeof *ret->tops);
	if (ret->marks && ret->tops)
		return true;
	leaves_free(ret);
	return false;
}

void leaves_free(struct leaves *leaves)
{
	free(leaves->marks);
	free(leaves->tops);
	leaves->marks = NULL;
	leaves->tops = NULL;
}

void leaves_begin(struct leaves *leaves)
{
	leaves->opened = leaves->ready = 0;
	memset(leaves->in_flight, 0, sizeof leaves->in_flight);
}

static struct leaves_piece *place_of(struct leaves *leaves, uint64_t number)
{
	return &leaves->in_flight[number % LEAVES_IN_FLIGHT];
}

bool leaves_make_room(struct leaves *leaves, uint64_t unit, server_set needed)
{
	uint64_t number = unit / DFS_PIECE_LEAVES;
	struct leaves_piece *piece = place_of(leaves, number);

	if (number < leaves->opened)
		return true;
	if (number >= LEAVES_IN_FLIGHT && (!piece->ready || piece->needed != 0))
		return false;
	piece->number = number;
	piece->missing = tree_piece_leaves(leaves->units, number);
	piece->ready = false;
	piece->needed = needed;
	leaves->opened = number + 1;
	return true;
}

uint8_t leaves_format(const struct leaves *leaves, uint64_t unit)
{
	uint64_t mark = leaves->marks[unit];

	return mark == 0 ? CIPHER_ANY : mark & 1 ? CIPHER_ZSTD : CIPHER_PLAIN;
}

bool leaves_is_same(struct leaves *leaves, uint64_t unit, uint8_t format,
		    const dfs_key *leaf)
{
	uint64_t mark;

	/* The lowest bit tells the format. */
	memcpy(&mark, leaf->bytes, sizeof mark);
	mark = (mark & ~UINT64_C(1)) | (format == CIPHER_ZSTD);
	if (leaves->marks[unit] != 0)
		return leaves->marks[unit] == mark;
	leaves->marks[unit] = mark;
	return true;
}

struct leaves_piece *leaves_add(struct leaves *leaves, uint64_t unit, const dfs_key *leaf)
{
	struct leaves_piece *piece = place_of(leaves, unit / DFS_PIECE_LEAVES);

	piece->leaves[unit % DFS_PIECE_LEAVES] = *leaf;
	return --piece->missing == 0 ? piece : NULL;
}

bool leaves_top(const struct leaves *leaves, const struct leaves_piece *piece,
		dfs_key *ret)
{
	dfs_key nodes[DFS_PIECE_LEAVES];

	memcpy(nodes, piece->leaves, sizeof nodes);
	return tree_top(nodes, tree_piece_leaves(leaves->units, piece->number), ret);
}

bool leaves_note_top(struct leaves *leaves, struct leaves_piece *piece,
		     const dfs_key *top)
{
	dfs_key *known = &leaves->tops[piece->number];

	if (leaves->known && memcmp(known, top, sizeof *top) != 0)
		return false;
	*known = *top;
	piece->ready = true;
	leaves->ready++;
	return true;
}

const struct leaves_piece *leaves_piece_for(const struct leaves *leaves, uint64_t number,
					    unsigned server)
{
	const struct leaves_piece *piece = &leaves->in_flight[number % LEAVES_IN_FLIGHT];

	return number < leaves->opened && piece->ready && set_has(piece->needed, server)
		       ? piece
		       : NULL;
}

void leaves_give(struct leaves *leaves, uint64_t number, unsigned server)
{
	struct leaves_piece *piece = place_of(leaves, number);

	piece->needed = set_without(piece->needed, server);
}

void leaves_give_up(struct leaves *leaves, unsigned server)
{
	for (uint64_t i = 0; i < LEAVES_IN_FLIGHT; i++)
		leaves_give(leaves, i, server);
}

bool leaves_tree(struct leaves *leaves, dfs_key ret[DFS_SERVERS], u_int *ret_len)
{
	dfs_key *nodes;
	bool good;

	if (leaves->units <= DFS_SERVERS) {
		*ret_len = (u_int)leaves->units;
		memcpy(ret, leaves->in_flight[0].leaves, *ret_len * sizeof ret[0]);
		leaves->known = true;
		return true;
	}
	nodes = malloc((size_t)leaves->pieces * sizeof *nodes);
	if (!nodes)
		return false;
	memcpy(nodes, leaves->tops, (size_t)leaves->pieces * sizeof *nodes);
	good = tree_top(nodes, (size_t)leaves->pieces, &ret[0]);
	*ret_len = 1;
	leaves->known = good;
	free(nodes);
	return good;
}

/* ---- of a content that is read --------------------------------------------------- */

enum leaves_end leaves_ask(struct call *call, const struct leaves_source *source,
			   uint64_t piece, dfs_key ret[DFS_PIECE_LEAVES],
			   dfs_status *ret_status)
{
	const dfs_content *content = source->content;
	dfs_piece_args args = {.object = source->ticket->object,
			       .ticket = *source->ticket,
			       .piece = (uint32_t)piece};
	enum leaves_end end = LEAVES_REFUSED;
	const dfs_piece *given;
	dfs_piece_res res;
	char why[LINKS_WHY] = "";

	*ret_status = DFS_IO;
	if (!call_run(call, DFS_PIECE, &args, &res,
		      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, sizeof why}))
		return LEAVES_LOST;
	*ret_status = res.status;
	given = &res.dfs_piece_res_u.piece;
	if (res.status == DFS_OK) {
		end = LEAVES_WRONG;
		if (tree_proves_piece(&content->tree.tree_val[0],
				      placement_units(content->size, content->unit_size),
				      piece, given)) {
			memcpy(ret, given->leaves.data, given->leaves.len);
			end = LEAVES_PROVED;
		}
	}
	call_free_result((xdrproc_t)xdr_dfs_piece_res, &res);
	return end;
}

/* A piece asked for by another thread, which waits. */
struct question {
	struct job job; /* first: its run gets it back */
	const struct leaves_source *source;
	uint64_t piece;
	dfs_key *leaves;
	enum leaves_end end;
	pthread_mutex_t lock; /* of ended */
	pthread_cond_t changed;
	bool ended;
};

static void run_question(struct job *job, unsigned server, struct call *call,
			 const char *why)
{
	struct question *question = (struct question *)job;
	dfs_status status;

	(void)server;
	(void)why;
	question->end = call ? leaves_ask(call, question->source, question->piece,
					  question->leaves, &status)
			     : LEAVES_LOST;
	pthread_mutex_lock(&question->lock);
	question->ended = true;
	pthread_cond_signal(&question->changed);
	pthread_mutex_unlock(&question->lock);
}

static enum leaves_end ask_and_wait(struct links *links, unsigned server,
				    struct question *question)
{
	question->ended = false;
	links_submit(links, server, &question->job);
	pthread_mutex_lock(&question->lock);
	while (!question->ended)
		pthread_cond_wait(&question->changed, &question->lock);
	pthread_mutex_unlock(&question->lock);
	return question->end;
}

bool leaves_find(struct links *links, const struct leaves_source *source, uint64_t piece,
		 server_set servers, dfs_key ret[DFS_PIECE_LEAVES])
{
	struct question question = {.job = {.run = run_question},
				    .source = source,
				    .piece = piece,
				    .leaves = ret};
	bool found = false;

	pthread_mutex_init(&question.lock, NULL);
	pthread_cond_init(&question.changed, NULL);
	for (unsigned s = 1; s <= DFS_SERVERS && !found; s++)
		if (set_has(servers, s) &&
		    placement_held(source->content->holders, s) != 0)
			found = ask_and_wait(links, s, &question) == LEAVES_PROVED;
	pthread_cond_destroy(&question.changed);
	pthread_mutex_destroy(&question.lock);
	return found;
}

bool leaves_prove(const dfs_id *maker, uint64_t unit, const dfs_bytes *stored,
		  const dfs_key *leaf)
{
	dfs_key found;

	return tree_leaf(maker, unit, stored->data, stored->len, &found) &&
	       memcmp(&found, leaf, sizeof found) == 0;
}
