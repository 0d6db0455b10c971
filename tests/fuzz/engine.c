/* What a target needs besides an engine. */
#include "fuzz.h"

void fuzz_took(void)
{
}
