# What becomes of a log-in that cannot be good, of sessions, and of the words for it: each cause
# reaches the user, with a code that fits.
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

# The client without a terminal that it could ask at.
alone()
{
	setsid -w "${IN[@]}" "$DFS_BIN/client/client" "$@"
}

by_password()
{
	local user=$1
	shift
	DFS_PASSWORD_FILE=$T/passwords/$user alone --user "$user" "$@"
}

# A file that holds a password, and nobody else can read.
secret()
{
	# shellcheck disable=SC2059 # what it holds is a format
	(umask 077 && printf "$2" >"$1")
}

# The client on a clock that is so far off.
clock()
{
	local off=$1
	shift
	faketime -f "$off" setsid -w "$DFS_BIN/client/client" "$@"
}

# As somebody who may read and write what is his alone, though he is root.
without_power()
{
	setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search \
		setsid -w "$DFS_BIN/client/client" "$@"
}

# Before each of the servers, which have other ports now, stands somebody who has its key and tells
# this lie about log-ins.
LIARS=()
lie_everywhere()
{
	local lie=$1 n pid
	for pid in "${LIARS[@]}"; do
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null || true
	done
	LIARS=()
	if [ ! -e "$CLUSTER/behind.conf" ]; then
		servers_stop
		cp "$DFS_CONFIG" "$CLUSTER/behind.conf"
		give_ports "$CLUSTER/behind.conf"
		DFS_CONFIG=$CLUSTER/behind.conf servers_start --config "$CLUSTER/behind.conf"
	fi
	for n in 1 2 3 4; do
		rm -rf "$T/liar.$n"
		mkdir "$T/liar.$n"
		background "$PYTHON" "$TOOLS/liar.py" "$(server_port $n)" \
			"$(DFS_CONFIG=$CLUSTER/behind.conf server_port $n)" "$CLUSTER" "$n" "$lie" "$T/liar.$n"
		LIARS+=("$BACKGROUND_PID")
	done
	for n in 1 2 3 4; do
		eventually 20 test -e "$T/liar.$n/ready"
	done
}

# Fails with this code and says this, and nothing of a wrong password or a session that is over.
says()
{
	local code=$1 what=$2 rc=0
	shift 2
	"$@" >"$T/said" 2>&1 || rc=$?
	cat "$T/said"
	[ "$rc" = "$code" ]
	grep -q "$what" "$T/said"
	! grep -Eq "is wrong|is over" "$T/said"
}

@test "9.2 each cause of a failed log-in has its text and its code; only a wrong password is called wrong" {
	local verb
	sed "s/^admin = .*/admin = $(printf 'ab%.0s' {1..32})/" "$DFS_CONFIG" >"$CLUSTER/other.conf"
	for verb in whoami list; do
		says 9 "not signed by the admin" alone --config "$CLUSTER/other.conf" $verb
		says 9 "not signed by the admin" by_password tester --config "$CLUSTER/other.conf" $verb
	done
	says 9 "not signed by the admin" by_password tester --config "$CLUSTER/other.conf" login
	run -3 alone --config "$CLUSTER/other.conf" status
	[[ $output == *"not signed by the admin"* && $output != *"is over"* ]]
	secret "$T/wrong" "not the password"
	run -7 env DFS_PASSWORD_FILE="$T/wrong" setsid -w "$DFS_BIN/client/client" whoami
	[[ $output == *"the password in DFS_PASSWORD_FILE is wrong"* ]]
	# What the servers say alike, and cannot be right.
	lie_everywhere weak
	says 9 "too easy to guess" by_password tester whoami
	lie_everywhere keyring
	says 9 "the keyring that the servers keep for tester" by_password tester whoami
	says 9 "the keyring that the servers keep for tester" alone whoami
	lie_everywhere account
	says 9 "not signed by the admin" alone whoami
}

works_within()
{
	(ulimit -v "$1" && by_password tester whoami) >/dev/null 2>&1
}

@test "9.2 too little memory for a log-in is not a wrong password" {
	no_sanitizer
	# Well below the most with which it works now and then: what the password is stretched in
	# takes 32 MiB at once, and the little that is missing now may be missing elsewhere.
	local limit=100000
	while works_within "$limit" || works_within "$limit" || works_within "$limit"; do
		limit=$((limit - 4000))
	done
	limit=$((limit - 8000))
	ulimit -v "$limit"
	says 1 "out of memory" by_password tester whoami
	says 1 "out of memory" by_password tester login
}

