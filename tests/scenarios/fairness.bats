# Acceptance 8.4, 8.5, 8.6, 8.8 and 8.11: shares of what all use, names that are not for everybody, and
# rights that end (tests/attacks).
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

attack()
{
	local name=$1
	shift
	"${IN[@]}" "$DFS_TOOLS/attacks/$name" "$@"
}

@test "8.4 values cost as much of a quota as they take of a disk" {
	user_add third --quota 128K
	attack over_quota 131072 values
}

@test "8.4 versions that are kept cost as much of a quota as they take of a disk" {
	user_add third --quota 128K
	attack over_quota 131072 earlier
}

@test "8.4 content that no value names costs as much of a quota as it takes of a disk" {
	user_add third --quota 128K
	attack over_quota 131072 staged
}

@test "8.4 content that no value names costs as much of a quota as the path it is for" {
	user_add third --quota 128K
	attack over_quota 131072 names
}

@test "8.4 what is written over without an end is kept within a quota" {
	user_add third --quota 128K
	attack over_quota 131072 overtaken
}

@test "8.4 what is staged for another's file costs who brings it, and not the owner" {
	user_add third --quota 128K
	client user quota tester 2M --user admin
	echo text >"$T/in"
	client put "$T/in" writable
	client share writable third --write
	client share writable other --write
	attack over_quota 131072 others
	attack others_quota
}

@test "8.4 what a deleted file keeps costs as much of a quota as it takes of a disk" {
	user_add third --quota 128K
	attack over_quota 131072 deleted
}

@test "8.4 what is deleted below /shared/ costs as much as what is deleted elsewhere" {
	user_add third --quota 128K
	attack over_quota 131072 tombstones
}

@test "8.5 where a page of a listing ends tells no name that is not shown" {
	user_add third
	mkdir -p "$T/in/private"
	for i in $(seq 260); do
		echo "$i" >"$T/in/private/secret-$i"
	done
	client put -r "$T/in/private"
	client put "$T/in/private/secret-1" zebra
	attack listed_names
}

@test "8.6 whoever begins uploads without end keeps nobody else from putting" {
	attack open_uploads
}

@test "8.8 a right that ended before a path was free is not used at it" {
	echo text >"$T/in"
	client put "$T/in" writable
	attack late_writer "${SERVER_PID[4]}"
}

@test "8.11 no object holds up a path" {
	attack held_paths
}
