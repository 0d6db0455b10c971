/* What is known of the servers, and waiting until it is. */
#include "links_internal.h"

#include "answers.h"
#include "clock.h"

#include <stdio.h>

/* With the lock held: has it started, and does not know yet whether it votes? */
static bool is_undecided(const struct link *link)
{
	return link->state == LINK_UP && !link->told.votes && link->told.tells;
}

/* With the lock held: is there a link that one still waits for? */
static bool is_settling(const struct links *links, bool needed)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const struct link *link = &links->link[i];

		if (link->state == LINK_NEW && !(needed ? link->hopeless : link->slow))
			return true;
		if (is_undecided(link) && !(needed ? link->undecidable : link->undecided))
			return true;
	}
	return false;
}

/* With the lock held: the links that neither answered nor failed. */
static server_set on_the_way(const struct links *links)
{
	server_set servers = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (links->link[s - 1].state == LINK_NEW)
			servers = set_with(servers, s);
	return servers;
}

void links_wait(struct links *links, bool (*enough)(void *context, server_set on_the_way),
		void *context, int64_t deadline_ms)
{
	bool in_time = true;

	pthread_mutex_lock(&links->lock);
	while (!links->closing && !(enough && enough(context, on_the_way(links))) &&
	       on_the_way(links) != 0 && in_time)
		in_time = clock_wait(&links->changed, &links->lock, deadline_ms);
	pthread_mutex_unlock(&links->lock);
}

void links_settle(struct links *links, bool needed)
{
	int64_t until = clock_now_ms() + (needed ? LINKS_NEED_MS : LINKS_PATIENCE_MS);
	bool in_time = true;

	pthread_mutex_lock(&links->lock);
	while (!links->closing && is_settling(links, needed) && in_time)
		in_time = clock_wait(&links->changed, &links->lock, until);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct link *link = &links->link[i];

		if (link->state != LINK_UP) {
			link->slow = true;
			link->hopeless |= needed;
		} else if (is_undecided(link)) {
			link->undecided = true;
			link->undecidable |= needed;
		}
	}
	pthread_mutex_unlock(&links->lock);
}

enum of_them { THOSE_UP, THOSE_TELLING, THOSE_VOTING };

static server_set servers_of(struct links *links, enum of_them which)
{
	server_set servers = 0;

	pthread_mutex_lock(&links->lock);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const struct link *link = &links->link[i];

		if (link->state == LINK_UP && !link->slow && !link->left_out &&
		    (which == THOSE_UP || link->told.votes ||
		     (which == THOSE_TELLING && link->told.tells)))
			servers = set_with(servers, i + 1);
	}
	pthread_mutex_unlock(&links->lock);
	return servers;
}

server_set links_up(struct links *links)
{
	return servers_of(links, THOSE_UP);
}

server_set links_voting(struct links *links)
{
	return servers_of(links, THOSE_VOTING);
}

server_set links_telling(struct links *links)
{
	return servers_of(links, THOSE_TELLING);
}

void links_leave_out(struct links *links, unsigned server, const char *rule)
{
	struct link *link = &links->link[server - 1];

	pthread_mutex_lock(&links->lock);
	link->left_out = true;
	answers_why(server, rule, link->why, sizeof link->why);
	pthread_mutex_unlock(&links->lock);
}

server_set links_left_out(struct links *links)
{
	server_set servers = 0;

	pthread_mutex_lock(&links->lock);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (links->link[s - 1].left_out)
			servers = set_with(servers, s);
	pthread_mutex_unlock(&links->lock);
	return servers;
}

server_set links_older(struct links *links)
{
	server_set servers = 0;

	pthread_mutex_lock(&links->lock);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (links->link[s - 1].state == LINK_DOWN && links->link[s - 1].older)
			servers = set_with(servers, s);
	pthread_mutex_unlock(&links->lock);
	return servers;
}

dfs_seen links_seen(struct links *links, unsigned server)
{
	pthread_mutex_lock(&links->lock);
	dfs_seen seen = links->link[server - 1].told.seen;
	pthread_mutex_unlock(&links->lock);
	return seen;
}

int64_t links_certificate_ends(struct links *links, unsigned server)
{
	pthread_mutex_lock(&links->lock);
	int64_t ends = links->link[server - 1].ends;
	pthread_mutex_unlock(&links->lock);
	return ends;
}

const char *links_why(struct links *links, unsigned server, char *why)
{
	const struct link *link = &links->link[server - 1];

	pthread_mutex_lock(&links->lock);
	if (!link->left_out &&
	    (link->state == LINK_NEW || (link->slow && link->state == LINK_UP)))
		(void)snprintf(why, LINKS_WHY, "dfs%u does not answer", server);
	else
		(void)snprintf(why, LINKS_WHY, "%s", link->why);
	pthread_mutex_unlock(&links->lock);
	return why;
}

void links_too_slow(struct links *links, unsigned server)
{
	pthread_mutex_lock(&links->lock);
	/* It may have answered since: then it is not. */
	if (links->link[server - 1].running || links->link[server - 1].first)
		links->link[server - 1].slow = true;
	pthread_mutex_unlock(&links->lock);
}

void links_address(struct links *links, unsigned server, char *ret, size_t size)
{
	const struct cluster_server *configured = &links->cluster.servers[server - 1];

	if (configured->address[0])
		(void)snprintf(ret, size, "%s", configured->address);
	else
		(void)snprintf(ret, size, "by rpcbind on %s", configured->host);
}
