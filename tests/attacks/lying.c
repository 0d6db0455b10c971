/*
 * dfsN, broken into: the server as it is, but for one lie in what it answers.  It is
 * linked so that its answers to some calls go through here; its number is the
 * last letter of the name that it is called by.
 *
 *	DFS_LIE="KIND [FOLDER]" dfsN ARG...
 *
 *	empty	a listing begins with an entry whose path is empty
 *	newline	a listing begins with an entry with a newline in its name
 *	above	a listing begins with an entry that lies above what is listed
 *	units	values in listings say that units have no length
 *	rows	values in listings say that the row is the tenth
 *	unproved  looked up, values are not as they were signed
 *	newest	the same, and newer than what the others have; also where it promises
 *	numbers	it is in the highest epoch, has seen the highest counter, and forgotten
 *		what is below; it hands over nothing to who recovers
 *	condemn	of each other server it remembers more than there was
 *	value	of the path in FOLDER/item it tells what is there, and its units are in
 *		FOLDER/unit.0 to .3 (broken_values.c)
 *	finish	what is to be finished is nothing, it says, and does nothing
 *	promised  what it promises on has a ballot just below what it promises
 */
#include "confirming.h"
#include "object.h"
#include "path.h"
#include "procs.h"
#include "server.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum lie {
	LIE_EMPTY,
	LIE_NEWLINE,
	LIE_ABOVE,
	LIE_UNITS,
	LIE_ROWS,
	LIE_UNPROVED,
	LIE_NEWEST,
	LIE_NUMBERS,
	LIE_CONDEMN,
	LIE_VALUE,
	LIE_FINISH,
	LIE_PROMISED,
	LIES
};

static const char *const names[LIES] = {"empty",   "newline",  "above",  "units",
					"rows",    "unproved", "newest", "numbers",
					"condemn", "value",    "finish", "promised"};

static enum lie lie;
static dfs_learn_item item; /* of LIE_VALUE */
static uint8_t units[DFS_SERVERS][DFS_UNIT_MAX];
static size_t lens[DFS_SERVERS];

void __real_procs_list(struct caller *caller, const dfs_list_args *args,
		       dfs_list_res *res);
void __real_procs_lookup(struct caller *caller, const dfs_paths *args,
			 dfs_lookup_res *res);
void __real_procs_get(struct caller *caller, const dfs_get_args *args, dfs_get_res *res);
void __wrap_procs_list(struct caller *caller, const dfs_list_args *args,
		       dfs_list_res *res);
void __real_procs_hello(struct caller *caller, const dfs_hello_args *args,
			dfs_hello_res *res);
void __real_procs_prepare(struct caller *caller, const dfs_prepare_args *args,
			  dfs_prepare_res *res);
void __real_procs_recall(struct caller *caller, const dfs_recall_args *args,
			 dfs_recall_res *res);
void __real_procs_fence(struct caller *caller, const dfs_fence_args *args,
			dfs_fence_res *res);
void __wrap_procs_hello(struct caller *caller, const dfs_hello_args *args,
			dfs_hello_res *res);
void __wrap_procs_prepare(struct caller *caller, const dfs_prepare_args *args,
			  dfs_prepare_res *res);
void __wrap_procs_recall(struct caller *caller, const dfs_recall_args *args,
			 dfs_recall_res *res);
void __wrap_procs_fence(struct caller *caller, const dfs_fence_args *args,
			dfs_fence_res *res);
void __wrap_procs_lookup(struct caller *caller, const dfs_paths *args,
			 dfs_lookup_res *res);
void __wrap_procs_get(struct caller *caller, const dfs_get_args *args, dfs_get_res *res);
void __real_procs_finish(struct caller *caller, const dfs_paths *args,
			 dfs_finish_res *res);
void __wrap_procs_finish(struct caller *caller, const dfs_paths *args,
			 dfs_finish_res *res);

bool __real_confirming_state(const dfs_prepare_args *args, const dfs_promise *items,
			     u_int count, dfs_key *ret_statements,
			     dfs_promise_told *ret_told);
