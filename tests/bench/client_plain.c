/*
 * The rules of a client that neither compresses nor encrypts content: what that costs is
 * measured against it.  Linked with the product's main.
 */
#include "cipher.h"

const struct cipher_rules cipher_rules = {.encrypt = false, .compress = false};
