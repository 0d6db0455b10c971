/*
 * Every procedure, on every kind of path, as everybody, at every server: what is refused,
 * what is not, and that what was refused has changed nothing.
 *
 *	permissions procedures		prints the procedures that it walks, a name a line
 *	permissions CONFIG		walks; prints what is wrong, then "N checks"
 *
 * "tester" has the files private, readable (which "other" may read), writable (which he
 * may also write) and deleted (likewise, before it was); /shared/file is tester's.  All
 * are there, and "tester", "other" and "admin" are logged in.  The calls are single words
 * of the protocol, said as a client would who keeps to no rule: where he is to be
 * refused, with ballots that would be heard and values that would do harm; where he is
 * not, with ballots that are too low, so that only "refused" in place of "denied" shows
 * that he was let through.
 */
#include "ballot.h"
#include "call.h"
#include "clock.h"
#include "login_fixture.h"
#include "manifest.h"
#include "object.h"
#include "placement.h"
#include "tls.h"
#include "tree.h"
#include "value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 30000 };

/*
 * ---- the table ------------------------------------------------------------------------
 */

enum { READ = 1, CONTENT = 2, WRITE = 4, DELETE = 8, LISTED = 16, ALL = 31 };

/* Who may do what, written down from the manual and not from the server. */
static const struct {
	const char *user; /* NULL: nobody, who has not logged in */
	const char *path;
	unsigned rights;
} places[] = {
	{"other", "/tester/private", 0},
	{"other", "/tester/nothing", 0},
	{"other", "/tester/deleted", 0},
	{"other", "/tester/readable", READ | CONTENT | LISTED},
	{"other", "/tester/writable", ALL},
	{"other", "/shared/file", ALL},
	{"other", "/@accounts/tester", READ},
	{"other", "/@accounts/other", READ},
	{"other", "/@accounts/admin", READ},
	{"other", "/@credentials/tester", 0},
	{"other", "/@credentials/admin", 0},
	{"other", "/@credentials/other", READ | WRITE | DELETE},
	{"admin", "/tester/private", READ | DELETE | LISTED},
	{"admin", "/tester/deleted", READ | DELETE | LISTED},
	{"admin", "/@accounts/tester", READ | WRITE | DELETE | LISTED},
	{"admin", "/@credentials/tester", READ | WRITE | DELETE},
	{"tester", "/tester/private", ALL},
	{"tester", "/tester/deleted", READ | CONTENT | WRITE | DELETE | LISTED},
	{"tester", "/@credentials/tester", READ | WRITE | DELETE},
	{NULL, "/tester/private", 0},
	{NULL, "/shared/file", 0},
	{NULL, "/@accounts/tester", 0},
	{NULL, "/@credentials/tester", 0},
};
enum { PLACES = sizeof places / sizeof places[0] };

/*
 * ---- state ----------------------------------------------------------------------------
 */

/* What there is to be known of a path, as admin sees it. */
struct known {
	dfs_status status;
	bool known;
	dfs_ballot ballot;
	dfs_value value;
};

struct walk {
	struct cluster cluster;
	unsigned server;
	const char *user, *path;
	unsigned rights;
	struct call *call;
	dfs_seen seen;
	struct known here;        /* of the path */
	struct identity identity; /* of the last who logged in: nobody signs as he does */
	dfs_value file;           /* of /tester/private */
	dfs_key token;            /* of its maker, which tester alone can derive */
	dfs_ticket owners;        /* for that, of tester's */
	const char *procedure;    /* at hand */
	unsigned checks, wrong;   /* so far */
};

static char why[512];

__attribute__((format(printf, 2, 3))) static void is_wrong(struct walk *walk,
							   const char *format, ...)
{
	va_list args;

	printf("dfs%u %s as %s on %s: ", walk->server, walk->procedure,
	       walk->user ? walk->user : "nobody", walk->path);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	walk->wrong++;
}

static void fail(const char *what)
{
	fprintf(stderr, "permissions: %s: %s\n", what, why);
	exit(2);
}

static bool is_file(const struct walk *walk)
{
	return walk->path[1] != '@';
}

static dfs_path wire_path(const char *path, char copy[64])
{
	(void)snprintf(copy, 64, "%s", path);
	return (dfs_path){(u_int)strlen(copy), copy};
}

/*
 * ---- calls ----------------------------------------------------------------------------
 */

