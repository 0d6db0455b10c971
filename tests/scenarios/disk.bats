# Acceptance 3.8: a disk that returns EIO, for one segment, for all of them, or when it is to make
# something durable.  The library tools/eio stands for the disk.
load helper

setup()
{
	cluster_create
	printf '%s\n' '[server]' 'scrub_share = 100' 'scrub_round = 2s' >>"$DFS_CONFIG"
}

teardown()
{
	cluster_end
}

# disk_fails N LINE...: from now on what the lines of tools/eio.c say fails for dfsN; none: nothing.
disk_fails()
{
	local n=$1
	shift
	printf '%s\n' "$@" >"$T/disk$n.new"
	mv "$T/disk$n.new" "$T/disk$n"
}

# A server on such a disk.
start_on_bad_disk()
{
	IN=(env "LD_PRELOAD=$DFS_TOOLS/scenarios/tools/eio.so" "DFS_EIO=$T/disk$1" \
		"ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}" "${IN[@]}")
	server_start "$@"
	IN=("${IN[@]:4}")
}

# The lines for all segments that dfsN has now, and for what it is merging of them.
each_segment()
{
	local newest number
	newest=$(status_of "$1" newest_segment)
	for number in $(seq "$newest"); do
		printf 'read */*-%015d.gdbm\n' "$number"
	done
}

put_many()
{
	local sizes=(0 1 3 1000 70000 300000) i
	mkdir -p "$T/$1"
	for i in $(seq "$2"); do
		random_file "$T/$1/$i" "${sizes[i % ${#sizes[@]}]}"
	done
	client put -r "$T/$1" "$1"
}

comes_back()
{
	rm -rf "$T/out"
	client get -r "$1" "$T/out"
	diff -r "$T/$1" "$T/out"
}

# What is stored has been read, and nothing of it was found damaged: so many times.
clean_rounds()
{
	grep -c ' scrubbed .* damaged=0$' "$CLUSTER/dfs$1.log" || true
}

more_clean_rounds()
{
	[ "$(clean_rounds "$1")" -gt "$2" ]
}

# Every server votes, every chunk has two copies, and dfsN has read its own once more.
all_is_well()
{
	client status >/dev/null && more_clean_rounds "$1" "$2" && client status >/dev/null
}

# What is below small/, and large, is read with dfs2 and without dfs3.
reads_without_its_neighbour()
{
	server_kill 3
	client get large - | cmp "$T/large"
	comes_back small
}

@test "3.8 EIO for one segment: others serve it, it is named, and mended into another segment" {
	for n in 1 3 4; do server_start $n; done
	start_on_bad_disk 2
	put_many small 12
	random_file "$T/large" 5000000
	client put "$T/large" large
	segment=$(ls -S "$CLUSTER/dfs2/data/seg" | head -1)
	disk_fails 2 "read */$segment"
	rounds=$(clean_rounds 2)
	client get large - | cmp "$T/large"
	comes_back small
	eventually 60 log_has 2 "damaged .*segment=$segment"
	eventually 120 all_is_well 2 $((rounds + 1))
	# What the disk does not give any more is on it again, elsewhere.
	reads_without_its_neighbour
}

@test "3.8 EIO for every segment: others serve them, and all of it comes back into new ones" {
	for n in 1 3 4; do server_start $n; done
	start_on_bad_disk 2
	put_many small 12
	random_file "$T/large" 5000000
	client put "$T/large" large
	disk_fails 2 "$(each_segment 2)"
	rounds=$(clean_rounds 2)
	client get large - | cmp "$T/large"
	comes_back small
	client put "$T/large" again
	eventually 60 log_has 2 damaged
	eventually 60 log_has 2 'recovering .*list of a segment'
	eventually 60 log_has 2 'voting epoch=[1-9]'
	eventually 120 all_is_well 2 $((rounds + 1))
	reads_without_its_neighbour
}

