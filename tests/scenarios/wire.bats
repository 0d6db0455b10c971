# Acceptance 1.9: what travels in the clear and what inside TLS, as an independent peer sees it.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

peer()
{
	"$PYTHON" "$SOURCE/tests/peer.py" check "127.0.0.1:$(server_port 1)" 600000001 "$CLUSTER" "$@"
}

@test "1.9 in the clear a server answers procedure 0 and nothing else" {
	server_start 1
	peer clear
	log_has 1 'warn refused .*what=call why="in the clear"'
}

@test "1.9 an independent client of RFC 9289 and the server agree, and what it forbids is refused" {
	server_start 1
	peer upgrade
	log_has 1 'warn refused .*what=handshake'
	log_has 1 'warn refused .*what=STARTTLS'
}

@test "2.4 an independent client logs in with password and session, and with nothing else" {
	servers_start
	peer login
}

@test "1.9 records and arguments beyond their bounds end the connection or are refused" {
	servers_start
	peer records
	server_answers 1
}

@test "1.9 calls with bytes changed, cut off or added do no harm" {
	servers_start
	random_file "$T/in" 300000
	client put "$T/in" name
	peer mutations
	client get name "$T/out"
	cmp "$T/in" "$T/out"
	client list -R /tester/
	client status
}

@test "1.9 a server without its store answers what it may" {
	rm -r "$CLUSTER/dfs1/data/seg"
	# Two others do not find it, and so do not vote: it has to wait for them.
	sed "s/:$(server_port 1)\$/:1/" "$DFS_CONFIG" >"$CLUSTER/lost.conf"
	server_start 2 --config "$CLUSTER/lost.conf"
	server_start 3 --config "$CLUSTER/lost.conf"
	server_start 1
	log_has 1 ' recovering why='
	peer recovering
	log_has 1 ' waiting why='
}

# refused PATTERN: dfs1 does not start, and says why
refused()
{
	run "$DFS_BIN/dfs1/dfs1" --config "$CLUSTER/cluster.conf" --no-rpcbind
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == dfs1:*$1* ]]
}

@test "1.9 a server does not start without what makes TLS safe, and says what to do" {
	chmod 640 "$CLUSTER/dfs1/key.pem"
	refused "chmod 600 '$CLUSTER/dfs1/key.pem'"
	chmod 600 "$CLUSTER/dfs1/key.pem"

	mv "$CLUSTER/dfs1/key.pem" "$T/key.pem"
	refused "key.pem: the private key cannot be read"
	cp -p "$CLUSTER/dfs2/key.pem" "$CLUSTER/dfs1/key.pem"
	refused "key.pem does not belong to the certificate"
	cp -p "$T/key.pem" "$CLUSTER/dfs1/key.pem"

	mv "$CLUSTER/dfs1/cert.pem" "$T/cert.pem"
	refused "cert.pem: the certificate cannot be read"
	cp -p "$CLUSTER/dfs2/cert.pem" "$CLUSTER/dfs2/key.pem" "$CLUSTER/dfs1/"
	refused "is not the certificate of dfs1"
	cp -p "$T/cert.pem" "$T/key.pem" "$CLUSTER/dfs1/"

	mv "$CLUSTER/ca.pem" "$T/ca.pem"
	refused "ca.pem: the certificate of the cluster's CA cannot be read"
	cp "$BATS_TEST_DIRNAME/helper.bash" "$CLUSTER/ca.pem"
	refused "ca.pem: the certificate of the cluster's CA cannot be read"
	client cluster create "$T/other" --base-port auto
	cp "$T/other/ca.pem" "$CLUSTER/ca.pem"
	refused "the cluster's CA does not vouch for this certificate"
	cp "$T/ca.pem" "$CLUSTER/ca.pem"
	server_start 1
}