/*
 * Does the call get through to an answer?  A procedure that is not served is as good as
 * denied.
 */
static bool say(struct walk *walk, uint32_t procedure, const void *args, void *res)
{
	return call_run(walk->call, procedure, args, res,
			&(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why});
}

static void expect(struct walk *walk, unsigned demand, dfs_status status, dfs_status let)
{
	bool allowed = (walk->rights & demand) == demand && walk->user;
	bool refused = status == DFS_DENIED || (!is_file(walk) && status == DFS_INVALID);

	walk->checks++;
	if (allowed ? status != let : !refused)
		is_wrong(walk, "%s, but was answered %d", allowed ? "allowed" : "refused",
			 (int)status);
}

/*
 * A ballot that would be heard where it is to be refused, and one that is refused where
 * not.
 */
static dfs_ballot ballot_for(const struct walk *walk, unsigned demand)
{
	dfs_ballot ballot = {.epoch = walk->seen.epoch};
	bool allowed = (walk->rights & demand) == demand && walk->user;

	ballot.counter = allowed ? 1 : walk->seen.counter + 1;
	if (!id_random(&ballot.proposer))
		fail("random");
	if (allowed) { /* below every other of the counter 1 */
		memset(&ballot.proposer, 0, sizeof ballot.proposer);
		ballot.proposer.bytes[DFS_ID_LEN - 1] = 1;
	}
	return ballot;
}

static dfs_id new_id(void)
{
	dfs_id id;

	if (!id_random(&id))
		fail("random");
	return id;
}

/*
 * ---- content --------------------------------------------------------------------------
 */

static dfs_key new_token(void)
{
	dfs_key token;

	if (!keys_random(token.bytes, sizeof token.bytes))
		fail("random");
	return token;
}

static void try_put(struct walk *walk)
{
	static const uint8_t byte;
	char copy[64];
	dfs_unit unit = {0, {1, &byte}};
	const dfs_put_args args = {.operation = new_id(),
				   .path = wire_path(walk->path, copy),
				   .size = 4,
				   .token = new_token(),
				   .units = {1, &unit}};
	dfs_put_res res;

	if (!say(walk, DFS_PUT, &args, &res))
		fail("PUT");
	expect(walk, is_file(walk) ? WRITE : ALL + 1, res.status, DFS_OK);
}

/* A content of four bytes, each of which is stored as it is. */
static void make_content(unsigned pair, dfs_key tree[DFS_SERVERS], dfs_small *ret)
{
	static const uint8_t byte;
	bool good;

	ret->token = new_token();
	good = object_maker(&ret->token, &ret->share.maker);
	for (unsigned unit = 0; unit < DFS_SERVERS; unit++)
		good = good && tree_leaf(&ret->share.maker, unit, &byte, 1, &tree[unit]);
	if (!good)
		fail("memory");
	ret->share.size = DFS_SERVERS;
	ret->share.tree.tree_len = DFS_SERVERS;
	ret->share.tree.tree_val = tree;
	ret->share.chunks = pair;
}

/*
 * Of tester's file, with its token, where it would do harm; of what nobody has put where
 * not: refused where the path has a later value, and not there where it has none.
 */
static void try_bind(struct walk *walk)
{
	char copy[64];
	unsigned demand = is_file(walk) ? WRITE : ALL + 1;
	bool allowed = (walk->rights & demand) == demand && walk->user;
	const dfs_content *content = &walk->file.body.dfs_body_u.manifest.content;
	unsigned pair = placement_pair(content->row, walk->server);
	dfs_bind_item item = {.path = wire_path(walk->path, copy),
			      .share = object_share(content, pair),
			      .token = walk->token};
	const dfs_bind_args args = {new_id(), ballot_for(walk, demand), {1, &item}};
	dfs_key tree[DFS_SERVERS];
	dfs_small small;
	dfs_bind_res res;

	if (allowed) {
		make_content(pair, tree, &small);
		item.share = small.share;
		item.token = small.token;
	}
	if (!say(walk, DFS_BIND, &args, &res))
		fail("BIND");
	expect(walk, demand,
	       res.status == DFS_OK ? res.dfs_bind_res_u.items.items_val[0] : res.status,
	       walk->here.known ? DFS_REFUSED : DFS_NODATA);
	call_free_result((xdrproc_t)xdr_dfs_bind_res, &res);
}

