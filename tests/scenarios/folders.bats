# Folders, links, times and x bits: made, shown, changed, carried along with trees, removed.
load helper

setup()
{
	cluster_create
	servers_start
	cd "$T"
}

teardown()
{
	cluster_end
}

stat_of()
{
	client stat --json "$1" | field "$2"
}

# A command line as somebody types it at a terminal, who then types what is on stdin.
at_terminal()
{
	script -qefc "$(printf '%q ' "$DFS_BIN/client/client" --no-progress "$@")" /dev/null
}

# What there is of a local tree, but for the times of folders that are not empty: those are of
# whoever puts something into them.
tree_of()
{
	(cd "$1" && find . \( -type d ! -empty -printf '%P %y %m\n' \) -o -printf '%P %y %m %T@ %l\n' | sort)
}

@test "4.1 mkdir and rmdir: what they do, say and refuse" {
	client mkdir photos
	[ "$(client list)" = photos/ ]
	[ -z "$(client list photos)" ]
	[ "$(stat_of photos type)" = folder ]
	[ "$(stat_of photos/ owner)" = tester ]
	# Twice; without the folder on the way; on the way to a file; nowhere.
	run -8 client mkdir photos
	[[ $output == *"exists already"* ]]
	run -4 client mkdir 2025/may
	[[ $output == *"/tester/2025 is not there: mkdir -p"* ]]
	client put "$BATS_TEST_FILENAME" file
	run -8 client mkdir file
	run -8 client mkdir file/below
	run -8 client mkdir -p file/below/deep
	run -8 client put "$BATS_TEST_FILENAME" photos
	run -8 client ln -s x photos
	run -2 client mkdir
	run -2 client mkdir ''
	run -2 client mkdir a//b
	run -7 client mkdir /other/mine
	# Some of several.
	run -3 client mkdir new photos
	[ "$(client list)" = "$(printf 'file\nnew/\nphotos/')" ]
	# -p makes what is on the way, and may be repeated.
	client mkdir -p 2026/may/1 2026/may/2
	client mkdir -p 2026/may/1 2026/may/2
	[ "$(client list -R 2026)" = "$(printf 'may/\nmay/1/\nmay/2/')" ]
	# Something below makes a folder too, which mkdir finds there, and -p lasting.
	client put "$BATS_TEST_FILENAME" some/file
	run -8 client mkdir some
	client mkdir -p some
	client delete some/file
	[ "$(stat_of some type)" = folder ]
	# --json tells the same, of failures too.
	run -3 --separate-stderr client mkdir --json -p one photos file
	[ "$(field path <<<"$output" | tr '\n' ' ')" = "/tester/one /tester/photos /tester/file " ]
	[ "$(field code <<<"$output" | tr '\n' ' ')" = "0 0 8 " ]
	[ "$(field made <<<"$output" | tr '\n' ' ')" = "true false false " ]
	# rmdir: empty ones alone, without being asked.
	client rmdir photos one/
	run -4 client rmdir photos
	run -2 client rmdir file
	[[ $output == *"is not a folder"* ]]
	run -8 client rmdir 2026 </dev/null
	[[ $output == *"--yes"* ]]
	[ "$(client list -R 2026 | wc -l)" = 3 ]
	client rmdir 2026/may/1
	[ "$(client list -R 2026)" = "$(printf 'may/\nmay/2/')" ]
	client put "$BATS_TEST_FILENAME" 2026/may/2/file
	run --separate-stderr client rmdir --json --yes 2026
	[ "$(field status <<<"$output" | sort -u)" = done ]
	run -4 client list 2026
	[ "$(client list)" = "$(printf 'file\nnew/\nsome/')" ]
	# What is in the way of a file is gone with the folder.
	client rmdir some
	client put "$BATS_TEST_FILENAME" some
	# Where everybody may, and of whose it is there.
	client mkdir /shared/all --user other
	[ "$(stat_of /shared/all owner)" = other ]
	client rmdir /shared/all
	# What is there always is neither made nor removed.
	for folder in / /tester /tester/ /shared; do
		run -2 client mkdir -p $folder
		run -2 client rmdir --yes $folder
		[[ $output == *"always there"* ]]
	done
	run -2 client rmdir file/
	run -7 client rmdir /other/mine
	run -2 client rmdir
	# A user with nothing but an empty folder is not nobody.
	client mkdir /other/last --user other
	client mkdir /other/last --user other && return 1
	run -8 client user delete other --user admin
	client user delete -r other --user admin
	[ -z "$(client list /other/ --user admin 2>/dev/null)" ]
}

