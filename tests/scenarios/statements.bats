# What README.md says and a command can try, besides its ten lines (readme.bats).
load helper

README=$SOURCE/README.md

teardown()
{
	[ -z "${DEMO_PID:-}" ] || kill -TERM "$DEMO_PID"
	[ -z "${DFS_CONFIG:-}" ] || cluster_end
}

# The rows of the table that follows a heading, without its head.
table_of()
{
	awk -v heading="$1" '$0 ~ heading { found = 1; next } found && /^## / { exit }
		found && /^\| *---/ { on = 1; next } on && !/^\|/ { exit } on' "$README"
}

# The words between backticks in what is read.
quoted()
{
	grep -o '`[^`]*`' | tr -d '`'
}

@test "9.24 README names what is there: verbs, exit codes, folders, packages, targets, parts of the benchmark" {
	local word verb
	[ "$(table_of '^## Use it' | wc -l)" -ge 14 ]
	[ "$(client help | grep -c '^  [a-z]')" -ge 14 ]
	# Each verb has its help, and each verb of the help is named.
	for word in $(table_of '^## Use it' | cut -d'|' -f2 | quoted | awk '{ print $1 == "client" ? $2 : $1 }'); do
		client help "$word" >/dev/null
	done
	for verb in $(client help | awk '/^  [a-z]/ { print $1 }'); do
		grep -Eq "\`(client )?$verb" "$README" || { echo "not in README: $verb"; false; }
	done
	# The words of the contract are those of the manual.
	grep -A 4 'a contract: 0 done' "$README" | tr '\n' ' ' | grep -oE '[0-9]+ [a-z ]+' | while read -r code word; do
		echo "$code: $word"
		sed -n '/^\.SH EXIT STATUS/,/^\.TE/p' "$SOURCE/doc/dfs.1" | grep -Eq "^$code\|.*${word%% *}"
	done
	[ "$(table_of '^## Where things are' | wc -l)" -ge 10 ]
	for word in $(table_of '^## Where things are' | cut -d'|' -f2 | quoted); do
		[ -d "$SOURCE/$word" ]
	done
	for word in rpc client/shell client/verbs client/upkeep client/command client/cluster client/lib \
		client/registers client/session server/service server/store; do
		[ -s "$SOURCE/$word/README.md" ]
	done
	for word in rpcsvc-proto rpcbind libtirpc zstd gdbm xxhash jansson inih readline uthash libbsd cmocka bats python3 iproute2 git; do
		table_of '^## What it needs' | cut -d'|' -f2 | grep -iq "$word"
		grep -iq "$word" "$SOURCE/tests/deps"
	done
	for word in demo up down test bench clean install help; do
		grep -q "make $word" "$README"
		grep -q "^$word:\|^\.PHONY: .*$word" "$SOURCE/Makefile"
	done
	local parts
	parts=$(grep -A 1 'one part: ' "$README" | sed '1s/.*one part: //; 2s/\. .*//' | quoted)
	[ "$(tr ' ' '\n' <<<"$parts" | sed '/^$/d' | sort)" = "$(sed -n 's/.*"--only", default="\(.*\)").*/\1/p' "$SOURCE/tests/bench/bench" | tr , '\n' | sort)" ]
	# It is short.
	[ "$(wc -l <"$README")" -lt 280 ]
}

@test "the manuals and the help name the same options" {
	local verb
	# What is explained, and not only mentioned
	headings()
	{
		sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$1" | grep -A 1 '^\.TP' | sed 's/\\-/-/g' | options
	}
	options()
	{
		grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
	}
	{
		client help | options
		for verb in $(client help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\).*/\1/p'); do
			client help "$verb" | sed -n '/^Options:/,$p' | options
		done
	} >"$T/of.help"
	sort -u "$T/of.help" | diff - <(headings "$SOURCE/doc/dfs.1")
	"$DFS_BIN/dfs1/dfs1" --help | options | diff - <(headings "$SOURCE/doc/dfs1.8")
}

@test "9.24 README explains a word before it uses it" {
	local word line
	for word in unit register tombstone epoch row spare scrub; do
		line=$(grep -nE "\b${word}s?\b" "$README" | head -1)
		echo "$line"
		[[ $line == *"*$word*"* || $line == *"*${word}s*"* || $line == *"The $word of a file is "* ]]
	done
}