/*
 * The best that any unit of the object gets; the worst where refused is what is wanted.
 */
static dfs_status get(struct walk *walk, const dfs_id *object, dfs_ticket *tickets,
		      u_int count, bool best)
{
	dfs_want wants[DFS_SERVERS];
	dfs_get_args args = {{DFS_SERVERS, wants}, {count, tickets}};
	dfs_status status = DFS_DENIED;
	dfs_get_res res;

	for (unsigned unit = 0; unit < DFS_SERVERS; unit++)
		wants[unit] = (dfs_want){*object, unit};
	if (!say(walk, DFS_GET, &args, &res))
		fail("GET");
	if (res.status != DFS_OK)
		return res.status;
	for (u_int i = 0; i < res.dfs_get_res_u.items.items_len; i++) {
		dfs_status one = res.dfs_get_res_u.items.items_val[i].status;

		if (best ? one == DFS_OK : one != DFS_DENIED)
			status = one;
	}
	call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	return status;
}

/* What LOOKUP gives this caller; zeros where it gives none. */
static dfs_ticket ticket_for(struct walk *walk)
{
	char copy[64];
	dfs_path path = wire_path(walk->path, copy);
	const dfs_paths args = {.paths = {1, &path}};
	dfs_ticket ticket;
	dfs_lookup_res res;

	memset(&ticket, 0, sizeof ticket);
	if (!say(walk, DFS_LOOKUP, &args, &res))
		fail("LOOKUP");
	if (res.status == DFS_OK) {
		const dfs_looked *item = &res.dfs_lookup_res_u.ok.items.items_val[0];

		if (item->status == DFS_OK && item->dfs_looked_u.reg.known)
			ticket = item->dfs_looked_u.reg.dfs_register_u.accepted.ticket;
	}
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
	return ticket;
}

static bool has_object(const struct walk *walk)
{
	return walk->here.known && walk->here.value.body.kind == DFS_FILE;
}

static dfs_id object_of(const struct walk *walk)
{
	const dfs_value *value = has_object(walk) ? &walk->here.value : &walk->file;
	dfs_id object;

	if (!object_of_content(&value->body.dfs_body_u.manifest.content, &object))
		fail("memory");
	return object;
}

static void try_get(struct walk *walk)
{
	const dfs_id object = object_of(walk);
	dfs_ticket ticket = ticket_for(walk), forged = ticket;
	bool may = has_object(walk) && walk->rights & CONTENT;

	walk->checks += 4;
	if (get(walk, &object, NULL, 0, false) != DFS_DENIED)
		is_wrong(walk, "units without a ticket");
	forged.object = object;
	forged.ends = INT64_MAX;
	if (get(walk, &object, &forged, 1, false) != DFS_DENIED)
		is_wrong(walk, "units for a forged ticket");
	if (!id_is_zero(&ticket.object) != may)
		is_wrong(walk, may ? "no ticket" : "a ticket");
	if (may && get(walk, &object, &ticket, 1, true) != DFS_OK)
		is_wrong(walk, "no units for a ticket");
	if ((!walk->user || strcmp(walk->user, "tester") != 0) &&
	    get(walk, &walk->owners.object, &walk->owners, 1, false) != DFS_DENIED)
		is_wrong(walk, "units for somebody else's ticket");
}

static dfs_status piece(struct walk *walk, const dfs_id *object, const dfs_ticket *ticket)
{
	const dfs_piece_args args = {.object = *object, .ticket = *ticket};
	dfs_piece_res res;
	dfs_status status;

	if (!say(walk, DFS_PIECE, &args, &res))
		fail("PIECE");
	status = res.status;
	call_free_result((xdrproc_t)xdr_dfs_piece_res, &res);
	return status;
}

