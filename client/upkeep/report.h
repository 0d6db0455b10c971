/* What status prints, in its three forms. */
#ifndef DFS_REPORT_H
#define DFS_REPORT_H

#include "libdfs_upkeep.h"

struct run;

/* Exit codes of status; they have nothing to do with those of other verbs. */
enum { HEALTH_OK = 0, HEALTH_DEGRADED = 1, HEALTH_LOST = 2, HEALTH_UNKNOWN = 3 };

/*
 * "ok", "degraded", "lost", "unknown"; "unreadable" where nothing is lost: a server that
 * is away has it.
 */
const char *report_health(const struct dfs_report *report);

/* "down", "starting", "recovering", "up" */
const char *report_state(const struct dfs_server_status *server);

/* The servers, and what all comes to; result is what dfs_report returned. */
void report_text(struct run *run, const struct dfs_report *report,
		 const struct dfs_result *result);
void report_json(struct run *run, const struct dfs_report *report,
		 const struct dfs_result *result);

/* The text exposition format 0.0.4 of Prometheus. */
void report_prometheus(struct run *run, const struct dfs_report *report);

/* For each server and each pair that could go: what would become unreadable. */
void report_what_if(struct run *run);

#endif
