/*
 * What status prints with --what-if.
 *
 * The counts come from what servers count, and cost nothing.  Names cost a listing: they
 * are asked for only where some files would be lost and others not, and the some are not
 * too many for a reader.
 */
#include "report.h"

#include "libdfs.h"
#include "output.h"
#include "run.h"
#include "sets.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 1000, SERVERS_TEXT = 40 };

struct what_if {
	struct run *run;
	char servers[SERVERS_TEXT]; /* that would go */
	uint64_t named;
};

/* "dfs1 and dfs3" */
static const char *name_servers(server_set servers, const char *between,
				char text[SERVERS_TEXT])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned s = 1; s <= 4; s++)
		if (set_has(servers, s))
			len += (size_t)snprintf(text + len, SERVERS_TEXT - len, "%sdfs%u",
						len > 0 ? between : "", s);
	return text;
}

static int print_name(void *context, const char *path)
{
	struct what_if *what_if = context;
	struct output *output = what_if->run->output;

	what_if->named++;
	if (output_json(output)) {
		output_object(output, "path", path, DFS_EXIT_FEW,
			      json_pack("{s:s,s:s}", "status", "unreadable", "without",
					what_if->servers));
	} else {
		output_text(output, "    ");
		output_name(output, path);
		output_text(output, "\n");
	}
	return output_broken(output) ? DFS_EXIT_OTHER : 0;
}

static void print_loss(const struct what_if *what_if, const struct dfs_loss *loss,
		       bool names)
{
	struct output *output = what_if->run->output;
	const char *most = loss->at_most ? "at most " : "";
	unsigned long long count = (unsigned long long)loss->unreadable;
	const char *word = loss->unreadable == 0             ? "nothing"
			   : loss->unreadable == loss->files ? "everything"
							     : "some";

	if (output_json(output)) {
		output_object(output, "server", what_if->servers,
			      loss->unreadable > 0 ? DFS_EXIT_FEW : DFS_EXIT_DONE,
			      json_pack("{s:s,s:I,s:I,s:b,s:b}", "status", word,
					"unreadable", (json_int_t)loss->unreadable,
					"files", (json_int_t)loss->files, "at_most",
					loss->at_most, "named", names));
		return;
	}
	output_text(output, "  %-13s  ", what_if->servers);
	if (count == 0)
		output_text(output, "nothing\n");
	else if (loss->unreadable == loss->files)
		output_text(output, "%severy file, %llu\n", most, count);
	else
		output_text(output, "%s%llu of %llu files%s\n", most, count,
			    (unsigned long long)loss->files,
			    names ? ":" : " (-v: names)");
}

/* Names that the user may not see are counted at least. */
static void print_names(struct what_if *what_if, const struct dfs_loss *loss,
			unsigned down)
{
	struct output *output = what_if->run->output;
	struct dfs_result result = dfs_lost_without(what_if->run->dfs, loss->gone | down,
						    print_name, what_if);

	output_warning(output, result.warning);
	if (result.code != DFS_EXIT_DONE)
		output_failure(output, "server", what_if->servers, result.code,
			       result.why);
	else if (what_if->named < loss->unreadable && !output_json(output))
		output_text(output, "    %s%llu that you may not list\n",
			    loss->at_most ? "at most " : "",
			    (unsigned long long)(loss->unreadable - what_if->named));
}

void report_what_if(struct run *run)
{
	struct output *output = run->output;
	struct dfs_loss found[DFS_LOSSES_MAX];
	char gone[SERVERS_TEXT];
	unsigned down;
	size_t count;
	struct dfs_result result = dfs_what_if(run->dfs, found, &count, &down);

	if (result.code != DFS_EXIT_DONE) {
		output_failure(output, "server", NULL, result.code, result.why);
		return;
	}
	if (!output_json(output))
		output_text(output, "what would become unreadable if these went%s%s%s:\n",
			    down != 0 ? " (gone already: " : "",
			    down != 0 ? name_servers(down, ", ", gone) : "",
			    down != 0 ? ")" : "");
	for (size_t i = 0; i < count; i++) {
		struct what_if what_if = {.run = run};
		bool some =
			found[i].unreadable > 0 && found[i].unreadable < found[i].files;
		bool names = some &&
			     (found[i].unreadable <= NAMES_MAX || output_verbose(output));

		(void)name_servers(found[i].gone, output_json(output) ? "+" : " and ",
				   what_if.servers);
		print_loss(&what_if, &found[i], names);
		if (names)
			print_names(&what_if, &found[i], down);
	}
}