@test "3.8 EIO for every segment at the start: it does not vote until others have told it everything" {
	for n in 1 3 4; do server_start $n; done
	start_on_bad_disk 2
	put_many small 12
	random_file "$T/large" 5000000
	client put "$T/large" large
	segments=$(each_segment 2)
	servers_stop
	disk_fails 2 "$segments"
	# Alone it can only wait, and say so.
	start_on_bad_disk 2
	eventually 30 log_has 2 'recovering .*cannot be read: Input/output error'
	eventually 30 is 2 recovering
	for n in 1 3 4; do server_start $n; done
	eventually 60 log_has 2 'voting epoch=[1-9]'
	eventually 120 all_is_well 2 "$(($(clean_rounds 2) + 1))"
	reads_without_its_neighbour
}

@test "3.8 a disk that gives nothing back, not even what it has just taken: the server goes on without it" {
	for n in 1 3 4; do server_start $n; done
	start_on_bad_disk 2
	put_many small 12
	random_file "$T/large" 5000000
	client put "$T/large" large
	disk_fails 2 'read */seg/*.gdbm'
	comes_back small
	client put "$T/large" large
	put_many small 12
	client get large - | cmp "$T/large"
	server_stop 2
	start_on_bad_disk 2
	eventually 30 log_has 2 'recovering .*cannot be read: Input/output error'
	comes_back small
	client put "$T/large" large
	client delete small/1
	rm "$T/small/1"
	comes_back small
	# The cable was loose.
	disk_fails 2
	eventually 120 all_is_well 2 "$(($(clean_rounds 2) + 1))"
	reads_without_its_neighbour
}

@test "3.8 EIO at one of the two that are left: a server that lost its disk takes its registers all the same" {
	# Nothing is found out before it is asked for.
	sed -i '/^scrub_/d; s/^\[server\]/&\nthird_donor = 1s/' "$DFS_CONFIG"
	for n in 1 2 3; do server_start $n; done
	start_on_bad_disk 4
	put_many small 24
	server_kill 1 2
	rm -rf "$CLUSTER"/dfs1/data/*
	disk_fails 4 "$(each_segment 4)"
	server_start 1
	eventually 30 is 1 up
	[ "$(status_of 1 files)" = 24 ]
}

@test "3.8 EIO on fsync: nothing is acknowledged, and people are told" {
	for n in 3 4; do server_start $n; done
	start_on_bad_disk 1
	start_on_bad_disk 2
	put_many small 12
	random_file "$T/large" 5000000
	random_file "$T/tiny" 100
	disk_fails 2 'fsync */data/tmp/*'
	for file in large tiny; do
		run -0 client put "$T/$file" $file
		[[ "$output" == *"stored without one server (the disk of dfs2 failed"* ]]
	done
	log_has 2 'commit error=Input/output error'
	client status | grep -q '^dfs2 .*disk did not take what was stored last: Input/output error'
	# With two of them there are not enough.
	disk_fails 1 'fsync */data/tmp/*'
	for file in large tiny; do
		run -5 client put "$T/$file" "new-$file"
		[[ "$output" == *"the disk of dfs1 and dfs2 failed"* ]]
	done
	comes_back small
	disk_fails 1
	disk_fails 2
	eventually 60 client status
	run -4 client get new-large "$T/none"
	run -4 client get new-tiny "$T/none"
	server_kill 3
	client get large - | cmp "$T/large"
	client get tiny - | cmp "$T/tiny"
}

@test "3.8 EIO on fsync of the folder: what is on the disk is unknown, and the server ends" {
	for n in 1 3 4; do server_start $n; done
	start_on_bad_disk 2
	put_many small 3
	disk_fails 2 'fsync */seg'
	put_many small 3
	eventually 30 dead "${SERVER_PID[2]}"
	log_has 2 'folder .*state=unknown ending=yes'
	wait "${SERVER_PID[2]}" || true
	unset 'SERVER_PID[2]'
	disk_fails 2
	start_on_bad_disk 2
	eventually 60 client status
	server_kill 3
	comes_back small
}
