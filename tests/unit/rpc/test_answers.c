/*
 * rpc/answers: of every procedure an answer as servers give it is taken, and with each of
 * its rules broken in turn it is not.
 */
#include "answers.h"

#include "placement.h"
#include "procedures.h"
#include "store_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVER = 3, COUNTER = 7 };

/* ---- saying what is expected ------------------------------------------------------- */

static const char *judge(uint32_t procedure, const void *args, const void *res)
{
	return answers_check(&(struct answers_call){procedure, SERVER, args, res});
}

static void expect_good(const char *wrong)
{
	if (wrong)
		fail_msg("a good answer is refused: %s", wrong);
}

/* One rule is broken, and that one is named. */
static void expect_wrong(const char *wrong, const char *rule)
{
	if (!wrong)
		fail_msg("an answer is taken with %s", rule);
	if (!strstr(wrong, rule))
		fail_msg("\"%s\" is said of an answer with \"%s\"", wrong, rule);
}

static dfs_path path_of(char *text)
{
	return (dfs_path){(u_int)strlen(text), text};
}

/*
 * A result that is nothing but a status, or ends with it: which statuses may it have?
 * Bit n of allowed for status n.
 */
static void expect_statuses(uint32_t procedure, const void *args, unsigned allowed)
{
	_Alignas(max_align_t) unsigned char res[2048];

	assert_true(procedures_find(procedure)->result_size <= sizeof res);
	for (int status = -1; status <= DFS_UNBROUGHT + 2; status++) {
		const char *wrong;

		if (status == DFS_OK)
			continue;
		memset(res, 0, sizeof res);
		memcpy(res, &status, sizeof status);
		wrong = judge(procedure, args, res);
		if (status > 0 && allowed >> status & 1)
			expect_good(wrong);
		else
			expect_wrong(wrong, "a status that is no answer");
	}
}

#define BIT(status) (1U << (status))
#define CALLER                                                                           \
	(BIT(DFS_DENIED) | BIT(DFS_UNCHECKED) | BIT(DFS_INVALID) | BIT(DFS_BUSY) |       \
	 BIT(DFS_RECOVERING))
#define READ (BIT(DFS_DAMAGED) | BIT(DFS_UNKNOWN) | BIT(DFS_IO))
#define WRITTEN (READ | BIT(DFS_NOSPACE))

/* ---- every procedure --------------------------------------------------------------- */

static void test_8_10_every_procedure_is_checked(void **state)
{
	static const struct {
		uint32_t procedure;
		unsigned allowed;
	} wholes[] = {
		{DFS_HELLO, CALLER},
		{DFS_LOGIN, CALLER},
		{DFS_PUT, CALLER | WRITTEN | BIT(DFS_OVER_QUOTA)},
		{DFS_BIND, CALLER | WRITTEN},
		{DFS_GET, CALLER},
		{DFS_PIECE, CALLER | READ | BIT(DFS_NODATA) | BIT(DFS_UNBROUGHT)},
		{DFS_LOOKUP, CALLER},
		{DFS_PREPARE, CALLER | WRITTEN},
		{DFS_ACCEPT, CALLER | WRITTEN},
		{DFS_DELETE, CALLER | WRITTEN},
		{DFS_FINISH, CALLER},
		{DFS_SETTLED, CALLER},
		{DFS_LIST, CALLER},
		{DFS_STATUS, CALLER},
		{DFS_HEAL, CALLER},
		{DFS_LEARN, CALLER | WRITTEN},
		{DFS_FORGET, CALLER | WRITTEN},
		{DFS_FENCE, CALLER | READ},
		{DFS_DIGEST, CALLER | READ},
		{DFS_RECALL, CALLER},
	};
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++)
		expect_statuses(wholes[i].procedure, NULL, wholes[i].allowed);
	for (uint32_t number = 0; number < 100; number++)
		found += procedures_find(number) != NULL;
	assert_int_equal(found, sizeof wholes / sizeof wholes[0]);
	/* One that nobody has thought of is not taken. */
	expect_wrong(judge(99, NULL, &(dfs_heal_res){DFS_OK}), "nothing is known of");
	/* Those that answer with a status alone. */
	expect_good(judge(DFS_PUT, NULL, &(dfs_put_res){DFS_OK}));
	expect_good(judge(DFS_SETTLED, NULL, &(dfs_settled_res){DFS_OK}));
	expect_good(judge(DFS_FORGET, NULL, &(dfs_settled_res){DFS_OK}));
	expect_good(judge(DFS_HEAL, NULL, &(dfs_heal_res){DFS_OK}));
}

/* ---- HELLO, LOGIN, STATUS, RECALL -------------------------------------------------- */

