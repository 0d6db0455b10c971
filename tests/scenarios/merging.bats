# Acceptance 9.25: what merging writes, beside what is kept.
load helper

setup()
{
	cluster_create
	servers_start
}

teardown()
{
	cluster_end
}

# What the servers have had written to their disks, in KiB.
written()
{
	local n total=0
	for n in 1 2 3 4; do
		((total += $(sed -n 's/^write_bytes: //p' "/proc/${SERVER_PID[n]}/io")))
	done
	echo $((total / 1024))
}

@test "9.25 what twelve trees of small files need is written a few times, not many" {
	[ "$(stat -f -c %T "$T")" != tmpfs ] || skip "nothing is written to a disk here"
	local tree before kept
	before=$(written)
	kept=$(du -sck "$CLUSTER"/dfs?/data | tail -n 1 | cut -f 1)
	for tree in $(seq 12); do
		mkdir "$T/tree"
		head -c $((4096 * 200)) /dev/urandom | split -b 4096 -a 3 - "$T/tree/"
		client put -r "$T/tree" --to "tree$tree/"
		rm -r "$T/tree"
	done
	before=$(($(written) - before))
	kept=$(($(du -sck "$CLUSTER"/dfs?/data | tail -n 1 | cut -f 1) - kept))
	echo "$before KiB written for $kept"
	((before > kept && before <= 4 * kept))
	[ "$(client list -R tree12/ | wc -l)" = 200 ]
}
