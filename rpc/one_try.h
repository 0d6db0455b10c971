/*
 * What everything that may fail on the network is given: until when it may try, and room
 * for the sentence that says why it has failed.
 */
#ifndef DFS_ONE_TRY_H
#define DFS_ONE_TRY_H

#include <stddef.h>
#include <stdint.h>

struct one_try {
	int64_t deadline_ms;
	char *why;
	size_t why_size;
};

#endif
