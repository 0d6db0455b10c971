/* Ballots, versions and ids. */
#include "ballot.h"

#include "text.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

const dfs_ballot ballot_none;

bool ballot_is_good(const dfs_ballot *ballot)
{
	return ballot->counter > 0 && !id_is_zero(&ballot->proposer);
}

int ballot_compare(const dfs_ballot *a, const dfs_ballot *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	if (a->counter != b->counter)
		return a->counter < b->counter ? -1 : 1;
	/* memcmp compares as unsigned bytes. */
	return memcmp(a->proposer.bytes, b->proposer.bytes, DFS_ID_LEN);
}

/* Of the servers to be heard by, one whose counters are those of the ballot's epoch. */
static bool counts(const struct ballot_choice *choice, unsigned i, uint32_t epoch)
{
	return set_has(choice->servers, i + 1) && choice->seen[i].epoch == epoch;
}

/* The highest epoch, or the highest that two of them are in. */
static uint32_t choose_epoch(const struct ballot_choice *choice)
{
	uint32_t highest = 0, second = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		uint32_t epoch = choice->seen[i].epoch;

		if (!set_has(choice->servers, i + 1))
			continue;
		if (epoch > highest) {
			second = highest;
			highest = epoch;
		} else if (epoch > second) {
			second = epoch;
		}
	}
	return choice->boldly ? highest : second;
}

/* The lowest counter that has to be in reach: of four servers three are enough. */
static uint64_t lowest_of_three(const struct ballot_choice *choice, uint32_t epoch)
{
	uint64_t most = UINT64_MAX - choice->jump, lowest = most, second = most;
	unsigned count = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		uint64_t counter = choice->seen[i].counter;

		if (!counts(choice, i, epoch))
			continue;
		count++;
		if (counter < lowest) {
			second = lowest;
			lowest = counter;
		} else if (counter < second) {
			second = counter;
		}
	}
	return count == DFS_SERVERS ? second : lowest;
}

void ballot_choose(const struct ballot_choice *choice, dfs_ballot *ret)
{
	uint64_t lowest, in_reach = 0, highest = 0;
	bool out_of_reach, drawn_up;

	ret->epoch = choose_epoch(choice);
	lowest = lowest_of_three(choice, ret->epoch);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		if (!counts(choice, i, ret->epoch))
			continue;
		uint64_t counter = choice->seen[i].counter;

		if (counter < lowest + choice->jump && counter > in_reach)
			in_reach = counter;
		if (counter > highest)
			highest = counter;
	}
	out_of_reach = highest >= lowest + choice->jump && highest < UINT64_MAX;
	drawn_up = choice->last == lowest;
	if (choice->last > in_reach && choice->last < lowest + choice->jump)
		in_reach = choice->last;
	if (!out_of_reach || !choice->again)
		ret->counter = in_reach + 1;
	else
		ret->counter = drawn_up ? highest + 1 : lowest + choice->jump;
}

bool ballot_next(const dfs_seen seen[DFS_SERVERS], server_set servers, bool again,
		 uint64_t *counter, dfs_ballot *ret)
{
	bool good = id_random(&ret->proposer);
	const struct ballot_choice choice = {.seen = seen,
					     .servers = servers,
					     .again = again,
					     .boldly = again &&
						       ret->proposer.bytes[0] % 2 == 0,
					     .last = *counter,
					     .jump = BALLOT_JUMP};

	ballot_choose(&choice, ret);
	*counter = ret->counter;
	return good;
}

bool id_equal(const dfs_id *a, const dfs_id *b)
{
	return memcmp(a->bytes, b->bytes, DFS_ID_LEN) == 0;
}

bool id_is_zero(const dfs_id *id)
{
	static const dfs_id zero;

	return id_equal(id, &zero);
}

bool id_random(dfs_id *ret)
{
	ssize_t got;

	/*
	 * So few bytes come whole, once the generator is ready; only the wait can be
	 * broken.
	 */
	do
		got = getrandom(ret->bytes, DFS_ID_LEN, 0);
	while (got < 0 && errno == EINTR);
	return got == DFS_ID_LEN;
}

const char *id_text(const dfs_id *id, char *text)
{
	return text_hex(id->bytes, DFS_ID_LEN, text);
}

bool id_parse(const char *text, dfs_id *ret)
{
	return text_unhex(text, ret->bytes, DFS_ID_LEN);
}

/* The number from text up to the separator; *ret_rest is what follows it. */
static bool take_number(const char *text, char separator, uint64_t max, uint64_t *ret,
			const char **ret_rest)
{
	char digits[21]; /* of 2^64 - 1 */
	const char *end = strchr(text, separator);

	if (!end || (size_t)(end - text) >= sizeof digits)
		return false;
	memcpy(digits, text, (size_t)(end - text));
	digits[end - text] = '\0';
	if (!text_number(digits, 0, max, ret))
		return false;
	*ret_rest = end + 1;
	return true;
}

const char *ballot_text(const dfs_ballot *ballot, char *text)
{
	char proposer[ID_TEXT];

	(void)snprintf(text, BALLOT_TEXT, "%" PRIu32 ".%" PRIu64 ".%s", ballot->epoch,
		       ballot->counter, id_text(&ballot->proposer, proposer));
	return text;
}

bool ballot_parse(const char *text, dfs_ballot *ret)
{
	dfs_ballot ballot;
	uint64_t epoch;

	if (!take_number(text, '.', UINT32_MAX, &epoch, &text) ||
	    !take_number(text, '.', UINT64_MAX, &ballot.counter, &text) ||
	    !id_parse(text, &ballot.proposer))
		return false;
	ballot.epoch = (uint32_t)epoch;
	*ret = ballot;
	return true;
}

const char *version_text(const dfs_version *version, char *text)
{
	char operation[ID_TEXT];

	(void)snprintf(text, VERSION_TEXT, "%" PRIu64 "-%s", version->number,
		       id_text(&version->operation, operation));
	return text;
}

bool version_parse(const char *text, dfs_version *ret)
{
	dfs_version version;

	if (!take_number(text, '-', UINT64_MAX, &version.number, &text) ||
	    !id_parse(text, &version.operation))
		return false;
	*ret = version;
	return true;
}

bool version_equal(const dfs_version *a, const dfs_version *b)
{
	return a->number == b->number && id_equal(&a->operation, &b->operation);
}
