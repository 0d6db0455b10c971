/* Results of each procedure, and what four servers answer a client in a row. */
#include "seeds_fixture.h"

#include "cipher.h"
#include "client_fixture.h"
#include "keys.h"
#include "object.h"
#include "placement.h"
#include "procedures.h"
#include "store_fixture.h"
#include "value.h"

/* What a script is made of: results by their names, packed. */
struct script {
	struct pack_out out;
};

static void add(struct script *script, struct pack_out *take_result)
{
	pack_put_u16(&script->out, (uint16_t)take_result->len);
	pack_put(&script->out, take_result->bytes, take_result->len);
	pack_free(take_result);
	*take_result = (struct pack_out){0};
}

static struct pack_out packed(uint32_t procedure, void *res)
{
	struct pack_out out = {0};

	seeds_encode(&out, procedures_find(procedure)->result, res);
	return out;
}

/* ---- results ----------------------------------------------------------------------- */

static struct pack_out hello(void)
{
	char software[] = "dfs";
	dfs_hello_res res = {.status = DFS_OK};
	dfs_hello_ok *ok = &res.dfs_hello_res_u.ok;

	ok->cluster = client_fixture_cluster()->id;
	ok->store = store_fixture_id(3);
	ok->server = 1;
	ok->state = DFS_STATE_VOTING;
	ok->software = (dfs_text){sizeof software - 1, software};
	return packed(DFS_HELLO, &res);
}

static struct pack_out login(dfs_login_kind kind)
{
	const struct identity *ann = client_fixture_identity("ann");
	uint8_t master[KEYS_MASTER] = {0}, ring[DFS_KEYRING_MAX];
	dfs_login_res res = {.status = DFS_OK};
	dfs_login_answer *answer = &res.dfs_login_res_u.answer;
	dfs_identity *identity = &answer->dfs_login_answer_u.identity;
	size_t len;

	answer->kind = kind;
	if (kind == DFS_LOGIN_ASK) {
		answer->dfs_login_answer_u.scrypt =
			(dfs_scrypt){.log2_n = 15, .r = 8, .p = 3};
		return packed(DFS_LOGIN, &res);
	}
	FUZZ_MUST(keys_lock_ring(&ann->ring, master, ring, &len));
	identity->account = ann->account;
	memcpy(identity->account.shared.box, ann->shared, sizeof ann->shared);
	identity->keyring.keyring_val = (char *)ring;
	identity->keyring.keyring_len = (u_int)len;
	return packed(DFS_LOGIN, &res);
}

static struct pack_out status_alone(uint32_t procedure, dfs_status status)
{
	struct pack_out out = {0};

	(void)procedure;
	pack_put_u32(&out, (uint32_t)status);
	return out;
}

/* So many statuses of items, as BIND and LEARN have them. */
static struct pack_out bound(uint32_t procedure)
{
	dfs_status item = DFS_OK;
	dfs_bind_res res = {.status = DFS_OK};

	res.dfs_bind_res_u.items.items_len = 1;
	res.dfs_bind_res_u.items.items_val = &item;
	return packed(procedure, &res);
}

static struct pack_out got(void)
{
	enum { LEN = 250 };
	uint8_t unit[CIPHER_MORE + LEN] = {1};
	dfs_got item = {.status = DFS_OK};
	dfs_get_res res = {.status = DFS_OK};

	memset(unit + CIPHER_BEFORE, 'a', LEN);
	item.dfs_got_u.data = (dfs_bytes){sizeof unit, unit};
	res.dfs_get_res_u.items.items_len = 1;
	res.dfs_get_res_u.items.items_val = &item;
	return packed(DFS_GET, &res);
}

static dfs_register register_of(dfs_value *value)
{
	dfs_register reg = {.known = TRUE};
	dfs_accepted *accepted = &reg.dfs_register_u.accepted;

	accepted->ballot = store_fixture_ballot(5);
	accepted->settled = TRUE;
	if (value_has_content(value))
		FUZZ_MUST(object_of_content(&value->body.dfs_body_u.manifest.content,
					    &accepted->ticket.object));
	accepted->ticket.ends = INT64_MAX;
	accepted->value = *value;
	return reg;
}

/* LOOKUP or FINISH; which: SEEDS_VALUES is nothing. */
static struct pack_out looked(uint32_t procedure, size_t which)
{
	const char *path;
	dfs_value value = seeds_value(which % SEEDS_VALUES, &path);
	dfs_looked item = {.status = DFS_OK};
	dfs_lookup_res lookup = {.status = DFS_OK};
	dfs_finish_res finish = {.status = DFS_OK};
	struct pack_out out;

