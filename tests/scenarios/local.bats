# Local files and folders: what put reads, and what get writes, leaves and loses.
load helper

setup()
{
	cluster_create >/dev/null
	servers_start
	mkdir "$T/in" "$T/out"
	cd "$T/in" || return 1
}

teardown()
{
	cluster_end
}

refused()
{
	local code=$1 words=$2
	shift 2
	run "-$code" --separate-stderr client "$@"
	echo "$stderr"
	grep -qF -e "$words" <<<"$stderr"
}

# The client with some of its system calls failing: faulty INJECT... -- ARG...
faulty()
{
	local trace=()
	while [ "$1" != -- ]; do
		trace+=("$1")
		shift
	done
	shift
	strace -f -qq -o "$T/trace" "${trace[@]}" "$DFS_BIN/client/client" "$@"
	local code=$?
	grep -q INJECTED "$T/trace" || echo "nothing was injected" >&2
	return "$code"
}

is_alone()
{
	[ "$(ls -A "$T/out")" = "$1" ]
}

@test "9.3 two local sources are never taken for source and target, nor a local folder of get for a file" {
	mkdir one two three
	echo 1 >one/a && echo 2 >two/b && echo 3 >three/c && echo f >file
	refused 2 '--to' put -r one two
	refused 2 '--to' put -r one file
	refused 2 '--to' put -r file one
	refused 2 '--to' put file one
	refused 2 '--to' put -r one/ two/
	refused 2 '--to' put -r one two three/
	refused 2 '--to' put <(echo 1) <(echo 2)
	[ -z "$(client list -R)" ]
	client put -r one two --to both
	client put -r one uno
	client put file one/
	[ "$(client list -R)" = $'both/one/a\nboth/two/b\none/file\nuno/a' ]
	# 9.23
	client put file f && client put file g
	cd "$T/out"
	mkdir z
	refused 2 '--to z' get f g z
	[ "$(find . -type f)" = "" ]
	client get f g z/
	[ "$(ls z)" = $'f\ng' ]
}

@test "9.4 what is read is stored, whatever size the system tells" {
	local short big
	client put /proc/version version
	client get version "$T/out/version"
	cmp /proc/version "$T/out/version"
	# sysfs tells a page for a line
	short=$(find /sys/kernel/ -type f -size 4096c -readable 2>/dev/null | while read -r f; do
		! cat "$f" >"$T/short" 2>/dev/null || [ ! -s "$T/short" ] || { echo "$f" && break; }
	done)
	[ -n "$short" ]
	client put "$short" short
	client get short - | cmp - "$short"
	# More than it takes by itself: said, and not cut
	big=$(head -c 100000 /dev/zero | tr '\0' x)
	BIG=$big refused 1 'cat FILE | put' put /proc/self/environ big
	run -4 client stat big
	BIG=$big bash -c 'cat /proc/self/environ | "$0" put - big' "$DFS_BIN/client/client"
	[ "$(client get big - | wc -c)" -gt 100000 ]
	# What cannot be read says why
	refused 1 'Input/output error' put /proc/self/mem
	: >empty
	client put empty
	[ "$(client get empty - | wc -c)" = 0 ]
}

put_ends_with()
{
	local code=0
	client put log 2>"$T/err" || code=$?
	[ "$code" = "$1" ]
}

@test "9.13 a cut pipe is refused with --size and --sha256, a growing log is put with --changing snapshot" {
	local sum n
	random_file large 3000000
	# b
	(echo half; exit 3) | refused 1 'has 5 bytes' put - x --size 10
	echo half | refused 1 'SHA-256' put - x --sha256 "$(printf '%064d' 0)"
	refused 1 'SHA-256' put large x --sha256 "$(printf '%064d' 0)"
	refused 1 '3000000 bytes' put large x --size 2999999
	run -4 client stat x
	sum=$(sha256sum <large)
	client put - x --size 3000000 --sha256 "${sum%% *}" <large
	client get x - | cmp - large
	sum=$(echo half | sha256sum | tr a-f A-F)
	echo half | client put - x --size 5 --sha256 "${sum%% *}"
	[ "$(client get x -)" = half ]
	refused 2 'one file' put large log --to y/ --size 5
	refused 2 'hex digits' put large x --sha256 12
	refused 2 'number of bytes' put large x --size 5x
	refused 2 'snapshot or refuse' put large x --changing never
	# c
	for n in 1 100000; do
		head -c "$n" large | base64 -w 99 >log
		bash -c 'while echo "another line"; do :; done' >>log &
		BACKGROUND_PIDS+=("$!")
		eventually 30 put_ends_with 1
		grep -qF -e '--changing snapshot' "$T/err"
		client put log --changing snapshot
		kill "${BACKGROUND_PIDS[-1]}"
		wait "${BACKGROUND_PIDS[-1]}" || true
		client get log "$T/out/log"
		cmp -n "$(stat -c %s "$T/out/log")" log "$T/out/log"
		[ "$(stat -c %s "$T/out/log")" -gt "$n" ]
		rm "$T/out/log"
	done
}

