# cp and mv: files that come to other names without their content.
load helper
load relays

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
	fails 8 "one: /tester/folder: a file and a folder cannot share a name" cp -T one folder
	fails 7 "one: /other/one: is not yours to write" cp one /other/
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
	fails 8 "new: /tester/folder: a file and a folder cannot share a name" mv -T new folder
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
	# What is copied counts like what is put, though no server stores it twice.
	client delete --user other two
	client user quota other 20000 --user admin
	client cp --user other taken second
	fails 7 "over the quota of other" cp --user other taken third
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

# A tree with all that a tree may have, in the folder that is named.
make_tree()
{
	mkdir -p "$1/sub/deeper" "$1/empty" "$1/odd ü name"
	cp one "$1/one"
	cp one "$1/again"
	cp two "$1/sub/large"
	: >"$1/sub/deeper/nothing"
	printf '#!/bin/sh\n' >"$1/sub/run"
	chmod +x "$1/sub/run"
	cp one "$1/odd ü name/-f \$x '*'"
	ln -s ../one "$1/sub/link"
	ln -s nowhere "$1/broken"
	touch -d 2020-02-02T02:02:02 "$1/one" "$1/empty"
}

# What there is of a local tree, but for the times of folders that are not empty.
tree_of()
{
	(cd "$1" && find . \( -type d ! -empty -printf '%P %y %m\n' \) -o -printf '%P %y %m %T@ %l\n' | sort)
}

# What the store has at this name is this local tree.
is_tree()
{
	rm -rf "$T/out"
	client get -r "$1" "$T/out"
	diff -r --no-dereference "$2" "$T/out"
	diff <(tree_of "$2") <(tree_of "$T/out")
}

@test "4.7 cp -r and mv of a tree end in an equal one; where they come to, and what they refuse" {
	make_tree tree
	client put -r tree
	client cp -r tree copy
	is_tree copy tree
	is_tree tree tree
	# Into a folder that exists; over what is there; to that very name.
	client cp -r tree copy
	is_tree copy/tree tree
	client delete -r copy/tree
	client delete copy/one
	client cp -rT tree copy
	is_tree copy tree
	fails 8 "copy/again: exists already" cp -rnT tree copy
	is_tree copy tree
	client mv copy moved
	is_tree moved tree
	gone copy
	client mkdir folder
	client mv moved tree/one folder
	is_tree folder/moved tree
	is_file folder/one one
	client mkdir -p empty/moved
	client mv folder/moved empty
	is_tree empty/moved tree
	[ "$(client list)" = $'empty/\nfolder/\ntree/' ]
	[ "$(client list folder)" = one ]
	# Everybody's, and back.
	client mv empty/moved /shared/
	client mv --user other /shared/moved /other/
	client cp -r --user other moved /shared/back
	is_tree /shared/back tree
	gone /shared/moved

	fails 2 "is a folder; -r" cp folder new
	fails 2 "cannot come into itself" cp -r folder folder/new
	fails 2 "cannot come into itself" mv folder folder
	fails 2 "cannot come into itself" mv -T folder folder
	fails 4 "no such file" mv nothing new
	fails 8 "something in it" mv -T folder tree
	fails 8 "folder: /tester/tree/again: a file and a folder cannot share a name" mv -T folder tree/again
	fails 8 "cannot share a name" cp -rT folder tree/again
	fails 8 "cannot share a name" mv folder tree/again/new
	fails 7 "folder: /other/new: is not yours to read" cp -r folder /other/new
	is_file folder/one one
	run --separate-stderr client mv --json folder new
	[ "$(field path <<<"$output")" = /tester/new/one ]
	[ "$(field from <<<"$output")" = /tester/folder/one ]
	[ "$(client list)" = $'empty/\nnew/\ntree/' ]
	client status
}

