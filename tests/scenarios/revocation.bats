# A stolen server folder is worth nothing, and a cluster outlives its CA.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

serial_of()
{
	openssl x509 -in "$CLUSTER/dfs$1/cert.pem" -noout -serial | cut -d= -f2
}

readings()
{
	grep -cE "certificate serial=.* until=" "$CLUSTER/dfs$1.log"
}

declare -A READINGS
hup()
{
	local n
	for n; do
		READINGS[$n]=$(readings "$n")
		kill -HUP "${SERVER_PID[n]}"
	done
}

is_read_again()
{
	[ "$(readings "$1")" -gt "${READINGS[$1]}" ]
}

read_again()
{
	eventually 10 is_read_again "$1"
}

# connected FROM TO: has dfsFROM a connection to where dfsTO listens?
connected()
{
	ss -tnp state established "dport = :$(server_port "$2")" | grep -q "pid=${SERVER_PID[$1]},"
}

not_connected()
{
	! connected "$@"
}

votes()
{
	[ "$(client status | grep -cE '^dfs[1-4] +up ')" = "$1" ]
}

@test "12.8 12.19 a revoked server is refused by all, its connections end, and it comes back" {
	servers_start
	random_file "$T/in" 3000000
	client put "$T/in" kept
	eventually 20 connected 1 2
	eventually 20 connected 2 1
	local former
	former=$(serial_of 2)
	mkdir "$T/thief"
	cp -p "$CLUSTER/cluster.conf" "$CLUSTER/ca.pem" "$T/thief"
	cp -rp "$CLUSTER/dfs2" "$T/thief/dfs2"

	run -0 client cluster revoke "$CLUSTER" dfs2
	echo "$output"
	[[ $output == *"copy $CLUSTER/crl.pem"*"SIGHUP"*"client cluster renew '$CLUSTER' dfs2"* ]]
	openssl crl -in "$CLUSTER/crl.pem" -noout -text | grep -q "$former"
	openssl crl -in "$CLUSTER/crl.pem" -CAfile "$CLUSTER/ca.pem" -noout
	[ "$(stat -c %a "$CLUSTER/crl.pem")" = 644 ]
	# Clients look at once; the three others on SIGHUP, and drop what was established.
	run client status
	[[ $output == *"certificate revoked"* ]]
	hup 1 3 4
	for n in 1 3 4; do
		eventually 10 not_connected $n 2
		eventually 10 not_connected 2 $n
	done
	eventually 10 log_has 1 'refused .*(certificate revoked|handshake)'
	client get kept "$T/out"
	cmp "$T/in" "$T/out"
	# With the list beside it, it does not even start.
	server_stop 2
	run -1 timeout 30 "$DFS_BIN/dfs2/dfs2" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == *"certificate revoked"*"mend it with: client cluster renew"* ]]
	# Nor is a thief believed who has no list.
	"$DFS_BIN/dfs2/dfs2" --config "$T/thief/cluster.conf" --no-rpcbind \
		>"$T/thief.log" 2>&1 3>&- 4>&- &
	SERVER_PID[2]=$!
	server_wait 2
	run client status
	[[ $output == *"dfs2"*"certificate revoked"* ]]
	client put "$T/in" without
	not_connected 1 2
	server_stop 2

	client cluster renew "$CLUSTER" dfs2
	[ "$(serial_of 2)" != "$former" ]
	run ! grep -q "$(serial_of 2)" <(openssl crl -in "$CLUSTER/crl.pem" -noout -text)
	server_start 2
	eventually 60 votes 4
	# What it signs from now on, the others know: without the third one its word is needed.
	server_kill 3
	client put "$T/in" /shared/confirmed
}

