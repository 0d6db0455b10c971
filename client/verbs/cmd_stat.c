/* stat PATH... */
#include "commands.h"

#include "format.h"
#include "format_file.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "options.h"
#include "sets.h"
#include "status.h"
#include "text.h"
#include "typed_paths.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINK_MAX_BYTES = 4095 };

struct stat_view {
	struct run *run;
	const struct typed_paths *paths;
	struct dfs_stat *items;
	size_t printed;
	bool with_sha256;
	/* of the item at hand, where it is read: */
	uint8_t sha256[32];
	char leads_to[LINK_MAX_BYTES + 1]; /* a link's target; else empty */
};

/* "-" for who has no key to it. */
enum { DIGEST = 2 * 32 + 1 };

static const char *digest(const struct dfs_file *file, const uint8_t *bytes, size_t len,
			  char text[DIGEST])
{
	return file->opened ? text_hex(bytes, len, text) : "-";
}

/* ---- the SHA-256, which nobody keeps ---------------------------------------------- */

/* The content of one file, as it is read. */
struct stat_reading {
	struct dfs_stat *stat;
	EVP_MD_CTX *hash;
};

static int begin(void *context, size_t item, const struct dfs_file *file,
		 char why[DFS_WHY])
{
	struct stat_reading *reading = context;

	(void)item;
	/* It may have been replaced since, and is what is read now. */
	reading->stat->file = *file;
	if (EVP_DigestInit_ex(reading->hash, EVP_sha256(), NULL) == 1)
		return DFS_EXIT_DONE;
	(void)snprintf(why, DFS_WHY, "out of memory");
	return DFS_EXIT_OTHER;
}

static int hash_some(void *context, size_t item, const void *bytes, size_t len,
		     char why[DFS_WHY])
{
	struct stat_reading *reading = context;

	(void)item;
	if (EVP_DigestUpdate(reading->hash, bytes, len) == 1)
		return DFS_EXIT_DONE;
	(void)snprintf(why, DFS_WHY, "out of memory");
	return DFS_EXIT_OTHER;
}

static void end(void *context, size_t item)
{
	(void)context;
	(void)item;
}

/* Reads the content; what becomes of that is the item's result. */
static void take_sha256(struct stat_view *view, struct dfs_stat *stat)
{
	struct stat_reading reading = {stat, EVP_MD_CTX_new()};
	struct dfs_get get = {.path = stat->path};
	const struct dfs_get_callbacks callbacks = {
		.context = &reading, .begin = begin, .write = hash_some, .finished = end};

	if (reading.hash)
		dfs_get(view->run->dfs, &get, 1, false, &callbacks);
	if (!reading.hash || (get.result.code == DFS_EXIT_DONE &&
			      EVP_DigestFinal_ex(reading.hash, view->sha256, NULL) != 1))
		get.result = result_of(DFS_EXIT_OTHER, "out of memory");
	stat->result = get.result;
	EVP_MD_CTX_free(reading.hash);
}

/* ---- where a link leads ----------------------------------------------------------- */

struct stat_leading {
	char *text;
	size_t len;
};

static int begin_leading(void *context, size_t item, const struct dfs_file *file,
			 char why[DFS_WHY])
{
	struct stat_leading *leading = context;

	(void)item;
	(void)file;
	(void)why;
	leading->len = 0;
	return DFS_EXIT_DONE;
}

static int take_leading(void *context, size_t item, const void *bytes, size_t len,
			char why[DFS_WHY])
{
	struct stat_leading *leading = context;

	(void)item;
	if (len > LINK_MAX_BYTES - leading->len) {
		(void)snprintf(why, DFS_WHY, "leads further than a link can");
		return DFS_EXIT_DAMAGED;
	}
	memcpy(leading->text + leading->len, bytes, len);
	leading->len += len;
	return DFS_EXIT_DONE;
}

