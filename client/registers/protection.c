/* How well the files are kept, from what the servers count of them. */
#include "protection.h"

#include "placement.h"

enum { MASKS = CHUNKS_ALL + 1 };

/* Files of one group by the chunks that one server lacks; [0] is not used. */
struct lack {
	uint64_t files[MASKS];
	uint64_t sum;
};

/* The chunks of a file that are not empty. */
static chunk_set filled(uint32_t full)
{
	return full >= DFS_SERVERS ? CHUNKS_ALL : (1U << full) - 1;
}

unsigned protection_copies(const struct protection_file *file, server_set living)
{
	uint32_t holders = 0;
	unsigned worst = 2;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(living, s))
			holders = placement_hold(holders, s,
						 placement_held(file->holders, s) &
							 ~file->missing[s - 1]);
	for (unsigned c = 1; c <= DFS_SERVERS; c++) {
		/* The bits of one chunk, of all four servers. */
		uint32_t copies = holders & UINT32_C(0x1111) << (c - 1);

		if (set_has(filled(file->full), c) && set_count(copies) < worst)
			worst = set_count(copies);
	}
	return worst;
}

uint64_t protection_owing(const struct protection_view *view)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < view->count; i++)
		for (unsigned mask = 1; mask < MASKS; mask++)
			sum += view->kept[i].owing[mask];
	return sum;
}

server_set protection_owers(const struct protection_view views[DFS_SERVERS],
			    uint64_t most, uint64_t each[DFS_SERVERS])
{
	unsigned servers = 0;
	bool many = false;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		each[i] = views[i].votes ? protection_owing(&views[i]) : 0;
		servers |= each[i] > 0 ? set_of(i + 1) : 0;
		many |= each[i] > most;
	}
	return many ? 0 : servers;
}

static const dfs_kept *find(const struct protection_view *view, const dfs_kept *group)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->kept[i].holders == group->holders &&
		    view->kept[i].full == group->full)
			return &view->kept[i];
	return NULL;
}

/*
 * What a server lacks of the files of a group, of which there are so many.  One that
 * votes and does not know a file was given it a moment ago, or has had it accepted in its
 * absence with others as holders; one that recovers may have lost it.
 */