bool __wrap_confirming_state(const dfs_prepare_args *args, const dfs_promise *items,
			     u_int count, dfs_key *ret_statements,
			     dfs_promise_told *ret_told);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "lying: %s\n", what);
	_exit(2);
}

/* ---- listings ------------------------------------------------------------------ */

/* Below the folder that is listed, and before all other names in it. */
static dfs_path first_name(const dfs_path *folder, const char *name)
{
	size_t len = folder->dfs_path_len + strlen(name);
	dfs_path ret = {(u_int)len, malloc(len + 1)};

	must(ret.dfs_path_val != NULL, "out of memory");
	(void)snprintf(ret.dfs_path_val, len + 1, "%.*s%s", (int)folder->dfs_path_len,
		       folder->dfs_path_val, name);
	return ret;
}

static void put_first(dfs_list_ok *ok, dfs_path take_path)
{
	u_int count = ok->entries.entries_len;
	dfs_list_entry *entries = calloc(count + 1, sizeof *entries);

	must(entries != NULL, "out of memory");
	if (count > 0)
		memcpy(entries + 1, ok->entries.entries_val, count * sizeof *entries);
	entries[0].path = take_path;
	entries[0].kind = DFS_FILE;
	entries[0].ballot.counter = 1;
	entries[0].settled = TRUE;
	free(ok->entries.entries_val);
	ok->entries.entries_val = entries;
	ok->entries.entries_len = count + 1;
}

static void change_values(dfs_list_ok *ok)
{
	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		dfs_value *value = ok->entries.entries_val[i].value;

		if (!value || value->body.kind != DFS_FILE)
			continue;
		/* The newest that there is, so that it is what is shown. */
		ok->entries.entries_val[i].ballot.counter += 1;
		if (lie == LIE_UNITS)
			value->body.dfs_body_u.manifest.content.unit_size = 0;
		else
			value->body.dfs_body_u.manifest.content.row = 9;
	}
}

void __wrap_procs_list(struct caller *caller, const dfs_list_args *args,
		       dfs_list_res *res)
{
	static char none[] = "";
	const dfs_path nothing = {0, none};
	dfs_list_ok *ok = &res->dfs_list_res_u.ok;

	__real_procs_list(caller, args, res);
	if (res->status != DFS_OK)
		return;
	if (lie == LIE_EMPTY)
		put_first(ok, first_name(&nothing, ""));
	else if (lie == LIE_NEWLINE)
		put_first(ok, first_name(&args->folder, "!\nforged"));
	else if (lie == LIE_ABOVE)
		put_first(ok, first_name(&args->folder, "../forged"));
	else if (lie == LIE_UNITS || lie == LIE_ROWS)
		change_values(ok);
}

/* ---- a value and its units ----------------------------------------------------- */

static void tell_value(dfs_looked *looked)
{
	dfs_accepted *accepted = &looked->dfs_looked_u.reg.dfs_register_u.accepted;

	if (looked->status == DFS_OK)
		xdr_free((xdrproc_t)xdr_dfs_register, (char *)&looked->dfs_looked_u.reg);
	memset(looked, 0, sizeof *looked);
	looked->status = DFS_OK;
	looked->dfs_looked_u.reg.known = TRUE;
	accepted->ballot = item.ballot;
	accepted->settled = TRUE;
	/* Of a value that is broken it may be none. */
	(void)object_of_content(&item.value.body.dfs_body_u.manifest.content,
				&accepted->ticket.object);
	accepted->ticket.ends = INT64_MAX;
	must(value_copy(&item.value, &accepted->value), "out of memory");
}

static void tell_unproved(dfs_register *reg)
{
	dfs_accepted *accepted = &reg->dfs_register_u.accepted;

	if (!reg->known || accepted->value.body.kind != DFS_FILE)
		return;
	accepted->value.body.dfs_body_u.manifest.content.modified ^= 1;
	if (lie == LIE_NEWEST)
		accepted->ballot.counter++;
}

