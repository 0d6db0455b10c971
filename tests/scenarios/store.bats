# The store alone, under failing system calls and in every state that a power cut can leave.
load helper

# In memory where that is possible: thousands of stores are opened.
setup()
{
	[ -w /dev/shm ] && export TMPDIR=/dev/shm
	return 0
}

@test "1.8 no state that a power cut can leave loses anything; broken rules are caught" {
	"$DFS_TOOLS/crash/store_states"
}

@test "3.1 no state that a power cut can leave of a recovery loses anything; broken rules are caught" {
	"$DFS_TOOLS/crash/recovery_states"
}

@test "1.8 a store killed at fifty moments, while it merges and drops, loses nothing" {
	"$DFS_TOOLS/crash/store_kill"
}

@test "1.11 a store whose system calls fail, and its reserve" {
	"$DFS_TOOLS/crash/store_faults"
}