/* Where the link leads is its content, which is read. */
static void take_target(struct stat_view *view, struct dfs_stat *stat)
{
	struct stat_leading leading = {.text = view->leads_to};
	struct dfs_get get = {.path = stat->path};
	const struct dfs_get_callbacks callbacks = {.context = &leading,
						    .begin = begin_leading,
						    .write = take_leading,
						    .finished = end};

	dfs_get(view->run->dfs, &get, 1, false, &callbacks);
	view->leads_to[leading.len] = '\0';
	stat->result = get.result;
}

/* ---- printing -------------------------------------------------------------------- */

static json_t *readers_of(const struct dfs_file *file)
{
	json_t *readers = json_array();

	for (unsigned i = 0; i < file->readers_count; i++)
		(void)json_array_append_new(
			readers, json_pack("{s:s,s:b}", "user", file->readers[i].user,
					   "writes", file->readers[i].writes));
	return readers;
}

static json_t *fields_of_folder(const struct dfs_file *file)
{
	char modified[FORMAT_TIME];
	bool made = file->version[0] != '\0';

	return json_pack("{s:s,s:s,s:s*,s:s*}", "type", "folder", "owner", file->owner,
			 "modified",
			 made ? format_time_utc(file->modified_ns, modified) : NULL,
			 "file_version", made ? file->version : NULL);
}

static json_t *fields_of(const struct stat_view *view, const struct dfs_file *file)
{
	char modified[FORMAT_TIME], stored[FORMAT_TIME], protection[FORMAT_PROTECTION];
	char xxh128[DIGEST], sha256[DIGEST];
	bool link = file->type == DFS_TYPE_LINK;

	/* "s*": NULL leaves the field out. */
	return json_pack(
		"{s:s,s:o*,s:b,s:s,s:s,s:o,s:I,s:s,s:s,s:s,s:i,s:I,s:s,s:s,s:s*,s:s,s:s,"
		"s:o,s:b}",
		"type", link ? "link" : "file", "target",
		link && file->opened ? output_string(view->leads_to) : NULL, "executable",
		file->executable, "owner", file->owner, "writer", file->writer, "readers",
		readers_of(file), "size", (json_int_t)file->size, "modified",
		format_time_utc(file->modified_ns, modified), "stored",
		format_time_utc(file->stored_ns, stored), "protection",
		format_protection(file, protection), "row", (int)file->row, "unit_size",
		(json_int_t)file->unit_size, "file_version", file->version, "xxh128",
		digest(file, file->xxh128, sizeof file->xxh128, xxh128), "sha256",
		view->with_sha256
			? digest(file, view->sha256, sizeof view->sha256, sha256)
			: NULL,
		"object", file->object, "mark", format_mark(file), "servers",
		format_servers(file), "newest_unsure", file->newest_unsure);
}

static void print_people(struct output *output, const struct dfs_file *file)
{
	output_text(output, "owner       %s\nwriter      %s\n", file->owner,
		    file->writer);
	for (unsigned i = 0; i < file->readers_count; i++)
		output_text(output, "%s %s%s\n", i == 0 ? "readers    " : "           ",
			    file->readers[i].user,
			    file->readers[i].writes ? " (writes too)" : "");
}

static void print_folder(struct output *output, const struct dfs_file *file)
{
	char time[FORMAT_TIME];

	output_text(output, "type        folder\n");
	if (file->owner[0] != '\0')
		output_text(output, "owner       %s\n", file->owner);
	if (file->version[0] != '\0')
		output_text(output, "modified    %s\nversion     %s\n",
			    format_time(file->modified_ns, time), file->version);
}

static void print_type(const struct stat_view *view, const struct dfs_file *file)
{
	struct output *output = view->run->output;

	if (file->type == DFS_TYPE_FILE) {
		output_text(output, "type        file%s\n",
			    file->executable ? ", executable" : "");
		return;
	}
	output_text(output, "type        link");
	if (file->opened) {
		output_text(output, " to ");
		output_name(output, view->leads_to);
	}
	output_text(output, "\n");
}

