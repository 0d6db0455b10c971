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

const char *authority_check_next(const dfs_value *highest, const dfs_value *value)
{
	uint64_t before = highest ? highest->number : 0;

	if (value->number == before + (before < UINT64_MAX))
		return NULL;
	return highest && says_the_same(highest, value)
		       ? NULL
		       : "an operation that does not follow the last one";
}
