# The command line as scripts see it: arguments, targets, exit codes, streams, JSON.
load helper

setup()
{
	cluster_create >/dev/null
	mkdir "$T/in" "$T/here"
	cd "$T/in" || return 1
	echo one >a
	echo two >b
	echo three >c
}

teardown()
{
	cluster_end
}

# Every line is an object of the promised shape: objects [CODE]
objects()
{
	"$PYTHON" -c 'import json, sys
lines = sys.stdin.read().splitlines()
assert lines, "no object"
for line in lines:
	o = json.loads(line)
	assert o["version"] == 1 and type(o["version"]) is int, o
	assert ("path" in o) != ("server" in o), o
	assert type(o["status"]) is str and o["status"], o
	assert type(o["code"]) is int, o
	if len(sys.argv) > 1:
		assert o["code"] == int(sys.argv[1]), o
		assert o["code"] == 0 or o.get("message"), o' "$@"
}

# Runs it, and demands that it failed as wrong usage with these words on stderr and nothing on stdout.
usage()
{
	local words=$1
	shift
	run -2 --separate-stderr client "$@"
	[ -z "$output" ]
	grep -qF -e "$words" <<<"$stderr"
}

# Where nothing can be written.
to_full()
{
	client "$@" >/dev/full
}

without_input()
{
	client "$@" <&-
}

without_output()
{
	client "$@" >&-
}

@test "help, versions and mistakes" {
	for verb in put get cat head list ls find tree du delete rm stat info status verify repair \
		login logout whoami passwd user key share unshare df cluster help; do
		run -0 --separate-stderr client "$verb" --help
		[ "${lines[0]}" = Examples: ]
		[[ "${lines[1]}" == "  client "* ]]
		[[ "${lines[2]}" == "  client "* ]]
		[ -z "$stderr" ]
		run -0 client help "$verb"
	done
	run -0 --separate-stderr client help
	[ "${lines[0]}" = Examples: ]
	run -0 client --help
	run -0 client help cluster create
	run -0 client help user add
	run -0 client help key export
	usage 'one verb' help put get
	client help --json | objects 0
	client help list | grep -qF -e '-R, --recursive'
	client help get | grep -qF -e '-r, --recursive'
	[[ "$(client --version)" =~ ^client\ [0-9]+\.[0-9]+\.[0-9]+$ ]]

	usage 'put, get, list'
	usage '"delete"' delte a
	usage '"list"' lst
	usage '"status"' statsu
	usage frobnicate frobnicate
	usage '"dog" (see' dog a
	usage --bogus list --bogus
	usage --bogus --bogus list
	usage -z list -z
	usage --force list --force
	usage --to put a --to
	usage 'takes no value' list --json=1
	usage twice put a --to b --to c
	usage 'one name' list a b
	usage 'no arguments' status now
	usage delete delete
	usage stat stat
	usage put put
	usage get get
	usage create cluster
	usage create cluster make "$T/new"
	usage 'one folder' cluster create
	usage 'one folder' cluster create "$T/new" "$T/other"
	usage --base-port cluster create "$T/new" --base-port 65532
	usage --host cluster create "$T/new" --host 5=there
	[ ! -e "$T/new" ]
	run -2 --separate-stderr client put --bogus --json
	objects 2 <<<"$output"
	[ -z "$stderr" ]
}

