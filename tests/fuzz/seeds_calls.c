/* Arguments of each procedure, alone and in the order of an upload. */
#include "seeds_fixture.h"

#include "object.h"
#include "placement.h"
#include "procedures.h"
#include "statement.h"
#include "store_fixture.h"
#include "tree.h"
#include "value.h"

enum { NOBODY = 0, ANN = 1, ADMIN = 3, PEER = 4, SIZE = 1000 };

static char path_text[] = "/ann/b";
static dfs_path path = {sizeof path_text - 1, path_text};

static void put_call(struct pack_out *out, uint8_t who, uint32_t procedure, void *args)
{
	struct pack_out packed = {0};

	if (args)
		seeds_encode(&packed, procedures_find(procedure)->args, args);
	pack_put_u8(out, who);
	pack_put_u8(out, (uint8_t)procedure);
	pack_put_u16(out, (uint16_t)packed.len);
	pack_put(out, packed.bytes, packed.len);
	pack_free(&packed);
}

static void save_call(const char *name, uint8_t who, uint32_t procedure, void *args)
{
	struct pack_out out = {0};

	put_call(&out, who, procedure, args);
	seeds_save("arguments", name, &out);
}

/* ---- on paths ---------------------------------------------------------------------- */

static void make_path_calls(void)
{
	char folder[] = "/ann/", stored[] = "/ann/a";
	dfs_path both[2] = {path, {sizeof stored - 1, stored}};
	dfs_paths paths = {.paths = {2, both}};
	dfs_list_args list = {.folder = {sizeof folder - 1, folder},
			      .recursive = TRUE,
			      .detail = TRUE,
			      .max = 10};
	dfs_settled_item item = {both[1], store_fixture_ballot(5), 0};
	dfs_settled_args settled = {{1, &item}};
	dfs_forget_args forget = {{1, &item}};

	save_call("lookup", ANN, DFS_LOOKUP, &paths);
	save_call("finish", ANN, DFS_FINISH, &paths);
	save_call("list", ANN, DFS_LIST, &list);
	list.folder = (dfs_path){0, folder};
	save_call("settled", ANN, DFS_SETTLED, &settled);
	save_call("forget", PEER, DFS_FORGET, &forget);
}

/* ---- on what they are -------------------------------------------------------------- */

static void make_plain_calls(void)
{
	char caller[] = "a client", user[] = "ann";
	dfs_hello_args hello = {.caller = {sizeof caller - 1, caller}};
	dfs_login_args login = {.user = {sizeof user - 1, user}};
	dfs_fence_args fence = {.epoch = 1, .store = store_fixture_id(3)};
	dfs_digest_args digest = {.tombstones = TRUE, .entries = 10};
	dfs_recall_args recall = {
		.state = DFS_STATE_VOTING,
		.own = {.store = store_fixture_id(3), .epoch = 1, .newest_segment = 2}};
	dfs_want want = {store_fixture_object(7), 1};
	dfs_ticket ticket = {.object = want.object, .ends = INT64_MAX};
	dfs_get_args get = {{1, &want}, {1, &ticket}};
	dfs_piece_args piece = {.piece = 0};

	save_call("hello", NOBODY, DFS_HELLO, &hello);
	save_call("login ask", NOBODY, DFS_LOGIN, &login);
	login.how.kind = DFS_LOGIN_PASSWORD;
	save_call("login password", NOBODY, DFS_LOGIN, &login);
	login.how.kind = DFS_LOGIN_SESSION;
	save_call("login session", NOBODY, DFS_LOGIN, &login);
	save_call("status", ANN, DFS_STATUS, NULL);
	save_call("heal", ANN, DFS_HEAL, NULL);
	save_call("fence", PEER, DFS_FENCE, &fence);
	save_call("digest", PEER, DFS_DIGEST, &digest);
	save_call("recall", PEER, DFS_RECALL, &recall);
	save_call("get", ANN, DFS_GET, &get);
	save_call("get by a server", PEER, DFS_GET, &get);
	piece.object = want.object;
	piece.ticket = ticket;
	save_call("piece", ANN, DFS_PIECE, &piece);
	save_call("piece for a server", PEER, DFS_PIECE, &piece);
}

/* ---- on content -------------------------------------------------------------------- */

static uint8_t zeros[SIZE];
static const dfs_key token = {"a token that only the writer has"};

/* Chunks 2 and 3 of a content of zeros, as whoever has the token may bring them. */
static dfs_share share_of_token(void)
{
	static dfs_key leaves[DFS_SERVERS];
	dfs_share share = {.size = SIZE, .tree = {DFS_SERVERS, leaves}, .chunks = 6};

	FUZZ_MUST(object_maker(&token, &share.maker));
	for (u_int i = 0; i < DFS_SERVERS; i++)
		FUZZ_MUST(tree_leaf(&share.maker, i, zeros, 270, &leaves[i]));
	return share;
}

