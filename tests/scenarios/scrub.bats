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

status_of()
{
	client status --json 2>/dev/null | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	server = json.loads(line)
	if server.get("server") == sys.argv[1]:
		print(server.get(sys.argv[2], ""))' "dfs$1" "$2"
}

is()
{
	[ "$(status_of "$1" status)" = "$2" ]
}

# How many rounds have ended that found nothing damaged.
clean_rounds()
{
	grep -c ' scrubbed .* damaged=0$' "$CLUSTER/dfs$1.log"
}

# As many more since there were so many.
more_clean_rounds()
{
	[ "$(clean_rounds "$1")" -gt "$2" ]
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
