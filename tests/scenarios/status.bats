# client status: what servers count, said truly: the counts, exit codes, --what-if, --watch and
# --prometheus.
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

# counts CODE TWO ONE NONE: what status ends with and says of the files.
counts()
{
	local code=0
	client status --json >"$T/status" 2>/dev/null || code=$?
	[ $code = "$1" ] && [ "$(tail -1 "$T/status" | field files_by_copies)" = "{\"2\": $2, \"1\": $3, \"0\": $4}" ]
}

tells()
{
	[ "$(status_of "$1" "$2")" = "$3" ]
}

# So that nothing heals while a test looks.
three_files_and_a_loss()
{
	for name in one two; do
		random_file "$T/$name" 3000
		client put "$T/$name" $name
	done
	random_file "$T/lost" 5242883
	client put "$T/lost" lost
	counts 0 3 0 0
	damage_large 2
	damage_large 3
	run -9 client verify --no-wait
	eventually 30 counts 2 2 0 1
}

@test "8.7 a value that claims what nobody brought is accepted by none, and no status is worse" {
	random_file "$T/in" 3000
	client put "$T/in" mine
	client put "$T/in" theirs --user other
	for absent in 1 4; do
		# NODATA, of holders and of whom it names as none, the first time and later.
		run -0 "$DFS_TOOLS/scenarios/tools/half" --claim "$CLUSTER/cluster.conf" /tester/mine $absent
		[ "$output" = "2 2 2 2"$'\n'"2 2 2 2" ]
	done
	for user in tester other admin; do
		run -0 client status --user $user
		[ "${lines[4]}" = "2 files: 2 with two copies, 0 with one, 0 unreadable" ]
		[ "${lines[5]}" = ok ]
	done
	client get mine - | cmp - "$T/in"
}

@test "status: everybody's files by their living copies, spares counted, for everybody" {
	random_file "$T/in" 3000
	client put "$T/in" a
	client put "$T/in" b
	client put "$T/in" theirs --user other
	for user in tester other admin; do
		run -0 client status --user $user
		[ "${#lines[@]}" = 6 ]
		[ "${lines[4]}" = "3 files: 3 with two copies, 0 with one, 0 unreadable" ]
		[ "${lines[5]}" = ok ]
	done
	server_kill 2
	run -1 client status
	[ "${lines[4]}" = "3 files: 0 with two copies, 3 with one, 0 unreadable" ]
	[[ "${lines[1]}" =~ ^"dfs2  down        127.0.0.1:"[0-9]+"  since "[0-9:]+", "[0-9]+" s  dfs2: connection refused"$ ]]
	# What is put now has its spare: two copies, though a server is gone.
	client put "$T/in" a
	counts 1 1 2 0
	# Its opposite has gone, too: everything can be read.  A neighbour: not all.
	server_kill 4
	counts 1 0 3 0
	server_start 4
	# It votes when two have told what they remember of it.
	eventually 30 is 4 up
	server_kill 3
	counts 2 0 1 2
	# One that tells is not enough.
	server_kill 4
	run -3 client status
	[[ $output == *"files: unknown"* ]]
	for n in 2 3 4; do
		server_start $n
	done
	eventually 60 counts 0 3 0 0
	server_stop 1
	servers_stop
	run -3 client status
}

