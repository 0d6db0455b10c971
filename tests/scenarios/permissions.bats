# Who may do what: everybody, with every procedure, on every kind of path.

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

# What tools/permissions.c expects to be there.
fill()
{
	random_file "$T/small" 3000
	random_file "$T/large" 1500000
	client put "$T/small" private
	client put "$T/small" readable
	client put "$T/large" writable
	client put "$T/small" deleted
	client put "$T/small" /shared/file
	client share readable other
	client share writable other --write
	client share deleted other --write
	client delete deleted
}

walk()
{
	run "$DFS_TOOLS/scenarios/tools/permissions" "$CLUSTER/cluster.conf"
	echo "$output"
	[ "$status" = 0 ]
}

@test "2.2 every procedure on every kind of path as everybody: the walk misses no procedure" {
	sed -n 's/^\t\tdfs_[a-z_]* DFS_\([A-Z]*\)(.*) = [0-9]*;$/\1/p' "$SOURCE/rpc/dfs.x" |
		sort >"$T/declared"
	"$DFS_TOOLS/scenarios/tools/permissions" procedures | sort >"$T/walked"
	[ "$(wc -l <"$T/declared")" -ge 18 ]
	diff "$T/declared" "$T/walked"
	fill
	walk
	[[ $output =~ ^[0-9]{4,}\ checks$ ]]
}

# What "other" said to a server, by its log.
said()
{
	grep -h "user=other procedure=$1 " "$CLUSTER"/dfs?.log
}

@test "2.2 who may only read has servers finish a write that was left half done, and proposes nothing" {
	servers_stop
	servers_start --debug
	random_file "$T/before" 3000
	random_file "$T/after" 5000
	client put "$T/before" file
	client share file other
	# No three servers tell the same: what was begun has to be brought to its end.
	"$DFS_TOOLS/scenarios/tools/half" "$CLUSTER/cluster.conf" "$T/after" /tester/file 1 3
	client get --user other /tester/file "$T/out"
	cmp "$T/after" "$T/out"
	said FINISH
	run ! said PREPARE
	run ! said ACCEPT
	# It is finished: whoever is asked says so, with any server down.
	server_kill 1
	client get --user other /tester/file - | cmp - "$T/after"
	server_start 1
	server_kill 3
	client get file - | cmp - "$T/after"
}

@test "2.2 what is left half done by others below /shared/ is finished by servers" {
	servers_stop
	servers_start --debug
	random_file "$T/before" 3000
	random_file "$T/after" 5000
	client put "$T/before" /shared/file
	"$DFS_TOOLS/scenarios/tools/half" "$CLUSTER/cluster.conf" "$T/after" /shared/file 2 4
	client get --user other /shared/file "$T/out"
	cmp "$T/after" "$T/out"
	said FINISH
	# And is stored over by whoever wants to.
	"$DFS_TOOLS/scenarios/tools/half" "$CLUSTER/cluster.conf" "$T/before" /shared/file 1 2
	client put --user other "$T/after" /shared/file
	client get /shared/file - | cmp - "$T/after"
	[ "$(client stat --json /shared/file | field owner)" = other ]
}
