# Completion: what the program offers to a shell, and what a real bash makes of it.
load helper

setup()
{
	cluster_create
	mkdir "$T/here" "$T/bin"
	cd "$T/here" || return 1
	ln -s "$DFS_BIN/client/client" "$T/bin/client"
	ln -s "$DFS_BIN/client/client" "$T/bin/dfs"
	export PATH=$T/bin:$PATH
}

teardown()
{
	cluster_end
}

# tabs LINE...: what bash has in its line after a TAB, a line each
tabs()
{
	"$PYTHON" "$TOOLS/tab.py" "$SOURCE/doc/dfs.bash-completion" "$@"
}

# became LINE RESULT: also with the other name of the program
became()
{
	run -0 tabs "client $1" "dfs $1"
	[ "${lines[0]}" = "client $2" ] || {
		printf '%s\n' "TAB behind: $1" "gave:   ${lines[0]}" "not:    client $2"
		return 1
	}
	[ "${lines[1]}" = "dfs $2" ]
}

# offered WORD... :: CANDIDATE...: these lines and no others, in any order
offered()
{
	local words=()
	while [ "$1" != :: ]; do
		words+=("$1")
		shift
	done
	shift
	run -0 --separate-stderr client __complete "${words[@]}"
	[ -z "$stderr" ]
	[ "$(sort <<<"$output")" = "$(printf '%s\n' "$@" | sort)" ] || {
		printf '%s\n' "${words[*]@Q} gave:" "$output"
		return 1
	}
}

