# Acceptance 1.6: what happens to stores on disk that should not happen.
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

segments()
{
	ls "$CLUSTER/dfs$1/data/seg" | sort
}

# Another value for one byte of a file; what is sealed is read-only.
flip()
{
	"$PYTHON" -c 'import os, sys
path, offset = sys.argv[1], int(sys.argv[2])
os.chmod(path, 0o600)
with open(path, "r+b", 0) as file:
	file.seek(offset)
	byte = file.read(1)[0]
	file.seek(offset)
	file.write(bytes([byte ^ 0xff]))
os.chmod(path, 0o400)' "$1" "$2"
}

# A merge may take a segment away at any time, even all that were there; what is there can be read.
# gdbmtool ends with 0 also when there is nothing to open.
segments_are_read()
{
	local n=$1 segment mode count readable=0
	for segment in $(segments "$n"); do
		[[ $segment == *.gdbm ]] || return 2
		if mode=$(stat -c %a "$CLUSTER/dfs$n/data/seg/$segment") &&
			count=$(gdbmtool -r "$CLUSTER/dfs$n/data/seg/$segment" count) &&
			[ -n "$count" ]; then
			if [ "$mode" != 400 ] || ! [[ $count =~ [1-9][0-9]* ]]; then
				return 2
			fi
			readable=$((readable + 1))
		elif [ -e "$CLUSTER/dfs$n/data/seg/$segment" ]; then
			return 2
		fi
	done
	[ $readable -gt 0 ]
}

@test "1.6 gdbmtool reads the sealed segments of a running server" {
	random_file "$T/in" 5000000
	client put "$T/in" large
	client put "$T/in" again
	for n in 1 2 3 4; do
		for _ in $(seq 20); do
			code=0
			segments_are_read $n || code=$?
			[ $code = 1 ] || break
		done
		[ $code = 0 ]
	done
	client get large - | cmp "$T/in" -
}

