/*
 * How the repair calls other servers: over connections of its own, so that nobody's vote
 * waits behind a megabyte of content.
 */
#ifndef DFS_REPAIR_LINKS_H
#define DFS_REPAIR_LINKS_H

#include "links.h"
#include "repair.h"

/*
 * repair_calls.reach: tries those that are down again, and waits a second at most, once
 * for each.
 */
unsigned repair_links_reach(struct links *links);

/* repair_calls.ask and await. */
void repair_links_ask(struct links *links, struct repair_ask *ask);
void repair_links_await(struct repair_ask *ask);

#endif