	if (which < SEEDS_VALUES)
		item.dfs_looked_u.reg = register_of(&value);
	lookup.dfs_lookup_res_u.ok.votes = TRUE;
	lookup.dfs_lookup_res_u.ok.items.items_len = 1;
	lookup.dfs_lookup_res_u.ok.items.items_val = &item;
	finish.dfs_finish_res_u.items.items_len = 1;
	finish.dfs_finish_res_u.items.items_val = &item;
	out = procedure == DFS_LOOKUP ? packed(procedure, &lookup)
				      : packed(procedure, &finish);
	value_free(&value);
	return out;
}

static struct pack_out promised(size_t which)
{
	const char *path;
	dfs_value value = seeds_value(which % SEEDS_VALUES, &path);
	dfs_promise item = {.status = DFS_OK};
	dfs_prepare_res res = {.status = DFS_OK};
	struct pack_out out;

	if (which < SEEDS_VALUES)
		item.dfs_promise_u.promised.reg = register_of(&value);
	res.dfs_prepare_res_u.ok.items.items_len = 1;
	res.dfs_prepare_res_u.ok.items.items_val = &item;
	out = packed(DFS_PREPARE, &res);
	value_free(&value);
	return out;
}

static struct pack_out accepted(uint32_t procedure)
{
	dfs_status item = DFS_OK;
	dfs_accept_res res = {.status = DFS_OK};

	res.dfs_accept_res_u.ok.items.items_len = 1;
	res.dfs_accept_res_u.ok.items.items_val = &item;
	return packed(procedure, &res);
}

enum { ENTRIES = 3 };

/* A page of files, or of accounts. */
static struct pack_out listed(bool detail, bool users, bool more)
{
	static const size_t of_files[ENTRIES] = {0, 2, 1}, of_users[ENTRIES] = {3, 3, 3};
	static char next[] = "/zoe/a box that only the server opens";
	dfs_list_entry entries[ENTRIES];
	dfs_value values[ENTRIES];
	dfs_list_res res = {.status = DFS_OK};
	dfs_list_ok *ok = &res.dfs_list_res_u.ok;
	struct pack_out out;

	memset(entries, 0, sizeof entries);
	for (size_t i = 0; i < ENTRIES; i++) {
		const char *path;

		values[i] = seeds_value(users ? of_users[i] : of_files[i], &path);
		entries[i].path = (dfs_path){(u_int)strlen(path), strdup(path)};
		entries[i].kind = values[i].body.kind;
		entries[i].ballot = store_fixture_ballot(5);
		entries[i].holders = 0x6c93;
		entries[i].full = 4;
		entries[i].missing = 1;
		entries[i].value = detail ? &values[i] : NULL;
	}
	ok->votes = TRUE;
	ok->more = more;
	if (more)
		ok->next = (dfs_cursor){sizeof next - 1, next};
	ok->entries.entries_len = users ? 1 : ENTRIES;
	ok->entries.entries_val = entries;
	out = packed(DFS_LIST, &res);
	for (size_t i = 0; i < ENTRIES; i++) {
		free(entries[i].path.dfs_path_val);
		value_free(&values[i]);
	}
	return out;
}

static struct pack_out status(unsigned server)
{
	char text[] = "dfs";
	dfs_kept kept = {.holders = 0x6c93, .full = 4, .files = 3, .owing = {2, 1}};
	dfs_status_res res = {.status = DFS_OK};
	dfs_status_ok *ok = &res.dfs_status_res_u.ok;

	ok->server = server;
	ok->state = DFS_STATE_VOTING;
	ok->software = (dfs_text){sizeof text - 1, text};
	ok->files = 3;
	ok->counted = 7;
	ok->kept.kept_len = 1;
	ok->kept.kept_val = &kept;
	return packed(DFS_STATUS, &res);
}

static struct pack_out handed(void)
{
	const char *path;
	dfs_value value = seeds_value(0, &path);
	dfs_handed one = {.ballot = store_fixture_ballot(5), .value = &value};
	dfs_fence_res res = {.status = DFS_OK};
	struct pack_out out;

	one.path = (dfs_path){(u_int)strlen(path), strdup(path)};
	res.dfs_fence_res_u.ok.registers.registers_len = 1;
	res.dfs_fence_res_u.ok.registers.registers_val = &one;
	out = packed(DFS_FENCE, &res);
	free(one.path.dfs_path_val);
	value_free(&value);
	return out;
}