@test "9.5 the first line of a password file counts, however it ends; nothing untypable is chosen" {
	local text n=0
	secret "$T/typed" "a password with words"
	for text in '\xef\xbb\xbfa password with words\r\n\r\n' 'a password with words\n\n' 'a password with words\nand a remark'; do
		n=$((n + 1))
		secret "$T/file" "$text"
		alone user add "user$n" --user admin --new-password-file "$T/file"
		DFS_PASSWORD_FILE=$T/typed run -0 alone whoami --user "user$n"
		DFS_PASSWORD_FILE=$T/file run -0 alone whoami --user "user$n"
	done
	for text in '\na password with words\n' 'a password\twith words\n' 'a password\rwith words\n' 'words \xc2\x9b words'; do
		secret "$T/file" "$text"
		run -2 alone user add anna --user admin --new-password-file "$T/file"
		run -2 by_password tester passwd --new-password-file "$T/file"
	done
	run -0 by_password tester whoami
}

@test "9.6 a cluster.conf of somebody else in what su leaves as home is passed over" {
	need_root
	mkdir -p "$T/theirs/dfs"
	cp "$CLUSTER/cluster.conf" "$CLUSTER/ca.pem" "$T/theirs/dfs"
	DFS_CONFIG='' XDG_CONFIG_HOME=$T/theirs run -0 alone whoami
	chown -R 65534 "$T/theirs"
	DFS_CONFIG='' XDG_CONFIG_HOME=$T/theirs run -2 without_etc setsid -w "$DFS_BIN/client/client" whoami
	[[ $output == *"no cluster.conf of yours found"* ]]
	# Whoever names it means it.
	run -0 alone --config "$T/theirs/dfs/cluster.conf" whoami
}

@test "9.6 the runtime folder or home of somebody else is left alone; what he left is no session" {
	need_root
	unshare -m --propagation private true 2>/dev/null || skip "namespaces are not permitted here"
	local file
	mkdir -m 700 "$T/theirs"
	chown 65534 "$T/theirs"
	XDG_RUNTIME_DIR=$T/theirs by_password tester login
	XDG_RUNTIME_DIR=$T/theirs run -0 alone whoami
	XDG_RUNTIME_DIR=$T/theirs run -0 alone logout
	# The home of before is no better: root's own is taken.
	cp "$DFS_BIN/client/client" "$T/program"
	DFS_PASSWORD_FILE=$T/passwords/tester HOME=$T/theirs XDG_RUNTIME_DIR=$T/theirs \
		unshare -m --propagation private bash -euc 'home=$(getent passwd 0 | cut -d: -f6)
		mount -t tmpfs none "$home"
		[ ! -e /run/user/0 ] || mount -t tmpfs none /run/user
		"$0" login
		test -n "$(find "$home/.local/state/dfs" -name tester)"' "$T/program"
	[ -z "$(ls -A "$T/theirs")" ]
	# Somebody who may not read everything finds what root has left.
	file=$(find "$T/run/dfs" -name admin)
	chown 65534 "$file"
	run --separate-stderr -7 without_power whoami --user admin
	[[ $stderr == *"admin is not logged in"*"$file"*"Permission denied"*XDG_RUNTIME_DIR* ]]
	touch "$file"
	rm "$(find "$T/run/dfs" -name other)"
	run -0 env -u DFS_USER "$BASH" -c "$(declare -f without_power); without_power whoami"
	[ "$output" = tester ]
	# What is left of all sessions is his: it is said, and what to do.
	rm "$(find "$T/run/dfs" -name tester)"
	run -7 env -u DFS_USER "$BASH" -c "$(declare -f without_power); without_power list"
	[[ $output == *"admin is not logged in"*XDG_RUNTIME_DIR* ]]
}

@test "9.13 the clock of the client: a day behind is said as such; 22 hours off is as good as none" {
	no_sanitizer
	command -v faketime >/dev/null || skip "needs faketime"
	local off
	run --separate-stderr -10 clock -25h whoami
	[[ $stderr == *"not yet valid"*"the clock of this machine"*"it says $(date -u -d '25 hours ago' +%Y-%m-%d)"* ]]
	DFS_PASSWORD_FILE=$T/passwords/tester run --separate-stderr -10 clock +20y whoami
	[[ $stderr == *"the clock of this machine"* ]]
	for off in -22h +30h; do
		DFS_PASSWORD_FILE=$T/passwords/tester run -0 clock $off login
		run -0 clock $off whoami
		run -0 env -u DFS_USER "$BASH" -c "$(declare -f clock); clock $off whoami"
		[ "$output" = tester ]
		# And when it was put right.
		run -0 alone whoami
		run -0 alone whoami --user other
	done
}

