# Acceptance 8.17: version 0.1.0 beside this one, with programs built from its commit.
load helper

OLD_COMMIT=48d719f	# the last whose protocol is 1 and whose stores are of format 3
OLDER="it speaks an older protocol (1; this program needs 2)"
WHAT_TO_DO='carry the files over: "get -r" with the older programs, "put -r" with these into a new cluster'

# The older programs; where they cannot be had, why.
setup_file()
{
	local why
	why=$(git -c safe.directory='*' -C "$SOURCE" cat-file -e "$OLD_COMMIT^{commit}" 2>&1) || {
		echo "the history of this tree does not reach back to $OLD_COMMIT: $why" |
			tr '\n' ' ' >"$BATS_FILE_TMPDIR/why"
		return 0
	}
	mkdir "$BATS_FILE_TMPDIR/older"
	git -c safe.directory='*' -C "$SOURCE" archive "$OLD_COMMIT" | tar -x -C "$BATS_FILE_TMPDIR/older"
	# As of another tree: nothing of how this one is being built.
	env -u MAKEFLAGS -u MAKELEVEL -u BUILD -u BIN -u SANITIZE \
		make -s -C "$BATS_FILE_TMPDIR/older" -j2 CFLAGS=-O0 all
}

setup()
{
	[ ! -e "$BATS_FILE_TMPDIR/why" ] || skip "$(cat "$BATS_FILE_TMPDIR/why")"
	OLD=$BATS_FILE_TMPDIR/older
	NEW=$DFS_BIN
}

teardown()
{
	cluster_end
}

# From here on client, server_start and so on mean the older programs and their cluster, and back.
older()
{
	DFS_BIN=$OLD CLUSTER=$T/older PROTOCOL=1
	cluster_variables
}

newer()
{
	# shellcheck disable=SC2034 # the helper's
	DFS_BIN=$NEW CLUSTER=$T/cluster PROTOCOL=2
	cluster_variables
}

# A cluster of its own, with a tester and another.
new_cluster()
{
	client cluster create "$CLUSTER" --base-port auto >"$T/created"
	give_ports "$DFS_CONFIG"
	mkdir -p "$T/run" "$T/passwords"
	chmod 700 "$T/run" "$T/passwords"
	cp -p "$CLUSTER/admin.password" "$T/passwords/admin"
	servers_start
	DFS_PASSWORD_FILE=$T/passwords/admin client login --user admin
	user_add tester
	user_add other
}

# All that stands in the stores and beside them, byte for byte.
hash_of()
{
	(cd "$1" && find . -type f ! -name '*.log' -print0 | sort -z | xargs -0 sha256sum)
}

says()
{
	echo "$output"
	[[ $output == *"$1"* ]]
}

# refused N: the server of this version does not start with that store, and says why
refused()
{
	run -1 "$NEW/dfs$1/dfs$1" --config "$CLUSTER/cluster.conf" --no-rpcbind
	says "The store was written by an older version of this program, and is left as it is: $WHAT_TO_DO"
}

@test "8.17 the files of version 0.1.0 are carried over; its store and its servers are refused with how" {
	local n before
	mkdir -p "$T/tree/a folder/with another" "$T/own" "$T/carried" "$T/carried by other"
	echo "hidden" >"$T/tree/.a name with a dot"
	echo "short" >"$T/tree/a folder/a name with spaces.txt"
	: >"$T/tree/a folder/with another/empty"
	random_file "$T/tree/large" 3300007
	random_file "$T/tree/a folder/shared with other" 4097
	echo "for all" >"$T/own/for all.txt"
	echo "other's" >"$T/own/of other"

	older
	new_cluster
	client put -r "$T/tree" tree
	client put --to "/shared/for all.txt" "$T/own/for all.txt"
	client share "tree/a folder/shared with other" other
	client put --user other "$T/own/of other" "kept by other"
	DFS_PASSWORD_FILE=$T/passwords/tester client key export "$T/recovery"

	# Clients of this version, with the session and the recovery file of before, change nothing.
	for n in list verify "get tree/large $T/out"; do
		# shellcheck disable=SC2086 # words
		run -10 "$NEW/client/client" $n
		says "dfs1: $OLDER"
		says "dfs4: $OLDER"
		says "$WHAT_TO_DO"
	done
	[ ! -e "$T/out" ]
	run -3 "$NEW/client/client" status
	says "$OLDER"
	DFS_PASSWORD_FILE=$T/passwords/tester run -10 "$NEW/client/client" login
	says "$WHAT_TO_DO"
	run -10 "$NEW/client/client" passwd --recover "$T/recovery" --new-password-file "$T/passwords/other"
	says "$WHAT_TO_DO"
	servers_stop

	before=$(hash_of "$CLUSTER")
	for n in 1 2 3 4; do
		refused $n
	done
	[ "$(hash_of "$CLUSTER")" = "$before" ]

	# As README says: each user with the older client, then with this one.
	servers_start
	client get -r / --to "$T/carried"
	client get --user other -r / --to "$T/carried by other"
	servers_stop
	before=$(hash_of "$CLUSTER")

	newer
	new_cluster
	client put -r "$T/carried/tester" "$T/carried/shared" --to /
	client put --user other -r "$T/carried by other/other" --to /
	client share "tree/a folder/shared with other" other
	run -0 client verify
	mkdir "$T/back"
	client get -r tree --to "$T/back"
	diff -r "$T/tree" "$T/back/tree"
	client get --user other "/shared/for all.txt" - | cmp - "$T/own/for all.txt"
	client get --user other "kept by other" - | cmp - "$T/own/of other"
	client get --user other "/tester/tree/a folder/shared with other" - |
		cmp - "$T/tree/a folder/shared with other"
	# The recovery file of before is one of another cluster.
	run -2 client passwd --recover "$T/recovery" --new-password-file "$T/passwords/other"
	says "is of another cluster"
	[ "$(hash_of "$T/older")" = "$before" ]
}

@test "8.17 clients and servers of version 0.1.0 among these: refused, named, and all else goes on" {
	newer
	cluster_create
	servers_start
	random_file "$T/in" 5000
	client put "$T/in" name
	# What these programs do not know they take for a slip: the keys that servers sign with.
	run -2 "$OLD/client/client" list
	says "unknown key sign"
	grep -v '^sign = ' "$DFS_CONFIG" >"$CLUSTER/older.conf"
	for n in list "get name $T/out" "put $T/in other"; do
		# shellcheck disable=SC2086 # words
		DFS_CONFIG=$CLUSTER/older.conf run -10 "$OLD/client/client" $n
		says "dfs1: it speaks another version of our protocol"
	done
	[ ! -e "$T/out" ]
	log_has 1 'warn refused .*why="?it speaks protocol 1 and this server 2'

	# The program of before with the store of now, and then with none.
	server_stop 4
	run -1 "$OLD/dfs4/dfs4" --config "$CLUSTER/older.conf" --no-rpcbind
	says "another version of this program"
	mkdir -m 700 "$T/none"
	PROTOCOL=1 DFS_BIN=$OLD server_start 4 --data "$T/none" --config "$CLUSTER/older.conf"
	client put "$T/in" again
	client get again "$T/out"
	cmp "$T/in" "$T/out"
	run -1 client status
	says "dfs4: $OLDER"
	[[ $output != *"carry the files over"* ]]
	# It has heard nothing, and kept nothing, of what is not its language.
	server_stop 4
	server_start 4
	eventually 60 is 4 up
	run -0 client verify
}
