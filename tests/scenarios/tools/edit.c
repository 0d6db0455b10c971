/*
 * Edits what a stopped server has stored, so that it is all right to the server:
 * checksums are made anew.
 *
 *	edit DATA flip OBJECT UNIT AT		another value for byte AT of a stored unit
 *						(from its end when negative)
 *	edit DATA cut OBJECT UNIT		a stored unit without its last byte
 *	edit DATA save OBJECT UNIT FILE		copies a stored unit into a file, if here,
 *	edit DATA load OBJECT UNIT FILE		and makes the unit what the file holds
 *	edit DATA manifest PATH FIELD [VALUE]	another value for a field of its manifest
 *	edit DATA keep PATH FILE		copies the value of PATH into a file,
 *	edit DATA give PATH FILE		and makes that of PATH what the file holds
 *
 * DATA is the data/ of a server.  Prints how many records it changed; every segment that
 * has the record is edited.  Fields are those of dfs_manifest and dfs_content, and what
 * edit_manifest makes of them.
 */
#include "ballot.h"
#include "frame.h"
#include "object.h"
#include "placement.h"
#include "text.h"
#include "value.h"

#include <dirent.h>
#include <gdbm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BALLOT = 28 }; /* before the value, in the data of a register */

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "edit: %s\n", what);
	exit(2);
}

/* ---- records of a server ---------------------------------------------------------- */

typedef bool (*edit)(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context);

/* One record of an open segment; false when it is not there or is not to be changed. */
static bool edit_record(GDBM_FILE file, enum frame_type type, const struct frame_key *key,
			edit change, void *context)
{
	static uint8_t data[FRAME_DATA_MAX], frame[FRAME_DATA_MAX];
	struct frame_key copy = *key;
	datum name = {(char *)copy.bytes, (int)copy.len}, found, made;
	dfs_bytes was;
	size_t len;
	bool changed;

	found = gdbm_fetch(file, name);
	if (!found.dptr)
		return false;
	if (!frame_unpack((uint8_t *)found.dptr, (size_t)found.dsize, type, key, &was))
		fail("a record is damaged already");
	changed = change(was, data, &len, context);
	if (changed) {
		frame_pack(frame, type, key, data, len);
		made = (datum){(char *)frame, (int)frame_size(key->len, len)};
		if (gdbm_store(file, name, made, GDBM_REPLACE) != 0)
			fail(gdbm_strerror(gdbm_errno));
	}
	free(found.dptr);
	return changed;
}

static int is_segment(const struct dirent *entry)
{
	return strchr(entry->d_name, '-') != NULL;
}

/* By the last number that it has: of what two have the later one is what counts. */
static int compare_segments(const struct dirent **a, const struct dirent **b)
{
	return strcmp(strchr((*a)->d_name, '-'), strchr((*b)->d_name, '-'));
}

/* In every segment of a server, the newest last; how many there were. */
static int edit_all(const char *folder, enum frame_type type, const struct frame_key *key,
		    edit change, void *context)
{
	char seg[4096], path[8192];
	struct dirent **entries;
	int count = 0, found;

	(void)snprintf(seg, sizeof seg, "%s/seg", folder);
	found = scandir(seg, &entries, is_segment, compare_segments);
	if (found < 0)
		fail("no such data folder");
	for (int i = 0; i < found; i++) {
		GDBM_FILE file;

		(void)snprintf(path, sizeof path, "%s/%s", seg, entries[i]->d_name);
		free(entries[i]);
		if (chmod(path, 0600) != 0)
			fail(path);
		file = gdbm_open(path, 0, GDBM_WRITER, 0600, NULL);
		if (!file)
			fail(gdbm_strerror(gdbm_errno));
		count += edit_record(file, type, key, change, context);
		gdbm_close(file);
		if (chmod(path, 0400) != 0)
			fail(path);
	}
	free(entries);
	return count;
}

/* ---- units --------------------------------------------------------------------- */

static bool flip(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context)
{
	long at = *(long *)context;

	memcpy(ret, data.data, data.len);
	*ret_len = data.len;
	at = at < 0 ? (long)data.len + at : at;
	if (at < 0 || at >= (long)data.len)
		fail("the unit is shorter");
	ret[at] ^= 1;
	return true;
}

static bool cut(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context)
{
	(void)context;
	*ret_len = data.len - 1;
	memcpy(ret, data.data, *ret_len);
	return true;
}

static bool save(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context)
{
	FILE *file = fopen(context, "wb");

	(void)ret, (void)ret_len;
	if (!file || fwrite(data.data, 1, data.len, file) != data.len ||
	    fclose(file) != 0)
		fail("cannot write");
	return false;
}

