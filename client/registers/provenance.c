/* Whether what servers tell is proved: what admin, owner and writer signed. */
#include "provenance.h"

#include "account_cache.h"
#include "ballot.h"
#include "path.h"
#include "sets.h"
#include "tally.h"
#include "value.h"

#include <string.h>

struct authority_source provenance_source(struct dfs *dfs)
{
	return (struct authority_source){.admin_key = dfs->cluster->admin_key,
					 .seen = dfs->seen_batches,
					 .servers = &dfs->cluster->sign,
					 .key = account_cache_key,
					 .context = dfs};
}

bool provenance_is_proved(struct dfs *dfs, const char *path, const dfs_accepted *told)
{
	const struct authority_source source = provenance_source(dfs);
	const dfs_path name = path_borrow(path);
	struct authority_claim claim = {
		.path = &name, .ballot = &told->ballot, .value = &told->value};
	bool unknown;

	return !authority_check_proved(&source, &claim, &unknown) &&
	       !authority_check_allowed(&claim, NULL);
}

/*
 * NULL, or what about it is not stated as it has to be, at whatever ballot: which value
 * counts is known by then.
 */
static const char *check_stated(struct dfs *dfs, const char *path, const dfs_value *value)
{
	const struct authority_source source = provenance_source(dfs);
	const dfs_path name = path_borrow(path);
	struct authority_claim claim = {
		.path = &name, .ballot = &value->proof.ballot, .value = value};
	bool unknown;
	const char *wrong = authority_check_stated(&source, &claim, &unknown);

	return wrong ? wrong : authority_check_allowed(&claim, NULL);
}

/* Servers that tell of this value of this one, itself among them. */
static server_set tell_alike(const struct tally_word words[DFS_SERVERS], unsigned at)
{
	server_set who = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (words[i].ballot &&
		    ballot_compare(words[i].ballot, words[at].ballot) == 0 &&
		    memcmp(&words[i].digest, &words[at].digest, sizeof words[i].digest) ==
			    0)
			who = set_with(who, i + 1);
	return who;
}

/*
 * Who lies may tell the same as others, with a proof that is none: then it is as if it
 * had told it with theirs.  Where all have the same proof nobody looks.
 */
static void lend_proof(struct dfs *dfs, const char *path, server_set who,
		       const dfs_register *told[DFS_SERVERS])
{
	const dfs_register *proved = NULL;
	bool same = true;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		if (!set_has(who, i + 1))
			continue;
		if (!proved)
			proved = told[i];
		same &= value_same_proof(&proved->dfs_register_u.accepted.value,
					 &told[i]->dfs_register_u.accepted.value);
	}
	if (same)
		return;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (set_has(who, i + 1) &&
		    provenance_is_proved(dfs, path, &told[i]->dfs_register_u.accepted))
			proved = told[i];
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (set_has(who, i + 1))
			told[i] = proved;
}

void provenance_drop_unproved(struct dfs *dfs, const char *path,
			      const dfs_register *told[DFS_SERVERS],
			      struct tally_word ret_words[DFS_SERVERS])
{
	server_set doubtful;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		ret_words[i] = tally_word(told[i]);
	doubtful = tally_doubtful(ret_words, false);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		server_set who =
			ret_words[s - 1].ballot ? tell_alike(ret_words, s - 1) : 0;

		if (set_count(who) >= 2)
			lend_proof(dfs, path, who, told);
		if (!set_has(doubtful, s) ||
		    provenance_is_proved(dfs, path,
					 &told[s - 1]->dfs_register_u.accepted))
			continue;
		told[s - 1] = NULL;
		ret_words[s - 1] = tally_word(NULL);
	}
}

bool provenance_open(struct dfs *dfs, const char *path, const dfs_value *value,
		     struct manifest_secret *ret, struct dfs_result *result)
{
	enum manifest_end end = MANIFEST_NOT_FOR_US;
	const char *wrong;

	if (dfs->identity)
		end = manifest_open(dfs->identity, path, &value->body.dfs_body_u.manifest,
				    ret);
	switch (end) {
	case MANIFEST_OPEN:
		wrong = check_stated(dfs, path, value);
		if (!wrong)
			return true;
		result_fail(result, DFS_EXIT_DAMAGED,
			    "the servers tell of %s: it is damaged or forged", wrong);
		secret_wipe(ret, sizeof *ret);
		break;
	case MANIFEST_NOT_FOR_US:
		result_fail(result, DFS_EXIT_DENIED, "cannot be read by %s", dfs->user);
		break;
	case MANIFEST_NO_KEY:
		result_fail(result, DFS_EXIT_DAMAGED,
			    "its key does not open: it is damaged, or was made for a "
			    "key that %s no longer has (\"passwd --recover\" brings "
			    "back an older one)",
			    dfs->user);
		break;
	case MANIFEST_DAMAGED:
		result_fail(result, DFS_EXIT_DAMAGED,
			    "what the servers tell of it is damaged or forged");
		break;
	}
	return false;
}