static void test_8_10_hello(void **state)
{
	dfs_hello_res res = {.status = DFS_OK};
	dfs_hello_ok *ok = &res.dfs_hello_res_u.ok;

	(void)state;
	*ok = (dfs_hello_ok){.server = SERVER,
			     .state = DFS_STATE_VOTING,
			     .software = {3, (char[]){"1.0"}}};
	expect_good(judge(DFS_HELLO, NULL, &res));
	/* Of another server the links have a sentence of their own. */
	ok->server = 4;
	expect_good(judge(DFS_HELLO, NULL, &res));
	ok->server = 0;
	expect_wrong(judge(DFS_HELLO, NULL, &res), "a number that no server has");
	ok->server = 5;
	expect_wrong(judge(DFS_HELLO, NULL, &res), "a number that no server has");
	ok->server = SERVER;
	ok->state = 0;
	expect_wrong(judge(DFS_HELLO, NULL, &res), "a state that there is not");
	ok->state = DFS_STATE_STARTING + 1;
	expect_wrong(judge(DFS_HELLO, NULL, &res), "a state that there is not");
	ok->state = DFS_STATE_STARTING;
	ok->software.dfs_text_val = (char[]){"1\n0"};
	expect_wrong(judge(DFS_HELLO, NULL, &res), "control characters");
	ok->software.dfs_text_val = (char[]){"1\0000"};
	expect_wrong(judge(DFS_HELLO, NULL, &res), "control characters");
	ok->software.dfs_text_val = (char[]){"1\xc2\x9b"}; /* U+009B, for terminals */
	expect_wrong(judge(DFS_HELLO, NULL, &res), "control characters");
}

static void test_8_10_login(void **state)
{
	dfs_login_args args = {.how.kind = DFS_LOGIN_ASK};
	dfs_login_res res = {.status = DFS_OK};

	(void)state;
	res.dfs_login_res_u.answer.kind = DFS_LOGIN_ASK;
	expect_good(judge(DFS_LOGIN, &args, &res));
	for (int kind = DFS_LOGIN_PASSWORD; kind <= DFS_LOGIN_SESSION + 1; kind++) {
		res.dfs_login_res_u.answer.kind = (dfs_login_kind)kind;
		expect_wrong(judge(DFS_LOGIN, &args, &res), "another kind of log-in");
	}
	args.how.kind = DFS_LOGIN_SESSION;
	res.dfs_login_res_u.answer.kind = DFS_LOGIN_SESSION;
	expect_good(judge(DFS_LOGIN, &args, &res));
}

static void test_8_10_status(void **state)
{
	dfs_kept kept = {.holders = 0xffff, .full = 4};
	dfs_status_res res = {.status = DFS_OK};
	dfs_status_ok *ok = &res.dfs_status_res_u.ok;
	dfs_text *texts[] = {&ok->why, &ok->software, &ok->to_heal.doing};
	char lines[] = "up\r\n.", letter[] = "up \xc3\xa4";

	(void)state;
	ok->server = SERVER;
	ok->state = DFS_STATE_RECOVERING;
	ok->kept.kept_len = 1;
	ok->kept.kept_val = &kept;
	expect_good(judge(DFS_STATUS, NULL, &res));
	ok->server = SERVER + 1;
	expect_wrong(judge(DFS_STATUS, NULL, &res), "what another server is to say");
	ok->server = SERVER;
	ok->state = 9;
	expect_wrong(judge(DFS_STATUS, NULL, &res), "a state that there is not");
	ok->state = DFS_STATE_VOTING;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		*texts[i] = (dfs_text){5, lines};
		expect_wrong(judge(DFS_STATUS, NULL, &res), "control characters");
		*texts[i] = (dfs_text){5, letter};
		expect_good(judge(DFS_STATUS, NULL, &res));
	}
	kept.holders = 0x10000;
	expect_wrong(judge(DFS_STATUS, NULL, &res), "counts of files that cannot be");
	kept.holders = 0;
	kept.full = 5;
	expect_wrong(judge(DFS_STATUS, NULL, &res), "counts of files that cannot be");
}

/* Whoever adds them up, of all servers, gets a number. */
static void test_8_10_counts_of_files(void **state)
{
	const uint64_t most = UINT64_C(1) << 48;
	dfs_kept kept[2] = {{.full = 4}, {.full = 4}};
	dfs_status_res res = {.status = DFS_OK};
	dfs_status_ok *ok = &res.dfs_status_res_u.ok;
	uint64_t *const pairs[][2] = {{&kept[0].files, &kept[1].files},
				      {&kept[0].owing[0], &kept[0].owing[15]},
				      {&kept[0].owing[3], &kept[1].owing[3]}};

	(void)state;
	ok->server = SERVER;
	ok->state = DFS_STATE_VOTING;
	ok->kept.kept_len = 2;
	ok->kept.kept_val = kept;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		*pairs[i][0] = most - 1;
		*pairs[i][1] = 1;
		expect_good(judge(DFS_STATUS, NULL, &res));
		*pairs[i][1] = 2;
		expect_wrong(judge(DFS_STATUS, NULL, &res),
			     "counts of files that cannot be");
		*pairs[i][1] = UINT64_MAX;
		expect_wrong(judge(DFS_STATUS, NULL, &res),
			     "counts of files that cannot be");
		*pairs[i][0] = *pairs[i][1] = 0;
	}
}

