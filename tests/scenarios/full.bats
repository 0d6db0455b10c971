# Acceptance 1.11: servers whose disks are full.  The disks are small tmpfs file systems in a mount
# namespace of the test's own, so nothing is left mounted.
load helper

setup()
{
	namespace_start
	mkdir -p "$CLUSTER/dfs1" "$CLUSTER/dfs2"
	"${IN[@]}" mount -t tmpfs -o size=24m tmpfs "$CLUSTER/dfs1"
	"${IN[@]}" mount -t tmpfs -o size=48m tmpfs "$CLUSTER/dfs2"
	cluster_create
	servers_start
}

teardown()
{
	cluster_end
}

free_of()
{
	client status --json 2>/dev/null | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	server = json.loads(line)
	if server.get("server") == sys.argv[1]:
		print(server["free"])' "dfs$1"
}

# Puts files of 1 MiB as f/1, f/2, ... until put ends with another code than 0; $code, $count, and how
# many were stored without the full server.
fill()
{
	code=0
	without_one=0
	until [ $code != 0 ] || [ "$count" = 300 ]; do
		count=$((count + 1))
		head -c 1048576 /dev/urandom >"$T/f$count"
		run client put "$T/f$count" "f/$count"
		code=$status
		[ $code != 0 ] || [[ "$output" != *"without one server"* ]] || without_one=$((without_one + 1))
	done
}

@test "1.11 one full server counts as absent, two refuse puts; reading and deleting go on; room comes back" {
	count=0
	fill
	echo "put $count ended with $code: $output"
	[ "$code" = 5 ]
	[[ "$output" == *dfs1* ]]
	[[ "$output" == *dfs2* ]]
	[[ "$output" == *full* ]] || [[ "$output" == *space* ]]
	# The smaller disk was full long before the other one, and files were stored all the same.
	[ $without_one -gt 0 ]
	last=$((count - 1))

	# Everything that was acknowledged is there, and all servers still vote.
	for i in $(seq 1 6 $last) $last; do
		client get "f/$i" - | cmp "$T/f$i" -
	done
	run -4 client stat "f/$count"
	server_kill 3
	client get "f/$last" - | cmp "$T/f$last" -
	client get "f/1" - | cmp "$T/f1" -
	server_start 3

	for i in $(seq $last); do
		client delete "f/$i"
	done
	[ -z "$(client list f/ 2>/dev/null)" ]
	# What was dropped stays readable for the grace of its readers; then there is room.
	room_again()
	{
		client put "$T/f1" again 2>/dev/null
	}
	eventually 150 room_again
	client get again - | cmp "$T/f1" -
}

# dfs1 (24 MiB) is opposite to dfs3: there is room for its own pair, and none for the spare.
@test "1.11 a spare that has no room is done without, and put says so" {
	server_kill 3
	head -c 27262976 /dev/urandom >"$T/large"
	run client put --require-full "$T/large"
	echo "$output"
	[ "$status" = 6 ]
	[[ "$output" == *"below full protection"* ]]
	client get large - | cmp "$T/large" -
	run client put "$T/large" again
	[ "$status" = 5 ]
	client get large - | cmp "$T/large" -
}
