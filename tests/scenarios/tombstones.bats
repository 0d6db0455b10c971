# Acceptance 3.3: what tells of a deleted file stays while one server could come back with the file,
# and goes once all four have confirmed it.
load helper

setup()
{
	cluster_create
	printf '[server]\ntombstones_after = 1s\nabandoned_after = 2s\nkeep_readable = 1s\nlog_level = debug\n' >>"$DFS_CONFIG"
}

teardown()
{
	cluster_end
}

tombstones_are()
{
	local n=$1 want=$2
	[ "$(status_of "$n" tombstones)" = "$want" ]
}

# So many files a/1, a/2 and so on.
put_many()
{
	local i
	mkdir -p "$T/a"
	for i in $(seq "$1"); do
		echo "file $i" >"$T/a/$i"
	done
	client put -r "$T/a" a
}

delete_all()
{
	local i names=()
	for i in $(seq "$1"); do
		names+=("a/$i")
	done
	client delete "${names[@]}"
}

# How often a server has looked for tombstones, with some to look at.
looks()
{
	grep -c ' debug tombstones next=[1-9]' "$CLUSTER/dfs$1.log" || true
}

more_looks()
{
	[ "$(looks "$1")" -gt "$2" ]
}

# dfs1 to dfs3 look so many times more, and keep their tombstones.
all_look()
{
	local n before=()
	for n in 1 2 3; do
		before[n]=$(looks $n)
	done
	for n in 1 2 3; do
		eventually 60 more_looks $n $((before[n] + $1))
	done
	for n in 1 2 3; do
		tombstones_are $n 40
	done
}

@test "3.3 a tombstone stays while one server is away, however long, and goes when it is back" {
	servers_start
	put_many 40
	# It has the files, and does not hear that they are deleted.
	server_kill 4
	delete_all 40
	# Ten times as long as they would stay otherwise.
	all_look 10
	run log_has 1 ' forgotten '
	[ "$status" = 1 ]
	run -4 client get a/1 -
	# The three start, which must not make them forget what the fourth has not heard.
	for n in 1 2 3; do
		server_stop $n
		server_start $n
	done
	all_look 3
	server_start 4
	for n in 1 2 3 4; do
		eventually 60 tombstones_are $n 0
		[ "$(status_of $n files)" = 0 ]
	done
	run -4 client get a/1 -
	servers_stop
	servers_start
	run -4 client get a/1 -
}

@test "3.3 a late message of the time before does not bring the file back" {
	local late=$DFS_TOOLS/scenarios/tools/late refused
	servers_start
	put_many 1
	"$late" "$DFS_CONFIG" 4 keep /tester/a/1 "$T/file" 1
	delete_all 1
	"$late" "$DFS_CONFIG" 4 keep /tester/a/1 "$T/tombstone" 1
	for n in 1 2 3 4; do
		eventually 60 tombstones_are $n 0
	done
	refused=$(sed -n 's/^\tDFS_REFUSED = \([0-9]*\),.*/\1/p' "$SOURCE/rpc/dfs.x")
	for n in 1 2 3 4; do
		for what in file tombstone; do
			# What is learned of a time below the floor is refused as well.
			run -0 "$late" "$DFS_CONFIG" $((n % 4 + 1)) say /tester/a/1 "$T/$what" $n
			[ "$output" = "$refused $refused $refused" ]
			run -0 "$late" "$DFS_CONFIG" $((n % 4 + 1)) forget /tester/a/1 "$T/$what" $n
			[ "$output" = 0 ]
		done
		tombstones_are $n 0
		[ "$(status_of $n files)" = 0 ]
	done
	# Nor after a start, nor after the loss of a disk.
	servers_stop
	rm -rf "$CLUSTER"/dfs3/data/*
	servers_start
	eventually 60 log_has 3 ' recovered '
	for n in 1 2 3 4; do
		run -0 "$late" "$DFS_CONFIG" $((n % 4 + 1)) say /tester/a/1 "$T/file" $n
		[ "$output" = "$refused $refused $refused" ]
	done
	run -4 client get a/1 -
	# The path is as good as new.
	put_many 1
	run -0 client get a/1 -
	[ "$output" = "file 1" ]
}

@test "3.3 tombstones go once all four have confirmed them, and the deleted files stay deleted" {
	servers_start
	put_many 150
	delete_all 150
	for n in 1 2 3 4; do
		# What did not go is tried again later and later, up to a minute.
		eventually 180 tombstones_are $n 0
	done
	run -4 client list a
	# Forgotten for good: also after a start.
	servers_stop
	servers_start
	for n in 1 2 3 4; do
		eventually 30 tombstones_are $n 0
	done
	run -4 client get a/1 -
	put_many 3
	run -0 client get a/1 -
	[ "$output" = "file 1" ]
}

@test "3.3 a deleted user stays deleted when nothing tells of him any more" {
	servers_start
	cp -a "$T/run" "$T/before"
	echo mine >"$T/in"
	client put "$T/in" file --user other
	client delete file --user other
	env XDG_RUNTIME_DIR="$T/before" "$DFS_BIN/client/client" list --user other
	client user delete other --user admin
	for n in 1 2 3 4; do
		eventually 60 tombstones_are $n 0
	done
	# Neither his session nor his password, wherever he asks.
	for away in 1 3; do
		server_stop $away
		run -7 env XDG_RUNTIME_DIR="$T/before" DFS_PASSWORD_FILE= "$DFS_BIN/client/client" list --user other
		run -7 env DFS_PASSWORD_FILE="$T/passwords/other" "$DFS_BIN/client/client" login --user other
		server_start $away
	done
	run -0 client user list --user admin
	[[ $output != *other* ]]
	# Another one of that name has another password, and the old session is not his.
	rm "$T/passwords/other"
	user_add other
	client put "$T/in" again --user other
	run -7 env XDG_RUNTIME_DIR="$T/before" "$DFS_BIN/client/client" list --user other
}
