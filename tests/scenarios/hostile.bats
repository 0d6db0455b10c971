# What a client may do to the agreement that ours never does: one word to one server.
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

raw()
{
	"${IN[@]}" "$DFS_TOOLS/scenarios/tools/raw" "$DFS_CONFIG" "$@"
}

# A counter that no server has seen.
above_all()
{
	for n in 1 2 3 4; do
		raw $n seen
	done | sort -n | awk 'END { print $1 + 1 }'
}

@test "1.7 three servers that know no file outvote one that accepted one" {
	[ "$(raw 4 accept /tester/ghost "$(above_all)" 1)" = 0 ]
	# The first may find it among its three and finish it; from there on all agree.
	run client stat ghost
	first=$status
	[ "$first" = 0 ] || [ "$first" = 4 ]
	for i in $(seq 12); do
		run client stat ghost
		echo "$i: $status $output"
		# It may come to be, but never goes back.
		[ "$status" = 0 ] || [ "$first" = 4 ]
		first=$status
	done
}

@test "1.7 counters far above all others at one server stop no writes, also after its restart" {
	for step in 1 2 3; do
		top=$(($(raw 1 seen) + (1 << 20)))
		[ "$(raw 1 prepare /tester/elsewhere $top)" = 0 ]
		[ "$(raw 1 prepare /tester/elsewhere $((top + (1 << 20) + 1)))" = 1 ]
	done
	echo one >"$T/one"
	client put "$T/one"
	client get one - | cmp "$T/one" -
	client put "$T/one" elsewhere
	server_stop 1
	server_start 1
	client put "$T/one" again
	# And with another server away, when its own word counts.
	server_kill 3
	client put "$T/one" third
	client get third - | cmp "$T/one" -
}

@test "2.2 counters a thousand jumps above all others at one server, restarted, and another away: writes go on" {
	echo one >"$T/one"
	client put "$T/one"
	top=$(raw 1 raise /tester/elsewhere 1000)
	[ "$top" -ge $((1000 << 20)) ]
	server_stop 1
	server_start 1
	# It refuses on all paths what the others would hear: its word counts now.
	[ "$(raw 1 seen)" -ge "$top" ]
	[ "$(raw 2 seen)" -lt $((2 << 20)) ]
	server_kill 3
	client put "$T/one"
	client put "$T/one" another
	client get another - | cmp "$T/one" -
	client delete another
	# The others have followed, and not by ballots of the client's making.
	[ "$(raw 2 seen)" -ge "$top" ]
	[ "$(raw 4 seen)" -ge "$top" ]
}

@test "1.7 a path whose operations were numbered to the end can still be written and deleted" {
	top=$(above_all)
	for n in 1 2 3 4; do
		[ "$(raw $n accept /tester/last "$top" 18446744073709551615)" = 0 ]
	done
	client stat last
	echo new >"$T/new"
	client put "$T/new" last
	client get last - | cmp "$T/new" -
	client delete last
	run -4 client stat last
}

put_code()
{
	local code=0
	client put "$T/below" "$2" 2>/dev/null || code=$?
	echo $code >"$1.new"
	mv "$1.new" "$1"
}

codes_there()
{
	[ "$(ls "$T" | grep -c "^code\.$1\.[0-9]$")" = 6 ]
}

@test "1.7 a put that must be refused is never reported as done" {
	echo below >"$T/below"
	for round in $(seq 8); do
		client put "$T/below" "a$round/b"
		for i in 1 2 3 4 5 6; do
			background put_code "$T/code.$round.$i" "a$round"
		done
		eventually 60 codes_there "$round"
		for i in 1 2 3 4 5 6; do
			[ "$(cat "$T/code.$round.$i")" = 8 ]
		done
		[ "$(client stat --json "a$round" | field type)" = folder ]
	done
}

@test "1.4 1.6 two neighbours that lost their stores: lost is told from replaced" {
	echo hello >"$T/file"
	client put "$T/file" small
	head -c 3000000 /dev/urandom >"$T/large"
	client put "$T/large"
	server_stop 2
	server_stop 3
	rm -r "$CLUSTER/dfs2/data" "$CLUSTER/dfs3/data"
	mkdir -m 700 "$CLUSTER/dfs2/data" "$CLUSTER/dfs3/data"
	server_start 2
	server_start 3
	for name in small large; do
		run client get $name "$T/out"
		echo "$output"
		[ "$status" = 5 ]
		[[ "$output" == *"transfer failed: chunk"* ]]
		[[ "$output" == *"dfs2 and dfs3"* ]]
		[ ! -e "$T/out" ]
	done
}

@test "2.2 who gets into TLS and does not log in keeps nobody else out" {
	# More than one address may have in all.
	background "$PYTHON" "$SOURCE/tests/peer.py" crowd "127.0.0.1:$(server_port 1)" 600000001 \
		"$CLUSTER" 200 "$T/ready"
	eventually 60 test -e "$T/ready"
	client status
	echo content >"$T/in"
	client put "$T/in" file
	client get file - | cmp - "$T/in"
	# The three that are left are needed now, for a log-in, too.
	server_kill 2
	client put "$T/in" other
}
