/* The type dfs_bytes: decoded in place, encoded from where the bytes lie. */
#include "bytes.h"

#include "dfs.h"

bool_t xdr_dfs_bytes(XDR *xdrs, dfs_bytes *bytes)
{
	static const char zeros[BYTES_PER_XDR_UNIT];

	if (xdrs->x_op == XDR_FREE)
		return TRUE;
	if (!xdr_uint32_t(xdrs, &bytes->len) || bytes->len > DFS_UNIT_MAX)
		return FALSE;

	u_int padded = RNDUP(bytes->len);
	if (xdrs->x_op == XDR_DECODE) {
		/* Over a stream that does not hold the whole record in memory this
		 * would be NULL now and then: records are read whole before they are
		 * decoded. */
		bytes->data = (const uint8_t *)XDR_INLINE(xdrs, padded);
		return bytes->data || bytes->len == 0;
	}
	return bytes->len == 0 ||
	       (XDR_PUTBYTES(xdrs, (const char *)bytes->data, bytes->len) &&
		(padded == bytes->len || XDR_PUTBYTES(xdrs, zeros, padded - bytes->len)));
}
