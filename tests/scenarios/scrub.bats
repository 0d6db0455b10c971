# Everything stored is read again and verified: what is damaged is found while the other copy is there.
load helper

setup()
{
	cluster_create
	settings 'scrub_round = 2s'
}

teardown()
{
	cluster_end
}

# settings LINE...: the section [server] of cluster.conf.
settings()
{
	sed -i '/^\[server\]/,$d' "$DFS_CONFIG"
	printf '%s\n' '[server]' 'scrub_share = 100' "$@" >>"$DFS_CONFIG"
}

# How many rounds have ended that found nothing damaged.
clean_rounds()
{
	grep -c ' scrubbed .* damaged=0$' "$CLUSTER/dfs$1.log" || true
}

# As many more since there were so many.
more_clean_rounds()
{
	[ "$(clean_rounds "$1")" -gt "$2" ]
}

# It has read more than so much in this round, by its status.
has_scrubbed()
{
	client status --json 2>/dev/null | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	server = json.loads(line)
	if server.get("server") == sys.argv[1]:
		sys.exit(server["scrub"]["read"] <= int(sys.argv[2]))
sys.exit(1)' "dfs$1" "$2"
}

# Changes bytes in what is stored: the file's own bytes are somewhere in one of the segments.
flip_stored()
{
	"$PYTHON" - "$CLUSTER/dfs$1/data/seg" <<'P'
import glob, os, sys
largest = max(glob.glob(sys.argv[1] + "/*.gdbm"), key=os.path.getsize)
size = os.path.getsize(largest)
with open(largest, "r+b") as file:
    for part in (3, 5, 7):
        file.seek(size * part // 10)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 0x55]))
P
}

@test "scrub: bytes that change in the segments of a running server are found, named and mended" {
	servers_start
	random_file "$T/in" 3000000
	client put "$T/in" file
	for n in 1 2 3 4; do
		eventually 60 more_clean_rounds $n 0
	done
	flip_stored 2
	eventually 60 log_has 2 ' damaged segment=.* unit='
	# Mended from the other copies, and then there is nothing any more.
	before=$(clean_rounds 2)
	eventually 60 more_clean_rounds 2 "$before"
	client get file "$T/out"
	cmp "$T/in" "$T/out"
	# Also when the other two of the three that are left are the ones that must have it.
	for away in 1 3 4; do
		server_stop $away
		client get -f file "$T/out"
		cmp "$T/in" "$T/out"
		server_start $away
		eventually 30 is $away up
	done
}

@test "scrub: a segment whose list is damaged makes the server recover while its peers are there" {
	servers_start
	random_file "$T/in" 100000
	client put "$T/in" file
	eventually 60 more_clean_rounds 3 0
	# The record @seal of the newest segment of a few.
	"$PYTHON" - "$CLUSTER/dfs3/data/seg" <<'P'
import glob, sys
newest = sorted(glob.glob(sys.argv[1] + "/*.gdbm"))[-1]
with open(newest, "r+b") as file:
    at = file.read().rindex(b"@seal") + 60
    file.seek(at)
    byte = file.read(1)
    file.seek(at)
    file.write(bytes([byte[0] ^ 0x55]))
P
	eventually 60 log_has 3 'error recovering why="The list of a segment is damaged'
	eventually 60 log_has 3 ' recovered '
	eventually 60 is 3 up
	# What it has now is whole: it votes after a start, and has its content again.
	server_stop 3
	server_start 3
	eventually 30 is 3 up
	before=$(grep -c ' recovering ' "$CLUSTER/dfs3.log")
	[ "$before" = 1 ]
	server_stop 1
	client get file "$T/out"
	cmp "$T/in" "$T/out"
}

@test "scrub: where it is survives a stop, and a damaged note of it begins anew" {
	servers_start
	random_file "$T/in" 9000000
	client put "$T/in" file
	servers_stop
	rm -f "$CLUSTER"/dfs?/data/scrub
	settings 'scrub_round = 365d'
	servers_start
	eventually 60 has_scrubbed 2 0
	servers_stop
	read -r _ _ _ _ _ _ first _ <"$CLUSTER/dfs2/data/scrub"
	[ "$first" -gt 0 ]
	servers_start
	eventually 60 has_scrubbed 2 "$first"
	server_stop 2
	read -r _ _ _ _ _ _ second _ <"$CLUSTER/dfs2/data/scrub"
	[ "$second" -gt "$first" ]
	# One digit: neither the old position nor what is written there.
	sed -i 's/^dfs-scrub 1 \([0-9]*\) /dfs-scrub 1 9\1 /' "$CLUSTER/dfs2/data/scrub"
	server_start 2
	eventually 60 has_scrubbed 2 0
	server_stop 2
	read -r _ _ _ _ _ _ third _ <"$CLUSTER/dfs2/data/scrub"
	[ "$third" -gt 0 ]
	[ "$third" -lt "$second" ]
}

@test "scrub: a segment that vanishes while the server runs makes it recover" {
	servers_start
	random_file "$T/in" 100000
	client put "$T/in" file
	eventually 60 more_clean_rounds 4 0
	seg=$CLUSTER/dfs4/data/seg
	rm "$seg/$(ls "$seg" | sort | tail -1)"
	eventually 60 log_has 4 ' recovered '
	eventually 60 is 4 up
	server_stop 2
	client get file "$T/out"
	cmp "$T/in" "$T/out"
}