@test "1.9 a client refuses servers of another CA and of another number" {
	servers_start
	random_file "$T/in" 1000
	client put "$T/in" name
	client cluster create "$T/other" --base-port auto
	cp "$CLUSTER/ca.pem" "$T/ca.pem"
	cp "$T/other/ca.pem" "$CLUSTER/ca.pem"
	run -10 client list
	cp "$T/ca.pem" "$CLUSTER/ca.pem"
	client list
	# dfs1 and dfs2 change places in the configuration: two certificates do not fit.
	local one two
	one=$(server_port 1) two=$(server_port 2)
	sed -e "s/:$one\$/:swap/" -e "s/:$two\$/:$one/" -e "s/:swap\$/:$two/" \
		"$CLUSTER/cluster.conf" >"$T/cluster.conf"
	cp "$CLUSTER/ca.pem" "$T/"
	DFS_CONFIG=$T/cluster.conf run client status
	echo "$output"
	[[ $output == *"dfs1"*"certificate refused"* ]]
	[[ $output == *"dfs2"*"certificate refused"* ]]
}

@test "options: help and version, what is wrong ends with 2, the address may be given" {
	run "$DFS_BIN/dfs3/dfs3" --help
	[ "$status" = 0 ]
	[[ $output == *"Server 3 of a cluster"* ]]
	run "$DFS_BIN/dfs3/dfs3" --version
	[ "$status" = 0 ]
	[[ $output =~ ^dfs3\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	run "$DFS_BIN/dfs3/dfs3" -h
	[ "$status" = 0 ]
	[[ ${lines[0]} == "usage: dfs3 "* ]]
	run "$DFS_BIN/dfs3/dfs3" --nonsense
	[ "$status" = 2 ]
	[[ ${lines[0]} == "dfs3: "*nonsense* ]]
	run "$DFS_BIN/dfs3/dfs3" more
	[ "$status" = 2 ]
	run "$DFS_BIN/dfs3/dfs3" --config "$T/none"
	[ "$status" = 1 ]
	run "$DFS_BIN/dfs3/dfs3" --config "$CLUSTER/cluster.conf" --create-store
	[ "$status" = 8 ]
	run "$DFS_BIN/dfs3/dfs3" --config "$CLUSTER/cluster.conf" --listen nowhere
	[ "$status" = 2 ]
	[[ $output == *"not an address"* ]]
	[[ $output != *started* ]]
	cp -a "$CLUSTER/dfs3/data" "$T/data"
	server_spawn 3 --listen 127.0.0.1:0 --data "$T/data"
	eventually 20 log_has 3 'info listening address=127\.0\.0\.1:[1-9]'
	[ "$(cat "$CLUSTER/dfs3/pid")" = "${SERVER_PID[3]}" ]
	# A second process on the same store, and one on the same port
	run "$DFS_BIN/dfs3/dfs3" --config "$CLUSTER/cluster.conf" --data "$T/data" --no-rpcbind
	[ "$status" = 1 ]
	[[ $output == *"another process"* ]]
	[[ $output != *[.?]. ]]
	[ "$(cat "$CLUSTER/dfs3/pid")" = "${SERVER_PID[3]}" ]
	run "$DFS_BIN/dfs3/dfs3" --config "$CLUSTER/cluster.conf" --no-rpcbind \
		--listen "$(grep -o 'address=.*' "$CLUSTER/dfs3.log" | cut -d= -f2)"
	[ "$status" = 1 ]
	[[ $output == *"cannot listen"*"another program has this port"* ]]
	server_stop 3
	[ ! -e "$CLUSTER/dfs3/pid" ]
	log_has 3 'info stopped'
}

@test "IPv6: a server and its client" {
	"$PYTHON" -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null ||
		skip "no IPv6 here"
	sed -i 's/127\.0\.0\.1:\([0-9]*\)/[::1]:\1/' "$CLUSTER/cluster.conf"
	local n
	for n in 1 2 3 4; do
		server_spawn $n
	done
	for n in 1 2 3 4; do
		eventually 20 log_has $n 'info listening address=\[::1\]:[0-9]'
	done
	random_file "$T/in" 100000
	client put "$T/in" name
	client get name "$T/out"
	cmp "$T/in" "$T/out"
}
