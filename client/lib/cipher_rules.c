/* What the product does to units: see cipher.h. */
#include "cipher.h"

const struct cipher_rules cipher_rules = {.encrypt = true, .compress = true};
