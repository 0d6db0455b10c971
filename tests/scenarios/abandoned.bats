# Acceptance 3.7: a client that dies in any phase of a put or a delete leaves nothing behind: after the idle
# time no staged byte is left, no manifest names what is gone, and all servers say the same.
load helper

setup()
{
	cluster_create
	printf '[server]\nabandoned_after = 2s\ntombstones_after = 1s\nkeep_readable = 1s\n' >>"$DFS_CONFIG"
}

teardown()
{
	cluster_end
}

# dies PROCEDURE COUNT ARG...: the client, up to so many answers of this procedure.  A server that answers too
# late is done without, and then there may not be so many: it is undone (the command in UNDO) and tried again.
dies()
{
	local when="$1 $2" rc try
	shift 2
	for try in 1 2 3 4 5 6 7 8 9 10; do
		rc=0
		DFS_DIES=$when "$DFS_TOOLS/scenarios/tools/dying" "$@" >/dev/null 2>&1 || rc=$?
		[ "$rc" = 0 ] || break
		"${UNDO[@]}"
	done
	[ "$rc" = 99 ] || {
		echo "dying at $when of $*: ended with $rc, at try $try"
		return 1
	}
}

# So many files, contents of just these, and nothing else, on each of these servers: uploads neither.
clean()
{
	local files=$1 n
	shift
	for n; do
		[ "$(status_of "$n" files) $(status_of "$n" objects) $(status_of "$n" tombstones)" = \
			"$files $files 0" ] || return 1
		[ -z "$(find "$CLUSTER/dfs$n/data/tmp" -type f)" ] || return 1
	done
}

# All files, with their versions.
listed()
{
	client list -R --json / | "$PYTHON" -c 'import json, sys
for line in sys.stdin:
	entry = json.loads(line)
	print(entry.get("path"), entry.get("version"))' | sort
}

# What is listed is the same for any three servers, every file can be read, and is one of the two that were put.
all_say_the_same()
{
	local away name
	listed >"$T/expected"
	for away in 1 2 3 4; do
		server_stop $away
		listed >"$T/now"
		cmp "$T/expected" "$T/now"
		while read -r name _; do
			client get "$name" - >"$T/got"
			cmp -s "$T/got" "$T/large" || cmp -s "$T/got" "$T/small" || cmp "$T/got" "$T/old"
		done <"$T/expected"
		server_start $away
	done
}

# Files that were there before; for each phase one, and one that was not.
phases()
{
	local what
	for what in "PUT 1" "PUT 3" "PUT 8" "BIND 1" "BIND 2" "BIND 3" "BIND 4"; do
		"$@" large $what
	done
	for what in "PREPARE 1" "PREPARE 2" "PREPARE 3" "PREPARE 4" "ACCEPT 1" "ACCEPT 2" "ACCEPT 3" "ACCEPT 4"; do
		"$@" large $what
		"$@" small $what
	done
}

@test "3.7 a client dies in each phase of a put: nothing that it staged is left" {
	random_file "$T/large" 2200000
	random_file "$T/small" 5000
	random_file "$T/old" 7000
	servers_start
	there()
	{
		client put "$T/old" "there/$1.$2.$3"
	}
	die()
	{
		UNDO=(there "$@")
		dies "$2" "$3" put "$T/$1" "there/$1.$2.$3"
		UNDO=(client delete "new/$1.$2.$3")
		dies "$2" "$3" put "$T/$1" "new/$1.$2.$3"
	}
	phases there
	files=$(listed | wc -l)
	phases die
	# What two of them accepted may have been done or not, as far as anybody could tell.
	done_or_not()
	{
		local now
		now=$(listed | wc -l)
		[ "$now" -ge "$((files + 4))" ] && [ "$now" -le "$((files + 8))" ] && clean "$now" 1 2 3 4
	}
	eventually 180 done_or_not
	all_say_the_same
	# What three had accepted is done.
	for what in large small; do
		for count in 3 4; do
			client get "new/$what.ACCEPT.$count" - | cmp "$T/$what" -
		done
		for phase in PREPARE.1 PREPARE.3 PREPARE.4; do
			run -4 client get "new/$what.$phase" -
			client get "there/$what.$phase" - | cmp "$T/old" -
		done
	done
}

@test "3.7 a client dies in each phase of a delete" {
	random_file "$T/large" 2200000
	random_file "$T/small" 5000
	cp "$T/small" "$T/old"
	servers_start
	local phases=("PREPARE 1" "PREPARE 2" "PREPARE 3" "PREPARE 4" "DELETE 1" "DELETE 2" "DELETE 3" "DELETE 4")
	for what in "${phases[@]}"; do
		client put "$T/large" "large.${what/ /.}"
		client put "$T/small" "small.${what/ /.}"
	done
	for what in "${phases[@]}"; do
		UNDO=(client put "$T/large" "large.${what/ /.}")
		# shellcheck disable=SC2086 # two words
		dies $what delete "large.${what/ /.}"
		UNDO=(client put "$T/small" "small.${what/ /.}")
		# shellcheck disable=SC2086
		dies $what delete "small.${what/ /.}"
	done
	done_or_not()
	{
		local now
		now=$(listed | wc -l)
		[ "$now" -ge 8 ] && [ "$now" -le 12 ] && clean "$now" 1 2 3 4
	}
	eventually 180 done_or_not
	all_say_the_same
	for what in large small; do
		for count in 3 4; do
			run -4 client get "$what.DELETE.$count" -
			client get "$what.PREPARE.$count" - | cmp "$T/$what" -
		done
	done
}

@test "3.7 what was staged while one server was away goes there too" {
	random_file "$T/large" 2200000
	random_file "$T/small" 5000
	cp "$T/small" "$T/old"
	servers_start
	client put "$T/small" there
	for phase in "BIND 3" "PREPARE 3"; do
		UNDO=(client delete "new.${phase/ /.}")
		# shellcheck disable=SC2086
		dies $phase put "$T/large" "new.${phase/ /.}"
		UNDO=(client put "$T/small" there)
		# shellcheck disable=SC2086
		dies $phase put "$T/large" there
	done
	# The bindings outlast a start; and the one that was away learns of what overtook them.
	servers_stop
	for n in 1 2 3; do
		server_start $n
	done
	overtaken()
	{
		clean 1 1 2 3 || [ "$(status_of 1 files) $(status_of 1 objects)" = "1 1" ]
	}
	eventually 180 overtaken
	server_start 4
	eventually 180 clean 1 1 2 3 4
	all_say_the_same
}
