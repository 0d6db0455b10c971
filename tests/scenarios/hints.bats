# Acceptance 12.1 to 12.7: what the owner of one server's key tells the others changes nothing.
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

# put_text NAME TEXT
put_text()
{
	echo "$2" >"$T/in"
	client put "$T/in" "$1"
}

@test "12.1 12.2 12.3 12.5 what a path had once is not taken from one server's word" {
	local n names=()
	mkdir "$T/deleted" "$T/older" "$T/former"
	for n in 1 2 3 4 5 6 7 8 9; do
		put_text "f$n" "first"
		names+=("/tester/f$n")
	done
	attack told_again 4 keep "$T/older" "${names[@]}"
	client delete f1 f2 f3 f4 f5 f6 f7 f8 f9
	attack told_again 4 keep "$T/deleted" "${names[@]}"
	for n in 1 2 3 4 5 6 7 8 9; do
		put_text "f$n" "second"
	done
	attack told_again 4 keep "$T/former" /@credentials/tester
	echo "another password" >"$T/passwords/after"
	chmod 600 "$T/passwords/after"
	DFS_PASSWORD_FILE=$T/passwords/tester client passwd --new-password-file "$T/passwords/after"
	DFS_PASSWORD_FILE=$T/passwords/after client login

	attack told_again 4 learn "$T/deleted" "${names[@]}"
	attack told_again 4 learn "$T/older" "${names[@]}"
	attack told_again 4 learn "$T/former" /@credentials/tester
	attack told_again 4 highest "$T/older" "${names[@]}"
	for n in 1 2 3 4 5 6 7 8 9; do
		[ "$(client get "f$n" -)" = second ]
		put_text "f$n" "third"
	done
}

# From now on dfs4 tells this lie.
lie()
{
	mkdir -p "$T/lying/dfs4"
	ln -sf "$DFS_TOOLS/attacks/lying" "$T/lying/dfs4/dfs4"
	server_stop 4
	DFS_LIE=$1 DFS_BIN=$T/lying server_start 4
	eventually 30 votes_since_start 4
}

@test "12.4 12.5 12.6 12.7 one server's word on epochs, counters and stores stops nothing" {
	local n
	put_text before "before"
	attack highest_epoch 4
	lie condemn
	for n in 1 2 3; do
		server_stop "$n"
		server_start "$n"
		eventually 30 votes_since_start "$n"
	done
	run ! grep -l ' recovering ' "$CLUSTER"/dfs[123].log
	lie numbers
	put_text during "during"
	server_stop 1
	rm -rf "$CLUSTER"/dfs1/data/*
	server_start 1
	eventually 60 log_has 1 ' recovered '
	eventually 30 votes_since_start 1
	put_text after "after"
	# The three others do without it.
	server_stop 4
	put_text last "last"
	for n in before during after last; do
		[ "$(client get "$n" -)" = "$n" ]
	done
	grep -o 'recovery epoch=[0-9]*' "$CLUSTER/dfs1.log"
	run ! grep -E 'recovery epoch=[0-9]{5}' "$CLUSTER/dfs1.log"
}