/* Small contents have no pieces: who may read them is told so. */
static void try_piece(struct walk *walk)
{
	static const dfs_ticket none;
	const dfs_content *file = &walk->file.body.dfs_body_u.manifest.content;
	const dfs_id object = object_of(walk);
	dfs_ticket ticket = ticket_for(walk), forged = ticket;
	bool has_pieces;

	walk->checks += 2;
	if (piece(walk, &object, &none) != DFS_DENIED)
		is_wrong(walk, "a piece without a ticket");
	forged.object = object;
	forged.ends = INT64_MAX;
	if (piece(walk, &object, &forged) != DFS_DENIED)
		is_wrong(walk, "a piece for a forged ticket");
	if (has_object(walk))
		file = &walk->here.value.body.dfs_body_u.manifest.content;
	has_pieces = placement_units(file->size, file->unit_size) > DFS_SERVERS;
	if (has_object(walk) && walk->rights & CONTENT &&
	    piece(walk, &object, &ticket) != (has_pieces ? DFS_OK : DFS_UNKNOWN))
		is_wrong(walk, "no answer for a ticket");
	if ((!walk->user || strcmp(walk->user, "tester") != 0) &&
	    piece(walk, &walk->owners.object, &walk->owners) != DFS_DENIED)
		is_wrong(walk, "a piece for somebody else's ticket");
}

/*
 * ---- registers ------------------------------------------------------------------------
 */

static void try_lookup(struct walk *walk)
{
	char copy[64];
	dfs_path path = wire_path(walk->path, copy);
	const dfs_paths args = {.paths = {1, &path}};
	dfs_lookup_res res;

	if (!say(walk, DFS_LOOKUP, &args, &res))
		fail("LOOKUP");
	expect(walk, READ,
	       res.status == DFS_OK ? res.dfs_lookup_res_u.ok.items.items_val[0].status
				    : res.status,
	       DFS_OK);
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
}

static void try_finish(struct walk *walk)
{
	char copy[64];
	dfs_path path = wire_path(walk->path, copy);
	const dfs_paths args = {.paths = {1, &path}};
	dfs_finish_res res;

	if (!say(walk, DFS_FINISH, &args, &res))
		fail("FINISH");
	expect(walk, READ,
	       res.status == DFS_OK ? res.dfs_finish_res_u.items.items_val[0].status
				    : res.status,
	       DFS_OK);
	call_free_result((xdrproc_t)xdr_dfs_finish_res, &res);
}

static void prepare(struct walk *walk, const dfs_stage *stage, uint64_t size,
		    unsigned demand)
{
	char copy[64];
	dfs_prepare_item item = {.path = wire_path(walk->path, copy),
				 .creates = TRUE,
				 .size = size,
				 .stage = *stage};
	const dfs_prepare_args args = {new_id(), ballot_for(walk, demand), {1, &item}};
	dfs_prepare_res res;

	if (!say(walk, DFS_PREPARE, &args, &res))
		fail("PREPARE");
	expect(walk, demand,
	       res.status == DFS_OK ? res.dfs_prepare_res_u.ok.items.items_val[0].status
				    : res.status,
	       DFS_REFUSED);
	call_free_result((xdrproc_t)xdr_dfs_prepare_res, &res);
}

/*
 * A promise alone; with content; with an object that is here, with and without a ticket.
 */
static void try_prepare(struct walk *walk)
{
	static const uint8_t byte;
	dfs_key tree[DFS_SERVERS];
	dfs_unit units[2];
	dfs_stage nothing = {.kind = DFS_STAGE_NOTHING};
	dfs_stage content = {.kind = DFS_STAGE_CONTENT};
	dfs_stage binding = {.kind = DFS_STAGE_BINDING};
	dfs_share *share = &binding.dfs_stage_u.binding.share;
	const dfs_content *file = &walk->file.body.dfs_body_u.manifest.content;
	unsigned pair = placement_pair(0, walk->server);
	u_int count = 0;

	for (unsigned unit = 0; unit < DFS_SERVERS; unit++)
		if (pair & 1U << unit)
			units[count++] = (dfs_unit){unit, {1, &byte}};
	make_content(pair, tree, &content.dfs_stage_u.small);
	content.dfs_stage_u.small.units.units_len = count;
	content.dfs_stage_u.small.units.units_val = units;
	prepare(walk, &nothing, 0, DELETE);
	prepare(walk, &content, 4, is_file(walk) ? WRITE : ALL + 1);
	if (has_object(walk))
		file = &walk->here.value.body.dfs_body_u.manifest.content;
	*share = object_share(file, placement_pair(file->row, walk->server));
	prepare(walk, &binding, file->size, ALL + 1);
	binding.dfs_stage_u.binding.ticket = ticket_for(walk);
	prepare(walk, &binding, file->size, has_object(walk) ? WRITE | CONTENT : ALL + 1);
}

