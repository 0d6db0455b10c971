# What a command costs, counted and not timed.
load helper

teardown()
{
	cluster_end
}

# counted ARG...: the client, with its work on keys in $T/counted
counted()
{
	: >"$T/counted"
	DFS_COUNTED=$T/counted LD_PRELOAD=${DFS_TOOLS:-$SOURCE/build/tests}/scenarios/tools/counted.so \
		ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-} client "$@"
}

# count WORD: so often
count()
{
	grep -cx "$1" "$T/counted" || true
}

# The one of ca.pem, and one for each server: a command does not always wait for all four.
no_ca()
{
	[ "$(count certificate)" -ge 3 ] && [ "$(count certificate)" -le 5 ]
}

@test "9.26 a command makes its keys once, files put together cost two signatures, no handshake brings the CA" {
	no_sanitizer
	local i
	cluster_create
	servers_start
	mkdir "$T/tree"
	for i in {1..10}; do random_file "$T/tree/$i" 4096; done
	client put "$T/tree/1" --to one
	client put -r "$T/tree"
	eventually 20 client status

	# The key that opens what is the user's; the signature of his account, once.
	counted list
	[ "$(count private)" = 1 ]
	[ "$(count ed25519)" = 1 ]
	no_ca
	# And two of the file: who proposed it, and who wrote its content.
	counted get one "$T/one"
	cmp "$T/tree/1" "$T/one"
	[ "$(count private)" = 1 ]
	[ "$(count ed25519)" = 3 ]
	no_ca
	# Ten files that were put together are two signatures, too.
	counted get -r tree "$T/out"
	diff -r "$T/tree" "$T/out"
	[ "$(count private)" = 1 ]
	[ "$(count ed25519)" = 3 ]
	no_ca
	# And the one that signs.
	counted put -r "$T/tree" --to again/
	[ "$(count private)" = 2 ]
	no_ca

	# Of somebody else's files, shared one by one, each list of readers and each share is
	# verified, the one of their contents, and those of two accounts.
	for i in {1..5}; do client share "tree/$i" other; done
	counted get --user other /tester/tree/{1..5} "$T/"
	cmp "$T/tree/5" "$T/5"
	[ "$(count private)" = 1 ]
	[ "$(count ed25519)" = 13 ]
}

@test "9.26 no program brings libraries of Kerberos, where libtirpc can be linked without" {
	no_sanitizer
	local program
	[ "$(${CC:-gcc} -print-file-name=libtirpc.a)" != libtirpc.a ] || skip "there is no libtirpc.a here"
	for program in client/client dfs1/dfs1 dfs2/dfs2 dfs3/dfs3 dfs4/dfs4; do
		run -0 ldd "$DFS_BIN/$program"
		[[ $output == *libcrypto* && $output != *krb5* && $output != *gssapi* ]]
	done
}