static void test_8_10_recall(void **state)
{
	dfs_recall_res res = {.status = DFS_OK};

	(void)state;
	res.dfs_recall_res_u.ok.state = DFS_STATE_STARTING;
	expect_good(judge(DFS_RECALL, NULL, &res));
	res.dfs_recall_res_u.ok.state = 4;
	expect_wrong(judge(DFS_RECALL, NULL, &res), "a state that there is not");
}

/* ---- items with a status: BIND, ACCEPT, DELETE, LEARN ------------------------------ */

/* count statuses in the answer to two questions. */
static const char *judge_items(uint32_t procedure, u_int count, dfs_status status)
{
	static const dfs_accept_args accept = {.items = {2, NULL}};
	static const dfs_bind_args bind = {.items = {2, NULL}};
	static const dfs_learn_args learn = {{2, NULL}};
	dfs_status items[3] = {DFS_OK, DFS_OK, DFS_OK};
	dfs_accept_res accepted = {.status = DFS_OK};
	dfs_bind_res bound = {.status = DFS_OK};
	dfs_learn_res learned = {.status = DFS_OK};

	items[count > 0 ? count - 1 : 0] = status;
	accepted.dfs_accept_res_u.ok.items.items_len = count;
	accepted.dfs_accept_res_u.ok.items.items_val = items;
	bound.dfs_bind_res_u.items.items_len = count;
	bound.dfs_bind_res_u.items.items_val = items;
	learned.dfs_learn_res_u.items.items_len = count;
	learned.dfs_learn_res_u.items.items_val = items;
	return procedure == DFS_BIND    ? judge(procedure, &bind, &bound)
	       : procedure == DFS_LEARN ? judge(procedure, &learn, &learned)
					: judge(procedure, &accept, &accepted);
}

static void test_8_10_items(void **state)
{
	static const uint32_t procedures[] = {DFS_BIND, DFS_ACCEPT, DFS_DELETE,
					      DFS_LEARN};

	(void)state;
	for (size_t i = 0; i < sizeof procedures / sizeof procedures[0]; i++) {
		uint32_t number = procedures[i];

		expect_good(judge_items(number, 2, DFS_REFUSED));
		/* The first of them only. */
		expect_good(judge_items(number, 1, DFS_OK));
		expect_wrong(judge_items(number, 3, DFS_OK), "more answers");
		expect_wrong(judge_items(number, 0, DFS_OK), "no answer to any");
		expect_wrong(judge_items(number, 2, DFS_UNBROUGHT + 1),
			     "a status that is no answer");
		expect_wrong(judge_items(number, 2, (dfs_status)-1),
			     "a status that is no answer");
	}
	expect_good(judge_items(DFS_ACCEPT, 2, DFS_NODATA));
	expect_wrong(judge_items(DFS_LEARN, 2, DFS_NODATA), "a status that is no answer");
}

/* ---- GET ------------------------------------------------------------------------- */

static void test_8_10_get(void **state)
{
	dfs_get_args args = {.wants = {5, NULL}};
	dfs_got items[6];
	dfs_get_res res = {.status = DFS_OK, .dfs_get_res_u.items = {4, items}};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		items[i] = (dfs_got){DFS_OK, {.data = {DFS_UNIT_MAX, NULL}}};
	expect_good(judge(DFS_GET, &args, &res));
	items[3].status = DFS_UNKNOWN;
	expect_good(judge(DFS_GET, &args, &res));
	items[3].status = DFS_NOSPACE;
	expect_wrong(judge(DFS_GET, &args, &res), "a status that is no answer");
	items[3].status = DFS_OK;
	res.dfs_get_res_u.items.items_len = 5;
	expect_wrong(judge(DFS_GET, &args, &res), "more content");
	items[4].dfs_got_u.data.len = 0;
	expect_good(judge(DFS_GET, &args, &res));
	items[5].dfs_got_u.data.len = 0;
	res.dfs_get_res_u.items.items_len = 6;
	expect_wrong(judge(DFS_GET, &args, &res), "more answers");
	res.dfs_get_res_u.items.items_len = 0;
	expect_wrong(judge(DFS_GET, &args, &res), "no answer to any");
	args.wants.wants_len = 0;
	expect_good(judge(DFS_GET, &args, &res));
}

