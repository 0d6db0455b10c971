/*
 * The type dfs_bytes of dfs.x: a run of bytes that XDR does not copy.
 *
 * Decoded, it points into the record that it came in and is valid until that record is
 * released; encoded, its bytes go out from where they lie.  XDR_FREE leaves them alone.
 */
#ifndef DFS_BYTES_H
#define DFS_BYTES_H

#include <rpc/rpc.h>
#include <stdint.h>

typedef struct dfs_bytes {
	uint32_t len;
	const uint8_t *data;
} dfs_bytes;

/* At most DFS_UNIT_MAX bytes; FALSE when there are more, or fewer than announced. */
bool_t xdr_dfs_bytes(XDR *xdrs, dfs_bytes *bytes);

#endif
