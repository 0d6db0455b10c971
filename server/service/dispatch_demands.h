/*
 * What each procedure does to which paths, read from its arguments: a column of the table
 * of procedures (dispatch.h).
 */
#ifndef DFS_DISPATCH_DEMANDS_H
#define DFS_DISPATCH_DEMANDS_H

#include "permit.h"

/* Procedures without paths: HELLO and STATUS; and GET, whose objects need tickets. */
size_t dispatch_demands_nothing(const void *args, struct permit_demand *ret);
/* LOOKUP, FINISH: dfs_paths. */
size_t dispatch_demands_paths(const void *args, struct permit_demand *ret);
size_t dispatch_demands_put(const void *args, struct permit_demand *ret);
size_t dispatch_demands_bind(const void *args, struct permit_demand *ret);
size_t dispatch_demands_prepare(const void *args, struct permit_demand *ret);
size_t dispatch_demands_confirm(const void *args, struct permit_demand *ret);
/* ACCEPT, DELETE. */
size_t dispatch_demands_accept(const void *args, struct permit_demand *ret);
size_t dispatch_demands_settled(const void *args, struct permit_demand *ret);
size_t dispatch_demands_list(const void *args, struct permit_demand *ret);

#endif
