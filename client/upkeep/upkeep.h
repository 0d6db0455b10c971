/* The verbs of this wing. */
#ifndef DFS_UPKEEP_H
#define DFS_UPKEEP_H

#include "command.h"

extern const struct command cmd_status, cmd_verify, cmd_repair, cmd_login, cmd_logout,
	cmd_whoami, cmd_passwd, cmd_key, cmd_user, cmd_cluster;

#endif
