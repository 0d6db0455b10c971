/* Tickets: making and checking them. */
#include "ticket.h"

#include "ballot.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static const char label[] = "dfs ticket";

/* What the code is over; the length. */
static size_t describe(const char *user, const dfs_id *object, int64_t ends,
		       uint8_t text[sizeof label + DFS_USER_MAX + DFS_ID_LEN + 8])
{
	size_t user_len = strnlen(user, DFS_USER_MAX), len = sizeof label - 1;

	memcpy(text, label, len);
	text[len++] = (uint8_t)user_len;
	memcpy(text + len, user, user_len);
	len += user_len;
	memcpy(text + len, object->bytes, DFS_ID_LEN);
	len += DFS_ID_LEN;
	for (unsigned i = 0; i < 8; i++)
		text[len++] = (uint8_t)((uint64_t)ends >> (56 - 8 * i));
	return len;
}

static bool sign(const uint8_t secret[32], const char *user, dfs_ticket *ticket)
{
	uint8_t text[sizeof label + DFS_USER_MAX + DFS_ID_LEN + 8], mac[EVP_MAX_MD_SIZE];
	unsigned mac_len = 0;
	size_t len = describe(user, &ticket->object, ticket->ends, text);

	if (!HMAC(EVP_sha256(), secret, 32, text, len, mac, &mac_len) ||
	    mac_len < sizeof ticket->mac)
		return false;
	memcpy(ticket->mac, mac, sizeof ticket->mac);
	return true;
}

dfs_ticket ticket_make(const uint8_t secret[32], const char *user, const dfs_id *object,
		       int64_t now_ns)
{
	dfs_ticket ticket = {.object = *object,
			     .ends = now_ns + TICKET_HOURS * INT64_C(3600000000000)};

	if (!sign(secret, user, &ticket))
		memset(&ticket, 0, sizeof ticket);
	return ticket;
}

bool ticket_is_good(const uint8_t secret[32], const char *user, const dfs_ticket *ticket,
		    int64_t now_ns)
{
	dfs_ticket own = {.object = ticket->object, .ends = ticket->ends};

	return ticket->ends > now_ns && !id_is_zero(&ticket->object) &&
	       sign(secret, user, &own) &&
	       CRYPTO_memcmp(own.mac, ticket->mac, sizeof own.mac) == 0;
}
