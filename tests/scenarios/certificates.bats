# What a server must have to start, what it says when it has not, and new certificates.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

# refused N SENTENCE: the server does not start, and its last line says so.
refused()
{
	run -1 timeout 30 "$DFS_BIN/dfs$1/dfs$1" --config "$DFS_CONFIG" --no-rpcbind
	echo "$output"
	[[ "${lines[-1]}" == *"$2"* ]]
}

# mends N SENTENCE: likewise, and the command that the line ends in lets it start.
mends()
{
	refused "$@"
	[[ "${lines[-1]}" == *"mend it with: "* ]]
	eval "${lines[-1]##*mend it with: }"
	server_start "$1"
	server_stop "$1"
}

# issue FOLDER NAME START END: a certificate of the cluster's CA for the key that is in the folder.
issue()
{
	printf '%s\n' '[ca]' 'default_ca = d' '[d]' "database = $T/index" 'policy = p' \
		'default_md = sha256' 'rand_serial = yes' "new_certs_dir = $T" '[p]' 'commonName = supplied' \
		'[x]' "subjectAltName = DNS:$2" 'extendedKeyUsage = serverAuth,clientAuth' >"$T/ca.cnf"
	: >"$T/index"
	openssl req -new -key "$1/key.pem" -subj "/CN=$2" -out "$T/request.pem"
	openssl ca -batch -notext -config "$T/ca.cnf" -extensions x -startdate "$3" -enddate "$4" \
		-cert "$CLUSTER/ca.pem" -keyfile "$CLUSTER/ca.key" -in "$T/request.pem" -out "$1/cert.pem" 2>"$T/said" ||
		{ cat "$T/said"; return 1; }
}

serial_of()
{
	openssl x509 -in "$CLUSTER/dfs$1/cert.pem" -noout -serial | cut -d= -f2
}

served()
{
	"$PYTHON" "$TOOLS/served.py" "$DFS_CONFIG" "$@"
}

serves_what_is_there()
{
	[ "$(served "$1")" = "$(serial_of "$1")" ]
}

@test "2.6 a key or a secret that others may read: refused at start, with the command that mends it" {
	for mode in 640 604 620 602; do
		chmod $mode "$CLUSTER/dfs1/key.pem"
		refused 1 "chmod 600 '$CLUSTER/dfs1/key.pem'"
		chmod 600 "$CLUSTER/dfs1/key.pem"
		chmod $mode "$CLUSTER/dfs1/secret"
		refused 1 "chmod 600 '$CLUSTER/dfs1/secret'"
		chmod 600 "$CLUSTER/dfs1/secret"
	done
	chmod 640 "$CLUSTER/dfs1/key.pem"
	mends 1 "others than its owner may read the private key"
	chmod 640 "$CLUSTER/dfs1/secret"
	mends 1 "others than its owner may read the secret"
	[ "$(stat -c %a "$CLUSTER/dfs1/key.pem" "$CLUSTER/dfs1/secret" | uniq)" = 600 ]
}

@test "2.6 an expired certificate is refused at start, and renewed" {
	# The same way of issuing makes one that is good: it is the time that is refused.
	issue "$CLUSTER/dfs2" dfs2 20200101000000Z 21000101000000Z
	server_start 2
	server_stop 2
	issue "$CLUSTER/dfs2" dfs2 20200101000000Z 20200102000000Z
	mends 2 "certificate has expired"
	issue "$CLUSTER/dfs2" dfs2 20990101000000Z 21000101000000Z
	mends 2 "certificate is not yet valid"
}

@test "2.6 a certificate of a foreign CA or of another server is refused at start, and replaced" {
	client cluster create "$T/other" --base-port auto
	cp -p "$T/other/dfs3/cert.pem" "$T/other/dfs3/key.pem" "$CLUSTER/dfs3/"
	mends 3 "does not vouch for this certificate"
	cp -p "$CLUSTER/dfs4/cert.pem" "$CLUSTER/dfs4/key.pem" "$CLUSTER/dfs3/"
	mends 3 "is not the certificate of dfs3"
	cp -p "$CLUSTER/dfs4/key.pem" "$CLUSTER/dfs3/"
	mends 3 "does not belong to the certificate"
}

