# Acceptance 1.8: kills at moments that nobody chose.
load helper
load loader

setup()
{
	cluster_create
	servers_start
}

teardown()
{
	cluster_end
}

kill_servers()
{
	local times=$1 n
	loader 1 3>&- &
	first=$!
	loader 2 3>&- &
	second=$!
	for _ in $(seq $times); do
		n=$((RANDOM % 4 + 1))
		a_moment
		server_kill $n
		a_moment 100
		server_start $n
	done
	touch "$T/stop"
	wait $first $second
	echo "$(cat "$T"/acknowledged.* | wc -l) puts were acknowledged"
	[ "$(cat "$T"/acknowledged.* | wc -l)" -gt 5 ]
	all_acknowledged_are_there
	client status
}

@test "1.8 a server killed at 50 random moments under load: nothing acknowledged is lost" {
	kill_servers 50
	server_kill $((RANDOM % 4 + 1))
	all_acknowledged_are_there
}

# bats test_tags=long
@test "1.8 a server killed at 1000 random moments under load" {
	kill_servers 1000
}

# What the file holds now: "new", "old", or something that nobody put, which fails.
outcome()
{
	client get victim - >"$T/got"
	if cmp -s "$T/got" "$T/new"; then
		outcome=new
	elif cmp -s "$T/got" "$T/old"; then
		outcome=old
	else
		echo "neither the old version nor the new one, but $(stat -c %s "$T/got") bytes"
		return 1
	fi
}

# No connection but those of the question itself, and of servers to each other: nothing that the dead
# client sent is still at work.
all_quiet()
{
	local told
	told=$(client status --json | "$PYTHON" -c 'import json, sys
print(sum(json.loads(line).get("connections", 0) for line in sys.stdin))')
	[ "$told" = $((4 + $(established))) ]
}

# Connections that the kernel has at the servers' ports, of those who are still there.
established()
{
	local n ports=
	for n in 1 2 3 4; do
		ports+=$(printf ':%04X ' "$(server_port $n)")
	done
	awk -v ports="$ports" 'FNR > 1 && $4 == "01" && index(ports, substr($2, 9) " ") { n++ } END { print n + 0 }' \
		/proc/net/tcp
}

# One put killed somewhere.  What it had sent may still take effect while the first reader looks,
# so he may see the old version and the next one the new; never the other way round.  As soon as
# all that was sent has ended, every reader sees the same.
kill_client()
{
	local i=$1 size=$2 span=$3 pid first settled
	head -c "$size" /dev/urandom >"$T/new"
	"$DFS_BIN/client/client" put "$T/new" victim >/dev/null 2>&1 3>&- </dev/null &
	pid=$!
	a_moment "$span"
	kill -KILL $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	outcome
	first=$outcome
	eventually 60 all_quiet
	outcome
	settled=$outcome
	[ "$first" = old ] || [ "$settled" = new ]
	outcome
	[ "$outcome" = "$settled" ]
	cp "$T/got" "$T/old"
	echo "$outcome" >>"$T/outcomes"
	if [ $((i % 10)) = 0 ]; then
		head -c 3000 /dev/urandom >"$T/old"
		timeout 30 "$DFS_BIN/client/client" put "$T/old" victim
		client get victim - | cmp "$T/old" -
	fi
}

# What a put of so many bytes takes here and now, and half as long again: below 1000 ms.
span_of()
{
	local begin=${EPOCHREALTIME/[.,]/} span
	random_file "$T/new" "$1"
	client put "$T/new" measured >&2
	span=$(((${EPOCHREALTIME/[.,]/} - begin) * 3 / 2000))
	echo $((span < 60 ? 60 : span > 999 ? 999 : span))
}

@test "1.8 a client killed at 200 random moments of a put: the old version or the new one, the same for all" {
	local small large
	small=$(span_of 20000)
	large=$(span_of 4000000)
	random_file "$T/old" 2000
	client put "$T/old" victim
	for i in $(seq 150); do
		kill_client "$i" 20000 "$small"
	done
	for i in $(seq 50); do
		kill_client "$i" 4000000 "$large"
	done
	sort "$T/outcomes" | uniq -c
	grep -q old "$T/outcomes"
	grep -q new "$T/outcomes"
}

# dies_with WHEN ARG...: the client, which dies when so many servers have answered (tools/dying.c).
dies_with()
{
	local when=$1
	shift
	DFS_DIES=$when run -99 "$DFS_TOOLS/scenarios/tools/dying" "$@"
}

# read_by NAME USER...: each of them gets the same: "old", or "new".  What the dead client had sent may
# still take effect meanwhile, so "new" may follow "old"; never the other way round.
read_by()
{
	local name=$1 user before=
	shift
	for user in "$@"; do
		client get --user "$user" "$name" "$T/got" -f
		outcome=new
		cmp -s "$T/got" "$T/new" || outcome=old
		[ $outcome = new ] || cmp "$T/got" "$T/old"
		[ "$before" != new ] || [ $outcome = new ]
		before=$outcome
	done
}

@test "1.8 a client killed between what three confirm and what they accept: it happened or not, the same for all" {
	local name when
	random_file "$T/new" 3000
	client put "$T/new" /shared/file
	client put "$T/new" lent
	client share lent other --write
	for name in /shared/file /tester/lent; do
		random_file "$T/old" 3000
		client put --user other "$T/old" "$name"
		for when in "CONFIRM 3" "ACCEPT 1" "ACCEPT 2" "ACCEPT 3"; do
			random_file "$T/new" 5000
			dies_with "$when" put --user other "$T/new" "$name"
			read_by "$name" tester other tester
			echo "$name, $when: $outcome"
			[ "$when" != "CONFIRM 3" ] || [ $outcome = old ]
			[ "$when" != "ACCEPT 3" ] || [ $outcome = new ]
			# What was begun is in nobody's way.
			random_file "$T/old" 4000
			client put --user other "$T/old" "$name"
			read_by "$name" other tester
			[ $outcome = old ]
		done
	done
	# So it is with one server away, and with what is deleted.
	client put "$T/old" /shared/file
	server_kill 4
	dies_with "CONFIRM 3" delete --user other /shared/file
	read_by /shared/file tester other
	[ $outcome = old ]
	dies_with "DELETE 2" delete --user other /shared/file
	run -4 client get /shared/file "$T/got" -f
	run -4 client get --user other /shared/file "$T/got" -f
	server_start 4
	eventually 60 client status
	client verify
	client verify --user other
}

@test "1.8 all four killed at once under load: what was acknowledged is there after the start" {
	loader 1 3>&- &
	first=$!
	eventually 60 test -s "$T/acknowledged.1"
	for _ in 1 2 3; do
		a_moment
		server_kill 1 2 3 4
		servers_start
	done
	touch "$T/stop"
	wait $first
	all_acknowledged_are_there
}
