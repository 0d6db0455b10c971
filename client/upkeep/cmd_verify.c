/* verify [PATH...] */
#include "upkeep.h"

#include "mending.h"
#include "outcome.h"
#include "output.h"
#include "progress.h"
#include "run.h"
#include "sets.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Files are listed and verified in turns, so that memory does not grow with their number.
 */
struct verification {
	struct run *run;
	struct progress *progress;
	bool admin; /* who proves his own, and tells of others what servers say */
	bool waits; /* until the servers have mended what is found */
	size_t count;
	char *paths[DFS_VERIFY_MAX];
	chunk_set said[DFS_VERIFY_MAX][4]; /* chunks that servers say they lack */
	struct dfs_verified items[DFS_VERIFY_MAX];
	/* of all */
	unsigned long long files, bytes, bad, lost, unproved, found;
	struct mending mending;   /* files whose end is open */
	struct outcome not_right; /* of those that are not all right */
	bool no_memory;
};

/* ---- one file ------------------------------------------------------------------ */

static json_t *chunk_list(chunk_set chunks)
{
	json_t *list = json_array();

	for (unsigned c = 1; c <= 4; c++)
		if (set_has(chunks, c))
			(void)json_array_append_new(list, json_integer(c));
	return list;
}

static json_t *item_fields(const struct dfs_verified *item)
{
	json_t *servers = json_object();
	char name[8];

	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		(void)json_object_set_new(
			servers, name,
			json_pack("{s:o,s:o,s:o,s:o}", "damaged",
				  chunk_list(item->damaged[i]), "missing",
				  chunk_list(item->missing[i]), "wrong",
				  chunk_list(item->wrong[i]), "unreached",
				  chunk_list(item->unreached[i])));
	}
	return json_pack("{s:I,s:b,s:b,s:o}", "size", (json_int_t)item->size, "lost",
			 item->lost, "proved", !item->unproved, "chunks", servers);
}

/*
 * For who may list but not read: nothing was proved, and what servers say of it stands
 * for that.
 */
static void take_word(struct verification *verification, size_t i)
{
	struct dfs_verified *item = &verification->items[i];
	const chunk_set *said = verification->said[i];
	char text[DFS_WHY] = "";
	size_t len = 0;

	verification->unproved++;
	item->result.code = DFS_EXIT_DONE;
	item->result.why[0] = '\0';
	for (unsigned s = 0; s < 4; s++) {
		if (said[s] == 0)
			continue;
		len += (size_t)snprintf(text + len, sizeof text - len,
					"%sdfs%u says that it lacks chunk%s",
					len > 0 ? "; " : "", s + 1,
					set_count(said[s]) > 1 ? "s" : "");
		for (unsigned c = 1; c <= 4; c++)
			if (set_has(said[s], c))
				len += (size_t)snprintf(text + len, sizeof text - len,
							" %u", c);
		item->missing[s] = said[s];
	}
	if (len > 0)
		item->result = result_of(DFS_EXIT_FEW, "%s", text);
}

static void print_item(const struct verification *verification,
		       const struct dfs_verified *item)
{
	struct output *output = verification->run->output;
	bool good = item->result.code == DFS_EXIT_DONE;

	if (good && !options_has(&verification->run->options, OPTION_VERBOSE))
		return;
	if (output_json(output)) {
		json_t *fields = item_fields(item);

		if (!good)
			(void)json_object_set_new(fields, "message",
						  output_string(item->result.why));
		if (item->result.warning[0] != '\0')
			(void)json_object_set_new(fields, "warning",
						  output_string(item->result.warning));
		output_object(output, "path", item->path, item->result.code, fields);
		return;
	}
	output_name(output, item->path);
	output_text(output, ": %s\n",
		    !good            ? item->result.why
		    : item->unproved ? "no server says that it lacks anything"
				     : "good");
}

/* A file ended with this code. */
static void count_file(struct verification *verification, int code, bool lost)
{
	verification->lost += lost;
	if (code == DFS_EXIT_DONE)
		return;
	verification->bad++;
	outcome_add(&verification->not_right, code);
}