@test "9.13 --sha256 is compared with what is sent: another content of the same XXH3 is not stored" {
	no_sanitizer
	local sum code=0 pid
	# Two stripes whose products are zero change places (the keys are the beginning of XXH3's secret).
	"$PYTHON" -c '
import struct
for name, halves in ("large", (1, 7)), ("forged", (7, 1)):
    content = bytearray(3000000)
    struct.pack_into("<II", content, 1048576, 0x396cfeb8, halves[0])
    struct.pack_into("<II", content, 1048640, 0x2c81017c, halves[1])
    open(name, "wb").write(content)'
	sum=$(xxh128sum <large)
	[ "$sum" = "$(xxh128sum <forged)" ]
	sum=$(sha256sum <large)
	cp -p large before
	# Stopped between reading it for the sum and reading it for the servers.
	strace -f -qq -o "$T/trace" -P "$T/in/large" -e inject=pread64:signal=STOP:when=5 \
		"$DFS_BIN/client/client" put large --sha256 "${sum%% *}" 2>"$T/err" &
	BACKGROUND_PIDS+=("$!")
	eventually 30 grep -q 'stopped by SIGSTOP' "$T/trace"
	read -r pid _ <"$T/trace"
	cat forged >large
	touch -r before large
	kill -CONT "$pid"
	wait "${BACKGROUND_PIDS[-1]}" || code=$?
	[ "$code" = 1 ]
	grep -q 'changed while it was put' "$T/err"
	run -4 client stat large
}

