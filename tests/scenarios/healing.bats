# Acceptance 3.1: what a server missed or lost as a whole comes back by itself, and costs nothing twice.
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

@test "3.1 a server that was away gets what it missed, and what was kept for it goes" {
	lose 2 true
	log_has 2 voting
	run ! log_has 2 'recovering why'
}

@test "3.1 a server whose disk was emptied is filled again" {
	lose 3 empty 3
	log_has 3 'recovering why="The store is empty'
}

@test "3.1 a server whose disk was set back to an older copy is brought up to date" {
	servers_start
	before
	server_stop 4
	cp -a "$CLUSTER/dfs4/data" "$T/copy"
	server_start 4
	eventually 60 status_is_0
	fill tree 1 20
	client put -r "$T/tree" tree
	server_kill 4
	change
	set_back 4
	server_start 4
	healed
}

# As the manual says: copied while it runs and is written to, put back, started.
@test "3.1 a server is restored from a copy that was made while it ran" {
	servers_start
	before
	touch "$T/writing"
	{
		while [ -e "$T/writing" ]; do
			client put "$T/tree/1" during >/dev/null 2>&1 || true
		done
	} 3>&- &
	writer=$!
	# What a merge takes away under it is missing in the copy.
	cp -a "$CLUSTER/dfs2" "$T/backup" || true
	rm "$T/writing"
	wait $writer
	client delete during
	server_kill 2
	change
	rm -rf "$CLUSTER/dfs2"
	cp -a "$T/backup" "$CLUSTER/dfs2"
	server_start 2
	healed
}