@test "a cluster is a folder: its files and their modes, and what is refused" {
	rm -r "$CLUSTER"
	client cluster create "$CLUSTER" --base-port auto
	for file in cluster.conf ca.pem dfs1/cert.pem; do
		[ "$(stat -c %a "$CLUSTER/$file")" = 644 ]
	done
	for n in 1 2 3 4; do
		[ "$(stat -c %a "$CLUSTER/dfs$n/key.pem")" = 600 ]
		[ "$(stat -c %a "$CLUSTER/dfs$n/data")" = 700 ]
		openssl verify -CAfile "$CLUSTER/ca.pem" -purpose sslserver "$CLUSTER/dfs$n/cert.pem"
		openssl verify -CAfile "$CLUSTER/ca.pem" -purpose sslclient "$CLUSTER/dfs$n/cert.pem"
		openssl x509 -in "$CLUSTER/dfs$n/cert.pem" -noout -ext subjectAltName | grep -qx " *DNS:dfs$n"
	done
	for file in ca.key admin.password dfs1/secret; do
		[ "$(stat -c %a "$CLUSTER/$file")" = 600 ]
		cmp "$CLUSTER/dfs1/secret" "$CLUSTER/dfs4/secret"
	done
	[ "$(wc -m <"$CLUSTER/admin.password")" -gt 20 ]
	# Not twice, and nothing is touched.
	before=$(cd "$CLUSTER" && find . -type f -exec md5sum {} + | sort)
	run -8 client cluster create "$CLUSTER"
	client cluster create "$CLUSTER" --json | objects 8
	# Nor over somebody's key or store, where there is no cluster.conf.
	mkdir "$T/half" && cp "$CLUSTER/ca.key" "$T/half"
	run -8 client cluster create "$T/half"
	[ "$(ls -A "$T/half")" = ca.key ]
	mkdir -p "$T/store/dfs3/data" && touch "$T/store/dfs3/data/x"
	run -8 client cluster create "$T/store"
	[ "$(cd "$T/store" && find . | sort | tr '\n' ' ')" = ". ./dfs3 ./dfs3/data ./dfs3/data/x " ]
	[ "$before" = "$(cd "$CLUSTER" && find . -type f -exec md5sum {} + | sort)" ]
	# A failure in the middle takes back what was made.
	mkdir "$T/middle"
	touch "$T/middle/dfs4"
	run -8 client cluster create "$T/middle"
	[ "$(ls -A "$T/middle")" = dfs4 ]
	run -1 client cluster create "$T/no/such/folder"
	mkdir "$T/bin" "$T/unmade"
	cp "$DFS_BIN/client/client" "$T/bin/dfs"
	run -1 --separate-stderr env PATH= "$T/bin/dfs" cluster create "$T/unmade"
	[[ "$stderr" == "dfs: "*dfs1*PATH* ]]
	ln -s "$DFS_BIN"/dfs[124]/dfs[124] "$T/bin"
	printf '#!/bin/sh\necho no room >&2\nexit 1\n' >"$T/bin/dfs3"
	chmod +x "$T/bin/dfs3"
	run -1 --separate-stderr "$T/bin/dfs" cluster create "$T/unmade"
	[[ "$stderr" == *dfs3*"no room"* ]]
	mkdir -p "$T/unmade/dfs2/data"
	run -1 "$T/bin/dfs" cluster create "$T/unmade"
	[ "$(cd "$T/unmade" && find . | sort | tr '\n' ' ')" = ". ./dfs2 ./dfs2/data " ]
	# As it is installed.
	mkdir -p "$T/usr/bin" "$T/usr/sbin" && cp "$T/bin/dfs" "$T/usr/bin"
	ln -s "$DFS_BIN"/dfs[1234]/dfs[1234] "$T/usr/sbin"
	env PATH= "$T/usr/bin/dfs" cluster create "$T/usr/cluster" --base-port auto
	# Folders that are there are fine; addresses as they were asked for.
	mkdir -p "$T/new/dfs1/data" "$T/new/dfs2"
	client cluster create "$T/new/" --base-port 20000 --host 2=beta --host '3=::1' --host '4=[::2]:77' --json |
		field address >"$T/addresses"
	[ "$(tr '\n' ' ' <"$T/addresses")" = "127.0.0.1:20001 beta:20002 [::1]:20003 [::2]:77 " ]
	grep -qx 'address = \[::1\]:20003' "$T/new/cluster.conf"
	# Two clusters have nothing in common.
	run ! openssl verify -CAfile "$T/new/ca.pem" "$CLUSTER/dfs1/cert.pem"
}

