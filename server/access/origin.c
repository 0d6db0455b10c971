/* Where a connection comes from. */
#include "origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/* Bytes that count, by enum origin_width; those of IPv4 follow twelve of the mapping. */
static const size_t of_v4[ORIGIN_WIDTHS] = {16, 15}, of_v6[ORIGIN_WIDTHS] = {8, 4};

struct origin origin_of(const struct sockaddr *from, enum origin_width width)
{
	struct origin origin = {{0}};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4;

	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof v4);
		v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(v6.sin6_addr.s6_addr + 12, &v4.sin_addr, sizeof v4.sin_addr);
	} else if (from->sa_family == AF_INET6) {
		memcpy(&v6, from, sizeof v6);
	}
	memcpy(origin.bytes, &v6.sin6_addr,
	       IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? of_v4[width] : of_v6[width]);
	return origin;
}

void origin_text(const struct origin *origin, char ret[ORIGIN_TEXT])
{
	if (!inet_ntop(AF_INET6, origin->bytes, ret, ORIGIN_TEXT))
		ret[0] = '\0';
}
