/* mv SOURCE... TARGET */
#include "commands.h"

#include "options.h"
#include "relocation.h"

static int verb_move(struct run *run)
{
	return relocation_run(run, true);
}

const struct command cmd_move = {
	.name = "mv",
	.alias = "move",
	.usage = "mv [-nT] SOURCE... TARGET",
	.summary = "Move or rename files and folders inside the store",
	.examples = {"mv report.pdf report-2026.pdf", "mv report.pdf old/"},
	.details = "Into TARGET if that is a folder, else to that very name; what is "
		   "there is replaced.\n"
		   "No content travels.  A move that is cut off leaves the file under "
		   "one name or both;\n"
		   "the same command again goes on with it.\n",
	.options = OPTION_BIT(OPTION_NO_CLOBBER) | OPTION_BIT(OPTION_NO_FOLDER) |
		   OPTION_BIT(OPTION_TO) | OPTION_BIT(OPTION_EXACT),
	.run = verb_move,
};
