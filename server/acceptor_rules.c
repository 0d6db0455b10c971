/* The rules of the product.  A test links others in their place, to see that it can fail. */
#include "acceptor.h"

const struct acceptor_rules acceptor_rules_default = {
	.stride = 65536,
	.jump = UINT64_C(1) << 32,
	.promises = 65536,
	.honour = true,
	.reserve = true,
	.check_data = true,
};