static struct pack_out digest(void)
{
	char path[] = "/ann/a";
	dfs_digest_entry entry = {{sizeof path - 1, path}, store_fixture_ballot(5), 0};
	dfs_digest_res res = {.status = DFS_OK};

	res.dfs_digest_res_u.ok.registers = 1;
	res.dfs_digest_res_u.ok.entries.entries_len = 1;
	res.dfs_digest_res_u.ok.entries.entries_val = &entry;
	return packed(DFS_DIGEST, &res);
}

static struct pack_out piece(void)
{
	dfs_key path[2] = {{"a node"}, {"another"}};
	dfs_piece_res res = {.status = DFS_OK};
	uint8_t leaves[5 * DFS_KEY_LEN] = {7};

	res.dfs_piece_res_u.piece.leaves = (dfs_bytes){sizeof leaves, leaves};
	res.dfs_piece_res_u.piece.path.path_len = 2;
	res.dfs_piece_res_u.piece.path.path_val = path;
	return packed(DFS_PIECE, &res);
}

static struct pack_out recalled(void)
{
	dfs_watermark mark = {
		.store = store_fixture_id(3), .epoch = 1, .newest_segment = 2};
	dfs_recall_res res = {.status = DFS_OK};

	res.dfs_recall_res_u.ok.state = DFS_STATE_VOTING;
	res.dfs_recall_res_u.ok.remembered = &mark;
	return packed(DFS_RECALL, &res);
}

/* ---- one answer -------------------------------------------------------------------- */

static void save_answer(const char *name, uint32_t procedure, struct pack_out take_result)
{
	struct pack_out out = {0};

	pack_put_u8(&out, (uint8_t)procedure);
	seeds_reply(&out, 2, &take_result);
	seeds_save("answer", name, &out);
}

static void make_each(void)
{
	save_answer("hello", DFS_HELLO, hello());
	save_answer("login ask", DFS_LOGIN, login(DFS_LOGIN_ASK));
	save_answer("login", DFS_LOGIN, login(DFS_LOGIN_SESSION));
	save_answer("put", DFS_PUT, status_alone(DFS_PUT, DFS_OK));
	save_answer("bind", DFS_BIND, bound(DFS_BIND));
	save_answer("get", DFS_GET, got());
	save_answer("lookup", DFS_LOOKUP, looked(DFS_LOOKUP, 0));
	save_answer("lookup nothing", DFS_LOOKUP, looked(DFS_LOOKUP, SEEDS_VALUES));
	save_answer("finish", DFS_FINISH, looked(DFS_FINISH, 4));
	save_answer("prepare", DFS_PREPARE, promised(5));
	save_answer("accept", DFS_ACCEPT, accepted(DFS_ACCEPT));
	save_answer("delete", DFS_DELETE, accepted(DFS_DELETE));
	save_answer("settled", DFS_SETTLED, status_alone(DFS_SETTLED, DFS_OK));
	save_answer("list", DFS_LIST, listed(true, false, false));
	save_answer("status", DFS_STATUS, status(1));
	save_answer("heal", DFS_HEAL, status_alone(DFS_HEAL, DFS_OK));
	save_answer("learn", DFS_LEARN, bound(DFS_LEARN));
	save_answer("forget", DFS_FORGET, status_alone(DFS_FORGET, DFS_DENIED));
	save_answer("fence", DFS_FENCE, handed());
	save_answer("digest", DFS_DIGEST, digest());
	save_answer("recall", DFS_RECALL, recalled());
	save_answer("piece", DFS_PIECE, piece());
}

/* ---- conversations ----------------------------------------------------------------- */

/* All four say the same. */
static void save_script(const char *target, const char *name, const uint8_t *before,
			size_t before_len, struct script *take_script)
{
	struct pack_out out = {0};

	pack_put(&out, before, before_len);
	pack_put_u16(&out, 0);
	pack_put_u16(&out, (uint16_t)take_script->out.len);
	pack_put(&out, take_script->out.bytes, take_script->out.len);
	pack_free(&take_script->out);
	take_script->out = (struct pack_out){0};
	seeds_save(target, name, &out);
}

static void save_command(const char *name, uint8_t what, struct script *take_script)
{
	save_script("client_command", name, &what, 1, take_script);
}

/* Each tells of itself. */
static void save_statuses(const char *name, uint8_t what)
{
	struct pack_out out = {0};

	pack_put_u8(&out, what);
	pack_put_u8(&out, SERVERS_ALL);
	pack_put_u8(&out, 0);
	pack_put_u16(&out, 0);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct pack_out result = status(s);

		pack_put_u16(&out, (uint16_t)(result.len + 2));
		pack_put_u16(&out, (uint16_t)result.len);
		pack_put(&out, result.bytes, result.len);
		pack_free(&result);
	}
	seeds_save("client_command", name, &out);
}

