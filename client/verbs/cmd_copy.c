/* cp SOURCE... TARGET */
#include "commands.h"

#include "options.h"
#include "relocation.h"

static int verb_copy(struct run *run)
{
	return relocation_run(run, false);
}

const struct command cmd_copy = {
	.name = "cp",
	.alias = "copy",
	.usage = "cp [-nrT] SOURCE... TARGET",
	.summary = "Copy files and folders inside the store",
	.examples = {"cp report.pdf report-old.pdf", "cp -r photos/2026 /shared/"},
	.details = "Into TARGET if that is a folder, else to that very name; what is "
		   "there is replaced.\n"
		   "No content travels: the servers have it already.  get and put are "
		   "for local files.\n",
	.options = OPTION_BIT(OPTION_RECURSIVE) | OPTION_BIT(OPTION_NO_CLOBBER) |
		   OPTION_BIT(OPTION_NO_FOLDER) | OPTION_BIT(OPTION_TO) |
		   OPTION_BIT(OPTION_EXACT),
	.run = verb_copy,
};
