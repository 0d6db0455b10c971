# Acceptance 3.1: a server that lost a part of its store, and two that lost all.
load helper
load heal

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

@test "3.1 a server that lost a segment in the middle" {
	lose 1 middle_gone 1
	log_has 1 'recovering why'
}

@test "3.1 a server that lost its newest segment" {
	lose 2 newest_gone 2
}

@test "3.1 a server with random bytes flipped in ten segments" {
	servers_start
	before
	# Merging may take some away until the server is dead.
	until [ "${#SERVER_PID[@]}" = 3 ] && [ "$(segments_of 3 | wc -l)" -ge 10 ]; do
		[ "${#SERVER_PID[@]}" = 4 ] || server_start 3
		until [ "$(segments_of 3 | wc -l)" -ge 10 ]; do
			client put "$T/tree/1" tree/1
		done
		server_kill 3
	done
	change
	flip_bytes 3
	server_start 3
	healed
	log_has 3 ' damaged segment=| recovering why='
}

# The second one while the content of the first has yet to come back: neighbours have one copy of each.
@test "3.1 the disks of two opposite servers are emptied one after the other" {
	servers_start
	before
	server_kill 1
	empty 1
	change
	server_start 1
	eventually 120 is 1 up
	server_kill 3
	empty 3
	server_start 3
	healed
	log_has 1 'recovering why'
	log_has 3 'recovering why'
}
