# Acceptance 1.9: the real rpcbind, in namespaces of the test's own.
load helper

setup()
{
	namespace_start
	cluster_create
}

teardown()
{
	cluster_end
}

info()
{
	"${IN[@]}" timeout 20 rpcinfo "$@"
}

# registered N [PORT]: dfsN is in the directory, at its port
registered()
{
	info -p 127.0.0.1 | grep -Eq "^ +$((600000000 + $1)) +2 +tcp +${2:-$(server_port "$1")}( |\$)"
}

unregistered()
{
	! registered "$@"
}

@test "1.9 every verb of rpcinfo works against the running servers" {
	rpcbind_start
	servers_start
	local n port
	for n in 1 2 3 4; do
		eventually 20 registered $n
	done
	info -s 127.0.0.1 | grep -E '600000003 +2 +tcp '
	info | grep -E '600000003 +2 +tcp +127\.0\.0\.1\.[0-9]+\.[0-9]+ '
	info -l 127.0.0.1 600000004 2 | grep -E '600000004 +2 +inet/tcp/\S+ +127\.0\.0\.1\.'
	info -m 127.0.0.1 | grep -i 'portmap\|rpcbind'
	for n in 1 2 3 4; do
		info -t 127.0.0.1 $((600000000 + n)) | grep "version 2 ready and waiting"
		info -t 127.0.0.1 $((600000000 + n)) 2 | grep "ready and waiting"
		info -T tcp 127.0.0.1 $((600000000 + n)) | grep "version 2 ready and waiting"
		port=$(server_port $n)
		info -a "127.0.0.1.$((port >> 8)).$((port & 255))" -T tcp $((600000000 + n)) |
			grep "version 2 ready and waiting"
	done
	run info -t 127.0.0.1 600000002 1
	[ "$status" != 0 ]
	[[ $output == *"version 1 is not available"* ]]
	# A clean end takes the line out of the directory.
	server_stop 3
	unregistered 3
	registered 4
}

@test "1.9 a second server with a registered number runs on and says so" {
	rpcbind_start
	server_start 1
	eventually 20 registered 1
	cp -a "$CLUSTER/dfs1/data" "$T/second"
	local first=${SERVER_PID[1]}
	background "$DFS_BIN/dfs1/dfs1" --config "$CLUSTER/cluster.conf" --data "$T/second" \
		--listen 127.0.0.1:0 2>"$T/second.log"
	eventually 20 grep -q 'warn unregistered .*another server answers' "$T/second.log"
	local port
	port=$(sed -n 's/.*listening address=127.0.0.1://p' "$T/second.log")
	info -a "127.0.0.1.$((port >> 8)).$((port & 255))" -T tcp 600000001 2
	registered 1
	[ "${SERVER_PID[1]}" = "$first" ]
}

@test "1.9 after kill -9 the next start takes the stale entry over" {
	rpcbind_start
	server_start 2
	eventually 20 registered 2
	server_kill 2
	registered 2
	# At another port, so that the entry cannot be taken for our own.
	server_spawn 2 --listen 127.0.0.1:0
	eventually 20 log_has 2 'info stale netid=tcp'
	eventually 20 log_has 2 'info registered netid=tcp'
	registered 2 "$(sed -n 's/.*listening address=127.0.0.1://p' "$CLUSTER/dfs2.log" | tail -1)"
	unregistered 2
	server_stop 2
	# And at the same one
	server_start 2
	eventually 20 registered 2
	server_kill 2
	server_start 2
	eventually 20 log_has 2 'info registered netid=tcp'
	registered 2
}

@test "1.9 without addresses in the configuration clients find the servers through rpcbind" {
	rpcbind_start
	sed -i 's/^address = .*//' "$CLUSTER/cluster.conf"
	local n
	for n in 1 2 3 4; do
		server_spawn $n
		eventually 20 log_has $n 'info registered netid=tcp'
	done
	random_file "$T/in" 300000
	client put "$T/in" name
	client get name "$T/out"
	cmp "$T/in" "$T/out"
	rpcbind_kill
	run -10 client list
	echo "$output"
	[[ $output == *"rpcbind on 127.0.0.1: connection refused"* ]]
}

@test "1.9 without rpcbind a server says so and everything else works" {
	RPCBIND_PID=none	# so that the helper does not pass --no-rpcbind
	servers_start
	local n
	for n in 1 2 3 4; do
		eventually 20 log_has $n 'unregistered netid=tcp .*connection refused'
	done
	RPCBIND_PID=
	random_file "$T/in" 300000
	client put "$T/in" name
	client get name "$T/out"
	cmp "$T/in" "$T/out"
	servers_stop
}

@test "1.9 an rpcbind that hangs holds up neither the start of a server nor its end" {
	rpcbind_start
	kill -STOP "$RPCBIND_PID"
	server_start 1
	server_stop 1
	log_has 1 'info stopped'
	kill -CONT "$RPCBIND_PID"
	server_start 1
	eventually 20 registered 1
	# Nor one that begins to hang
	kill -STOP "$RPCBIND_PID"
	server_stop 1
	log_has 1 'warn unregister why=rpcbind-does-not-answer'
	kill -CONT "$RPCBIND_PID"
}