@test "which cluster, and which user" {
	servers_start
	client put a
	# The option, the variable, the two folders.
	mkdir -p "$T/config/dfs" && cp "$CLUSTER/cluster.conf" "$CLUSTER/ca.pem" "$T/config/dfs"
	mkdir -p "$T/home/.config" && cp -r "$T/config/dfs" "$T/home/.config/dfs"
	[ "$(env -u DFS_CONFIG "$DFS_BIN/client/client" --config "$CLUSTER/cluster.conf" list)" = a ]
	[ "$(DFS_CONFIG=/nonexistent client list --config "$CLUSTER/cluster.conf")" = a ]
	[ "$(DFS_CONFIG='' XDG_CONFIG_HOME="$T/config" client list)" = a ]
	[ "$(DFS_CONFIG='' HOME="$T/home" client list)" = a ]
	run -2 --separate-stderr without_etc env DFS_CONFIG= XDG_CONFIG_HOME=/nonexistent \
		"$DFS_BIN/client/client" list
	[[ "$stderr" == *--config*"cluster create"* ]]
	run -2 --separate-stderr env DFS_CONFIG=/nonexistent "$DFS_BIN/client/client" list --json
	objects 2 <<<"$output"
	# A file without a leading '/' is below /USER/.
	[ "$(client get /tester/a -)" = one ]
	DFS_USER=other client put b --to a
	[ "$(client --user other get a -)" = two ]
	[ "$(client --user admin list / | tr '\n' ' ')" = "other/ tester/ " ]
	[ "$(client list /)" = tester/ ]
	[ "$(DFS_USER='' client --user tester list)" = a ]
	run -2 --separate-stderr client list --user Anna
	[[ "$stderr" == *--user* ]]
	run -2 client list --user shared
	run -2 client list --user ''
	# A failure of the whole command is told once, and without a name that has nothing to do with it.
	run -2 --separate-stderr client --config "$T/none" list
	[[ "$stderr" == "client: there is no $T/none;"* ]]
	run -2 --separate-stderr client --config "$T/none" get -r x y
	[[ "$stderr" == "client: there is no $T/none;"* ]]
	[ "$(client --config "$T/none" get -r dir --json | field path)" = /tester/dir ]
	: >"$T/empty"
	run -2 --separate-stderr client --config "$T/empty" list
	[[ "$stderr" == *"line 1:"* ]]
	# What nobody could find out is unknown; wrong usage is wrong usage.
	run -3 client --config "$T/none" status
	client --config "$T/none" status --json | objects 3
	rm "$T/config/dfs/ca.pem"
	run -3 --separate-stderr client --config "$T/config/dfs/cluster.conf" status
	[[ "$stderr" == *"No such file"* ]]
	run -2 client --config "$T/none" status --user Anna
	run -2 client --config "$T/none" status now
}

@test "put: what goes where" {
	servers_start
	# One alone: under its own name.
	run -0 --separate-stderr client put "$T/in/a"
	[ -z "$output$stderr" ]
	[ "$(client get a -)" = one ]
	# Two: the second is the name.  Two local files are a question.
	client put a name
	client put a deep/er/
	run -2 --separate-stderr client put a b
	[[ "$stderr" == *--to* ]]
	run -8 client put a b --to name
	# More: the last is a folder if it ends in '/', and otherwise a file like the others.
	client put a b three/
	client put a b c
	run -3 client put a b nowhere
	client put --to to a b
	client put a --to to/renamed
	client put - --to to/piped <c
	client put - to/again <c
	[ "$(client list -R | tr '\n' ' ')" = "a b c deep/er/a name three/a three/b to/a to/again to/b to/piped to/renamed " ]
	[ "$(client get name to/piped to/again -)" = $'one\nthree\nthree' ]
	# Standard input needs a name, and cannot be a target.
	usage 'needs a name' put -
	usage 'needs a name' put - folder/
	usage 'target of put' put a -
	# Two that would be one.
	mkdir sub && echo other >sub/a
	usage sub/a put a sub/a --to x/
	usage empty put a --to ''
	# A pipe that is named.
	client put <(echo through a pipe) pipe
	[ "$(client get pipe -)" = "through a pipe" ]
	run -2 client put /dev/null null
	# Standard input that is closed is no empty file, nor what was opened instead of it.
	run -1 without_input put - name
	[ "$(client get name -)" = one ]
	without_output put a
	run -1 without_output list
	# Failures name both files, the local one once, and nothing that could move a cursor.
	run -8 --separate-stderr client put a to
	[ "$stderr" = "client: a: /tester/to: a file and a folder cannot share a name" ]
	run -4 --separate-stderr client put none
	[[ "$stderr" == "client: none: cannot read"* ]]
	run -4 --separate-stderr client put $'n\eo\nne'
	[[ "$stderr" == 'client: n\x1bo\x0ane: '* ]]
}

