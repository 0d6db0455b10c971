# What servers meet around them: limits, closed descriptors, logs that nobody reads, disks that are not there.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

@test "9.7 a limit on the size of files is a full disk, for a server and for a client" {
	# 64 KiB: enough for what a server writes at its start.
	ulimit -S -f 64
	server_spawn 1
	ulimit -S -f unlimited
	for n in 2 3 4; do
		server_spawn $n
	done
	for n in 1 2 3 4; do
		server_wait $n
		eventually 30 votes_since_start $n
	done
	random_file "$T/large" 3000000
	random_file "$T/small" 1000
	client put "$T/small" small
	run -0 client put "$T/large" large
	[[ $output == *"without one server (no room on dfs1)"* ]] || { echo "$output"; false; }
	is 1 up
	client get large - | cmp "$T/large" -
	# The client, to a file, and from stdin, which is spooled.
	run -1 bash -c 'ulimit -S -f 64; "$0" get large "$1"' "$DFS_BIN/client/client" "$T/out"
	[[ $output == *"large"*"File too large"* ]] || { echo "$output"; false; }
	[ ! -e "$T/out" ]
	run -1 bash -c 'ulimit -S -f 64; "$0" put - spooled <"$1"' "$DFS_BIN/client/client" "$T/large"
	[[ $output == *"File too large"* ]] || { echo "$output"; false; }
	run -4 client stat spooled
	client put "$T/small" again
	server_stop 1
}

# Starts server N as a shell with these redirections would.
server_spawn_closed()
{
	bash -c 'exec "$0" --config "$1" --no-rpcbind '"$2" "$DFS_BIN/dfs$1/dfs$1" "$DFS_CONFIG" 3>&- 4>&- </dev/null &
	SERVER_PID[$1]=$!
}

@test "9.7 a server without standard descriptors writes into no file of its store" {
	server_spawn_closed 1 '<&- >&- 2>&-'
	server_spawn_closed 2 '2>&-'
	server_spawn 3
	server_spawn 4
	for n in 1 2 3 4; do
		server_wait $n
	done
	eventually 30 client put "$DFS_CONFIG" x
	[ ! -s "$CLUSTER/dfs1/data/lock" ]
	[ ! -s "$CLUSTER/dfs2/data/lock" ]
	for n in 1 2; do
		for fd in 0 1 2; do
			[ "$(readlink "/proc/${SERVER_PID[n]}/fd/$fd")" = /dev/null ] || [ "$n.$fd" = 2.1 ]
		done
	done
	servers_stop
}