static void add_all(struct script *script, struct pack_out first, struct pack_out second)
{
	add(script, &first);
	add(script, &second);
}

/* Enough of them for every way on. */
static void add_proposal(struct script *script, size_t which)
{
	add_all(script, promised(which), accepted(DFS_ACCEPT));
	add_all(script, status_alone(DFS_SETTLED, DFS_OK),
		status_alone(DFS_SETTLED, DFS_OK));
}

static void make_commands(void)
{
	/* Of what each path of the target has. */
	static const size_t values[] = {0, SEEDS_VALUES, 1, 2};
	struct script script = {{0}};

	for (uint8_t path = 0; path < 4; path++) {
		add_all(&script, looked(DFS_LOOKUP, values[path]), looked(DFS_LOOKUP, 3));
		save_command(seeds_name("stat", path), (uint8_t)(path << 4), &script);
	}
	add_all(&script, looked(DFS_LOOKUP, 0), got());
	save_command("get", 1, &script);
	add_all(&script, looked(DFS_LOOKUP, 0), got());
	add_all(&script, got(), got());
	save_command("verify", 2, &script);
	add_proposal(&script, 0);
	save_command("delete", 3, &script);
	add_all(&script, looked(DFS_LOOKUP, 0), promised(0));
	add_proposal(&script, 0);
	save_command("delete looked up", 3, &script);
	add_proposal(&script, SEEDS_VALUES);
	save_command("put", 4, &script);
	add_proposal(&script, 0);
	save_command("put over", 4, &script);
	add_all(&script, looked(DFS_LOOKUP, 3), looked(DFS_LOOKUP, 0));
	add_proposal(&script, 0);
	save_command("share", 0x85, &script);
	add_all(&script, looked(DFS_LOOKUP, 0), looked(DFS_LOOKUP, 3));
	add_proposal(&script, 0);
	save_command("unshare", 6, &script);
	add_all(&script, status_alone(DFS_HEAL, DFS_OK), status(1));
	save_command("heal", 9, &script);
	add_all(&script, looked(DFS_LOOKUP, 3), promised(3));
	add_proposal(&script, 3);
	save_command("change a user", 10, &script);
	save_statuses("report", 7);
	save_statuses("what if", 8);
}

static void make_listings(void)
{
	static const struct {
		const char *name;
		uint8_t what;
		bool detail, users;
	} seeds[] = {{"list", 0x10, false, false},
		     {"list all", 0xc0, true, false},
		     {"list folders", 0, false, false},
		     {"owed", 1, false, false},
		     {"users", 2, true, true},
		     {"lost", 0x53, false, false},
		     {"find", 0x84, true, false},
		     {"expand", 0x15, false, false},
		     {"expand deep", 0x45, false, false},
		     {"usage", 6, true, false},
		     {"shared", 7, true, false}};
	struct script script = {{0}};

	for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
		add_all(&script, listed(seeds[i].detail, seeds[i].users, false),
			looked(DFS_LOOKUP, 0));
		save_script("client_listing", seeds[i].name, &seeds[i].what, 1, &script);
	}
	add_all(&script, listed(true, false, true), listed(true, false, false));
	save_script("client_listing", "pages", &seeds[1].what, 1, &script);
}

static void make_logins(void)
{
	static const uint8_t scrypt[28] = {[19] = 15, [23] = 8, [27] = 3};
	struct script script = {{0}};

	add_all(&script, hello(), login(DFS_LOGIN_SESSION));
	save_script("client_login", "good", scrypt, sizeof scrypt, &script);
	add_all(&script, hello(), status_alone(DFS_LOGIN, DFS_DENIED));
	save_script("client_login", "denied", scrypt, sizeof scrypt, &script);
}

static void make_manifests(void)
{
	static const size_t files[] = {0, 1, 5, 6};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const char *path;
		dfs_value value = seeds_value(files[i], &path);
		struct pack_out out = {0};

		pack_put_u8(&out, (uint8_t)strlen(path));
		pack_put(&out, path, strlen(path));
		seeds_encode(&out, (xdrproc_t)xdr_dfs_value, &value);
		seeds_save("client_manifest", seeds_name("file", i), &out);
		value_free(&value);
	}
}

void seeds_make_answers(void)
{
	make_each();
	make_commands();
	make_listings();
	make_logins();
	make_manifests();
}
