# Acceptance 3.4: two servers that come and go under load.
load helper
load heal
load loader

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

# Two servers die and return, each when it likes, so that now and then both are away.
flap()
{
	local end=$((SECONDS + $1)) first second n
	servers_start
	loader 1 3>&- &
	first=$!
	loader 2 3>&- &
	second=$!
	until [ "$SECONDS" -ge "$end" ] && [ "$(cat "$T"/acknowledged.* 2>/dev/null | wc -l)" -gt 5 ]; do
		n=$((RANDOM % 2 + 2))
		if [ -n "${SERVER_PID[n]:-}" ]; then
			server_kill $n
		else
			server_start $n
		fi
		a_moment 400
	done
	touch "$T/stop"
	wait $first $second
	for n in 2 3; do
		[ -n "${SERVER_PID[n]:-}" ] || server_start $n
	done
	echo "$(cat "$T"/acknowledged.* | wc -l) puts were acknowledged"
	all_acknowledged_are_there
	all_in_place
	all_acknowledged_are_there
}

@test "3.4 two servers flapping under load for ten seconds: nothing is lost, nothing stuck, two copies of all" {
	flap 10
}

# bats test_tags=long
@test "3.4 two servers flapping under load for two minutes" {
	flap 120
}
