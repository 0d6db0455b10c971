# Acceptance 2.1: content and passwords are found nowhere but where they belong.
#
# Everything that could give them away is searched as raw bytes: stores, traffic (each server has
# a relay before it that keeps all that passes, between servers too), the memory of the living
# servers, logs, and every command line of the machine.  Each search also finds something that is
# there, or it would prove nothing.
load helper
load relays

PASSWORD="pass phrase $RANDOM$RANDOM with accents: d\u00e9j\u00e0 vu"

setup()
{
	mkdir "$T/seen" "$T/relay"
	cluster_create
	relays_start
	# The real thing from the beginning: passwords are given, changed and used before the relays.
	printf "$PASSWORD\n" >"$T/passwords/anna"
	printf "new $PASSWORD\n" >"$T/passwords/new"
	printf "third $PASSWORD\n" >"$T/passwords/third"
	chmod 600 "$T"/passwords/*
	background "$PYTHON" "$TOOLS/secrets.py" watch "$T/seen/command-lines" "$T/watching"
	eventually 20 test -e "$T/watching"
}

teardown()
{
	cluster_end
}

# A text of n bytes with the sentence in it again and again; and some of the same that does not shrink.
text_of()
{
	printf %s "$SENTENCE" | "$PYTHON" -c 'import os, sys
sentence, size, noise = sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2])
made = b"".join(sentence + b"\n" + os.urandom(noise) for _ in range(size // (len(sentence) + 1 + noise) + 1))
sys.stdout.buffer.write(made[:size])' "$1" "$2"
}

# need NAME [FILE]: what may be found nowhere: the bytes on stdin, or of the file
need()
{
	echo "$1 $(od -An -v -tx1 | tr -d ' \n')" >>"$T/needles"
}

# Pieces of the sentence too: what compresses it may leave only pieces as they are.
write_needles()
{
	local file at name digest
	: >"$T/needles"
	printf %s "$SENTENCE" | need sentence
	for at in 0 16 32 48; do
		printf %s "${SENTENCE:at:16}" | need "sentence+$at"
	done
	for file in "$T"/files/*; do
		name=${file##*/}
		digest=$(sha256sum <"$file" | cut -c-64)
		printf %s "$digest" | need "$name:sha256-as-text"
		echo "$name:sha256 $digest" >>"$T/needles"
		digest=$(xxh128sum "$file" 2>/dev/null | cut -c-32)
		printf %s "$digest" | need "$name:xxh128-as-text"
		echo "$name:xxh128 $digest" >>"$T/needles"
		echo "$name:xxh128-backwards $(fold -w2 <<<"$digest" | tac | tr -d '\n')" >>"$T/needles"
	done
	# Other tests know the password of "tester", and may be at work on this machine.
	for name in anna new third admin; do
		printf %s "$(cat "$T/passwords/$name")" | need "password-of-$name"
		printf %s "$(cat "$T/passwords/$name")" | base64 -w0 | need "password-of-$name-base64"
	done
	for file in "$XDG_RUNTIME_DIR"/dfs/*/*; do
		digest=$(sed -n 's/^secret *= *//p' "$file")
		[ ${#digest} = 64 ]
		echo "session-of-${file##*/} $digest" >>"$T/needles"
		printf %s "$digest" | need "session-of-${file##*/}-as-text"
	done
}

# nowhere PATH...: none of it is there, and the search would have found it
nowhere()
{
	local found=0
	[ -n "$(find "$@" -type f -size +0)" ] || return 2
	"$PYTHON" "$TOOLS/secrets.py" search "$T/needles" "$@" || found=$?
	[ $found = 1 ]
}

# there WORD PATH...: the same search finds it there
there()
{
	printf %s "$1" >"$T/word"
	shift
	echo "control $(od -An -v -tx1 "$T/word" | tr -d ' \n')" >"$T/control"
	"$PYTHON" "$TOOLS/secrets.py" search "$T/control" "$@" >/dev/null
}

was_seen()
{
	tr '\0' ' ' <"$T/seen/command-lines" | grep -aq -e "$*"
}

# One command after the other until one of them was seen: some are over in milliseconds.
seen_running()
{
	client "$@" >/dev/null 2>&1 || true
	was_seen "$*"
}

do_everything()
{
	local name
	SENTENCE="The treasure lies $RANDOM$RANDOM paces north of the old oak, below the stone; tell nobody."
	mkdir "$T/files"
	text_of 60 0 >"$T/files/tiny"
	text_of 5000 0 >"$T/files/small"
	text_of 5000 100 >"$T/files/small-noise"
	text_of 3000000 0 >"$T/files/large"
	text_of 3000000 900 >"$T/files/large-noise"
	DFS_PASSWORD_FILE=$T/passwords/admin client user add anna --user admin --new-password-file "$T/passwords/anna"
	# With the password each time, and then with a session.
	DFS_PASSWORD_FILE=$T/passwords/anna client --user anna put "$T"/files/* --to visible-folder/
	DFS_PASSWORD_FILE=$T/passwords/anna client --user anna login
	DFS_PASSWORD_FILE=$T/passwords/anna client --user anna passwd --new-password-file "$T/passwords/new"
	DFS_PASSWORD_FILE=$T/passwords/new client --user anna login
	run -7 env DFS_PASSWORD_FILE="$T/passwords/third" "$DFS_BIN/client/client" --user anna login
	export DFS_USER=anna
	client share visible-folder/small tester
	client share visible-folder/large tester --write
	client put "$T/files/large-noise" --to /shared/visible-folder/large-noise
	client put - --to piped <"$T/files/small"
	client put "$T/files/small" --to visible-folder/large-noise
	for name in tiny small small-noise large; do
		client get "visible-folder/$name" - | cmp "$T/files/$name" -
	done
	client --user tester get /anna/visible-folder/small - | cmp "$T/files/small" -
	client --user tester put "$T/files/small-noise" --to /anna/visible-folder/large
	client --user tester get /shared/visible-folder/large-noise - | cmp "$T/files/large-noise" -
	client stat visible-folder/small >/dev/null
	client list -lR >/dev/null
	client delete visible-folder/tiny
	for name in put get login passwd "user add"; do
		eventually 60 seen_running $name "$T/files/large"
	done
	write_needles
}

@test "2.1 what is searched for would be found: plain, in a folder, compressed" {
	do_everything
	mkdir "$T/place"
	run -2 nowhere "$T/relay/ready"
	for name in sentence password-of-new session-of-anna large:sha256 small:xxh128; do
		(head -c 9999 /dev/urandom; sed -n "s/^$name //p" "$T/needles" | "$PYTHON" -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'; head -c 9999 /dev/urandom) >"$T/place/$name"
		run nowhere "$T/place"
		[ "$status" != 0 ]
		[[ "$output" == *"$name is in $T/place/$name at 9999"* ]]
		rm "$T/place/$name"
	done
	(head -c 999 /dev/urandom; head -c 262144 "$T/files/large" | zstd -1 -c) >"$T/place/unit"
	run nowhere "$T/place"
	[[ "$output" == *"sentence is in $T/place/unit (decompressed at 999)"* ]]
}

@test "2.1 a sentence of a file, its digests and the passwords are not in stores, traffic, logs or command lines" {
	do_everything
	for n in 1 2 3 4; do
		nowhere "$CLUSTER/dfs$n"
		# Names are visible, as doc/SECURITY.md says.
		there /anna/visible-folder/small-noise "$CLUSTER/dfs$n/data"
		log_has $n 'info '
		nowhere "$CLUSTER/dfs$n.log"
	done
	nowhere "$T/relay"
	# Both ways, of each server, and more than what was put and got.
	there STARTTLS "$T"/relay/*.down
	[ "$(find "$T/relay" -name '*.up' -size +1000k | wc -l)" = 4 ]
	[ "$(cat "$T"/relay/*.up | wc -c)" -gt 6000000 ]
	# Names travel inside TLS.
	run ! there visible-folder "$T/relay"
	nowhere "$T/seen/command-lines"
	there "$T/files/large" "$T/seen/command-lines"
	was_seen login
	# Nor is it all once more in what merges and restarts write.
	servers_stop
	for n in 1 2 3 4; do
		nowhere "$CLUSTER/dfs$n" "$CLUSTER/dfs$n.log"
	done
}

@test "2.1 nor are they in the memory of the living servers" {
	[ -z "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ] || skip "a sanitizer's shadow memory has no end"
	do_everything
	mkdir "$T/memory"
	for n in 1 2 3 4; do
		"$PYTHON" "$TOOLS/secrets.py" memory "${SERVER_PID[n]}" "$T/memory/dfs$n" ||
			skip "the memory of processes cannot be read here"
		nowhere "$T/memory/dfs$n"
		there /anna/visible-folder/small-noise "$T/memory/dfs$n"
		rm "$T/memory/dfs$n"
	done
	# The same of a process that does hold the sentence.
	background "$PYTHON" -c 'import sys, threading
text = open(sys.argv[1], "rb").read()
open(sys.argv[2], "x").close()
threading.Event().wait()' "$T/files/small" "$T/holding"
	eventually 20 test -e "$T/holding"
	"$PYTHON" "$TOOLS/secrets.py" memory "$BACKGROUND_PID" "$T/memory/holder"
	run nowhere "$T/memory/holder"
	[ "$status" != 0 ]
	[[ "$output" == *"sentence is in"* ]]
}
