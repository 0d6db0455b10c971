/* One of the four servers as a program: from its command line to its clean end. */
#ifndef DFS_SERVER_H
#define DFS_SERVER_H

/*
 * Runs server number (1..4) in the foreground until SIGTERM or SIGINT; the exit code.
 *
 *	dfsN [--config FILE] [--data DIR] [--listen ADDR:PORT] [--no-rpcbind]
 *	dfsN --create-store [--config FILE] [--data DIR]
 *
 * The second form makes a store with the first registers, which it reads from stdin
 * (create.h), and ends; "client cluster create" calls it, because only a server knows how
 * its store is written.
 */
int server_main(unsigned number, int argc, char **argv);

#endif
