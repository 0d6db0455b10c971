/*
 * The rules of the product.  A test links others in their place, to see that it can fail.
 */
#include "recovery.h"

const struct recovery_rules recovery_rules_default = {
	.answers = 2,
	.registers = true,
	.new_epoch = true,
	.memory = true,
	.retry_ms = 1000,
	.retry_most_ms = 60000,
	.third_ms = 60000,
	.notice_ms = 1000,
	.tell_ms = 60000,
};