/* Leaves of 32 bytes each; whether they prove is seen by who knows the root. */
static void test_8_10_piece(void **state)
{
	static const struct {
		uint32_t len;
		bool good;
	} pieces[] = {
		{0, false},
		{DFS_KEY_LEN - 1, false},
		{DFS_KEY_LEN, true},
		{DFS_KEY_LEN + 1, false},
		{5 * DFS_KEY_LEN, true},
		{DFS_PIECE_LEAVES * DFS_KEY_LEN, true},
		{(DFS_PIECE_LEAVES + 1) * DFS_KEY_LEN, false},
	};
	dfs_piece_res res = {.status = DFS_OK};

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		const char *wrong;

		res.dfs_piece_res_u.piece.leaves.len = pieces[i].len;
		wrong = judge(DFS_PIECE, NULL, &res);
		if (pieces[i].good)
			expect_good(wrong);
		else
			expect_wrong(wrong, "a piece of a tree that cannot be");
	}
}

/* ---- registers: LOOKUP, FINISH, PREPARE -------------------------------------------- */

static char asked_path[] = "/tester/a/b";

/* A file of "tester", accepted; freed with value_free. */
static dfs_accepted accepted_file(void)
{
	const struct value_fixture_file file = {
		.owner = "tester", .size = 100000, .object = 5, .counter = COUNTER};

	return (dfs_accepted){.ballot = store_fixture_ballot(COUNTER),
			      .settled = true,
			      .value = value_fixture_file(&file)};
}

/* Judges it as a register in the answer of a procedure to asked_path. */
static const char *judge_register(uint32_t procedure, const dfs_accepted *accepted)
{
	dfs_path paths[] = {path_of(asked_path)};
	const dfs_paths looked_for = {.paths = {1, paths}};
	dfs_prepare_item item = {.path = paths[0]};
	const dfs_prepare_args prepare = {.items = {1, &item}};
	dfs_looked looked = {.status = DFS_OK};
	dfs_promise promise = {.status = DFS_OK};
	dfs_lookup_res lookup_res = {.status = DFS_OK};
	dfs_finish_res finish_res = {.status = DFS_OK};
	dfs_prepare_res prepare_res = {.status = DFS_OK};
	dfs_register reg = {.known = accepted != NULL};

	if (accepted)
		reg.dfs_register_u.accepted = *accepted;
	looked.dfs_looked_u.reg = promise.dfs_promise_u.promised.reg = reg;
	lookup_res.dfs_lookup_res_u.ok.items.items_len = 1;
	lookup_res.dfs_lookup_res_u.ok.items.items_val = &looked;
	finish_res.dfs_finish_res_u.items.items_len = 1;
	finish_res.dfs_finish_res_u.items.items_val = &looked;
	prepare_res.dfs_prepare_res_u.ok.items.items_len = 1;
	prepare_res.dfs_prepare_res_u.ok.items.items_val = &promise;
	return procedure == DFS_LOOKUP   ? judge(procedure, &looked_for, &lookup_res)
	       : procedure == DFS_FINISH ? judge(procedure, &looked_for, &finish_res)
					 : judge(procedure, &prepare, &prepare_res);
}

static void test_8_10_registers(void **state)
{
	static const uint32_t procedures[] = {DFS_LOOKUP, DFS_FINISH, DFS_PREPARE};
	dfs_accepted accepted = accepted_file();
	dfs_content *content = &accepted.value.body.dfs_body_u.manifest.content;
	const uint32_t unit_size = content->unit_size;

	(void)state;
	for (size_t i = 0; i < sizeof procedures / sizeof procedures[0]; i++) {
		uint32_t number = procedures[i];

		expect_good(judge_register(number, NULL));
		expect_good(judge_register(number, &accepted));
		/* The heap of the client was as long as another unit size. */
		content->unit_size = 1048576;
		expect_wrong(judge_register(number, &accepted), "a unit size");
		content->unit_size = 0;
		expect_wrong(judge_register(number, &accepted), "a unit size");
		content->unit_size = unit_size;
		accepted.ballot.counter = 0;
		expect_wrong(judge_register(number, &accepted), "at no ballot");
		accepted.ballot = store_fixture_ballot(COUNTER);
		memset(&accepted.ballot.proposer, 0, sizeof accepted.ballot.proposer);
		expect_wrong(judge_register(number, &accepted), "at no ballot");
		accepted.ballot = store_fixture_ballot(COUNTER);
		/* A value that may stand elsewhere, but not here. */
		asked_path[1] = 'x';
		expect_wrong(judge_register(number, &accepted), "an owner whose folder");
		asked_path[1] = 't';
	}
	value_free(&accepted.value);
}

