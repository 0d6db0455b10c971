/*
 * Where a connection comes from, as what is shared out among addresses counts it.
 *
 * An IPv6 host may fill 64 bits as it likes, and who rents a network has 32 bits to
 * choose from: the first is an *address* here, the second a *network*.  Of IPv4, mapped
 * into IPv6 or not, they are the address and its first 24 bits.
 */
#ifndef DFS_ORIGIN_H
#define DFS_ORIGIN_H

#include <stdint.h>
#include <sys/socket.h>

enum origin_width { ORIGIN_ADDRESS, ORIGIN_NETWORK, ORIGIN_WIDTHS };

struct origin {
	uint8_t bytes[16]; /* as IPv6 writes it, with zeros behind what counts */
};

/* Of what is neither IPv4 nor IPv6 it is always the same. */
struct origin origin_of(const struct sockaddr *from, enum origin_width width);

enum { ORIGIN_TEXT = 46 };
void origin_text(const struct origin *origin, char ret[ORIGIN_TEXT]);

#endif
