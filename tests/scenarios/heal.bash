# A thousand files on four servers, what may be done to a server's data while they change, and what must be
# so in the end.
#
#	before			fills and puts the folder $T/tree
#	change			a thousand files of it are put, overwritten and deleted
#	lose N COMMAND...	before, server N killed, change, the command, server N started, healed
#	healed			waits until everything is in place, and proves it
#	all_in_place		the same without reading every file with each server away
#	empty N, set_back N (from $T/copy), newest_gone N, middle_gone N, flip_bytes N (of ten segments)

# ---- what is stored ---------------------------------------------------------------------

# fill FOLDER FROM TO: files of one line each, of what is new each time.
fill()
{
	local i
	mkdir -p "$T/$1"
	for i in $(seq "$2" "$3"); do
		echo "$1 $i $RANDOM$RANDOM" >"$T/$1/$i"
	done
}

# A thousand small files and some of several units are there, on all four.
before()
{
	local i
	fill tree 1 1000
	for i in 1 2 3 4; do
		random_file "$T/tree/large.$i" $((3000000 + i))
	done
	client put -r "$T/tree" tree
	client status
}

# A thousand files change: new ones, other content, deleted; large ones too.
change()
{
	local i
	fill tree 1001 1400
	for i in $(seq 1 300); do
		echo "again $i $RANDOM" >"$T/tree/$i"
	done
	random_file "$T/tree/large.1" 2500001
	random_file "$T/tree/large.5" 4500001
	client put -r "$T/tree" tree
	rm "$T"/tree/{701..1000} "$T/tree/large.2"
	client delete tree/{701..1000} tree/large.2
}

# ---- what must be so in the end ------------------------------------------------------------

status_is_0()
{
	client status >"$T/status" 2>&1
}

# Whatever the servers have yet to do, they say it in status.
nothing_to_do()
{
	status_is_0 && client status --json | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	told = json.loads(line)
	if told["server"] != "all":
		assert told["owed"] == 0 and told["spares"] == 0, told'  2>/dev/null
}

# Each server has its own pair of each file and nothing besides.
pairs_only()
{
	client list -R --chunks --json | "$PYTHON" -c 'import json, sys
files = 0
for line in sys.stdin:
	entry = json.loads(line)
	files += 1
	assert "row" in entry, entry
	for number in range(4):
		first = (number - entry["row"]) % 4 + 1
		told = entry["servers"][f"dfs{number + 1}"]
		assert told["chunks"] == [first, first % 4 + 1], entry
assert files > 0'
}

# A server that returned knows what it missed once it has compared: until then spares stay.
in_place()
{
	pairs_only 2>"$T/pairs" && nothing_to_do
}

all_in_place()
{
	if ! eventually 240 in_place; then
		cat "$T/pairs" "$T/status"
		client status --json
		return 1
	fi
	client verify --no-wait
}

healed()
{
	all_in_place
	client get -r tree "$T/got"
	diff -r "$T/tree" "$T/got"
	rm -r "$T/got"
	# Its copies serve where they are needed: each neighbour away in turn.
	for away in 1 2 3 4; do
		server_kill $away
		client get -r tree "$T/got"
		diff -r "$T/tree" "$T/got"
		rm -r "$T/got"
		server_start $away
	done
	eventually 60 status_is_0
}

# lose N COMMAND...: server N is killed, files change, the command does something to its data.
lose()
{
	local n=$1
	shift
	servers_start
	before
	server_kill "$n"
	change
	run -1 client status
	"$@"
	server_start "$n"
	healed
}

# ---- what is done to the data of a server --------------------------------------------------

empty()
{
	rm -rf "$CLUSTER/dfs$1"/data/*
}

set_back()
{
	rm -rf "$CLUSTER/dfs$1/data"
	cp -a "$T/copy" "$CLUSTER/dfs$1/data"
}

segments_of()
{
	find "$CLUSTER/dfs$1/data/seg" -name '*.gdbm' | sort
}

newest_gone()
{
	rm "$(segments_of "$1" | tail -1)"
}

# Those whose numbers (LOW-HIGH) no other has: a merge that was cut off leaves some that are not missed.
needed_segments_of()
{
	segments_of "$1" | "$PYTHON" -c 'import os, sys
ranges = {line: tuple(map(int, os.path.basename(line)[:-5].split("-"))) for line in sys.stdin.read().split()}
for name, (low, high) in sorted(ranges.items(), key=lambda item: item[1]):
    if not any(other != (low, high) and other[0] <= low and high <= other[1] for other in ranges.values()):
        print(name)'
}

middle_gone()
{
	local segments
	mapfile -t segments < <(needed_segments_of "$1")
	# Of two the first: the newest may be one that nobody has heard of yet.
	rm "${segments[$(((${#segments[@]} - 1) / 2))]}"
}

# One byte in sixteen places of each of ten segments, the largest ones.
flip_bytes()
{
	segments_of "$1" | xargs ls -S | head -10 | "$PYTHON" -c 'import os, random, sys
names = sys.stdin.read().split()
assert len(names) == 10, names
for name in names:
	os.chmod(name, 0o600)
	with open(name, "r+b") as segment:
		size = os.path.getsize(name)
		for place in (random.randrange(size) for _ in range(16)):
			segment.seek(place)
			byte = segment.read(1)[0]
			segment.seek(place)
			segment.write(bytes([byte ^ random.randrange(1, 256)]))
	os.chmod(name, 0o400)'
}
