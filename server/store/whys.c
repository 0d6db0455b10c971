/* Why a store is not whole. */
#include "whys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct why {
	struct why *older;
	char text[256];
};

/* A recovery that is tried again and again needs one sentence. */
void whys_set(struct whys *whys, const char *text)
{
	const struct why *newest = atomic_load(&whys->newest);
	struct why *why;

	if (newest && strcmp(newest->text, text) == 0)
		return;
	why = calloc(1, sizeof *why);
	if (!why)
		return;
	(void)snprintf(why->text, sizeof why->text, "%s", text);
	why->older = atomic_load(&whys->newest);
	while (!atomic_compare_exchange_weak(&whys->newest, &why->older, why))
		;
}

const char *whys_text(const struct whys *whys)
{
	const struct why *why = atomic_load(&whys->newest);

	return why ? why->text : "The store is not whole.";
}

void whys_free(struct whys *whys)
{
	struct why *why = atomic_load(&whys->newest), *older;

	for (; why; why = older) {
		older = why->older;
		free(why);
	}
}
