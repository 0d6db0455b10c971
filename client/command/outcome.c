/* How one item of a command ended. */
#include "outcome.h"

#include "output.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>

static void add_up(struct outcome *outcome, int code)
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

static void print_object(struct run *run, const struct verdict *verdict,
			 const struct dfs_result *result)
{
	json_t *fields = verdict->take_fields ? verdict->take_fields : json_object();

	set_text(fields, "message", result->why);
	set_text(fields, "warning", result->warning);
	set_text(fields, "operation", verdict->retry);
	output_object(run->output, "path", verdict->path ? verdict->path : verdict->shown,
		      result->code, NULL, fields);
}

static void print_text(struct run *run, const struct verdict *verdict,
		       const struct dfs_result *result)
{
	const char *name = verdict->shown ? verdict->shown : verdict->path;
	const char *why = result->why[0] != '\0' ? result->why : "failed";
	char *text;

	output_warning(run->output, result->warning);
	if (result->code == DFS_EXIT_DONE)
		return;
	if (!verdict->retry || *verdict->retry == '\0') {
		output_failure(run->output, "path", name, result->code, why);
	} else if (asprintf(&text, "%s; to repeat it safely, add --operation %s", why,
			    verdict->retry) >= 0) {
		output_failure(run->output, "path", name, result->code, text);
		free(text);
	}
}

void verdict_item(struct run *run, const struct verdict *verdict,
		  const struct dfs_result *result)
{
	add_up(&run->outcome, result->code);
	if (output_json(run->output)) {
		print_object(run, verdict, result);
	} else {
		json_decref(verdict->take_fields);
		print_text(run, verdict, result);
	}
}

void verdict_all(struct run *run, const char *const *names, size_t count,
		 const struct dfs_result *result)
{
	if (count == 0 || !output_json(run->output)) {
		add_up(&run->outcome, result->code);
		output_failure(run->output, "path", NULL, result->code, result->why);
		return;
	}
	for (size_t i = 0; i < count; i++)
		verdict_typed(run, names[i], result);
}

void verdict_typed(struct run *run, const char *typed, const struct dfs_result *result)
{
	char *path = run_remote(run, typed);

	verdict_item(run, &(struct verdict){.shown = typed, .path = path}, result);
	free(path);
}

int verdict_user(struct run *run, const char *name, bool shown,
		 const struct dfs_result *result, json_t *take_fields)
{
	json_t *fields = take_fields ? take_fields : json_object();

	if (!name && run->user[0] != '\0')
		name = run->user;
	if (output_json(run->output)) {
		set_text(fields, "message", result->why);
		set_text(fields, "warning", result->warning);
		output_object(run->output, "user", name, result->code, NULL, fields);
		return result->code;
	}
	json_decref(fields);
	output_warning(run->output, result->warning);
	if (result->code != DFS_EXIT_DONE)
		output_failure(run->output, "user", shown ? name : NULL, result->code,
			       result->why);
	return result->code;
}

void verdict_no_memory(struct run *run)
{
	const struct dfs_result result = {.code = DFS_EXIT_OTHER, .why = "out of memory"};

	verdict_all(run, NULL, 0, &result);
}
