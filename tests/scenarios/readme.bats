# Acceptance 1.1, as far as one machine can show it: what README.md says to type does work, as typed.
load helper

# The tree as someone else would have it, with what is built, and without any cluster.
setup()
{
	[ "$DFS_BIN" = "$SOURCE" ] || skip "the ten lines are about the product's own build"
	namespace_start
	mkdir "$T/tree"
	cd "$SOURCE"
	cp -a --parents Makefile README.md LICENSE CHANGELOG rpc server client dfs[1-4]/main.c dfs[1-4]/dfs[1-4] \
		tests doc build "$T/tree"
	cd "$T/tree"
	IN=(nsenter -t "$NAMESPACE_PID" -n -m "--wdns=$PWD")
	unset DFS_CONFIG DFS_USER
	export HOME=$T/home
	mkdir "$HOME"
}

teardown()
{
	if [ -e "$T/tree/cluster.conf" ]; then
		(cd "$T/tree" && tests/down)
	fi
	cluster_end
}

# The fenced block that follows the heading.
block_of()
{
	awk -v heading="$1" '$0 ~ heading { found = 1 } found && /^```/ { if (on) exit; on = 1; next } on' README.md
}

ten_lines()
{
	block_of '^## Use it' >"$T/lines"
	[ "$(wc -l <"$T/lines")" = 10 ]
	"${IN[@]}" bash -eux "$T/lines" >"$T/said" 2>&1 || {
		cat "$T/said"
		return 1
	}
	cmp README.md copy.md
	for n in 1 2 3 4; do
		[ -n "$(ls "dfs$n/data/seg")" ]
		[ ! -e "/proc/$(cat "dfs$n/pid" 2>/dev/null || echo none)/exe" ]
	done
}

@test "1.1 the README's ten lines, as typed, with an rpcbind" {
	rpcbind_start
	ten_lines
	grep -E '6000000(0)?0?[1-4]' "$T/said"
	# The servers have taken their registrations back.
	! "${IN[@]}" rpcinfo -p 127.0.0.1 | grep 60000000
}

@test "1.1 the README's ten lines, as typed, without an rpcbind" {
	ten_lines
	grep 'so rpcinfo -p shows nothing; all else works' "$T/said"
}

@test "1.1 what git ignores covers every key, password and store that make up makes" {
	"${IN[@]}" make up >/dev/null
	git init -q .
	cp "$SOURCE/.gitignore" .
	git add -A 2>/dev/null
	! git ls-files | grep -E '\.(pem|key)$|password|/data/|cluster\.conf|/pid$|/log$'
	"${IN[@]}" make down
}

@test "1.1 make clean leaves keys and stores alone" {
	"${IN[@]}" make up >/dev/null
	"${IN[@]}" make down >/dev/null
	find dfs? ca.* cluster.conf -type f ! -name 'dfs?' | sort >"$T/before"
	make clean >/dev/null
	find dfs? ca.* cluster.conf -type f ! -name 'dfs?' | sort | cmp "$T/before" -
	[ ! -e build ]
	[ ! -e dfs1/dfs1 ]
}

@test "1.1 the two commands of README are targets of the Makefile" {
	block_of '^## See it' >"$T/lines"
	grep -qx 'apt-get install -y make && make demo' "$T/lines"
	grep -qx 'make test' "$T/lines"
	make -n demo >/dev/null
	make -n test >/dev/null
}

@test "make install puts five programs and their manuals where they belong" {
	make install DESTDIR="$T/root" PREFIX=/usr >/dev/null
	for file in bin/dfs sbin/dfs1 sbin/dfs2 sbin/dfs3 sbin/dfs4; do
		[ -x "$T/root/usr/$file" ]
	done
	[ -s "$T/root/usr/share/man/man1/dfs.1" ]
	[ -s "$T/root/usr/share/man/man8/dfs4.8" ]
	cmp doc/SECURITY.md "$T/root/usr/share/doc/dfs/SECURITY.md"
	# The client calls itself what it is called.
	run -2 "$T/root/usr/bin/dfs" nonsense
	[[ "$output" == dfs:* ]]
}