@test "status: a server that starts anew is told apart from one that is down, and tells how far it is" {
	for i in 1 2 3; do
		random_file "$T/$i" 2000
		client put "$T/$i" "$i"
	done
	server_kill 1 3 4
	eventually 20 is 2 up
	is 1 down
	server_kill 2
	# Alone it waits for what two others remember of it.
	server_start 2
	eventually 20 is 2 starting
	rm -rf "$CLUSTER"/dfs3/data/*
	server_start 3
	eventually 20 is 3 recovering
	run client status
	[[ $output == *"dfs3  recovering  "* && $output == *"dfs2  starting    "* ]]
	server_start 1
	server_start 4
	eventually 60 counts 0 3 0 0
	[ "$(status_of 3 epoch)" -ge 1 ]
	tells 3 software "$(client --version | sed 's/.* //')"
}

@test "status: what is damaged on both servers is unreadable: counted, named, and 2" {
	three_files_and_a_loss
	[[ $(client list -l | grep lost) == *" 0/2  "*"[incomplete]" ]]
	[[ $(client list -l | grep one) == *" 2/2  "* ]]
	eventually 60 tells 2 lost 1
	run -2 --separate-stderr client status
	[ "${lines[-2]}" = "3 files: 2 with two copies, 0 with one, 1 unreadable" ]
	[ "${lines[-1]}" = lost ]
	# What they cannot mend they say.
	[[ $output == *"      heals: 1 file to fetch ("*" of which nobody in reach has 1"* ]]
	tells 2 owed 1
	tells 1 owed 0
	# Two servers lack something: that it is of one file, its names tell; to who may list it.
	[ "$(client status --json | tail -1 | field at_most)" = false ]
	run -2 --separate-stderr client status --user other
	# By their rows, another file may be in the same group.
	[[ ${lines[-2]} =~ ^"3 files: at least "[12]" with two copies, at most "[01]" with one, at most 1 unreadable"$ ]]
	[ "$(client status --json --user other | tail -1 | field at_most)" = true ]
	[ "$(client status --json --user admin | tail -1 | field at_most)" = false ]
	client delete lost
	eventually 30 counts 0 2 0 0
}

@test "status --what-if: nothing, every file in one line, or names" {
	file_of_row "$T/large" 0 40000
	client put "$T/large" large
	# One unit: chunk 1, which rows 0 and 1 keep on dfs1 and dfs4, on dfs1 and dfs2.
	until [ -s "$T/small" ] && [ "$(client stat --json small | field row)" = 0 ]; do
		head -c 1 /dev/urandom >"$T/small"
		client put "$T/small" small
	done
	client put "$T/small" theirs --user other
	: >"$T/empty"
	client put "$T/empty" empty
	what_if()
	{
		client status --what-if "$@" 2>/dev/null | sed -n '/^what would/,$p'
	}
	[ "$(what_if)" = "what would become unreadable if these went:
  dfs1           nothing
  dfs2           nothing
  dfs3           nothing
  dfs4           nothing
  dfs1 and dfs2  1 of 4 files:
    /tester/large
  dfs1 and dfs3  nothing
  dfs1 and dfs4  3 of 4 files:
    /tester/large
    /tester/small
    1 that you may not list
  dfs2 and dfs3  1 of 4 files:
    /tester/large
  dfs2 and dfs4  nothing
  dfs3 and dfs4  1 of 4 files:
    /tester/large" ]
	[ "$(what_if --user admin | sed -n '/dfs1 and dfs4/,/dfs2 and dfs3/p')" = "  dfs1 and dfs4  3 of 4 files:
    /other/theirs
    /tester/large
    /tester/small
  dfs2 and dfs3  1 of 4 files:" ]
	[ "$(client status --what-if --json | field without | tr '\n' ' ')" = "$(printf 'None %.0s' $(seq 10))dfs1+dfs2 None None dfs1+dfs4 dfs1+dfs4 None dfs2+dfs3 None None dfs3+dfs4 " ] ||
		client status --what-if --json
	client delete empty small
	client delete theirs --user other
	[[ $(what_if) == *"  dfs3 and dfs4  every file, 1"* ]]
	# Who is down is gone already.
	server_kill 3
	[ "$(what_if)" = "what would become unreadable if these went (gone already: dfs3):
  dfs1           nothing
  dfs2           every file, 1
  dfs4           every file, 1
  dfs1 and dfs2  every file, 1
  dfs1 and dfs4  every file, 1
  dfs2 and dfs4  every file, 1" ]
	# With its spare, any one may go.
	client put "$T/large" large
	[[ $(what_if) == *"  dfs1           nothing
  dfs2           nothing
  dfs4           nothing"* ]]
	run -1 client status --what-if
	DFS_PASSWORD_FILE='' run --separate-stderr client status --what-if --user nobody
	[[ $stderr == *"--what-if is told only to who is logged in"* ]]
}

@test "status --what-if: names of a thousand files, and with -v of one more" {
	mkdir "$T/in"
	for i in $(seq 1001); do
		printf %08d "$i" >"$T/in/1$i"
	done
	: >"$T/empty"
	client put -r "$T/in" in
	client put "$T/empty" empty
	client status --what-if >"$T/many"
	[ "$(grep -c '/tester/' "$T/many")" = 0 ]
	grep -qE '^  dfs1 and dfs2  [0-9]+ of 1002 files \(-v: names\)$' "$T/many"
	client status --what-if -v >"$T/all"
	[ "$(sed -n '/dfs1 and dfs2/,/dfs1 and dfs3/p' "$T/all" | grep -c '/tester/in/')" = 1001 ]
	client delete in/1500
	client status --what-if >"$T/many"
	[ "$(sed -n '/dfs1 and dfs2/,/dfs1 and dfs3/p' "$T/many" | grep -c '/tester/in/')" = 1000 ]
}

@test "status --watch: again and again, until it is ended" {
	need_terminal
	background "$DFS_BIN/client/client" status --watch=1 --json >"$T/watched"
	has_lines() { [ "$(wc -l <"$T/watched")" -ge "$1" ]; }
	eventually 20 has_lines 5
	server_kill 2
	sees_it() { grep -q '"server":"dfs2","status":"down"' "$T/watched"; }
	eventually 20 sees_it
	kill -TERM "$BACKGROUND_PID"
	# On a terminal it redraws.
	"$PYTHON" -c 'import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
	os.execv(sys.argv[1], [sys.argv[1], "status", "--watch=1"])
seen = b""
while seen.count(b"\x1b[H\x1b[2J") < 3:
	seen += os.read(terminal, 4096)
os.kill(pid, 15)
os.waitpid(pid, 0)
assert seen.count(b"degraded") >= 2, seen' "$DFS_BIN/client/client"
	run -2 client status --watch 0
	run -2 client status --watch 86401
	run -2 client status --watch 1 2
	run -2 client status 1
	# Nobody reads any more.
	run -0 bash -c '"$0" status --watch 1 | head -1' "$DFS_BIN/client/client"
}

# Every line of the text format 0.0.4, and that samples stand below their own HELP and TYPE.
prometheus()
{
	"$PYTHON" -c 'import re, sys
known, current, samples = {}, None, {}
for line in sys.stdin:
	assert line.endswith("\n"), line
	line = line[:-1]
	if line.startswith("# HELP "):
		current = line.split(" ")[2]
		assert current not in known and len(line.split(" ")) > 3, line
		known[current] = None
	elif line.startswith("# TYPE "):
		name, kind = line.split(" ")[2:]
		assert name == current and known[name] is None, line
		assert kind == ("counter" if name.endswith("_total") else "gauge"), line
		known[name] = kind
	else:
		match = re.fullmatch(r"([a-z_]+)(\{[a-z]+=\"(?:[^\"\\\\]|\\\\.)*\"(?:,[a-z]+=\"(?:[^\"\\\\]|\\\\.)*\")*\})? ([0-9.]+)", line)
		assert match and match[1] == current and known[current], line
		assert match[1] + (match[2] or "") not in samples, line
		samples[match[1] + (match[2] or "")] = float(match[3])
assert all(known.values()) and all(x.startswith("dfs_") for x in known)
for name in sorted(samples):
	print(name, samples[name])' >"$T/samples"
}

sample()
{
	awk -v name="$1" '$1 == name { print $2; found = 1 } END { exit !found }' "$T/samples"
}

@test "status --prometheus: the text format, with the exit code of status" {
	random_file "$T/in" 100000
	client put "$T/in" name
	run -0 --separate-stderr client status --prometheus
	prometheus <<<"$output"
	[ "$(sample dfs_health)" = 0.0 ]
	[ "$(sample 'dfs_files{copies="2"}')" = 1.0 ]
	[ "$(sample 'dfs_server_up{server="dfs2"}')" = 1.0 ]
	[ "$(sample 'dfs_server_files{server="dfs4"}')" = 1.0 ]
	[ "$(sample 'dfs_server_damaged_records_total{server="dfs4"}')" = 0.0 ]
	sample 'dfs_server_start_time_seconds{server="dfs1"}'
	sample "dfs_server_info{server=\"dfs1\",version=\"$(client --version | sed 's/.* //')\"}"
	server_kill 2
	run -1 --separate-stderr client status --prometheus
	prometheus <<<"$output"
	[ "$(sample dfs_health)" = 1.0 ]
	[ "$(sample 'dfs_files{copies="1"}')" = 1.0 ]
	[ "$(sample 'dfs_server_up{server="dfs2"}')" = 0.0 ]
	sample 'dfs_server_last_heard_time_seconds{server="dfs2"}'
	run ! sample 'dfs_server_files{server="dfs2"}'
	# Without a cluster, too, there is something to read.
	run -3 --separate-stderr client status --prometheus --config "$T/none"
	prometheus <<<"$output"
	[ "$(sample dfs_health)" = 3.0 ]
	[ -n "$stderr" ]
	run -2 client status --prometheus --json
	run -2 client status --prometheus --watch
	run -2 client status --prometheus --what-if
}
