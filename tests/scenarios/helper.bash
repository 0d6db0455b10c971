# What the scenarios share: a private cluster of real programs in a temporary folder.
#
# It is a copy of one that is made once for all tests: creating users and logging in costs seconds
# (that is what scrypt is for), and a cluster's folder may be moved.  The users "tester" and "other"
# are there and logged in, and so is "admin", before any server has been started.
#
#	load helper
#	setup()    { cluster_create; servers_start; }
#	teardown() { cluster_end; }
#	@test "1.2 bytes come back" {
#		random_file "$T/in" 5242883
#		client put "$T/in" name
#		server_kill 3
#		client get name "$T/out"
#		cmp "$T/in" "$T/out"
#	}
#
# Variables
#	DFS_BIN		where the programs are: client/client, dfs1/dfs1, ... (default: the source tree);
#			"make test-sanitize" points it at other builds
#	T		an empty folder of this test, gone afterwards
#	CLUSTER		the cluster's folder; DFS_CONFIG names its cluster.conf, DFS_USER is "tester";
#			XDG_RUNTIME_DIR ($T/run) has the sessions, $T/passwords/NAME the passwords
#	HOME		an empty folder
#	PROTOCOL	the version of the protocol that servers are asked for
#	SERVER_PID	[1]..[4]: pids of the servers that this test started and did not end
#	IN		prefix of every program that the helper starts: empty, or what enters the
#			namespace of namespace_start
#
# Functions
#	client ARG...		the client; "run -5 client put ..." checks its exit code
#	cluster_create		the copy, with ports of its own
#	user_add NAME [ARG...]	another user, with a password, logged in; needs three servers
#	server_start N [ARG...]	starts dfsN (--no-rpcbind unless rpcbind_start was called), waits
#				until it answers a NULL call; log in "$CLUSTER/dfsN.log"
#	server_spawn N [ARG...]	the same without waiting
#	server_wait N		waits until dfsN answers a NULL call
#	server_stop N		SIGTERM, and waits; its exit code
#	server_kill N...	SIGKILL, and waits
#	server_pause N, server_resume N
#	servers_start, servers_stop	all four
#	server_port N		its port, from cluster.conf
#	mute_server N		in dfsN's place something that accepts connections and never answers
#	random_file FILE SIZE; file_of_row FILE ROW SIZE
#	damage_large N		wrong bytes in all large segments of dfsN, which is stopped for it
#	has_begun_to_scrub N	it will read nothing more by itself during a test, unless it is started anew
#	is_proved		no server has an upload that it has yet to prove, which would find what is spoilt
#	spoil N			a wrong byte in every 64 KiB of them, while dfsN runs
#	eventually SECONDS COMMAND...	repeats it until it succeeds; fails after the limit, which
#				is longer on a busy machine (tests/run)
#	log_has N PATTERN...	greps dfsN's log (grep -E)
#	status_of N FIELD	one field of what status tells of dfsN: "status" is the word for it
#	is N WORD		is that its word?  "up": it votes
#	has_voted N COUNT	so many times since its log began
#	field NAME		stdin: JSON lines; prints this field of each
#	without_etc COMMAND...	runs it as if this machine had no /etc/dfs
#	no_sanitizer		skips the test in builds that want more memory, or no tracer
#	need_root		skips the test where it cannot run
#	need_terminal		likewise: pseudo-terminals
#	namespace_start		network and mount namespaces of the test's own (root; else skips)
#	rpcbind_start, rpcbind_kill	the real rpcbind in there; servers then register
#	background COMMAND...	runs it, pid in BACKGROUND_PID; ended by cluster_end
#	cluster_end		ends everything that the test started, and nothing else; fails if a
#				server died by itself or a sanitizer spoke; keeps logs of failed tests
#
# What changes these variables (server_*, namespace_start, background, ...) is never called
# under "run", which is a subshell.  No test sleeps or judges by the clock: wait for conditions with "eventually".

bats_require_minimum_version 1.5.0

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DFS_BIN=${DFS_BIN:-$SOURCE}
TOOLS=$SOURCE/tests/scenarios/tools
PYTHON=/usr/bin/python3
TEMPLATE=${DFS_TEMPLATE:-${BATS_RUN_TMPDIR:-}/template}
export LC_ALL=C.UTF-8
# Nothing of who runs the tests: no configuration, no session, no home.
unset XDG_CONFIG_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR
unset DFS_CONFIG DFS_USER DFS_PASSWORD_FILE NO_COLOR

