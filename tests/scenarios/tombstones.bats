# Acceptance 3.3: what tells of a deleted file stays while one server could come back with the file,
# and goes once all four have confirmed it.
load helper

setup()
{
	cluster_create
	printf '[server]\ntombstones_after = 1s\nabandoned_after = 2s\nkeep_readable = 1s\n' >>"$DFS_CONFIG"
}

teardown()
{
	cluster_end
}

# One field of what status tells of a server.
status_of()
{
	client status --json 2>/dev/null | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	server = json.loads(line)
	if server.get("server") == sys.argv[1]:
		print(server.get(sys.argv[2], ""))' "dfs$1" "$2"
}

tombstones_are()
{
	local n=$1 want=$2
	[ "$(status_of "$n" tombstones)" = "$want" ]
}

has_voted()
{
	[ "$(grep -c ' voting ' "$CLUSTER/dfs$1.log")" -ge "$2" ]
}

# So many files a/1, a/2 and so on.
put_many()
{
	local i
	mkdir -p "$T/a"
	for i in $(seq "$1"); do
		echo "file $i" >"$T/a/$i"
	done
	client put -r "$T/a" a
}

delete_all()
{
	local i names=()
	for i in $(seq "$1"); do
		names+=("a/$i")
	done
	client delete "${names[@]}"
}

@test "3.3 tombstones go once all four have confirmed them, and the deleted files stay deleted" {
	servers_start
	put_many 150
	delete_all 150
	for n in 1 2 3 4; do
		eventually 60 tombstones_are $n 0
	done
	run -4 client list a
	# Forgotten for good: also after a start.
	servers_stop
	servers_start
	for n in 1 2 3 4; do
		eventually 30 tombstones_are $n 0
	done
	run -4 client get a/1 -
	put_many 3
	run -0 client get a/1 -
	[ "$output" = "file 1" ]
}
