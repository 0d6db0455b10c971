/* Certificates made for the test, and the two ends of a connection. */
#ifndef DFS_WIRE_FIXTURE_H
#define DFS_WIRE_FIXTURE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum { WIRE_FIXTURE_FILE = 256, WIRE_FIXTURE_WHY = 512 };

/*
 * A folder with ca.pem and, of this CA, dfs1.pem and dfs1.key, dfs2.pem and dfs2.key,
 * wild.pem and wild.key (for "*.dfs"), both (for "dfs3" and "dfs4"), nobody ("dfs5"),
 * old.pem and old.key (dfs1, expired yesterday); and other.pem, another CA, with
 * stranger.pem and stranger.key (dfs1 too).
 */
struct wire_fixture {
	char folder[128];
};

void wire_fixture_start(struct wire_fixture *fixture);
void wire_fixture_end(struct wire_fixture *fixture);

/* The path of a file in the folder; buf has WIRE_FIXTURE_FILE bytes. */
const char *wire_fixture_file(const struct wire_fixture *fixture, const char *name,
			      char *buf);

/* Contexts that must be had: of "dfs1", "wild", ...; of "ca.pem" or "other.pem". */
SSL_CTX *wire_fixture_server(const struct wire_fixture *fixture, const char *name);
SSL_CTX *wire_fixture_client(const struct wire_fixture *fixture, const char *ca);

/* Two connected sockets that do not block. */
void wire_fixture_pair(int ret_ends[2]);

/* Writes all of it, waiting for the other side. */
void wire_fixture_write(int fd, const void *bytes, size_t len);

#endif