@test "9.1 names that others gave are completed as data, by a real bash, and name the file afterwards" {
	need_terminal
	local evil=('a$(touch${IFS}pwned)b' 'c`touch pwned`d' 'e;touch pwned' 'my dir/f g' 'h"i' "j'k" 'l\m'
		'~n' '-o' 'p!q' 'r*[s]?' 't:u=v' 'grüße an alle' '{w,x}' '#y' '&z|' '$HOME' '<1>')
	local prefix=(a c e 'my\ dir/' h j l '\~' - p r t: gr '\{' '\#' '\&' '\$' '\<') quoted=()
	local name i typed=()
	servers_start
	echo content >content
	mkdir -p "$T/evil/my dir"
	for name in "${evil[@]}"; do
		echo "content of $name" >"$T/evil/$name"
	done
	(cd "$T/evil" && client put -r -q --user other --to /shared/ -- *)
	# As one types them, outside and within both kinds of quotes; a client that is called by both names.
	for i in "${!evil[@]}"; do
		typed+=("client get /shared/${prefix[i]}")
		quoted+=("/shared/${evil[i]}")
		[[ ${prefix[i]} == *\\* ]] || {
			typed+=("dfs get '/shared/${prefix[i]}" "client get \"/shared/${prefix[i]}")
			quoted+=("/shared/${evil[i]}" "/shared/${evil[i]}")
		}
	done
	typed+=("dfs get '/shared/my dir/" 'client get "/shared/my dir/' 'client get "/shared/my dir/"')
	quoted+=("/shared/my dir/f g" "/shared/my dir/f g" "/shared/my dir/f g")
	run -0 tabs "${typed[@]}"
	[ ${#lines[@]} = ${#typed[@]} ]
	for i in "${!typed[@]}"; do
		# What bash makes of that line is the name.
		eval "set -- ${lines[i]}"
		if [ $# != 3 ] || [ "$3" != "${quoted[i]}" ]; then
			printf '%s\n' "${typed[i]}  became  ${lines[i]}  which is  $*"
			return 1
		fi
	done
	[ ! -e pwned ]
	eval "set -- ${lines[0]}"
	client get "$3" - | cmp - "$T/evil/${evil[0]}"
	# A folder goes on without a blank, and in one's own a name may be typed without its beginning.
	client put content 'own dir/file' -q
	became 'get /shared/my' 'get /shared/my\ dir/'
	became 'get ow' 'get own\ dir/'
	became 'get own\ dir/f' 'get own\ dir/file '
	# Raw, a line each, for other shells.
	offered list /shared/m :: '/shared/my dir/'
	offered list '/shared/my dir/' :: '/shared/my dir/f g'
	offered delete '/shared/a$(' :: '/shared/a$(touch${IFS}pwned)b'
	# What would be an option is offered by its whole name, unless options have ended.
	client put content /tester/-x -q
	offered stat '' :: /tester/-x 'own dir/'
	offered stat -- - :: -x
}

@test "9.18 completion is right behind options, verbs and verbs of verbs, by both names of the program" {
	need_terminal
	mkdir docs
	touch -- one.conf other.txt key.txt -dash '~t' 'a$(touch pwned)' $'new\nline' .hidden
	became pu 'put '
	became '--user tester pu' '--user tester put '
	became '--user tester --config one.conf pu' '--user tester --config one.conf put '
	became '--config=o' '--config=one.conf '
	became '--config o' '--config one.conf '
	became '--user te' '--user tester '
	became '--user=te' '--user=tester '
	became 'help ver' 'help verify '
	became 'user dele' 'user delete '
	became '--user admin user delete oth' '--user admin user delete other '
	became 'key ex' 'key export '
	became 'key export key' 'key export key.txt '
	became 'put a\$' 'put a\$\(touch\ pwned\) '
	became 'put "a' 'put "a\$(touch pwned)" '
	became 'put do' 'put docs/'
	became 'put -- -' 'put -- -dash '
	became 'cluster create do' 'cluster create docs/'
	became 'cluster renew docs dfs' 'cluster renew docs dfs'
	became 'put >x o' 'put >x o'
	became 'put $HOME/' 'put $HOME/'
	run -0 tabs "$T/bin/dfs pu" "~/../bin/dfs pu"
	[ "$output" = "$T/bin/dfs put "$'\n'"~/../bin/dfs put " ]
	[ ! -e pwned ]
	# The words of the program itself.
	offered put :: put
	offered '' :: $(client help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\).*/\1/p')
	offered help '' :: $(client help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\).*/\1/p')
	offered user '' :: $(client user 2>&1 | sed -n 's/ or /, /; s/.*user: \(.*\) (see.*/\1/p' | tr -d ,)
	offered df --v :: --verbose --version
	offered find --user '' :: admin other tester
	offered --user admin find --user '' :: admin other tester
	offered find --type '' :: f d l
	offered find --us :: --user
	offered head --l :: --lines
	offered share --w :: --write
	offered list --wr :: ''
	offered put '' :: ./-dash '~t' 'a$(touch pwned)' docs/ key.txt one.conf other.txt
	offered put --to '' :: ''
	offered --user '' :: admin other tester
	offered cluster renew docs '' :: dfs1 dfs2 dfs3 dfs4
	offered nothing '' :: ''
	offered login '' :: ''
	offered put --no-such '' :: ''
}

@test "9.1 installed, completion runs no other program that is called client" {
	need_terminal
	local script=$T/share/bash-completion/completions/dfs
	mkdir -p "${script%/*}" "$T/other"
	cp "$SOURCE/doc/dfs.bash-completion" "$script"
	printf '#!/bin/sh\n: >"%s"\n' "$T/ran" >"$T/other/client"
	chmod 755 "$T/other/client"
	run -0 "$PYTHON" "$TOOLS/tab.py" "$script" "$T/other/client pu" 'dfs pu'
	[ "$output" = "$T/other/client pu"$'\n''dfs put ' ]
	[ ! -e "$T/ran" ]
}

@test "9.18 completion never asks, says nothing of what is wrong, and gives up where nobody answers" {
	local n
	echo content >content
	# Servers that are not there, that never answer, and no session: no line, no word, 0.
	offered list '' :: ''
	for n in 1 2 3 4; do
		mute_server "$n"
	done
	offered list '' :: ''
	# Any other verb waits for ten seconds.
	background "$DFS_BIN/client/client" __complete list ''
	eventually 5 dead "$BACKGROUND_PID"
	offered --user te :: tester
	DFS_CONFIG=$T/none offered list '' :: ''
	DFS_CONFIG=$T/none offered ver :: verify
	XDG_RUNTIME_DIR=$T/none DFS_PASSWORD_FILE=$T/passwords/tester offered list '' :: ''
	# Where it could ask.
	if "$PYTHON" -c 'import pty; pty.openpty()' 2>/dev/null; then
		XDG_RUNTIME_DIR=$T/none run -0 "$PYTHON" "$TOOLS/typed.py" -- \
			"$DFS_BIN/client/client" __complete list ''
		[ "$output" = "echo on" ]
	fi
	run -0 client __complete
	[[ $output == *verify* ]]
	run -0 client __complete --bash x 'client '
	[ -z "$output" ]
}

@test "9.18 users are offered to admin, whose session is used where users are meant" {
	servers_start
	offered user delete '' :: admin other tester
	user_add berta
	rm "$XDG_RUNTIME_DIR"/dfs/*/berta
	offered user delete b :: berta
	offered share /tester/x b :: berta
	offered unshare /tester/x o :: other
	# Without it there is only who has a session here.
	rm "$XDG_RUNTIME_DIR"/dfs/*/admin
	offered user delete '' :: other tester
}
