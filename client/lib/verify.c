/* dfs_verify: every copy of every unit, read and proved. */
#include "libdfs_upkeep.h"

#include "ballot.h"
#include "object.h"
#include "placement.h"
#include "provenance.h"
#include "proving.h"
#include "reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRIES = 5, /* of a file that is replaced while it is read */
	/*
	 * Units in memory at once, two bits each: a file of the greatest size by itself.
	 */
	UNITS_MAX = DFS_FILE_UNITS_MAX
};

static const int64_t TICKET_OLD_NS = INT64_C(60000000000);

struct verifying {
	struct dfs *dfs;
	struct dfs_verified *items;
	const struct dfs_verify_callbacks *callbacks;
	struct lookup lookups[DFS_VERIFY_MAX];
	struct manifest_secret secrets[DFS_VERIFY_MAX];
	bool opened[DFS_VERIFY_MAX];
	/* What is proved at once. */
	size_t count;
	size_t which[PROVING_MAX];
	struct proving files[PROVING_MAX];
	struct dfs_bad_units before[DFS_VERIFY_MAX]; /* of an earlier look, by item */
};

/*
 * ---- manifests -----------------------------------------------------------------------
 */

/* Opens what was read of an item, which has its result if that cannot be. */
static void open_item(struct verifying *verifying, size_t i)
{
	struct dfs_verified *item = &verifying->items[i];
	const struct lookup *lookup = &verifying->lookups[i];
	const dfs_manifest *manifest = lookup_file(lookup);

	item->result = lookup->result;
	item->gone = item->result.code == DFS_EXIT_DONE && !manifest;
	item->closed = false;
	verifying->opened[i] = false;
	if (!manifest || item->result.code != DFS_EXIT_DONE)
		return;
	item->size = manifest->content.size;
	verifying->opened[i] =
		provenance_open(verifying->dfs, lookup->path, &lookup->value,
				&verifying->secrets[i], &item->result);
	item->unproved = item->result.code == DFS_EXIT_DENIED;
	item->closed = item->result.code == DFS_EXIT_DAMAGED;
}

static void read_again(struct verifying *verifying, size_t i)
{
	lookup_free(&verifying->lookups[i]);
	reading_run(verifying->dfs, &verifying->lookups[i], 1);
	open_item(verifying, i);
}

/*
 * ---- what was found ------------------------------------------------------------------
 */

/*
 * Adds "dfs2: chunks 1 and 4 damaged", and the like, for each server of which it is so.
 */
static size_t add_chunks(char *text, size_t len, const unsigned chunks[DFS_SERVERS],
			 const char *what)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		unsigned count = set_count(chunks[i]);

		if (count == 0)
			continue;
		len += (size_t)snprintf(text + len, DFS_WHY - len, "%sdfs%u: chunk%s",
					len > 0 ? "; " : "", i + 1, count > 1 ? "s" : "");
		for (unsigned c = 1; c <= DFS_SERVERS; c++)
			if (set_has(chunks[i], c))
				len += (size_t)snprintf(text + len, DFS_WHY - len, " %u",
							c);
		len += (size_t)snprintf(text + len, DFS_WHY - len, " %s", what);
	}
	return len;
}

static bool any(const unsigned chunks[DFS_SERVERS])
{
	return (chunks[0] | chunks[1] | chunks[2] | chunks[3]) != 0;
}

/* Units that the manifest itself gives to fewer than two servers. */
static bool is_thin(const dfs_content *content)
{
	uint64_t units = placement_units(content->size, content->unit_size);

	for (unsigned c = 0; c < DFS_SERVERS && c < units; c++)
		if (set_count(content->holders & UINT32_C(0x1111) << c) < 2)
			return true;
	return false;
}

/* So that the next look can be at these alone. */
static struct dfs_bad_units bad_units(const struct dfs_verified *item,
				      const struct proving *file, bool thin)
{
	struct dfs_bad_units bad = {
		.any = true,
		.holders = file->content->holders,
		.lost = item->lost,
		.mendable = file->mendable + thin,
	};
	dfs_id object;

	(void)object_of_content(file->content, &object);
	memcpy(bad.object, object.bytes, sizeof bad.object);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		bad.chunks[i] = item->damaged[i] | item->missing[i] | item->wrong[i] |
				item->unreached[i];
		bad.first[i] = file->first[i];
		bad.last[i] = file->last[i];
	}
	return bad;
}