static void put_prepare(struct pack_out *out, dfs_stage_kind kind)
{
	dfs_unit units[2] = {{1, {270, zeros}}, {2, {270, zeros}}};
	dfs_share share = share_of_token();
	dfs_prepare_item item = {.path = path, .creates = TRUE, .size = SIZE};
	dfs_prepare_args args = {
		store_fixture_id(1), store_fixture_ballot(9), FALSE, {1, &item}};

	item.stage.kind = kind;
	if (kind == DFS_STAGE_CONTENT) {
		item.stage.dfs_stage_u.small.share = share;
		item.stage.dfs_stage_u.small.token = token;
		item.stage.dfs_stage_u.small.units.units_len = 2;
		item.stage.dfs_stage_u.small.units.units_val = units;
	} else if (kind == DFS_STAGE_BINDING) {
		item.stage.dfs_stage_u.binding.share = share;
	}
	put_call(out, ANN, DFS_PREPARE, &args);
}

static void put_upload(struct pack_out *out)
{
	dfs_unit units[2] = {{1, {270, zeros}}, {2, {270, zeros}}};
	dfs_put_args put = {.operation = store_fixture_id(1),
			    .path = path,
			    .size = SIZE,
			    .token = token,
			    .units = {2, units}};
	dfs_bind_item item = {path, share_of_token(), token};
	dfs_bind_args bind = {put.operation, store_fixture_ballot(9), {1, &item}};

	put_call(out, ANN, DFS_PUT, &put);
	put_call(out, ANN, DFS_BIND, &bind);
}

static void put_accept(struct pack_out *out, size_t which, uint32_t procedure)
{
	const char *at;
	dfs_proposal item = {.value = seeds_value(which, &at)};
	dfs_accept_args args = {store_fixture_ballot(9), {1, &item}};

	item.path = path;
	item.value.origin = args.ballot;
	item.value.proof.ballot = args.ballot;
	if (which == 0) {
		dfs_content *content = &item.value.body.dfs_body_u.manifest.content;
		const dfs_share share = share_of_token();

		content->maker = share.maker;
		memcpy(content->tree.tree_val, share.tree.tree_val,
		       DFS_SERVERS * sizeof(dfs_key));
	}
	put_call(out, ANN, procedure, &args);
	value_free(&item.value);
}

/* On three promises that tell of nothing, or of what it is to take the place of. */
static void put_confirm(struct pack_out *out, uint8_t who, bool again)
{
	const char *at;
	dfs_signed_promise promises[DFS_CONFIRMATIONS_MAX] = {{.server = 1}};
	dfs_value highest = seeds_value(0, &at);
	dfs_confirm_item item = {.promises = {DFS_CONFIRMATIONS_MAX, promises},
				 .value = who == PEER && !again ? value_nothing()
								: seeds_value(0, &at)};
	dfs_confirm_args args = {store_fixture_ballot(9), {1, &item}};

	item.path = path;
	for (unsigned i = 0; i < DFS_CONFIRMATIONS_MAX; i++) {
		promises[i].server = i + 2;
		promises[i].signature.key = promises[i].signature.leaves = 1;
	}
	if (again) {
		item.highest = &highest;
		promises[1].told.known = TRUE;
		promises[1].told.ballot = highest.proof.ballot;
		FUZZ_MUST(statement_digest(&highest, &promises[1].told.digest));
		item.value.number += who != PEER;
	} else if (who != PEER) {
		item.value.number = 1;
	}
	if (who != PEER)
		item.value.proof.ballot = args.ballot;
	put_call(out, who, DFS_CONFIRM, &args);
	value_free(&highest);
	value_free(&item.value);
}

static void make_confirm(void)
{
	struct pack_out out = {0};

	for (unsigned again = 0; again <= 1; again++) {
		put_confirm(&out, PEER, again);
		seeds_save("arguments", again ? "confirm again" : "confirm nothing",
			   &out);
		put_confirm(&out, ANN, again);
		seeds_save("arguments", again ? "confirm on top" : "confirm a first",
			   &out);
	}
}

static void make_learn(void)
{
	const char *at;
	dfs_learn_item item = {.ballot = store_fixture_ballot(9),
			       .value = seeds_value(0, &at)};
	dfs_learn_args args = {{1, &item}};

	item.path = (dfs_path){(u_int)strlen(at), strdup(at)};
	save_call("learn", PEER, DFS_LEARN, &args);
	free(item.path.dfs_path_val);
	value_free(&item.value);
}

static void make_content_calls(void)
{
	struct pack_out out = {0};

	put_upload(&out);
	seeds_save("arguments", "upload", &out);
	put_upload(&out);
	put_prepare(&out, DFS_STAGE_NOTHING);
	put_accept(&out, 0, DFS_ACCEPT);
	seeds_save("arguments", "put", &out);
	put_prepare(&out, DFS_STAGE_CONTENT);
	put_accept(&out, 0, DFS_ACCEPT);
	seeds_save("arguments", "small put", &out);
	put_prepare(&out, DFS_STAGE_BINDING);
	seeds_save("arguments", "binding", &out);
	put_prepare(&out, DFS_STAGE_NOTHING);
	put_accept(&out, 2, DFS_DELETE);
	seeds_save("arguments", "delete", &out);
	make_confirm();
	make_learn();
}

void seeds_make_calls(void)
{
	make_path_calls();
	make_plain_calls();
	make_content_calls();
}
