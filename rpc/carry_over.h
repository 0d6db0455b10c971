/* What is to be done where protocol and stores have changed since an older version. */
#ifndef DFS_CARRY_OVER_H
#define DFS_CARRY_OVER_H

/* Ends a sentence that says what is older. */
#define CARRY_OVER                                                                       \
	"carry the files over: \"get -r\" with the older programs, \"put -r\" with "     \
	"these into a new cluster (README, \"Carrying files over\")"

#endif