@test "9.7 a log that nobody reads stops no call and no end" {
	mkfifo "$T/log"
	exec {reader}<>"$T/log"
	# So full that not even the first line finds room.
	"$PYTHON" -c 'import os, sys
os.set_blocking(int(sys.argv[1]), False)
try:
	while True:
		os.write(int(sys.argv[1]), b"x" * 4096)
except BlockingIOError:
	os.set_blocking(int(sys.argv[1]), True)' "$reader"
	for n in 1 2 3 4; do
		server_spawn_closed $n "--debug 2>$T/log"
	done
	for n in 1 2 3 4; do
		server_wait $n
	done
	random_file "$T/in" 1000
	eventually 30 client put "$T/in" in
	client get in - | cmp "$T/in" -
	server_stop 2
	# Nor does one that cannot start.
	(cd "$T" && ! timeout 30 "$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind 2>"$T/log")
	# Who reads again finds all of it.
	timeout 30 grep -m 1 -o ' dfs1 info started' <&"$reader"
	exec {reader}>&-
}

# refused N PATTERN: the server does not start, and says so in one line.
refused()
{
	run -1 timeout 30 "${IN[@]}" "$DFS_BIN/dfs$1/dfs$1" --config "$DFS_CONFIG" --no-rpcbind
	echo "$output"
	[ ${#lines[@]} = 1 ]
	# shellcheck disable=SC2053 # a pattern
	[[ $output == $2 ]]
}

@test "9.13 (i) a disk that is not mounted is not taken for a store that was lost" {
	namespace_start
	mkdir "$T/disk"
	"${IN[@]}" mount -t tmpfs -o size=24m tmpfs "$T/disk"
	"${IN[@]}" cp -a "$CLUSTER/dfs2/data/." "$T/disk"
	rm -r "$CLUSTER"/dfs2/data/*
	"${IN[@]}" mount --bind "$T/disk" "$CLUSTER/dfs2/data"
	servers_start
	random_file "$T/in" 100000
	client put "$T/in" in
	server_stop 3
	server_stop 2

	# Its folder is missing,
	mv "$CLUSTER/dfs3/data" "$T/kept"
	refused 3 "dfs3: $CLUSTER/dfs3/data is missing, *mount its disk*--replace-store*"
	[ ! -e "$CLUSTER/dfs3/data" ]
	# or a symbolic link to where the disk is not,
	ln -s "$T/not-mounted/data" "$CLUSTER/dfs3/data"
	refused 3 "dfs3: *is missing, *"
	rm "$CLUSTER/dfs3/data"
	# or there is the empty place where it was mounted.
	"${IN[@]}" umount "$CLUSTER/dfs2/data"
	refused 2 "dfs2: $CLUSTER/dfs2/data is empty, and the disk that was mounted there is not*mount its disk*--replace-store*"
	[ -z "$(ls "$CLUSTER/dfs2/data")" ]

	# Both ways out.
	mv "$T/kept" "$CLUSTER/dfs3/data"
	server_start 3
	eventually 30 is 3 up
	run ! log_has 3 recovering
	server_start 2 --replace-store
	eventually 60 is 2 up
	log_has 2 ' recovering why='
	# From then on there it is: an emptied folder recovers, as ever.
	server_stop 2
	rm -rf "$CLUSTER"/dfs2/data/*
	server_start 2
	eventually 60 is 2 up
	client get in - | cmp "$T/in" -
}

# Counted again, now and then.
counts()
{
	run client status
	[[ $output == *" file"*": $1"* ]] || {
		echo "$output"
		return 1
	}
}

says_gone()
{
	[[ $(status_of "$1" status) = recovering && $(status_of "$1" message) == *"store is gone"* ]]
}

@test "9.17 a store that goes away under its server is told, counts for nothing, and comes back with its disk" {
	namespace_start
	mkdir "$T/disk"
	"${IN[@]}" mount -t tmpfs -o size=64m tmpfs "$T/disk"
	"${IN[@]}" cp -a "$CLUSTER/dfs3/data/." "$T/disk"
	rm -r "$CLUSTER"/dfs3/data/*
	"${IN[@]}" mount --bind "$T/disk" "$CLUSTER/dfs3/data"
	servers_start
	random_file "$T/in" 100000
	client put "$T/in" in
	# The disk, of which only a lazy umount says nothing (others are busy).
	"${IN[@]}" umount -l "$CLUSTER/dfs3/data"
	eventually 30 says_gone 3
	eventually 30 counts "0 with two copies, 1 with one"
	client put "$T/in" while
	client get in - | cmp "$T/in" -
	# Nothing is made where it was.
	[ -z "$(ls "$CLUSTER/dfs3/data")" ]
	"${IN[@]}" mount --bind "$T/disk" "$CLUSTER/dfs3/data"
	eventually 30 is 3 up
	log_has 3 ' info store-back'
	eventually 60 client status
	# A folder that is only moved is none that is gone.
	mv "$CLUSTER/dfs4" "$T/moved"

	rm -rf "$CLUSTER/dfs2"
	eventually 30 says_gone 2
	run -1 client status
	client put "$T/in" later
	client get in - | cmp "$T/in" -
	[ "$(grep -c ' error store-gone ' "$CLUSTER/dfs2.log")" = 1 ]
	# Whatever fails because of it is told once, however often.
	[ "$(grep -c ' commit error=' "$CLUSTER/dfs2.log")" -le 1 ]
	run ! log_has 4 store-gone
}

@test "9.21 a server that no other machine can reach says so, and listens where it is told" {
	namespace_start
	printf '127.0.0.1 localhost\n127.0.1.1 alpha\n192.0.2.2 beta\n' >"$T/hosts"
	"${IN[@]}" mount --bind "$T/hosts" /etc/hosts
	port=$(server_port 1)
	cp "$DFS_CONFIG" "$T/conf"
	# All on one machine: nothing to say.
	sed -i "s/^address = 127.0.0.1:$port/address = alpha:$port/" "$DFS_CONFIG"
	server_spawn 1
	eventually 30 log_has 1 " listening address=127.0.1.1:$port"
	server_stop 1
	run ! log_has 1 unreachable
	# Several hosts.
	sed -i "s/^address = 127.0.0.1:$(server_port 2)/address = beta:$(server_port 2)/" "$DFS_CONFIG"
	server_spawn 1
	eventually 30 log_has 1 " error unreachable address=127.0.1.1:$port .*alpha:$port.*listen = "
	server_stop 1
	# It listens where it is told, and that may be here alone.
	for address in "0.0.0.0:$port" "127.0.0.1:$port"; do
		rm "$CLUSTER/dfs1.log"
		sed -i "/^listen/d; /^address = alpha/a listen = $address" "$DFS_CONFIG"
		server_spawn 1
		eventually 30 log_has 1 " listening address=$address"
		server_stop 1
		run ! log_has 1 unreachable
	done
	# By rpcbind, without any address, too.
	sed -i "/^listen/d; /^host/d; s/^address = \\(alpha\\|beta\\):.*/host = \\1/" "$DFS_CONFIG"
	grep -q '^host = beta' "$DFS_CONFIG"
	server_spawn 1
	eventually 30 log_has 1 ' error unreachable address=127.0.0.1:[0-9]* '
	server_stop 1
	sed -i '/^host = alpha/a listen = nonsense' "$DFS_CONFIG"
	refused 1 "dfs1: *cluster.conf, line *nonsense"
}
