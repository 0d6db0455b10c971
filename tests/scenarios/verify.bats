# client verify: every copy of every unit is read from every holder, and what is not all right is
# said by name.  Records are edited so that a server finds nothing wrong with them (tools/edit.c).
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

object_of()
{
	client stat --json "$1" | field object
}

# edit N WHAT...: in the store of dfsN, which is stopped for it.
edit()
{
	local n=$1
	shift
	server_stop "$n"
	[ "$("$DFS_TOOLS/scenarios/tools/edit" "$CLUSTER/dfs$n/data" "$@")" != 0 ]
	server_start "$n"
	eventually 60 is "$n" up
}

verified()
{
	client verify "$@"
}

# The servers (1..4) that hold this chunk of a file, by its row.
holders_of()
{
	local row=$1 chunk=$2 s first
	for s in 1 2 3 4; do
		first=$(((s + 3 - row) % 4 + 1))
		if [ $first = $chunk ] || [ $((first % 4 + 1)) = $chunk ]; then
			echo $s
		fi
	done
}

@test "3.1 verify: two good copies of everything that one may read, of every size" {
	mkdir "$T/in"
	local size total=0
	for size in 0 1 2 3 5 9 4095 1048575 1048576 1048577 3000001; do
		random_file "$T/in/$size" $size
		total=$((total + size))
	done
	client put -r "$T/in" in
	client put "$T/in/9" /shared/nine
	client put "$T/in/4095" mine --user other
	client put "$T/in/5" given --user other
	client share given tester --user other
	total=$((total + 9 + 5))
	run -0 --separate-stderr client verify
	[ "$output" = "13 files, $total bytes: two good copies of everything" ]
	[ -z "$stderr" ]
	run -0 client verify in/
	[ "$output" = "11 files, $((total - 14)) bytes: two good copies of everything" ]
	run -0 client verify -v in/3 /shared/
	[ "${lines[0]}" = "/tester/in/3: good" ]
	[ "${lines[1]}" = "/shared/nine: good" ]
	[ "${lines[2]}" = "2 files, 12 bytes: two good copies of everything" ]
	[ "$(client verify --json | field files)" = 13 ]
	# Of what was not read nothing is said.
	run -4 --separate-stderr client verify nowhere
	[ "$output" = "0 files, 0 bytes: not all that was named was read" ]
	# A folder that no file can be is one without its slash too.
	for folder in /tester /shared; do
		run -0 client verify $folder
		[ "$output" = "$(client verify $folder/)" ]
	done
	run -0 client repair /tester
	run -4 client verify in/3 nowhere/
	run -4 client verify /other/mine
	run -0 client verify --user other
	[[ $output == "3 files, 4109 bytes: two"* ]]
	# Who may list everything proves what is his, and says so.
	run -0 client verify --user admin
	[ "${lines[0]}" = "13 files of others: only their owners and readers can prove the content; what servers say that they lack is above" ]
	[ "${lines[1]}" = "1 file, 9 bytes: two good copies of everything" ]
}

