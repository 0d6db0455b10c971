/* What may be proposed after what. */
#include "authority.h"

#include "placement.h"
#include "sets.h"
#include "value.h"

#include <string.h>

/* The same but for the proof. */
static bool is_same(const dfs_value *a, const dfs_value *b)
{
	dfs_key one, other;

	return statement_digest(a, &one) && statement_digest(b, &other) &&
	       memcmp(&one, &other, sizeof one) == 0;
}

/* The same but for holders and proof. */
static bool says_the_same(const dfs_value *a, const dfs_value *b)
{
	dfs_key one, other;

	return statement_digest_stated(a, &one) && statement_digest_stated(b, &other) &&
	       memcmp(&one, &other, sizeof one) == 0;
}

/*
 * A server says of itself that it has its pair again, and of its opposite that it need
 * not keep that any longer; of others it says nothing.
 */
static bool may_correct(const dfs_content *before, const dfs_content *after,
			unsigned server)
{
	unsigned opposite = placement_opposite(server);

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		chunk_set had = placement_held(before->holders, s);
		chunk_set has = placement_held(after->holders, s);
		chunk_set pair = placement_pair(before->row, s);

		if (has == had || (has == pair && s == server && had == 0) ||
		    (has == pair && s == opposite && had == CHUNKS_ALL))
			continue;
		return false;
	}
	return true;
}

/* Of two values that say the same. */
static bool may_correct_all(const dfs_value *before, const dfs_value *after,
			    unsigned server)
{
	const dfs_manifest *had = &before->body.dfs_body_u.manifest;
	const dfs_manifest *has = &after->body.dfs_body_u.manifest;
	bool may = may_correct(&had->content, &has->content, server);

	for (u_int i = 0; may && i < had->earlier.earlier_len; i++)
		may = may_correct(&had->earlier.earlier_val[i].content,
				  &has->earlier.earlier_val[i].content, server);
	return may;
}

const char *authority_check_again(const dfs_value *highest, const dfs_value *value,
				  unsigned server)
{
	if (!highest)
		return value_is_nothing(value) ? NULL : "a value that nobody has";
	if (!says_the_same(highest, value))
		return "another value than the one that is to be finished";
	if (value_has_content(highest) ? may_correct_all(highest, value, server)
				       : is_same(highest, value))
		return NULL;
	return "holders that another server has to tell of";
}

/* ---- earlier versions ---------------------------------------------------------- */

struct kept {
	const dfs_earlier *versions;
	u_int count;
};

static struct kept kept_by(const dfs_value *value)
{
	const dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const dfs_tombstone *tombstone = &value->body.dfs_body_u.tombstone;

	if (value_has_content(value))
		return (struct kept){manifest->earlier.earlier_val,
				     manifest->earlier.earlier_len};
	if (value->body.kind == DFS_TOMBSTONE)
		return (struct kept){tombstone->earlier.earlier_val,
				     tombstone->earlier.earlier_len};
	return (struct kept){NULL, 0};
}

/* Byte for byte, holders and key too. */
static bool same_version(const dfs_earlier *a, const dfs_earlier *b)
{
	dfs_earlier one = *a, other = *b;
	dfs_value first = value_nothing(), second = value_nothing();

	first.body.dfs_body_u.tombstone.earlier.earlier_len = 1;
	first.body.dfs_body_u.tombstone.earlier.earlier_val = &one;
	second.body.dfs_body_u.tombstone.earlier.earlier_len = 1;
	second.body.dfs_body_u.tombstone.earlier.earlier_val = &other;
	return is_same(&first, &second);
}

/* As it would be kept: how long is for who keeps it to say. */
static bool is_content_of(const dfs_earlier *version, const dfs_value *before)
{
	const dfs_manifest *manifest = &before->body.dfs_body_u.manifest;

	if (!value_has_content(before) || manifest->keys.keys_len == 0)
		return false;
	const dfs_earlier as_kept = {.content_version = before->content_version,
				     .until = version->until,
				     .key = manifest->keys.keys_val[0],
				     .content = manifest->content};

	return same_version(version, &as_kept);
}

/* Is each the content of the value before, or kept by that already? */
static bool keeps_what_was(const dfs_value *before, const dfs_value *value)
{
	struct kept kept = kept_by(value), kept_before = {NULL, 0};
	bool good = kept.count == 0 || before;

	if (before)
		kept_before = kept_by(before);
	for (u_int i = 0; good && i < kept.count; i++) {
		good = is_content_of(&kept.versions[i], before);
		for (u_int k = 0; !good && k < kept_before.count; k++)
			good = same_version(&kept.versions[i], &kept_before.versions[k]);
	}
	return good;
}

const char *authority_check_next(const dfs_value *highest, const dfs_value *value)
{
	uint64_t before = highest ? highest->number : 0;

	if (value->number != before + (before < UINT64_MAX) &&
	    !(highest && says_the_same(highest, value)))
		return "an operation that does not follow the last one";
	return keeps_what_was(highest, value)
		       ? NULL
		       : "earlier versions that are not those of the file";
}
