# What proves who wrote a file, when he has new keys, is gone, or is there anew.  8.9.

bats_require_minimum_version 1.5.0
load helper

setup()
{
	cluster_create
	servers_start
	echo "by other" >"$T/text"
}

teardown()
{
	cluster_end
}

admin()
{
	client "$@" --user admin
}

# tester reads what other wrote, in his own folder and in everybody's.
tester_reads()
{
	local path
	for path in /shared/theirs /tester/ours; do
		run -0 --separate-stderr client get "$path" -
		[ "$output" = "by other" ]
		[ -z "$stderr" ]
	done
}

@test "8.9 what a user wrote is proved after a new password, after he is gone, and when his name is given again" {
	client put "$T/text" /shared/theirs --user other
	echo first | client put - /tester/ours
	client share /tester/ours other --write
	client put "$T/text" /tester/ours --user other
	tester_reads
	# New keys: what he wrote stays his, and he writes on.
	admin user passwd other --new-password-file "$T/passwords/other"
	tester_reads
	DFS_PASSWORD_FILE=$T/passwords/other client login --user other
	client put "$T/text" /shared/theirs --user other
	tester_reads
	# Gone: he cannot log in, is no user any more, and what he wrote is read.
	admin user delete other
	tester_reads
	run -0 admin user list
	[[ $output != *other* ]]
	DFS_PASSWORD_FILE=$T/passwords/other run -7 client login --user other
	run -4 client share /tester/ours other
	run -4 admin user delete other
	run -4 admin user passwd other --new-password-file "$T/passwords/other"
	# The owner may still say who reads it, for it is proved.
	client unshare /tester/ours other
	tester_reads
	# There again, by other keys.
	admin user add other --new-password-file "$T/passwords/other"
	DFS_PASSWORD_FILE=$T/passwords/other client login --user other
	tester_reads
	run -0 client get /shared/theirs - --user other
	run -7 client get /tester/ours - --user other
}

@test "8.9 a user has sixteen keys, and is refused the seventeenth in words" {
	local i
	for i in $(seq 15); do
		admin user passwd other --new-password-file "$T/passwords/other"
	done
	run -8 admin user passwd other --new-password-file "$T/passwords/other"
	[[ $output == *"which is the most"* ]]
	DFS_PASSWORD_FILE=$T/passwords/other client login --user other
	client put "$T/text" /shared/theirs --user other
	run -0 client get /shared/theirs -
	[ "$output" = "by other" ]
}
