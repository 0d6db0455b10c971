# The tests depend on nothing outside of them.
load helper

setup_file()
{
	echo "$HOME" >"$BATS_FILE_TMPDIR/home-of-setup"
}

teardown()
{
	cluster_end
}

@test "9.22 a configuration, a home and sessions of the machine are not seen by the tests" {
	namespace_start
	mkdir -p "$T/etc/upper" "$T/etc/work" "$T/theirs/.config/dfs" "$T/theirs/run"
	"${IN[@]}" mount -t tmpfs none "$T/etc"
	"${IN[@]}" bash -euc 'mkdir "$0/upper" "$0/work"
		mount -t overlay none -o "lowerdir=/etc,upperdir=$0/upper,workdir=$0/work" /etc
		mkdir -p /etc/dfs && echo "[nonsense]" >/etc/dfs/cluster.conf' "$T/etc" ||
		skip "there is no overlay file system here"
	echo "[nonsense]" >"$T/theirs/.config/dfs/cluster.conf"
	cd "$SOURCE"
	run "${IN[@]}" env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME="$T/theirs" XDG_RUNTIME_DIR="$T/theirs/run" \
		XDG_CONFIG_HOME="$T/theirs/.config" DFS_USER=nobody DFS_CONFIG=/nowhere DFS_PASSWORD_FILE=/nowhere \
		TSAN_OPTIONS="${TSAN_OPTIONS:-}" ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
		DFS_BIN="$DFS_BIN" DFS_TOOLS="${DFS_TOOLS:-}" TMPDIR="$T" DFS_TEST_PORTS="${DFS_TEST_PORTS:-}" \
		bats --tap --filter 'which cluster|a cluster is a folder|help' "$SOURCE/tests/scenarios/command_line.bats"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c '^ok ' <<<"$output")" -ge 3 ]
	# And none of it was written to
	[ -z "$(ls "$T/theirs/run")" ]
}

@test "9.22 what a file of tests sets up has a home of its own, too" {
	[[ $(<"$BATS_FILE_TMPDIR/home-of-setup") == "$BATS_FILE_TMPDIR"/* ]]
}