/* ---- numbers ------------------------------------------------------------------- */

static const dfs_seen the_end = {UINT32_MAX - 1, UINT64_MAX - 1};

void __wrap_procs_hello(struct caller *caller, const dfs_hello_args *args,
			dfs_hello_res *res)
{
	__real_procs_hello(caller, args, res);
	if (lie == LIE_NUMBERS && res->status == DFS_OK)
		res->dfs_hello_res_u.ok.seen = the_end;
}

/* Higher than whatever was accepted, and as a promise of this ballot may tell it. */
static void tell_later(const dfs_ballot *ballot, dfs_promise *items, u_int count)
{
	for (u_int i = 0; i < count; i++) {
		dfs_register *reg = &items[i].dfs_promise_u.promised.reg;

		if (items[i].status != DFS_OK || !reg->known)
			continue;
		reg->dfs_register_u.accepted.ballot = *ballot;
		reg->dfs_register_u.accepted.ballot.counter--;
		memset(&reg->dfs_register_u.accepted.ballot.proposer, UINT8_MAX,
		       sizeof(dfs_id));
	}
}

/* It signs its lies. */
bool __wrap_confirming_state(const dfs_prepare_args *args, const dfs_promise *items,
			     u_int count, dfs_key *ret_statements,
			     dfs_promise_told *ret_told)
{
	dfs_promise *answer;

	memcpy(&answer, &items, sizeof answer); /* they are what is answered */
	if (lie == LIE_PROMISED)
		tell_later(&args->ballot, answer, count);
	return __real_confirming_state(args, items, count, ret_statements, ret_told);
}

void __wrap_procs_prepare(struct caller *caller, const dfs_prepare_args *args,
			  dfs_prepare_res *res)
{
	dfs_prepare_ok *ok = &res->dfs_prepare_res_u.ok;

	__real_procs_prepare(caller, args, res);
	if (res->status != DFS_OK)
		return;
	if (lie == LIE_NUMBERS)
		ok->seen = the_end;
	else if (lie == LIE_PROMISED && !args->sign)
		tell_later(&args->ballot, ok->items.items_val, ok->items.items_len);
	for (u_int i = 0; lie == LIE_NEWEST && i < ok->items.items_len; i++) {
		dfs_promise *promise = &ok->items.items_val[i];

		if (promise->status == DFS_OK)
			tell_unproved(&promise->dfs_promise_u.promised.reg);
	}
}

void __wrap_procs_recall(struct caller *caller, const dfs_recall_args *args,
			 dfs_recall_res *res)
{
	dfs_recall_ok *ok = &res->dfs_recall_res_u.ok;

	__real_procs_recall(caller, args, res);
	if (res->status != DFS_OK)
		return;
	if (lie == LIE_NUMBERS)
		ok->own.epoch = the_end.epoch;
	if (lie == LIE_CONDEMN && ok->remembered)
		ok->remembered->newest_segment += 1000000;
}

void __wrap_procs_fence(struct caller *caller, const dfs_fence_args *args,
			dfs_fence_res *res)
{
	dfs_fence_ok *ok = &res->dfs_fence_res_u.ok;

	__real_procs_fence(caller, args, res);
	if (lie != LIE_NUMBERS || res->status != DFS_OK)
		return;
	for (u_int i = 0; i < ok->registers.registers_len; i++)
		xdr_free((xdrproc_t)xdr_dfs_handed,
			 (char *)&ok->registers.registers_val[i]);
	ok->registers.registers_len = 0;
	ok->more = FALSE;
	ok->seen = the_end;
	ok->floor.epoch = the_end.epoch;
	ok->floor.counter = the_end.counter;
}

/* ---- LOOKUP and GET ------------------------------------------------------------ */

