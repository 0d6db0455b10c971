# Acceptance 8.12: units, pieces of hash trees and whole records that were exchanged in the stores,
# with every checksum made anew (tools/edit.c): never returned, never counted as a copy.
load helper

PIECES=4194304 # the number of a content's first piece (store/include/pieces.h)

setup()
{
	cluster_create
	sed -i '/^\[server\]/,$d' "$DFS_CONFIG"
	printf '%s\n' '[server]' 'scrub_share = 100' 'scrub_round = 2s' >>"$DFS_CONFIG"
	servers_start
	random_file "$T/large" 3000000
	random_file "$T/small" 3000
	client put "$T/large" large
	client put "$T/small" small
	client put "$T/large" other
	for name in large small other; do
		declare -g "$name=$(client stat --json $name | field object)"
	done
	# What is changed before its first proof could be its writer's fault, and is called so.
	eventually 60 is_proved
}

teardown()
{
	cluster_end
}

# edit N WHAT...: in the store of dfsN, which is stopped; prints how many records that were.
edit()
{
	local n=$1
	shift
	"$DFS_TOOLS/scenarios/tools/edit" "$CLUSTER/dfs$n/data" "$@"
}

is_good()
{
	client verify "$@" >/dev/null 2>&1
}

has_lost()
{
	[ "$(status_of "$1" lost)" -gt 0 ]
}

@test "8.12 what was exchanged in one store is found and mended, whatever it was" {
	server_stop 2
	local unit edited=0
	# Of each kind of which this store has some: a bit, a whole unit, a piece, a small one.
	for unit in 0 1 2 3; do
		edited=$((edited + $(edit 2 flip "$large" $unit 40) + $(edit 2 flip "$small" $unit 0)))
	done
	[ "$(edit 2 save "$other" $PIECES "$T/piece")" = 0 ]
	[ -s "$T/piece" ]
	[ "$(edit 2 flip "$other" $PIECES 5)" = 1 ]
	[ "$edited" -ge 3 ]
	server_start 2
	eventually 60 is 2 up
	for name in large other small; do
		client get -f $name - | cmp "$T/${name/other/large}" -
	done
	eventually 60 log_has 2 "damaged .*unit=$large:"
	eventually 60 log_has 2 "damaged .*unit=$small:"
	eventually 60 log_has 2 "damaged .*unit=$other:$PIECES"
	eventually 60 is_good
	run -0 client verify
}

# Has dfs2 the same value of the path as dfs3?  Of copies of their stores, for they run.
has_value_of_others()
{
	local n
	for n in 2 3; do
		rm -rf "$T/store$n"
		cp -r "$CLUSTER/dfs$n/data" "$T/store$n" 2>/dev/null || return 1
		"$DFS_TOOLS/scenarios/tools/edit" "$T/store$n" keep "$1" "$T/value$n" >/dev/null || return 1
	done
	cmp -s "$T/value2" "$T/value3"
}

@test "8.12 a manifest that was changed in one store is not shown, not built on, and mended" {
	local field fields="size modified row tree content-signature key ephemeral sealed signature writes reader-key"
	random_file "$T/odd" 2999 # one byte less has the same units
	for field in $fields; do
		client put -q "$T/odd" "of-$field"
		client share -q "of-$field" other
	done
	server_stop 2
	for field in $fields; do
		[ "$(edit 2 manifest "/tester/of-$field" "$field")" -ge 1 ]
	done
	[ "$(edit 2 manifest /tester/small writer other)" -ge 1 ]
	[ "$(edit 2 manifest /tester/other row)" -ge 1 ]
	server_start 2
	eventually 60 is 2 up
	for field in $fields; do
		client get -f "of-$field" - | cmp "$T/odd" -
		client get -f --user other "/tester/of-$field" - | cmp "$T/odd" -
	done
	client get -f small - | cmp "$T/small" -
	client put -q "$T/small" other
	client get -f other - | cmp "$T/small" -
	for field in $fields; do
		eventually 60 has_value_of_others "/tester/of-$field"
	done
	eventually 60 has_value_of_others /tester/small
	eventually 60 is_good
}

@test "8.12 a unit exchanged with another's, or with another of its own, in one store" {
	server_stop 3
	local unit from=
	for unit in 4 5 6 7 8 9; do
		rm -f "$T/unit"
		edit 3 save "$large" $unit "$T/unit"
		[ -s "$T/unit" ] || continue
		if [ -n "$from" ]; then
			[ "$(edit 3 load "$large" "$from" "$T/unit")" = 1 ]
			[ "$(edit 3 load "$other" $unit "$T/unit")" = 1 ]
			break
		fi
		from=$unit
	done
	[ -n "$from" ]
	server_start 3
	eventually 60 is 3 up
	client get large - | cmp "$T/large" -
	client get other - | cmp "$T/large" -
	eventually 60 log_has 3 "damaged .*unit=$large:$from"
	eventually 60 log_has 3 "damaged .*unit=$other:$unit"
	eventually 60 is_good
}

@test "8.12 what was exchanged in all four stores is returned by none and counts nowhere" {
	local n edited=0
	for n in 1 2 3 4; do
		server_stop $n
		edited=$((edited + $(edit $n flip "$large" 6 40)))
		edit $n flip "$small" 0 0
		[ "$(edit $n flip "$other" $PIECES 5)" = 1 ]
	done
	[ "$edited" = 2 ]
	for n in 1 2 3 4; do
		server_start $n
	done
	for n in 1 2 3 4; do
		eventually 60 is $n up
	done
	for name in large small other; do
		rm -f "$T/out"
		run -9 client get $name "$T/out"
		[ ! -e "$T/out" ]
	done
	run -9 client verify
	[[ $output == *"3 unreadable"* ]]
	# None of them is called a copy any more.
	for n in 1 2 3 4; do
		eventually 60 log_has $n "damaged .*unit=$other:$PIECES"
	done
	# Each server lacks something, and knows that nobody has it.
	for n in 1 2 3 4; do
		eventually 60 has_lost $n
	done
	run ! is_good
}