@test "9.13 get to a reader that goes, to streams, and into holes" {
	random_file large 3000000
	client put large
	# a
	client get large - 2>"$T/err" | head -c 1 >/dev/null
	client get large large - 2>>"$T/err" | head -c 1 >/dev/null
	[ ! -s "$T/err" ]
	# f
	(cat large && head -c 5000000 /dev/zero && cat large && head -c 4000000 /dev/zero) >zeros
	client put zeros
	client get zeros "$T/out/zeros"
	cmp zeros "$T/out/zeros"
	[ $(($(stat -c '%b * %B' "$T/out/zeros"))) -lt 6500000 ]
	# g
	client get large /dev/stdout | cmp - large
	client get large /dev/stdout >"$T/out/a"
	cmp large "$T/out/a"
	echo before >"$T/out/b"
	client get large /dev/fd/7 7>>"$T/out/b"
	(echo before && cat large) | cmp - "$T/out/b"
	mkfifo pipe
	cmp pipe large &
	client get large pipe
	wait $!
	client get large large --to /dev/stdout | cmp - <(cat large large)
	client get large /dev/null
	[ -c /dev/null ]
	refused 1 '/dev/fd/77' get large /dev/fd/77
	refused 2 '/dev/null' get -r large /dev/null
	[ -p pipe ]
	# 9.23: the name that is there
	cd "$T/out"
	rm ./*
	client get large copy
	run -0 --separate-stderr client -v get large copy
	[ "$stderr" = "client: copy: is there already" ]
}

@test "9.13 a pipe as the target of get is one's own, and still the pipe when something is written" {
	need_root
	local code=0
	random_file secret 3000
	client put secret
	# Somebody has made a pipe where the file was to be, and reads.
	mkfifo theirs ours word
	chown 65534 theirs
	cat theirs >"$T/got" &
	refused 7 'somebody else' get secret theirs
	wait $!
	[ ! -s "$T/got" ]
	# Or lets the name lead to another file while the client logs in.
	echo mine >mine
	XDG_RUNTIME_DIR=$T/out DFS_PASSWORD_FILE=word client get secret ours 2>"$T/err" &
	exec 8>word
	ln -sf mine ours
	cat "$T/passwords/tester" >&8
	exec 8>&-
	wait $! || code=$?
	[ "$code" = 7 ]
	grep -qF 'not the pipe any more' "$T/err"
	[ "$(cat mine)" = mine ]
}

@test "9.9 times of all years come back, or the nearest that can be kept" {
	local year
	for year in 1960 1902 2261; do
		echo x >"$year"
		touch -d "$year-03-04T05:06:07.25Z" "$year"
		run -0 --separate-stderr client put "$year"
		[ -z "$stderr" ]
		client get "$year" "$T/out/$year"
		[ "$(stat -c %.9Y "$year")" = "$(stat -c %.9Y "$T/out/$year")" ]
	done
	echo x >later
	touch -d 2300-01-01T00:00:00Z later
	[ "$(stat -c %Y later)" = 10413792000 ] || skip "no file system here keeps the year 2300"
	run -0 --separate-stderr client put later
	[[ "$stderr" == *": stored, but with another time: none before 1677 or after 2262 can be kept yet" ]]
	client get later "$T/out/later"
	[ "$(stat -c %Y "$T/out/later")" = 9223372036 ]
	[ "$(client --json list later | field modified)" = 2262-04-11T23:47:16Z ]
}

@test "9.8 get goes without what a file system refuses, and leaves nothing behind" {
	no_sanitizer
	local signal code call
	local no_proc=(-P /proc/self/fd -e 'inject=access,faccessat,faccessat2:error=ENOENT')
	random_file large 3000000
	client put large
	for call in utimensat:error=EPERM renameat2:error=EINVAL renameat2:error=EPERM linkat:error=EPERM \
		renameat2,linkat:error=EOPNOTSUPP fsync:error=EINVAL:when=2+ fsync:error=EINVAL; do
		run -0 --separate-stderr faulty -e "inject=$call" -- get large "$T/out/got"
		echo "$call: $stderr"
		case $call in
		utimensat*) [[ "$stderr" == *warning*times* ]] ;;
		fsync*) [[ "$stderr" == *warning*disk* ]] ;;
		*) [ -z "$stderr" ] ;;
		esac
		cmp large "$T/out/got"
		is_alone got
		# What is there stays, whichever way the name is given
		echo other >"$T/out/got"
		run -8 faulty -e "inject=$call" -- get large "$T/out/got"
		is_alone got
		rm "$T/out/got"
	done
	run -0 --separate-stderr faulty "${no_proc[@]}" -- get large "$T/out/got"
	[ -z "$(grep -v '^strace: ' <<<"$stderr")" ]
	cmp large "$T/out/got"
	rm "$T/out/got"
	# Where a file cannot be without a name; the first call on the folder itself makes it
	run -0 --separate-stderr faulty -P "$T/out" -e inject=openat:error=EOPNOTSUPP:when=1 -- get large "$T/out/got"
	grep -q 'O_TMPFILE.*INJECTED' "$T/trace"
	[ -z "$(grep -v '^strace: ' <<<"$stderr")" ]
	cmp large "$T/out/got"
	is_alone got
	rm "$T/out/got"
	# A disk that fails is no matter of taste
	run -1 faulty -e inject=fsync:error=EIO:when=1 -- get large "$T/out/got"
	[ -z "$(ls -A "$T/out")" ]
	# Signals, while there is a temporary name: the content is copied to it
	for signal in INT TERM HUP; do
		code=0
		faulty -e inject=linkat:error=EPERM -e "inject=pwrite64:signal=$signal:when=20" -- \
			get large "$T/out/got" || code=$?
		[ "$code" = $((128 + $(kill -l "$signal"))) ]
		[ -z "$(ls -A "$T/out")" ]
	done
	# The same where /proc is missing: the temporary name is there from the beginning
	if [ "$(id -u)" = 0 ]; then
		for signal in INT TERM; do
			code=0
			unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh strace -f -qq -o "$T/trace" \
				-e "inject=pwrite64:signal=$signal:when=2" "$DFS_BIN/client/client" get large "$T/out/got" || code=$?
			[ "$code" = $((128 + $(kill -l "$signal"))) ]
			grep -q INJECTED "$T/trace" || grep -q "SIG$signal" "$T/trace"
			[ -z "$(ls -A "$T/out")" ]
		done
	fi
	# Modes
	umask 022
	client get large "$T/out/got"
	[ "$(stat -c %a "$T/out/got")" = 644 ]
	for code in 600 640 755 444; do
		chmod "$code" "$T/out/got"
		client get -f large "$T/out/got"
		[ "$(stat -c %a "$T/out/got")" = "$code" ]
	done
	chmod 640 "$T/out/got"
	run -0 --separate-stderr faulty -e inject=fchmod:error=EPERM -- get -f large "$T/out/got"
	[[ "$stderr" == *warning*modes* ]]
	[ "$(stat -c %a "$T/out/got")" = 600 ]
	chmod 4755 "$T/out/got"
	client get -f large "$T/out/got"
	[ "$(stat -c %a "$T/out/got")" = 755 ]
	ln -s got "$T/out/link"
	client get -f large "$T/out/link"
	[ "$(stat -c %a "$T/out/link")" = 644 ]
}

@test "9.23 list and get below a folder that was deleted say so, here and there" {
	echo x >f
	client put f d/e/a
	client put f d/b
	client put f top
	client delete d/e/a d/b
	refused 4 'd/e: no such file or folder' list d/e
	refused 4 'd: no such file or folder' list -R d
	refused 4 'd/b: no such file' get d/b
	refused 4 'd: no such file or folder' get -r d
	refused 4 'd/e/: no such file or folder' get -r d/e/
	# A file may have the name now
	client put f d
	[ "$(client list d)" = d ]
	refused 4 'd/: no such file or folder' list d/
	refused 4 'd/b: no such file' get d/b
	[ "$(ls)" = f ]
	# The folder that one is in
	mkdir gone && cd gone && rmdir ../gone
	[ "$(client list)" = $'d\ntop' ]
	refused 1 'the local folder . was deleted' get top
	refused 1 'the local folder . was deleted' get -r top sub/
	[ "$(client get top -)" = x ]
	client get top "$T/out/top"
	cmp "$T/in/f" "$T/out/top"
}
