/*
 * Arguments of each procedure, decoded and run as the dispatcher does, on a real store.
 *
 * The input is a row of calls: who calls (a byte), the procedure (a byte), the length of
 * the arguments (two bytes) and these.  The store is a new one after each input that may
 * have changed it; the other servers say what this one has.  Whatever is stated is
 * signed.
 */
#include "fuzz.h"

#include "accounts.h"
#include "clock.h"
#include "dispatch.h"
#include "log.h"
#include "peers.h"
#include "placement.h"
#include "proof.h"
#include "secrets.h"
#include "store_fixture.h"
#include "stream_fixture.h"
#include "value.h"
#include "value_fixture.h"

/* Of the one server here. */
static struct secrets shared;

static const char server_secret[DFS_KEY_LEN + 1] = "the secret with which it signs..";

/* Of all four one; whatever is signed is signed (see Makefile). */
static const struct server_keys servers_keys = {.count = {1, 1, 1, 1}};

enum {
	SERVER = 2,
	CALLS = 8,
	OBJECT = 7,
	UNIT_LEN = 270,
	RESULT_MAX = DFS_RECORD_MAX - 24, /* behind the head of an answer */
};

static struct {
	struct store_fixture store;
	struct server_parts server;
	struct proof *proof;
	struct server_key *key;
	bool started, changed;
} world;

/* ---- in place of the other servers (see Makefile) ---------------------------------- */

struct peers_look;

bool __wrap_peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		       struct peers_register *ret);
bool __wrap_peers_look(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		       struct peers_look *ret);
void __wrap_peers_finish(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
			 dfs_looked *items);

/* Three that have the same as this one. */
bool __wrap_peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		       struct peers_register *ret)
{
	dfs_lookup_res res = {0};
	const dfs_lookup_ok *ok = &res.dfs_lookup_res_u.ok;

	(void)peers;
	(void)deadline_ms;
	memset(ret, 0, paths->paths.paths_len * sizeof *ret);
	acceptor_lookup(world.server.acceptor, paths, &res);
	for (u_int i = 0; res.status == DFS_OK && i < ok->items.items_len; i++) {
		dfs_looked *looked = &ok->items.items_val[i];

		if (looked->status != DFS_OK)
			continue;
		ret[i] = (struct peers_register){.answers = 3, .equal = 3};
		ret[i].reg = looked->dfs_looked_u.reg;
		memset(&looked->dfs_looked_u.reg, 0, sizeof looked->dfs_looked_u.reg);
		looked->status = DFS_BUSY;
	}
	xdr_free((xdrproc_t)xdr_dfs_lookup_res, (char *)&res);
	return true;
}

/* Nobody answers. */
bool __wrap_peers_look(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		       struct peers_look *ret)
{
	(void)peers;
	(void)paths;
	(void)deadline_ms;
	(void)ret;
	return false;
}

void __wrap_peers_finish(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
			 dfs_looked *items)
{
	struct peers_register told[DFS_BATCH_MAX];

	FUZZ_MUST(peers_read(peers, paths, deadline_ms, told));
	for (u_int i = 0; i < paths->paths.paths_len; i++) {
		items[i].status = told[i].answers == 3 ? DFS_OK : DFS_UNCHECKED;
		items[i].dfs_looked_u.reg = told[i].reg;
	}
}

/* ---- the server -------------------------------------------------------------------- */

static unsigned no_connections(void)
{
	return 0;
}

static struct accounts *new_accounts(void)
{
	static struct accounts_rules rules;

	rules = accounts_rules_default;
	rules.read = peers_read;
	rules.finish = peers_finish;
	rules.slowdown = (struct slowdown_rules){.free_tries = 1 << 20, .pairs = 16};
	const struct accounts_options options = {
		.server = SERVER, .secrets = &shared, .rules = &rules};
	struct accounts *accounts = accounts_new(&options);

	FUZZ_MUST(accounts);
	return accounts;
}

static void begin_with(const char *path, dfs_value take_value)
{
	FUZZ_MUST(value_fixture_accept(world.store.store, path, take_value,
				       STORE_CONFIRMED) == 0);
}

static dfs_value new_account(void)
{
	dfs_value value = value_fixture_account(1 << 20, 1);
	dfs_account *account = &value.body.dfs_body_u.account;

	account->number = account->key = account->signature.leaves = 1;
	return value;
}