static bool load(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context)
{
	FILE *file = fopen(context, "rb");

	(void)data;
	*ret_len = file ? fread(ret, 1, DFS_UNIT_MAX, file) : 0;
	if (*ret_len == 0 || fclose(file) != 0)
		fail("cannot read");
	return true;
}

static bool is_of(const dfs_content *content, const dfs_id *object, dfs_id *ret_maker)
{
	dfs_id found;

	if (!object_of_content(content, &found) || !id_equal(&found, object))
		return false;
	*ret_maker = content->maker;
	return true;
}

/* The record is a register whose file has this object: its maker. */
static bool find_in_record(datum key, datum record, const dfs_id *object,
			   dfs_id *ret_maker)
{
	struct frame_key name = {.len = (size_t)key.dsize};
	dfs_bytes data;
	dfs_value value;
	bool found = false;

	if (key.dsize < 1 || *key.dptr != 'r' || name.len > sizeof name.bytes)
		return false;
	memcpy(name.bytes, key.dptr, name.len);
	if (!frame_unpack((uint8_t *)record.dptr, (size_t)record.dsize, FRAME_REGISTER,
			  &name, &data) ||
	    data.len < BALLOT ||
	    !value_unpack(data.data + BALLOT, data.len - BALLOT, &value))
		return false;
	if (value.body.kind == DFS_FILE)
		found = is_of(&value.body.dfs_body_u.manifest.content, object, ret_maker);
	value_free(&value);
	return found;
}

static bool find_in_segment(const char *path, const dfs_id *object, dfs_id *ret_maker)
{
	char copy[8192];
	GDBM_FILE file;
	datum key;
	bool found = false;

	(void)snprintf(copy, sizeof copy, "%s", path);
	file = gdbm_open(copy, 0, GDBM_READER, 0600, NULL);
	if (!file)
		fail(gdbm_strerror(gdbm_errno));
	key = gdbm_firstkey(file);
	while (key.dptr && !found) {
		datum record = gdbm_fetch(file, key), next;

		found = find_in_record(key, record, object, ret_maker);
		free(record.dptr);
		next = gdbm_nextkey(file, key);
		free(key.dptr);
		key = next;
	}
	free(key.dptr);
	gdbm_close(file);
	return found;
}

/* Records that came by PUT are under the id of the maker; false: no register says it. */
static bool find_maker(const char *folder, const dfs_id *object, dfs_id *ret_maker)
{
	char seg[4096], path[8192];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	(void)snprintf(seg, sizeof seg, "%s/seg", folder);
	dir = opendir(seg);
	if (!dir)
		fail("no such data folder");
	while (!found && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", seg, entry->d_name);
		found = find_in_segment(path, object, ret_maker);
	}
	closedir(dir);
	return found;
}

/* OBJECT UNIT, by the one id or the other. */
static int edit_unit(const char *folder, char **arguments, edit change, void *context)
{
	struct frame_key key;
	uint64_t unit;
	dfs_id object, maker;
	int count;

	if (!id_parse(arguments[0], &object) ||
	    !text_number(arguments[1], 0, UINT64_MAX, &unit))
		fail("not an object and a unit");
	frame_key_unit(&key, &object, unit);
	count = edit_all(folder, FRAME_UNIT, &key, change, context);
	if (!find_maker(folder, &object, &maker))
		return count;
	frame_key_unit(&key, &maker, unit);
	return count + edit_all(folder, FRAME_UNIT, &key, change, context);
}

/* ---- manifests ----------------------------------------------------------------- */

struct manifest_edit {
	const char *field, *value;
};

static void set_user(dfs_user *user, const char *name)
{
	free(user->dfs_user_val);
	user->dfs_user_val = strdup(name);
	user->dfs_user_len = (u_int)strlen(name);
}

/* A reader more, with a key and a signature of zeros where there was none. */
static void add_reader(dfs_manifest *manifest, const char *name)
{
	dfs_access *access = &manifest->access;
	u_int count = access->readers.readers_len++, keys = manifest->keys.keys_len++;

	access->readers.readers_val =
		realloc(access->readers.readers_val, (count + 1) * sizeof(dfs_reader));
	memset(&access->readers.readers_val[count], 0, sizeof(dfs_reader));
	set_user(&access->readers.readers_val[count].user, name);
	manifest->keys.keys_val =
		realloc(manifest->keys.keys_val, (keys + 1) * sizeof(dfs_wrapped));
	manifest->keys.keys_val[keys] = manifest->keys.keys_val[0];
	if (!access->signature) {
		access->signature = calloc(1, sizeof *access->signature);
		access->signature->leaves = 1;
	}
}

/* Holders that a file of this row can have, so that the value keeps every rule. */
static void set_row(dfs_content *content, uint32_t row)
{
	content->row = row;
	content->holders = 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		content->holders =
			placement_hold(content->holders, s, placement_pair(row, s));
}

