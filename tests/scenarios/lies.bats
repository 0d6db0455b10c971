# Acceptance 8.10, 12.2 and 12.5: the client among servers of which one was broken into and lies (tests/attacks/lying.c).
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

alone()
{
	setsid -w "$DFS_BIN/client/client" "$@"
}

# From now on dfs1 tells this lie.
lie()
{
	mkdir -p "$T/lying/dfs1"
	ln -sf "$DFS_TOOLS/attacks/lying" "$T/lying/dfs1/dfs1"
	server_stop 1
	DFS_LIE=$1 DFS_BIN=$T/lying server_start 1
	eventually 30 votes_since_start 1
}

# Ends as a program does that has not been harmed: by itself, and with nothing that is not the store's;
# its code is in rc then.
unharmed()
{
	rc=0
	alone "$@" >"$T/out" 2>"$T/err" || rc=$?
	echo "client $*: $rc"
	cat "$T/out" "$T/err"
	[ "$rc" -lt 124 ]
	! grep -Eq '^forged|Sanitizer|runtime error' "$T/out" "$T/err"
}

# With one server that lies about listings: they are right, and it is named.
right_in_spite_of()
{
	echo text >"$T/in"
	client put "$T/in" honest
	lie "$1"
	unharmed list
	[ "$rc" = 0 ]
	[ "$(cat "$T/out")" = honest ]
	grep -q dfs1 "$T/err"
	unharmed list -R /
	mkdir -p "$T/below/got"
	unharmed get -r /tester/ "$T/below/got"
	find "$T/below" -name honest | grep -q .
	[ -z "$(find "$T/below" -name '*forged*')" ]
}

@test "8.10 a listed path that is empty harms nobody, and who told of it is named" {
	right_in_spite_of empty
}

@test "8.10 a listed name with a newline adds no line, and who told of it is named" {
	right_in_spite_of newline
}

@test "8.10 a listed path above the folder is not shown, and who told of it is named" {
	right_in_spite_of above
}

# With one that changes the values in listings.
shown_in_spite_of()
{
	echo text >"$T/in"
	client put "$T/in" honest
	lie "$1"
	unharmed list -l
	[ "$rc" = 0 ]
	grep -q honest "$T/out"
	grep -q dfs1 "$T/err"
	unharmed list -R --chunks /
	[ "$rc" = 0 ]
	! grep -q 'row 9' "$T/out"
}

@test "8.10 a listed value whose units have no length harms nobody, and who told of it is named" {
	shown_in_spite_of units
}

@test "8.10 a listed value of a row that is none is not shown, and who told of it is named" {
	shown_in_spite_of rows
}

@test "8.10 units that are larger than room for them are refused by name, where one that lies is one of two" {
	echo text >"$T/in"
	alone put "$T/in" broken --user other
	alone share /other/broken tester --user other
	mkdir "$T/made"
	"$DFS_TOOLS/attacks/broken_values" value "$T/made"
	lie "value $T/made"
	server_kill 2 3
	for verb in "verify /other/broken" "get /other/broken $T/got" "stat /other/broken"; do
		# shellcheck disable=SC2086 # words
		unharmed $verb
		[ "$rc" != 0 ]
		grep -q dfs1 "$T/err"
	done
	[ ! -e "$T/got" ]
}

@test "8.10 units that keep to their leaves and are larger than they may be are refused" {
	echo text >"$T/in"
	alone put "$T/in" broken --user other
	alone share /other/broken tester --user other
	mkdir "$T/made"
	"$DFS_TOOLS/attacks/broken_values" units "$T/made"
	lie "value $T/made"
	server_kill 2 3
	unharmed verify /other/broken
	[ "$rc" = 9 ]
	grep -q dfs1 "$T/out"
	unharmed get /other/broken "$T/got"
	[ "$rc" = 9 ]
	[ ! -e "$T/got" ]
}

@test "12.2 what one server says that it has finished is read again" {
	random_file "$T/before" 3000
	random_file "$T/after" 5000
	client put "$T/before" file
	client share file other
	lie finish
	# No three servers tell the same, and the one that lies is asked first to bring it to its end.
	"$DFS_TOOLS/scenarios/tools/half" "$DFS_CONFIG" "$T/after" /tester/file 2 3
	client get --user other /tester/file "$T/out"
	cmp "$T/after" "$T/out"
}

@test "8.10 who tells what cannot be proved, as one of two, is named" {
	echo text >"$T/in"
	alone put "$T/in" honest
	lie unproved
	server_kill 2 3
	unharmed stat honest
	[ "$rc" = 5 ]
	grep -q "dfs1 answers" "$T/err"
	! grep -q "dfs4" "$T/err"
}

# $1: by whom; what he stores there is there.
stores()
{
	random_file "$T/next" 2000
	client put --user "$1" "$T/next" "$2"
	client get -f --user "$1" "$2" "$T/back"
	cmp "$T/next" "$T/back"
}

@test "12.5 a promise on something later that nobody can prove holds up no write" {
	random_file "$T/in" 3000
	client put "$T/in" file
	client put "$T/in" gone
	client share file other --write
	client put "$T/in" /shared/file
	lie promised
	stores tester /tester/file
	stores other /tester/file
	stores other /shared/file
	client delete gone
	run -4 client stat gone
	client put --no-clobber "$T/in" gone
	client unshare file other
	run -7 client get --user other /tester/file "$T/out"
	# Servers finish in spite of it, too.
	client share file other
	"$DFS_TOOLS/scenarios/tools/half" "$DFS_CONFIG" "$T/in" /tester/file 2 3
	client get --user other /tester/file "$T/out"
	cmp "$T/in" "$T/out"
}

@test "8.10 what one server makes up keeps nobody from reading and writing what the others agree on" {
	local i
	echo text >"$T/in"
	alone put "$T/in" honest
	alone share honest other --write
	lie newest
	# Whoever is among the first three to answer.
	for i in 1 2 3 4 5 6 7 8; do
		alone get -f honest "$T/got"
		cmp "$T/in" "$T/got"
		alone get -f /tester/honest "$T/got" --user other
	done
	alone put "$T/in" honest
	alone put "$T/in" /tester/honest --user other
	alone unshare honest other
	alone stat honest >"$T/out"
	alone delete honest
}