/* What the file is said to be is stated by who proposes it. */
static void state_content(struct walk *walk, dfs_manifest *manifest)
{
	dfs_content *content = &manifest->content;
	char owner[DFS_USER_MAX + 1];
	struct manifest_stated stated = {walk->path, owner, content};

	if (strncmp(walk->path, "/shared/", 8) == 0) {
		free(manifest->owner.dfs_user_val);
		manifest->owner.dfs_user_val = strdup(walk->identity.user);
		manifest->owner.dfs_user_len = (u_int)strlen(walk->identity.user);
	}
	(void)snprintf(owner, sizeof owner, "%.*s", (int)manifest->owner.dfs_user_len,
		       manifest->owner.dfs_user_val);
	free(content->writer.dfs_user_val);
	content->writer.dfs_user_val = strdup(walk->identity.user);
	content->writer.dfs_user_len = (u_int)strlen(walk->identity.user);
	free(content->signature.path.path_val);
	if (!manifest_sign_contents(&walk->identity, &stated, 1))
		fail("memory");
}

/* Of what others may write, it says so; else nothing. */
static void make_tombstone(dfs_value *value)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_tombstone tombstone = {0};

	if (value->body.kind == DFS_FILE && manifest->access.readers.readers_len > 0) {
		tombstone.owner = manifest->owner;
		tombstone.access = manifest->access;
		memset(&manifest->owner, 0, sizeof manifest->owner);
		memset(&manifest->access, 0, sizeof manifest->access);
	}
	xdr_free((xdrproc_t)xdr_dfs_body, &value->body);
	memset(&value->body, 0, sizeof value->body);
	value->body.kind = DFS_TOMBSTONE;
	value->body.dfs_body_u.tombstone = tombstone;
}

/* admin says more; others can only say again what he said. */
static void change_account(struct walk *walk, dfs_account *account)
{
	if (strcmp(walk->identity.user, "admin") != 0)
		return;
	account->number++;
	account->quota++;
	free(account->signature.path.path_val);
	if (!identity_sign_account(walk->identity.pairs[0], strrchr(walk->path, '/') + 1,
				   account))
		fail("memory");
}

/*
 * A value that would do harm: of the path's own kind, signed by who proposes it at this
 * ballot, as one that somebody proposed before where that can be.
 */
static dfs_value harmful(struct walk *walk, const dfs_ballot *ballot, bool tombstone)
{
	const struct known *here = &walk->here;
	bool copies = here->known && here->value.body.kind != DFS_TOMBSTONE;
	char copy[64];
	const dfs_path path = wire_path(walk->path, copy);
	dfs_value value;

	if (!value_copy(copies ? &here->value : &walk->file, &value))
		fail("memory");
	value.operation = new_id();
	value.number = (here->known ? here->value.number : 0) + 1;
	free(value.recent.recent_val);
	value.recent.recent_len = 0;
	value.recent.recent_val = NULL;
	value.origin = *ballot;
	if (ballot->counter > 1)
		value.origin = (dfs_ballot){.counter = 1, .proposer = new_id()};
	value.content_version = (dfs_version){value.number, value.operation};
	if (tombstone)
		make_tombstone(&value);
	else if (value.body.kind == DFS_ACCOUNT)
		change_account(walk, &value.body.dfs_body_u.account);
	else if (value.body.kind == DFS_CREDENTIALS)
		value.body.dfs_body_u.credentials.verifiers.of[0].bytes[0] ^= 1;
	else
		state_content(walk, &value.body.dfs_body_u.manifest);
	if (!login_fixture_prove(&walk->identity, &path, ballot, &value))
		fail("memory");
	return value;
}

static void accept_as(struct walk *walk, uint32_t procedure, bool tombstone,
		      unsigned demand)
{
	char copy[64];
	const dfs_ballot ballot = ballot_for(walk, demand);
	dfs_proposal item = {.path = wire_path(walk->path, copy),
			     .value = harmful(walk, &ballot, tombstone)};
	const dfs_accept_args args = {ballot, {1, &item}};
	dfs_accept_res res;

	if (!say(walk, procedure, &args, &res))
		fail("ACCEPT");
	expect(walk, demand,
	       res.status == DFS_OK ? res.dfs_accept_res_u.ok.items.items_val[0]
				    : res.status,
	       DFS_REFUSED);
	call_free_result((xdrproc_t)xdr_dfs_accept_res, &res);
	value_free(&item.value);
}