static void print(struct stat_view *view, const char *path, const struct dfs_file *file)
{
	struct output *output = view->run->output;
	char time[FORMAT_TIME], hex[DIGEST], chunks[FORMAT_CHUNKS];
	char protection[FORMAT_PROTECTION];
	const char *mark = format_mark(file);

	if (view->printed++ > 0)
		output_text(output, "\n");
	output_text(output, "path        ");
	output_name(output, path);
	output_text(output, "\n");
	if (file->type == DFS_TYPE_FOLDER) {
		print_folder(output, file);
		return;
	}
	print_type(view, file);
	print_people(output, file);
	output_text(output, "size        %llu\n", (unsigned long long)file->size);
	output_text(output, "modified    %s\n", format_time(file->modified_ns, time));
	output_text(output, "stored      %s\n", format_time(file->stored_ns, time));
	output_text(output, "protection  %s%s%s%s\n", format_protection(file, protection),
		    *mark != '\0' ? " [" : "", mark, *mark != '\0' ? "]" : "");
	output_text(output, "row         %u\nunit size   %lu\nversion     %s\n",
		    file->row, (unsigned long)file->unit_size, file->version);
	output_text(output, "xxh128      %s\n",
		    digest(file, file->xxh128, sizeof file->xxh128, hex));
	if (view->with_sha256)
		output_text(output, "sha256      %s\n",
			    digest(file, view->sha256, sizeof view->sha256, hex));
	output_text(output, "object      %s\n", file->object);
	for (unsigned i = 1; i <= 4; i++)
		output_text(output, "dfs%u        chunks %s, %s\n", i,
			    format_chunks(file->chunks[i - 1], chunks),
			    set_has(file->live, i) ? "within reach" : "out of reach");
}

static void finished(void *context, size_t item)
{
	struct stat_view *view = context;
	struct dfs_stat *stat = &view->items[item];
	struct outcome_item outcome = {.shown = view->paths->items[item].typed,
				       .path = stat->path};

	view->leads_to[0] = '\0';
	if (stat->result.code == DFS_EXIT_DONE && stat->file.opened &&
	    stat->file.type == DFS_TYPE_LINK)
		take_target(view, stat);
	if (stat->result.code == DFS_EXIT_DONE && view->with_sha256 && stat->file.opened)
		take_sha256(view, stat);
	if (stat->result.code == DFS_EXIT_DONE) {
		if (output_json(view->run->output))
			outcome.take_fields = stat->file.type == DFS_TYPE_FOLDER
						      ? fields_of_folder(&stat->file)
						      : fields_of(view, &stat->file);
		else
			print(view, stat->path, &stat->file);
	}
	outcome_item(view->run, &outcome, &stat->result);
}

static int verb_stat(struct run *run)
{
	struct stat_view view = {.run = run};
	struct typed_paths paths;

	if (run->options.count == 0)
		return run_usage(run, "stat needs the name of a file");
	view.with_sha256 = options_has(&run->options, OPTION_SHA256);
	if (view.with_sha256 && *run->options.values[OPTION_SHA256] != '\0')
		return run_usage(run, "of stat, --sha256 takes no value");
	if (typed_paths_prepare_any(run, run->options.arguments, run->options.count,
				    &paths)) {
		view.paths = &paths;
		view.items = calloc(paths.count, sizeof *view.items);
		if (!view.items) {
			outcome_no_memory(run);
		} else {
			for (size_t i = 0; i < paths.count; i++)
				view.items[i].path = paths.items[i].path;
			dfs_stat(run->dfs, view.items, paths.count, finished, &view);
		}
		free(view.items);
	}
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_stat = {
	.name = "stat",
	.alias = "info",
	.usage = "stat [OPTIONS] PATH...",
	.summary = "Show all that is known of a file, link or folder",
	.examples = {"stat report.pdf", "stat --json /shared/plan.txt"},
	.details =
		"The last hex digit of xxh128, modulo four, is the row: it decides "
		"which\n"
		"server keeps which pair of chunks.  xxh128 is shown to who can read the "
		"file, and\n"
		"\"-\" to admin.  With --sha256 the content is read, and its SHA-256 "
		"shown too.\n",
	.options = OPTION_BIT(OPTION_SHA256) | OPTION_BIT(OPTION_EXACT),
	.run = verb_stat,
};
