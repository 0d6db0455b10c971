/* What seeds are made of: values, users, the headers of answers; and saving them. */
#ifndef DFS_SEEDS_FIXTURE_H
#define DFS_SEEDS_FIXTURE_H

#include "fuzz.h"

#include "dfs.h"
#include "pack.h"

/* Everything is saved below this folder, which is made. */
void seeds_begin(const char *folder);

/* FOLDER/TARGET/NAME; what was packed is freed. */
void seeds_save(const char *target, const char *name, struct pack_out *take_out);

/* "BASE 3", until the next call. */
const char *seeds_name(const char *base, size_t number);

/*
 * The record of an answer, with the number of the call and a result that is packed;
 * which is freed.
 */
void seeds_reply(struct pack_out *out, uint32_t number, struct pack_out *take_result);

/* Encodes behind what is there. */
void seeds_encode(struct pack_out *out, xdrproc_t encode, void *from);

/* One of each kind, at a path that may have it; freed with value_free. */
enum { SEEDS_VALUES = 7 };
dfs_value seeds_value(size_t which, const char **ret_path);

/* A cluster.conf with all that it may say. */
extern const char *const seeds_cluster;

/* Arguments and results of each procedure: seeds_calls.c. */
void seeds_make_calls(void);
/* Whole conversations of a client: seeds_answers.c. */
void seeds_make_answers(void);

#endif