static void test_8_10_looked(void **state)
{
	dfs_path paths[] = {path_of(asked_path), path_of(asked_path)};
	const dfs_paths args = {.paths = {2, paths}};
	dfs_looked items[3] = {{.status = DFS_OK}, {.status = DFS_DAMAGED}};
	dfs_lookup_res res = {.status = DFS_OK};
	dfs_finish_res finished = {.status = DFS_OK};
	u_int *count = &res.dfs_lookup_res_u.ok.items.items_len;

	(void)state;
	res.dfs_lookup_res_u.ok.items.items_val = items;
	finished.dfs_finish_res_u.items.items_val = items;
	finished.dfs_finish_res_u.items.items_len = *count = 2;
	expect_good(judge(DFS_LOOKUP, &args, &res));
	expect_wrong(judge(DFS_FINISH, &args, &finished), "a status that is no answer");
	items[1].status = DFS_REFUSED;
	expect_wrong(judge(DFS_LOOKUP, &args, &res), "a status that is no answer");
	items[1].status = DFS_UNCHECKED;
	expect_good(judge(DFS_FINISH, &args, &finished));
	for (u_int n = 0; n <= 3; n += 3) {
		finished.dfs_finish_res_u.items.items_len = *count = n;
		expect_wrong(judge(DFS_LOOKUP, &args, &res),
			     n ? "more answers" : "no answer to any");
		expect_wrong(judge(DFS_FINISH, &args, &finished),
			     n ? "more answers" : "no answer to any");
	}
}

static void test_8_10_promises(void **state)
{
	dfs_prepare_item asked = {.path = path_of(asked_path), .creates = true};
	const dfs_prepare_args args = {.items = {1, &asked}};
	dfs_promise items[2] = {{.status = DFS_OK}, {.status = DFS_OK}};
	dfs_promised *promised = &items[0].dfs_promise_u.promised;
	dfs_prepare_res res = {.status = DFS_OK};
	static char above[] = "/tester/a", below[] = "/tester/a/b/c/d",
		    beside[] = "/tester/a/c", alike[] = "/tester/a/bc",
		    never[] = "/tester/a/b//";
	static const struct {
		char *path;
		const char *rule;
	} blockers[] = {{above, NULL},
			{below, NULL},
			{beside, "not in the file's way"},
			{alike, "not in the file's way"},
			{asked_path, "not in the file's way"},
			{never, "a path that no file can have"}};

	(void)state;
	res.dfs_prepare_res_u.ok.items.items_len = 1;
	res.dfs_prepare_res_u.ok.items.items_val = items;
	for (size_t i = 0; i < sizeof blockers / sizeof blockers[0]; i++) {
		promised->blocker = path_of(blockers[i].path);
		if (blockers[i].rule)
			expect_wrong(judge(DFS_PREPARE, &args, &res), blockers[i].rule);
		else
			expect_good(judge(DFS_PREPARE, &args, &res));
	}
	promised->blocker = path_of(above);
	asked.creates = false;
	expect_wrong(judge(DFS_PREPARE, &args, &res), "in the way of nothing new");
	promised->blocker.dfs_path_len = 0;
	promised->staged = DFS_NODATA;
	expect_good(judge(DFS_PREPARE, &args, &res));
	promised->staged = DFS_REFUSED;
	expect_wrong(judge(DFS_PREPARE, &args, &res), "a status that is no answer");
	promised->staged = DFS_OK;
	items[0].status = DFS_NODATA;
	expect_wrong(judge(DFS_PREPARE, &args, &res), "a status that is no answer");
	items[0].status = DFS_REFUSED;
	expect_good(judge(DFS_PREPARE, &args, &res));
	res.dfs_prepare_res_u.ok.items.items_len = 2;
	expect_wrong(judge(DFS_PREPARE, &args, &res), "more answers");
	res.dfs_prepare_res_u.ok.items.items_len = 0;
	expect_wrong(judge(DFS_PREPARE, &args, &res), "no answer to any");
}

/* ---- LIST ------------------------------------------------------------------------ */

enum { ENTRIES = 4 };

struct page {
	dfs_list_args args;
	dfs_list_entry entries[ENTRIES];
	dfs_list_res res;
	dfs_list_ok *ok;
};

static dfs_cursor cursor_of(char *text)
{
	return (dfs_cursor){(u_int)strlen(text), text};
}

/* A folder is one because something lies below it. */
static dfs_list_entry entry_of(char *path, dfs_kind kind)
{
	return (dfs_list_entry){.path = path_of(path),
				.kind = kind,
				.ballot = kind == DFS_FOLDER
						  ? (dfs_ballot){0}
						  : store_fixture_ballot(COUNTER),
				.full = DFS_SERVERS};
}

/* One that was made, and has a register. */
static dfs_list_entry folder_of(char *path)
{
	dfs_list_entry entry = entry_of(path, DFS_FILE);

	entry.kind = DFS_FOLDER;
	return entry;
}

/*
 * What is below "/tester/": a file, a tombstone below a folder and then that folder, and
 * another file; from the cursor on, and with more to come.  What a cursor says only the
 * server knows that told it.
 */
