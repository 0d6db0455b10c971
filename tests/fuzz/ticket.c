/*
 * Tickets: what a caller brings opens nothing, unless it is byte for byte what was given
 * out.
 *
 * The input is a user's name (a length before it), then a ticket in XDR; where that is
 * too short, it is the bits to be turned in a good one.
 */
#include "fuzz.h"

#include "ballot.h"
#include "ticket.h"

static const uint8_t secret[32] = "a secret that the four share...";
enum { NOW = 1000, TICKET_LEN = DFS_ID_LEN + 8 + 16 };

static void turn_bits(struct fuzz_input *input, const char *user)
{
	const dfs_id object = {"an object's id"};
	const dfs_ticket good = ticket_make(secret, user, &object, NOW);
	dfs_ticket ticket = good;
	uint8_t *at = (uint8_t *)&ticket;

	for (size_t i = 0; input->left > 0 && i < sizeof ticket; i++)
		at[i] ^= fuzz_byte(input);
	FUZZ_MUST(ticket_is_good(secret, user, &good, NOW));
	if (memcmp(&ticket, &good, sizeof good) == 0)
		fuzz_took();
	else
		FUZZ_MUST(!ticket_is_good(secret, user, &ticket, NOW));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	char user[DFS_USER_MAX + 1] = "";
	size_t user_len;
	const uint8_t *name =
		fuzz_bytes(&input, fuzz_byte(&input) % (DFS_USER_MAX + 1), &user_len);
	dfs_ticket ticket;
	XDR xdrs;

	if (user_len > 0)
		memcpy(user, name, user_len);
	if (input.left < TICKET_LEN) {
		turn_bits(&input, user);
		return 0;
	}
	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, fuzz_unconst(input.at), (u_int)input.left, XDR_DECODE);
	FUZZ_MUST(xdr_dfs_ticket(&xdrs, &ticket));
	FUZZ_MUST(!ticket_is_good(secret, user, &ticket, NOW));
	return 0;
}
