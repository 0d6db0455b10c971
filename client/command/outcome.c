/* How one item of a command ended. */
#include "outcome.h"

#include "output.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>

void outcome_add(struct outcome *outcome, int code)
{
	if (!outcome->any)
		outcome->code = code;
	else if (outcome->code != code)
		outcome->code = DFS_EXIT_SOME;
	outcome->any = true;
}

static void set_text(json_t *fields, const char *name, const char *text)
{
	if (text && *text != '\0')
		(void)json_object_set_new(fields, name, output_string(text));
}

static void print_object(struct run *run, const struct outcome_item *item,
			 const struct dfs_result *result)
{
	json_t *fields = item->take_fields ? item->take_fields : json_object();

	set_text(fields, "message", result->why);
	set_text(fields, "warning", result->warning);
	set_text(fields, "operation", item->retry);
	output_object(run->output, "path", item->path ? item->path : item->shown,
		      result->code, fields);
}

static void print_text(struct run *run, const struct outcome_item *item,
		       const struct dfs_result *result)
{
	const char *name = item->shown ? item->shown : item->path;
	const char *why = result->why[0] != '\0' ? result->why : "failed";
	char *text;

	output_warning(run->output, result->warning);
	if (result->code == DFS_EXIT_DONE)
		return;
	if (!item->retry || *item->retry == '\0') {
		output_failure(run->output, "path", name, result->code, why);
	} else if (asprintf(&text, "%s; to repeat it safely, add --operation %s", why,
			    item->retry) >= 0) {
		output_failure(run->output, "path", name, result->code, text);
		free(text);
	}
}

void outcome_item(struct run *run, const struct outcome_item *item,
		  const struct dfs_result *result)
{
	outcome_add(&run->outcome, result->code);
	if (output_json(run->output)) {
		print_object(run, item, result);
	} else {
		json_decref(item->take_fields);
		print_text(run, item, result);
	}
}

void outcome_all(struct run *run, const char *const *names, size_t count,
		 const struct dfs_result *result)
{
	if (count == 0 || !output_json(run->output)) {
		outcome_add(&run->outcome, result->code);
		output_failure(run->output, "path", NULL, result->code, result->why);
		return;
	}
	for (size_t i = 0; i < count; i++)
		outcome_typed(run, names[i], result);
}

void outcome_typed(struct run *run, const char *typed, const struct dfs_result *result)
{
	char *path = run_name(run, typed);

	outcome_item(run, &(struct outcome_item){.shown = typed, .path = path}, result);
	free(path);
}

void outcome_shown(struct run *run, const char *typed, const struct dfs_result *result)
{
	if (result->code != DFS_EXIT_DONE) {
		outcome_typed(run, typed, result);
		return;
	}
	outcome_add(&run->outcome, result->code);
	output_warning(run->output, result->warning);
}

int outcome_user(struct run *run, const char *name, bool shown,
		 const struct dfs_result *result, json_t *take_fields)
{
	json_t *fields = take_fields ? take_fields : json_object();

	if (!name && run->user[0] != '\0')
		name = run->user;
	if (output_json(run->output)) {
		set_text(fields, "message", result->why);
		set_text(fields, "warning", result->warning);
		output_object(run->output, "user", name, result->code, fields);
		return result->code;
	}
	json_decref(fields);
	output_warning(run->output, result->warning);
	if (result->code != DFS_EXIT_DONE)
		output_failure(run->output, "user", shown ? name : NULL, result->code,
			       result->why);
	return result->code;
}

void outcome_no_memory(struct run *run)
{
	const struct dfs_result result = {.code = DFS_EXIT_OTHER, .why = "out of memory"};

	outcome_all(run, NULL, 0, &result);
}