@test "4.1 touch, chmod and ln: what they do, say and refuse" {
	client touch empty
	[ "$(stat_of empty size)" = 0 ]
	client put "$BATS_TEST_FILENAME" file
	version=$(stat_of file file_version)
	client touch -d 2020-01-02T03:04:05.25Z file
	client chmod +x file
	client chmod +x file
	client touch -cd @1577934245.25 file missing
	run -4 client stat missing
	[ "$(stat_of file modified)" = 2020-01-02T03:04:05Z ]
	[ "$(stat_of file executable)" = true ]
	[ "$(stat_of file file_version)" = "$version" ]
	client get file out
	cmp out "$BATS_TEST_FILENAME"
	[ "$(stat -c '%a %.2Y' out)" = "755 1577934245.25" ]
	# Off again, by each of its names.
	for mode in -x 644 0640 u-x; do
		client chmod 755 file
		client chmod "$mode" file
		[ "$(stat_of file executable)" = false ]
	done
	run -2 client chmod rwx file
	run -2 client chmod +x
	run -4 client chmod +x missing
	run -2 client touch -d yesterday file
	run -2 client touch -d 2026-02-30 file
	run -2 client touch
	# A folder has a time as well, made or not, and is no program.
	client mkdir folder
	client touch -d 2001-01-01 folder
	[ "$(stat_of folder modified)" = 2001-01-01T00:00:00Z ]
	client put "$BATS_TEST_FILENAME" other/file
	client touch -d 2001-01-02 other/
	[ "$(stat_of other modified)" = 2001-01-02T00:00:00Z ]
	run -2 client chmod +x folder
	run -8 client touch file/below
	# A name that is a folder's makes no file.
	run -4 client touch neither/
	run -4 client stat neither
	run -7 client touch /other/mine
	run -7 client ln -s x /other/mine
	run -7 client chmod +x /tester/file --user other
	# Links: kept as they are, also where nothing is.
	client ln -s ../other/where-nobody-looks link
	[ "$(stat_of link type)" = link ]
	[ "$(stat_of link target)" = ../other/where-nobody-looks ]
	run -8 client ln -s elsewhere link
	client ln -sf elsewhere link
	client ln -s a/b/name folder/
	[ "$(stat_of folder/name target)" = a/b/name ]
	client get link
	[ "$(readlink link)" = elsewhere ]
	run -2 client get link -
	run -2 client chmod +x link
	run -2 client ln a b
	run -2 client ln -s a
	run -2 client ln -s '' b
	client list -l | grep 'link  \[link\]$'
	[ "$(client list --json | field type | sort | uniq -c | tr -s ' \n' ' ')" = " 2 file 2 folder 1 link " ]
	# The servers were told where it led.
	servers_stop
	grep -rq tester "$CLUSTER"/dfs?/data
	run -1 grep -r where-nobody-looks "$CLUSTER"/dfs1/data "$CLUSTER"/dfs2/data \
		"$CLUSTER"/dfs3/data "$CLUSTER"/dfs4/data
	servers_start
	# Below /shared/ everyone may read and replace; what is stated of another's file he states.
	client put "$BATS_TEST_FILENAME" /shared/file
	run -7 client touch --user other /shared/file
	[[ $output == *"belongs to tester"* ]]
	run -7 client touch --user other /tester/file
	client delete empty link folder/name
}