static void finish_item(void *context, size_t i)
{
	struct verification *verification = context;
	struct dfs_verified *item = &verification->items[i];

	progress_finished(verification->progress);
	if (item->gone)
		return;
	if (item->unproved && verification->admin)
		take_word(verification, i);
	verification->files++;
	verification->bytes += item->unproved ? 0 : item->size;
	if (mending_wants(item) ||
	    (item->result.code == DFS_EXIT_DAMAGED && !item->closed))
		verification->found++;
	/* Without memory for it a file is not waited for. */
	if (!verification->waits || !mending_wants(item) ||
	    !mending_add(&verification->mending, item))
		/* Proved or not: what does not open cannot be read either. */
		count_file(verification, item->result.code, item->lost || item->closed);
	output_warning(verification->run->output, item->result.warning);
	print_item(verification, item);
}

/* ---- all files ----------------------------------------------------------------- */

static void show_progress(void *context, size_t i, uint64_t done, uint64_t size)
{
	const struct verification *verification = context;

	progress_at(verification->progress, verification->items[i].path, done, size);
}

static void verify_some(struct verification *verification)
{
	const struct dfs_verify_callbacks callbacks = {.context = verification,
						       .progress = show_progress,
						       .finished = finish_item};

	for (size_t i = 0; i < verification->count; i++)
		verification->items[i].path = verification->paths[i];
	dfs_verify(verification->run->dfs, verification->items, verification->count,
		   &callbacks);
	for (size_t i = 0; i < verification->count; i++)
		free(verification->paths[i]);
	verification->count = 0;
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct verification *verification = context;
	size_t at = verification->count;

	if (entry->folder)
		return 0;
	verification->paths[at] = strdup(entry->path);
	verification->no_memory = !verification->paths[at];
	if (verification->no_memory)
		return DFS_EXIT_OTHER;
	memcpy(verification->said[at], entry->file.missing,
	       sizeof verification->said[at]);
	progress_expect(verification->progress, 1);
	if (++verification->count == DFS_VERIFY_MAX)
		verify_some(verification);
	return output_broken(verification->run->output) ? DFS_EXIT_OTHER : 0;
}

/* ---- until it is mended -------------------------------------------------------- */

static void nothing(void *context, size_t i)
{
	(void)context;
	(void)i;
}

static void look_again(void *context, struct dfs_verified *items, size_t count)
{
	const struct verification *verification = context;
	const struct dfs_verify_callbacks callbacks = {.finished = nothing};

	dfs_verify(verification->run->dfs, items, count, &callbacks);
}

static void print_mended(void *context, const struct dfs_verified *item)
{
	struct verification *verification = context;
	struct output *output = verification->run->output;
	bool all = item->result.code == DFS_EXIT_DONE;

	count_file(verification, item->result.code, item->lost);
	if (output_json(output)) {
		output_object(output, "path", item->path, item->result.code,
			      json_pack("{s:b}", "mended", 1));
		return;
	}
	output_name(output, item->path);
	output_text(output, ": mended%s%s\n", all ? "" : "; ",
		    all ? "" : item->result.why);
}

static bool show_mended(void *context, const struct mending *mending)
{
	const struct verification *verification = context;

	progress_count(verification->progress, "files mended", mending->mended,
		       mending->mended + mending->count);
	return !output_broken(verification->run->output);
}

static void wait_until_mended(struct verification *verification)
{
	struct mending *mending = &verification->mending;
	const struct mending_calls calls = {.context = verification,
					    .look = look_again,
					    .mended = print_mended,
					    .goes_on = show_mended};

	if (mending->count > 0) {
		/* Servers that cannot be asked mend it all the same, only later. */
		(void)dfs_heal(verification->run->dfs);
		mending_wait(mending, &mending_rules, &calls);
	}
	for (size_t i = 0; i < mending->count; i++)
		count_file(verification, mending->files[i].code,
			   mending->files[i].bad.lost);
}

/* A file, or everything below a folder. */
static void add_typed(struct verification *verification, const char *typed)
{
	struct run *run = verification->run;
	char *path = NULL;
	struct dfs_result result = run_either(run, typed, &path);

	if (result.code == DFS_EXIT_DONE)
		result = dfs_list(run->dfs, path,
				  (struct dfs_list_options){.recursive = true},
				  take_entry, verification);
	if (verification->no_memory)
		result = result_of(DFS_EXIT_OTHER, "out of memory");
	free(path);
	if (result.code == DFS_EXIT_DONE)
		output_warning(run->output, result.warning);
	else
		outcome_typed(run, typed, &result);
}

