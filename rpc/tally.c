/* The newest of what was told, and how many tell exactly that. */
#include "tally.h"

#include "ballot.h"
#include "sets.h"
#include "statement.h"

#include <string.h>

enum { THREE = 3, TWO = 2 };

struct tally_word tally_word(const dfs_register *reg)
{
	const dfs_accepted *accepted = reg ? &reg->dfs_register_u.accepted : NULL;

	struct tally_word word = {.told = reg};

	if (!reg || !reg->known)
		return word;
	word.ballot = &accepted->ballot;
	word.live = accepted->value.body.kind != DFS_TOMBSTONE;
	return statement_digest(&accepted->value, &word.digest) ? word
								: (struct tally_word){0};
}

/* Has it been heard at all?  A damaged one tells of its ballot, but is no answer. */
static bool is_heard(const struct tally_word *word)
{
	return word->told || word->ballot;
}

static int compare(const struct tally_word *a, const struct tally_word *b)
{
	if (!a->ballot || !b->ballot)
		return (a->ballot != NULL) - (b->ballot != NULL);
	int order = ballot_compare(a->ballot, b->ballot);

	/* A damaged one tells of its ballot alone. */
	return order != 0 || a->damaged || b->damaged
		       ? order
		       : memcmp(&a->digest, &b->digest, sizeof a->digest);
}

/* The server with the highest word in the set; 0: none of them was heard. */
static unsigned highest_of(const struct tally_word words[DFS_SERVERS], server_set servers)
{
	unsigned highest = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const struct tally_word *word = &words[s - 1];
		int order;

		if (!set_has(servers, s) || !is_heard(word))
			continue;
		order = highest ? compare(word, &words[highest - 1]) : 1;
		if (order > 0 ||
		    (order == 0 && words[highest - 1].damaged && !word->damaged))
			highest = s;
	}
	return highest;
}

/* The servers that tell the same as this one, itself among them; empty: it tells none. */
static server_set alike(const struct tally_word words[DFS_SERVERS], unsigned server)
{
	const struct tally_word *word = &words[server - 1];
	server_set same = 0;

	for (unsigned s = 1; word->told && s <= DFS_SERVERS; s++)
		if (words[s - 1].told && compare(&words[s - 1], word) == 0)
			same = set_with(same, s);
	return same;
}

static struct tally count(const struct tally_word words[DFS_SERVERS])
{
	struct tally tally = {0};

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		unsigned same = set_count(alike(words, s));

		tally.answers += words[s - 1].told;
		if (words[s - 1].told && !words[s - 1].live && same > tally.none)
			tally.none = same;
	}
	return tally;
}

static unsigned at_most_two(unsigned servers)
{
	return servers < TWO ? servers : TWO;
}

/* Nothing is agreed. */
static struct tally lower(struct tally tally)
{
	tally.answers = at_most_two(tally.answers);
	tally.none = at_most_two(tally.none);
	tally.equal = at_most_two(tally.equal);
	return tally;
}

struct tally tally_highest(const struct tally_word told[DFS_SERVERS], bool unsure)
{
	const struct tally_word *words = told, *newest;
	struct tally tally = count(words);

	tally.newest = highest_of(words, SERVERS_ALL);
	newest = tally.newest > 0 ? &words[tally.newest - 1] : NULL;
	for (unsigned i = 0; newest && newest->ballot && i < DFS_SERVERS; i++)
		tally.equal += words[i].ballot && compare(&words[i], newest) == 0;
	return unsure ? lower(tally) : tally;
}

/* Three that tell alike, or all four that do; empty: there are no three. */
static server_set agreed(const struct tally_word words[DFS_SERVERS], bool unsure)
{
	for (unsigned s = 1; !unsure && s <= DFS_SERVERS; s++)
		if (set_count(alike(words, s)) >= THREE)
			return alike(words, s);
	return 0;
}

struct tally tally_alike(const struct tally_word told[DFS_SERVERS], bool unsure)
{
	const struct tally_word *words = told;
	struct tally tally = count(words);
	server_set among = agreed(words, unsure);

	tally.newest = highest_of(words, among ? among : SERVERS_ALL);
	if (tally.newest > 0)
		tally.equal = set_count(alike(words, tally.newest));
	return unsure ? lower(tally) : tally;
}

/* Does another server tell of just this value? */
static bool is_seconded(const struct tally_word words[DFS_SERVERS], unsigned server)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != server && words[s - 1].ballot &&
		    compare(&words[s - 1], &words[server - 1]) == 0)
			return true;
	return false;
}

server_set tally_doubtful(const struct tally_word told[DFS_SERVERS], bool unsure)
{
	const struct tally_word *words = told;
	server_set among = agreed(words, unsure), doubtful = 0;
	unsigned highest = highest_of(words, among);

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (words[s - 1].ballot && !set_has(among, s) && !is_seconded(words, s) &&
		    (!highest || compare(&words[s - 1], &words[highest - 1]) > 0))
			doubtful = set_with(doubtful, s);
	return doubtful;
}

unsigned tally_lone(const dfs_register *const told[DFS_SERVERS], unsigned *ret_against)
{
	const dfs_register *lone = NULL;
	unsigned server = 0, against = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_register *reg = told[s - 1];

		if (!reg || !reg->known)
			continue;
		if (lone)
			return 0;
		lone = reg;
		server = s;
	}
	for (unsigned i = 0; lone && i < DFS_SERVERS; i++) {
		const dfs_register *reg = told[i];

		if (!reg || reg == lone)
			continue;
		if (ballot_compare(&reg->dfs_register_u.floor,
				   &lone->dfs_register_u.accepted.ballot) < 0)
			return 0;
		against++;
	}
	*ret_against = against;
	return against >= TWO ? server : 0;
}
