# Acceptance 3.1, 3.4: what a server missed or lost comes back by itself, and costs nothing twice.
load helper
load loader

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

# ---- what is stored ---------------------------------------------------------------------

# fill FOLDER FROM TO: files of one line each, of what is new each time.
fill()
{
	local i
	mkdir -p "$T/$1"
	for i in $(seq "$2" "$3"); do
		echo "$1 $i $RANDOM$RANDOM" >"$T/$1/$i"
	done
}

# A thousand small files and some of several units are there, on all four.
before()
{
	local i
	fill tree 1 1000
	for i in 1 2 3 4; do
		random_file "$T/tree/large.$i" $((3000000 + i))
	done
	client put -r "$T/tree" tree
	client status
}

# A thousand files change: new ones, other content, deleted; large ones too.
change()
{
	local i
	fill tree 1001 1400
	for i in $(seq 1 300); do
		echo "again $i $RANDOM" >"$T/tree/$i"
	done
	random_file "$T/tree/large.1" 2500001
	random_file "$T/tree/large.5" 4500001
	client put -r "$T/tree" tree
	rm "$T"/tree/{701..1000} "$T/tree/large.2"
	client delete $(printf 'tree/%s ' {701..1000}) tree/large.2
}

# ---- what must be so in the end ------------------------------------------------------------

status_is_0()
{
	client status >"$T/status" 2>&1
}

# Whatever the servers have yet to do, they say it in status.
nothing_to_do()
{
	status_is_0 && client status --json | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	told = json.loads(line)
	if told["server"] != "all":
		assert told["owed"] == 0 and told["spares"] == 0, told'  2>/dev/null
}

# Each server has its own pair of each file and nothing besides.
pairs_only()
{
	client list -R --chunks --json | "$PYTHON" -c 'import json, sys
files = 0
for line in sys.stdin:
	entry = json.loads(line)
	files += 1
	for number in range(4):
		first = (number - entry["row"]) % 4 + 1
		told = entry["servers"][f"dfs{number + 1}"]
		assert told["chunks"] == [first, first % 4 + 1], entry
assert files > 0'
}

# A server that returned knows what it missed once it has compared: until then spares stay.
in_place()
{
	pairs_only 2>"$T/pairs" && nothing_to_do
}

all_in_place()
{
	if ! eventually 240 in_place; then
		cat "$T/pairs" "$T/status"
		client status --json
		return 1
	fi
	client verify
}

healed()
{
	all_in_place
	client get -r tree "$T/got"
	diff -r "$T/tree" "$T/got"
	rm -r "$T/got"
	# Its copies serve where they are needed: each neighbour away in turn.
	for away in 1 2 3 4; do
		server_kill $away
		client get -r tree "$T/got"
		diff -r "$T/tree" "$T/got"
		rm -r "$T/got"
		server_start $away
	done
	eventually 60 status_is_0
}

# lose N COMMAND...: server N is killed, files change, the command does something to its data.
lose()
{
	local n=$1
	shift
	servers_start
	before
	server_kill "$n"
	change
	run -1 client status
	"$@"
	server_start "$n"
	healed
}

# ---- what is done to the data of a server --------------------------------------------------

