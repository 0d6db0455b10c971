/*
 * The client, but it dies in the middle of what it does.
 *
 *	DFS_DIES="PROCEDURE COUNT" dying put LOCAL REMOTE	and so on, as the client
 *
 * So many calls of the procedure (PUT, BIND, PREPARE, CONFIRM, ACCEPT, DELETE, SETTLED)
 * are answered, no further one is begun, and with the last of the answers it ends, with
 * exit code 99.  It is linked so that every call goes through here.
 */
#include "call.h"
#include "text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEAD = 99 };

static const struct {
	const char *name;
	uint32_t number;
} procedures[] = {
	{"PUT", DFS_PUT},         {"BIND", DFS_BIND},     {"PREPARE", DFS_PREPARE},
	{"CONFIRM", DFS_CONFIRM}, {"ACCEPT", DFS_ACCEPT}, {"DELETE", DFS_DELETE},
	{"SETTLED", DFS_SETTLED},
};

static uint32_t fatal; /* the procedure; 0: none */
static uint64_t limit;
static atomic_uint begun, answered;

bool __real_call_run(struct call *call, uint32_t procedure, const void *args, void *res,
		     const struct one_try *try);
bool __wrap_call_run(struct call *call, uint32_t procedure, const void *args, void *res,
		     const struct one_try *try);

/* Before main, and so before there are threads. */
__attribute__((constructor)) static void read_what_to_do(void)
{
	const char *text = getenv("DFS_DIES");
	const char *count = text ? strchr(text, ' ') : NULL;

	for (size_t i = 0; count && i < sizeof procedures / sizeof procedures[0]; i++)
		if (strlen(procedures[i].name) == (size_t)(count - text) &&
		    strncmp(procedures[i].name, text, (size_t)(count - text)) == 0)
			fatal = procedures[i].number;
	if (fatal == 0 || !text_number(count + 1, 1, 1000, &limit)) {
		fputs("dying: see the head of dying.c\n", stderr);
		_exit(2);
	}
}

bool __wrap_call_run(struct call *call, uint32_t procedure, const void *args, void *res,
		     const struct one_try *try)
{
	bool good;

	if (procedure == fatal && atomic_fetch_add(&begun, 1) >= limit)
		for (;;)
			(void)pause();
	good = __real_call_run(call, procedure, args, res, try);
	if (procedure == fatal && good && atomic_fetch_add(&answered, 1) + 1 == limit)
		_exit(DEAD);
	return good;
}
