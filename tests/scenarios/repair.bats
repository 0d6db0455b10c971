# Acceptance 3.1: a server that was away, or that lost its disk, has its own pairs again by itself,
# and the spares that were kept for it are gone.
load helper

setup()
{
	cluster_create
}

teardown()
{
	cluster_end
}

# put_many NAME COUNT: so many files of several sizes below NAME/, of what is new each time.
put_many()
{
	local sizes=(0 1 3 4 5 1000 70000 300000)
	mkdir -p "$T/$1"
	for i in $(seq "$2"); do
		random_file "$T/$1/$i" "${sizes[i % ${#sizes[@]}]}"
	done
	client put -r "$T/$1" "$1"
}

# Each of the others may go: what folder NAME had is read back without it.
reads_without()
{
	server_stop "$1"
	rm -rf "$T/out"
	client get -r "$2" "$T/out"
	diff -r "$T/$2" "$T/out"
	server_start "$1"
}

@test "3.1 a server whose data is gone has its content again by itself" {
	servers_start
	put_many before 24
	random_file "$T/before/large" 5000000
	client put "$T/before/large" before/large
	server_kill 3
	rm -rf "$CLUSTER"/dfs3/data/*
	server_start 3
	eventually 60 log_has 3 healed
	for n in 1 2 4; do
		reads_without $n before
	done
}
