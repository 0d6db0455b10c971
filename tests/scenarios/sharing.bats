# Files for others: share, share --write, unshare, and /shared/.
load helper

setup()
{
	cluster_create
	servers_start
	random_file "$T/one" 300000
	random_file "$T/two" 2000
}

teardown()
{
	cluster_end
}

# What a user gets of a file is this local file.
gets()
{
	client get --user "$1" "$2" - | cmp - "$3"
}

refused()
{
	run -7 client "$@"
	[ -n "$output" ]
}

stat_of()
{
	client stat --json "$1" | field "$2"
}

@test "a shared file can be read, and nothing else can be done with it" {
	client put "$T/one" file
	client put "$T/one" secret
	refused get --user other /tester/file "$T/out"
	version=$(stat_of file file_version)
	client share file other
	gets other /tester/file "$T/one"
	# It is the same version, and the reader sees its digests.
	[ "$(stat_of file file_version)" = "$version" ]
	[ "$(client stat --sha256 --user other --json /tester/file | field sha256)" = \
		"$(sha256sum "$T/one" | cut -d' ' -f1)" ]
	[ "$(stat_of file readers)" = '[{"user": "other", "writes": false}]' ]
	refused put --user other "$T/two" /tester/file
	refused delete --user other /tester/file
	refused share --user other /tester/file admin
	refused unshare --user other /tester/file other
	refused get --user other /tester/secret "$T/out"
	refused put --user other "$T/two" /tester/new
	[ ! -e "$T/out" ]
	gets tester file "$T/one"
	# What the owner stores later is for his readers too.
	client put "$T/two" file
	gets other /tester/file "$T/two"
}

@test "a writer stores the file anew; owner and readers stay" {
	user_add third
	client put "$T/one" file
	client share --write file other
	client share file third
	client put --user other "$T/two" /tester/file
	for user in tester other third; do
		gets $user /tester/file "$T/two"
	done
	[ "$(stat_of file owner)" = tester ]
	[ "$(stat_of file writer)" = other ]
	refused put --user third "$T/one" /tester/file
	refused share --user other /tester/file admin
	# Sharing again takes back what is not said any more.
	client share file other
	gets other /tester/file "$T/two"
	refused put --user other "$T/one" /tester/file
	client share --write file third
	client put --user third "$T/one" /tester/file
	gets other /tester/file "$T/one"
	# Who may write it may delete it.
	client delete --user third /tester/file
	run -4 client get file "$T/out"
}

@test "after unshare neither this version nor a later one can be read" {
	client put "$T/one" file
	client share --write file other
	gets other /tester/file "$T/one"
	client unshare file other
	refused get --user other /tester/file "$T/out"
	refused stat --user other /tester/file
	refused put --user other "$T/two" /tester/file
	client put "$T/two" file
	refused get --user other /tester/file "$T/out"
	[ ! -e "$T/out" ]
	[ "$(stat_of file readers)" = '[]' ]
	run -4 client unshare file other
	gets tester file "$T/two"
}

@test "what cannot be shared, and with whom not" {
	client put "$T/one" file
	client put "$T/one" /shared/file
	run -4 client share missing other
	[[ "$output" == *"no such file"* ]]
	run -4 client share file nobody
	[[ "$output" == *"nobody"* ]]
	run -2 client share file tester
	run -2 client share /shared/file other
	[[ "$output" == *"everyone"* ]]
	run -7 client share /other/file admin
	run -4 client unshare missing other
	run -4 client unshare file nobody
	client delete file
	run -4 client share file other
	gets tester /shared/file "$T/one"
}

@test "sixteen readers, and not one more" {
	client put "$T/two" file
	for i in $(seq 17); do
		(umask 077 && echo "the password of user$i" >"$T/password")
		client user add "user$i" --user admin --new-password-file "$T/password"
	done
	for i in $(seq 16); do
		client share file "user$i"
	done
	run -2 client share file user17
	[[ "$output" == *16* ]]
	# One who is on the list is no seventeenth.
	client share --write file user16
	DFS_PASSWORD_FILE=$T/password client login --user user17
	refused get --user user17 /tester/file "$T/out"
	client unshare file user3
	client share file user17
	gets user17 /tester/file "$T/two"
	client put "$T/one" file
	gets user17 /tester/file "$T/one"
}

