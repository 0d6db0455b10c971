/* put LOCAL... [REMOTE] */
#include "commands.h"

#include "local.h"
#include "name.h"
#include "outcome.h"
#include "put_files.h"
#include "run.h"
#include "status.h"
#include "text.h"
#include "transfer.h"
#include <string.h>

/*
 * Is the target a local file or folder like the sources?  Then nobody can tell whether it
 * is to be stored too.  With a slash behind it, it is a source only where folders are.
 */
static bool is_question(const struct run *run, const struct transfer *transfer)
{
	if (options_has(&run->options, OPTION_TO) || !transfer->target ||
	    (name_is_folder(transfer->target) &&
	     !options_has(&run->options, OPTION_RECURSIVE)))
		return false;
	for (size_t i = 0; i < transfer->count; i++)
		if (strcmp(transfer->sources[i], "-") == 0 ||
		    local_kind(transfer->sources[i]) == LOCAL_NONE)
			return false;
	return local_kind(transfer->target) != LOCAL_NONE;
}

/* Does the target mean "below it"?  Of several files it cannot be the name. */
static bool is_folder(const struct transfer *transfer)
{
	return !transfer->target || name_is_folder(transfer->target) ||
	       transfer->count > 1;
}

/* What a pipe or a file must be like; the same results as check. */
static int check_demands(struct run *run, const struct transfer *transfer,
			 struct put_files_demands *ret)
{
	const struct options *options = &run->options;
	const char *changing = options->values[OPTION_CHANGING];

	memset(ret, 0, sizeof *ret);
	ret->snapshot = changing && strcmp(changing, "snapshot") == 0;
	ret->expects_size = options_has(options, OPTION_SIZE);
	ret->expects_sha256 = options_has(options, OPTION_SHA256);
	if (changing && !ret->snapshot && strcmp(changing, "refuse") != 0)
		return run_usage(run, "--changing is snapshot or refuse");
	if (ret->expects_size &&
	    !text_number(options->values[OPTION_SIZE], 0, INT64_MAX, &ret->size))
		return run_usage(run, "--size is a number of bytes");
	if (ret->expects_sha256 &&
	    !text_unhex(options->values[OPTION_SHA256], ret->sha256, sizeof ret->sha256))
		return run_usage(run, "--sha256 is 64 hex digits");
	if ((ret->expects_size || ret->expects_sha256) &&
	    (transfer->count > 1 || options_has(options, OPTION_RECURSIVE)))
		return run_usage(run, "--size and --sha256 go with one file");
	return DFS_EXIT_DONE;
}

/* DFS_EXIT_DONE, or the code of a usage error that was reported. */
static int check(struct run *run, const struct transfer *transfer)
{
	const struct options *options = &run->options;
	const char *target = transfer->target;

	if (transfer->count == 0)
		return run_usage(run, "put needs the name of a local file, or - for "
				      "standard input");
	if (options_has(options, OPTION_NO_CLOBBER) &&
	    options_has(options, OPTION_IF_VERSION))
		return run_usage(run, "--no-clobber and --if-version exclude each other");
	if ((transfer->count > 1 || options_has(options, OPTION_RECURSIVE)) &&
	    (options_has(options, OPTION_IF_VERSION) ||
	     options_has(options, OPTION_OPERATION)))
		return run_usage(run, "--if-version and --operation go with one file");
	if (target && *target == '\0')
		return run_usage(run, "the name of the target is empty");
	if (target && strcmp(target, "-") == 0)
		return run_usage(run,
				 "- is standard input and cannot be a target of put");
	if (is_question(run, transfer))
		return run_usage(run,
				 "%s and %s are both here: is the second to be stored, "
				 "or the name for the first?  Say --to FOLDER/ or "
				 "--to %s",
				 transfer->sources[0], target, target);
	for (size_t i = 0; i < transfer->count; i++)
		if (strcmp(transfer->sources[i], "-") == 0 && is_folder(transfer))
			return run_usage(run, "standard input needs a name: put - NAME");
	return DFS_EXIT_DONE;
}

/*
 * The names under which the sources are stored; NULL after a failure that was reported.
 */
static char **plan(struct run *run, const struct transfer *transfer)
{
	const char *target = transfer->target, *twice;
	char **names = transfer_names(transfer, is_folder(transfer) ? NULL : target,
				      target ? target : "", &twice);

	if (!names && twice)
		run->outcome.code =
			run_usage(run,
				  "two of the files would be stored under the name "
				  "of %s",
				  twice);
	else if (!names)
		outcome_no_memory(run);
	return names;
}

static int verb_put(struct run *run)
{
	struct transfer transfer;
	struct put_files_demands demands;
	struct put_files *files;
	struct dfs_result result;
	char **names;
	int code;

	transfer_split(&run->options, false, &transfer);
	code = check(run, &transfer);
	if (code == DFS_EXIT_DONE)
		code = check_demands(run, &transfer, &demands);
	if (code != DFS_EXIT_DONE)
		return code;
	result = run_user(run);
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, NULL, 0, &result);
		return run->outcome.code;
	}
	names = plan(run, &transfer);
	if (!names)
		return run->outcome.code;
	files = put_files_new(run, transfer.count > 1, &demands);
	if (files) {
		for (size_t i = 0; i < transfer.count; i++)
			put_files_add(files, transfer.sources[i], names[i]);
		put_files_finish(files);
	} else {
		outcome_no_memory(run);
	}
	put_files_free(files);
	transfer_free_names(names, transfer.count);
	return run->outcome.code;
}

const struct command cmd_put = {
	.name = "put",
	.usage = "put [OPTIONS] LOCAL... [REMOTE]",
	.summary = "Store local files",
	.examples = {"put report.pdf", "put -r photos --to backup/"},
	.details = "One file alone is stored under its own name below /USER/.  Of two "
		   "arguments the\n"
		   "second is the name to store under; of more, the last is a folder if "
		   "it ends in\n"
		   "'/'.  With --to all arguments are local files.  A target that ends "
		   "in '/', and that of\n"
		   "several files, means \"below it, under its own name\".  LOCAL - is "
		   "standard input.\n"
		   "A pipe is stored as far as it came, however its writer ended: "
		   "--size and --sha256\n"
		   "are checked before anything becomes visible.  A file that changes "
		   "while it is put is\n"
		   "refused; --changing snapshot stores as many bytes of it as it had at "
		   "the beginning.\n"
		   "Exit 11 means that nobody knows whether it was stored; the message "
		   "says with which\n"
		   "--operation it can be repeated without being done twice.\n",
	.options = OPTION_BIT(OPTION_RECURSIVE) | OPTION_BIT(OPTION_TO) |
		   OPTION_BIT(OPTION_NO_CLOBBER) | OPTION_BIT(OPTION_IF_VERSION) |
		   OPTION_BIT(OPTION_REQUIRE_FULL) | OPTION_BIT(OPTION_OPERATION) |
		   OPTION_BIT(OPTION_SIZE) | OPTION_BIT(OPTION_SHA256) |
		   OPTION_BIT(OPTION_CHANGING),
	.run = verb_put,
};
