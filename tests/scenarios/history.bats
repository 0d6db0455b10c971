# Acceptance 1.7, 1.8 and 12.15: what clients did among servers that die or lie, checked as a history of each name.
load helper

setup()
{
	T=$BATS_TEST_TMPDIR
}

teardown()
{
	rm -rf "$BATS_TEST_TMPDIR"/bin
}

history()
{
	"$PYTHON" "$SOURCE/tests/history/history" "$@"
}

@test "1.7 1.8 while servers are killed and stopped, every name behaves like one register" {
	run history --bin "$DFS_BIN" --seconds 20
	echo "$output"
	[ "$status" = 0 ]
}

@test "3.7 servers that overtake what clients are still at lose nothing: every name behaves like one register" {
	run history --bin "$DFS_BIN" --seconds 15 --set abandoned_after=1s
	echo "$output"
	[ "$status" = 0 ]
}

@test "3.1 3.2 while disks are emptied and set back, every name behaves like one register, and all heals" {
	run history --bin "$DFS_BIN" --seconds 20 --lose
	echo "$output"
	[ "$status" = 0 ]
}

# bats test_tags=long
@test "3.1 3.2 3.3 long: while disks are emptied and set back, and servers clean up at once" {
	for seed in $(seq 5); do
		run history --bin "$DFS_BIN" --seconds 60 --seed "$seed" --lose
		echo "$output"
		[ "$status" = 0 ]
		run history --bin "$DFS_BIN" --seconds 60 --seed "$seed" --lose \
			--set tombstones_after=1s --set abandoned_after=1s
		echo "$output"
		[ "$status" = 0 ]
	done
}

# bats test_tags=long
@test "1.7 1.8 long: while servers are killed and stopped, every name behaves like one register" {
	for seed in $(seq 10); do
		run history --bin "$DFS_BIN" --seconds 60 --seed "$seed"
		echo "$output"
		[ "$status" = 0 ]
	done
}

# One run in some still finds a name whose history has a step too many.
# bats test_tags=long
@test "12.15 among three honest servers and one that lies at random, every name behaves like one register" {
	run history --bin "$DFS_BIN" --liar "$DFS_TOOLS/attacks/liar" --operations 1000 --seconds 300
	echo "$output"
	[ "$status" = 0 ]
}

# bats test_tags=long
@test "12.15 long: among three honest servers and one that lies at random, 50000 operations" {
	for seed in $(seq 8); do
		run history --bin "$DFS_BIN" --seed "$seed" --liar "$DFS_TOOLS/attacks/liar" \
			--operations 6250 --seconds 1800
		echo "$output"
		[ "$status" = 0 ]
	done
}

# mutants NAME: the four servers are this program.
mutants()
{
	mkdir -p "$T/bin/client"
	ln -s "$DFS_BIN/client/client" "$T/bin/client/client"
	for n in 1 2 3 4; do
		mkdir "$T/bin/dfs$n"
		cp "$DFS_TOOLS/history/$1" "$T/bin/dfs$n/dfs$n"
	done
}

# Three runs of up to a minute each find the fault many times over (a run of 25 s finds some 40).
@test "1.7 the check of histories finds servers that do not keep their promises" {
	mutants mutant_promises
	for try in 1 2 3; do
		run history --bin "$T/bin" --seconds 20
		[ "$status" = 0 ] || break
	done
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"fault: "* ]]
}

# Not that something cannot be healed, but that what was acknowledged is not there.
tells_of_a_loss()
{
	[[ $output == *"fault: cold/"*" found nothing after "*" was put"* ]]
}

@test "3.2 the check of histories finds servers that vote at once when their disk was lost" {
	no_sanitizer # which are too slow for so many losses
	mutants mutant_recovery
	for try in 1 2 3; do
		# What was lost is never healed: nobody waits for it.
		run history --bin "$T/bin" --seconds 20 --lose --heal 10
		! tells_of_a_loss || break
	done
	echo "$output"
	[ "$status" = 1 ]
	tells_of_a_loss
}
