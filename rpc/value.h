/* Values of registers: checking, copying and packing what dfs.x calls dfs_value. */
#ifndef DFS_VALUE_H
#define DFS_VALUE_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * NULL when the value keeps every rule that does not depend on who sent it: kind, row,
 * unit size for the size, holders that a file of this row can have, object and operation
 * ids that are not zero, recent[0] being the operation or (after renewals) an older one,
 * and so on.  Otherwise a static text that says which rule it breaks.
 */
const char *value_check(const dfs_value *value);

/*
 * value_check, and whether such a value may stand at this path: files at paths of files,
 * owned by the user whose folder it is, accounts and credentials at theirs, tombstones
 * everywhere but at those of the user "admin", who stays.
 */
const char *value_check_at(const char *path, size_t len, const dfs_value *value);

/*
 * "There is no such file", as servers say it of themselves: the one value that is no
 * operation of anybody and has no proof.  It points to nothing.
 */
dfs_value value_nothing(void);
bool value_is_nothing(const dfs_value *value);

/* The list of who may read and write what is at the path; NULL: none can be there. */
const dfs_access *value_access(const dfs_value *value);

/* Is it a file or a link: something with a manifest? */
bool value_has_content(const dfs_value *value);

/* Have both the same proof, byte for byte?  false also when memory is short. */
bool value_same_proof(const dfs_value *a, const dfs_value *b);

/* XDR into buf; the length, or 0 when it does not fit size bytes or cannot be encoded. */
size_t value_pack(const dfs_value *value, uint8_t *buf, size_t size);

/*
 * The reverse; false unless exactly len bytes were used.  On success the caller frees
 * *ret_value with value_free; on failure nothing is left to free.
 */
bool value_unpack(const uint8_t *buf, size_t len, dfs_value *ret_value);

/* A deep copy, by way of the wire form; false when out of memory. */
bool value_copy(const dfs_value *value, dfs_value *ret_value);

/* Frees what the value points to, and zeroes it. */
void value_free(dfs_value *value);

/* The same for an account alone. */
bool value_copy_account(const dfs_account *account, dfs_account *ret);
void value_free_account(dfs_account *account);

/* Is the operation among the last ones that the value remembers? */
bool value_has_operation(const dfs_value *value, const dfs_id *operation);

#endif