empty()
{
	rm -rf "$CLUSTER/dfs$1"/data/*
}

set_back()
{
	rm -rf "$CLUSTER/dfs$1/data"
	cp -a "$T/copy" "$CLUSTER/dfs$1/data"
}

segments_of()
{
	find "$CLUSTER/dfs$1/data/seg" -name '*.gdbm' | sort
}

newest_gone()
{
	rm -f "$(segments_of "$1" | tail -1)"
}

middle_gone()
{
	local segments
	mapfile -t segments < <(segments_of "$1")
	rm -f "${segments[$((${#segments[@]} / 2))]}"
}

# One byte in sixteen places of each of ten segments (or of all, where there are fewer).
flip_bytes()
{
	segments_of "$1" | shuf -n 10 | "$PYTHON" -c 'import os, random, sys
for name in sys.stdin.read().split():
	os.chmod(name, 0o600)
	with open(name, "r+b") as segment:
		size = os.path.getsize(name)
		for place in (random.randrange(size) for _ in range(16)):
			segment.seek(place)
			byte = segment.read(1)[0]
			segment.seek(place)
			segment.write(bytes([byte ^ random.randrange(1, 256)]))
	os.chmod(name, 0o400)'
}

# ---- one server ------------------------------------------------------------------------------

@test "3.1 a server that was away gets what it missed, and what was kept for it goes" {
	lose 2 true
	log_has 2 voting
	! log_has 2 'recovering why'
}

@test "3.1 a server whose disk was emptied is filled again" {
	lose 3 empty 3
	log_has 3 'recovering why="The store is empty'
}

@test "3.1 a server whose disk was set back to an older copy is brought up to date" {
	servers_start
	before
	server_stop 4
	cp -a "$CLUSTER/dfs4/data" "$T/copy"
	server_start 4
	eventually 60 status_is_0
	fill tree 1 20
	client put -r "$T/tree" tree
	server_kill 4
	change
	set_back 4
	server_start 4
	healed
}

@test "3.1 a server that lost a segment in the middle" {
	lose 1 middle_gone 1
	log_has 1 'recovering why'
}

@test "3.1 a server that lost its newest segment" {
	lose 2 newest_gone 2
}

@test "3.1 a server with random bytes flipped in ten segments" {
	lose 3 flip_bytes 3
}

# ---- two servers --------------------------------------------------------------------------

votes()
{
	[ "$(client status --json 2>/dev/null | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	told = json.loads(line)
	if told["server"] == "dfs" + sys.argv[1]:
		print(told["status"])' "$1")" = up ]
}

# The second one while the content of the first has yet to come back: neighbours have one copy of each.
@test "3.1 the disks of two opposite servers are emptied one after the other" {
	servers_start
	before
	server_kill 1
	empty 1
	change
	server_start 1
	eventually 120 votes 1
	server_kill 3
	empty 3
	server_start 3
	healed
	log_has 1 'recovering why'
	log_has 3 'recovering why'
}

# ---- backup and restore ---------------------------------------------------------------------

# As the manual says: copied while it runs and is written to, put back, started.
@test "3.1 a server is restored from a copy that was made while it ran" {
	servers_start
	before
	touch "$T/writing"
	{
		while [ -e "$T/writing" ]; do
			client put "$T/tree/1" during >/dev/null 2>&1 || true
		done
	} 3>&- &
	writer=$!
	# What a merge takes away under it is missing in the copy.
	cp -a "$CLUSTER/dfs2" "$T/backup" || true
	rm "$T/writing"
	wait $writer
	client delete during
	server_kill 2
	change
	rm -rf "$CLUSTER/dfs2"
	cp -a "$T/backup" "$CLUSTER/dfs2"
	server_start 2
	healed
}

# ---- servers that come and go ----------------------------------------------------------------

# Two servers die and return, each when it likes, so that now and then both are away.
flap()
{
	local end=$((SECONDS + $1)) first second n
	servers_start
	loader 1 3>&- &
	first=$!
	loader 2 3>&- &
	second=$!
	until [ "$SECONDS" -ge "$end" ] && [ "$(cat "$T"/acknowledged.* 2>/dev/null | wc -l)" -gt 5 ]; do
		n=$((RANDOM % 2 + 2))
		if [ -n "${SERVER_PID[n]:-}" ]; then
			server_kill $n
		else
			server_start $n
		fi
		a_moment 400
	done
	touch "$T/stop"
	wait $first $second
	for n in 2 3; do
		[ -n "${SERVER_PID[n]:-}" ] || server_start $n
	done
	echo "$(cat "$T"/acknowledged.* | wc -l) puts were acknowledged"
	all_acknowledged_are_there
	all_in_place
	all_acknowledged_are_there
}

@test "3.4 two servers flapping under load for ten seconds: nothing is lost, nothing stuck, two copies of all" {
	flap 10
}

# bats test_tags=long
@test "3.4 two servers flapping under load for two minutes" {
	flap 120
}