static void tell(struct dfs_verified *item, const struct proving *file)
{
	char text[DFS_WHY] = "";
	size_t len = 0;
	bool bad, absent, thin = is_thin(file->content);

	memcpy(item->damaged, file->damaged, sizeof item->damaged);
	memcpy(item->missing, file->missing, sizeof item->missing);
	memcpy(item->wrong, file->wrong, sizeof item->wrong);
	memcpy(item->unreached, file->unreached, sizeof item->unreached);
	item->lost = file->lost > 0;
	bad = any(item->damaged) || any(item->wrong);
	absent = any(item->missing) || any(item->unreached) || thin;
	if (!bad && !absent)
		return;
	item->lost |= file->only && file->only->lost;
	item->bad_units = bad_units(item, file, thin);
	len = add_chunks(text, len, item->damaged, "damaged");
	len = add_chunks(text, len, item->wrong, "wrong, not what was stored");
	len = add_chunks(text, len, item->missing, "missing");
	len = add_chunks(text, len, item->unreached, "cannot be reached");
	if (thin)
		len += (size_t)snprintf(text + len, DFS_WHY - len,
					"%sstored with one copy of some chunks",
					len > 0 ? "; " : "");
	if (file->lost > 0)
		(void)snprintf(text + len, DFS_WHY - len,
			       ": no good copy within reach of %llu unit%s",
			       (unsigned long long)file->lost,
			       file->lost == 1 ? "" : "s");
	else if (file->single > 0)
		(void)snprintf(text + len, DFS_WHY - len,
			       ": it can be read, but has one good copy of some units");
	else if (!file->only)
		(void)snprintf(text + len, DFS_WHY - len, ": two other copies are good");
	result_fail(&item->result, bad ? DFS_EXIT_DAMAGED : DFS_EXIT_FEW, "%s", text);
}

/*
 * ---- proving -------------------------------------------------------------------------
 */

static void tick(void *context, uint64_t bytes)
{
	const struct verifying *verifying = context;
	uint64_t size = 0;

	if (!verifying->callbacks->progress || verifying->count == 0)
		return;
	for (size_t k = 0; k < verifying->count; k++)
		for (unsigned s = 1; s <= DFS_SERVERS; s++) {
			const dfs_content *content = verifying->files[k].content;

			size += placement_bytes_of(content->size,
						   placement_held(content->holders, s));
		}
	verifying->callbacks->progress(verifying->callbacks->context, verifying->which[0],
				       bytes, size);
}

/*
 * Was something not there, or not given, because the file has another content by now, or
 * other holders, or the ticket was old?  Then the lookup is the new one.
 */
static bool has_changed(struct verifying *verifying, size_t i, const struct proving *file)
{
	const struct lookup *lookup = &verifying->lookups[i];
	dfs_id before, now;
	uint32_t holders = file->content->holders;
	int64_t ends = lookup->ticket.ends;

	if (!any(file->missing) && !file->denied)
		return false;
	(void)object_of_content(file->content, &before);
	read_again(verifying, i);
	if (!verifying->opened[i])
		return true;
	const dfs_content *content = &lookup_file(lookup)->content;

	return !object_of_content(content, &now) || !id_equal(&before, &now) ||
	       content->holders != holders ||
	       (file->denied && lookup->ticket.ends - ends > TICKET_OLD_NS);
}

static void prepare(struct verifying *verifying, size_t i)
{
	struct lookup *lookup = &verifying->lookups[i];
	const dfs_content *content = &lookup_file(lookup)->content;
	const struct dfs_bad_units *before = &verifying->before[i];
	dfs_id object;
	bool same = before->any && before->holders == content->holders &&
		    object_of_content(content, &object) &&
		    memcmp(before->object, object.bytes, sizeof before->object) == 0;

	verifying->which[verifying->count] = i;
	verifying->files[verifying->count++] =
		(struct proving){.content = content,
				 .ticket = &lookup->ticket,
				 .secret = &verifying->secrets[i],
				 .only = same ? before : NULL};
}