static void make_page(struct page *page)
{
	static char folder[] = "/tester/", after[] = "\x01\xff one",
		    next[] = "\x01\xff two", file[] = "/tester/a", gone[] = "/tester/b/c",
		    below[] = "/tester/b", last[] = "/tester/b0";

	memset(page, 0, sizeof *page);
	page->args = (dfs_list_args){
		.folder = path_of(folder), .after = cursor_of(after), .max = ENTRIES};
	page->entries[0] = entry_of(file, DFS_FILE);
	page->entries[1] = entry_of(gone, DFS_TOMBSTONE);
	page->entries[2] = entry_of(below, DFS_FOLDER);
	memset(&page->entries[2].ballot, 0, sizeof page->entries[2].ballot);
	page->entries[3] = entry_of(last, DFS_FILE);
	page->ok = &page->res.dfs_list_res_u.ok;
	page->ok->more = true;
	page->ok->next = cursor_of(next);
	page->ok->entries.entries_len = ENTRIES;
	page->ok->entries.entries_val = page->entries;
}

static const char *judge_page(const struct page *page)
{
	return judge(DFS_LIST, &page->args, &page->res);
}

static void test_8_10_a_page_of_a_listing(void **state)
{
	struct page page;

	(void)state;
	make_page(&page);
	expect_good(judge_page(&page));
	page.args.max = ENTRIES - 1;
	expect_wrong(judge_page(&page), "more listing entries than were asked for");
	/* Order: each above the one before. */
	make_page(&page);
	page.entries[3].path = path_of((char[]){"/tester/b/d"});
	page.entries[3].kind = DFS_TOMBSTONE;
	expect_wrong(judge_page(&page), "not in order");
	make_page(&page);
	page.entries[1] = page.entries[0];
	expect_wrong(judge_page(&page), "not in order");
	/* What is below a folder stands before it, so after it none of that comes. */
	make_page(&page);
	page.entries[3] = entry_of((char[]){"/tester/b/z"}, DFS_TOMBSTONE);
	expect_wrong(judge_page(&page), "not in order");
}

/* A cursor exactly when there is more; the order over pages is for who asks for them. */
static void test_8_10_the_cursor_of_a_listing(void **state)
{
	struct page page;

	(void)state;
	make_page(&page);
	page.ok->next.dfs_cursor_len = 0;
	expect_wrong(judge_page(&page), "goes on nowhere");
	page.ok->more = false;
	expect_good(judge_page(&page));
	make_page(&page);
	page.ok->more = false;
	expect_wrong(judge_page(&page), "for more than there is");
	/* A page without entries has to lead on all the same. */
	make_page(&page);
	page.ok->entries.entries_len = 0;
	expect_good(judge_page(&page));
	page.ok->next.dfs_cursor_len = 0;
	expect_wrong(judge_page(&page), "goes on nowhere");
	/* One may be asked twice for the same, and any bytes are a cursor. */
	page.ok->next = page.args.after;
	expect_good(judge_page(&page));
}

static void test_8_10_the_entries_of_a_listing(void **state)
{
	static char empty[] = "", folder[] = "/tester/", other[] = "/other/a",
		    line[] = "/tester/a\n/tester/b", parts[] = "/tester/a//b",
		    deep[] = "/tester/a/b", dots[] = "/tester/..", child[] = "/tester/a";
	static const struct {
		char *path;
		dfs_kind kind;
		const char *rule;
	} entries[] = {
		{empty, DFS_FILE, "without a path"},
		{empty, DFS_FOLDER, "without a path"},
		{folder, DFS_FILE, "not below the folder"},
		{folder, DFS_FOLDER, "not below the folder"},
		{other, DFS_FILE, "not below the folder"},
		{line, DFS_FILE, "a path that cannot be"},
		{line, DFS_TOMBSTONE, "a path that cannot be"},
		{line, DFS_FOLDER, "a path that no folder can have"},
		{dots, DFS_FOLDER, "a path that no folder can have"},
		{parts, DFS_TOMBSTONE, "a path that cannot be"},
		{deep, DFS_FILE, "a file from further below"},
		{deep, DFS_FOLDER, "a folder from further below"},
		{deep, DFS_TOMBSTONE, NULL},
		{deep, DFS_ACCOUNT, "of another kind than its path"},
		{deep, DFS_CREDENTIALS, "of another kind than its path"},
		{deep, 0, "of another kind than its path"},
		{deep, DFS_LINK, "a file from further below"},
		{deep, DFS_LINK + 1, "of another kind than its path"},
	};
	struct page page;

	(void)state;
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		make_page(&page);
		page.ok->entries.entries_len = 1;
		page.entries[0] = entry_of(entries[i].path, entries[i].kind);
		if (entries[i].rule)
			expect_wrong(judge_page(&page), entries[i].rule);
		else
			expect_good(judge_page(&page));
	}
	/* Recursive there are files from everywhere, and no folders. */
	make_page(&page);
	page.args.recursive = true;
	expect_wrong(judge_page(&page), "a folder where only files");
	page.ok->entries.entries_len = 1;
	page.entries[0] = entry_of(deep, DFS_FILE);
	expect_good(judge_page(&page));
	page.entries[0] = entry_of(deep, DFS_LINK);
	expect_good(judge_page(&page));
	page.entries[0] = folder_of(deep);
	expect_good(judge_page(&page));
	/* Folders that were made stand where files do, before what is below them. */
	make_page(&page);
	page.ok->entries.entries_len = 1;
	page.entries[0] = folder_of(deep);
	expect_wrong(judge_page(&page), "a file from further below");
	page.entries[0] = folder_of(line);
	expect_wrong(judge_page(&page), "a path that cannot be");
	page.ok->entries.entries_len = 2;
	page.entries[0] = folder_of(child);
	page.entries[1] = entry_of(child, DFS_FOLDER);
	expect_good(judge_page(&page));
	page.entries[0] = entry_of(child, DFS_FOLDER);
	page.entries[1] = folder_of(child);
	expect_wrong(judge_page(&page), "order");
}

