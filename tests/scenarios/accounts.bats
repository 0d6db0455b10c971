# Who is who, as each server sees it: asked directly, by the independent peer.  2.4 and 2.5.

bats_require_minimum_version 1.5.0
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

# At server N
peer()
{
	local mode=$1 n=$2
	shift 2
	"$PYTHON" "$SOURCE/tests/peer.py" "$mode" "127.0.0.1:$(server_port "$n")" "$((600000000 + n))" "$CLUSTER" "$@"
}

peer_from()
{
	local from=$1 mode=$2 n=$3
	shift 3
	"$PYTHON" "$SOURCE/tests/peer.py" --from "$from" "$mode" "127.0.0.1:$(server_port "$n")" \
		"$((600000000 + n))" "$CLUSTER" "$@"
}

# Is this what comes of a log-in at server N: 0, 9 (denied)?
comes_to()
{
	local expected=$1 n=$2 status
	shift 2
	status=$(peer login "$n" "$@" | cut -d' ' -f1)
	[ "$status" = "$expected" ] || { echo "dfs$n: log-in of $*: $status, not $expected"; return 1; }
}

password()
{
	(umask 077 && echo "$2" >"$T/passwords/$1")
}

# The password of tester is changed while server N is down.
change_without()
{
	local n
	password before "$(cat "$T/passwords/tester")"
	password after "changed without $1"
	server_stop "$1"
	for n in 1 2 3 4; do
		[ "$n" = "$1" ] || comes_to 0 "$n" tester session
	done
	DFS_PASSWORD_FILE=$T/passwords/tester client passwd --new-password-file "$T/passwords/after"
	comes_to 9 $(($1 % 4 + 1)) tester "password:$T/passwords/before"
	comes_to 0 $(($1 % 4 + 1)) tester "password:$T/passwords/after"
	# It comes back with what it had, and is asked before anybody has told it anything.
	server_start "$1"
	comes_to 9 "$1" tester "password:$T/passwords/before"
	comes_to 0 "$1" tester "password:$T/passwords/after"
	password tester "$(cat "$T/passwords/after")"
	DFS_PASSWORD_FILE=$T/passwords/tester client login
}

@test "2.4 with any one server down the others log in, and by the newest password only; when it is back, it too" {
	local n
	for n in 1 2 3 4; do
		change_without "$n"
	done
}

@test "2.4 connections of a user who is disabled or has a new password are nobody's within ten seconds" {
	local user stayed=() pid
	for user in other tester admin; do
		background peer stay 3 "$user" "$T/$user.ready" >"$T/$user.status"
		stayed+=("$BACKGROUND_PID")
	done
	for user in other tester admin; do
		eventually 20 test -e "$T/$user.ready"
	done
	client user disable other --user admin
	password after "another password"
	DFS_PASSWORD_FILE=$T/passwords/tester client passwd --new-password-file "$T/passwords/after"
	for pid in "${stayed[@]:0:2}"; do
		eventually 15 dead "$pid"
		wait "$pid"
	done
	[ "$(cat "$T/other.status")" = 9 ]
	[ "$(cat "$T/tester.status")" = 9 ]
	# Nothing has changed for others.
	[ ! -s "$T/admin.status" ]
	run ! dead "${stayed[2]}"
}

@test "2.5 unknown and disabled users are refused like wrong passwords, and it takes as long" {
	client user disable other --user admin
	peer compare 1 wrong 200 tester nobody
	peer compare 1 wrong 200 tester other
	peer compare 1 ask 200 tester nobody
	# A server that takes no care is found out.
	server_stop 1
	mkdir -p "$T/bin/dfs1"
	cp "$DFS_TOOLS/scenarios/tools/mutant_accounts" "$T/bin/dfs1/dfs1"
	DFS_BIN=$T/bin server_start 1
	run -1 peer compare 1 wrong 600 tester nobody
	[[ "$output" == *"600 tries each: 1 different answers"* ]]
	run -1 peer compare 1 ask 600 tester nobody
}

# Is each number at least as large as the one in its place?
at_least()
{
	"$PYTHON" -c 'import sys
took, bounds = ([float(x) for x in text.split()] for text in sys.argv[1:])
print(took, bounds)
sys.exit(len(took) != len(bounds) or any(x < y for x, y in zip(took, bounds)))' "$1" "$2"
}

@test "2.5 wrong passwords are slowed down per user and address, and a right one is not" {
	local wrong="password:$T/passwords/wrong"
	password wrong "not the password"
	peer_from 127.0.0.9 login 2 tester "$wrong" 7 >"$T/took"
	[ "$(cut -d' ' -f1 "$T/took" | sort -u)" = 9 ]
	at_least "$(cut -d' ' -f2 "$T/took")" "0.1 0.1 0.1 0.2 0.4 0.8 1.6"
	# Not from elsewhere, nor for others from there, nor at another server: sooner than the last one was.
	{
		peer_from 127.0.0.10 login 2 tester "$wrong"
		peer_from 127.0.0.9 login 2 other "$wrong"
		peer_from 127.0.0.9 login 3 tester "$wrong"
	} >"$T/soon"
	[ "$(cut -d' ' -f1 "$T/soon" | sort -u)" = 9 ]
	at_least "1.6 1.6 1.6" "$(cut -d' ' -f2 "$T/soon")"
	# The right one clears the count; it is the same for who does not exist.
	peer_from 127.0.0.9 login 2 tester "password:$T/passwords/tester" >"$T/right"
	grep -q '^0 ' "$T/right"
	peer_from 127.0.0.9 login 2 tester "$wrong" 3 >"$T/took"
	at_least "1.6 1.6 1.6" "$(cut -d' ' -f2 "$T/took")"
	peer_from 127.0.0.9 login 2 nobody "$wrong" 5 >"$T/took"
	at_least "$(cut -d' ' -f2 "$T/took")" "0.1 0.1 0.1 0.2 0.4"
}

@test "2.5 a server that is told to stop does not wait for who is slowed down" {
	password wrong "not the password"
	background peer login 4 tester "password:$T/passwords/wrong" 100
	refusals() { [ "$(grep -c login-refused "$CLUSTER/dfs4.log")" -ge 5 ]; }
	eventually 30 refusals
	server_stop 4
	log_has 4 'stopped connections=0'
}