@test "2.6 9.15 a missing key, certificate or secret is refused at start, and made again" {
	rm "$CLUSTER/dfs4/key.pem"
	mends 4 "the private key cannot be read"
	echo nonsense >"$CLUSTER/dfs4/key.pem"
	mends 4 "not a private key"
	rm "$CLUSTER/dfs4/cert.pem"
	mends 4 "the certificate cannot be read (No such file or directory)"
	rm "$CLUSTER/dfs4/secret"
	mends 4 "the secret of the servers cannot be read"
	cmp "$CLUSTER/dfs4/secret" "$CLUSTER/dfs1/secret"
	head -c 64 "$CLUSTER/dfs1/secret" >"$CLUSTER/dfs4/secret"
	mends 4 "not a secret"
	cmp "$CLUSTER/dfs4/secret" "$CLUSTER/dfs1/secret"
}

@test "2.6 a running server takes new certificates on SIGHUP, and keeps the old ones when the new are of no use" {
	server_start 1
	before=$(served 1)
	[ "$before" = "$(serial_of 1)" ]
	background served 1 "$T/said" "$T/go" "$T/answered"
	eventually 20 test -e "$T/said"

	mended=$(client cluster renew "$CLUSTER" dfs1)
	echo "$mended"
	[ "$(served 1)" = "$before" ]
	eval "${mended##*running: }"
	eventually 20 serves_what_is_there 1
	[ "$(served 1)" != "$before" ]
	eventually 20 log_has 1 "info certificate serial=$(serial_of 1) until=20"
	# A connection of before goes on.
	[ "$(cat "$T/said")" = "$before" ]
	touch "$T/go"
	eventually 20 test -e "$T/answered"

	before=$(served 1)
	issue "$CLUSTER/dfs1" dfs1 20200101000000Z 20200102000000Z
	kill -HUP "${SERVER_PID[1]}"
	eventually 20 log_has 1 'warn not-reloaded why=".*certificate has expired.*mend it with: client cluster renew'
	[ "$(served 1)" = "$before" ]
	rm "$CLUSTER/dfs1/key.pem"
	kill -HUP "${SERVER_PID[1]}"
	eventually 20 log_has 1 'warn not-reloaded why=".*private key cannot be read'
	[ "$(served 1)" = "$before" ]
	client cluster renew "$CLUSTER" dfs1
	kill -HUP "${SERVER_PID[1]}"
	eventually 20 serves_what_is_there 1
}

@test "2.6 all certificates are renewed under four running servers, which a client then believes" {
	servers_start
	for n in 1 2 3 4; do serial_of $n; done >"$T/before"
	client cluster renew "$CLUSTER" >"$T/said"
	[ "$(grep -c 'kill -HUP' "$T/said")" = 4 ]
	for n in 1 2 3 4; do
		cp "$CLUSTER/dfs$n/secret" "$T/secret.$n"
		kill -HUP "${SERVER_PID[n]}"
		eventually 20 serves_what_is_there $n
		run ! grep -q "$(serial_of $n)" "$T/before"
		[ "$(stat -c %a "$CLUSTER/dfs$n/key.pem")" = 600 ]
		cmp "$T/secret.1" "$CLUSTER/dfs$n/secret"
	done
	run client status
	[ "$(grep -cE '^dfs[1-4] +up ' <<<"$output")" = 4 ]
}