static void try_accept(struct walk *walk)
{
	accept_as(walk, DFS_ACCEPT, false, WRITE);
	accept_as(walk, DFS_ACCEPT, true, DELETE);
}

static void try_delete(struct walk *walk)
{
	accept_as(walk, DFS_DELETE, true, DELETE);
}

static void try_settled(struct walk *walk)
{
	char copy[64];
	dfs_settled_item item = {.path = wire_path(walk->path, copy),
				 .ballot = ballot_for(walk, DELETE)};
	const dfs_settled_args args = {{1, &item}};
	dfs_settled_res res;

	if (!say(walk, DFS_SETTLED, &args, &res))
		fail("SETTLED");
	expect(walk, DELETE, res.status, DFS_OK);
}

/*
 * ---- the server -----------------------------------------------------------------------
 */

static void try_hello(struct walk *walk)
{
	char name[] = "permissions";
	const dfs_hello_args args = {{11, name}};
	dfs_hello_res res;

	walk->checks++;
	if (!say(walk, DFS_HELLO, &args, &res))
		fail("HELLO");
	if (res.status != DFS_OK)
		is_wrong(walk, "answered %d", (int)res.status);
	call_free_result((xdrproc_t)xdr_dfs_hello_res, &res);
}

/* How a proof is made is told to everybody, and of whoever it is asked. */
static void try_login(struct walk *walk)
{
	char name[] = "nobody-of-that-name";
	const dfs_login_args args = {.user = {19, name}, .how.kind = DFS_LOGIN_ASK};
	dfs_login_res res;

	walk->checks++;
	if (!say(walk, DFS_LOGIN, &args, &res))
		fail("LOGIN");
	if (res.status != DFS_OK)
		is_wrong(walk, "answered %d", (int)res.status);
	call_free_result((xdrproc_t)xdr_dfs_login_res, &res);
}

static bool is_listed(struct walk *walk, const dfs_list_res *res)
{
	const dfs_list_ok *ok = &res->dfs_list_res_u.ok;

	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		const dfs_path *path = &ok->entries.entries_val[i].path;

		if (path->dfs_path_len == strlen(walk->path) &&
		    memcmp(path->dfs_path_val, walk->path, path->dfs_path_len) == 0)
			return true;
	}
	return false;
}

/* The folder of the path, and everything. */
static void try_list(struct walk *walk)
{
	char copy[64];
	dfs_list_args args = {.recursive = TRUE, .detail = TRUE, .max = DFS_LIST_MAX};
	bool may_list = walk->user && (is_file(walk) || walk->rights & LISTED);

	for (unsigned whole = 0; whole < 2; whole++) {
		dfs_list_res res;
		bool listed = false;
		bool want = walk->rights & LISTED && (is_file(walk) || !whole);

		args.folder = wire_path(walk->path, copy);
		args.folder.dfs_path_len =
			whole ? 1 : (u_int)(strrchr(copy + 1, '/') - copy) + 1;
		if (!say(walk, DFS_LIST, &args, &res))
			fail("LIST");
		if (res.status == DFS_OK)
			listed = is_listed(walk, &res);
		walk->checks += 2;
		if ((res.status == DFS_OK) != (whole ? walk->user != NULL : may_list))
			is_wrong(walk, "answered %d", (int)res.status);
		if (listed != want && (has_object(walk) || !is_file(walk) || listed))
			is_wrong(walk, listed ? "listed" : "not listed");
		call_free_result((xdrproc_t)xdr_dfs_list_res, &res);
	}
}

static void say_status(struct walk *walk, dfs_status_res *res)
{
	if (!say(walk, DFS_STATUS, NULL, res))
		fail("STATUS");
}

static void try_status(struct walk *walk)
{
	const dfs_status want = walk->user ? DFS_OK : DFS_DENIED;
	dfs_status_res res;

	walk->checks++;
	say_status(walk, &res);
	if (res.status != want)
		is_wrong(walk, "answered %d", (int)res.status);
	call_free_result((xdrproc_t)xdr_dfs_status_res, &res);
}

static void try_heal(struct walk *walk)
{
	const dfs_status want = walk->user ? DFS_OK : DFS_DENIED;
	dfs_heal_res res;

	walk->checks++;
	if (!say(walk, DFS_HEAL, NULL, &res))
		fail("HEAL");
	if (res.status != want)
		is_wrong(walk, "answered %d", (int)res.status);
	call_free_result((xdrproc_t)xdr_dfs_heal_res, &res);
}

