# Acceptance 3.1, 3.2: servers that start, and servers that have lost what they had, get their
# registers by themselves and vote again; nothing that was acknowledged is lost.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

# As many registers as another server has, and voting.
has_caught_up()
{
	is "$1" up && [ "$(status_of "$1" files)" = "$(status_of "$2" files)" ] &&
		[ "$(status_of "$1" tombstones)" = "$(status_of "$2" tombstones)" ]
}

# Versions of all files, as three servers tell them.
versions()
{
	client list -R --json / | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	entry = json.loads(line)
	print(entry.get("path"), entry.get("version"))' | sort
}

# put_many NAME COUNT: so many small files below NAME/, of what is new each time.
put_many()
{
	mkdir -p "$T/$1"
	for i in $(seq "$2"); do
		echo "$1 $i $RANDOM" >"$T/$1/$i"
	done
	client put -r "$T/$1" "$1"
}

# Some files are there; then some are added, overwritten and deleted while server 3 does not run.
# What happens to its store is done by the command that is given.
lose()
{
	servers_start
	put_many before 40
	if [ "$1" = set_back ]; then
		server_stop 3
		cp -a "$CLUSTER/dfs3/data" "$T/copy"
		server_start 3
		eventually 30 is 3 up
		put_many more 20
		# What there is now is what the others remember, once it votes again.
		server_stop 3
		server_start 3
		eventually 30 has_voted 3 3
	fi
	server_kill 3
	put_many while 30
	client put -r "$T/before" before
	client delete before/1 before/2
	versions >"$T/expected"
	"$@"
	server_start 3
	eventually 60 has_caught_up 3 1
	# Each three of the four tell the same.
	for away in 1 2 4; do
		server_stop $away
		versions >"$T/now"
		cmp "$T/expected" "$T/now"
		server_start $away
		eventually 30 is $away up
	done
	put_many after 5
}

empty()
{
	rm -rf "$CLUSTER"/dfs3/data/*
}

set_back()
{
	rm -rf "$CLUSTER/dfs3/data"
	cp -a "$T/copy" "$CLUSTER/dfs3/data"
}

newest_gone()
{
	local seg=$CLUSTER/dfs3/data/seg
	rm -f "$seg/$(ls "$seg" | sort | tail -1)"
}

middle_gone()
{
	local seg=$CLUSTER/dfs3/data/seg names
	mapfile -t names < <(ls "$seg" | sort)
	# Of two the first: the newest may be one that nobody has heard of yet.
	rm -f "$seg/${names[$(((${#names[@]} - 1) / 2))]}"
}

@test "3.1 servers that have just started tell what they have, and vote when two have answered" {
	servers_start
	echo one >"$T/in"
	client put "$T/in" name
	servers_stop
	server_start 1
	run -5 client get name -
	server_start 3
	run --separate-stderr -0 client get name -
	[ "$output" = one ]
	[[ $stderr == *"only two servers answered"* ]]
	run -5 client put "$T/in" other
	[[ $output == *"just started"* ]]
	server_start 2
	client put "$T/in" other
	server_start 4
	eventually 10 is 4 up
	for n in 1 2 3 4; do
		log_has $n voting
	done
}

@test "3.1 a server whose data is gone takes its registers from its peers" {
	lose empty
	log_has 3 'recovering why="The store is empty'
	log_has 3 'voting epoch=1'
	for n in 1 2 4; do
		eventually 10 log_has $n 'epoch adopted=1'
	done
}

@test "3.1 a server whose store was set back to an older copy notices, and recovers" {
	lose set_back
	log_has 3 'older than what dfs'
	log_has 3 'voting epoch=1'
}

@test "3.1 a segment that is missing in the middle makes it recover" {
	lose middle_gone
	log_has 3 'voting epoch=1'
}

@test "3.1 a segment that is missing at the end is found missing, or is made up for" {
	lose newest_gone
}