@test "9.24 rows, pairs, rpcinfo, gdbmtool, status, limits and sizes are as README says" {
	cluster_create
	servers_start
	local row n name digit hash want
	# The row, and what each server keeps in it.
	for row in 0 1 2 3; do
		file_of_row "$T/in" $row 5000
		hash=$(xxh128sum "$T/in" | cut -c1-32)
		digit=${hash: -1}
		client put "$T/in" "row$row"
		[ "$(client stat --json "row$row" | field row)" = $((16#$digit % 4)) ]
		want=$(table_of '^## Which server keeps what' | awk -F' *\\| *' -v row=$row '$2 == row { print $3, $4, $5, $6 }')
		[ "$(client list --chunks --json "row$row" | "$PYTHON" -c 'import json, sys
servers = json.load(sys.stdin)["servers"]
print(*("%d,%d" % ((4, 1) if set(servers[n]["chunks"]) == {1, 4} else tuple(servers[n]["chunks"])) for n in sorted(servers)))')" = "$want" ]
	done
	# Without an rpcbind: the command of README, with its own port's numbers, at the ports of here.
	grep -qF 'rpcinfo -a 127.0.0.1.39.17 -T tcp 600000001 2' "$README"
	[ $((39 * 256 + 17)) = 10001 ]
	for n in 1 2 3 4; do
		row=$(server_port $n)
		rpcinfo -a "127.0.0.1.$((row >> 8)).$((row & 255))" -T tcp "60000000$n" 2 | grep 'ready and waiting'
	done
	name=$(ls "$CLUSTER/dfs2/data/seg" | head -1)
	gdbmtool -r "$CLUSTER/dfs2/data/seg/$name" count | grep -E '[0-9]'
	run -0 client status
	for n in 0 1 2 3; do
		[[ "${lines[n]}" == "dfs$((n + 1))  up "* ]]
	done
	[ "${lines[5]}" = ok ]
	# Limits: a part of 255 bytes, a path of 4096, a file and a folder of one name, one server alone
	name=$(printf '%0255d' 0)
	client put --to "$name" "$T/in"
	run -2 client put --to "0$name" "$T/in"
	name=$(printf 'p%.0s/' $(seq 2048))
	name=/tester/${name:0:4088}
	[ ${#name} = 4096 ]
	client put --to "${name%/}q" "$T/in"
	run -2 client put --to "${name%/}qq" "$T/in"
	run -8 client put --to row0/below "$T/in"
	client put --to p/q "$T/in"
	# Admin sees names and sizes, and cannot read.
	client list -l /tester/ --user admin | grep row1
	run -7 client get /tester/row1 - --user admin
	client delete /tester/row1 --user admin
	client share row2 other
	client get /tester/row2 - --user other | cmp - <(client get row2 -)
}

@test "9.24 what compresses takes less disk, as README says" {
	cluster_create
	servers_start
	(cd "$SOURCE" && tar -cf "$T/sources" rpc server client/*/ tests/unit)
	# Of all servers: what their stores take.
	stored()
	{
		client status --json | "$PYTHON" -c 'import json, sys
print(sum(json.loads(line).get("stored", 0) for line in sys.stdin))'
	}
	local before after
	before=$(stored)
	client put "$T/sources" sources
	after=$(stored)
	[ "$after" -gt "$before" ]
	[ $((after - before)) -lt "$(stat -c %s "$T/sources")" ]
}

@test "9.24 a server runs as a user of its own, who has its folder, as README and the service file say" {
	need_root
	cluster_create
	grep -qx 'User=dfs' "$SOURCE/doc/dfs@.service"
	grep -qx 'ExecStart=@PREFIX@/sbin/dfs%i --config /etc/dfs/cluster.conf' "$SOURCE/doc/dfs@.service"
	grep -A 1 'adduser .*--system' "$SOURCE/debian/dfs.postinst" | grep -q ' dfs$'
	chown -R 65534 "$CLUSTER/dfs3"
	chmod 644 "$CLUSTER/cluster.conf"
	chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$T" "$CLUSTER"
	local as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	# Where the folders above are closed to others he may pass through them, and still write nothing.
	"${as[@]}" test -r "$CLUSTER/cluster.conf" -a -x "$DFS_BIN/dfs3/dfs3" ||
		as+=(--inh-caps +dac_read_search --ambient-caps +dac_read_search)
	run ! "${as[@]}" touch "$CLUSTER/dfs2/data/mine"
	for n in 1 2 4; do
		server_spawn $n
	done
	IN=("${as[@]}")
	server_spawn 3
	IN=()
	for n in 1 2 3 4; do
		server_wait $n
		eventually 30 is $n up
	done
	[ "$(stat -c %u "/proc/${SERVER_PID[3]}")" = 65534 ]
	random_file "$T/in" 70000
	client put --require-full "$T/in" name
}

@test "9.24 a server that moves has its new address in every cluster.conf, and its old certificate" {
	cluster_create
	servers_start
	random_file "$T/in" 70000
	client put --require-full "$T/in" name
	server_stop 2
	sed -i "/^\[dfs2\]/,/^\[/ s/^address = .*/address = 127.0.0.2:$(server_port 2)/" "$DFS_CONFIG"
	server_spawn 2
	eventually 30 is 2 up
	for n in 1 3 4; do
		server_stop $n
		server_spawn $n
		eventually 30 is $n up
	done
	grep ' listening address=127.0.0.2:' "$CLUSTER/dfs2.log"
	client put --require-full "$T/in" again
	client verify --no-wait
}

@test "9.24 make demo STEP=1 waits for a key before the next chapter" {
	mkfifo "$T/keys"
	exec 7<>"$T/keys"
	STEP=1 "$SOURCE/tests/demo" <"$T/keys" >"$T/said" 2>&1 3>&- 7>&- &
	DEMO_PID=$!
	eventually 60 grep -q 'any key goes on: The administrator' "$T/said"
	run ! grep '== The administrator' "$T/said"
	printf k >&7
	eventually 60 grep -q 'any key goes on: Real files' "$T/said"
	grep '== The administrator' "$T/said"
	# What is started is shown, and with what a command ends.
	grep -F '$ dfs4 --config cluster/cluster.conf &' "$T/said"
	local rc=0
	kill -TERM "$DEMO_PID"
	wait "$DEMO_PID" || rc=$?
	DEMO_PID=
	[ $rc = 130 ]
	grep -q 'STEP=\$(STEP) tests/demo' "$SOURCE/Makefile"
}
