# cat and head: the bytes of files, and of parts of them.
load helper

setup()
{
	cluster_create
	cd "$T"
}

teardown()
{
	cluster_end
}

unit=262144

# part_is FILE RANGE OFFSET LENGTH: cat gives these bytes of the local file of the same name
part_is()
{
	client cat --range "$2" "$1" >part
	tail -c +$(($3 + 1)) "$1" | head -c "$4" | cmp - part
}

# How many bytes the namespace's only interface has carried.
carried()
{
	"${IN[@]}" awk '/lo:/ { print $2 }' /proc/net/dev
}

# costs_less BYTES COMMAND...: less than so many are carried meanwhile
costs_less()
{
	local before bytes limit=$1
	shift
	before=$(carried)
	"$@"
	bytes=$(($(carried) - before))
	[ "$bytes" -lt "$limit" ] || { echo "$* carried $bytes" >&2; return 1; }
}

@test "4.1 cat gives files and every range of them, head their beginnings; with all mistakes" {
	local size at
	servers_start
	random_file large $((9 * unit + 77))
	random_file medium 100003
	random_file small 10
	: >empty
	seq 1 200000 >lines
	printf 'no end of line' >text
	client put large medium small empty lines text --to /tester/
	client cat large medium small empty text | cmp - <(cat large medium small empty text)

	# At each edge of units, one before and one past it.
	size=$((9 * unit + 77))
	for at in 0 1 $((unit - 1)) $unit $((unit + 1)) $((4 * unit - 1)) $((9 * unit - 1)) \
		$((9 * unit)) $((size - 1)) "$size" $((size + 1)); do
		part_is large "$at:1" "$at" 1
		part_is large "$at:$((unit + 1))" "$at" $((unit + 1))
		part_is large "$at:" "$at" "$size"
	done
	# Units of a small file are its quarters: 3, 3, 3 and 1, and 25001.
	for at in {0..11}; do
		part_is small "$at:1" "$at" 1
		part_is small "$at:4" "$at" 4
	done
	for at in 0 25000 25001 25002 75003 100002 100003; do
		part_is medium "$at:25001" "$at" 25001
	done
	part_is empty 0:1 0 0
	part_is empty 5: 0 0
	part_is large 1K:2K 1024 2048
	part_is large :10 0 10
	# Of several, the range of each.
	client cat --range 2:3 small medium |
		cmp - <(for name in small medium; do tail -c +3 $name | head -c 3; done)

	client head lines | cmp - <(head lines)
	client head -n 1 lines | cmp - <(head -n 1 lines)
	client head -n 0 lines | cmp - empty
	client head -n 150000 lines | cmp - <(head -n 150000 lines)
	client head -n 200000 lines | cmp - lines
	client head -n 200001 lines | cmp - lines
	client head -n 3 text | cmp - text
	client head -c 0 large | cmp - empty
	client head -c $((unit + 1)) large | cmp - <(head -c $((unit + 1)) large)
	client head -c 100 small | cmp - small
	client head -n2 text lines empty | cmp - <(head -n2 text lines empty)
	client head -c3 '*m*' | cmp - <(head -c3 empty medium small)

	# Objects go to stderr; the code is that of get.
	client cat --json small text 2>objects | cmp - <(cat small text)
	[ "$(field code <objects | tr '\n' ' ')" = "0 0 " ]
	[ "$(field path <objects | head -1)" = /tester/small ]
	run -4 --separate-stderr client cat nothing
	[ -z "$output" ] && [[ $stderr == *"nothing: no such file"* ]]
	run -3 --separate-stderr client cat nothing small
	[ "$output" = "$(cat small)" ]
	[ "$(client cat --json nothing 2>&1 | field status)" = missing ]
	client put small folder/small
	run -4 client head folder
	[[ $output == *"it is a folder"* ]]
	for range in 5 : 1:2:3 -1:5 a:b 9223372036854775808:1 "1 :1"; do
		run -2 client cat "--range=$range" small
	done
	run -2 client cat
	run -2 client head
	run -2 client head -n x small
	run -2 client head -n -1 small
	run -2 client head -n 1 -c 1 small
	run -2 client cat --lines 3 small
	run -7 client cat --user other /tester/small
	# A reader who has seen enough.
	client cat large | head -c 1 >/dev/null

	server_kill 2
	part_is large $((3 * unit - 5)):$((2 * unit)) $((3 * unit - 5)) $((2 * unit))
	client head -n 3 lines | cmp - <(head -n 3 lines)
	client cat small medium | cmp - <(cat small medium)
	# Who has seen enough is warned like who reads all.
	server_kill 4
	client head -n 3 lines 2>said | cmp - <(head -n 3 lines)
	grep -q 'only two servers answered' said
}

@test "4.1 a range needs the units that it is in, and no others: of servers, and in bytes" {
	namespace_start
	servers_start
	file_of_row large 0 $((32 * 1048576))
	seq 1 2000000 >lines
	client put large lines --to /tester/
	costs_less 900000 client cat --range 20M:100 large >part
	tail -c +20971521 large | head -c 100 | cmp - part
	costs_less 900000 client cat --range 1048575:2 large >part
	tail -c +1048576 large | head -c 2 | cmp - part
	costs_less 900000 client head -c 10 large >part
	# Lines are looked for in what comes first, a few units ahead.
	costs_less 4000000 client head lines >part
	head lines | cmp - part

	# Row 0: chunk 2 is on dfs1 and dfs2, the others are on dfs3 or dfs4.
	server_kill 1 2
	run -5 client cat large
	client cat --range 0:1000 large | cmp - <(head -c 1000 large)
	client cat --range $((2 * unit)):$((2 * unit)) large |
		cmp - <(tail -c +$((2 * unit + 1)) large | head -c $((2 * unit)))
	run -5 --separate-stderr client cat --range "$unit:1" large
	[ -z "$output" ] && [[ $stderr == *"chunk 2"* ]]
}

@test "4.1 what is printed of a range is proved" {
	servers_start
	random_file large $((8 * 1048576))
	client put large --to large
	for s in 1 2 3 4; do spoil $s; done
	run -9 --separate-stderr client cat --range 3M:10 large
	[ -z "$output" ]
	run -9 --separate-stderr client head -n 1 large
	[ -z "$output" ]
}