# A tree under way that is cut off, and begun again: it ends as if it had not been.
tree_cut_off()
{
	local verb=$1 call=$2 count=$3 name="$1 $2 $3"
	client cp -r tree "$name"
	dies "$call" "$count" $verb "$name" "$name new"
	echo "$verb $call $count: listed $(client list -R | wc -l)"
	if [ "$verb" = mv ]; then
		# Nothing is lost, whoever looks; then it goes on, or is done.
		client mv "$name" "$name new" || [ $? = 4 ]
		gone "$name"
	else
		client $verb "$name" "$name new"
		is_tree "$name" tree
		# What had been ended is now there twice.
		[ -z "$(client list "$name new/$name" 2>/dev/null)" ] || client delete -r "$name new/$name"
		client delete -r "$name"
	fi
	is_tree "$name new" tree
	client delete -r "$name new"
	[ "$(client list)" = tree/ ]
}

@test "4.3 a tree whose move or copy is cut off ends, begun again, as if it had not been" {
	local count
	make_tree tree
	client put -r tree
	for count in 1 3 6 9 12 15 18 21 24 27 30 33 36 40; do
		tree_cut_off mv PREPARE $count
	done
	for count in 1 4 7 10 13 16 19; do
		tree_cut_off mv ACCEPT $count
	done
	for count in 1 3 5 7; do
		tree_cut_off mv DELETE $count
	done
	for count in 2 6 10 14 18; do
		tree_cut_off "cp -r" PREPARE $count
	done
}

@test "4.2 of two that move the same tree at once one has moved it" {
	local i one two
	make_tree tree
	for i in 1 2 3 4 5 6; do
		client put -r tree
		client mv tree a >a.out 2>&1 &
		one=$!
		two=0
		client mv tree b >b.out 2>&1 || two=$?
		wait $one && one=0 || one=$?
		echo "$one and $two: $(cat a.out b.out)"
		[ "$one" = 0 ] || [ "$two" = 0 ]
		[ "$((one + two))" = 8 ] || [ "$((one + two))" = 4 ]
		gone tree
		if [ "$one" = 0 ]; then
			is_tree a tree
			gone b
			client delete -r a
		else
			is_tree b tree
			gone a
			client delete -r b
		fi
	done
}

@test "4.7 cp -r and mv of a tree do not cost a call for each file" {
	no_sanitizer
	local i
	mkdir many
	(cd many && mkdir $(seq -f e%g 150) && touch $(seq 300) && for i in {1..150}; do ln -s xy "l$i"; done)
	client put -q -r many
	# (Of a content of one byte two servers have nothing: servers finish it, which costs calls.)
	# The pieces that a command sends, to all four servers.  One for each of the 600 files, links
	# and folders, to each of them, would be more.
	sent()
	{
		: >"$T/counted"
		DFS_COUNTED=$T/counted LD_PRELOAD=$DFS_TOOLS/scenarios/tools/counted.so client "$@"
		grep -cx sent "$T/counted"
	}
	local copied moved
	copied=$(sent cp -q -r many copies)
	moved=$(sent mv -q copies moved)
	echo "$copied pieces for cp -r, $moved for mv"
	[ "$copied" -lt 1200 ]
	[ "$moved" -lt 1200 ]
	is_tree moved many
}

# Bytes that have passed the relays, both ways, between servers too.
passed()
{
	cat "$T"/relay/*.up "$T"/relay/*.down | wc -c
}

# passes LIMIT ARG...: the client does, with so many bytes at most
passes()
{
	local limit=$1 before
	shift
	before=$(passed)
	client "$@"
	echo "$(($(passed) - before)) bytes passed for $*"
	[ $(($(passed) - before)) -le "$limit" ]
}

no_content_travels()
{
	local i
	random_file large "$1"
	client put large
	mkdir tree
	for i in $(seq "$2"); do random_file "tree/$i" 60000; done
	client put -r tree
	servers_stop
	mkdir relay
	relays_start
	eventually 60 client status
	passes 400000 cp large copy
	passes 400000 mv copy moved
	# Registers do: of a file its value, to and from four servers, a few times.
	passes $(($2 * 24000 + 200000)) cp -r tree copies
	passes $(($2 * 24000 + 200000)) mv copies there
	is_file moved large
	client get -r there out
	diff -r tree out
}

@test "4.4 no content travels for cp and mv: bytes counted" {
	no_content_travels 33554432 100
}

# bats test_tags=long
@test "4.4 no content travels for cp and mv of 1 GiB, and of 10,000 files" {
	no_content_travels 1073741824 10000
}