/*
 * ---- between servers ------------------------------------------------------------------
 */

/* The status that the answer begins with, which it has by now. */
static void expect_denied(struct walk *walk, bool answered, const dfs_status *status)
{
	walk->checks++;
	if (!answered || *status != DFS_DENIED)
		is_wrong(walk, "a user was answered %d", (int)*status);
}

static void try_learn(struct walk *walk)
{
	char copy[64];
	const dfs_ballot ballot = ballot_for(walk, ALL + 1);
	dfs_learn_item item = {wire_path(walk->path, copy), ballot,
			       harmful(walk, &ballot, false)};
	const dfs_learn_args args = {{1, &item}};
	dfs_learn_res res = {0};

	expect_denied(walk, say(walk, DFS_LEARN, &args, &res), &res.status);
	value_free(&item.value);
}

static void try_forget(struct walk *walk)
{
	char copy[64];
	dfs_settled_item item = {.path = wire_path(walk->path, copy),
				 .ballot = walk->here.ballot};
	const dfs_forget_args args = {{1, &item}};
	dfs_settled_res res = {0};

	expect_denied(walk, say(walk, DFS_FORGET, &args, &res), &res.status);
}

static void try_fence(struct walk *walk)
{
	const dfs_fence_args args = {.epoch = walk->seen.epoch + 1, .store = new_id()};
	dfs_fence_res res = {0};

	expect_denied(walk, say(walk, DFS_FENCE, &args, &res), &res.status);
}

static void try_digest(struct walk *walk)
{
	const dfs_digest_args args = {.entries = 10};
	dfs_digest_res res = {0};

	expect_denied(walk, say(walk, DFS_DIGEST, &args, &res), &res.status);
}

static void try_recall(struct walk *walk)
{
	const dfs_recall_args args = {.state = DFS_STATE_VOTING, .own.store = new_id()};
	dfs_recall_res res = {0};

	expect_denied(walk, say(walk, DFS_RECALL, &args, &res), &res.status);
}

/*
 * ---- the walk -------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	void (*try)(struct walk *walk);
} procedures[] = {
	{"HELLO", try_hello},     {"LOGIN", try_login},     {"PUT", try_put},
	{"BIND", try_bind},       {"GET", try_get},         {"LOOKUP", try_lookup},
	{"PREPARE", try_prepare}, {"ACCEPT", try_accept},   {"DELETE", try_delete},
	{"FINISH", try_finish},   {"SETTLED", try_settled}, {"LIST", try_list},
	{"STATUS", try_status},   {"HEAL", try_heal},       {"LEARN", try_learn},
	{"FORGET", try_forget},   {"FENCE", try_fence},     {"DIGEST", try_digest},
	{"RECALL", try_recall},   {"PIECE", try_piece},
};
enum { PROCEDURES = sizeof procedures / sizeof procedures[0] };

/* As this user, or as nobody. */
static struct call *connect_as(struct walk *walk, const char *user)
{
	struct call *call;
	SSL_CTX *tls;

	if (user) {
		identity_wipe(&walk->identity);
		call = login_fixture_open(&walk->cluster, walk->server, user,
					  &walk->identity, why, sizeof why);
	} else {
		tls = tls_for_client(walk->cluster.ca, why, sizeof why);
		call = call_open(
			&walk->cluster, walk->server, tls,
			&(struct one_try){clock_now_ms() + LIMIT_MS, why, sizeof why});
		SSL_CTX_free(tls);
	}
	if (!call)
		fail(user ? user : "nobody");
	return call;
}

/* What the connection at hand is told of the path. */
static void look(struct walk *walk, const char *path, struct known *ret,
		 dfs_ticket *ret_ticket)
{
	char copy[64];
	dfs_path one = wire_path(path, copy);
	const dfs_paths args = {.paths = {1, &one}};
	const dfs_looked *item;
	const dfs_accepted *accepted;
	dfs_lookup_res res;

	memset(ret, 0, sizeof *ret);
	if (!say(walk, DFS_LOOKUP, &args, &res) || res.status != DFS_OK)
		fail(path);
	walk->seen = res.dfs_lookup_res_u.ok.seen;
	item = &res.dfs_lookup_res_u.ok.items.items_val[0];
	accepted = &item->dfs_looked_u.reg.dfs_register_u.accepted;
	ret->status = item->status;
	ret->known = item->status == DFS_OK && item->dfs_looked_u.reg.known;
	if (ret->known) {
		ret->ballot = accepted->ballot;
		if (ret_ticket)
			*ret_ticket = accepted->ticket;
		if (!value_copy(&accepted->value, &ret->value))
			fail("memory");
	}
	call_free_result((xdrproc_t)xdr_dfs_lookup_res, &res);
}