@test "4.1 delete -r: what it does, says and refuses, and --json of each verb" {
	client mkdir -p tree/empty/deep
	echo text | client put - tree/file
	client ln -s file tree/link
	run -2 client delete tree
	[[ $output == *"-r deletes it"* ]]
	run -2 client delete -r
	run -2 client delete -r /
	run -2 client delete -r --if-version 1-0 tree
	run -4 client delete -r tree/file/
	run -4 client delete -r /other
	run -8 client rmdir tree
	# told VERB FIELDS: what a command says in JSON of each path, a line each
	told()
	{
		local fields=$1 out
		shift
		out=$(client "$@" --json) || true
		"$PYTHON" -c 'import json, sys
for line in sys.stdin:
	told = json.loads(line)
	print(*(told.get(name) for name in sys.argv[1].split()))' "$fields" <<<"$out"
	}
	[ "$(told "path status type" mkdir tree/new tree/file)" = "/tester/tree/new done folder
/tester/tree/file conflict folder" ]
	[ "$(told "path code" touch tree/file tree/touched a//b)" = "a//b 2
/tester/tree/file 0
/tester/tree/touched 0" ]
	[ "$(told "path code" chmod 755 tree/file tree/link none)" = "/tester/tree/file 0
/tester/tree/link 2
/tester/none 4" ]
	[ "$(told "path code type" ln -s x tree/link)" = "/tester/tree/link 8 None" ]
	[ "$(told "path code type" ln -sf x tree/link)" = "/tester/tree/link 0 link" ]
	[ "$(told "path code" rmdir tree/new tree none)" = "/tester/tree/new 0
/tester/tree 8
/tester/none 4" ]
	# What cannot go does not keep the others; twice, nothing is there any more.
	client put "$BATS_TEST_FILENAME" /shared/kept
	[ "$(told "path code type" delete -r none tree)" = "/tester/none 4 None
/tester/tree/file 0 file
/tester/tree/link 0 link
/tester/tree/touched 0 file
/tester/tree/empty/deep 0 folder
/tester/tree/empty 0 folder
/tester/tree 0 folder" ]
	[ "$(told "path code" delete -r tree)" = "/tester/tree 4" ]
	# All of one's own, and of another's what admin may, who cannot make anything there.
	client mkdir one two
	client delete -r /tester
	[ -z "$(client list)" ]
	client mkdir three/four -p
	run -7 client mkdir /tester/five --user admin
	run -7 client touch /tester/three --user admin
	client delete -r /tester/three --user admin
	[ -z "$(client list)" ]
	# Names are not for nothing: without room none is made, and all of them can go.
	user_add poor --quota 1K
	run -3 client mkdir a b c d e f g h i --user poor
	[[ $output == *"over the quota of poor"* ]]
	run -7 client mkdir z --user poor
	run -7 client touch z --user poor
	run -7 client ln -s x z --user poor
	client touch a --user poor
	client delete -r /poor --user poor
	[ -z "$(client list --user poor)" ]
	# Without a log-in, and without servers.
	client logout
	for verb in "mkdir a" "rmdir a" "touch a" "chmod +x a" "ln -s x a" "delete -r a"; do
		run -7 client $verb
		[[ $output == *"not logged in"* ]]
	done
	servers_stop
	for verb in "mkdir a" "rmdir a" "touch a" "chmod +x a" "ln -s x a" "delete -r a"; do
		run -10 client $verb --user other
		[ "$(client $verb --user other --json | field code)" = 10 ]
	done
}

@test "4.1 each of these with one server down, and it learns of them" {
	client mkdir -p old/empty gone
	client put "$BATS_TEST_FILENAME" file
	server_kill 4
	client mkdir new
	run -8 client mkdir new
	client mkdir -p new/deep
	client rmdir gone old/empty
	client touch -d 2001-01-01 file new
	client chmod +x file
	client ln -s file link
	client touch empty
	client list -R >before
	[ "$(cat before)" = "$(printf 'empty\nfile\nlink\nnew/\nnew/deep/\nold/')" ]
	server_start 4
	eventually 30 is 4 up
	server_kill 1
	client list -R | cmp before -
	[ "$(stat_of file executable)" = true ]
	[ "$(stat_of file modified)" = 2001-01-01T00:00:00Z ]
	[ "$(stat_of new modified)" = 2001-01-01T00:00:00Z ]
	# With two there is nothing to be changed, and all to be seen.
	server_kill 2
	run -5 client mkdir other
	run -5 client rmdir new/deep
	run -5 client touch file
	client list -R | cmp before -
}

@test "4.1 at a terminal rmdir asks, and delete above 50 files" {
	need_terminal
	client put "$BATS_TEST_FILENAME" one/file
	echo n | at_terminal rmdir one && return 1
	client stat one/file
	echo y | at_terminal rmdir one
	run -4 client stat one
	mkdir many few
	(cd many && touch $(seq 51))
	(cd few && touch $(seq 50))
	client put -r many
	client put -r few
	at_terminal delete -r few </dev/null
	run -4 client list few
	echo n | at_terminal delete -r many >said && return 1
	grep -q 'delete 51 files' said
	[ "$(client list many | wc -l)" = 51 ]
	# Of what patterns stand for likewise, each counted.
	echo n | at_terminal delete 'many/*' >said && return 1
	grep -q 'delete 51 files' said
	echo n | at_terminal delete -r 'man*' >said && return 1
	grep -q 'delete 51 files' said
	[ "$(client list many | wc -l)" = 51 ]
	at_terminal delete 'many/[1-4]*' </dev/null
	[ "$(client list many | wc -l)" = 7 ]
	client put -q -r many
	at_terminal delete --yes 'many/*' </dev/null
	run -4 client list many
	client put -q -r many
	echo yes | at_terminal delete -r many
	run -4 client list many
}

@test "4.2 of two that make the same folder at once one has made it, 200 times" {
	local round i names
	for round in $(seq 10); do
		names=()
		for i in $(seq 20); do
			names+=("of$round-$i")
		done
		client mkdir --json "${names[@]}" >"$T/one" &
		client mkdir --json "${names[@]}" >"$T/two" || true
		wait $! || true
		# Of each name one is done and one a conflict.
		cat "$T/one" "$T/two" | "$PYTHON" -c 'import collections, json, sys
codes = collections.defaultdict(list)
for line in sys.stdin:
	told = json.loads(line)
	codes[told["path"]].append(told["code"])
assert len(codes) == 20, codes
assert all(sorted(of) == [0, 8] for of in codes.values()), codes'
	done
	[ "$(client list | wc -l)" = 200 ]
	# With -p both find it there; of a folder and a file of the same name one is made.
	for round in $(seq 10); do
		client mkdir -p "deep$round/er" &
		client mkdir -p "deep$round/er"
		wait $!
		client mkdir --json "either$round" >"$T/one" &
		client put --json "$BATS_TEST_FILENAME" "either$round" >"$T/two" || true
		wait $! || true
		[ "$(cat "$T/one" "$T/two" | field code | sort | xargs)" = "0 8" ]
	done
}

@test "4.2 of two that put --no-clobber under the same name at once one has put it, 200 times" {
	local round name
	mkdir one two
	for round in $(seq 10); do
		for name in $(seq -f "$round-%g" 20); do
			echo "one of $name" >"one/$name"
			echo "two of $name" >"two/$name"
		done
		client put --json -r --no-clobber one/. --to all/ >said-one &
		client put --json -r --no-clobber two/. --to all/ >said-two || true
		wait $! || true
		client get -q -r all --to "all-$round"
		"$PYTHON" - "all-$round" <<-'END'
			import json, os, sys
			won = {}
			for who in "one", "two":
			    told = [json.loads(line) for line in open("said-" + who)]
			    assert len(told) == 20, told
			    for item in told:
			        name = os.path.basename(item["path"])
			        assert item["code"] in (0, 8), item
			        if item["code"] == 0:
			            assert name not in won, name
			            won[name] = who
			assert len(won) == 20, won
			for name, who in won.items():
			    text = open(os.path.join(sys.argv[1], name)).read()
			    assert text == "%s of %s\n" % (who, name), text
		END
		rm one/* two/*
		client delete -r -q all
	done
}

@test "4.7 a tree that was put comes back with empty folders, links, x bits, times and odd names" {
	mkdir -p "tree/x/y" tree/empty "tree/odd/ä b" "tree/odd/-n" tree/deep/er/than/this tree/a
	echo 1 >tree/x/y/program
	chmod +x tree/x/y/program
	echo 2 >"tree/odd/'\"\$x*?"
	echo 3 >tree/odd/-2
	: >tree/a-b
	echo 4 >tree/a/file
	echo 5 >tree/a.c
	ln -s ../a-b tree/x/link
	ln -s /nowhere/at/all tree/broken
	ln -s empty tree/folder-link
	touch -d '2001-02-03 04:05:06.789012345' tree/x/y/program tree/empty
	touch -hd '1969-12-31 23:59:58.5 UTC' tree/broken
	mkfifo tree/pipe
	run --separate-stderr client put -r tree there
	[ "$status" = 0 ]
	[[ $stderr == *"tree/pipe: left out"* ]]
	rm tree/pipe
	client put -q -r tree there
	# In byte order of what is printed, wherever a folder was made.
	client list -R there | LC_ALL=C sort -c
	client list there | LC_ALL=C sort -c
	client list there | grep -q '^empty/$'
	client get -r there
	diff -r --no-dereference tree there
	diff <(tree_of tree) <(tree_of there)
	client get -r there
	diff <(tree_of tree) <(tree_of there)
	# Whoever may read it gets it; a link in the way is not followed.
	mkdir outside
	rm -r there/x
	ln -s ../outside there/x
	run -3 client get -r there
	[ -z "$(ls outside)" ]
	# -f replaces a link, and what stands where one is to be.
	ln -sfn elsewhere there/broken
	rm -r there/x
	run -3 client get -r there
	[ "$(readlink there/broken)" = elsewhere ]
	client get -rf there
	diff <(tree_of tree) <(tree_of there)
	client delete -r there
	run -4 client list there
	[ -z "$(client list -R)" ]
	run -4 client delete -r there
	# An empty folder by itself.
	client put -r tree/empty
	client get -r empty --to "$T/alone"
	[ "$(stat -c %Y alone)" = "$(stat -c %Y tree/empty)" ]
}

@test "4.7 a tree that was put again is what it is now, with a server down too, and for others what is theirs" {
	mkdir -p tree/empty tree/full tree/later "tree/$(printf 'n%.0s' {1..255})" "tree/deep/$(printf 'd/%.0s' {1..30})"
	echo a >tree/full/a
	chmod +x tree/full/a
	ln -s a tree/full/l
	echo b >tree/b
	ln -s b tree/c
	client put -q -r tree
	# Each kind in the place of another; an x bit, a link, times, and a folder that was not there.
	chmod -x tree/full/a
	ln -sfn b tree/full/l
	touch -d 2002-02-02 tree/empty tree/full/a
	touch -d 2003-03-03 tree/later
	mkdir tree/full/new
	rm tree/b tree/c
	ln -s z tree/b
	echo file >tree/c
	client put -q -r tree
	client get -q -r tree --to back
	diff <(tree_of tree) <(tree_of back)
	server_kill 2
	touch -d 2004-04-04 tree/empty
	run -0 --separate-stderr client put --json -r tree
	[ "$(grep -c '"type":"folder"' <<<"$output")" = 5 ]
	client get -q -r tree --to again
	diff <(tree_of tree) <(tree_of again)
	# Of others' folders nothing is told but what they share; below /shared/ the time is theirs.
	client share tree/full/a other
	run -0 client get -q -r /tester/tree --to shared --user other
	[ "$(cd shared && find . -type f)" = ./full/a ]
	client put -q -r tree/empty --to /shared/empty
	touch -d 2005-05-05 tree/empty
	client put -q -r tree/empty --to /shared/empty --user other
	[ "$(stat_of /shared/empty modified)" = 2004-04-04T00:00:00Z ]
	client put -q -r tree/empty --to /shared/empty
	[ "$(stat_of /shared/empty modified)" = 2005-05-05T00:00:00Z ]
	client delete -q -r tree /shared/empty
	[ -z "$(client list -R)" ]
}

@test "4.7 no verb on a tree costs a call for each file" {
	no_sanitizer
	local i
	mkdir many
	(cd many && mkdir $(seq -f e%g 150) && touch $(seq 300) && for i in {1..150}; do ln -s xy "l$i"; done)
	# (Of a content of one byte two servers have nothing: servers finish it, which costs calls.)
	# The pieces that a command sends, to all four servers.  A call for each of the 600 files,
	# links and folders, to one server alone, would be more.
	sent()
	{
		: >"$T/counted"
		DFS_COUNTED=$T/counted LD_PRELOAD=$DFS_TOOLS/scenarios/tools/counted.so client "$@"
		grep -cx sent "$T/counted"
	}
	[ "$(sent put -q -r many)" -lt 600 ]
	mv many here
	[ "$(sent get -q -r many)" -lt 600 ]
	diff <(tree_of here) <(tree_of many)
	[ "$(sent delete -q -r many)" -lt 600 ]
	[ -z "$(client list -R)" ]
}