@test "put: conditions, and the codes of many" {
	servers_start
	client put a
	run -8 client put --no-clobber b --to a
	run -0 client put --no-clobber b
	version=$(client stat --json a | field file_version)
	client put a --if-version "$version"
	run -8 client put a --if-version "$version"
	run -8 client delete a --if-version "$version"
	version=$(client stat --json a | field file_version)
	client delete a --if-version "$version"
	run -4 client stat a
	usage 'exclude each other' put a --no-clobber --if-version "$version"
	usage 'one file' put a b c --if-version "$version"
	usage 'one file' put a b c --operation "$version"
	usage 'one file' delete a b --operation "$version"
	run -2 client put a --operation nonsense
	# All alike: their code.  Not all alike: 3, and all were tried.
	run -4 client put no1 no2 no3
	run -3 client put no1 a no2 --to many/
	run -3 client put no1 . no2 --to many/
	[ "$(client list many/)" = a ]
	run -4 client delete x y
	run -3 client delete x many/a y
	run -4 client stat many/a
	run -0 client put --require-full a
}

@test "get: what goes where, and nothing is lost" {
	servers_start
	client put a b c --to f/
	cd "$T/here"
	client get f/a
	client get f/a copy
	client get f/a f/b f/c
	client get f/a f/b new/folder/
	mkdir there
	client get f/a there
	client get f/b --to there
	client get f/a f/b f/c --to there
	[ "$(client get f/a f/b f/c -)" = $'one\ntwo\nthree' ]
	[ "$(client get f/a --to -)" = one ]
	[ "$(find . -type f | sort | tr '\n' ' ')" = \
		"./a ./b ./c ./copy ./new/folder/a ./new/folder/b ./there/a ./there/b ./there/c " ]
	cmp a "$T/in/a"
	# The time of the original, as far as it is known.
	[ "$(stat -c %Y a)" = "$(stat -c %Y "$T/in/a")" ]
	client get f/a f/b --to several/made
	[ "$(cat several/made/a several/made/b)" = $'one\ntwo' ]
	run -8 client get f/a f/b --to copy
	rm -r several
	usage 'source of get' get - a
	usage 'be called like' get f/a /tester/f/a --to there
	run -2 client get f/
	run -1 client get f/a nowhere/a
	[ ! -e nowhere ]
	# The same content is fine, another is not, but with -f.
	client get f/a
	echo changed >a
	run -8 --separate-stderr client get f/a
	[[ "$stderr" == *-f* ]]
	[ "$(cat a)" = changed ]
	mkdir -p out && echo changed >out/a
	run -3 --separate-stderr client get f/a f/b out/
	[[ "$stderr" == "client: f/a: the local file out/a is another one"* ]]
	run -3 client get f/a f/b ./
	client get -f f/a
	[ "$(cat a)" = one ]
	# What fails leaves nothing, not even a hidden file or a folder.
	rm -r ./*
	run -4 client get none
	run -4 client get none other/
	run -3 client get none f/a ./
	[ "$(ls -A)" = a ]
	# A link is replaced, and not written through; a device is written to and stays.
	echo kept >kept && ln -s kept link && ln -s /dev/null null
	run -8 client get f/a link
	client get -f f/a link
	[ "$(cat kept link)" = $'kept\none' ]
	[ ! -L link ]
	client get -f f/a null
	[ -L null ]
	[ -c /dev/null ]
	rm ./* && mkdir below && ln -s /dev/null below/a
	run -8 client get -f f/a below/
	[ -L below/a ]
}

@test "trees" {
	servers_start
	mkdir -p tree/sub/deep tree/empty
	for n in $(seq 120); do
		echo "$n" >"tree/sub/f$n"
	done
	echo x >'tree/sub/deep/ odd  name'
	: >tree/nothing
	ln -s nothing tree/link
	mkfifo tree/pipe
	run -0 --separate-stderr client put -r tree
	[[ "$stderr" == *tree/pipe* ]]
	[ "$(client list -R | wc -l)" = 124 ]
	rm tree/pipe
	client put -r tree --to below/
	client put -r tree renamed
	(cd tree && client put -r . --to content/)
	cd "$T/here"
	client get -r tree
	diff -r "$T/in/tree" tree
	client get -r tree mirror
	diff -r "$T/in/tree" mirror
	client get -r /tester/below/tree/ into/
	diff -r "$T/in/tree" into/tree
	client get -r renamed content there/
	diff -r "$T/in/tree" there/renamed
	diff -r "$T/in/tree" there/content
	# Again: all is there.  A changed one is told, the others stay.
	client get -r tree
	echo changed >tree/sub/f7
	run -3 --separate-stderr client get -r tree
	[[ "$stderr" == *f7* ]]
	client get -r tree -f
	diff -r "$T/in/tree" tree
	# One file is a tree too; nothing is not.
	client get -r tree/sub/f1 one
	[ "$(cat one)" = 1 ]
	run -4 client get -r nowhere
	[ ! -e nowhere ]
	usage 'standard output' get -r tree -
	# What stands in the way is told, and the rest arrives.
	rm -r mirror && mkdir -p mirror/tree && echo file >mirror/tree/sub
	run -3 client get -r tree mirror
	rm -r mirror && mkdir -p mirror/tree "$T/outside" && ln -s "$T/outside" mirror/tree/sub
	run -3 client get -r tree mirror
	[ -z "$(ls -A "$T/outside")" ]
	[ -f mirror/tree/nothing ]
	# A folder without -r is a mistake of one item.
	cd "$T/in"
	run -2 client put tree
	run -3 client put tree a --to x/
}

@test "list: children, byte order, descent, details" {
	servers_start
	client put a --to f/B
	client put a --to f/a
	client put a --to 'f/a b'
	client put a --to f/sub/x
	client put b --to f/sub.txt
	# In byte order of the paths: "sub.txt" before "sub/".
	[ "$(client list f)" = $'B\na\na b\nsub.txt\nsub/' ]
	[ "$(client list f)" = "$(client list /tester/f/)" ]
	[ "$(client ls -R f)" = $'B\na\na b\nsub.txt\nsub/x' ]
	[ "$(client list)" = f/ ]
	[ "$(client list f/a)" = f/a ]
	[ "$(client list f/a --json | field path)" = /tester/f/a ]
	run -4 client list nowhere
	run -4 client list f/a/
	run -2 client list ''
	run -2 client list 'a//b'
	# A folder where a file is meant is told to be one.
	for verb in delete get; do
		run --separate-stderr client "$verb" f
		[ "$status" = "$([ "$verb" = delete ] && echo 2 || echo 4)" ]
		[[ "$stderr" == *"is a folder"* ]]
		run -2 --separate-stderr client "$verb" f/
		[[ "$stderr" == *"name of a folder"* ]]
		run -4 --separate-stderr client "$verb" none
		[ "$stderr" = "client: none: no such file" ]
	done
	[ "$(client stat f)" = "$(client stat f/)" ]
	run -4 client stat none
	# An own folder is always there, though empty.
	[ -z "$(client list --user other)" ]
	[[ "$(client list -l f/a)" =~ ^\ +4\ +[0-9-]{10}\ [0-9:]{8}\ +2/2\ +f/a$ ]]
	[ "$(client list -l --json f/a | field size)" = 4 ]
	[ "$(client list -l --json f/a | field protection)" = 2/2 ]
	row=$(client stat --json f/a | field row)
	client list --chunks f/a | grep -Eq "^row $row  dfs1 [1-4],[1-4] +up +dfs2 [1-4],[1-4] +up +dfs3 [1-4],[1-4] +up +dfs4 [1-4],[1-4] +up +f/a$"
	server_kill 2
	client list --chunks f/a 2>/dev/null | grep -Eq "dfs2 [1-4],[1-4] +down"
	client list -l f/a 2>/dev/null | grep -Eq '1/2 +f/a +\[degraded\]$'
	# Names only, to a pipe.
	[ "$(client list f/a 2>/dev/null)" = f/a ]
}

@test "odd names are escaped on a terminal and nowhere else" {
	need_terminal
	servers_start
	name=$'turned \u202e name'
	client put a --to "$name"
	[ "$(client list)" = "$name" ]
	script -qefc "'$DFS_BIN/client/client' list --no-progress" /dev/null </dev/null >"$T/shown"
	grep -qF 'turned \xe2\x80\xae name' "$T/shown"
	grep -q ' 2/2 ' "$T/shown"
	run ! grep -q $'\u202e' "$T/shown"
}

@test "--json: one object a line, on every verb, also on failure" {
	servers_start
	client put a b --to f/ --json | objects 0
	[ "$(client put a b --to f/ --json | field path | tr '\n' ' ')" = "/tester/f/a /tester/f/b " ]
	client put no --json | objects 4
	[ "$(client put no --json | field path)" = /tester/no ]
	[ "$(client put no --to to/ --json | field local)" = no ]
	[ "$(TMPDIR=$T/none client put - x --json <a | field path)" = /tester/x ]
	[ "$(client list nowhere --json | field path)" = /tester/nowhere ]
	[ "$(client list -R --json | field name | tr '\n' ' ')" = "$(client list -R | tr '\n' ' ')" ]
	[ "$(client get f/a f/b --to "$T/here/many" --json | field local | tr '\n' ' ')" = \
		"$T/here/many/a $T/here/many/b " ]
	[ "$(client get f/a --json copy | field local)" = copy ]
	client put - x --json <a | objects 0
	client list --json f | objects 0
	client list --json --chunks -R | objects 0
	client list --json nowhere | objects 4
	client stat --json f/a f/b | objects 0
	client stat --json f/a none >"$T/two" || [ $? = 3 ]
	objects <"$T/two"
	[ "$(field code <"$T/two" | tr '\n' ' ')" = "0 4 " ]
	[ "$(field status <"$T/two" | tr '\n' ' ')" = "done missing " ]
	client get --json f/a "$T/here/a" | objects 0
	client get --json none "$T/here/none" | objects 4
	client get --json -r f "$T/here/f" | objects 0
	client status --json | objects
	[ "$(client status --json | field server | tr '\n' ' ')" = "dfs1 dfs2 dfs3 dfs4 all " ]
	[ "$(client status --json | field status | tr '\n' ' ')" = "up up up up ok " ]
	client delete --json f/a none >"$T/two" || [ $? = 3 ]
	objects <"$T/two"
	client delete --json 'f//b' | objects 2
	# Content goes to stdout; then the objects do not.
	run -0 --separate-stderr client get --json f/b -
	[ "$output" = two ]
	objects 0 <<<"$stderr"
	# Nothing but objects, the warning of an item too; a listing has no item for it.
	server_kill 3
	run -0 --separate-stderr client put c --json
	objects 0 <<<"$output"
	[ -z "$stderr" ]
	[[ "$output" == *'"warning":"'*dfs3* ]]
	server_kill 1
	run -0 --separate-stderr client list --json
	objects 0 <<<"$output"
	[[ "$stderr" == *"warning: "* ]]
}

@test "streams: data on stdout, all else on stderr, and each warning once" {
	servers_start
	client put a b c --to f/
	run -0 --separate-stderr client delete f/c
	[ -z "$output$stderr" ]
	run -3 --separate-stderr client get f/a none f/b -
	[ "$output" = $'one\ntwo' ]
	[[ "$stderr" == *none* ]]
	# Stdout that takes nothing is a failure.
	run -1 to_full list
	run -1 to_full get f/a -
	run -1 to_full stat f/a
	server_kill 2
	run -0 --separate-stderr client put a b c --to g/
	[ -z "$output" ]
	[ "$(grep -c warning <<<"$stderr")" = 1 ]
	[[ "$stderr" == *dfs2* ]]
	# --verbose says more, --quiet no less than the warnings.
	run -0 --separate-stderr client put a --verbose
	[[ "$stderr" == *"stored as /tester/a"* ]]
	run -0 --separate-stderr client put a --quiet
	[[ "$stderr" == *dfs2* ]]
}

@test "status: 0, 1, 2, 3; and what is left when servers go" {
	servers_start
	client put a b c --to f/
	run -0 client status
	[ "${#lines[@]}" = 6 ]
	server_kill 2
	run -1 client status
	grep -Eq '^dfs2 +down ' <<<"$output"
	run -0 client get f/a "$T/here/a"
	# Neighbours: some chunk is gone, and nothing appears.
	server_kill 3
	run -2 client status
	run -5 --separate-stderr client get f/a "$T/here/again"
	[[ "$stderr" == *"f/a: transfer failed"*dfs2*dfs3* ]]
	[ "$(ls -A "$T/here")" = a ]
	run -5 client put a
	run -5 client delete f/a
	server_kill 1 4
	run -3 client status
	run -10 client get f/a "$T/here/again"
	run -10 client list
	run -10 client put a
	client put a --json | objects 10
	[ "$(ls -A "$T/here")" = a ]
}

@test "memory stays small, however large the file" {
	if grep -q '__asan_init\|__tsan_init' "$DFS_BIN/client/client"; then
		skip "sanitizers need more"
	fi
	servers_start
	truncate -s 300M large
	peak()
	{
		"$PYTHON" -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$DFS_BIN/client/client" "$@"
	}
	[ "$(peak put large)" -lt 65536 ]
	[ "$(peak get large "$T/here/large")" -lt 65536 ]
	[ "$(peak verify large)" -lt 65536 ]
	cmp large "$T/here/large"
}
