# Users: logging in and out, passwords, what admin does with users, recovery, quotas, sharing.
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

# As a user of the helper, by password.
by_password()
{
	local user=$1
	shift
	DFS_PASSWORD_FILE=$T/passwords/$user alone --user "$user" "$@"
}

# typed PROMPT ANSWER... -- ARG...: the client on a terminal of its own
typed()
{
	local prompts=()
	while [ "$1" != -- ]; do
		prompts+=("$1")
		shift
	done
	shift
	"$PYTHON" "$TOOLS/typed.py" "${prompts[@]}" -- "${IN[@]}" "$DFS_BIN/client/client" "$@"
}

# A file that holds a password, and nobody else can read.
secret()
{
	(umask 077 && printf %s "$2" >"$1")
}

session_file()
{
	find "$XDG_RUNTIME_DIR/dfs" -type f -name "$1"
}

# Fails as the command does.
refused()
{
	local rc=0
	"$@" >"$T/refused" 2>&1 || rc=$?
	[ "$rc" = 7 ] || { cat "$T/refused"; echo "ended with $rc, not 7"; return 1; }
}

@test "login, whoami and logout; without a log-in only what needs none" {
	run --separate-stderr -0 alone whoami
	[ "$output" = tester ]
	run -0 alone whoami -l
	[[ $output =~ ^tester\ \ 20[0-9-]+\ [0-9:]+$ ]]
	run -0 alone whoami --json
	[ "$(field user <<<"$output")" = tester ]
	[[ $(field until <<<"$output") == 20*Z ]]
	echo text >"$T/in"
	alone put "$T/in" name
	alone logout
	[ -z "$(session_file tester)" ]
	for verb in "whoami" "put $T/in other" "get name $T/out" "list" "delete name" "stat name" "df" "logout"; do
		# shellcheck disable=SC2086
		run --separate-stderr -7 alone $verb
		[[ $stderr == *"not logged in"* ]]
		# shellcheck disable=SC2086
		run --separate-stderr -7 alone --json $verb
		[ "$(field code <<<"$output" | sort -u)" = 7 ]
		[ -z "$stderr" ]
	done
	run --separate-stderr -7 alone list
	[[ $stderr == *'client login --user tester'* ]]
	[ ! -e "$T/out" ]
	# These need none.
	run -0 alone help login
	run -0 alone --version
	run -3 alone status
	[ "$(grep -c '^dfs[1-4]  up  ' <<<"$output")" = 4 ]
	[[ $output == *"who is logged in"* ]]
	run -3 alone status --json
	[ "$(grep -c '"up":true,"votes":true' <<<"$output")" = 4 ]
	by_password tester login
	run -0 alone get name -
	[ "$output" = text ]
}

@test "a session survives restarts of all servers, and any one of them is enough to be without" {
	local n
	echo text >"$T/in"
	alone put "$T/in" name
	servers_stop
	servers_start
	run -0 alone whoami
	for n in 1 2 3 4; do
		server_stop $n
		run -0 alone get name -
		[ "$output" = text ]
		by_password tester login
		server_start $n
	done
}

@test "the password was changed while one server was away: the new one everywhere, the old one nowhere" {
	local n
	secret "$T/new" "another password"
	cp -a "$T/passwords/tester" "$T/old"
	server_stop 2
	by_password tester passwd --new-password-file "$T/new"
	server_start 2
	for n in 1 3 4; do
		server_stop $n
		DFS_PASSWORD_FILE=$T/old refused alone whoami
		DFS_PASSWORD_FILE=$T/new alone whoami
		server_start $n
	done
}

@test "with two servers any log-in still holds for reading; with one it is too few, with none no server" {
	echo text >"$T/in"
	alone put "$T/in" name
	server_stop 2
	server_stop 4
	run --separate-stderr -0 by_password tester get name -
	[ "$output" = text ]
	DFS_PASSWORD_FILE=$T/passwords/other refused alone whoami
	server_stop 3
	run -5 by_password tester whoami
	[[ $output == *"too few servers"* ]]
	run -5 alone whoami
	server_stop 1
	run -10 alone whoami
	run -10 alone --json whoami
	[ "$(field status <<<"$output")" = no-server ]
}