@test "12.2 a server that lost the key that it signs with gets another, and what was confirmed stays proved" {
	local late=$DFS_TOOLS/scenarios/tools/late
	servers_start
	echo text >"$T/in"
	server_kill 3
	client put "$T/in" /shared/before
	server_stop 2
	rm "$CLUSTER/dfs2/sign.key"
	run -1 timeout 30 "$DFS_BIN/dfs2/dfs2" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == *"sign.key"*"client cluster renew"* ]]
	run -0 client cluster renew "$CLUSTER" dfs2
	[[ $output == *"another key to sign with"* ]]
	[ "$(grep -c '^sign' "$DFS_CONFIG")" = 5 ]
	hup 1 4
	read_again 1
	read_again 4
	server_start 2
	server_start 3
	eventually 60 votes 4
	# Who was away takes what the former key has confirmed, from one that tells of it;
	eventually 90 "$late" "$DFS_CONFIG" 1 keep /shared/before "$T/known" 3
	# and of the new one the others know: without dfs4 it is needed.
	server_kill 4
	client put "$T/in" /shared/after
}

@test "12.8 a list that is damaged, older, gone or of another CA changes nothing, and is told" {
	servers_start
	client cluster revoke "$CLUSTER" dfs2
	cp "$CLUSTER/crl.pem" "$T/first"
	client cluster revoke "$CLUSTER" dfs3
	cp "$CLUSTER/crl.pem" "$T/second"
	[ "$(openssl crl -in "$T/second" -noout -text | grep -c 'Serial Number')" = 2 ]
	client cluster renew "$CLUSTER" dfs2 dfs3
	hup 1 2 3 4
	eventually 60 votes 4

	cp "$T/first" "$CLUSTER/crl.pem"
	hup 1
	eventually 10 log_has 1 'not-reloaded why=".*crl.pem: the list of revoked certificates is gone, or older'
	rm "$CLUSTER/crl.pem"
	hup 2
	eventually 10 log_has 2 'not-reloaded why=".*crl.pem: the list of revoked certificates is gone, or older'
	head -c 300 "$T/second" >"$CLUSTER/crl.pem"
	hup 3
	eventually 10 log_has 3 'not-reloaded why=".*crl.pem: the list of revoked certificates is of no use'
	run -1 client list
	[[ $output == *"crl.pem: the list of revoked certificates is of no use"* ]]
	client cluster create "$T/other" --base-port auto
	client cluster revoke "$T/other" dfs1
	cp "$T/other/crl.pem" "$CLUSTER/crl.pem"
	hup 4
	eventually 10 log_has 4 'not-reloaded why=".*another CA than this cluster'
	run -1 client cluster revoke "$CLUSTER" dfs4
	[[ $output == *"not a list of revoked certificates that this cluster's CA has signed"* ]]
	cp "$T/second" "$CLUSTER/crl.pem"
	hup 1 2 3 4
	eventually 60 votes 4
}

# For "openssl ca", as this cluster's CA.
ca_configure()
{
	printf '%s\n' '[ca]' 'default_ca = d' '[d]' "database = $T/index" 'policy = p' \
		'default_md = sha256' 'rand_serial = yes' "new_certs_dir = $T" '[p]' 'commonName = supplied' \
		'[x]' 'basicConstraints = critical,CA:TRUE,pathlen:0' \
		'keyUsage = critical,keyCertSign,cRLSign' 'subjectKeyIdentifier = hash' >"$T/ca.cnf"
	: >"$T/index"
}

ca_name()
{
	openssl x509 -in "$CLUSTER/ca.pem" -noout -subject -nameopt RFC2253 | cut -d= -f2-
}

# list_of FROM UNTIL: a list that the CA made then, to be followed by another then.
list_of()
{
	openssl ca -config "$T/ca.cnf" -cert "$CLUSTER/ca.pem" -keyfile "$CLUSTER/ca.key" -gencrl \
		-crl_lastupdate "$1" -crl_nextupdate "$2" -out "$CLUSTER/crl.pem" 2>"$T/said" ||
		{ cat "$T/said"; return 1; }
}

@test "12.8 a list that is past its time, or from the future, stops nobody and revokes" {
	local end
	ca_configure
	end=$(openssl x509 -in "$CLUSTER/dfs2/cert.pem" -noout -enddate | cut -d= -f2)
	printf 'R\t%s\t200102000000Z\t%s\tunknown\t/CN=dfs2\n' "$(date -u -d "$end" +%y%m%d%H%M%SZ)" \
		"$(serial_of 2)" >"$T/index"
	list_of 20200101000000Z 20200201000000Z
	for n in 1 3 4; do server_start $n; done
	run client status
	[[ $output != *"crl.pem"* ]]
	[ "$(grep -cE '^dfs[1-4] +up ' <<<"$output")" = 3 ]
	run -1 timeout 30 "$DFS_BIN/dfs2/dfs2" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == *"certificate revoked"* ]]
	list_of 20480101000000Z 20490101000000Z
	hup 1 3 4
	for n in 1 3 4; do read_again $n; done
	run -1 timeout 30 "$DFS_BIN/dfs2/dfs2" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == *"certificate revoked"* ]]
	eventually 60 votes 3
}

