# cp and mv: files that come to other names without their content.
load helper

setup()
{
	cluster_create
	servers_start
	cd "$T"
	random_file one 5000
	random_file two 3000000
	: >empty
}

teardown()
{
	cluster_end
}

# What a user gets of a name is this local file.
is_file()
{
	client get "$1" - | cmp - "$2"
}

is_file_of()
{
	client get --user "$1" "$2" - | cmp - "$3"
}

gone()
{
	[ -z "$(client list -R "$1" 2>/dev/null)" ]
}

# fails CODE PATTERN ARG...: the client does, and says so
fails()
{
	local code=$1 pattern=$2
	shift 2
	run "-$code" client "$@"
	[[ $output == *$pattern* ]] || {
		echo "expected \"$pattern\" of $*"
		return 1
	}
}

object_of()
{
	client stat --json "$1" | field object
}

@test "4.1 cp: what it does, says and refuses" {
	client put one two empty --to /tester/
	client put one folder/other
	local name
	for name in one two empty; do
		client cp $name "copy of $name"
		is_file "copy of $name" $name
		[ "$(object_of $name)" = "$(object_of "copy of $name")" ]
		# Twice, over what is there.
		client cp $name "copy of $name"
		is_file "copy of $name" $name
	done
	# Several, into a folder that exists; one, with and without the final '/'.
	client cp one two folder
	client cp empty folder/
	client cp one --to folder
	is_file folder/one one
	is_file folder/two two
	is_file folder/empty empty
	[ "$(client list folder | tr '\n' ' ')" = "empty one other two " ]
	# Over another content, whose readers stay; to that very name.
	client share folder/one other
	client cp -T two folder/one
	is_file_of other /tester/folder/one two
	# Names are as they are typed, patterns are not.
	client cp '?wo' --to folder/
	client put one 'a*'
	client cp --exact 'a*' 'b*'
	is_file 'b*' one
	# The original goes, and the copy stays.
	client delete two
	is_file "copy of two" two

	fails 4 "no: no such file" cp no yes
	fails 2 "is the same file" cp one one
	fails 2 "is the same file" cp one /tester/
	fails 2 "is a folder; -r" cp folder yes
	fails 2 "mkdir makes it" cp one nowhere/
	fails 2 "mkdir makes it" cp one empty nowhere
	fails 2 "takes a source and a target" cp one
	fails 2 "-T goes with one source" cp -T one empty folder
	fails 8 "a file and a folder cannot share a name" cp -T one folder
	fails 8 "a file and a folder cannot share a name" cp one empty/below
	fails 8 "/tester/folder/one: exists already" cp -n one folder
	is_file_of other /tester/folder/one two
	client cp --no-clobber one new
	fails 3 "no: no such file" cp no one folder
	[ -z "$(client list -R nowhere 2>/dev/null)" ]

	# One object for each, also of those that fail.
	run -3 --separate-stderr client cp --json one no folder
	[ "$(field path <<<"$output" | tr '\n' ' ')" = "/tester/folder/one /tester/folder/no " ]
	[ "$(field from <<<"$output" | tr '\n' ' ')" = "/tester/one /tester/no " ]
	[ "$(field code <<<"$output" | tr '\n' ' ')" = "0 4 " ]
	[ "$(field size <<<"$output" | head -1)" = 5000 ]
	[ "$(field file_version <<<"$output" | head -1)" = "$(client stat --json folder/one | field file_version)" ]
}

@test "4.1 mv: what it does, says and refuses" {
	client put one two empty --to /tester/
	client put one folder/other
	client mv one first
	gone one
	is_file first one
	client mv first two empty folder
	[ "$(client list -R | tr '\n' ' ')" = "folder/empty folder/first folder/other folder/two " ]
	is_file folder/two two
	is_file folder/empty empty
	# Over what is there; not where that is asked.
	client mv folder/first folder/other
	is_file folder/other one
	fails 8 "/tester/folder/two: exists already" mv -n folder/other folder/two
	is_file folder/other one
	is_file folder/two two
	client mv --no-clobber folder/other new
	is_file new one
	# Twice: it is not there any more.
	fails 4 "no such file" mv folder/other new
	fails 2 "is the same file" mv new new
	fails 2 "mkdir makes it" mv new nowhere/
	fails 8 "a file and a folder cannot share a name" mv -T new folder
	fails 8 "a file and a folder cannot share a name" mv new folder/two/below
	is_file new one
	run -3 --separate-stderr client mv --json new no folder
	[ "$(field path <<<"$output" | tr '\n' ' ')" = "/tester/folder/new /tester/folder/no " ]
	[ "$(field code <<<"$output" | tr '\n' ' ')" = "0 4 " ]
	gone new
	# Nothing is left to do, and nothing is kept twice.
	client status
	[ "$(client du -s --json | field files)" = 3 ]
}

