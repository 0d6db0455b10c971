/*
 * Attack 4: more on a server's disk than one's quota.
 *
 *	over_quota QUOTA KIND
 *
 * By "third", whose quota this is, in bytes:
 *
 *	values		small files, whose values say much more than is in them
 *	earlier		one file, that names the contents which it had before
 *	staged		contents that no value ever names
 *	names		the same with nearly nothing in them, for paths as long as may be
 *	others		the same for /tester/writable, which he may write
 *	overtaken	one file at one server, that is written again and never settled
 *	deleted		files that were deleted, and keep what they had
 *	tombstones	of files below /shared/ that never were, with a note of a move
 *
 * Without a lock or a note all servers would forget what was deleted after a while.
 */
#include "attack.h"

#include "text.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 65536, ITEMS = 4096, TOMBSTONES_MOST = 1 << 20 };

static const char user[] = "third";

struct escape {
	struct attacker third;
	uint64_t quota;
	uint64_t kept;     /* bytes, at each server that was told */
	dfs_ballot ballot; /* for paths that have had none */
};

/* ---- at all servers ------------------------------------------------------------ */

static dfs_status prepare_at_all(struct escape *escape, const char *path,
				 const dfs_ballot *ballot,
				 const struct attack_content *content)
{
	dfs_status status = DFS_OK;

	for (unsigned s = 1; s <= DFS_SERVERS && status == DFS_OK; s++)
		status = attack_prepare(&escape->third, s, path, ballot, content);
	return status;
}

static dfs_status accept_at_all(struct escape *escape, const char *path,
				const dfs_ballot *ballot, const dfs_value *value)
{
	dfs_status status = DFS_OK;

	for (unsigned s = 1; s <= DFS_SERVERS && status == DFS_OK; s++)
		status = attack_accept(&escape->third, s, path, ballot, value);
	return status;
}

/* What was kept, once something was refused, or there is enough of it. */
static _Noreturn void judge(struct escape *escape, unsigned items, dfs_status status)
{
	unsigned long long bytes = escape->kept, of = escape->quota;

	if (items == 0)
		attack_broken("the first was answered %s", attack_status(status));
	if (escape->kept > escape->quota)
		attack_won("%u kept, with %llu bytes, of a quota of %llu; %llu used",
			   items, bytes, of,
			   (unsigned long long)attack_used(&escape->third, 1));
	attack_failed("%u kept, with %llu bytes, of a quota of %llu; then %s", items,
		      bytes, of, attack_status(status));
}

/* ---- values -------------------------------------------------------------------- */

/* As many readers as there may be; their names are of nobody. */
static void add_readers(const struct escape *escape, const char *path, dfs_value *value)
{
	static dfs_reader readers[DFS_READERS_MAX];
	static char names[DFS_READERS_MAX][DFS_USER_MAX];
	static dfs_wrapped keys[DFS_KEYS_MAX];
	dfs_manifest manifest = value->body.dfs_body_u.manifest;
	dfs_value copy = *value;

	for (unsigned i = 0; i < DFS_READERS_MAX; i++) {
		memset(names[i], 'r', sizeof names[i]);
		names[i][0] = (char)('a' + i);
		readers[i].user = (dfs_user){sizeof names[i], names[i]};
	}
	keys[0] = manifest.keys.keys_val[0];
	manifest.access.generation = 1;
	manifest.access.readers.readers_len = DFS_READERS_MAX;
	manifest.access.readers.readers_val = readers;
	manifest.keys.keys_len = DFS_KEYS_MAX;
	manifest.keys.keys_val = keys;
	attack_must(manifest_sign_access(&escape->third.identity, path, &manifest),
		    "signature");
	copy.body.dfs_body_u.manifest = manifest;
	attack_must(value_copy(&copy, &copy), "memory");
	xdr_free((xdrproc_t)xdr_dfs_signature, manifest.access.signature);
	free(manifest.access.signature);
	value_free(value);
	*value = copy;
}

static dfs_status keep_value(struct escape *escape, unsigned item)
{
	static uint8_t packed[DFS_VALUE_MAX];
	struct attack_content content;
	char path[64];
	dfs_value value;
	dfs_status status;

	(void)snprintf(path, sizeof path, "/%s/value-%u", user, item);
	attack_content_make(&content, "tiny", 4, (struct attack_object){.key = NULL});
	attack_value_make(&escape->third, path, &escape->ballot, &content, &value);
	add_readers(escape, path, &value);
	status = prepare_at_all(escape, path, &escape->ballot, &content);
	if (status == DFS_OK)
		status = accept_at_all(escape, path, &escape->ballot, &value);
	if (status == DFS_OK)
		escape->kept += value_pack(&value, packed, sizeof packed);
	value_free(&value);
	attack_content_free(&content);
	return status;
}

/* ---- contents ------------------------------------------------------------------ */

static dfs_status stage(struct escape *escape, const char *path, const dfs_ballot *ballot,
			struct attack_content *ret)
{
	static uint8_t bytes[LARGE];
	dfs_status status;