listed()
{
	openssl crl -in "$CLUSTER/crl.pem" -noout -text | grep -c "Serial Number: $1"
}

@test "12.8 certificates that were renewed are revoked with the one in use, as long as they last" {
	no_sanitizer
	local first second other
	first=$(serial_of 2)
	other=$(serial_of 3)
	cp "$CLUSTER/dfs2/cert.pem" "$T/first.pem"
	# One that has ended when the server is revoked
	faketime '-10 years' "$DFS_BIN/client/client" cluster renew "$CLUSTER" dfs2
	[ "$(grep -c BEGIN "$CLUSTER/dfs2/replaced.pem")" = 1 ]
	second=$(serial_of 2)
	client cluster renew "$CLUSTER"
	# What has ended is not kept; of the others nothing is forgotten.
	[ "$(grep -c BEGIN "$CLUSTER/dfs2/replaced.pem")" = 1 ]
	client cluster renew "$CLUSTER" dfs2
	[ "$(grep -c BEGIN "$CLUSTER/dfs2/replaced.pem")" = 2 ]
	client cluster revoke "$CLUSTER" dfs2
	[ "$(listed "$first")" = 1 ]
	[ "$(listed "$(serial_of 2)")" = 1 ]
	[ "$(listed "$second" || true)" = 0 ]
	[ "$(listed "$other" || true)" = 0 ]
	run -2 openssl verify -crl_check -CAfile "$CLUSTER/ca.pem" -CRLfile "$CLUSTER/crl.pem" \
		"$T/first.pem"
	[[ $output == *"certificate revoked"* ]]
	# Half a file of them is told, and nothing is done without it.
	head -c 900 "$CLUSTER/dfs2/replaced.pem" >"$T/half"
	cp "$T/half" "$CLUSTER/dfs2/replaced.pem"
	run -1 client cluster revoke "$CLUSTER" dfs2
	[[ $output == *"dfs2/replaced.pem: it is none, or damaged"* ]]
	run -1 client cluster renew "$CLUSTER" dfs2
	[[ $output == *"dfs2/replaced.pem: it is none, or damaged"* ]]
	# Without a certificate there is nothing to keep.
	rm "$CLUSTER/dfs2/replaced.pem" "$CLUSTER/dfs2/cert.pem"
	client cluster renew "$CLUSTER" dfs2
	[ ! -e "$CLUSTER/dfs2/replaced.pem" ]
}

@test "12.8 the secret changes under servers that learn of it one after another" {
	servers_start
	for n in 1 2 3 4; do
		random_file "$T/in$n" 1500000
		client put "$T/in$n" file$n
	done
	cp "$CLUSTER/dfs1/secret" "$T/secret"
	client cluster revoke "$CLUSTER" dfs2
	client cluster renew "$CLUSTER" dfs2
	run ! cmp "$CLUSTER/dfs1/secret" "$T/secret"
	# A folder that lost its secret gets both.
	rm "$CLUSTER/dfs3/secret" "$CLUSTER/dfs3/secret.old"
	client cluster renew "$CLUSTER" dfs3
	cmp "$CLUSTER/dfs1/secret" "$CLUSTER/dfs3/secret"
	cmp "$CLUSTER/dfs1/secret.old" "$CLUSTER/dfs3/secret.old"
	all_come()
	{
		local n
		for n in 1 2 3 4; do
			client get -f file$n "$T/out" && cmp "$T/in$n" "$T/out" || return 1
		done
	}
	for n in 2 1 3; do
		hup $n
		read_again $n
		all_come
	done
	hup 4
	read_again 4
	all_come
	# The hour is over: first for one, then for all; what is made with either is taken.
	for n in 1 2 3 4; do
		sed -i "s/ .*/ $(($(date +%s) - 60))/" "$CLUSTER/dfs$n/secret.old"
		hup $n
		read_again $n
		all_come
	done
	# And then only the new one: who still has the other alone is not understood.
	cp "$T/secret" "$CLUSTER/dfs1/secret"
	rm "$CLUSTER"/dfs[1-4]/secret.old
	hup 2 3 4
	for n in 2 3 4; do read_again $n; done
	server_kill 2
	server_stop 1
	server_start 1
	run ! all_come
}

