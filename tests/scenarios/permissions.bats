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