	attack_must(keys_random(bytes, sizeof bytes), "random");
	attack_content_make(ret, bytes, sizeof bytes,
			    (struct attack_object){.key = NULL});
	status = prepare_at_all(escape, path, ballot, ret);
	if (status != DFS_OK)
		attack_content_free(ret);
	return status;
}

static dfs_status keep_staged(struct escape *escape, unsigned item)
{
	struct attack_content content;
	dfs_status status;
	char path[64];

	(void)snprintf(path, sizeof path, "/%s/staged-%u", user, item);
	status = stage(escape, path, &escape->ballot, &content);
	if (status == DFS_OK) {
		escape->kept += LARGE;
		attack_content_free(&content);
	}
	return status;
}

/* As long as a path may be, and another for each item. */
static void make_long_path(unsigned item, char ret[DFS_PATH_MAX + 1])
{
	memset(ret, 'p', DFS_PATH_MAX);
	ret[DFS_PATH_MAX] = '\0';
	for (size_t i = 0; i < DFS_PATH_MAX; i += 200)
		ret[i] = '/';
	memcpy(ret, "/third/", strlen("/third/"));
	(void)snprintf(ret + DFS_PATH_MAX - 10, 11, "%010u", item);
}

static dfs_status keep_name(struct escape *escape, unsigned item)
{
	static char path[DFS_PATH_MAX + 1];
	struct attack_content content;
	dfs_status status;

	make_long_path(item, path);
	attack_content_make(&content, "tiny", 4, (struct attack_object){.key = NULL});
	status = prepare_at_all(escape, path, &escape->ballot, &content);
	attack_content_free(&content);
	if (status == DFS_OK)
		escape->kept += DFS_PATH_MAX;
	return status;
}

static dfs_status keep_others(struct escape *escape, unsigned item)
{
	dfs_ballot ballot = attack_ballot(&escape->third, SERVERS_ALL);
	struct attack_content content;
	dfs_status status = stage(escape, "/tester/writable", &ballot, &content);

	(void)item;
	if (status == DFS_OK) {
		escape->kept += LARGE;
		attack_content_free(&content);
	}
	return status;
}

/* What the path had so far becomes earlier versions of the value. */
static void add_earlier(const struct attack_known *known, dfs_value *value)
{
	static dfs_earlier earlier[DFS_EARLIER_MAX];
	const dfs_manifest *before = &known->value.body.dfs_body_u.manifest;
	u_int count = before->earlier.earlier_len;
	dfs_value copy = *value;

	if (count == DFS_EARLIER_MAX)
		count--;
	for (u_int i = 0; i < count; i++)
		earlier[i + 1] = before->earlier.earlier_val[i];
	earlier[0] = (dfs_earlier){.content_version = known->value.content_version,
				   .key = before->keys.keys_val[0],
				   .content = before->content};
	copy.number = known->value.number + 1;
	copy.content_version.number = copy.number;
	copy.body.dfs_body_u.manifest.earlier.earlier_len = count + 1;
	copy.body.dfs_body_u.manifest.earlier.earlier_val = earlier;
	attack_must(value_copy(&copy, &copy), "memory");
	value_free(value);
	*value = copy;
}

/* What the value names, as the first server tells. */
static uint64_t named(const struct attack_known *known)
{
	const dfs_manifest *manifest = &known->value.body.dfs_body_u.manifest;
	uint64_t bytes = known->known ? manifest->content.size : 0;

	for (u_int i = 0; known->known && i < manifest->earlier.earlier_len; i++)
		bytes += manifest->earlier.earlier_val[i].content.size;
	return bytes;
}

static dfs_status keep_earlier(struct escape *escape, unsigned item)
{
	static const char path[] = "/third/versions";
	dfs_ballot ballot = attack_ballot(&escape->third, SERVERS_ALL);
	struct attack_content content;
	struct attack_known known;
	dfs_value value;
	dfs_status status = stage(escape, path, &ballot, &content);

	if (item > DFS_EARLIER_MAX)
		attack_broken("all versions do not exceed the quota");
	if (status != DFS_OK)
		return status;
	attack_look(&escape->third, 1, path, &known);
	attack_value_make(&escape->third, path, &ballot, &content, &value);
	if (known.known)
		add_earlier(&known, &value);
	status = accept_at_all(escape, path, &ballot, &value);
	attack_forget(&known);
	attack_look(&escape->third, 1, path, &known);
	escape->kept = named(&known);
	attack_forget(&known);
	value_free(&value);
	attack_content_free(&content);
	return status;
}

/*
 * Of what is put in the place of another, by who tells nobody that three have it.  As
 * much again as the quota may be on its way out.
 */
