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
	rm copy.md
	for n in 1 2 3 4; do
		[ -n "$(ls "dfs$n/data/seg")" ]
		[ ! -e "/proc/$(cat "dfs$n/pid" 2>/dev/null || echo none)/exe" ]
	done
}

@test "1.1 the README's ten lines, as typed, with an rpcbind" {
	rpcbind_start
	ten_lines
	grep -E '6000000(0)?0?[1-4]' "$T/said"
	grep '^	client login --user anna' "$T/said"
	# The servers have taken their registrations back.
	! "${IN[@]}" rpcinfo -p 127.0.0.1 | grep 60000000
}

@test "1.1 the README's ten lines, as typed, without an rpcbind" {
	ten_lines
	grep 'so rpcinfo -p shows nothing; all else works' "$T/said"
}

@test "9.16 the ten lines a second time are as good as the first, and what to try is not said again" {
	ten_lines
	ten_lines
	! grep 'To try them' "$T/said"
}

# Another cluster, of a tree like this one, that has the ports 10001 to 10004.
other_cluster()
{
	mkdir "$T/elsewhere"
	cp -a "$T/tree/." "$T/elsewhere"
	(cd "$T/elsewhere" && "${IN[@]}" "--wdns=$T/elsewhere" make up >/dev/null)
}

@test "9.16 on ports that are taken make up takes others, or says which are taken, and never pings another cluster" {
	other_cluster
	run -1 "${IN[@]}" tests/up 10000
	[[ "$output" == *"port 10001 is taken"* ]]
	[ ! -e cluster.conf ]
	"${IN[@]}" make up >"$T/said" 2>&1 || { cat "$T/said"; false; }
	grep 'this cluster gets others' "$T/said"
	! grep -E ':1000[1-4]$' cluster.conf
	DFS_PASSWORD_FILE=admin.password "${IN[@]}" client/client --config cluster.conf --user admin user list
	"${IN[@]}" make down
	# One that is there already and finds its ports taken
	sed -i '/^\[dfs3\]/,/^\[/ s/^address = .*/address = 127.0.0.1:10003/' cluster.conf
	run -2 "${IN[@]}" make up
	[[ "$output" == *"dfs3 is not started: another program has its port 10003"* ]]
	"${IN[@]}" make down
	(cd "$T/elsewhere" && tests/down)
}

@test "9.16 make up names missing packages as make demo does, and does not say what it does itself" {
	mkdir "$T/bin"
	for name in bash sh grep sed cat env id make dirname nproc setpriv; do
		ln -s "$(command -v $name)" "$T/bin/$name"
	done
	chmod 755 "$T" "$T/tree"
	run -2 env PATH="$T/bin" setpriv --reuid 65534 --clear-groups make up
	[[ "$output" == *"sudo apt-get install"*rpcsvc-proto* ]]
	"${IN[@]}" make up >"$T/said" 2>&1
	! grep 'start its servers' "$T/said"
}

@test "9.19 build, make up, make demo and make install work in a folder with a blank in its name" {
	mkdir "$T/my dir"
	cp -a "$T/tree/." "$T/my dir"
	cd "$T/my dir"
	IN=(nsenter -t "$NAMESPACE_PID" -n -m "--wdns=$PWD")
	# What make has to make anew: the generated files, and one object of each kind.
	rm -f build/rpc/dfs_xdr.* build/server/server.o build/client/main.o dfs?/dfs? client/client
	make BUILD=other other/rpc/dfs.h >/dev/null
	cmp other/rpc/dfs.h build/rpc/dfs.h
	"${IN[@]}" make up >"$T/said" 2>&1 || { cat "$T/said"; false; }
	"${IN[@]}" env DFS_PASSWORD_FILE=admin.password client/client --config cluster.conf --user admin user list
	"${IN[@]}" make down
	make install DESTDIR="$T/my root" PREFIX=/usr >/dev/null
	[ -x "$T/my root/usr/sbin/dfs4" ]
	make uninstall DESTDIR="$T/my root" PREFIX=/usr >/dev/null
	[ -z "$(find "$T/my root" ! -type d)" ]
	"${IN[@]}" make demo >"$T/said" 2>&1 || { tail -30 "$T/said"; false; }
}

@test "12.14 nobody else can read the logs of make up, nor those of before, whatever the umask" {
	umask 022
	"${IN[@]}" make up >/dev/null
	"${IN[@]}" make down
	chmod 644 dfs2/log
	"${IN[@]}" make up >/dev/null
	"${IN[@]}" make down
	for n in 1 2 3 4; do
		[ -s "dfs$n/log" ]
		[ -z "$(find "dfs$n/log" -perm /037)" ]
	done
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
