/*
 * Attack 5: names that one may not see, out of where a page of a listing ends.
 *
 * "tester" has files at /tester/private/secret-NNN, which he lets "third" read here, and
 * /tester/zebra, which he lets "other" read: the former have to be read by a server that
 * lists them, so that it ends a page among them.  "other" lists /tester/.
 */
#include "attack.h"
#include "library.h"

#include "clock.h"
#include "path.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_MS = 90000 };

static const char secret[] = "secret-", visible[] = "/tester/zebra";

static int share(void *context, const struct dfs_entry *entry)
{
	struct dfs *dfs = context;
	struct dfs_result result = dfs_file_share(dfs, entry->path, "third", false);

	if (result.code != 0)
		attack_broken("%s: %s", entry->path, result.why);
	return 0;
}

static void prepare(void)
{
	const struct dfs_list_options all = {.recursive = true};
	struct dfs *dfs = library_open("tester"), *sharing = library_open("tester");
	struct dfs_result result = dfs_list(dfs, "/tester/private/", all, share, sharing);

	if (result.code == 0)
		result = dfs_file_share(dfs, visible, "other", false);
	if (result.code != 0)
		attack_broken("/tester/: %s", result.why);
	dfs_close(sharing);
	dfs_close(dfs);
}

static bool shows_visible(const dfs_list_ok *ok)
{
	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		const dfs_path *path = &ok->entries.entries_val[i].path;

		if (path->dfs_path_len == strlen(visible) &&
		    memcmp(path->dfs_path_val, visible, strlen(visible)) == 0)
			return true;
	}
	return false;
}

/* The cursor of the page, or what it shows, has a name that is not for others. */
static void look_at(unsigned server, const dfs_list_ok *ok)
{
	const dfs_cursor *next = &ok->next;

	if (next->dfs_cursor_len > 0 &&
	    memmem(next->dfs_cursor_val, next->dfs_cursor_len, secret, strlen(secret)))
		attack_won("dfs%u told: entries=%u more=%d next=%.*s", server,
			   ok->entries.entries_len, (int)ok->more,
			   (int)next->dfs_cursor_len, next->dfs_cursor_val);
	for (u_int i = 0; i < ok->entries.entries_len; i++) {
		const dfs_path *path = &ok->entries.entries_val[i].path;

		if (memmem(path->dfs_path_val, path->dfs_path_len, secret,
			   strlen(secret)))
			attack_won("dfs%u told of %.*s", server, (int)path->dfs_path_len,
				   path->dfs_path_val);
	}
}

/* All pages of one server's listing, as long as they tell nothing. */
static unsigned list(struct attacker *other, unsigned server, bool recursive,
		     uint32_t max)
{
	char after[DFS_CURSOR_MAX];
	dfs_list_args args = {.folder = path_borrow("/tester/"),
			      .after = {0, after},
			      .recursive = recursive,
			      .max = max};
	bool more = true, found = false;
	unsigned pages = 0;

	for (; more; pages++) {
		dfs_list_res res;
		const dfs_list_ok *ok = &res.dfs_list_res_u.ok;

		attack_say(other, server, DFS_LIST, &args, &res);
		if (res.status != DFS_OK)
			attack_broken("LIST: %s", attack_status(res.status));
		look_at(server, ok);
		more = ok->more;
		found = found || shows_visible(ok);
		args.after.dfs_cursor_len = ok->next.dfs_cursor_len;
		if (args.after.dfs_cursor_len > 0)
			memcpy(after, ok->next.dfs_cursor_val, ok->next.dfs_cursor_len);
		call_free_result((xdrproc_t)xdr_dfs_list_res, &res);
	}
	if (!found)
		attack_broken("dfs%u does not list %s", server, visible);
	return pages;
}

/* What a server has not heard of yet shows nothing of how it lists. */
static void wait_until_shared(struct attacker *other, unsigned server)
{
	int64_t until = clock_now_ms() + LIMIT_MS;
	bool shared = false;

	while (!shared) {
		struct attack_known known;

		attack_look(other, server, visible, &known);
		shared = known.known && !id_is_zero(&known.ticket.object);
		attack_forget(&known);
		if (!shared && clock_now_ms() > until)
			attack_broken("dfs%u never hears that %s is shared", server,
				      visible);
		if (!shared)
			clock_pause(10);
	}
}

int main(void)
{
	struct attacker other;
	unsigned pages = 0;

	attack_begin(&other, "other", SERVERS_ALL);
	prepare();
	for (unsigned server = 1; server <= DFS_SERVERS; server++) {
		wait_until_shared(&other, server);
		pages += list(&other, server, true, DFS_LIST_MAX);
		pages += list(&other, server, true, 1);
		pages += list(&other, server, false, DFS_LIST_MAX);
	}
	attack_end(&other);
	if (pages <= 3 * DFS_SERVERS)
		attack_broken("no page ended among the files");
	attack_failed("%u pages tell no name", pages);
}