static void test_8_10_numbers_of_a_listing_entry(void **state)
{
	struct page page;

	(void)state;
	make_page(&page);
	page.entries[0].holders = 0xffff;
	page.entries[0].missing = CHUNKS_ALL;
	expect_good(judge_page(&page));
	page.entries[0].holders = 0x10000;
	expect_wrong(judge_page(&page), "chunks that there are not");
	make_page(&page);
	page.entries[1].full = 5;
	expect_wrong(judge_page(&page), "chunks that there are not");
	make_page(&page);
	page.entries[2].missing = 0x10;
	expect_wrong(judge_page(&page), "chunks that there are not");
	make_page(&page);
	page.entries[3].ballot.counter = 0;
	expect_wrong(judge_page(&page), "at no ballot");
}

static void test_8_10_values_in_a_listing(void **state)
{
	dfs_accepted accepted = accepted_file();
	dfs_value tombstone = value_fixture_tombstone(COUNTER);
	struct page page;

	(void)state;
	make_page(&page);
	page.entries[0].value = &accepted.value;
	expect_wrong(judge_page(&page), "a value that was not asked for");
	page.args.detail = true;
	expect_good(judge_page(&page));
	accepted.value.body.dfs_body_u.manifest.content.unit_size++;
	expect_wrong(judge_page(&page), "a unit size");
	page.entries[0].value = &tombstone;
	expect_wrong(judge_page(&page), "of another kind than its value");
	page.entries[0].value = NULL;
	page.entries[2].value = &tombstone;
	expect_wrong(judge_page(&page), "a folder with a value");
	value_free(&accepted.value);
	value_free(&tombstone);
}

/* Only there may accounts stand; a folder of the root is a user's or /shared/. */
static void test_8_10_listings_of_accounts_and_of_the_root(void **state)
{
	static char accounts[] = "/@accounts/", account[] = "/@accounts/tester",
		    root[] = "/", user[] = "/tester", odd[] = "/@accounts";
	struct page page;

	(void)state;
	make_page(&page);
	page.args.folder = path_of(accounts);
	page.args.after.dfs_cursor_len = 0;
	page.ok->more = false;
	page.ok->next.dfs_cursor_len = 0;
	page.ok->entries.entries_len = 1;
	page.entries[0] = entry_of(account, DFS_LINK);
	expect_wrong(judge_page(&page), "of another kind than its path");
	page.entries[0] = entry_of(account, DFS_ACCOUNT);
	expect_good(judge_page(&page));
	page.entries[0].kind = DFS_FILE;
	expect_wrong(judge_page(&page), "of another kind than its path");
	page.args.folder = path_of(root);
	page.entries[0] = entry_of(user, DFS_FOLDER);
	expect_good(judge_page(&page));
	page.entries[0] = entry_of(odd, DFS_FOLDER);
	expect_wrong(judge_page(&page), "a path that no folder can have");
}

/* ---- FENCE, DIGEST ----------------------------------------------------------------- */

static char first[] = "/tester/b", second[] = "/tester/c", odd_path[] = "/tester/c\n";