@test "9.23 after logout or a new password one is still oneself, and nobody whose session is left" {
	local verb
	alone user list --user admin >"$T/before"
	by_password tester login
	for verb in "logout" "passwd --new-password-file $T/new"; do
		secret "$T/new" "another password"
		# shellcheck disable=SC2086
		DFS_PASSWORD_FILE=$T/passwords/tester run -0 env -u DFS_USER setsid -w "$DFS_BIN/client/client" $verb
		run -7 env -u DFS_USER setsid -w "$DFS_BIN/client/client" whoami
		[[ $output == *"tester is not logged in"* ]]
		run -7 env -u DFS_USER setsid -w "$DFS_BIN/client/client" list
		run -0 alone whoami --user admin
		[ "$verb" != logout ] || by_password tester login
	done
	# Who logs in is who it is from then on; who ends another's session stays who he is.
	by_password other login
	run -0 env -u DFS_USER setsid -w "$DFS_BIN/client/client" whoami
	[ "$output" = other ]
	alone logout --user admin
	run -0 env -u DFS_USER setsid -w "$DFS_BIN/client/client" whoami
	[ "$output" = other ]
}

@test "9.23 user passwd says at once what is lost, verify counts it, and help, quota and modes are right" {
	local key place
	random_file "$T/in" 3000
	client put "$T/in" name
	secret "$T/new" "another password"
	# Before anything is done
	run --separate-stderr -7 alone user passwd tester --new-password-file "$T/new"
	[[ $stderr == *"opens again with his recovery file"* ]]
	run --separate-stderr -0 alone user passwd tester --user admin --new-password-file "$T/new"
	[[ $stderr == *"opens again with his recovery file"* ]]
	run -9 env DFS_PASSWORD_FILE="$T/new" setsid -w "$DFS_BIN/client/client" verify
	[[ ${lines[-1]} == *"1 not all right, 1 unreadable" ]]
	# No limit is null, here and there.
	[ "$(alone user list --user admin --json | field quota | sort -u)" = None ]
	[ "$(alone df --user admin --json | tail -1 | field quota)" = None ]
	run -0 alone help user
	[[ $output == *" -r, --recursive"* && $output != *"-R, "* && $output != *"--long"* ]]
	run -0 alone help whoami
	[[ $output == *"-l, --long"* && $output != *"protection"* ]]
	# A folder of one's own that cannot be written to.
	if [ "$(id -u)" = 0 ]; then
		mkdir -m 500 "$T/closed"
		for place in "$T/closed" "$T/closed/with/more"; do
			DFS_PASSWORD_FILE=$T/passwords/other XDG_RUNTIME_DIR=$place run -1 without_power login --user other
			[[ $output == *"Permission denied"*XDG_RUNTIME_DIR* ]]
		done
	fi
	(umask 077 && client cluster create "$T/second" --base-port auto >/dev/null)
	for key in cluster.conf ca.pem; do
		[ "$(stat -c %a "$T/second/$key")" = 644 ]
	done
}

@test "9.23 what two neighbours have that are merely down is not lost" {
	random_file "$T/in" 3000
	client put "$T/in" name
	server_kill 2 3
	run -2 client status
	[[ ${lines[-2]} == "1 file: 0 with two copies, 0 with one, 1 not readable until dfs2 or dfs3 is back" ]]
	[ "${lines[-1]}" = unreadable ]
	run -2 --separate-stderr client status --json
	[ "$(tail -1 <<<"$output" | field status)" = unreadable ]
	[ "$(tail -1 <<<"$output" | field lost)" = 0 ]
	run -2 client status --prometheus
	grep -q '^dfs_files{copies="0"} 1$' <<<"$output"
	grep -q '^dfs_files_lost 0$' <<<"$output"
}

@test "9.23 two new passwords that differ say so" {
	need_terminal
	run -0 "$PYTHON" "$TOOLS/typed.py" "New password of anna: " "first password" "once more: " "frist password" \
		"not alike" "first password" "once more: " "first password" -- \
		"$DFS_BIN/client/client" user add anna --user admin
	[[ $output == *"not alike"* ]]
}