@test "2.6 a renewal that is cut off anywhere leaves a server that starts" {
	mkdir "$T/old" "$T/new"
	cp -p "$CLUSTER"/dfs1/*.pem "$T/old"
	client cluster renew "$CLUSTER" dfs1
	cp -p "$CLUSTER"/dfs1/*.pem "$T/new"
	starts()
	{
		server_start 1
		[ "$(served 1)" = "$1" ]
		server_stop 1
	}
	# Before the first rename, and between the two.
	cp -p "$T"/old/*.pem "$CLUSTER/dfs1"
	cp -p "$T/new/cert.pem" "$CLUSTER/dfs1/cert.new.pem"
	cp -p "$T/new/key.pem" "$CLUSTER/dfs1/key.new.pem"
	starts "$(openssl x509 -in "$T/old/cert.pem" -noout -serial | cut -d= -f2)"
	mv "$CLUSTER/dfs1/cert.new.pem" "$CLUSTER/dfs1/cert.pem"
	starts "$(openssl x509 -in "$T/new/cert.pem" -noout -serial | cut -d= -f2)"
	# What was left behind does not stop the next one.
	client cluster renew "$CLUSTER" dfs1
	[ ! -e "$CLUSTER/dfs1/key.new.pem" ]
	starts "$(serial_of 1)"
}

@test "2.6 renewing without what it takes changes nothing and says why" {
	cp -rp "$CLUSTER" "$T/kept"
	unchanged()
	{
		diff -r "$T/kept" "$CLUSTER"
	}
	mv "$CLUSTER/ca.key" "$T/ca.key"
	run -1 client cluster renew "$CLUSTER"
	[[ "$output" == *"ca.key"*"is not here"* ]]
	mv "$T/ca.key" "$CLUSTER/ca.key"
	unchanged

	chmod 640 "$CLUSTER/ca.key"
	run -1 client cluster renew "$CLUSTER"
	[[ "$output" == *"chmod 600 '$CLUSTER/ca.key'"* ]]
	chmod 600 "$CLUSTER/ca.key"

	client cluster create "$T/other" --base-port auto
	cp -p "$T/other/ca.key" "$CLUSTER/ca.key"
	run -1 client cluster renew "$CLUSTER"
	[[ "$output" == *"does not belong to"* ]]
	cp -p "$T/kept/ca.key" "$CLUSTER/ca.key"

	cp -p "$T/other/dfs2/secret" "$CLUSTER/dfs2/secret"
	run -8 client cluster renew "$CLUSTER"
	[[ "$output" == *"dfs1/secret and "*"dfs2/secret differ"* ]]
	cp -p "$T/kept/dfs2/secret" "$CLUSTER/dfs2/secret"
	unchanged

	run -2 client cluster renew
	run -2 client cluster renew "$CLUSTER" dfs5
	run -2 client cluster renew "$CLUSTER" dfs11
	run -2 client cluster renew "$CLUSTER" --host 1=alpha
	run -2 client cluster renew "$T/nowhere"
	unchanged
}

@test "2.6 when no secret is left only all four get a new one" {
	rm "$CLUSTER"/dfs[1-4]/secret
	run -1 client cluster renew "$CLUSTER" dfs1
	[[ "$output" == *"renew all four"* ]]
	[ ! -e "$CLUSTER/dfs1/secret" ]
	run -0 client --json cluster renew "$CLUSTER"
	[ "$(field secret <<<"$output" | uniq)" = true ]
	for n in 2 3 4; do
		cmp "$CLUSTER/dfs1/secret" "$CLUSTER/dfs$n/secret"
	done
	[ "$(stat -c %a "$CLUSTER/dfs1/secret")" = 600 ]
	servers_start
}

# limited LINE: as settings of TLS for all programs of a machine, in $OPENSSL_CONF
limited()
{
	printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' 'system_default = c' '[c]' "$1" >"$T/openssl.cnf"
	export OPENSSL_CONF=$T/openssl.cnf
}

@test "9.13 (h) a configuration of OpenSSL without TLS 1.3 is refused at start, by server and client, and named" {
	local setting
	for setting in "MaxProtocol = TLSv1.2" "Protocol = -TLSv1.3" "Ciphersuites ="; do
		limited "$setting"
		refused 1 "OpenSSL's configuration switches TLS 1.3 off"
		[[ "${lines[-1]}" == *"in $OPENSSL_CONF)"*"OPENSSL_CONF=/dev/null"* ]]
		run -1 client list
		[[ "$output" == *"OpenSSL's configuration switches TLS 1.3 off"*"in $OPENSSL_CONF)"* ]]
	done
	# What forbids every signature that the certificates could make.
	limited "SignatureAlgorithms = RSA+SHA256"
	refused 1 "perhaps by OpenSSL's configuration; allow it there, or start this program with OPENSSL_CONF=/dev/null"
	# What leaves TLS 1.3 alone harms nobody; nor does what the message proposes.
	limited "MinProtocol = TLSv1.2"
	server_start 1
	server_stop 1
	limited "MaxProtocol = TLSv1.2"
	OPENSSL_CONF=/dev/null server_start 1
	server_stop 1
}

@test "9.15 messages about keys and certificates name what mends them, where it can be done" {
	need_root
	# Files of somebody else are a matter of chown, not of new keys.  Here root may not read them either.
	for file in key.pem secret cert.pem; do
		chmod 600 "$CLUSTER/dfs1/$file"
		chown 65534 "$CLUSTER/dfs1/$file"
		run -1 setpriv --bounding-set -dac_override,-dac_read_search timeout 30 \
			"$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind
		echo "$output"
		[[ $output == *"$file"*"Permission denied"*"runs as root; mend it with: chown root '$CLUSTER/dfs1/$file'" ]]
		chown 0 "$CLUSTER/dfs1/$file"
	done
	# What is gone is made again where the CA's key is, and nowhere else.
	rm "$CLUSTER/dfs2/key.pem"
	refused 2 "mend it with: client cluster renew '$CLUSTER'"
	mv "$CLUSTER/ca.key" "$T"
	refused 2 "make it again where the cluster's ca.key is"
	[[ $output != *"mend it with"* ]]
	mv "$T/ca.key" "$CLUSTER"
	# Only of servers that have run here is there a pid file to be named.
	server_start 1
	run -0 client cluster renew "$CLUSTER" dfs1 dfs2
	[[ ${lines[0]} == "dfs1 has a new certificate"*"kill -HUP "*"dfs1/pid"* ]]
	[[ ${lines[1]} == "dfs2 has a new certificate"* && ${lines[1]} != *pid* ]]
}

@test "9.15 all that ends is told 60 days before" {
	in_days()
	{
		date -u -d "+$1 days" +%Y%m%d%H%M%SZ
	}
	issue "$CLUSTER/dfs1" dfs1 20200101000000Z "$(in_days 59)"
	issue "$CLUSTER/dfs2" dfs2 20200101000000Z "$(in_days 63)"
	servers_start
	log_has 1 ' warn certificate-ends of=dfs1 days=5[89]$'
	run ! log_has 2 certificate-ends
	# By the client of what it is shown, and of its own CA, in every form.
	run client status
	[[ $output == *"warning: the certificate of dfs1 ends "*" days"* && $output != *"of dfs2 ends"* && $output != *CA* ]]
	client status --json | head -1 | field certificate_ends | grep -q '^20..-..-..T'
	client status --json | tail -1 | field ca_ends | grep -q '^20..-..-..T'
	client status --prometheus >"$T/metrics"
	[ "$(grep -c '^dfs_server_certificate_end_time_seconds{server="dfs[1-4]"} [0-9]' "$T/metrics")" = 4 ]
	grep -q '^dfs_ca_end_time_seconds [0-9]' "$T/metrics"
	# Read again, it is told again.
	issue "$CLUSTER/dfs2" dfs2 20200101000000Z "$(in_days 10)"
	kill -HUP "${SERVER_PID[2]}"
	eventually 30 log_has 2 ' warn certificate-ends of=dfs2 days=(9|10)$'
	# The same CA, of which only the end is near.
	run ! log_has 2 'certificate-ends of=ca'
	openssl x509 -in "$CLUSTER/ca.pem" -signkey "$CLUSTER/ca.key" -days 30 -out "$T/ca.pem" 2>/dev/null
	cp "$T/ca.pem" "$CLUSTER/ca.pem"
	kill -HUP "${SERVER_PID[2]}"
	eventually 30 log_has 2 ' warn certificate-ends of=ca days=(29|30)$'
	run client status
	[[ $output == *"warning: the certificate of the cluster's CA ends "*" in "[23]?" days"* ]]
}