# ca_until SECONDS: the same CA, key and name, whose certificate ends so soon.
ca_until()
{
	ca_configure
	openssl req -new -key "$CLUSTER/ca.key" -utf8 -out "$T/request.pem" \
		-subj "/$(ca_name)"
	openssl ca -batch -notext -selfsign -config "$T/ca.cnf" -extensions x \
		-startdate 20200101000000Z -enddate "$(date -u -d "+$1 seconds" +%Y%m%d%H%M%SZ)" \
		-keyfile "$CLUSTER/ca.key" -in "$T/request.pem" -out "$T/ca.pem" 2>"$T/said" ||
		{ cat "$T/said"; return 1; }
	cp "$T/ca.pem" "$CLUSTER/ca.pem"
}

old_is_over()
{
	run env DFS_CONFIG="$T/old/cluster.conf" "$DFS_BIN/client/client" list
	[[ $status = 10 && $output == *"certificate refused: certificate has expired"* ]] && return
	# As long as it lasts, there is no outage for anybody.
	client get -f before "$T/out"
	cmp "$T/in" "$T/out"
	false
}

@test "12.19 a cluster is carried over the end of its CA, without an outage" {
	no_sanitizer
	ca_until 30
	cp -r "$CLUSTER" "$T/old"
	servers_start
	random_file "$T/in" 2000000
	client put "$T/in" before
	run -0 client cluster renew "$CLUSTER"
	[[ $output == *"the CA has a new certificate"*"$CLUSTER/ca.pem"* ]]
	[ "$(grep -c BEGIN "$CLUSTER/ca.pem")" = 2 ]
	# One after another, with the old CA's certificate and the new one's side by side.
	for n in 1 2 3 4; do
		hup $n
		client put "$T/in" while$n
		DFS_CONFIG=$T/old/cluster.conf client get -f while$n "$T/out"
		cmp "$T/in" "$T/out"
	done
	# The end comes under four servers that go on; who has only the old certificate is told.
	eventually 90 old_is_over
	client put "$T/in" after
	client get -f before "$T/out"
	cmp "$T/in" "$T/out"
	eventually 60 votes 4
	# One that starts anew is believed too, by clients and peers.
	server_stop 3
	server_start 3
	eventually 60 votes 4
	# The next renewal has nothing to do about the CA, and takes away what has ended.
	client cluster renew "$CLUSTER" dfs1 >"$T/said"
	run ! grep -q "the CA has" "$T/said"
}

@test "12.19 a CA that has ended is renewed too, and faketime sees it end again in ten years" {
	no_sanitizer
	ca_until -60
	run -1 timeout 30 "$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == *"certificate has expired"*"mend it with: client cluster renew"* ]]
	client cluster renew "$CLUSTER"
	[ "$(grep -c BEGIN "$CLUSTER/ca.pem")" = 1 ]
	servers_start
	eventually 60 votes 4
	servers_stop
	# In four years there is nothing to be done about it, in six there is.
	faketime '+4 years' "$DFS_BIN/client/client" cluster renew "$CLUSTER" >"$T/said"
	run ! grep -q "the CA has" "$T/said"
	faketime '+6 years' "$DFS_BIN/client/client" cluster renew "$CLUSTER" >"$T/said"
	grep -q "the CA has" "$T/said"
	[ "$(grep -c BEGIN "$CLUSTER/ca.pem")" = 2 ]
	openssl verify -attime "$(date -d '+15 years' +%s)" -CAfile "$CLUSTER/ca.pem" "$CLUSTER/dfs1/cert.pem"
}
