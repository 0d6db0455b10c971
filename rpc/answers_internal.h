/* Inside the checks of answers: those of pages, whose entries have an order. */
#ifndef DFS_ANSWERS_INTERNAL_H
#define DFS_ANSWERS_INTERNAL_H

#include "answers.h"

/* Each as answers_check, of an answer whose status is DFS_OK. */
const char *answers_list(const struct answers_call *call);
const char *answers_fence(const struct answers_call *call);
const char *answers_digest(const struct answers_call *call);

#endif