/* What all paths are, as admin sees them. */
static void look_at_all(struct walk *walk, struct known all[PLACES], dfs_status_ok *ret)
{
	dfs_status_res res;

	walk->call = connect_as(walk, "admin");
	for (size_t i = 0; i < PLACES; i++)
		look(walk, places[i].path, &all[i], NULL);
	say_status(walk, &res);
	if (res.status != DFS_OK)
		fail("STATUS");
	*ret = res.dfs_status_res_u.ok;
	call_free_result((xdrproc_t)xdr_dfs_status_res, &res);
	call_close(walk->call);
}

static bool is_same(const struct known *a, const struct known *b)
{
	static uint8_t left[DFS_VALUE_MAX], right[DFS_VALUE_MAX];
	size_t len;

	if (a->status != b->status || a->known != b->known)
		return false;
	if (!a->known)
		return true;
	len = value_pack(&a->value, left, sizeof left);
	return ballot_compare(&a->ballot, &b->ballot) == 0 &&
	       value_pack(&b->value, right, sizeof right) == len &&
	       memcmp(left, right, len) == 0;
}

static void compare(struct walk *walk, struct known before[PLACES],
		    struct known after[PLACES], const dfs_status_ok *was,
		    const dfs_status_ok *is)
{
	walk->procedure = "afterwards";
	walk->user = "admin";
	walk->checks += PLACES + 1;
	for (size_t i = 0; i < PLACES; i++) {
		walk->path = places[i].path;
		if (!is_same(&before[i], &after[i]))
			is_wrong(walk, "changed");
		value_free(&before[i].value);
		value_free(&after[i].value);
	}
	if (was->files != is->files || was->tombstones != is->tombstones ||
	    was->objects != is->objects || was->seen.counter != is->seen.counter ||
	    was->seen.epoch != is->seen.epoch)
		is_wrong(walk, "files, tombstones, objects or what it has seen changed");
}

static void walk_server(struct walk *walk)
{
	static struct known before[PLACES], after[PLACES];
	struct known file;
	dfs_id maker;
	dfs_status_ok was, is;

	look_at_all(walk, before, &was);
	walk->call = connect_as(walk, "tester");
	look(walk, "/tester/private", &file, &walk->owners);
	call_close(walk->call);
	if (!file.known)
		fail("/tester/private is not there");
	walk->file = file.value;
	if (!manifest_token(&walk->identity, &file.value.operation, &walk->token) ||
	    !object_maker(&walk->token, &maker) ||
	    !id_equal(&maker, &file.value.body.dfs_body_u.manifest.content.maker))
		fail("/tester/private is not what was put");
	for (size_t i = 0; i < PLACES; i++) {
		walk->user = places[i].user;
		walk->path = places[i].path;
		walk->rights = places[i].rights;
		walk->here = before[i];
		walk->call = connect_as(walk, walk->user);
		for (size_t j = 0; j < PROCEDURES; j++) {
			walk->procedure = procedures[j].name;
			procedures[j].try(walk);
		}
		call_close(walk->call);
	}
	look_at_all(walk, after, &is);
	compare(walk, before, after, &was, &is);
	value_free(&walk->file);
}

int main(int argc, char **argv)
{
	static struct walk walk;

	if (argc == 2 && strcmp(argv[1], "procedures") == 0) {
		for (size_t i = 0; i < PROCEDURES; i++)
			printf("%s\n", procedures[i].name);
		return 0;
	}
	(void)snprintf(why, sizeof why, "see the head of permissions.c");
	if (argc != 2 || !cluster_read(argv[1], &walk.cluster, why, sizeof why))
		fail("usage");
	for (walk.server = 1; walk.server <= DFS_SERVERS; walk.server++)
		walk_server(&walk);
	printf("%u checks\n", walk.checks);
	return walk.wrong == 0 ? 0 : 1;
}