PROTOCOL=2
SERVER_PID=()
GIVEN_PORTS=()
BACKGROUND_PIDS=()
IN=()
RPCBIND_PID=
NAMESPACE_PID=
T=${BATS_TEST_TMPDIR:-}
CLUSTER=$T/cluster
# In setup_file, too: what is built there may want to keep something in it.
export HOME=${T:-${BATS_FILE_TMPDIR:-/nonexistent}}/home
[ -z "$T" ] || mkdir -p "$HOME"

client()
{
	"${IN[@]}" "$DFS_BIN/client/client" "$@"
}

cluster_create()
{
	template
	cluster_variables
	mkdir -p "$CLUSTER"
	# Inside the namespace, where a part of the folder may be another file system.
	"${IN[@]}" cp -a "$TEMPLATE/cluster/." "$CLUSTER"
	cp -a "$TEMPLATE/run" "$TEMPLATE/passwords" "$T"
	give_ports "$DFS_CONFIG"
}

cluster_variables()
{
	export DFS_CONFIG=$CLUSTER/cluster.conf DFS_USER=tester XDG_RUNTIME_DIR=$T/run
}

# Whoever comes first makes it; the others wait for him.
template()
{
	mkdir -p "$TEMPLATE"
	(
		flock 9
		[ -e "$TEMPLATE/ready" ] || template_make
	) 9>"$TEMPLATE.lock"
	[ -e "$TEMPLATE/ready" ]
}

