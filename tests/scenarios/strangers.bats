# Acceptance 12.9, 12.10 and 12.12: strangers, as many as they like, keep nobody from working.
load helper

setup()
{
	cluster_create
	servers_start
	random_file "$T/in" 3000000
	client put "$T/in" name
}

teardown()
{
	cluster_end
}

# strangers WAY SOURCES ADDRESSES COUNT: at each server; returns once all of them have tried
strangers()
{
	local n
	for n in 1 2 3 4; do
		background "$PYTHON" "$TOOLS/strangers.py" "$1" "127.0.0.1:$(server_port $n)" \
			$((600000000 + n)) "$2" "$3" "$4" "$T/tried.$1.$n"
	done
	for n in 1 2 3 4; do
		eventually 60 test -e "$T/tried.$1.$n"
	done
}

# No call of whoever has a session fails, nor has to do without a server.
honest()
{
	local i
	for i in 1 2 3 4 5 6; do
		client stat name
		client put "$T/in" "other$i"
		client get -f "other$i" "$T/out"
		cmp "$T/in" "$T/out"
	done
	client status
}

@test "12.9 570 idle connections from six addresses, and 570 with half a record, fill no server" {
	strangers nothing '127.0.9.*' 6 570
	honest
	strangers half '127.0.10.*' 6 570
	honest
}

@test "12.10 no record above 4 KiB is read before a log-in, nor memory taken for it" {
	strangers large '127.0.9.*' 6 120
	honest
}

@test "12.12 wrong proofs for a user from his own address keep none of his sessions waiting" {
	strangers proofs '127.0.0.*' 1 20
	honest
}
