# Acceptance 3.1: a server that was away, or that lost its disk, has its own pairs again by itself,
# and the spares that were kept for it are gone.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

# put_many NAME COUNT: so many files of several sizes below NAME/, of what is new each time.
put_many()
{
	local sizes=(0 1 3 4 5 1000 70000 300000 1500000)
	mkdir -p "$T/$1"
	for i in $(seq "$2"); do
		random_file "$T/$1/$i" "${sizes[i % ${#sizes[@]}]}"
	done
	client put -r "$T/$1" "$1"
}

# Each server in turn may go: what is below NAME is read back without it.
reads_without_any()
{
	local n
	for n in 1 2 3 4; do
		server_stop $n
		rm -rf "$T/out"
		client get -r "$1" "$T/out"
		diff -r "$T/$1" "$T/out"
		server_start $n
		eventually 30 is $n up
	done
}

# What the manifests say of files below NAME: every server has its two chunks.
every_server_has_its_pair()
{
	client list -R --chunks --json "$1" | "$PYTHON" -c 'import json, sys
files = 0
for line in sys.stdin:
	entry = json.loads(line)
	if entry.get("type") != "file":
		continue
	files += 1
	for n in range(4):
		first = (n - entry["row"]) % 4
		if entry["servers"]["dfs%d" % (n + 1)]["chunks"] != [first + 1, (first + 1) % 4 + 1]:
			sys.exit("not so: " + line)
sys.exit(files == 0)'
}

# So many objects have been cut down to a pair by this server.
gave_up()
{
	[ "$(sed -n 's/.* healed .* spares=\([0-9]*\) .*/\1/p' "$CLUSTER/dfs$1.log" | awk '{ sum += $1 } END { print sum + 0 }')" = "$2" ]
}

@test "3.1 a server that was away takes what it missed, and its spares are given up" {
	servers_start
	put_many before 27
	put_many gone 9
	server_kill 3
	put_many while 36
	put_many before 18
	client delete gone/{1..9}
	server_start 3
	eventually 60 every_server_has_its_pair /tester/
	# Each file that was put meanwhile, by the opposite server.
	eventually 60 gave_up 1 63
	gave_up 2 0
	gave_up 4 0
	reads_without_any before
	reads_without_any while
	run -4 client get -r gone "$T/none"
}

@test "3.1 a server whose data is gone has its content again, and the spares that it kept" {
	servers_start
	put_many before 27
	server_kill 1
	put_many while 18
	server_kill 3
	rm -rf "$CLUSTER"/dfs3/data/*
	# Three have to vote before one that lost its registers can have them again.
	server_start 1
	server_start 3
	eventually 60 every_server_has_its_pair /tester/
	reads_without_any before
	reads_without_any while
}

mended()
{
	grep ' healed ' "$CLUSTER/dfs$1.log" | tail -1 | grep -q ' lost=0 '
}

@test "3.1 what is found damaged is fetched again, also from a peer that was away" {
	servers_start
	mkdir "$T/before"
	random_file "$T/before/large" 5242883
	client put "$T/before/large" before/large
	spoil 2
	# Of one chunk that dfs2 has the other copy is away: this cannot be read now, nor mended.
	server_stop 3
	run ! client get before/large "$T/none"
	[ ! -e "$T/none" ]
	eventually 30 log_has 2 'waiting-for-peers files=1'
	server_start 3
	eventually 60 mended 2
	reads_without_any before
}

is_read()
{
	client get "$1" - 2>/dev/null | cmp -s "$T/$1" -
}

@test "3.1 what is to be had nowhere is named, and comes back with a disk that has it" {
	servers_start
	mkdir "$T/before"
	random_file "$T/before/file" 9000
	client put "$T/before/file" before/file
	# Two neighbours: of one chunk both copies are gone, for all that the others can tell.
	server_kill 2 3
	cp -a "$CLUSTER/dfs2/data" "$T/kept"
	rm -rf "$CLUSTER"/dfs2/data/* "$CLUSTER"/dfs3/data/*
	server_start 2
	server_start 3
	for n in 2 3; do
		eventually 60 log_has $n ' warn lost path=/tester/before/file chunks=[1-4]$'
	done
	run ! client get before/file "$T/none"
	[ ! -e "$T/none" ]
	# Its registers count no more, what it has does.
	server_stop 2
	rm -rf "$CLUSTER/dfs2/data"
	cp -a "$T/kept" "$CLUSTER/dfs2/data"
	server_start 2
	eventually 60 is_read before/file
	eventually 60 mended 3
	reads_without_any before
}
