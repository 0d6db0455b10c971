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

# [--user NAME]: what counts against his quota.
used()
{
	client df --json "$@" | grep '"user":' | field used
}

@test "2.2 a quota holds at it and one byte past it, for whoever stores" {
	local small=$T/small large=$T/large reg quota before
	client user quota tester 1000000 --user admin
	[ "$(used)" = 0 ]
	[[ $(client df) == *"tester  0 used of 1000000"* ]]
	random_file "$small" 10000
	random_file "$large" 900000
	client put "$large" large
	# What is said of a file counts as well; of one with the same length of path as much.
	reg=$(($(used) - 900000))
	[ "$reg" -gt 100 ]
	[ "$reg" -lt 2000 ]
	quota=$((910000 + 2 * reg))
	client user quota tester "$quota" --user admin
	random_file "$T/more" 11000
	run -7 client put "$T/more" smell
	[[ $output == *"over the quota of tester"* ]]
	client put "$small" small
	[ "$(used)" = "$quota" ]
	[[ $(client df) == *"tester  $quota used of $quota, which is all"* ]]
	# Nothing more, wherever it is counted, in one piece or unit by unit.
	random_file "$T/more" 10001
	run -7 client put "$T/more" small
	cmp <(client get small -) "$small"
	printf x >"$T/byte"
	: >"$T/empty"
	run -7 client put "$T/byte" byte
	run -7 client put "$T/empty" empty
	run -7 client put "$T/byte" /shared/byte
	run -7 client put "$large" larger
	run -7 client share small other --write
	[[ $output == *"over the quota of tester"* ]]
	client put "$T/byte" small
	client share small other --write
	run -7 client put --user other "$T/more" /tester/small
	[[ $output == *"over the quota of tester"* ]]
	client put --user other "$T/byte" /tester/small
	before=$(used)
	client put "$T/byte" /shared/byte
	[ "$(used)" -gt $((before + 100)) ]
	# Who stores over a file below /shared/ owns it from then on.
	[ "$(used --user other)" = 0 ]
	client put --user other "$T/more" /shared/byte
	[ "$(used)" = "$before" ]
	[ "$(used --user other)" -gt 10101 ]
	[ "$(used --user other)" -lt 12001 ]
	# What is there may be made smaller and deleted under a quota that has shrunk.
	client user quota tester 10 --user admin
	head -c 899900 "$large" >"$T/less"
	client put "$T/less" large
	run -7 client put "$large" large
	run -7 client put "$T/byte" byte
	client delete large
	client delete small
	run -7 client put "$T/byte" byte
	# All of it is known after a restart.
	before=$(used)
	servers_stop
	servers_start
	[ "$(used)" = "$before" ]
	run -7 client put "$T/more" byte
}

@test "8.4 files of no bytes, and what was deleted, cost what they take" {
	local each quota i
	: >"$T/empty"
	client put "$T/empty" empty-10
	each=$(used)
	[ "$each" -gt 100 ]
	[ "$each" -lt 2000 ]
	# Room for ten.
	quota=$((10 * each))
	client user quota tester "$quota" --user admin
	for i in {11..19}; do
		client put "$T/empty" "empty-$i"
	done
	[ "$(used)" = "$quota" ]
	run -7 client put "$T/empty" empty-20
	[[ $output == *"over the quota of tester"* ]]
	# Of a tree there comes what has room.
	client delete empty-19
	mkdir "$T/tree"
	for i in {1..20}; do
		: >"$T/tree/$i"
	done
	run -7 client put -r "$T/tree" tree
	[ "$(used)" -le "$quota" ]
	[ "$(client list -r --json | grep -c '"path"')" = 9 ]
	# Deleting makes room, but for what is kept of it until all servers have forgotten it.
	for i in {10..18}; do
		client delete "empty-$i"
	done
	[ "$(used)" -gt 0 ]
	[ "$(used)" -lt "$quota" ]
	# Another user's account is another one.
	[ "$(used --user other)" = 0 ]
}

@test "2.2 others' files are not listed, however many there are and whatever is asked" {
	mkdir -p "$T/tree/deep"
	local i
	for i in {1..400}; do
		echo "$i" >"$T/tree/deep/$i"
	done
	client put -r "$T/tree" tree
	client put "$T/tree/deep/1" last
	[ -z "$(client list / --user other)" ]
	[ -z "$(client list -R / --user other)" ]
	[ -z "$(client list /tester/ --user other)" ]
	client share tree/deep/399 other
	client share last other
	[ "$(client list / --user other)" = tester/ ]
	[ "$(client list -R / --user other)" = $'tester/last\ntester/tree/deep/399' ]
	[ "$(client list /tester/ --user other)" = $'last\ntree/' ]
	[ "$(client list -l /tester/tree/deep/ --user other | wc -l)" = 1 ]
	client unshare tree/deep/399 other
	[ "$(client list -R / --user other)" = tester/last ]
	# Also while one server still has what was before.
	server_stop 2
	client unshare last other
	client share tree/deep/7 other
	server_start 2
	eventually 20 listing_is tester/tree/deep/7
	run -7 client get --user other /tester/last "$T/out"
}

listing_is()
{
	[ "$(client list -R / --user other)" = "$1" ]
}