@test "8.7 a file is shared at once by way of a server that missed it, and knows nothing of its content" {
	server_stop 1
	client put "$T/one" file
	server_stop 3
	server_start 1
	client share --write file other
	gets other /tester/file "$T/one"
	client put --user other "$T/two" /tester/file
	gets tester file "$T/two"
}

@test "sharing with one server down, and reading there when it is back" {
	client put "$T/one" file
	server_stop 2
	client share --write file other
	gets other /tester/file "$T/one"
	server_start 2
	server_stop 3
	gets other /tester/file "$T/one"
	client put --user other "$T/two" /tester/file
	gets tester file "$T/two"
	server_start 3
	server_stop 2
	client unshare file other
	server_start 2
	server_stop 1
	refused get --user other /tester/file "$T/out"
	gets tester file "$T/two"
}

@test "owner and writer at once: neither the content nor the list is lost" {
	client put "$T/one" file
	client share --write file other
	for i in $(seq 10); do
		random_file "$T/new" $((i * 1000))
		background "$DFS_BIN/client/client" put --user other "$T/new" /tester/file
		if [ $((i % 2)) = 1 ]; then
			client share file admin
		else
			client unshare file admin
		fi
		wait "$BACKGROUND_PID"
		gets tester file "$T/new"
		gets other /tester/file "$T/new"
		readers=$(stat_of file readers)
		[[ "$readers" == *'{"user": "other", "writes": true}'* ]]
		[ $((i % 2)) = 0 ] || [[ "$readers" == *admin* ]]
		[ $((i % 2)) = 1 ] || [[ "$readers" != *admin* ]]
	done
}

@test "/shared/ is everyone's: to read, to replace, to delete" {
	client put "$T/one" /shared/file
	gets other /shared/file "$T/one"
	client put --user other "$T/two" /shared/file
	gets tester /shared/file "$T/two"
	[ "$(stat_of /shared/file owner)" = other ]
	[ "$(stat_of /shared/file readers)" = '[]' ]
	# A user of later on reads what was there before.
	user_add third
	gets third /shared/file "$T/two"
	client delete --user third /shared/file
	run -4 client get /shared/file "$T/out"
	client put "$T/one" /shared/file
	gets other /shared/file "$T/one"
}

@test "admin sees sizes and may delete, and cannot read" {
	client put "$T/one" file
	[ "$(client stat --user admin --json /tester/file | field size)" = 300000 ]
	[ "$(client stat --sha256 --user admin --json /tester/file | field sha256)" = - ]
	refused get --user admin /tester/file "$T/out"
	[[ "$output" == *"cannot be read by admin"* ]]
	[ ! -e "$T/out" ]
	refused put --user admin "$T/two" /tester/file
	gets tester file "$T/one"
	# Unless it is shared with him.
	client share file admin
	gets admin /tester/file "$T/one"
	client unshare file admin
	refused get --user admin /tester/file "$T/out"
	client delete --user admin /tester/file
	run -4 client get file "$T/out"
}

@test "2.2 who was a writer changes nothing by way of a server that missed that he no longer is" {
	random_file "$T/forged" 5000
	client put "$T/one" file
	client share --write file other
	server_kill 4
	client unshare file other
	server_start 4
	# It is said to dfs4 alone, which still has the old list, and asks the others: denied (9),
	# the vote as well as being told what three servers agree on.
	[ "$("$DFS_TOOLS/scenarios/tools/half" --alone other "$DFS_CONFIG" "$T/forged" \
		/tester/file 4)" = "9 9" ]
	server_kill 1
	gets tester file "$T/one"
	refused get --user other /tester/file "$T/out"
}
