/* One run of the command: new passwords. */
#include "run.h"

#include "password.h"
#include "status.h"
#include <stdio.h>

struct dfs_result run_new_password(const struct run *run, const char *user,
				   struct password *ret)
{
	const char *file = run->options.values[OPTION_NEW_PASSWORD_FILE];
	char what[64];

	if (file)
		return password_read_file(file, ret);
	if (!password_can_ask())
		return result_of(DFS_EXIT_DENIED,
				 "there is no terminal to ask for the new password at: "
				 "name a file that holds it with --new-password-file");
	(void)snprintf(what, sizeof what, "New password of %s", user);
	return password_ask_new(what, ret);
}