static void print_summary(const struct verification *verification, int code)
{
	struct output *output = verification->run->output;
	/* A name that is not there, or not listed, tells nothing of copies. */
	const char *word = code == DFS_EXIT_DONE ? "two good copies of everything"
			   : verification->bad == 0
				   ? "not all that was named was read"
				   : "not everything has two good copies";

	if (output_json(output)) {
		output_object(output, "path", NULL, code,
			      json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "files",
					(json_int_t)verification->files, "bytes",
					(json_int_t)verification->bytes, "bad",
					(json_int_t)verification->bad, "unreadable",
					(json_int_t)verification->lost, "unproved",
					(json_int_t)verification->unproved, "found",
					(json_int_t)verification->found, "mended",
					(json_int_t)verification->mending.mended));
		return;
	}
	if (verification->unproved > 0)
		output_text(output,
			    "%llu file%s of others: only their owners and readers can "
			    "prove the content; what servers say that they lack is "
			    "above\n",
			    verification->unproved,
			    verification->unproved == 1 ? "" : "s");
	output_text(output, "%llu file%s, %llu bytes: %s",
		    verification->files - verification->unproved,
		    verification->files - verification->unproved == 1 ? "" : "s",
		    verification->bytes, word);
	if (verification->bad > 0)
		output_text(output, "; %llu not all right, %llu unreadable",
			    verification->bad, verification->lost);
	if (verification->found > 0 && verification->waits)
		output_text(output, "; found %llu damaged, mended %zu",
			    verification->found, verification->mending.mended);
	output_text(output, "\n");
}

static int verify_all(struct verification *verification)
{
	struct run *run = verification->run;
	const struct options *options = &run->options;
	int code;

	if (options->count == 0)
		add_typed(verification, "/");
	for (size_t i = 0; i < options->count; i++)
		add_typed(verification, options->arguments[i]);
	verify_some(verification);
	wait_until_mended(verification);
	if (run->outcome.any)
		outcome_add(&verification->not_right, run->outcome.code);
	code = verification->not_right.code;
	print_summary(verification, code);
	return code;
}

static int verb_verify(struct run *run)
{
	struct verification *verification;
	struct dfs_result result = run_user(run);
	int code = DFS_EXIT_OTHER;

	if (result.code == DFS_EXIT_DONE)
		result = run_open(run);
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, run->options.arguments, run->options.count, &result);
		return result.code;
	}
	verification = calloc(1, sizeof *verification);
	if (!verification) {
		outcome_no_memory(run);
		return code;
	}
	verification->run = run;
	verification->waits = !options_has(&run->options, OPTION_NO_WAIT);
	verification->admin = strcmp(run->user, "admin") == 0;
	verification->progress = progress_new(run->output);
	code = verify_all(verification);
	progress_free(verification->progress);
	mending_free(&verification->mending);
	free(verification);
	return code;
}

const struct command cmd_verify = {
	.name = "verify",
	.usage = "verify [--no-wait] [PATH...]",
	.summary = "Read and prove every copy of files, and wait until all are mended",
	.examples = {"verify", "verify report.pdf photos/"},
	.details =
		"Every unit is read from each server that should have it, and decrypted: "
		"all below\n"
		"a folder, or without a name everything that you may read.  Prints a "
		"line for each\n"
		"file that is not all right (with -v for all) and a summary.  What is "
		"damaged or\n"
		"missing is mended by the servers: verify waits for it, until nothing "
		"has been mended\n"
		"for 30 seconds.  A copy that is wrong without its server knowing is "
		"not waited for:\n"
		"putting the file again mends it.  admin, who cannot read what is not "
		"his, is told\n"
		"what servers say that they lack of it; that is not waited for.\n\n"
		"Exit codes, of how it is in the end: 0 two good copies of everything, "
		"5 copies are\n"
		"missing or cannot be reached, 9 copies are damaged, 3 both.\n",
	.options = OPTION_BIT(OPTION_NO_WAIT),
	.run = verb_verify,
};
