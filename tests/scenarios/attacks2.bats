# Acceptance 8.4 to 8.11, but 8.7 and 8.9: shares of what there is, names, rights that end, and answers
# that lie (tests/attacks); attacks.bats has the others.
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

attack()
{
	local name=$1
	shift
	"${IN[@]}" "$DFS_TOOLS/attacks/$name" "$@"
}

alone()
{
	setsid -w "$DFS_BIN/client/client" "$@"
}

# The four servers, of which these are broken into and tell this lie.
lie_at()
{
	local servers=$1 n
	export DFS_LIE=$2
	for n in $servers; do
		mkdir -p "$T/lying/dfs$n"
		ln -sf "$DFS_TOOLS/attacks/lying" "$T/lying/dfs$n/dfs$n"
		server_stop "$n"
		DFS_BIN=$T/lying server_start "$n"
	done
	for n in $servers; do
		eventually 30 votes_since_start "$n"
	done
}

# Ends as a program does that has not been harmed: by itself, and with nothing that is not the store's.
unharmed()
{
	local rc=0
	alone "$@" >"$T/out" 2>"$T/err" || rc=$?
	echo "client $*: $rc"
	cat "$T/out" "$T/err"
	[ "$rc" -lt 124 ]
	! grep -q '^forged' "$T/out"
	! grep -q 'Sanitizer' "$T/err"
	echo "$rc" >"$T/rc"
}

@test "8.4 values cost as much of a quota as they take of a disk" {
	user_add third --quota 256K
	attack over_quota 262144 values
}

@test "8.4 versions that are kept cost as much of a quota as they take of a disk" {
	user_add third --quota 256K
	attack over_quota 262144 earlier
}

@test "8.4 content that no value names costs as much of a quota as it takes of a disk" {
	user_add third --quota 256K
	attack over_quota 262144 staged
}

@test "8.5 where a page of a listing ends tells no name that is not shown" {
	user_add third
	mkdir -p "$T/in/private"
	for i in $(seq 300); do
		echo "$i" >"$T/in/private/secret-$i"
	done
	client put -r "$T/in/private"
	client put "$T/in/private/secret-1" zebra
	attack listed_names
}

@test "8.6 whoever begins uploads without end keeps nobody else from putting" {
	attack open_uploads
}

@test "8.8 a right that ended before a path was free is not used at it" {
	echo text >"$T/in"
	client put "$T/in" writable
	attack late_writer
}

@test "8.11 no object holds up a path" {
	attack held_paths
}

@test "8.10 listings of one that lies harm nobody, and it is named" {
	echo text >"$T/in"
	client put "$T/in" honest
	for lie in empty newline; do
		lie_at 1 $lie
		unharmed list
		[ "$(cat "$T/rc")" = 0 ]
		[ "$(cat "$T/out")" = honest ]
		grep -q dfs1 "$T/err"
		unharmed list -R /
		unharmed get -r /tester/ "$T/got.$lie"
		cmp "$T/in" "$T/got.$lie/honest"
	done
}

@test "8.10 values of one that lies harm nobody, and it is named" {
	echo text >"$T/in"
	client put "$T/in" honest
	for lie in units rows; do
		lie_at 1 $lie
		unharmed list -l
		[ "$(cat "$T/rc")" = 0 ]
		grep -q honest "$T/out"
		grep -q dfs1 "$T/err"
		unharmed list --chunks --json
		unharmed list -R --chunks
	done
}

@test "8.10 units that are larger than room for them are refused by name, where one that lies is one of two" {
	echo text >"$T/in"
	alone put "$T/in" broken --user other
	alone share /other/broken tester --user other
	mkdir "$T/made"
	attack broken_values "$T/made"
	lie_at 1 "value $T/made"
	server_kill 2 3
	for verb in "verify /other/broken" "get /other/broken $T/got" "stat /other/broken" "list -l /other/"; do
		# shellcheck disable=SC2086 # words
		unharmed $verb
		grep -q dfs1 "$T/err"
	done
}