static dfs_status keep_overtaken(struct escape *escape, unsigned item)
{
	static const char path[] = "/third/written";
	static uint8_t bytes[LARGE];
	dfs_ballot ballot = attack_ballot(&escape->third, set_of(1));
	struct attack_content content;
	dfs_value value;
	dfs_status status;

	if (item == 0)
		escape->quota *= 2;
	attack_must(keys_random(bytes, sizeof bytes), "random");
	attack_content_make(&content, bytes, sizeof bytes,
			    (struct attack_object){.key = NULL});
	attack_value_make(&escape->third, path, &ballot, &content, &value);
	status = attack_prepare(&escape->third, 1, path, &ballot, &content);
	if (status == DFS_OK)
		status = attack_accept(&escape->third, 1, path, &ballot, &value);
	if (status == DFS_OK)
		escape->kept += LARGE;
	value_free(&value);
	attack_content_free(&content);
	return status;
}

/* ---- what was deleted ---------------------------------------------------------- */

/* A tombstone of his, in the place of the value that this one is. */
static dfs_status bury(struct escape *escape, const char *path, const dfs_value *before,
		       dfs_tombstone tombstone)
{
	dfs_ballot ballot = attack_ballot(&escape->third, SERVERS_ALL);
	dfs_value value = *before;
	char name[] = "third", old_path[DFS_PATH_MAX];
	dfs_lock lock = {
		.keeper = {sizeof name - 1, name}, .taking = {"taken"}, .lease_ms = 1};
	dfs_note note = {.operation = {"moved"}, .old_path = {sizeof old_path, old_path}};
	dfs_status status;

	for (size_t i = 0; i < sizeof old_path; i++)
		old_path[i] = i % 2 ? 'p' : '/';
	memcpy(old_path, "/third/", strlen("/third/"));
	attack_must(id_random(&value.operation), "random");
	value.origin = ballot;
	value.number++;
	value.recent.recent_len = 0;
	value.content_version = (dfs_version){value.number, value.operation};
	value.lock = tombstone.earlier.earlier_len > 0 ? &lock : NULL;
	value.note = tombstone.earlier.earlier_len > 0 ? NULL : &note;
	memset(&value.proof, 0, sizeof value.proof);
	value.body = (dfs_body){.kind = DFS_TOMBSTONE};
	value.body.dfs_body_u.tombstone = tombstone;
	attack_must(value_copy(&value, &value), "memory");
	status = prepare_at_all(escape, path, &ballot, NULL);
	if (status == DFS_OK)
		status = accept_at_all(escape, path, &ballot, &value);
	value_free(&value);
	return status;
}

static dfs_status keep_deleted(struct escape *escape, unsigned item)
{
	char path[64], name[] = "third";
	struct attack_content content;
	dfs_earlier earlier;
	dfs_value value;
	dfs_ballot ballot = attack_ballot(&escape->third, SERVERS_ALL);
	dfs_status status;

	(void)snprintf(path, sizeof path, "/%s/deleted-%u", user, item);
	status = stage(escape, path, &ballot, &content);
	if (status != DFS_OK)
		return status;
	attack_value_make(&escape->third, path, &ballot, &content, &value);
	status = accept_at_all(escape, path, &ballot, &value);
	earlier = (dfs_earlier){.content_version = value.content_version,
				.key = value.body.dfs_body_u.manifest.keys.keys_val[0],
				.content = value.body.dfs_body_u.manifest.content};
	if (status == DFS_OK)
		status = bury(escape, path, &value,
			      (dfs_tombstone){.owner = {sizeof name - 1, name},
					      .earlier = {1, &earlier}});
	if (status == DFS_OK)
		escape->kept += LARGE;
	value_free(&value);
	attack_content_free(&content);
	return status;
}

static dfs_status keep_tombstone(struct escape *escape, unsigned item)
{
	static const dfs_value nothing;
	char path[64];
	dfs_status status;

	/* So much he may leave whatever his quota is: it is what deleting takes. */
	if (item == 0)
		escape->quota += TOMBSTONES_MOST;
	(void)snprintf(path, sizeof path, "/shared/tombstone-%u", item);
	status = bury(escape, path, &nothing, (dfs_tombstone){.access.generation = 0});
	if (status == DFS_OK)
		escape->kept += DFS_PATH_MAX;
	return status;
}

/* ---- all of it ----------------------------------------------------------------- */

static const struct {
	const char *name;
	dfs_status (*keep)(struct escape *escape, unsigned item);
} kinds[] = {{"values", keep_value},    {"earlier", keep_earlier},
	     {"staged", keep_staged},   {"names", keep_name},
	     {"others", keep_others},   {"overtaken", keep_overtaken},
	     {"deleted", keep_deleted}, {"tombstones", keep_tombstone}};

int main(int argc, char **argv)
{
	static struct escape escape;
	dfs_status status = DFS_OK;
	unsigned item = 0;

	if (argc != 3 || !text_number(argv[1], LARGE, UINT32_MAX, &escape.quota))
		attack_broken("see the head of over_quota.c");
	attack_begin(&escape.third, user, SERVERS_ALL);
	escape.ballot = attack_ballot(&escape.third, SERVERS_ALL);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].name, argv[2]) != 0)
			continue;
		while (status == DFS_OK && item < ITEMS && escape.kept <= escape.quota) {
			status = kinds[i].keep(&escape, item);
			item += status == DFS_OK;
		}
		judge(&escape, item, status);
	}
	attack_broken("no such kind: %s", argv[2]);
}