@test "4.1 cp and mv across owners: where one may, and nowhere else" {
	client put one two --to /tester/
	client cp one /shared/
	client mv --user other /shared/one /other/mine
	is_file_of other mine one
	fails 4 "no such file" get /shared/one -
	# Who may read may copy, and is the copy's owner; who may not write does not move.
	fails 7 "" cp --user other /tester/two /other/
	client share two other
	client cp --user other /tester/two /other/
	is_file_of other two two
	[ "$(client stat --json --user other two | field owner)" = other ]
	fails 7 "is not yours to move" mv --user other /tester/two /other/moved
	fails 4 "no such file" get --user other moved -
	fails 7 "" cp --user other mine /tester/new
	fails 7 "" mv --user other mine /tester/new
	is_file_of other mine one
	# Who may write takes the place of what is there, for all its readers, and may take it away.
	client share --write two other
	client cp --user other mine /tester/two
	is_file two one
	is_file_of other /tester/two one
	client mv --user other /tester/two /other/taken
	is_file_of other taken one
	fails 4 "no such file" get two -
}

@test "4.1 cp and mv with one server down, which learns of it" {
	local n=$((RANDOM % 4 + 1))
	client put one two --to /tester/
	server_kill $n
	client cp two copy
	client mv one moved
	is_file copy two
	is_file moved one
	gone one
	client delete two
	client put one late
	server_start $n
	eventually 60 client status
	# What the others have, any three have.
	server_kill $((n % 4 + 1))
	is_file copy two
	is_file moved one
	# What it missed it has to have fetched, for there are no three others.
	eventually 60 client cp late later
	is_file later one
	gone one
	# With two away nothing is moved, and that is said.
	server_kill $(((n + 2) % 4 + 1))
	fails 5 "" mv moved nowhere
	fails 5 "" cp moved nowhere
	is_file moved one
}

@test "4.2 of two that move the same file at once one has moved it, 200 times" {
	local i one two there
	for i in $(seq 200); do
		client put one file
		# To two names, or to the same.
		there=$((i % 4 == 0 ? 0 : 1))
		client mv file a >/dev/null 2>&1 &
		one=$!
		two=0
		client mv file a$there >/dev/null 2>&1 || two=$?
		wait $one && one=0 || one=$?
		echo "$i: $one and $two"
		[ $((one + two)) = 4 ] || [ $((one + two)) = 8 ]
		[ $((one * two)) = 0 ]
		gone file
		[ "$one" != 0 ] || is_file a one
		[ "$two" != 0 ] || is_file a$there one
		# Who was too late leaves nothing.
		[ "$(client list | wc -l)" = 1 ]
		client delete '*'
	done
}

# dies PROCEDURE COUNT ARG...: the client, up to so many answers of this procedure
dies()
{
	local when="$1 $2"
	shift 2
	DFS_DIES=$when "$DFS_TOOLS/scenarios/tools/dying" "$@" >/dev/null 2>&1 || true
}

# One move cut off, and what is done next.
cut_off()
{
	local call=$1 count=$2 way=$3 old="old $1 $2 $3" new="new $1 $2 $3"
	client put one "$old"
	dies "$call" "$count" mv "$old" "$new"
	echo "$call $count, then $way; listed: $(client list | tr '\n' ' ')"
	# It is at one of the names, whoever looks; reading the old one finishes nothing.
	client get "$old" - >got || client get "$new" - >got
	cmp got one
	case $way in
	get)
		if client get "$new" - >got; then
			cmp got one
			fails 4 "no such file" get "$old" -
		else
			is_file "$old" one
		fi
		;;
	mv)
		# It is done now, or was.
		client mv "$old" "$new" || [ $? = 4 ]
		fails 4 "no such file" get "$old" -
		is_file "$new" one
		;;
	put)
		client put two "$new"
		is_file "$new" two
		client get "$old" - >got || [ $? = 4 ]
		[ ! -s got ] || cmp got one
		;;
	esac
	client delete "$old" "$new" 2>/dev/null || true
}

@test "4.3 a move that is cut off leaves the file at one name or both; who meets it, or the same again, finishes it" {
	local calls count way
	for calls in "PREPARE 12" "ACCEPT 8" "DELETE 4" "SETTLED 4"; do
		for count in $(seq "${calls#* }"); do
			for way in get mv put; do
				cut_off "${calls% *}" "$count" $way
			done
		done
	done
}