void __wrap_procs_lookup(struct caller *caller, const dfs_paths *args,
			 dfs_lookup_res *res)
{
	__real_procs_lookup(caller, args, res);
	if (res->status != DFS_OK)
		return;
	if (lie == LIE_NUMBERS)
		res->dfs_lookup_res_u.ok.seen = the_end;
	if (lie != LIE_VALUE && lie != LIE_UNPROVED && lie != LIE_NEWEST)
		return;
	for (u_int i = 0; i < res->dfs_lookup_res_u.ok.items.items_len; i++) {
		const dfs_path *path = &args->paths.paths_val[i];
		dfs_looked *looked = &res->dfs_lookup_res_u.ok.items.items_val[i];

		if (lie != LIE_VALUE && looked->status == DFS_OK)
			tell_unproved(&looked->dfs_looked_u.reg);
		else if (lie == LIE_VALUE &&
			 path_compare(path->dfs_path_val, path->dfs_path_len,
				      item.path.dfs_path_val,
				      item.path.dfs_path_len) == 0)
			tell_value(looked);
	}
}

void __wrap_procs_finish(struct caller *caller, const dfs_paths *args,
			 dfs_finish_res *res)
{
	u_int count = args->paths.paths_len;

	if (lie != LIE_FINISH) {
		__real_procs_finish(caller, args, res);
		return;
	}
	res->status = DFS_OK;
	res->dfs_finish_res_u.items.items_len = count;
	res->dfs_finish_res_u.items.items_val = calloc(count + 1, sizeof(dfs_looked));
	must(res->dfs_finish_res_u.items.items_val != NULL, "out of memory");
}

void __wrap_procs_get(struct caller *caller, const dfs_get_args *args, dfs_get_res *res)
{
	__real_procs_get(caller, args, res);
	if (lie != LIE_VALUE || res->status != DFS_OK)
		return;
	for (u_int i = 0; i < res->dfs_get_res_u.items.items_len; i++) {
		const dfs_want *want = &args->wants.wants_val[i];
		dfs_got *got = &res->dfs_get_res_u.items.items_val[i];

		/* Whatever is asked for that is not here can only be this. */
		if (got->status == DFS_OK || want->unit >= DFS_SERVERS)
			continue;
		got->status = DFS_OK;
		got->dfs_got_u.data =
			(dfs_bytes){(uint32_t)lens[want->unit], units[want->unit]};
	}
}

/* ---- the beginning ------------------------------------------------------------- */

static size_t read_all(const char *folder, const char *name, uint8_t *ret, size_t size)
{
	char path[4096];
	size_t len = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file) {
		len = fread(ret, 1, size, file);
		(void)fclose(file);
	}
	must(len > 0, path);
	return len;
}

static void read_value(const char *folder)
{
	static uint8_t bytes[2 * DFS_VALUE_MAX];
	size_t len = read_all(folder, "item", bytes, sizeof bytes);
	char name[16];
	XDR xdrs;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, (char *)bytes, (u_int)len, XDR_DECODE);
	must(xdr_dfs_learn_item(&xdrs, &item), "FOLDER/item");
	xdr_destroy(&xdrs);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		(void)snprintf(name, sizeof name, "unit.%u", i);
		lens[i] = read_all(folder, name, units[i], sizeof units[i]);
	}
}

/* The kind, and in *ret_folder what is behind it. */
static enum lie parse(const char *text, const char **ret_folder)
{
	size_t len = text ? strcspn(text, " ") : 0;
	unsigned kind = 0;

	while (kind < LIES &&
	       (strlen(names[kind]) != len || memcmp(names[kind], text, len) != 0))
		kind++;
	must(kind < LIES, "see the head of lying.c");
	*ret_folder = text[len] == ' ' ? text + len + 1 : text + len;
	return (enum lie)kind;
}

int main(int argc, char **argv)
{
	const char *folder;

	lie = parse(getenv("DFS_LIE"), &folder);
	if (lie == LIE_VALUE)
		read_value(folder);
	return server_main((unsigned)(argv[0][strlen(argv[0]) - 1] - '0'), argc, argv);
}
