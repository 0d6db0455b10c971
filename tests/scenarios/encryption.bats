# Acceptance 2.3: whatever is done to what the servers store, get proves it: damaged, exit 9, and
# nothing is written.  The records are edited so that their checksums are right; what they hold
# the servers prove too, and get does not rely on that.
load helper

setup()
{
	cluster_create
	servers_start
}

teardown()
{
	cluster_end
}

edit()
{
	local n=$1
	shift
	"$DFS_TOOLS/scenarios/tools/edit" "$CLUSTER/dfs$n/data" "$@"
}

# In all four stores; at least two of them have it.
edit_all()
{
	local n count=0
	for n in 1 2 3 4; do
		count=$((count + $(edit "$n" "$@")))
	done
	[ "$count" -ge 2 ]
}

# A stored unit, from whoever has it.
save_unit()
{
	local n
	for n in 1 2 3 4; do
		edit "$n" save "$1" "$2" "$3" >/dev/null
	done
	[ -s "$3" ]
}

object_of()
{
	client stat --json "$1" | field object
}

to_nowhere()
{
	client get "$1" - >/dev/null
}

# Fails with 9; the file that was there before is there still, and no other.
expect_damaged()
{
	rm -rf "$T/out"
	mkdir "$T/out"
	echo before >"$T/out/file"
	run -9 client get -f "$1" "$T/out/file"
	[[ "$output" == *"transfer failed"* || "$output" == *"damaged"* ]]
	[ "$(cat "$T/out/file")" = before ]
	[ "$(ls -A "$T/out")" = file ]
	run -9 to_nowhere "$1"
}

@test "2.3 a unit that was changed, cut, exchanged or taken from elsewhere: damaged, nothing written" {
	# Nine units; the third and the seventh are of one chunk and of one length.
	random_file "$T/in" 2200000
	for name in kept format first last tag cut swapped older other; do
		client put "$T/in" $name
		eval "$name=$(object_of $name)"
	done
	servers_stop
	save_unit "$older" 2 "$T/older"
	servers_start
	random_file "$T/in" 2200000
	for name in kept older other; do
		client put "$T/in" $name
	done
	kept=$(object_of kept) older=$(object_of older) other=$(object_of other)
	servers_stop
	edit_all flip "$format" 2 0
	edit_all flip "$first" 2 1
	edit_all flip "$last" 2 -17
	edit_all flip "$tag" 2 -1
	edit_all cut "$cut" 2
	save_unit "$swapped" 2 "$T/one"
	save_unit "$swapped" 6 "$T/two"
	edit_all load "$swapped" 2 "$T/two"
	edit_all load "$swapped" 6 "$T/one"
	edit_all load "$older" 2 "$T/older"
	save_unit "$kept" 2 "$T/kept"
	edit_all load "$other" 2 "$T/kept"
	servers_start
	client get kept - | cmp "$T/in" -
	for name in format first last tag cut swapped older other; do
		expect_damaged $name
	done
}

@test "2.3 the same with compressed units, and with small files" {
	yes "all work and no play makes Jack a dull boy" | head -c 2200000 >"$T/text" || true
	head -c 5000 "$T/text" >"$T/small"
	for name in text small; do
		client put "$T/$name" $name
		client put "$T/$name" $name.swapped
		client put "$T/$name" $name.kept
		eval "$name=$(object_of $name) swapped_$name=$(object_of $name.swapped)"
	done
	client put "$T/small" whole
	servers_stop
	edit_all flip "$text" 3 40
	edit_all flip "$small" 3 40
	for object in $swapped_text $swapped_small; do
		save_unit "$object" 0 "$T/one"
		save_unit "$object" 1 "$T/two"
		edit_all load "$object" 0 "$T/two"
		edit_all load "$object" 1 "$T/one"
	done
	servers_start
	expect_damaged text
	expect_damaged text.swapped
	expect_damaged small
	expect_damaged small.swapped
	client get text.kept - | cmp "$T/text" -
	# Of several files each is judged alone.
	mkdir "$T/all"
	run -3 client get small.kept small whole "$T/all/"
	cmp "$T/small" "$T/all/whole"
	cmp "$T/small" "$T/all/small.kept"
	[ ! -e "$T/all/small" ]
}