@test "verify: a copy that opens to something else is wrong on that server; two of them lose the file" {
	file_of_row "$T/in" 2 1000000
	client put "$T/in" name
	client put "$T/in" other
	local object holders
	object=$(object_of name)
	mapfile -t holders < <(holders_of 2 3)
	[ ${#holders[@]} = 2 ]
	# Unit 2 belongs to chunk 3; so small a file is proved when it comes, and by the scrub.
	edit "${holders[0]}" flip "$object" 2 40
	run -9 --separate-stderr client verify
	[ "${lines[0]}" = "/tester/name: dfs${holders[0]}: chunk 3 wrong, not what was stored: it can be read, but has one good copy of some units" ]
	[ "${lines[1]}" = "2 files, 2000000 bytes: not everything has two good copies; 1 not all right, 0 unreadable; found 1 damaged, mended 0" ]
	client get name - | cmp "$T/in" -
	client verify name --json >"$T/json" || [ $? = 9 ]
	"$PYTHON" -c 'import json, sys
lines = [json.loads(x) for x in sys.stdin]
assert [x["code"] for x in lines] == [9, 9], lines
assert lines[0]["path"] == "/tester/name" and not lines[0]["lost"], lines
assert lines[0]["chunks"].pop("dfs" + sys.argv[1])["wrong"] == [3], lines
right = dict(damaged=[], missing=[], wrong=[], unbrought=[], unreached=[])
assert all(x == right for x in lines[0]["chunks"].values()), lines
assert lines[1]["bad"] == 1 and lines[1]["unreadable"] == 0, lines' "${holders[0]}" <"$T/json"
	edit "${holders[1]}" flip "$object" 2 40
	run -9 client verify name
	[[ ${lines[0]} == *": no good copy within reach of 1 unit" ]]
	[[ ${lines[1]} == *"1 unreadable; found 1 damaged, mended 0" ]]
	run -9 client get name "$T/out"
	run -0 client verify other
	# Not alike: one is damaged, of the other some copies cannot be reached.
	server_stop "${holders[0]}"
	run -3 client verify
	run -5 client verify other
}

@test "9.12 verify names what a server finds damaged, waits until it is mended, and ends with 0" {
	random_file "$T/in" 5242883
	random_file "$T/small" 900
	# A server that is too slow would be done without, and its opposite keep a spare.
	eventually 60 client put --require-full "$T/in" name
	client put "$T/small" small
	for n in 1 2 3 4; do
		eventually 30 has_begun_to_scrub $n
	done
	spoil 2
	# What servers believe to have is not looked at by repair, which says so.
	run -0 client repair
	run -0 --separate-stderr client verify
	[[ ${lines[0]} == "/tester/name: dfs2: chunk"*" damaged: it can be read, but"* ]]
	[[ ${lines[0]} != *dfs1* && ${lines[0]} != *dfs3* && ${lines[0]} != *dfs4* ]]
	[ "${lines[1]}" = "/tester/name: mended" ]
	[ "${lines[2]}" = "2 files, 5243783 bytes: two good copies of everything; found 1 damaged, mended 1" ]
	[ "${#lines[@]}" = 3 ]
	# Again, for a program; then without waiting, which sees the same and ends with what it sees.
	spoil 3
	run -0 --separate-stderr client verify --json
	[ "$(field code <<<"$output" | tr '\n' ' ')" = "9 0 0 " ]
	[ "$(field mended <<<"$output" | tr '\n' ' ')" = "None true 1 " ]
	[ "$(tail -1 <<<"$output" | field found)" = 1 ]
	spoil 4
	run -9 --separate-stderr client verify --no-wait name
	[[ ${lines[0]} == "/tester/name: dfs4: chunk"*" damaged"* ]]
	[ "${lines[1]}" = "1 file, 5242883 bytes: not everything has two good copies; 1 not all right, 0 unreadable" ]
	run -0 client verify
	# What cannot be mended yet is waited for, and mended when the other copies are back.
	spoil 1
	server_stop 2
	server_stop 4
	background "$DFS_BIN/client/client" verify name >"$T/verified"
	eventually 30 log_has 1 ' damaged '
	server_start 2
	server_start 4
	wait "$BACKGROUND_PID"
	tail -1 "$T/verified" | grep -x '1 file, 5242883 bytes: two good copies of everything; found 1 damaged, mended 1'
	client get name - | cmp "$T/in" -
}

@test "verify: without a server 5, but what was stored meanwhile has two copies" {
	random_file "$T/in" 1500000
	client put "$T/in" before
	server_kill 2
	client put "$T/in" while
	run -5 --separate-stderr client verify before
	[[ ${lines[0]} == "/tester/before: dfs2: chunks "*" cannot be reached: it can be read, but has one good copy of some units" ]]
	run -0 --separate-stderr client verify while
	run -5 --separate-stderr client verify
	# The servers' word, for who cannot read, does not go beyond what they lack.
	run -0 --separate-stderr client verify --user admin
	# Neighbours: what was stored before cannot be read, what was stored meanwhile can.
	server_kill 3
	run -5 --separate-stderr client verify before
	[[ ${lines[0]} == *"dfs2: chunk"*"dfs3: chunk"*": no good copy within reach of "*" unit"* ]]
	[[ ${lines[1]} == *"1 unreadable" ]]
	run -5 --separate-stderr client verify while
	[[ ${lines[1]} == *"0 unreadable" ]]
	server_kill 1 4
	run -10 client verify
}