static bool prove(struct verifying *verifying)
{
	return verifying->count == 0 || proving_run(verifying->dfs, verifying->files,
						    verifying->count, tick, verifying);
}

/* One that has changed, by itself, until it stands still. */
static bool prove_again(struct verifying *verifying, size_t i, struct proving *ret)
{
	for (int try = 0; verifying->opened[i] && try < TRIES; try++) {
		verifying->count = 0;
		prepare(verifying, i);
		if (!prove(verifying))
			return false;
		*ret = verifying->files[0];
		if (!has_changed(verifying, i, ret))
			return true;
	}
	if (verifying->opened[i])
		result_fail(&verifying->items[i].result, DFS_EXIT_CONFLICT,
			    "it is replaced again and again: verify it again");
	verifying->opened[i] = false;
	return true;
}

/* Proves what was prepared, and tells of each. */
static bool prove_all(struct verifying *verifying)
{
	size_t count = verifying->count, which[PROVING_MAX];
	struct proving found[PROVING_MAX];

	if (!prove(verifying))
		return false;
	memcpy(which, verifying->which, sizeof which);
	memcpy(found, verifying->files, sizeof found);
	for (size_t k = 0; k < count; k++) {
		if (has_changed(verifying, which[k], &found[k]) &&
		    !prove_again(verifying, which[k], &found[k]))
			return false;
		if (verifying->opened[which[k]]) {
			found[k].content =
				&lookup_file(&verifying->lookups[which[k]])->content;
			tell(&verifying->items[which[k]], &found[k]);
		}
	}
	return true;
}

/* As many of the items from *at on as may be in memory at once. */
static bool verify_some(struct verifying *verifying, size_t count, size_t *at)
{
	uint64_t units = 0;

	verifying->count = 0;
	for (; *at < count; (*at)++) {
		if (!verifying->opened[*at])
			continue;
		const dfs_content *content =
			&lookup_file(&verifying->lookups[*at])->content;

		units += placement_units(content->size, content->unit_size);
		if (verifying->count > 0 && units > UNITS_MAX)
			break;
		prepare(verifying, *at);
	}
	return prove_all(verifying);
}

static bool verify(struct verifying *verifying, size_t count)
{
	size_t at = 0;

	reading_run(verifying->dfs, verifying->lookups, count);
	for (size_t i = 0; i < count; i++) {
		const struct lookup *lookup = &verifying->lookups[i];

		open_item(verifying, i);
		/* Who told of it while it was finished may not have given a ticket. */
		if (verifying->opened[i] && verifying->items[i].size > 0 &&
		    id_is_zero(&lookup->ticket.object))
			read_again(verifying, i);
	}
	while (at < count)
		if (!verify_some(verifying, count, &at))
			return false;
	return true;
}

void dfs_verify(struct dfs *dfs, struct dfs_verified *items, size_t count,
		const struct dfs_verify_callbacks *callbacks)
{
	struct verifying *verifying = calloc(1, sizeof *verifying);
	bool good = verifying;

	for (size_t i = 0; i < count; i++) {
		const char *path = items[i].path;

		if (verifying) {
			verifying->before[i] = items[i].bad_units;
			verifying->lookups[i].path = path;
		}
		items[i] = (struct dfs_verified){.path = path};
	}
	if (verifying) {
		verifying->dfs = dfs;
		verifying->items = items;
		verifying->callbacks = callbacks;
		good = verify(verifying, count);
		for (size_t i = 0; i < count; i++)
			lookup_free(&verifying->lookups[i]);
		secret_wipe(verifying->secrets, sizeof verifying->secrets);
	}
	free(verifying);
	for (size_t i = 0; i < count; i++) {
		if (!good)
			result_fail(&items[i].result, DFS_EXIT_OTHER, "out of memory");
		callbacks->finished(callbacks->context, i);
	}
	session_tell(dfs);
}
