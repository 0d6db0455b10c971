# The shell: commands one after another, with one log-in and one connection.
load helper

setup()
{
	cluster_create
	servers_start
	mkdir "$T/here"
	cd "$T/here" || return 1
	export XDG_STATE_HOME=$T/state TERM=dumb
	AT='tester:/tester> '
}

teardown()
{
	cluster_end
}

# typed PROMPT ANSWER...: at a shell on a terminal; what it showed is in $output
typed()
{
	"$PYTHON" "$TOOLS/typed.py" "$@" -- "$DFS_BIN/client/client"
}

# shell [OPTION]...: commands from standard input, which all are done and say nothing else
shell()
{
	run --separate-stderr client shell "$@"
	[ "$status" = 0 ] || { echo "$status: $stderr"; return 1; }
	[ -z "$stderr" ] || { echo "$stderr"; return 1; }
}

# has TEXT: a whole line of the output
has()
{
	grep -qxF -- "$1" <<<"$output" || {
		printf '%s\n' "no line is: $1" "$output"
		return 1
	}
}

@test "11.5 commands from a file share a folder, quotes as in sh, and numbers of listings" {
	echo one >one.txt
	echo two >'two words.txt'
	echo three >3
	shell <<'END'
		# a comment
		pwd
		put one.txt docs/one.txt   # another
		put 'two words.txt' docs/"two words.txt"
		cd docs
		pwd
		cat one.txt
		put ./3
		list
		cat 3
		cat ./3
		cd ...
		pwd
		cd /shared
		cd ../tester/docs/.
		pwd
		cat two\ words.txt
		find --name 'o*' .
		cd
		pwd
END
	[ "$output" = "/tester/
/tester/docs/
one
   1  3
   2  one.txt
   3  two words.txt
two
three
/tester/
/tester/docs/
two
/tester/docs/one.txt
/tester/" ]

	# Numbers are of names, wherever one goes; local ones are others.
	mkdir local && echo a >local/a.txt && echo b >local/b.txt && echo c >local/c
	shell --json <<'END'
		list docs
END
	[ "$(field number <<<"$output" | tr '\n' ' ')" = "1 2 3 " ]
	shell <<'END'
		lcd local
		list --local
		list docs
		cd /shared
		put 2 from/b
		put 1 3 --to from
		list from
		lcd ..
		put 1 from/again
		get 1 /dev/stdout
		get 1 3 --to got
		put local/*.txt from/txt/
		put local/*
		cd from
		put local/a.txt ..
		!echo $HOME "$(pwd)" | tr a-z A-Z
END
	[ "$output" = "   1  a.txt
   2  b.txt
   3  c
   1  3
   2  one.txt
   3  two words.txt
   1  a.txt
   2  b
   3  c
a
$(echo "$HOME $T/here" | tr a-z A-Z)" ]
	cmp local/a.txt got/a.txt
	cmp local/c got/c
	[ "$(client list -R /shared/)" = "a.txt
b.txt
c
from/a.txt
from/again
from/b
from/c
from/txt/a.txt
from/txt/b.txt" ]
}

@test "11.5 a file of commands ends at the first that fails, with its code, or goes on with -k" {
	local before
	run -4 --separate-stderr client shell <<'END'
		pwd
		get nothing
		put one
END
	[ "$output" = /tester/ ]
	[ "$stderr" = "client: nothing: no such file
client: the command of line 2 failed, and none behind it was done (-k goes on)" ]
	# All alike, or not; and what is typed wrongly is a failure like others.
	run -4 client shell -k <<<$'get nothing\npwd\ncat nothing'
	[[ $output == *$'\n/tester/\n'* ]]
	run -3 client shell --keep-going <<<$'get nothing\nwhat'
	run -0 client shell <<<$'pwd\nexit\nget nothing'
	run -3 client shell <<<'!exit 3'
	while IFS=: read -r code line words; do
		run "-$code" --separate-stderr client shell <<<"$line"
		[[ $stderr == *"$words"* ]] || { echo "$line: $stderr"; false; }
	done <<'END'
2:list | wc:| is an operator in sh and nothing here: quote it
2:pwd; pwd:; is an operator
2:cat "$HOME":$ is a variable or a command
2:cat `pwd`:` is a variable
2:cat 'open:a quote or a \ is open at the end
2:cat open\:a quote or a \ is open at the end
2:get 1:there is no number 1 in the last list; what is called so is ./1
2:put 1:there is no number 1 in the last list --local
2:get a 1:1 is a number of a listing, and no target
2:stat 99999999999999999999999:there is no number 99999999999999999999
4:cat ./1:1: no such file
4:cd nowhere:nowhere: no such file or folder
2:cd a b:cd takes one folder
4:lcd nowhere:nowhere: No such file
2:pwd -r:pwd knows no option --recursive
2:shell:you are in the shell already
2:ls --shaerd:unknown option
2:pdw:unknown verb "pdw"
2:cd ..//x:empty
END
	run -0 client shell <<<'help cd'
	[[ $output == *$'\n  cd reports\n'* && $output == *'Usage: cd [FOLDER]'* ]]
	run -0 client shell <<<'help'
	[[ $output == *'  put  '* && $output == *'  lcd  '* && $output == *'!COMMAND'* ]]
	# Outside it these are no verbs; and it takes no arguments.
	run -2 client cd /shared
	run -2 client pwd
	run -2 client shell commands.txt

	# What reads standard input has what is behind it, as in sh.
	shell <<'END'
		put - input
		these
		lines
END
	[ "$(client cat input)" = $'\t\tthese\n\t\tlines' ]
	# One more word of its options is for all its commands; another user's stand alone.
	shell --json <<<$'cd /shared\npwd\nstat ../tester/input'
	[ "$(field path <<<"$output" | tr '\n' ' ')" = "/shared/ /tester/input " ]
	client put - /other/own --user other <<<theirs
	shell <<<$'cd /shared\ncat --user other own\nwhoami'
	[ "$output" = $'theirs\ntester' ]

	# Relative names of what it needs mean the same wherever lcd goes.
	cp "$T/passwords/tester" password
	before=$DFS_CONFIG
	export DFS_CONFIG=../cluster/cluster.conf DFS_PASSWORD_FILE=password
	shell <<<$'lcd /\nlpwd\ncat input'
	[ "${lines[0]}" = / ]
	export DFS_CONFIG=$before
}

@test "11.5 all commands of a shell have one connection to each server" {
	local connections
	echo content >file
	for i in {1..20}; do echo "put file $i/file"; echo "stat ./$i/file"; echo "list ./$i"; done >commands
	strace -f -qq -e trace=connect -o "$T/trace" "$DFS_BIN/client/client" shell <commands >/dev/null
	connections=$(grep -c 'sin_port' "$T/trace")
	[ "$connections" = 4 ] || { echo "$connections connections"; false; }
}

# Waits until the shell has stopped, and has it go on.
wake()
{
	eventually 60 bash -c 'grep -q "^State:.T" "/proc/$(cat pid)/status"' 2>/dev/null
	kill -CONT "$(cat pid)"
	touch awake
}

@test "11.5 at a terminal: the prompt, numbers, history without passwords, and Ctrl-C" {
	need_terminal
	local history=$T/state/dfs/history waker
	echo one >one.txt
	wake &
	waker=$!
	run -0 typed "$AT" 'put one.txt a/one.txt' "$AT" 'cd a' 'tester:/tester/a> ' 'list' \
		'tester:/tester/a> ' 'cat 1' 'tester:/tester/a> ' 'cd /' 'tester:/> ' 'get nothing' \
		'tester:/> ' ' pwd' 'tester:/> ' '!echo from sh' 'tester:/> ' 'cat "/tester/a/' '> ' '^C' \
		'tester:/> ' 'half of a line ^C' 'tester:/> ' ' !echo $PPID >pid' 'tester:/> ' $'lpw\t' lpwd '^Z' '@awake' '' \
		'tester:/> ' '^D'
	wait "$waker"
	has one
	has 'from sh'
	has "$T/here"
	has 'echo on'
	[[ $output == *"   1  "*" one.txt"* ]]
	[ "$(stat -c %a "$T/state/dfs" "$history" | tr '\n' ' ')" = "700 600 " ]
	[ "$(sed 's/ $//' "$history")" = 'put one.txt a/one.txt
cd a
list
cat 1
cd /
get nothing
!echo from sh
lpwd' ] || { cat "$history"; false; }
}

# Does the shell whose pid is in the file pid have this file open?
opens()
{
	# shellcheck disable=SC2012 # the names are of links
	ls -l "/proc/$(cat "$T/here/pid")/fd" 2>/dev/null | grep -q "/$1\$"
}

# Writes into the pipe, and has no server answer any more before the shell has read it all.
hold()
{
	exec 5>pipe
	kill -STOP "${SERVER_PID[@]}"
	exec 5>&-
	eventually 60 bash -c "$(declare -f opens); ! opens pipe"
	touch waits-for-servers
	eventually 60 opens idle
	touch waits-for-pipe
}

@test "11.5 Ctrl-C ends what waits for servers, for a pipe or for time, and not the shell" {
	need_terminal
	local holder
	export T
	echo one >one.txt
	mkfifo pipe idle
	hold &
	holder=$!
	# Nobody ever writes into this one.
	exec 6<>idle
	run typed "$AT" 'put one.txt' "$AT" '!echo $PPID >pid' "$AT" 'put pipe piped' '@waits-for-servers' '^C' \
		"$AT" "!kill -CONT ${SERVER_PID[*]}" "$AT" 'cat one.txt' "$AT" 'stat piped' "$AT" \
		'put idle nothing' '@waits-for-pipe' '^C' "$AT" 'status --watch' 'dfs4' '^C' "$AT" 'cat one.txt' \
		"$AT" '!echo now; exec sleep 1000' $'\nnow' '^C' "$AT" 'cat one.txt' "$AT" 'exit'
	exec 6>&-
	wait "$holder"
	[ "$status" = 0 ] || { echo "$output"; false; }
	[ "$(grep -cx one <<<"$output")" = 3 ]
	# What was ended says nothing; what it would have stored is not there.
	[[ $output != *server*'('* && $output != *'cannot'* && $output == *'piped: no such file'* ]] ||
		{ echo "$output"; false; }
}

@test "11.5 TAB completes verbs, options, local and remote names, whatever others called them" {
	need_terminal
	local evil=('a$(touch pwned)b' 'c`touch pwned`d' 'e;touch pwned' 'my dir/f g' 'h"i' "j'k" 'l\m' '~n' '-o'
		'p!q' 'r*[s]?' 'grüße an alle' '{w,x}' '#y' '&z|' '$HOME' '<1>') name typed=() i
	local begun=(a c e 'my\ dir/' h j l '\~' /tester/-o p r gr '\{' '\#' '\&' '\$' '\<')
	for i in "${!evil[@]}"; do client put - -- "${evil[i]}" <<<"content $i"; done
	for i in "${!begun[@]}"; do typed+=("$AT" "cat ${begun[i]}"$'\t' "" ""); done
	# A Ctrl-C behind a TAB drops the line, and leaves the connection.
	typed+=("$AT" $'cat my\t' '\ dir/' '^C' "$AT" $'cat "my d\t' 'ir/' $'\t' 'f g"' '')
	# Verbs, those of a shell too; options; local names; the folder where one is.
	typed+=("$AT" $'stat\t' stat $'us --wh\t' '--what-if' '' "$AT" $'lp\t' 'lpwd' '')
	mkdir 'local dir' && echo here >'local dir/file'
	typed+=("$AT" $'put loc\t' 'put local\ dir/' $'\t' 'file' "'my dir/put'")
	typed+=("$AT" $'cd my\t' '\ dir/' '' 'dir> ' $'cat p\t' 'put' '' 'dir> ' 'cd' "$AT" $'cd ../te\t' 'ster/' '^C')
	run typed "${typed[@]}" "$AT" 'exit'
	[ "$status" = 0 ] || { echo "$output"; false; }
	has here
	has "$T/here"
	[ "$(grep -cx 'content 3' <<<"$output")" = 2 ]
	for i in "${!evil[@]}"; do has "content $i"; done
	[ ! -e pwned ]
}

@test "11.5 a shell asks for the password once, and again when what it had is over" {
	need_terminal
	local typing password='the password of tester' new='another one of tester'
	echo one >one.txt
	client logout
	echo "$new" >"$T/new" && chmod 600 "$T/new"
	# Its session is its own: nothing is left behind, and Ctrl-C does not cost a password.
	# Servers that were started anew have looked up that it is over.
	typed 'Password of tester: ' "$password" "$AT" 'put one.txt' "$AT" 'status --watch' 'dfs4' '^C' \
		"$AT" 'cat one.txt' "$AT" 'whoami' "$AT" \
		"!DFS_PASSWORD_FILE=$T/passwords/tester $DFS_BIN/client/client passwd --new-password-file $T/new && touch changed" \
		'@restarted' 'cat one.txt' 'Password of tester: ' "$new" "$AT" 'exit' >"$T/shown" 3>&- 4>&- &
	typing=$!
	eventually 60 test -e changed
	servers_stop
	servers_start
	touch restarted
	wait "$typing" || { cat "$T/shown"; false; }
	output=$(<"$T/shown")
	[ "$(grep -cx one <<<"$output")" = 2 ]
	has tester
	[[ $output != *"password of"* && $output != *"another one"* ]]
	run -7 client whoami
	run ! grep -q "$password" "$T/state/dfs/history"
	run ! grep -q "$new" "$T/state/dfs/history"

	# With a password file nothing is asked; a wrong one is told at once, by its code.
	DFS_PASSWORD_FILE=$T/new run -0 typed "$AT" 'cat one.txt' "$AT" 'exit'
	has one
	run -7 typed 'Password of tester: ' 'not this one'
	# It ends the session that it began: twelve of them would end the one of log-in.
	DFS_PASSWORD_FILE=$T/new client login
	for i in {1..12}; do
		XDG_RUNTIME_DIR=$T/elsewhere run -0 typed 'Password of tester: ' "$new" "$AT" 'exit'
	done
	run -0 client whoami
	# Ctrl-C at a prompt within a command is for that alone.
	run -0 typed "$AT" 'passwd' 'Password of tester: ' '^C' "$AT" 'cat one.txt' "$AT" 'exit'
	has one
	has 'echo on'
}

@test "11.5 logout in a shell ends what the shell has open, and a log-in that it asked for" {
	local password='the password of tester'
	client touch file
	run -7 client shell -k <<<$'cat file\nlogout\ncat file\ndelete file'
	[[ $output == *"tester is not logged in"* ]]
	DFS_PASSWORD_FILE=$T/passwords/tester client login
	client stat file

	need_terminal
	client logout
	run -0 typed 'Password of tester: ' "$password" "$AT" 'logout' 'is logged out' 'cat file' \
		'Password of tester: ' "$password" "$AT" 'exit'
	run -7 client whoami
}
