/* For targets that read a file: one whose content is the input. */
#ifndef DFS_FILE_FIXTURE_H
#define DFS_FILE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A folder of this process, made at the first call and removed at its end; no other file
 * may be left in it then.
 */
const char *file_fixture_folder(void);

/* The name of a file (0600) in it, which has these bytes until the next call. */
const char *file_fixture_write(const uint8_t *bytes, size_t len);

#endif