# Every 64 KiB of every large segment of one server has a wrong byte.
spoil()
{
	local segment size offset
	eventually 30 is_proved
	for segment in "$CLUSTER/dfs$1"/data/seg/*.gdbm; do
		# A merge may have taken a small one away.
		size=$(stat -c %s "$segment") || continue
		[ "$size" -gt 1000000 ] || continue
		for offset in $(seq 70000 65536 $((size - 70000))); do
			flip "$segment" "$offset"
		done
	done
}

@test "1.6 damaged content is never returned: the other holder serves it, and the log says so" {
	random_file "$T/in" 5242883
	client put "$T/in" name
	spoil 2
	for _ in $(seq 40); do
		client get name - | cmp "$T/in" -
		! log_has 2 damaged || break
	done
	log_has 2 damaged
}

@test "1.6 what is damaged where its other copy is away is said to be so, and nothing appears" {
	random_file "$T/in" 5242883
	client put "$T/in" name
	# Before it is found, and mended from the other copy.
	server_kill 3
	spoil 2
	run ! client get name "$T/out"
	[ "$status" = 9 ] || [ "$status" = 5 ]
	[[ "$output" == *"transfer failed"* ]]
	[ ! -e "$T/out" ]
}

@test "1.6 any single damaged byte of a store: right bytes or a server that does not vote, never wrong ones" {
	for name in one two three; do
		random_file "$T/$name" 9000
		client put "$T/$name" $name
	done
	server_stop 2
	cp -a "$CLUSTER/dfs2/data" "$T/whole"
	for _ in $(seq 40); do
		segment=$(ls "$T"/whole/seg/*.gdbm | shuf -n 1)
		size=$(stat -c %s "$segment")
		flip "$CLUSTER/dfs2/data/seg/$(basename "$segment")" $(((RANDOM * 32768 + RANDOM) % size))
		server_start 2
		for name in one two three; do
			client get $name - | cmp "$T/$name" -
		done
		[[ "$(status_of 2 status)" == @(up|recovering) ]]
		server_kill 2
		rm -rf "$CLUSTER/dfs2/data"
		cp -a "$T/whole" "$CLUSTER/dfs2/data"
	done
	server_start 2
	eventually 30 is 2 up
}

# It says that it has lost its store; reading and writing go on; it votes again by itself, with a
# new store, so that one of the others may go.
expect_recovery()
{
	local next=$(($1 % 4 + 1))
	client get kept - | cmp "$T/in" -
	client put "$T/in" while
	client get while - | cmp "$T/in" -
	log_has "$1" ' recovering why='
	eventually 30 is "$1" up
	log_has "$1" ' voting epoch=[1-9]'
	server_kill $next
	client put "$T/in" "more/$1"
	client stat kept
	client delete while
	server_start $next
	eventually 30 is $next up
	rm "$CLUSTER/dfs$1.log"
}

@test "1.6 a segment that was removed, the first or one in the middle: it recovers" {
	random_file "$T/in" 700000
	client put "$T/in" kept
	# So large that their segments are left as they are by merging.
	for i in $(seq 20); do
		random_file "$T/more" 9000000
		client put "$T/more" "more/$i"
		[ $i -lt 4 ] || [ "$(ls "$CLUSTER/dfs3/data/seg" | wc -l)" -le 5 ] || break
	done
	server_stop 3
	cp -a "$CLUSTER/dfs3/data" "$T/whole"
	count=$(ls "$T/whole/seg" | wc -l)
	[ "$count" -gt 3 ]
	for victim in 1 $((count / 2)) $((count - 1)); do
		rm -f "$CLUSTER/dfs3/data/seg/$(ls "$T/whole/seg" | sort | sed -n ${victim}p)"
		server_start 3
		expect_recovery 3
		server_stop 3
		rm -rf "$CLUSTER/dfs3/data"
		cp -a "$T/whole" "$CLUSTER/dfs3/data"
	done
	# What was whole is another store than the one that votes by now.
	server_start 3
	expect_recovery 3
}

@test "1.6 the whole folder emptied, or gone: it recovers, and reading goes on" {
	random_file "$T/in" 700000
	client put "$T/in" kept
	server_stop 1
	rm -rf "$CLUSTER"/dfs1/data/seg/* "$CLUSTER"/dfs1/data/tmp
	server_start 1
	expect_recovery 1
	server_stop 1
	rm -rf "$CLUSTER/dfs1/data"
	mkdir -m 700 "$CLUSTER/dfs1/data"
	server_start 1
	expect_recovery 1
	server_stop 1
	rm -rf "$CLUSTER/dfs1/data"
	server_start 1 --replace-store
	[ "$(stat -c %a "$CLUSTER/dfs1/data")" = 700 ]
	run -0 log_has 1 'recovering why="The store.s folder was gone'
	expect_recovery 1
}

@test "1.6 rubbish in tmp/ is cleaned away, and a second server on the same store is refused" {
	random_file "$T/in" 1000
	client put "$T/in" kept
	server_kill 4
	random_file "$CLUSTER/dfs4/data/tmp/half-written" 5000
	server_start 4
	[ ! -e "$CLUSTER/dfs4/data/tmp/half-written" ]
	run ! timeout 30 "$DFS_BIN/dfs4/dfs4" --config "$DFS_CONFIG" --no-rpcbind --listen 127.0.0.1:1
	client get kept - | cmp "$T/in" -
	client status
}

@test "1.6 a store of another number or of another cluster is refused at the start" {
	servers_stop
	mv "$CLUSTER/dfs1/data" "$T/one"
	cp -a "$CLUSTER/dfs2/data" "$CLUSTER/dfs1/data"
	run ! timeout 30 "$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind
	[[ "$output" == *dfs2* ]]
	rm -rf "$CLUSTER/dfs1/data"
	client cluster create "$T/other" --base-port auto
	cp -a "$T/other/dfs1/data" "$CLUSTER/dfs1/data"
	run ! timeout 30 "$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind
	[[ "$output" == *cluster* ]]
	rm -rf "$CLUSTER/dfs1/data"
	mv "$T/one" "$CLUSTER/dfs1/data"
	servers_start
	client status
}
