/*
 * One RPC message: from a received record to the answer that goes out.
 *
 * In the clear only procedure 0 and the errors about program and version are answered, so
 * that rpcinfo works and nothing else does.
 */
#ifndef DFS_MESSAGE_H
#define DFS_MESSAGE_H

#include "admission.h"
#include "procs.h"
#include "record.h"
#include "stream.h"

/* What one connection is made of; all borrowed, and used by its thread alone. */
struct message_channel {
	struct caller *caller;
	struct admission_seat *seat;
	struct stream *stream;
	struct record *record; /* with a received message in it */
	int64_t answer_ms;     /* that sending an answer may take */
};

enum message_next {
	MESSAGE_GO_ON,
	MESSAGE_START_TLS, /* the peer was told to begin its handshake */
	MESSAGE_END        /* the connection is of no more use */
};

enum message_next message_answer(const struct message_channel *channel);

/* A line about something refused, at most so many a second. */
void message_log_refused(const struct caller *caller, const char *what, const char *why);

#endif