template_make()
(
	T=$TEMPLATE CLUSTER=$TEMPLATE/cluster IN=() SERVER_PID=()
	trap 'kill -KILL "${SERVER_PID[@]}" 2>/dev/null || true' EXIT
	exec 9>&-
	rm -rf "$CLUSTER" "$T/run" "$T/passwords"
	mkdir -m 700 "$T/run" "$T/passwords"
	cluster_variables
	client cluster create "$CLUSTER" --base-port auto >/dev/null
	cp -p "$CLUSTER/admin.password" "$T/passwords/admin"
	servers_start
	DFS_PASSWORD_FILE=$T/passwords/admin client login --user admin
	user_add tester
	user_add other
	servers_stop
	rm "$CLUSTER"/*.log
	touch "$T/ready"
)

user_add()
{
	local name=$1
	shift
	(umask 077 && echo "the password of $name" >"$T/passwords/$name")
	client user add "$name" --user admin --new-password-file "$T/passwords/$name" "$@"
	DFS_PASSWORD_FILE=$T/passwords/$name client login --user "$name"
}

# Four free ports of this job's range: below those that the kernel gives to outgoing connections,
# none that another job may choose while a server of this one is down, and none that this test has
# been given before.
give_ports()
{
	local range=${DFS_TEST_PORTS:-10240-32767} ports=() port used
	used=$(awk 'FNR > 1 { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp)
	while [ ${#ports[@]} -lt 4 ]; do
		port=$((${range%-*} + (RANDOM * 32768 + RANDOM) % (${range#*-} - ${range%-*} + 1)))
		[[ " ${ports[*]} ${GIVEN_PORTS[*]} " == *" $port "* ]] || grep -q "$(printf %04X "$port")" <<<"$used" ||
			ports+=("$port")
	done
	awk -v ports="${ports[*]}" 'BEGIN { split(ports, port) }
		/^address = / { sub(/:[0-9]+$/, ":" port[++n]) } { print }' "$1" >"$1.new"
	GIVEN_PORTS+=("${ports[@]}")
	cat "$1.new" >"$1"
	rm "$1.new"
}

server_port()
{
	awk -v section="[dfs$1]" '$1 == section { on = 1; next } /^\[/ { on = 0 }
		on && $1 == "address" { sub(/.*:/, ""); print; exit }' "$DFS_CONFIG"
}

server_spawn()
{
	local n=$1
	shift
	[ -n "$RPCBIND_PID" ] || set -- --no-rpcbind "$@"
	echo "== start" >>"$CLUSTER/dfs$n.log"
	"${IN[@]}" "$DFS_BIN/dfs$n/dfs$n" --config "$CLUSTER/cluster.conf" "$@" \
		>>"$CLUSTER/dfs$n.log" 2>&1 3>&- 4>&- </dev/null &
	SERVER_PID[n]=$!
}

# A zombie that has not been waited for yet is dead too.
dead()
{
	local state
	state=$(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null) || return 0
	[ "$state" = Z ]
}

# One NULL call in the clear; rpcinfo needs no rpcbind for it.
server_answers()
{
	local port
	port=$(server_port "$1")
	[ -n "$port" ] || return 1
	"${IN[@]}" timeout 5 rpcinfo -a "127.0.0.1.$((port >> 8)).$((port & 255))" -T tcp \
		"$((600000000 + $1))" "$PROTOCOL" >/dev/null 2>&1
}

server_answers_or_died()
{
	server_answers "$1" || dead "${SERVER_PID[$1]}"
}

server_wait()
{
	eventually 60 server_answers_or_died "$1"
	if dead "${SERVER_PID[$1]}"; then
		echo "dfs$1 ended instead of answering:"
		tail -20 "$CLUSTER/dfs$1.log"
		return 1
	fi
}

server_start()
{
	server_spawn "$@"
	server_wait "$1"
}

# shellcheck disable=SC2120 # tests pass arguments
servers_start()
{
	local n
	for n in 1 2 3 4; do
		server_spawn "$n" "$@"
	done
	for n in 1 2 3 4; do
		server_wait "$n"
	done
	# So that the first command finds all four; one whose store is not whole may never vote.
	for n in 1 2 3 4; do
		eventually 10 votes_since_start "$n" >/dev/null || true
	done
}

votes_since_start()
{
	awk '/^== start/ { votes = 0 } $4 == "voting" { votes = 1 } END { exit !votes }' "$CLUSTER/dfs$1.log"
}

server_stop()
{
	local pid=${SERVER_PID[$1]} rc=0
	unset "SERVER_PID[$1]"
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	return "$rc"
}

servers_stop()
{
	local n
	for n in 1 2 3 4; do
		if [ -n "${SERVER_PID[n]:-}" ]; then
			server_stop "$n"
		fi
	done
}

server_kill()
{
	local n pid
	for n; do
		pid=${SERVER_PID[n]}
		unset "SERVER_PID[$n]"
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null || true
	done
}

server_pause()
{
	kill -STOP "${SERVER_PID[$1]}"
}

server_resume()
{
	kill -CONT "${SERVER_PID[$1]}"
}

background()
{
	"${IN[@]}" "$@" 3>&- 4>&- </dev/null &
	BACKGROUND_PID=$!
	BACKGROUND_PIDS+=("$BACKGROUND_PID")
}

mute_server()
{
	background "$PYTHON" "$TOOLS/mute.py" "$(server_port "$1")" "$T/mute.$1"
	eventually 20 test -e "$T/mute.$1"
}

random_file()
{
	head -c "$2" /dev/urandom >"$1"
}

file_of_row()
{
	local digit
	while :; do
		random_file "$1" "$3"
		digit=$(xxh128sum "$1" 2>/dev/null | cut -c32)
		[ $((16#$digit % 4)) != "$2" ] || return 0
	done
}

# A merge may take a segment away at any time, and so what was done to it.
damage_large()
{
	# A merge that is under way would put what it has read already in the place of what is damaged.
	server_stop "$1"
	"$PYTHON" -c 'import glob, os, sys
done = 0
for name in glob.glob(sys.argv[1] + "/*"):
	size = os.path.getsize(name)
	if size <= 1000000:
		continue
	os.chmod(name, 0o600)
	with open(name, "r+b", 0) as file:
		for offset in range(70000, size - 70000, 65536):
			os.pwrite(file.fileno(), bytes([255, 0, 255, 0]), offset)
	os.chmod(name, 0o400)
	done += 1
assert done > 0, "there is no large segment"' "$CLUSTER/dfs$1/data/seg"
	server_start "$1"
	eventually 30 is "$1" up
}

is_proved()
{
	local backlog
	backlog=$(client status --json 2>/dev/null | field unproved | sort -u) || true
	[ -n "$backlog" ] && ! grep -Eqv '^(0|None)$' <<<"$backlog"
}

# Another value for a byte in every 64 KiB of the large segments of a server; what is sealed is read-only.
spoil()
{
	eventually 30 is_proved
	"$PYTHON" -c 'import os, sys
done = 0
for path in sys.argv[1:]:
	size = os.path.getsize(path)
	if size > 250000:
		done += 1
		os.chmod(path, 0o600)
		with open(path, "r+b", 0) as file:
			for offset in range(70000, size - 70000, 65536):
				file.seek(offset)
				byte = file.read(1)[0]
				file.seek(offset)
				file.write(bytes([byte ^ 0xff]))
		os.chmod(path, 0o400)
assert done > 0, "there is no large segment"' "$CLUSTER/dfs$1"/data/seg/*.gdbm
}

# After its first step it rests, for days where there are several.
has_begun_to_scrub()
{
	client status --json | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	server = json.loads(line)
	if server["server"] == "dfs" + sys.argv[1]:
		sys.exit(server["scrub"]["read"] == 0)
sys.exit(1)' "$1"
}

# Seconds of a machine that has nothing else to do, where tests/run tells them.
seconds()
{
	cat "${DFS_TEST_CLOCK:-}" 2>/dev/null || echo "$SECONDS"
}

eventually()
{
	local end=$(($(seconds) + $1))
	shift
	until "$@"; do
		if [ "$(seconds)" -ge "$end" ]; then
			echo "still not so after the limit: $*"
			return 1
		fi
		sleep 0.02
	done
}

log_has()
{
	local n=$1
	shift
	grep -Eq "$@" "$CLUSTER/dfs$n.log"
}

status_of()
{
	client status --json 2>/dev/null | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	server = json.loads(line)
	if server.get("server") == sys.argv[1]:
		print(server.get(sys.argv[2], ""))' "dfs$1" "$2"
}

is()
{
	[ "$(status_of "$1" status)" = "$2" ]
}

has_voted()
{
	[ "$(grep -c ' voting ' "$CLUSTER/dfs$1.log")" -ge "$2" ]
}

field()
{
	"$PYTHON" -c 'import json, sys
for line in sys.stdin:
	line = line.strip()
	if line:
		value = json.loads(line).get(sys.argv[1])
		print(json.dumps(value) if isinstance(value, (bool, list, dict)) else value)' "$1"
}

# Runs a command where there is no /etc/dfs, whatever this machine has there.
without_etc()
{
	[ -e /etc/dfs/cluster.conf ] || {
		"$@"
		return
	}
	unshare -m --propagation private true 2>/dev/null || skip "/etc/dfs/cluster.conf cannot be hidden here"
	unshare -m --propagation private bash -c 'mount -t tmpfs none /etc/dfs && exec "$@"' hidden "$@"
}

no_sanitizer()
{
	! grep -q '__asan_init\|__tsan_init' "$DFS_BIN/client/client" || skip "sanitizers need more"
}

need_root()
{
	[ "$(id -u)" = 0 ] || skip "needs root"
}

need_terminal()
{
	"$PYTHON" -c 'import pty; pty.openpty()' 2>/dev/null || skip "there are no pseudo-terminals here (/dev/pts)"
}

namespace_start()
{
	need_root
	unshare -nm true 2>/dev/null || skip "namespaces are not permitted here"
	unshare -nm --propagation private sh -c 'ip link set lo up && mount -t tmpfs tmpfs /run &&
		mkdir /run/rpcbind && touch /run/ready && exec tail -f /dev/null' 3>&- 4>&- </dev/null &
	NAMESPACE_PID=$!
	BACKGROUND_PIDS+=("$NAMESPACE_PID")
	eventually 20 test -e "/proc/$NAMESPACE_PID/root/run/ready"
	IN=(nsenter -t "$NAMESPACE_PID" -n -m "--wdns=$PWD")
}

rpcbind_start()
{
	"${IN[@]}" rpcbind -f 3>&- 4>&- </dev/null &
	RPCBIND_PID=$!
	BACKGROUND_PIDS+=("$RPCBIND_PID")
	eventually 20 "${IN[@]}" rpcinfo -p 127.0.0.1 >/dev/null 2>&1
}

rpcbind_kill()
{
	kill -KILL "$RPCBIND_PID"
	wait "$RPCBIND_PID" 2>/dev/null || true
}

# A server that ended without having been told to is a failure, whatever the test looked at.
end_server()
{
	local pid=${SERVER_PID[$1]} rc=0
	if dead "$pid"; then
		wait "$pid" || rc=$?
		echo "dfs$1 had ended by itself, with $rc"
		return 1
	fi
	kill -CONT "$pid" 2>/dev/null
	kill -TERM "$pid" 2>/dev/null
	if ! eventually 30 dead "$pid"; then
		echo "dfs$1 did not end on SIGTERM"
		kill -KILL "$pid"
	fi
	wait "$pid" 2>/dev/null || rc=$?
	[ "$rc" = 0 ] || echo "dfs$1 ended with $rc"
	return "$rc"
}

cluster_end()
{
	local n pid bad=0
	for n in "${!SERVER_PID[@]}"; do
		end_server "$n" || bad=1
	done
	SERVER_PID=()
	for pid in "${BACKGROUND_PIDS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	BACKGROUND_PIDS=()
	if grep -EHn 'Sanitizer|runtime error:|Assertion .* failed' "$CLUSTER"/*.log 2>/dev/null; then
		bad=1
	fi
	if [ "${BATS_TEST_COMPLETED:-}" != 1 ] || [ "$bad" != 0 ]; then
		for n in 1 2 3 4; do
			[ -s "$CLUSTER/dfs$n.log" ] && echo "-- dfs$n" && tail -8 "$CLUSTER/dfs$n.log"
		done
	fi
	return "$bad"
}