# In place of dfsN stands somebody who has its key, and tells a lie about log-ins.
liar_start()
{
	local n=$1 lie=$2 behind
	server_stop "$n"
	cp "$DFS_CONFIG" "$T/behind.conf"
	give_ports "$T/behind.conf"
	behind=$(DFS_CONFIG=$T/behind.conf server_port "$n")
	rm -rf "$T/liar"
	mkdir "$T/liar"
	background "$PYTHON" "$TOOLS/liar.py" "$(server_port "$n")" "$behind" "$CLUSTER" "$n" "$lie" "$T/liar"
	eventually 20 test -e "$T/liar/ready"
	server_spawn "$n" --listen "127.0.0.1:$behind"
	server_wait "$n"
}

# A command goes on with three where the liar is slow: then it has not met him yet.
gets_text_past_liar()
{
	[ "$(by_password tester get name -)" = text ] && [ -s "$T/liar/lies" ]
}

@test "a server that lies about a log-in can neither choose how a proof is made nor be believed" {
	local lie liar proofs
	echo text >"$T/in"
	alone put "$T/in" name
	for lie in salt weak keyring account; do
		liar_start 2 $lie
		liar=$BACKGROUND_PID
		eventually 60 gets_text_past_liar
		[ "$(sort -u "$T/liar/lies")" = $lie ]
		# It was shown the proof that the true parameters give, and no other.
		by_password tester login
		sort -u "$T/liar/proofs" >"$T/proofs.$lie"
		[ "$(wc -l <"$T/proofs.$lie")" = 1 ]
		cmp "$T/proofs.$lie" "$T/proofs.salt"
		server_stop 2
		kill -KILL "$liar"
		wait "$liar" 2>/dev/null || true
		server_start 2
	done
	# With one other server left it is the word of one against that of the other: no proof is made.
	liar_start 2 salt
	server_stop 1
	server_stop 4
	run -5 by_password tester whoami
	[[ $output == *"two servers that agree"* ]]
	[ ! -e "$T/liar/proofs" ]
	[ -e "$T/liar/lies" ]
}

