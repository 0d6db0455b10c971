# client repair: what servers mend by themselves is mended now, or named with the reason.
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

put_many()
{
	mkdir "$T/$1"
	for i in $(seq "$2"); do
		random_file "$T/$1/$i" $((i * 1000))
	done
	client put -r "$T/$1" "$1"
}

status_is()
{
	local code=0
	client status >/dev/null 2>&1 || code=$?
	[ $code = "$1" ]
}

@test "repair: a server that lost its disk and one that was away; nothing is left to do" {
	put_many before 30
	run -0 --separate-stderr client repair
	[ "${lines[0]}" = "nothing left to do" ]
	[ -z "$stderr" ]
	server_kill 3
	put_many while 20
	client delete before/1
	rm -rf "$CLUSTER"/dfs3/data/*
	server_start 3
	run -0 --separate-stderr client repair
	[ "${lines[0]}" = "nothing left to do" ]
	client status
	client verify --no-wait
	run -4 client get before/1 -
	run -0 client repair before/
	run -0 client repair before/2 --json
	[ "$(field left <<<"$output")" = 0 ]
	run -2 client repair before/ while/
}

@test "repair: what is damaged on both servers is named, and what is damaged on one is mended" {
	random_file "$T/in" 5242883
	# A server that is too slow would be done without, and its opposite keep a spare.
	eventually 60 client put --require-full "$T/in" name
	random_file "$T/other" 5000
	client put "$T/other" other
	# Neighbours have a chunk in common.
	damage_large 2
	damage_large 3
	run -9 client verify --no-wait
	[[ $output == *"/tester/name: "*"no good copy"* ]]
	# On a terminal who waits sees how far it is.
	if "$PYTHON" -c 'import pty; pty.openpty()' 2>/dev/null; then
		background "$PYTHON" -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$DFS_BIN/client/client" verify >"$T/screen"
		eventually 20 grep -q '0 of 1 files mended' "$T/screen"
		kill "$BACKGROUND_PID"
	fi
	eventually 30 status_is 2
	run -9 --separate-stderr client repair name
	[ "${#lines[@]}" = 1 ]
	[[ $output == "/tester/name: dfs2 lacks chunk"*", dfs3 lacks chunk"*": no good copy is left" ]]
	run -9 client repair --json
	[ "$(field code <<<"$output" | tr '\n' ' ')" = "9 9 " ]
	[ "$(field path <<<"$output" | head -1)" = /tester/name ]
	run -0 client repair other
	# Who may not list it hears that there is something.
	run -5 client repair --user other
	[[ $output == *"files of others are still to be mended"* ]]
	# Put again, it is whole again.
	client put "$T/in" name
	run -0 client repair
	client verify --no-wait
	status_is 0
}

# last_read N: as repair tells it, and as status does
last_read()
{
	client repair --json | "$PYTHON" -c 'import json, sys
print(json.load(sys.stdin)["last_read"]["dfs" + sys.argv[1]])' "$1"
	client status --json | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	if json.loads(line)["server"] == "dfs" + sys.argv[1]:
		print(json.loads(line)["scrub"]["last_ended"])' "$1"
}

@test "9.12 repair says when each server last read all that it stores, and that verify finds what is newer" {
	printf '\n[server]\nscrub_round = 365d\n' >>"$DFS_CONFIG"
	random_file "$T/in" 5242883
	eventually 60 client put --require-full "$T/in" name
	servers_stop
	rm -f "$CLUSTER"/dfs?/data/scrub
	servers_start
	# The first step of a scrub; the next one is in days.
	for n in 1 2 3 4; do
		eventually 30 has_begun_to_scrub $n
	done
	spoil 2
	run -0 --separate-stderr client repair
	[ "${lines[0]}" = "nothing left to do" ]
	[ "${lines[1]}" = "all that it stores was last read by dfs1 never, dfs2 never, dfs3 never, dfs4 never: what a disk has damaged since then, verify finds" ]
	[ "$(last_read 1 | tr '\n' ' ')" = "None None " ]
	# It lay there all the time.
	run -0 client verify
	echo "$output"
	[[ "${lines[-1]}" == *"found 1 damaged, mended 1" ]]
	servers_stop
	sed -i 's/^scrub_round.*/scrub_round = 5s\nscrub_share = 100/' "$DFS_CONFIG"
	servers_start
	for n in 1 2 3 4; do
		eventually 60 log_has $n ' scrubbed '
	done
	run -0 --separate-stderr client repair
	[[ "${lines[1]}" =~ ^"all that it stores was last read by "(dfs[1-4]\ [-0-9]+\ [:0-9]+(, )?){4}: ]]
}

@test "repair: a server that is not there is named, and how to go on" {
	put_many before 3
	server_kill 2
	run -5 client repair
	echo "$output"
	[[ $output == *"dfs2 does not vote: "*"refused"* ]]
	server_start 2
	run -0 client repair
}