static struct lack lack_of(const struct protection_view *view, unsigned server,
			   const dfs_kept *group, uint64_t files)
{
	unsigned given = placement_held(group->holders, server) & filled(group->full);
	const dfs_kept *own = given ? find(view, group) : NULL;
	struct lack lack = {.sum = 0};

	for (unsigned mask = 1; own && mask < MASKS; mask++)
		if (mask & given)
			lack.files[mask & given] += own->owing[mask];
	if (given && !view->votes && (!own || own->files < files))
		lack.files[given] += files - (own ? own->files : 0);
	for (unsigned mask = 1; mask < MASKS; mask++) {
		/* More than there are: the other server has counted earlier. */
		if (lack.files[mask] > files - lack.sum)
			lack.files[mask] = files - lack.sum;
		lack.sum += lack.files[mask];
	}
	return lack;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * How many files can at most be lacking on `times` servers at once, if these lack so many
 * each: the largest n with sum of min(each, n) >= n * times.  The sum grows ever slower,
 * so that it can be looked for by halves.
 */
static uint64_t overlap(const uint64_t each[DFS_SERVERS], unsigned times, uint64_t files)
{
	uint64_t low = 0, high = files;

	while (low < high) {
		uint64_t n = low + (high - low) / 2 + 1, sum = 0;

		for (unsigned i = 0; i < DFS_SERVERS; i++)
			sum += least(each[i], n);
		if (sum / times >= n)
			low = n;
		else
			high = n - 1;
	}
	return low;
}

/*
 * At most so many files of the group have no more than so many living copies, of which
 * each has more as long as nothing is lacking.
 */
static uint64_t most_with(const dfs_kept *group, const struct lack lacks[DFS_SERVERS],
			  server_set living, unsigned copies, uint64_t files)
{
	chunk_set chunks = filled(group->full), least_times = DFS_SERVERS;
	uint64_t all[DFS_SERVERS] = {0}, sum = 0;

	for (unsigned c = 1; c <= DFS_SERVERS; c++) {
		uint64_t each[DFS_SERVERS] = {0};
		unsigned having = 0;

		if (!set_has(chunks, c))
			continue;
		for (unsigned i = 0; i < DFS_SERVERS; i++) {
			if (!set_has(living, i + 1) ||
			    !set_has(placement_held(group->holders, i + 1), c))
				continue;
			having++;
			all[i] = lacks[i].sum;
			for (unsigned mask = 1; mask < MASKS; mask++)
				each[i] += set_has(mask, c) ? lacks[i].files[mask] : 0;
		}
		if (having - copies < least_times)
			least_times = having - copies;
		sum += overlap(each, having - copies, files);
	}
	return least(least(sum, files), overlap(all, least_times, files));
}

/* The files of one group; named: of these no server that votes lacks anything. */
static void count_group(const struct protection_view *views, server_set living,
			const dfs_kept *group, bool named, struct protection_counts *ret)
{
	struct protection_file file = {.holders = group->holders, .full = group->full};
	unsigned whole = protection_copies(&file, living), lacking = 0, one = 0;
	struct lack lacks[DFS_SERVERS];
	uint64_t files = group->files, worse[2] = {0, 0}; /* none, at most one */

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		lacks[i] = (struct lack){.sum = 0};
		if (set_has(living, i + 1) && !(named && views[i].votes))
			lacks[i] = lack_of(&views[i], i + 1, group, files);
		if (lacks[i].sum > 0) {
			lacking++;
			one = i;
		}
	}
	if (lacking == 1) {
		for (unsigned mask = 1; mask < MASKS; mask++) {
			file.missing[one] = mask;
			ret->by_copies[2 - protection_copies(&file, living)] +=
				lacks[one].files[mask];
		}
		files -= lacks[one].sum;
	}
	for (unsigned copies = 0; copies < 2; copies++) {
		if (whole <= copies)
			worse[copies] = files;
		else if (lacking > 1)
			worse[copies] = most_with(group, lacks, living, copies, files);
		ret->at_most |= whole > copies && worse[copies] > 0;
	}
	ret->by_copies[2] += worse[0];
	ret->by_copies[1] += worse[1] - worse[0];
	ret->by_copies[0] += files - worse[1];
}

/* As one server sees it. */
static struct protection_counts count_view(const struct protection_view *views,
					   unsigned at, server_set living,
					   const struct protection_file *files,
					   size_t files_count)
{
	struct protection_counts counts = {.views = 1};

	for (size_t k = 0; k < views[at].count; k++) {
		dfs_kept left = views[at].kept[k];

		counts.files += left.files;
		for (size_t i = 0; files && i < files_count && left.files > 0; i++)
			left.files -= files[i].holders == left.holders &&
				      files[i].full == left.full;
		count_group(views, living, &left, files, &counts);
	}
	for (size_t i = 0; files && i < files_count; i++)
		counts.by_copies[2 - protection_copies(&files[i], living)]++;
	return counts;
}

struct protection_counts protection_count(const struct protection_view views[DFS_SERVERS],
					  server_set living,
					  const struct protection_file *files,
					  size_t files_count)
{
	struct protection_counts all = {.views = 0};
	uint64_t none = 0, at_most_one = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct protection_counts one;

		if (!views[i].votes || !views[i].counted)
			continue;
		one = count_view(views, i, living, files, files_count);
		all.views++;
		all.at_most |= one.at_most;
		if (one.files > all.files)
			all.files = one.files;
		if (one.by_copies[2] > none)
			none = one.by_copies[2];
		if (one.by_copies[2] + one.by_copies[1] > at_most_one)
			at_most_one = one.by_copies[2] + one.by_copies[1];
	}
	/*
	 * Files that one server knows and another does not may be more than each of them
	 * knows.
	 */
	if (at_most_one > all.files)
		all.files = at_most_one;
	all.by_copies[2] = none;
	all.by_copies[1] = at_most_one - none;
	all.by_copies[0] = all.files - at_most_one;
	return all;
}
