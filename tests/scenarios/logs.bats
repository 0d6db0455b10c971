# What servers say in their logs: one line per event, in one format, as much as they are told to.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

settings()
{
	sed -i '/^\[server\]/,$d' "$DFS_CONFIG"
	printf '%s\n' '[server]' "$@" >>"$DFS_CONFIG"
}

# Something of everything: files, a server that is killed and comes back, one that loses its disk, damage.
live()
{
	servers_start
	random_file "$T/in" 300000
	client put "$T/in" $'a name with "quotes" and spaces'
	server_kill 2
	client put "$T/in" other
	client delete other
	server_start 2
	server_kill 3
	rm -rf "$CLUSTER"/dfs3/data/*
	server_start 3
	eventually 60 "$@"
	run client get no-such-file -
	servers_stop
}

# Those of this test, without the marks of the helper.
lines()
{
	cat "$CLUSTER"/dfs?.log | grep -v '^== start$'
}

# Levels of the lines, each once.
levels()
{
	lines | cut -d' ' -f3 | sort -u | tr '\n' ' '
}

has_recovered()
{
	log_has 3 ' recovered '
}

@test "logs: every line has time, server, level, event and fields" {
	settings 'log_level = debug' 'scrub_round = 1s' 'scrub_share = 100' 'tombstones_after = 1s'
	live has_recovered
	[ "$(lines | wc -l)" -gt 60 ]
	run -1 grep -nvE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z dfs[1-4] (debug|info|warn|error) [a-z-]+( [a-z_]+=("[^"]*"|[^ "]*))*$' <(lines)
	[ -z "$output" ]
	[ "$(levels)" = "debug error info warn " ] || [ "$(levels)" = "debug error info " ]
}

@test "logs: as much as log_level says, from every server" {
	all_up()
	{
		is 1 up && is 2 up && is 3 up && is 4 up
	}
	# The helper waits for what then stands in no log.
	votes_since_start() { is "$1" up; }
	settings 'log_level = error'
	live all_up
	[ "$(levels)" = "error " ]
	rm "$CLUSTER"/dfs?.log
	settings 'log_level = info'
	live has_recovered
	[[ $(levels) != *debug* && $(levels) == *info* ]]
	# On the command line one asks for more.
	rm "$CLUSTER"/dfs?.log
	settings 'log_level = warn'
	servers_start --debug
	client list
	servers_stop
	[[ $(levels) == *debug*info* ]]
}

@test "settings: what a server does not understand is refused with a sentence" {
	settings 'scrub_share = 101'
	run -1 "$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == "dfs1: $DFS_CONFIG, line "*": scrub_share has to be a whole number from 1 to 100, not 101" ]]
	settings 'scrub_speed = 3'
	run -1 "$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == *"unknown key scrub_speed" ]]
	settings 'log_level = all'
	run -1 "$DFS_BIN/dfs1/dfs1" --config "$DFS_CONFIG" --no-rpcbind
	[[ $output == *"log_level has to be error, warn, info or debug, not all" ]]
	# The client reads the same file.
	run -2 client list
	[[ $output == *"log_level has to be"* ]] || { echo "$output"; false; }
}

@test "settings: each is in the manual, with the value that it has when it is not given" {
	local name value
	while read -r name value; do
		grep -q "^\.BR $name \" = $value\"$" "$SOURCE/doc/dfs1.8"
	done < <(sed -n 's/^ \*\t\([a-z_]*\) = \([0-9a-z]*\)\t.*/\1 \2/p' "$SOURCE/rpc/tuning.h")
	[ "$(sed -n 's/^ \*\t\([a-z_]*\) = .*/\1/p' "$SOURCE/rpc/tuning.h" | wc -l)" = 7 ]
}

@test "logs: every warning and every error is in the manual" {
	local event count=0
	while read -r event; do
		sed -n '/^\.SH LOGS/,/^\.SH EXIT/p' "$SOURCE/doc/dfs1.8" | grep -qw -- "${event//-/\\\\-}" || {
			echo "not in the manual: $event"
			return 1
		}
		count=$((count + 1))
	done < <(grep -rhoP 'log_event\(LOG_(WARN|ERROR),\s*"\K[a-z-]+' "$SOURCE/server" | sort -u)
	[ "$count" -gt 10 ]
}
