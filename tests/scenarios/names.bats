# Acceptance 1.3: every allowed name works everywhere; every other is refused by both sides.
load helper

setup()
{
	cluster_create
	servers_start
	random_file "$T/in" 777
}

teardown()
{
	cluster_end
}

long_part=$(printf 'n%.0s' $(seq 255))

allowed=(
	a
	.hidden
	...
	' '
	' two  spaces '
	-rf
	--help
	'*?[a-z]{b,c}$HOME`id`'
	"it's \"quoted\" \\ and % percent"
	$'caf\u00e9'
	$'cafe\u0301'
	$'\u00a0'
	$'\u202eturned'
	$'\U1f600'
	$'\uffff'
	'#comment;a=b&c|d<e>f'
	shared
	tester
	"$long_part"
	deep/er/and/de/eper
	"deep/$long_part/$long_part/x"
)

refused=(
	''
	/
	a/
	a//b
	/tester//a
	.
	..
	a/./b
	a/../b
	../a
	/
	/tester
	/tester/
	/Tester/a
	'/some one/a'
	/shared
	$'new\nline'
	$'tab\t'
	$'bell\a'
	$'delete\x7f'
	$'next\u0085line'
	$'latin\xe9'
	$'overlong\xc0\xaf'
	$'half\xe2\x82'
	$'surrogate\xed\xa0\x80'
	"${long_part}n"
)

# A path of that many bytes altogether, in parts of 200.
path_of()
{
	"$PYTHON" -c 'import sys
n = int(sys.argv[1])
path = "/tester" + ("/" + "p" * 199) * 30
path = path[:n]
print(path[:-1] + "q" if path.endswith("/") else path)' "$1"
}

@test "1.3 every allowed name can be put, listed, shown, got and deleted" {
	for name in "${allowed[@]}"; do
		client put --to "$name" -- "$T/in"
		client get --json --to - -- "$name" 2>/dev/null | cmp "$T/in" -
		[ "$(client stat --json -- "$name" | field path)" = "/tester/$name" ]
	done
	# Recursively, names with their folders; --json says the same as the plain list.
	printf '%s\n' "${allowed[@]}" | sort >"$T/expected"
	client list -R | sort | cmp "$T/expected" -
	client list -R --json | field path | sed 's:^/tester/::' | sort | cmp "$T/expected" -
	client delete --json -- "${allowed[@]}" | field status >"$T/words"
	[ "$(sort -u "$T/words")" = done ]
	[ "$(wc -l <"$T/words")" = "${#allowed[@]}" ]
	[ -z "$(client list)" ]
}

@test "1.3 composed and decomposed letters are two names" {
	random_file "$T/other" 50
	client put "$T/in" $'caf\u00e9'
	client put "$T/other" $'cafe\u0301'
	client get $'caf\u00e9' - | cmp "$T/in" -
	client get $'cafe\u0301' - | cmp "$T/other" -
}

@test "1.3 a path of 4096 bytes works, one of 4097 is refused" {
	longest=$(path_of 4096)
	[ ${#longest} = 4096 ]
	client put "$T/in" --to "$longest"
	client get "$longest" - | cmp "$T/in" -
	[ "$(client list -R --json | field path)" = "$longest" ]
	run -2 client put "$T/in" --to "$(path_of 4097)"
	client delete "$longest"
}

@test "1.3 a file in the shared folder, and one of another user's" {
	client put "$T/in" --to /shared/a/b
	client get /shared/a/b - | cmp "$T/in" -
	client --user other get /shared/a/b - | cmp "$T/in" -
	[ "$(client list /shared/)" = a/ ]
	client put "$T/in" --to mine
	run -7 client --user other get /tester/mine -
	client share mine other
	client --user other get /tester/mine - | cmp "$T/in" -
}

@test "1.3 every other name is refused by the client, exit 2, in all verbs" {
	for name in "${refused[@]}"; do
		# With a final '/' the target of put is a folder.
		[[ "$name" == */ ]] || [ -z "$name" ] || run -2 client put --to "$name" -- "$T/in"
		run -2 client get --to "$T/out" -- "$name"
		# What may be a folder's as well may end in '/', as a/ does.
		for verb in stat mkdir rmdir touch 'chmod +x'; do
			# shellcheck disable=SC2086 # the words of a verb
			[ "$name" = a/ ] || run -2 client $verb -- "$name"
		done
		[[ "$name" == */ ]] || run -2 client ln -s -- target "$name"
		run -2 client delete -- "$name"
	done
	[ ! -e "$T/out" ]
	[ -z "$(client list)" ]
	run -2 client list 'a/../b'
	run -2 client list $'new\nline/'
	run -2 client --user 'No Body' list
	run -2 client --user shared list
	run -2 client --user a/b list
}

@test "1.3 every other name is refused by each server, in every procedure" {
	for name in "${refused[@]}"; do
		case $name in
		/*) printf '%s' "$name" ;;
		*) printf '/tester/%s' "$name" ;;
		esac | od -An -v -tx1 | tr -d ' \n'
		echo
	done >"$T/hex"
	printf '/tester/nul\0nul' | od -An -v -tx1 | tr -d ' \n' >>"$T/hex"
	echo >>"$T/hex"
	path_of 4096 | od -An -v -tx1 | tr -d ' \n' >"$T/longest"
	for n in 1 2 3 4; do
		"$DFS_TOOLS/scenarios/tools/refusals" "$DFS_CONFIG" "$n" <"$T/hex"
	done
	# Nothing has changed, and all four still answer.
	client status
	[ -z "$(client list)" ]
}

@test "1.3 a file and a folder do not share a name" {
	client put "$T/in" --to a
	run -8 client put "$T/in" --to a/b
	client put "$T/in" --to c/d
	run -8 client put "$T/in" --to c
	client delete a
	client put "$T/in" --to a/b
	[ "$(client list | tr '\n' ' ')" = "a/ c/ " ]
}
