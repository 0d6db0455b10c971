/*
 * Other bytes of the same XXH3-128: what is to be read in them is chosen, and a few words
 * behind it make up for the difference.  XXH3 is not made against this, and takes no
 * search; a proof of content must not rest on it.
 */
#ifndef DFS_PREIMAGE_H
#define DFS_PREIMAGE_H

#include <stdint.h>

enum {
	PREIMAGE_BLOCK = 1024,  /* what is changed: the first block of the content, */
	PREIMAGE_TEXT = 11 * 64 /* of which so much can be chosen */
};

/*
 * Puts the text (at most PREIMAGE_TEXT bytes) in the place of the first bytes of a
 * content that is longer than PREIMAGE_BLOCK.
 */
void preimage_forge(uint8_t *content, const char *text);

#endif
