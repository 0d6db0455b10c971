# Acceptance 1.10: peers that connect and do nothing of use.
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

# Kibibytes of dfsN: VmRSS now, VmHWM at its highest
memory()
{
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/${SERVER_PID[$1]}/status"
}

@test "1.10 two hundred connections that stall leave other addresses alone, and memory within its cap" {
	random_file "$T/in" 3000000
	client put "$T/in" name
	local before n
	before=$(memory 1 VmRSS)
	for n in 1 2; do
		background "$PYTHON" "$SOURCE/tests/peer.py" stall "127.0.0.1:$(server_port $n)" \
			$((600000000 + n)) "$CLUSTER" 127.0.0.2 200 "$T/stalled.$n" /tester/name
	done
	for n in 1 2; do
		eventually 60 test -e "$T/stalled.$n"
	done
	for n in 1 2 3 4 5 6 7 8; do
		client get -f name "$T/out"
		cmp "$T/in" "$T/out"
		client put "$T/in" "other$n"
	done
	run client status
	echo "$output"
	[ "$status" = 0 ]
	log_has 1 'warn refused address=127\.0\.0\.2:[0-9]+ what=(connection|handshake)'
	run ! log_has 1 'warn refused address=127\.0\.0\.1:'
	echo "dfs1: $before KiB before, $(memory 1 VmHWM) KiB at most"
	# 150 MiB of records and answers (server/service/admission.c), and what 192 connections need besides
	[ -n "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ] || [ "$(memory 1 VmHWM)" -lt $((before + 160 * 1024)) ]
}

@test "1.10 a server that is short of descriptors waits, and serves again when it has some" {
	prlimit --pid "${SERVER_PID[1]}" --nofile=48:48
	background "$PYTHON" -c 'import socket, sys, time
held = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(100)]
time.sleep(600)' "$(server_port 1)"
	eventually 20 log_has 1 'warn refused .*why=EMFILE'
	random_file "$T/in" 100000
	client put "$T/in" name
	kill -KILL "$BACKGROUND_PID"
	eventually 30 server_answers 1
	client get name "$T/out"
	cmp "$T/in" "$T/out"
}

@test "1.10 a server ends in time although peers stall" {
	random_file "$T/in" 3000000
	client put "$T/in" name
	background "$PYTHON" "$SOURCE/tests/peer.py" stall "127.0.0.1:$(server_port 1)" 600000001 \
		"$CLUSTER" 127.0.0.2 20 "$T/stalled" /tester/name
	eventually 60 test -e "$T/stalled"
	server_stop 1
	log_has 1 'info stopped connections=0'
}
