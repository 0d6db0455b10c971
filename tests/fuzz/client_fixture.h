/*
 * A client among four servers whose answers are the input.
 *
 * Connections, calls and rounds are the product's; only TLS is left out, and what a
 * server answers is taken from its script.  An input begins with two bytes: servers that
 * have a script of their own (the low four bits; the others share one) and servers that
 * are down (the high four); and servers that do not vote.  Then come the shared script
 * and the others, each with two bytes of length before it; in a script likewise the
 * answers, which are results in XDR.  After the last of them the server is down.
 */
#ifndef DFS_CLIENT_FIXTURE_H
#define DFS_CLIENT_FIXTURE_H

#include "fuzz.h"

#include "session.h"

/* Takes the scripts off the input; random numbers count from 1 again. */
void client_fixture_begin(struct fuzz_input *input);

/* A session of this user, who has logged in. */
struct dfs *client_fixture_open(const char *user);
/* Waits until all that belongs to it has ended. */
void client_fixture_close(struct dfs *dfs);

/* Who that is: of the same name always the same. */
const struct identity *client_fixture_identity(const char *user);

/* Without a session: a connection to this server; NULL when it is down. */
struct call *client_fixture_call(unsigned server);
const struct cluster *client_fixture_cluster(void);
/* When all connections are closed. */
void client_fixture_end(void);

/* How many calls were answered. */
unsigned client_fixture_answers(void);

#endif
