# Acceptance 1.2: what is put comes back, byte for byte.
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

# The row by the rule that README states: the last hex digit of xxh128sum, modulo four.
row_of()
{
	local digit
	digit=$(xxh128sum "$1" 2>/dev/null | cut -c32)
	echo $((16#$digit % 4))
}

@test "1.2 bytes come back equal, for every size where something changes" {
	mkdir "$T/in" "$T/out"
	for size in $(seq 0 16) 1023 262143 262144 262145 1048575 1048576 1048577 5242883; do
		random_file "$T/in/$size" "$size"
		client put "$T/in/$size" "sizes/$size"
	done
	for size in $(ls "$T/in"); do
		client get "sizes/$size" "$T/out/$size"
		cmp "$T/in/$size" "$T/out/$size"
		[ "$(client stat --json "sizes/$size" | field size)" = "$size" ]
		[ "$(client stat --json "sizes/$size" | field row)" = "$(row_of "$T/in/$size")" ]
	done
	[ "$(client list sizes/ | wc -l)" = "$(ls "$T/in" | wc -l)" ]
}

@test "1.2 all sizes again after all four servers were restarted" {
	mkdir "$T/in"
	for size in 0 1 3 5 17 1048577 5242883; do
		random_file "$T/in/$size" "$size"
	done
	client put "$T/in"/* --to sizes/
	servers_stop
	servers_start
	for size in $(ls "$T/in"); do
		client get "sizes/$size" - | cmp "$T/in/$size" -
	done
}

@test "1.2 from stdin and to stdout, through pipes" {
	random_file "$T/in" 3000001
	cat "$T/in" | client put - piped
	client get piped - | cat | cmp "$T/in" -
	client put - empty </dev/null
	[ "$(client get empty - | wc -c)" = 0 ]
	client put - redirected <"$T/in"
	client get redirected - | cmp "$T/in" -
}

@test "1.2 a file that is not text: every byte value, NULs, and a program" {
	"$PYTHON" -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 5 + bytes(4096))' >"$T/in"
	client put "$T/in" bytes
	client get bytes - | cmp "$T/in" -
	client put "$DFS_BIN/dfs1/dfs1" program
	client get program "$T/program"
	cmp "$DFS_BIN/dfs1/dfs1" "$T/program"
}

@test "1.2 a file that grows while it is put is noticed, and nothing is stored" {
	random_file "$T/in" 30000000
	background "$PYTHON" -c 'import sys
while True:
	with open(sys.argv[1], "ab", 0) as file:
		file.write(b"x")
	open(sys.argv[2], "a").close()' "$T/in" "$T/growing"
	eventually 20 test -e "$T/growing"
	run ! client put "$T/in" changing
	[[ "$output" == *chang* ]]
	kill -KILL "$BACKGROUND_PID"
	run -4 client stat changing
	run -4 client get changing "$T/out"
	[ ! -e "$T/out" ]
}

@test "1.2 a file that is rewritten in place while it is put does not replace the old version" {
	random_file "$T/old" 1000
	client put "$T/old" changing
	random_file "$T/in" 30000000
	background "$PYTHON" -c 'import sys
with open(sys.argv[1], "r+b", 0) as file:
	n = 0
	while True:
		n += 1
		file.seek(n * 4099 % 30000000)
		file.write(bytes([n % 256]))
		if n == 1000:
			open(sys.argv[2], "a").close()' "$T/in" "$T/rewriting"
	eventually 20 test -e "$T/rewriting"
	run ! client put "$T/in" changing
	[[ "$output" == *chang* ]]
	client get changing - | cmp "$T/old" -
}

@test "1.2 a folder is no file, a missing file is missing, and neither stops the others" {
	random_file "$T/good" 100
	mkdir "$T/folder"
	run ! client put "$T/folder" "$T/nowhere" "$T/good" --to many/
	client get many/good - | cmp "$T/good" -
	[ "$(client list many/)" = good ]
}

# bats test_tags=large
@test "1.2 a file of 4 GiB + 1 comes back equal, from sparse and from random parts" {
	random_file "$T/in" 1048576
	truncate -s 4294967296 "$T/in"
	printf x >>"$T/in"
	dd if=/dev/urandom of="$T/in" bs=1M seek=4090 count=5 conv=notrunc status=none
	client put "$T/in" large
	[ "$(client stat --json large | field size)" = 4294967297 ]
	[ "$(client stat --json large | field row)" = "$(row_of "$T/in")" ]
	client get large - | cmp "$T/in" -
	server_kill 2
	client get large "$T/out"
	cmp "$T/in" "$T/out"
}
