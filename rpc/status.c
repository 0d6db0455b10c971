/* Wire statuses and exit codes, in words. */
#include "status.h"

const char *status_text(dfs_status status)
{
	switch (status) {
	case DFS_OK:
		return "done";
	case DFS_REFUSED:
		return "another operation is at work on this path";
	case DFS_NODATA:
		return "the content has not arrived";
	case DFS_NOSPACE:
		return "the disk is full";
	case DFS_DAMAGED:
		return "what is stored there is damaged";
	case DFS_INVALID:
		return "the request breaks a rule of the protocol";
	case DFS_RECOVERING:
		return "the server is recovering and does not vote";
	case DFS_UNKNOWN:
		return "not stored there";
	case DFS_IO:
		return "the disk failed";
	case DFS_DENIED:
		return "not permitted";
	case DFS_BUSY:
		return "the server is busy, or this user has his portion of it";
	case DFS_OVER_QUOTA:
		return "more than a user's quota";
	case DFS_UNCHECKED:
		return "too few servers in reach of this one to check who calls";
	}
	/* XDR lets every number through. */
	return "an answer that this version does not know";
}

const char *status_exit_word(enum dfs_exit code)
{
	switch (code) {
	case DFS_EXIT_DONE:
		return "done";
	case DFS_EXIT_OTHER:
		return "failed";
	case DFS_EXIT_USAGE:
		return "usage";
	case DFS_EXIT_SOME:
		return "some-failed";
	case DFS_EXIT_MISSING:
		return "missing";
	case DFS_EXIT_FEW:
		return "too-few-servers";
	case DFS_EXIT_WEAK:
		return "below-protection";
	case DFS_EXIT_DENIED:
		return "refused";
	case DFS_EXIT_CONFLICT:
		return "conflict";
	case DFS_EXIT_DAMAGED:
		return "damaged";
	case DFS_EXIT_ALONE:
		return "no-server";
	case DFS_EXIT_OPEN:
		return "unknown";
	}
	return "failed";
}
