# One server that answers what breaks a rule: it is left out and named, and nothing else happens.
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

# In place of dfsN stands somebody who has its key; what he tells is for lie() to say.
liar_start()
{
	local n=$1 behind
	LIAR=$n
	server_stop "$n"
	cp "$DFS_CONFIG" "$T/behind.conf"
	give_ports "$T/behind.conf"
	behind=$(DFS_CONFIG=$T/behind.conf server_port "$n")
	mkdir "$T/liar"
	background "$PYTHON" "$TOOLS/liar.py" "$(server_port "$n")" "$behind" "$CLUSTER" "$n" answers "$T/liar"
	eventually 20 test -e "$T/liar/ready"
	server_spawn "$n" --listen "127.0.0.1:$behind"
	server_wait "$n"
	eventually 30 is "$n" up
}

# From now on he tells this lie; without an argument the truth.
lie()
{
	rm -f "$T/liar/lies" "$T/liar/lie"
	[ $# = 0 ] || { echo "$1" >"$T/liar/lie.new" && mv "$T/liar/lie.new" "$T/liar/lie"; }
}

# He is named with this rule on stderr; the command has done what it is for, whether he is or not.
names_him()
{
	local rule=$1 rc=0
	shift
	[ ! -e "$T/broken" ] || return 0
	"$@" 2>"$T/stderr" || rc=$?
	if [ $rc != 0 ] || grep -q forged "$T/stderr"; then
		cp "$T/stderr" "$T/broken"
	fi
	grep -Eq "warning: dfs$LIAR answers wrongly: [^:]*$rule[^:]*: left out$" "$T/stderr"
}

# left_out LIE RULE COMMAND...: which succeeds each time; a command may be over before he has spoken.
left_out()
{
	local name=$1 rule=$2
	shift 2
	echo "$name: $*"
	lie "$name"
	eventually "${PATIENCE:-60}" names_him "$rule" "$@" || { cat "$T/stderr" "$T/liar/lies"; return 1; }
	[ ! -e "$T/broken" ] || { cat "$T/broken"; return 1; }
	[ -s "$T/liar/lies" ]
	lie
}

gets()
{
	client get "$1" - | cmp - "$T/$1"
}

gets_all()
{
	rm -rf "$T/out"
	client get -r tree "$T/out" && diff -r "$T/tree" "$T/out"
}

lists()
{
	client list -R >"$T/listed" && cmp "$T/listed" "$T/expected"
}

puts()
{
	N=$((N + 1))
	client put "$T/small" "new/$N" && client get "new/$N" - | cmp - "$T/small"
}

puts_big()
{
	N=$((N + 1))
	client put "$T/big" "new/$N"
}

deletes()
{
	N=$((N + 1))
	client put "$T/small" "new/$N" 2>/dev/null && client delete "new/$N" && ! client get "new/$N" - 2>/dev/null
}

# He could not be asked for his units: that is all.
verifies()
{
	local rc=0
	client verify big small >"$T/verified" || rc=$?
	[ $rc = 0 ] || { [ $rc = 5 ] && grep -q "1 not all right, 0 unreadable\|2 not all right, 0 unreadable" "$T/verified" &&
		! grep -E "damaged|wrong|missing" "$T/verified"; }
}

# What is known of the others is told, and of him that he is not to be believed.
tells()
{
	local rc=0
	client status >"$T/told" || rc=$?
	grep -Eq "^dfs$LIAR +down.*answers wrongly" "$T/told" &&
		[ "$(grep -Ec "^dfs[1-4] +up" "$T/told")" = 3 ] && [ "$(grep -c ^dfs "$T/told")" = 4 ] && [ $rc = 1 ]
}

users()
{
	client user list --user admin >"$T/users" && [ "$(wc -l <"$T/users")" = 3 ]
}

fill()
{
	random_file "$T/small" 3000
	random_file "$T/big" 5242883
	mkdir -p "$T/tree/sub"
	echo one >"$T/tree/one"
	echo two >"$T/tree/sub/two"
	client put "$T/small" small
	client put "$T/big" big
	client put -r "$T/tree" tree
	client list -R >"$T/expected"
}

@test "8.10 a value, a listing or content from one server that breaks a rule is not used, and he is named" {
	fill
	liar_start 1
	left_out long-units "a unit size" gets small
	left_out long-units "a unit size" gets big
	left_out long-units "a unit size" verifies
	left_out no-units "a unit size" gets small
	left_out no-ballot "at no ballot" gets small
	left_out other-owner "an owner whose folder this is not" gets small
	left_out looked-twice "more answers than questions" gets small
	left_out units-more "more answers than questions" gets small
	left_out units-more "more answers than questions" gets big
	left_out units-none "no answer to any" gets big
	left_out units-none "no answer to any" verifies
	left_out empty-path "a listing entry without a path" lists
	left_out empty-path "a listing entry without a path" gets_all
	left_out empty-path "a listing entry without a path" users
	left_out new-line "a path that cannot be" lists
	left_out new-line "a path that cannot be" gets_all
	left_out outside "not below the folder" lists
	left_out backwards "not in order" lists
	left_out greeting "control characters" gets small
}

@test "8.10 a listing that one server goes on with for ever ends" {
	fill
	liar_start 1
	# 16,384 pages.
	PATIENCE=400 left_out endless "a listing that does not end" lists
}

@test "8.10 what one server says of a write and breaks a rule is not counted, and he is named" {
	N=0
	fill
	liar_start 1
	left_out no-ballot "at no ballot" deletes
	left_out blocker "not in the file's way" puts
	left_out promises "more answers than questions" puts
	left_out votes "no answer to any" puts
	left_out votes "no answer to any" deletes
	left_out bound "no answer to any" puts_big
	left_out put "a status that is no answer" puts_big
	left_out settled "a status that is no answer" puts
}

@test "8.10 what one server says of itself cannot speak for others, nor add a line" {
	liar_start 1
	lie status-text
	tells
	lie status-counts
	tells
	grep -q "counts of files that cannot be" "$T/told"
	lie greeting
	tells
}

# Some server has said so of him.
noted()
{
	grep -Eqs "peer-answers-wrongly peer=dfs$LIAR why=\"[^\"]*$1[^\"]*: left out\"" "$CLUSTER"/dfs[1-4].log
}

woken()
{
	client repair >/dev/null 2>&1 || true
	noted "$1"
}

# Whether somebody else may write there is asked of the other servers.
refused_and()
{
	client put "$T/small" /tester/small --user other 2>/dev/null && return 1
	noted "$1"
}

@test "8.10 servers leave out what a server says to them and breaks a rule, and name it in their logs" {
	local n
	fill
	liar_start 2
	lie paths
	eventually 60 woken "a register with a path that cannot be"
	lie order
	eventually 60 woken "registers that are not in order"
	lie pages
	eventually 60 woken "a page without registers before others"
	lie recall
	server_stop 3
	server_start 3
	eventually 60 noted "a status that is no answer"
	lie no-ballot
	eventually 60 refused_and "a value at no ballot"
	lie
	eventually 60 is 2 up
	for n in 1 3 4; do
		is $n up
	done
	gets big
}

recovered_without_him()
{
	is 3 up && log_has 3 "recovered registers=yes"
}

@test "8.10 a server that lost its disk recovers from others than the one that hands over what breaks a rule" {
	fill
	liar_start 2
	lie values
	server_kill 3
	rm -rf "$CLUSTER"/dfs3/data/*
	server_spawn 3
	server_wait 3
	eventually 60 recovered_without_him
	# The first two that it asked were dfs1 and him.
	log_has 3 "not-recovered .*a value without an operation"
	noted "a value without an operation"
	server_stop 1
	lists
	gets small
}
