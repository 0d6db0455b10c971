/* Why servers did not help. */
#include "refusals.h"

#include "path.h"
#include "result.h"
#include "session.h"

#include <string.h>

void refusals_note(struct refusals *refusals, unsigned server, dfs_status status)
{
	switch (status) {
	case DFS_REFUSED:
		refusals->refused = set_with(refusals->refused, server);
		break;
	case DFS_INVALID:
		refusals->invalid = set_with(refusals->invalid, server);
		break;
	case DFS_DENIED:
		refusals->denied = set_with(refusals->denied, server);
		break;
	case DFS_UNCHECKED:
		refusals->unchecked = set_with(refusals->unchecked, server);
		break;
	case DFS_OVER_QUOTA:
		refusals->over = set_with(refusals->over, server);
		break;
	case DFS_NODATA:
		refusals->unshown = set_with(refusals->unshown, server);
		break;
	case DFS_IO:
		refusals->failing = set_with(refusals->failing, server);
		break;
	default:
		break; /* yes, or what may be otherwise the next time */
	}
}

void refusals_note_call(struct refusals *refusals, unsigned server, dfs_status status)
{
	refusals_note(refusals, server, status);
	if (status == DFS_DENIED)
		refusals->nobody = set_with(refusals->nobody, server);
}

void refusals_note_content(struct refusals *refusals, unsigned server, dfs_status status)
{
	if (status == DFS_NOSPACE)
		refusals->full = set_with(refusals->full, server);
	if (status == DFS_BUSY)
		refusals->busy = set_with(refusals->busy, server);
	if (status == DFS_OVER_QUOTA || status == DFS_IO)
		refusals_note(refusals, server, status);
}

void refusals_add(struct refusals *refusals, const struct refusals *more)
{
	refusals->full |= more->full;
	refusals->over |= more->over;
	refusals->failing |= more->failing;
	refusals->busy |= more->busy;
}

static void explain_denied(const struct refusals *refusals,
			   const struct refusals_case *of, struct dfs_result *ret)
{
	unsigned nobody = set_count(refusals->nobody);
	bool is_nobody = of->what == REFUSALS_READ
				 ? 2 * nobody > set_count(refusals->denied)
				 : nobody >= 2;

	result_fail(ret, DFS_EXIT_DENIED, "%s",
		    is_nobody                   ? REFUSALS_NOBODY
		    : of->what == REFUSALS_READ ? "is not yours to read"
						: "is not yours to write");
}

/*
 * Whose quota it is: that of whoever brings it, and the owner's of the path, which is
 * another's where one may write for him.
 */
static void explain_over(const struct refusals_case *of, struct dfs_result *ret)
{
	size_t path_len = strlen(of->path), len = strlen(of->user);
	const char *whose = of->user;

	if (!path_is_shared(of->path, path_len))
		whose = path_of_whom(of->path, path_len, &len);
	if (len == strlen(of->user) && memcmp(whose, of->user, len) == 0)
		result_fail(ret, DFS_EXIT_DENIED,
			    "over the quota of %.*s: delete something, or ask admin for "
			    "more",
			    (int)len, whose);
	else
		result_fail(ret, DFS_EXIT_DENIED,
			    "over the quota of %.*s, or of %.*s, who brings it: delete "
			    "something, or ask admin for more",
			    (int)len, whose, DFS_USER_MAX, of->user);
}

bool refusals_explain(const struct refusals *refusals, const struct refusals_case *of,
		      struct dfs_result *ret)
{
	char names[DFS_WHY];

	if (refusals->invalid)
		result_fail(
			ret, DFS_EXIT_OTHER,
			"the servers call this invalid: are they of another version?");
	else if (refusals->denied)
		explain_denied(refusals, of, ret);
	else if (refusals->over)
		explain_over(of, ret);
	else if (refusals->full)
		result_fail(ret, DFS_EXIT_FEW,
			    "too little space: no room on %.100s, and fewer than three "
			    "servers could take it; delete something or give them larger "
			    "disks",
			    session_names(refusals->full, names));
	else if (refusals->unchecked)
		result_fail(
			ret, DFS_EXIT_FEW,
			"too few of the other servers are in reach of %.100s to check "
			"who calls: start the missing servers, or try again",
			session_names(refusals->unchecked, names));
	else if (refusals->failing)
		result_fail(ret, DFS_EXIT_FEW,
			    "%s, for the disk of %.100s failed: look into its log",
			    of->what == REFUSALS_CONTENT
				    ? "fewer than three servers could take its content"
				    : "too few servers could keep it",
			    session_names(refusals->failing, names));
	else if (refusals->busy)
		result_fail(ret, DFS_EXIT_FEW,
			    "fewer than three servers could take its content: %.100s "
			    "had too many uploads open, of this user or in all; wait "
			    "until others have ended, and try again",
			    session_names(refusals->busy, names));
	else if (refusals->silent)
		result_fail(ret, DFS_EXIT_FEW,
			    "fewer than three servers could take its content (not "
			    "%.100s): try again, or look into their logs",
			    session_names(refusals->silent, names));
	else
		return false;
	return true;
}
