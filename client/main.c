/* The command "client": prepares the process, and does what its words say. */
#include "complete.h"
#include "descriptors.h"
#include "perform.h"
#include "run.h"
#include "shell.h"
#include "status.h"
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct run run = {.start_shell = shell_run};
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	/* Who types the name alone wants to type more. */
	char *alone[] = {argv[0], (char[]){"shell"}, NULL};

	run.program = slash ? slash + 1 : argc > 0 ? argv[0] : "client";
	if (!descriptors_keep_standard())
		return DFS_EXIT_OTHER;
	(void)setlocale(LC_CTYPE, "");
	/* A reader or a server that goes is an error of its own, not the end of
	 * everything. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* A limit on the size of files is a disk that is full. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* What is typed so far is data there, and no options of this run. */
	if (argc > 1 && strcmp(argv[1], COMPLETE_VERB) == 0)
		return complete_words(run.program, argc - 2, argv + 2);
	if (argc == 1 && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
		return perform_line(&run, 2, alone);
	return perform_line(&run, argc, argv);
}