/* false where this version has no such thing: an older one may be in an older segment. */
static bool edit_manifest(dfs_manifest *manifest, const char *field, const char *value)
{
	dfs_content *content = &manifest->content;
	dfs_access *access = &manifest->access;

	if (access->readers.readers_len == 0 &&
	    (strcmp(field, "writes") == 0 || strcmp(field, "reader-key") == 0 ||
	     strcmp(field, "signature") == 0))
		return false;
	if (strcmp(field, "writer") == 0)
		set_user(&content->writer, value);
	else if (strcmp(field, "reader") == 0)
		add_reader(manifest, value);
	else if (strcmp(field, "writes") == 0)
		access->readers.readers_val[0].writes ^= 1;
	else if (strcmp(field, "reader-key") == 0)
		access->readers.readers_val[0].seal_key.bytes[5] ^= 1;
	else if (strcmp(field, "signature") == 0)
		access->signature->signature[5] ^= 1;
	else if (strcmp(field, "key") == 0)
		manifest->keys.keys_val[0].box[5] ^= 1;
	else if (strcmp(field, "ephemeral") == 0)
		manifest->keys.keys_val[0].ephemeral.bytes[5] ^= 1;
	else if (strcmp(field, "maker") == 0 && id_parse(value, &content->maker))
		return true;
	else if (strcmp(field, "tree") == 0)
		content->tree.tree_val[0].bytes[5] ^= 1;
	else if (strcmp(field, "content-signature") == 0)
		content->signature.signature[5] ^= 1;
	else if (strcmp(field, "size") == 0)
		content->size ^= 1;
	else if (strcmp(field, "modified") == 0)
		content->modified ^= 1;
	else if (strcmp(field, "stored") == 0)
		content->stored ^= 1;
	else if (strcmp(field, "row") == 0)
		set_row(content, content->row ^ 1);
	else if (strcmp(field, "sealed") == 0)
		content->sealed.sealed_val[20] ^= 1;
	else
		fail("no such field");
	return true;
}

static bool change_value(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context)
{
	const struct manifest_edit *wanted = context;
	dfs_value value;
	size_t len;

	if (data.len < BALLOT ||
	    !value_unpack(data.data + BALLOT, data.len - BALLOT, &value))
		fail("no value");
	if (value.body.kind != DFS_FILE || !edit_manifest(&value.body.dfs_body_u.manifest,
							  wanted->field, wanted->value)) {
		value_free(&value);
		return false;
	}
	if (value_check(&value))
		fail(value_check(&value));
	memcpy(ret, data.data, BALLOT);
	len = value_pack(&value, ret + BALLOT, DFS_VALUE_MAX);
	value_free(&value);
	*ret_len = BALLOT + len;
	return len > 0;
}

static bool keep(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context)
{
	return save((dfs_bytes){data.len - BALLOT, data.data + BALLOT}, ret, ret_len,
		    context);
}

static bool give(dfs_bytes data, uint8_t *ret, size_t *ret_len, void *context)
{
	memcpy(ret, data.data, BALLOT);
	(void)load(data, ret + BALLOT, ret_len, context);
	*ret_len += BALLOT;
	return true;
}

/* ---- what is wanted -------------------------------------------------------------- */

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[2] : "";
	struct frame_key key;
	int count;

	if (strcmp(verb, "flip") == 0 && argc == 6) {
		long at = strtol(argv[5], NULL, 10);

		count = edit_unit(argv[1], argv + 3, flip, &at);
	} else if (strcmp(verb, "cut") == 0 && argc == 5) {
		count = edit_unit(argv[1], argv + 3, cut, NULL);
	} else if (strcmp(verb, "save") == 0 && argc == 6) {
		count = edit_unit(argv[1], argv + 3, save, argv[5]);
	} else if (strcmp(verb, "load") == 0 && argc == 6) {
		count = edit_unit(argv[1], argv + 3, load, argv[5]);
	} else if (strcmp(verb, "manifest") == 0 && (argc == 5 || argc == 6)) {
		struct manifest_edit wanted = {argv[4], argc == 6 ? argv[5] : ""};

		frame_key_register(&key, argv[3], strlen(argv[3]));
		count = edit_all(argv[1], FRAME_REGISTER, &key, change_value, &wanted);
	} else if (strcmp(verb, "keep") == 0 && argc == 5) {
		frame_key_register(&key, argv[3], strlen(argv[3]));
		count = edit_all(argv[1], FRAME_REGISTER, &key, keep, argv[4]);
	} else if (strcmp(verb, "give") == 0 && argc == 5) {
		frame_key_register(&key, argv[3], strlen(argv[3]));
		count = edit_all(argv[1], FRAME_REGISTER, &key, give, argv[4]);
	} else {
		fail("see the text at the head of tests/scenarios/tools/edit.c");
	}
	printf("%d\n", count);
	return 0;
}
