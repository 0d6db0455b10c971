# Acceptance 12.9 to 12.12 and 12.17: strangers, as many as they like, keep nobody from working.
load helper

setup()
{
	cluster_create
	servers_start
	random_file "$T/in" 3000000
	client put "$T/in" name
}

teardown()
{
	cluster_end
}

# strangers WAY SOURCES ADDRESSES COUNT: at each server; returns once all of them have tried.
# They have machines of their own: here they take what the servers and their clients leave.
strangers()
{
	local n
	CROWDS=()
	for n in 1 2 3 4; do
		background nice -n 19 "$DFS_TOOLS/scenarios/tools/strangers" "$1" "$(server_port $n)" \
			$((600000000 + n)) "$2" "$3" "$4" "$T/tried.$1.$n"
		CROWDS+=("$BACKGROUND_PID")
	done
	for n in 1 2 3 4; do
		eventually 60 test -e "$T/tried.$1.$n"
	done
}

strangers_leave()
{
	local pid
	for pid in "${CROWDS[@]}"; do
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null || true
	done
}

# Kibibytes of dfsN at its highest
memory()
{
	awk '$1 == "VmHWM:" { print $2 }' "/proc/${SERVER_PID[$1]}/status"
}

# No call of whoever has a session fails, nor has to do without a server.
honest()
{
	local i
	for i in $(seq "${1:-6}"); do
		# Any word is about a server that was done without.
		[ -z "$(client stat name 2>&1 >/dev/null)" ]
		client put "$T/in" "other$i"
		client get -f "other$i" "$T/out"
		cmp "$T/in" "$T/out"
	done
	client status
}

@test "12.9 idle connections from a few addresses, and ones with half a record, fill no server" {
	strangers nothing '127.0.9.*' 6 570
	honest
	strangers half '127.0.10.*' 6 570
	honest
}

@test "12.10 no record above 4 KiB is read before a log-in, nor memory taken for it" {
	servers_stop
	servers_start --debug
	strangers large '127.0.9.*' 6 120
	honest
	for n in 1 2 3 4; do
		log_has $n 'closed address=127\.0\.9\.[0-9:]+ why=EMSGSIZE'
	done
}

@test "12.12 wrong proofs for a user from his own address keep none of his sessions waiting" {
	strangers proofs '127.0.0.*' 1 20
	honest
}

@test "12.11 denied calls, and answers that nobody reads, take no memory, and nobody is told busy" {
	local before n
	before=$(memory 1)
	strangers denied '127.0.9.*' 6 120
	strangers unread '127.0.10.*' 6 120
	honest
	for n in 1 2 3 4; do
		log_has $n 'warn refused .*what=STATUS why="?denied'
		run ! log_has $n 'what=STATUS why="?busy'
	done
	echo "dfs1: $before KiB before, $(memory 1) KiB at most"
	[ -n "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ] || [ "$(memory 1)" -lt $((before + 64 * 1024)) ]
}

@test "12.17 beside thousands from many networks no call fails, and memory stays within its cap" {
	local before=() n kind
	for n in 1 2 3 4; do
		before[n]=$(memory $n)
	done
	for kind in nothing hello half denied unread proofs; do
		strangers $kind '127.*.9.1' 64 2000
		for _ in $(seq 20); do
			[ -z "$(client stat name 2>&1 >/dev/null)" ]
		done
		honest 1
		strangers_leave
	done
	for n in 1 2 3 4; do
		run ! log_has $n 'refused address=127\.0\.0\.1:'
		echo "dfs$n: ${before[n]} KiB before, $(memory $n) KiB at most"
		# doc/DESIGN.md 11: beside what calls and answers of users take
		[ -n "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ] || [ "$(memory $n)" -lt $((before[n] + 64 * 1024)) ]
	done
}
