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
