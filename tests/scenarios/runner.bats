# What the runner of the tests promises: its limits end what hangs, and are no clocks.
load helper

# A bats file that passes once it has had some seconds of the processor's time.
setup()
{
	printf '%s "works for seconds" {\n\t/usr/bin/python3 -c "import time\n%s"\n}\n' '@test' \
		'while time.process_time() < 2.5: pass' >"$T/work.bats"
}

teardown()
{
	cluster_end
}

runs()
{
	cd "$SOURCE"
	env -u DFS_TEST_CLOCK taskset -c 0 tests/run --jobs 1 "$@" 2>&1
}

@test "9.14 a limit is as long as the machine is busy" {
	for _ in 1 2 3 4 5 6 7 8; do
		background taskset -c 0 sh -c 'while :; do :; done'
	done
	begin=$SECONDS
	run -0 runs --limit 8 "$T/work.bats"
	echo "$output"
	# Else nothing was shown: by the clock of the wall this is past the limit of one test.
	[ $((SECONDS - begin)) -gt 4 ]
	[[ "${lines[-1]}" == "1 passed, 0 failed, 0 skipped" ]]
}

@test "9.14 what hangs is ended, and told" {
	echo '@test "hangs" { exec tail -f /dev/null; }' >"$T/hang.bats"
	run -1 runs --limit 4 "$T/hang.bats"
	[[ "$output" == *"not ok"*"hang: runs to its end"* ]]
}
