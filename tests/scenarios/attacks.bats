# Acceptance 8.1 to 8.13 and 12.2: what users, and a server that was broken into, tried to do to others
# (tests/attacks), and what became of it.
load helper

# A cluster for each: most attacks would leave something behind that the next one trips over.
setup()
{
	cluster_create
	servers_start
}

teardown()
{
	cluster_end
}

attack()
{
	local name=$1
	shift
	"${IN[@]}" "$DFS_TOOLS/attacks/$name" "$@"
}

# edit N VERB...: changes what dfsN has stored, as a bad disk or its keeper could; it is stopped.
edit()
{
	local n=$1
	shift
	"$DFS_TOOLS/scenarios/tools/edit" "$CLUSTER/dfs$n/data" "$@"
}

# A line of text, to be found again in what "get" gives.
text_of_thief="This is what other made of it."

# gets_what_was_put NAME LOCAL
gets_what_was_put()
{
	client get -f "$1" "$T/got"
	cmp "$2" "$T/got"
}

# holds N NAME: the manifest names dfsN as a holder, and status finds nothing amiss.
holds()
{
	client status >"$T/status" 2>&1 && client list --chunks --json "$2" | "$PYTHON" -c 'import json, sys
sys.exit(json.loads(sys.stdin.readline())["servers"]["dfs" + sys.argv[1]]["chunks"] == [])' "$1"
}

# A server of which the others and the owner's client do not know where it is.  It knows where
# they are, so it votes; and hears of nothing that happens, but when it looks for itself, once a minute.
cut_off()
{
	local n
	servers_stop
	cp "$DFS_CONFIG" "$T/cluster.conf"
	sed "/^\[dfs$1\]/,/^address/s/^address.*/address = 127.0.0.1:1/" "$T/cluster.conf" >"$CLUSTER/without.conf"
	cat "$CLUSTER/without.conf" >"$DFS_CONFIG"
	for n in 1 2 3 4; do
		[ "$n" = "$1" ] || server_start "$n"
	done
	cat "$T/cluster.conf" >"$DFS_CONFIG"
	server_start "$1"
	eventually 30 is "$1" up
}

# The others find it again.
join()
{
	local n
	for n in 1 2 3 4; do
		[ "$n" = "$1" ] || {
			server_stop "$n"
			server_start "$n"
			eventually 30 is "$n" up
		}
	done
}

@test "8.1 nobody brings content under an object id that he has not made" {
	local won=0
	# Of this row dfs3 is asked for the first unit.
	file_of_row "$T/in" 2 8000
	cut_off 3
	DFS_CONFIG=$CLUSTER/without.conf client put "$T/in" name
	DFS_CONFIG=$CLUSTER/without.conf client share name other
	attack others_object /tester/name "$text_of_thief" 3 || won=$?
	[ "$won" -le 1 ]
	join 3
	client repair
	eventually 60 holds 3 name
	gets_what_was_put name "$T/in"
	client verify name
	[ "$won" = 0 ]
}

@test "8.1 nor to a server that was away, in the moment in which it returns" {
	local won=0
	file_of_row "$T/in" 2 8000
	server_kill 3
	client put "$T/in" name
	client share name other
	background "$DFS_TOOLS/attacks/others_object" /tester/name "$text_of_thief" 3 >"$T/said"
	eventually 20 grep -q ready "$T/said"
	server_start 3
	wait "$BACKGROUND_PID" || won=$?
	cat "$T/said"
	eventually 60 holds 3 name
	gets_what_was_put name "$T/in"
	client verify name
	# With 2 the server heard of the file before it was up to him.
	[ "$won" != 1 ]
}

# forged_unit_is_found SIZE: of a file of so many bytes, in the store of dfs3.
forged_unit_is_found()
{
	local object unit
	# Of this row dfs3 is asked for the first unit.
	file_of_row "$T/in" 2 "$1"
	client put "$T/in" name
	client share name other
	attack forged_unit /tester/name "$text_of_thief" "$T/forged" >"$T/made"
	read -r object unit <"$T/made"
	server_stop 3
	[ "$(edit 3 load "$object" "$unit" "$T/forged")" = 1 ]
	server_start 3
	eventually 30 is 3 up
	gets_what_was_put name "$T/in"
	run client verify name
	# Unless its scrubber was faster, or it had not even proved what was brought.
	[[ $output == *"dfs3: chunk 1 "* ]] || log_has 3 damaged || log_has 3 not-brought
}