@test "2.3 a unit that one holder has changed comes from the other" {
	random_file "$T/in" 2200000
	random_file "$T/small" 5000
	client put "$T/in" large
	client put "$T/small" small
	large=$(object_of large) small=$(object_of small)
	for n in 1 2 3 4; do
		server_stop $n
		edit $n flip "$large" 2 100
		edit $n flip "$small" 2 100
		server_start $n
		client get large - | cmp "$T/in" -
		client get small - | cmp "$T/small" -
		server_stop $n
		edit $n flip "$large" 2 100
		edit $n flip "$small" 2 100
		server_start $n
	done
}

# The first piece of the hash tree, which is stored behind all units that there can be.
change_hashes()
{
	[ "$(edit "$1" flip "$large" 4194304 40)" = 1 ]
}

# dfs2 stops with changed hashes, though it may have mended them when it was asked for them.
stop_changed()
{
	local healed
	servers_stop
	healed=$(grep -c " healed files=1 .* lost=0 " "$CLUSTER/dfs2.log" || true)
	if [ "$healed" -gt "$mended" ]; then
		mended=$healed
		change_hashes 2
	fi
}

@test "2.3 hashes that prove units: changed at one server they come from another; at all, nothing is given" {
	random_file "$T/in" 2200000
	client put "$T/in" large
	large=$(object_of large)
	servers_stop
	mended=0
	change_hashes 2
	servers_start
	client get large - | cmp "$T/in" -
	stop_changed
	servers_start
	run -9 client verify --no-wait large
	[[ "$output" == *"dfs2: chunk"*"two other copies are good"* ]]
	[[ "$output" != *dfs[134]:* ]]
	stop_changed
	for n in 1 3 4; do
		change_hashes $n
	done
	servers_start
	expect_damaged large
}

@test "2.3 a manifest that was edited in all four stores: damaged, nothing written" {
	random_file "$T/in" 5003
	client put "$T/in" kept
	fields="writer reader writes reader-key key ephemeral maker tree content-signature size modified stored row sealed moved"
	for field in $fields; do
		client put "$T/in" "$field"
	done
	client share writes other
	client share reader-key other
	servers_stop
	for field in $fields; do
		case $field in
		writer) edit_all manifest /tester/writer writer other ;;
		reader) edit_all manifest /tester/reader reader other ;;
		maker) edit_all manifest /tester/maker maker "$(printf %032d 7)" ;;
		moved)
			for n in 1 2 3 4; do
				edit $n keep /tester/kept "$T/kept"
			done
			edit_all give /tester/moved "$T/kept" ;;
		*) edit_all manifest "/tester/$field" "$field" ;;
		esac
	done
	servers_start
	client get kept - | cmp "$T/in" -
	for field in $fields; do
		expect_damaged "$field"
		run -9 client stat "$field"
	done
	for n in 1 2 3 4; do
		! log_has $n damaged
	done
}

@test "2.3 a reader whom the servers made up is given no key, whoever stores the file" {
	random_file "$T/in" 5000
	client put "$T/in" mine
	client put "$T/in" theirs
	client share --write theirs other
	servers_stop
	edit_all manifest /tester/mine reader other
	edit_all manifest /tester/theirs signature
	servers_start
	# The servers let him in, and it helps him nothing.
	run -9 client get --user other /tester/mine "$T/out"
	run -9 client put "$T/in" mine
	[[ "$output" == *"not signed"* ]]
	run -9 client put "$T/in" theirs
	run -9 client put --user other "$T/in" /tester/theirs
	run -9 client share mine admin
	run -9 client get --user other /tester/theirs "$T/out"
	# The owner is told how to go on.
	client delete mine
	client put "$T/in" mine
	run -7 client get --user other /tester/mine "$T/out"
	[ ! -e "$T/out" ]
}

@test "text that compresses takes less disk, and data that does not takes hardly more" {
	seq 1000000 | head -c 4000000 >"$T/text"
	random_file "$T/random" 4000000
	used()
	{
		client status --json | field stored | "$PYTHON" -c 'import sys
print(sum(int(line) for line in sys.stdin if line.strip() != "None"))'
	}
	# A merge may be at work, which saves some ten kilobytes, and a server late.
	grown_by()
	{
		local grown=$(($(used) - before))
		[ "$grown" -gt "$1" ] && [ "$grown" -lt "$2" ]
	}
	before=$(used)
	client put "$T/text" text
	eventually 20 grown_by 100000 4000000
	before=$(used)
	client put "$T/random" random
	eventually 20 grown_by 7800000 8400000
	client get text - | cmp "$T/text" -
	client get random - | cmp "$T/random" -
}