@test "wrong, unknown and disabled are refused alike" {
	local wrong unknown disabled
	secret "$T/wrong" "not the password"
	run --separate-stderr -7 env DFS_PASSWORD_FILE="$T/wrong" setsid -w "$DFS_BIN/client/client" login
	wrong=${stderr//tester/NAME}
	run --separate-stderr -7 env DFS_PASSWORD_FILE="$T/wrong" setsid -w "$DFS_BIN/client/client" login --user nobody1
	unknown=${stderr//nobody1/NAME}
	alone user disable other --user admin
	run --separate-stderr -7 by_password other login
	disabled=${stderr//other/NAME}
	[ "$wrong" = "$unknown" ]
	[ "$wrong" = "$disabled" ]
	# Neither has left a session, nor ended one.
	[ -z "$(session_file nobody1)" ]
	run -0 alone whoami
}

@test "a session of a disabled user is over within ten seconds, and good again when enabled by a new log-in" {
	run -0 alone whoami --user other
	alone user disable other --user admin
	eventually 15 refused alone whoami --user other
	run -0 alone user list --user admin
	grep -Eq '^other +disabled +-$' <<<"$output"
	alone user enable other --user admin
	refused alone whoami --user other
	by_password other login
	run -0 alone whoami --user other
	refused alone user disable admin --user admin
	refused alone user delete admin --user admin
	refused alone user passwd admin --user admin --new-password-file "$T/passwords/tester"
}

@test "2.6 files with secrets that others can read are refused, with the command that mends it" {
	local file mend
	# The session.
	file=$(session_file tester)
	chmod 640 "$file"
	run --separate-stderr -7 alone list
	[[ $stderr == *"chmod 600 $file"* ]]
	mend=$(grep -o 'chmod 600 [^ ]*$' <<<"$stderr")
	eval "$mend"
	run -0 alone list
	# Also where nobody said who it is.
	chmod 604 "$file"
	rm -f "$(session_file other)" "$(session_file admin)"
	run --separate-stderr -7 env -u DFS_USER setsid -w "$DFS_BIN/client/client" whoami
	[[ $stderr == *"chmod 600 $file"* ]]
	chmod 600 "$file"
	# A folder into which others may write.
	chmod 770 "$(dirname "$file")"
	run --separate-stderr -7 by_password tester login
	[[ $stderr == *"chmod 700 $(dirname "$file")"* ]]
	chmod 700 "$(dirname "$file")"
	# The password file, also that of a new password, and a recovery file.
	for mode in 640 604 660; do
		chmod $mode "$T/passwords/tester"
		run --separate-stderr -7 by_password tester list
		[[ $stderr == *"chmod 600 $T/passwords/tester"* ]]
	done
	chmod 600 "$T/passwords/tester"
	secret "$T/new" "another password"
	chmod 644 "$T/new"
	run --separate-stderr -7 by_password tester passwd --new-password-file "$T/new"
	[[ $stderr == *"chmod 600 $T/new"* ]]
	by_password tester key export "$T/recovery"
	[ "$(stat -c %a "$T/recovery")" = 600 ]
	chmod 640 "$T/recovery"
	chmod 600 "$T/new"
	run --separate-stderr -7 alone passwd --recover "$T/recovery" --new-password-file "$T/new"
	[[ $stderr == *"chmod 600 $T/recovery"* ]]
	# Nothing of that has changed the password.
	run -0 by_password tester whoami
}

@test "passwords of 8 characters to 1024 bytes, of any UTF-8; not one less or more" {
	local n=0 text bytes1024 key
	bytes1024=$(printf 'x%.0s' {1..1024})
	key=$'\U1F511'
	by_password admin login
	for text in "1234567" "ääääääa" "" "${bytes1024}x" $'12345678\xff' $'\xc3ääääääää' \
		$'a tab\tin it' $'with \x1b[1m it' $'a C1 \u0085 in it' $'12345678\x7f'; do
		secret "$T/new" "$text"
		run -2 alone user add "bad" --user admin --new-password-file "$T/new"
		run -2 by_password tester passwd --new-password-file "$T/new"
	done
	run --separate-stderr -0 alone user list --user admin
	[[ $output != *bad* ]]
	for text in "12345678" "$key$key$key$key$key$key$key$key" "$bytes1024" "a b  c  d " \
		$'öä\u0301 \u202e \u00a0 €' "-e--option"; do
		n=$((n + 1))
		secret "$T/new" "$text"
		alone user add "user$n" --user admin --new-password-file "$T/new"
		# With a newline at its end it is the same.
		printf '\n' >>"$T/new"
		DFS_PASSWORD_FILE=$T/new alone login --user "user$n"
		run -0 alone whoami --user "user$n"
		# And another is not.
		secret "$T/new" "$text."
		[ "$text" = "$bytes1024" ] || DFS_PASSWORD_FILE=$T/new refused alone whoami --user "user$n"
	done
}

@test "prompts: not shown, twice for new ones, and an interrupted one leaves the terminal in order" {
	need_terminal
	local password
	password=$(cat "$T/passwords/tester")
	alone logout
	run -0 typed "Password of tester: " "$password" -- list
	[[ $output != *"$password"* ]]
	[[ $output == *"echo on" ]]
	run -0 typed "Password of tester: " "$password" -- login
	run -0 alone whoami
	run -7 typed "Password of tester: " "wrong password" -- login
	[[ $output == *"is wrong"* ]]
	run -2 typed "Password of tester: " "short" -- login
	# A new one twice; another try when they differ, three in all.
	run -0 typed "Password of tester: " "$password" "New password of tester: " "first password" \
		"once more: " "frist password" "New password of tester: " "first password" \
		"once more: " "first password" -- passwd
	[[ $output != *"$password"* && $output != *"first"* && $output != *"frist"* ]]
	[[ $output == *"echo on" ]]
	run -7 typed "Password of tester: " "$password" -- login
	run -2 typed "Password of tester: " "first password" "New password of tester: " "password 1" \
		"once more: " "password 2" "New password of tester: " "password 3" "once more: " "password 4" \
		"New password of tester: " "password 5" "once more: " "password 6" -- passwd
	run -0 typed "Password of tester: " "first password" -- login
	# Interrupted.
	run -130 typed "Password of other: " ^C -- login --user other
	[[ $output == *"echo on" ]]
	# admin makes a user with a prompt for the new password.
	run -0 typed "New password of anna: " "anna's password" "once more: " "anna's password" -- user add anna --user admin
	[[ $output == *"lost password loses the files"*"key export"* ]]
	run -0 typed "Password of anna: " "anna's password" -- login --user anna
	# Nobody asks where there is no terminal.
	run -7 alone passwd --user anna
	[[ $output == *DFS_PASSWORD_FILE* ]]
}

@test "login replaces the session before; twelve at most, and the first to end goes" {
	local first n
	first=$T/first
	cp -a "$XDG_RUNTIME_DIR" "$first"
	by_password tester login
	refused env XDG_RUNTIME_DIR="$first" setsid -w "$DFS_BIN/client/client" whoami
	run -0 alone whoami
	# From twelve other places: the one of here was the oldest.
	for n in {1..12}; do
		mkdir -m 700 "$T/run$n"
		XDG_RUNTIME_DIR=$T/run$n by_password tester login
		[ "$n" = 12 ] || run -0 alone whoami
	done
	eventually 15 refused alone whoami
	for n in {1..12}; do
		XDG_RUNTIME_DIR=$T/run$n alone whoami
	done
	# A new password ends them all.
	secret "$T/new" "another password"
	by_password tester passwd --new-password-file "$T/new"
	for n in {1..12}; do
		eventually 15 refused env XDG_RUNTIME_DIR="$T/run$n" setsid -w "$DFS_BIN/client/client" whoami
	done
}

@test "whose session: --user, DFS_USER, the newest session, the log-in name" {
	run -0 env -u DFS_USER setsid -w "$DFS_BIN/client/client" whoami
	[ "$output" = other ] # the helper logged it in last
	by_password tester login
	run -0 env -u DFS_USER setsid -w "$DFS_BIN/client/client" whoami
	[ "$output" = tester ]
	run -0 env DFS_USER=other setsid -w "$DFS_BIN/client/client" whoami
	[ "$output" = other ]
	run -0 env DFS_USER=other setsid -w "$DFS_BIN/client/client" whoami --user admin
	[ "$output" = admin ]
	rm -r "$XDG_RUNTIME_DIR/dfs"
	run -7 env -u DFS_USER setsid -w "$DFS_BIN/client/client" whoami
	[[ $output == *"$(id -un) is not logged in"* ]]
}

@test "logout without servers forgets the session here and says that they do not know" {
	local file
	file=$(session_file tester)
	servers_stop
	run -10 alone logout
	[[ $output == *"forgotten here"* ]]
	[ ! -e "$file" ]
	server_start 1
	run -5 alone logout --user other
	[[ $output == *"forgotten here"* ]]
	[ -z "$(session_file other)" ]
}

@test "user add, list, quota, delete" {
	local n long=a123456789012345678901234567890b
	secret "$T/new" "another password"
	run -0 alone user add anna --quota 10K --user admin --new-password-file "$T/new" -v
	[[ $output == *"lost password loses the files"*"key export"* ]]
	run -8 alone user add anna --user admin --new-password-file "$T/new"
	run -0 alone user add "$long" --user admin --new-password-file "$T/new"
	for n in "${long}c" Anna shared .anna an/na "" "an na"; do
		run -2 alone user add "$n" --user admin --new-password-file "$T/new"
	done
	run --separate-stderr -0 alone user list --user admin
	[ "$output" = "$long  active    -
admin             active    -
anna              active    10240
other             active    -
tester            active    -" ]
	run --separate-stderr -0 alone user list --user admin --json
	[ "$(field user <<<"$output" | paste -sd,)" = "$long,admin,anna,other,tester" ]
	[ "$(field quota <<<"$output" | paste -sd,)" = "None,None,10240,None,None" ]
	[ "$(field state <<<"$output" | sort -u)" = active ]
	# Sizes.
	for n in 0 1K 8388607T 9223372036854775807; do
		alone user quota anna $n --user admin
	done
	for n in 8388608T 9223372036854775808 1k 1KB -1 "" 1.5G; do
		run -2 alone user quota anna "$n" --user admin
	done
	run -2 alone user add berta --quota x --user admin --new-password-file "$T/new"
	run -2 alone user quota anna --user admin
	run -2 alone user list anna --user admin
	run -2 alone user enable --user admin
	run -2 alone user frobnicate anna --user admin
	run -2 alone user enable anna --quota 5 --user admin
	for n in "disable" "enable" "delete" "quota"; do
		run -4 alone user $n nobody1 $([ $n != quota ] || echo 1K) --user admin
	done
	run -4 alone user passwd nobody1 --user admin --new-password-file "$T/new"
	# Only admin.
	for n in "list" "add carl --new-password-file $T/new" "delete other" "disable other" "enable other" \
		"quota other 1K" "passwd other --new-password-file $T/new"; do
		# shellcheck disable=SC2086
		refused alone user $n
	done
	run -0 by_password other whoami
	# With files it stays, but for -r.
	DFS_PASSWORD_FILE=$T/new alone login --user anna
	for n in 1 2 3; do
		echo $n | alone put - "some/$n" --user anna
	done
	echo shared | alone put - /shared/of-anna --user anna
	run -8 alone user delete anna --user admin
	[[ $output == */anna/some/1* ]]
	run -0 alone whoami --user anna
	run -0 alone user delete -r anna --user admin
	run -4 alone list -R /anna/ --user admin
	run -4 alone user delete anna --user admin
	DFS_PASSWORD_FILE=$T/new refused alone whoami --user anna
	run -0 alone get /shared/of-anna -
	[ "$output" = shared ]
	# The name can be taken again, without anything of the one before.
	secret "$T/newer" "yet another password"
	alone user add anna --user admin --new-password-file "$T/newer"
	DFS_PASSWORD_FILE=$T/new refused alone whoami --user anna
	DFS_PASSWORD_FILE=$T/newer alone whoami --user anna
	DFS_PASSWORD_FILE=$T/newer alone get /shared/of-anna "$T/out" --user anna
}

@test "a quota is kept at the byte, and df shows it" {
	local one two three
	used()
	{
		alone df --json | grep '"user":"tester"' | field used
	}

	head -c 600 /dev/urandom >"$T/600"
	head -c 400 /dev/urandom >"$T/400"
	head -c 401 /dev/urandom >"$T/401"
	head -c 384 /dev/urandom >"$T/384"
	head -c 385 /dev/urandom >"$T/385"
	alone put "$T/600" one
	# With the file itself count its path and what is said of it.
	one=$(used)
	[ "$one" -gt 600 ]
	[ "$one" -lt 2000 ]
	# Without room for 512 bytes that say what it is, nothing of it is brought.
	alone user quota tester $((one + 600 + 511)) --user admin
	run -7 alone put "$T/600" tow
	[[ $output == *quota* ]]
	run -4 alone stat tow
	[ "$(used)" = "$one" ]
	# A path of the same length takes as much: to the byte.
	two=$((one + one - 200))
	alone user quota tester "$two" --user admin
	alone put "$T/400" two
	run --separate-stderr -0 alone df --json
	[ "$(grep '"user":"tester"' <<<"$output" | field used)" = "$two" ]
	[ "$(grep '"user":"tester"' <<<"$output" | field quota)" = "$two" ]
	[ "$(grep -c '"server":"dfs[1-4]".*"size":[0-9]*,"free":[0-9]*' <<<"$output")" = 4 ]
	# What replaces something counts instead of it, and says which operation was before.
	run -7 alone put "$T/385" two
	[[ $output == *quota* ]]
	cmp <(alone get two -) "$T/400"
	alone put "$T/384" two
	cmp <(alone get two -) "$T/384"
	[ "$(used)" = "$two" ]
	alone put "$T/400" one
	run --separate-stderr -0 alone df
	three=$(used)
	[ $((two - three)) = $((200 - 16)) ]
	[ "$(tail -2 <<<"$output")" = "tester  $three used of $two"$'\n'"available  $((two - three))" ]
	# One byte more than a new file may have.
	alone user quota tester $((three + one - 200)) --user admin
	run -7 alone put "$T/401" tow
	[[ $output == *quota* ]]
	run -4 alone stat tow
	alone user quota tester 0 --user admin
	alone put "$T/600" three
	run --separate-stderr -0 alone df
	[ "$(tail -2 <<<"$output" | head -1)" = "tester  $(used) used, no quota" ]
}

@test "passwd re-wraps the secrets and no file; sessions are over, recovery files stay" {
	local before after
	echo text >"$T/in"
	alone put "$T/in" name
	before=$(alone stat name --json)
	by_password tester key export "$T/recovery"
	cp -a "$XDG_RUNTIME_DIR" "$T/stolen"
	secret "$T/new" "another password"
	run -7 alone passwd --new-password-file "$T/new" # a session is not enough
	by_password tester passwd --new-password-file "$T/new"
	refused by_password tester whoami
	[ -z "$(session_file tester)" ]
	eventually 15 refused env XDG_RUNTIME_DIR="$T/stolen" setsid -w "$DFS_BIN/client/client" whoami
	export DFS_PASSWORD_FILE=$T/new
	after=$(alone stat name --json)
	[ "$before" = "$after" ]
	run -0 alone get name -
	[ "$output" = text ]
	# The recovery file of before still sets a new one.
	unset DFS_PASSWORD_FILE
	secret "$T/newer" "yet another password"
	alone passwd --recover "$T/recovery" --new-password-file "$T/newer"
	DFS_PASSWORD_FILE=$T/new refused alone whoami
	DFS_PASSWORD_FILE=$T/newer alone get name "$T/out"
	cmp "$T/in" "$T/out"
}

@test "a lost password: with the recovery file alone, or after admin has set a new one" {
	echo text >"$T/in"
	alone put "$T/in" name
	alone share name other
	by_password tester key export "$T/recovery"
	run -8 by_password tester key export "$T/recovery"
	# Nor is it a file called "-", which would end the log-in by the one of before.
	cd "$T"
	run -2 by_password tester key export -
	[ ! -e ./- ]
	grep -q 'Whoever has it can read all files' "$T/recovery"
	# With the file alone.
	secret "$T/first" "the first new one"
	DFS_USER='' alone passwd --recover "$T/recovery" --new-password-file "$T/first" --user tester
	DFS_PASSWORD_FILE=$T/first alone get name "$T/out1"
	cmp "$T/in" "$T/out1"
	# admin makes new keys: the file is no log-in any more, and without it the old files are closed.
	secret "$T/second" "what admin has chosen"
	run -0 alone user passwd tester --user admin --new-password-file "$T/second" -v
	[[ $output == *"passwd --recover"* ]]
	DFS_PASSWORD_FILE=$T/first refused alone whoami
	run -9 env DFS_PASSWORD_FILE="$T/second" setsid -w "$DFS_BIN/client/client" get name "$T/out2"
	[ ! -e "$T/out2" ]
	secret "$T/third" "the third of them"
	run -7 alone passwd --recover "$T/recovery" --new-password-file "$T/third"
	[[ $output == *"user passwd tester"* ]]
	DFS_PASSWORD_FILE=$T/second alone passwd --recover "$T/recovery" --new-password-file "$T/third"
	export DFS_PASSWORD_FILE=$T/third
	alone get name "$T/out2"
	cmp "$T/in" "$T/out2"
	# What is put from now on is for the new keys, and what was shared still is.
	echo more >"$T/more"
	alone put "$T/more" name
	unset DFS_PASSWORD_FILE
	run -0 alone get /tester/name - --user other
	[ "$output" = more ]
	# A newer recovery file ends the log-in by the older one.
	DFS_PASSWORD_FILE=$T/third alone key export "$T/newer"
	run -7 alone passwd --recover "$T/recovery" --new-password-file "$T/first"
	alone passwd --recover "$T/newer" --new-password-file "$T/first"
	DFS_PASSWORD_FILE=$T/first alone get name "$T/out3"
	cmp "$T/more" "$T/out3"
	# Of another user, of another cluster, none at all.
	run -2 alone passwd --recover "$T/newer" --user other --new-password-file "$T/first"
	sed -i 's/^cluster = ....../cluster = 012345/' "$T/newer"
	run -2 alone passwd --recover "$T/newer" --new-password-file "$T/first"
	run -2 alone passwd --recover "$T/first" --new-password-file "$T/first"
}

@test "share and unshare: who may read, who may write, and what stat says of it" {
	echo text >"$T/in"
	alone put "$T/in" name
	refused alone get /tester/name - --user other
	refused alone stat /tester/name --user other
	alone share name other
	run -0 alone get /tester/name - --user other
	[ "$output" = text ]
	run --separate-stderr -0 alone stat name --json
	[ "$(field readers <<<"$output")" = '[{"user": "other", "writes": false}]' ]
	[ "$(field owner <<<"$output")" = tester ]
	refused alone put "$T/in" /tester/name --user other
	refused alone delete /tester/name --user other
	refused alone share /tester/name admin --user other
	alone share --write name other
	echo theirs >"$T/theirs"
	alone put "$T/theirs" /tester/name --user other
	run -0 alone get name -
	[ "$output" = theirs ]
	run --separate-stderr -0 alone stat --sha256 name
	grep -q '^owner       tester$' <<<"$output"
	grep -q '^writer      other$' <<<"$output"
	grep -q '^readers     other (writes too)$' <<<"$output"
	[ "$(awk '$1 == "sha256" { print $2 }' <<<"$output")" = "$(sha256sum <"$T/theirs" | cut -c-64)" ]
	# admin sees that it is there, and no more.
	run --separate-stderr -0 alone stat --sha256 /tester/name --user admin
	grep -q '^size        7$' <<<"$output"
	grep -q '^sha256      -$' <<<"$output"
	grep -q '^xxh128      -$' <<<"$output"
	refused alone get /tester/name - --user admin
	alone unshare name other
	refused alone get /tester/name - --user other
	refused alone put "$T/theirs" /tester/name --user other
	run -4 alone unshare name other
	run -4 alone share name nobody1
	run -4 alone share nothing other
	run -2 alone share name tester
	run -2 alone share name
	run -2 alone share name Other
}