static void start(void)
{
	const struct value_fixture_file file = {.owner = "ann",
						.reader = "bob",
						.size = 1000,
						.object = OBJECT,
						.counter = 5};

	world.store = (struct store_fixture){.store = NULL};
	store_fixture_rules(&world.store);
	world.store.rules.fsync_segments = world.store.rules.fsync_folder = false;
	store_fixture_start(&world.store);
	FUZZ_MUST(store_fixture_stage(world.store.store, "/ann/a", OBJECT, 5, UNIT_LEN) ==
		  0);
	begin_with("/ann/a", value_fixture_file(&file));
	begin_with("/@accounts/ann", new_account());
	begin_with("/@credentials/ann", value_fixture_credentials(1));
	/* From now on content has to prove itself. */
	world.store.rules.prove = true;
	store_fixture_reopen(&world.store);
	world.server = (struct server_parts){.number = SERVER,
					     .store = world.store.store,
					     .secrets = &shared,
					     .connections = no_connections};
	world.server.acceptor = acceptor_new(world.store.store, SERVER, NULL);
	world.proof =
		proof_new(world.store.store, &(dfs_key){"admin's key"}, &servers_keys);
	world.key = server_key_new(SERVER, 1, (const uint8_t *)server_secret);
	FUZZ_MUST(world.server.acceptor && world.proof && world.key);
	acceptor_set_proof(world.server.acceptor, world.proof);
	acceptor_set_key(world.server.acceptor, world.key);
	FUZZ_MUST(acceptor_vote(world.server.acceptor) == 0);
	world.started = true;
	world.changed = false;
}

static void end(void)
{
	if (!world.started)
		return;
	acceptor_free(world.server.acceptor);
	proof_free(world.proof);
	server_key_free(world.key);
	store_fixture_end(&world.store);
	world.started = false;
}

/* ---- calls ------------------------------------------------------------------------- */

static void become(struct caller *caller, uint8_t who)
{
	static const char *const users[] = {"", "ann", "bob", "admin"};

	caller->peer = who & 4 ? 3 : 0;
	caller->user[0] = '\0';
	if (caller->peer == 0)
		(void)strcpy(caller->user, users[who & 3]);
	/* As after a log-in that is fresh, so that nobody is asked again. */
	caller->looked_ms = clock_now_ms();
}

/* An answer can be sent, and an error is nothing but its status. */
static void check_answer(struct dispatch_call *call)
{
	static char wire[RESULT_MAX];
	XDR xdrs;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, wire, sizeof wire, XDR_ENCODE);
	FUZZ_MUST(call->types->result(&xdrs, call->res));
	FUZZ_MUST(dispatch_status(call) == DFS_OK || xdr_getpos(&xdrs) == 4);
}

static void run(struct caller *caller, const struct dispatch_row *row,
		const uint8_t *args, size_t len)
{
	struct dispatch_call call;
	XDR xdrs;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, fuzz_unconst(args), (u_int)len, XDR_DECODE);
	if (!dispatch_decode(&call, row, &xdrs))
		return;
	if (xdr_getpos(&xdrs) == len) {
		if (dispatch_judge(&call, caller))
			dispatch_run(&call, caller);
		check_answer(&call);
		if (dispatch_status(&call) == DFS_OK) {
			fuzz_took();
			world.changed |= row->writes;
		}
	}
	dispatch_free(&call, caller);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	struct caller caller = {.server = &world.server, .address = "an address"};

	if (!world.started) {
		static bool registered;

		log_start("fuzz", LOG_ERROR);
		if (!registered)
			FUZZ_MUST(atexit(end) == 0);
		registered = true;
		start();
	}
	stream_fixture_begin();
	world.server.accounts = new_accounts();
	caller.uploads = store_uploads_new(world.store.store);
	FUZZ_MUST(caller.uploads);
	for (unsigned i = 0; i < CALLS && input.left > 0; i++) {
		uint8_t who = fuzz_byte(&input), procedure = fuzz_byte(&input);
		const struct dispatch_row *row = dispatch_find(procedure);
		size_t args_len;
		const uint8_t *args = fuzz_bytes(&input, fuzz_short(&input), &args_len);
		/* A record is aligned, as memory is. */
		uint8_t *copy = malloc(args_len + 1);

		FUZZ_MUST(copy);
		memcpy(copy, args, args_len);
		become(&caller, who);
		if (row)
			run(&caller, row, copy, args_len);
		free(copy);
	}
	store_uploads_free(caller.uploads);
	caller_release(&caller);
	accounts_free(world.server.accounts);
	if (world.changed)
		end();
	return 0;
}