static void test_8_10_fence(void **state)
{
	dfs_accepted accepted = accepted_file();
	const dfs_fence_args args = {.after = path_of((char[]){"/tester/a"})};
	dfs_handed handed[2] = {{.path = path_of(first), .ballot = accepted.ballot},
				{.path = path_of(second), .ballot = accepted.ballot}};
	dfs_fence_res res = {.status = DFS_OK};
	dfs_fence_ok *ok = &res.dfs_fence_res_u.ok;

	(void)state;
	ok->more = true;
	ok->registers.registers_len = 2;
	ok->registers.registers_val = handed;
	handed[1].value = &accepted.value;
	expect_good(judge(DFS_FENCE, &args, &res));
	accepted.value.body.dfs_body_u.manifest.content.row = 4;
	expect_wrong(judge(DFS_FENCE, &args, &res), "a row above 3");
	handed[1].value = NULL;
	handed[1].path = path_of(odd_path);
	expect_wrong(judge(DFS_FENCE, &args, &res), "a path that cannot be");
	handed[1].path = handed[0].path;
	expect_wrong(judge(DFS_FENCE, &args, &res), "not in order");
	handed[1].path = path_of(second);
	handed[0].path = args.after;
	expect_wrong(judge(DFS_FENCE, &args, &res), "not in order");
	handed[0].path = path_of(first);
	handed[0].ballot.counter = 0;
	expect_wrong(judge(DFS_FENCE, &args, &res), "at no ballot");
	ok->registers.registers_len = 0;
	expect_wrong(judge(DFS_FENCE, &args, &res), "a page without registers");
	ok->more = false;
	expect_good(judge(DFS_FENCE, &args, &res));
	value_free(&accepted.value);
}

static void test_8_10_digest(void **state)
{
	dfs_digest_args args = {.from = path_of((char[]){"/tester/b"}),
				.to = path_of((char[]){"/tester/d"}),
				.entries = 2};
	const dfs_ballot ballot = store_fixture_ballot(COUNTER);
	dfs_digest_entry entries[3] = {{.path = path_of(first), .ballot = ballot},
				       {.path = path_of(second), .ballot = ballot}};
	dfs_digest_res res = {.status = DFS_OK};
	dfs_digest_ok *ok = &res.dfs_digest_res_u.ok;

	(void)state;
	ok->more = true;
	ok->entries.entries_len = 2;
	ok->entries.entries_val = entries;
	expect_good(judge(DFS_DIGEST, &args, &res));
	args.entries = 1;
	expect_wrong(judge(DFS_DIGEST, &args, &res), "more registers than");
	args.entries = 2;
	entries[1].path = path_of(odd_path);
	expect_wrong(judge(DFS_DIGEST, &args, &res), "a path that cannot be");
	entries[1].path = args.to;
	expect_wrong(judge(DFS_DIGEST, &args, &res), "not in the range");
	args.to.dfs_path_len = 0;
	expect_good(judge(DFS_DIGEST, &args, &res));
	entries[1].path = path_of(first);
	expect_wrong(judge(DFS_DIGEST, &args, &res), "not in order");
	entries[1].path = path_of(second);
	args.from = path_of((char[]){"/tester/bb"});
	expect_wrong(judge(DFS_DIGEST, &args, &res), "not in order");
	args.from.dfs_path_len = 0;
	memset(&entries[1].ballot.proposer, 0, sizeof entries[1].ballot.proposer);
	expect_wrong(judge(DFS_DIGEST, &args, &res), "at no ballot");
	ok->entries.entries_len = 0;
	expect_wrong(judge(DFS_DIGEST, &args, &res), "a page without registers");
	ok->more = false;
	expect_good(judge(DFS_DIGEST, &args, &res));
	/* A digest alone. */
	args.entries = 0;
	expect_good(judge(DFS_DIGEST, &args, &res));
}

static void test_8_10_the_sentence(void **state)
{
	char why[200];

	(void)state;
	answers_why(3, "a listing entry without a path", why, sizeof why);
	assert_string_equal(
		why, "dfs3 answers wrongly: a listing entry without a path: left out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_8_10_every_procedure_is_checked),
		cmocka_unit_test(test_8_10_hello),
		cmocka_unit_test(test_8_10_login),
		cmocka_unit_test(test_8_10_status),
		cmocka_unit_test(test_8_10_counts_of_files),
		cmocka_unit_test(test_8_10_recall),
		cmocka_unit_test(test_8_10_items),
		cmocka_unit_test(test_8_10_get),
		cmocka_unit_test(test_8_10_piece),
		cmocka_unit_test(test_8_10_registers),
		cmocka_unit_test(test_8_10_looked),
		cmocka_unit_test(test_8_10_promises),
		cmocka_unit_test(test_8_10_a_page_of_a_listing),
		cmocka_unit_test(test_8_10_the_cursor_of_a_listing),
		cmocka_unit_test(test_8_10_the_entries_of_a_listing),
		cmocka_unit_test(test_8_10_numbers_of_a_listing_entry),
		cmocka_unit_test(test_8_10_values_in_a_listing),
		cmocka_unit_test(test_8_10_listings_of_accounts_and_of_the_root),
		cmocka_unit_test(test_8_10_fence),
		cmocka_unit_test(test_8_10_digest),
		cmocka_unit_test(test_8_10_the_sentence),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
