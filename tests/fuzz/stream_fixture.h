/* For targets that read a stream: one on which the input, and its end, have arrived. */
#ifndef DFS_STREAM_FIXTURE_H
#define DFS_STREAM_FIXTURE_H

#include "stream.h"

/* At the beginning of an input: random numbers count from 1 again. */
void stream_fixture_begin(void);

/* More is not taken at once by the kernel. */
enum { STREAM_FIXTURE_MAX = 100000 };

/*
 * The end that reads; *ret_peer is a descriptor with the other one, which sends no more.
 * At most STREAM_FIXTURE_MAX bytes arrive.
 */
struct stream *stream_fixture_open(const uint8_t *bytes, size_t len, int *ret_peer);

/*
 * From now on stream_connect asks this for a stream to the port, NULL where the
 * connection is refused.  Until then every one is.
 */
void stream_fixture_connect(struct stream *(*connect)(unsigned short port));

#endif