@test "8.2 get and verify are not content with a small content forged to the same XXH3-128" {
	forged_unit_is_found 8000
}

@test "8.2 nor with a large one" {
	forged_unit_is_found 3000000
}

status_is_0()
{
	client status >"$T/status" 2>&1
}

# can_do_without_dfs2 NAME LOCAL: of chunk 1 of a file of row 2, dfs3 has the other copy.
can_do_without_dfs2()
{
	eventually 60 status_is_0
	client verify "$1"
	server_kill 2
	client get "$1" "$T/got"
	cmp "$2" "$T/got"
}

@test "8.3 an earlier version with another size for an object does not let redundancy vanish" {
	local won=0
	file_of_row "$T/in" 2 3000000
	client put "$T/in" name
	client share name other
	attack others_size /tester/name || won=$?
	[ "$won" -le 1 ]
	server_kill 3
	rm -rf "$CLUSTER"/dfs3/data/*
	server_start 3
	eventually 60 is 3 up
	client repair
	can_do_without_dfs2 name "$T/in"
	[ "$won" = 0 ]
}

@test "8.3 nor does a content with another size, at a server that has nothing of the object" {
	local won=0
	file_of_row "$T/in" 2 3000000
	cut_off 3
	DFS_CONFIG=$CLUSTER/without.conf client put "$T/in" name
	DFS_CONFIG=$CLUSTER/without.conf client share name other
	attack others_size /tester/name 3 || won=$?
	[ "$won" -le 1 ]
	join 3
	client repair
	eventually 60 holds 3 name
	can_do_without_dfs2 name "$T/in"
	[ "$won" = 0 ]
}

@test "8.7 a value cannot claim space without content" {
	local won=0
	attack claimed_size || won=$?
	[ "$won" -le 1 ]
	client status --user other
	client status
	[ "$won" = 0 ]
}

# What "status" says to tester of all files; it never ends with 2 here, nor with 1.
all_are_kept()
{
	client status --json >"$T/status" && [ "$(field lost <"$T/status" | tail -1)" = 0 ]
}

# unbrought COUNT: so many files are told to be not brought whole, and nothing is to be fetched.
unbrought()
{
	all_are_kept && [ "$(field unbrought <"$T/status" | tail -1)" = "$1" ] &&
		[ "$(field owed <"$T/status" | sed -n 1,4p | sort -u)" = 0 ]
}

# Bytes that all servers have fetched since their start.
fetched()
{
	client status --json | field fetched | sed -n 1,4p | tr '\n' ' '
}

no_server_has_lost()
{
	local n
	for n in 1 2 3 4; do
		run -1 log_has "$n" ' (lost|damaged) '
	done
}

@test "8.7 files that were begun badly make nobody's status worse, nor work without end" {
	local n before
	random_file "$T/in" 3000000
	client put "$T/in" name
	# Other units than the hash tree says, on all four servers: found out afterwards.
	attack begun_badly false /other/false 1234
	for n in 1 2 3 4; do
		until log_has "$n" ' not-brought path=/other/false'; do
			all_are_kept
		done
	done
	unbrought 1
	# Brought to one of four, to one of three, to two neighbours of three.  Who reads a file of which
	# he is not told alike spreads it.
	attack begun_badly few /other/one-of-four 1234 1
	attack begun_badly few /other/one-of-three 123 1
	attack begun_badly few /other/two-of-three 234 23
	server_kill 4
	for n in one-of-four one-of-three two-of-three; do
		client stat "$n" --user other
	done
	# After a good value, with a word of its own about its age; before one; below one, and above
	# it again.
	attack begun_badly forged /other/forged
	attack begun_badly again /other/again
	attack begun_badly kept /other/kept
	attack begun_badly named /other/named
	server_start 4
	eventually 90 unbrought 7
	client status >"$T/said"
	grep -q ', 7 not brought whole by their writers' "$T/said"
	# Another who lists names sees none; their owner sees them, and so does admin.
	client repair >"$T/repair"
	run -1 grep other/ "$T/repair"
	for n in other admin; do
		client repair --user $n >"$T/repair"
		[ "$(grep -c 'its writer has not brought it whole' "$T/repair")" = 7 ]
	done
	run -9 client get one-of-four "$T/got" --user other
	[[ $output == *"was not brought by its writer"* ]]
	run -9 client verify one-of-three --user other
	[[ $output == *"not brought by the writer"* ]]
	run client status --what-if
	[[ $output != *other/* ]]
	run -4 client repair nothere
	[[ $output == *"nothere: no such file"* ]]
	# Nothing more is fetched for them, whoever asks for it.
	before=$(fetched)
	client repair --user other
	client repair --user other
	[ "$(fetched)" = "$before" ]
	no_server_has_lost
	# After a restart all is proved anew, and found as it was.
	servers_stop
	servers_start
	eventually 60 unbrought 7
	no_server_has_lost
	client get name "$T/got"
	cmp "$T/in" "$T/got"
	client delete /other/false /other/one-of-four /other/one-of-three /other/two-of-three \
		/other/forged /other/again /other/kept /other/named --user admin
	eventually 30 unbrought 0
}

@test "8.7 what came wrong to one server only is fetched from the other" {
	attack begun_badly false /other/half 13
	eventually 60 log_has 1 'not-brought segment'
	eventually 60 log_has 3 'not-brought segment'
	eventually 60 unbrought 0
	for n in 1 3; do
		log_has "$n" healed
	done
	no_server_has_lost
}

# A file of tester's that other and third may write.
writable_file()
{
	user_add third
	random_file "$T/in" 8000
	client put "$T/in" name
	client share name other --write
	client share name third --write
}

@test "8.9 nobody writes in the name of another" {
	local won=0
	writable_file
	attack others_name /tester/name "$text_of_thief" || won=$?
	[ "$won" -le 1 ]
	gets_what_was_put name "$T/in"
	[ "$won" = 0 ]
}

@test "4.1 a move that somebody else says was begun brings what was moved all the same" {
	random_file "$T/in" 8000
	client put "$T/in" /shared/old
	attack planted_note /shared/old /shared/new "$text_of_thief"
	client mv /shared/old /shared/new
	gets_what_was_put /shared/new "$T/in"
}

@test "12.2 a CONFIRM that is refused, however high its ballot, stops no server that starts anew" {
	random_file "$T/in" 8000
	attack high_confirm /other/name "$text_of_thief"
	servers_stop
	servers_start
	client put "$T/in" name
	gets_what_was_put name "$T/in"
}

@test "8.9 an owner neither takes nor signs what cannot be proved, whatever the servers have" {
	local n
	writable_file
	attack others_name /tester/name "$text_of_thief" "$T/value"
	servers_stop
	for n in 1 2 3 4; do
		[ "$(edit "$n" give /tester/name "$T/value")" != 0 ]
	done
	servers_start
	run -9 client get name "$T/got"
	run -9 client share name third
	# It is not good now either, nor for others.
	run -9 client get name "$T/got"
	run -9 client get /tester/name "$T/got" --user other
}

# What a user sees of his file: version, readers, digests.
seen_of_kept()
{
	client stat --json kept --user "$1"
}

@test "8.13 random values, of whoever, are refused or harmless to all others" {
	local user n
	user_add third
	user_add fourth
	for user in tester third other fourth; do
		random_file "$T/kept.$user" 8000
		client put "$T/kept.$user" kept --user "$user"
		seen_of_kept "$user" >"$T/before.$user"
	done
	client put "$T/kept.tester" target
	client share target third --write
	client share target other
	attack random_values 20131 1000
	for n in 1 2 3 4; do
		is "$n" up
	done
	eventually 60 status_is_0
	for user in tester third other fourth; do
		client status --user "$user"
		client list -R --user "$user" / >"$T/list"
		grep -q kept "$T/list"
		client get kept "$T/got.$user" --user "$user"
		cmp "$T/kept.$user" "$T/got.$user"
		client verify kept --user "$user"
		seen_of_kept "$user" | cmp "$T/before.$user" -
	done
}

@test "12.2 a server that was broken into cannot bring back what a file had before" {
	echo before >"$T/before"
	echo after >"$T/after"
	client put "$T/before" /tester/file
	attack older_value keep "$T/kept"
	client put "$T/after" /tester/file
	run -0 attack older_value "$T/kept"
	gets_what_was_put /tester/file "$T/after"
	# Nor is anybody kept from writing.
	client put "$T/before" /tester/file
	gets_what_was_put /tester/file "$T/before"
}
