# Names and trees: patterns, find, tree, du, df, and what others share.
load helper

setup()
{
	cluster_create
	servers_start
	cd "$T"
}

teardown()
{
	cluster_end
}

# A few files, of which some are hidden, odd, or called like a folder and more.
plant()
{
	mkdir -p tree/photos/2025 tree/photos/2026 tree/notes
	random_file tree/photos/2025/a.jpg 3000
	random_file tree/photos/2026/b.jpg 70000
	random_file tree/photos/2026/c.png 1024
	echo one >tree/notes/one.txt
	echo two >tree/notes/two.txt
	echo hidden >tree/notes/.hidden
	echo dash >tree/photos-of.txt
	: >tree/empty
	touch -d 2020-02-03T04:05:06Z tree/notes/one.txt
	client put -r tree/. --to /tester/
}

# is_just COMMAND... <<<LINES: prints just these lines
is_just()
{
	local expected
	expected=$(cat)
	run -0 client "$@"
	diff <(echo "$output") <(echo "$expected")
}

@test "4.1 a pattern stands for names, for every verb that takes several; exact names go first" {
	plant
	is_just list '*' <<<$'empty\nnotes/\nphotos-of.txt\nphotos/'
	is_just list 'notes/*' <<<$'notes/one.txt\nnotes/two.txt'
	is_just list '/tester/notes/.*' <<<'/tester/notes/.hidden'
	is_just list 'photos/*/?.[!p]*' <<<$'photos/2025/a.jpg\nphotos/2026/b.jpg'
	is_just list 'photos/202[56]' <<<$'photos/2025/\nphotos/2026/'
	is_just list 'p*/' <<<'photos/'
	is_just list -R 'photos/*/' <<<$'photos/2025/\nphotos/2025/a.jpg\nphotos/2026/\nphotos/2026/b.jpg\nphotos/2026/c.png'
	[ "$(client list --json 'photos*' | field path)" = $'/tester/photos-of.txt\n/tester/photos/' ]
	client cat 'notes/*.txt' | cmp - <(cat tree/notes/*.txt)
	[ "$(client stat --json 'notes/*' | field path)" = "$(printf '/tester/notes/%s.txt\n' one two)" ]
	client verify 'notes/*.txt' | grep -q '^2 files, 8 bytes: two good'
	run -4 client verify 'nothing*'
	# Where a local file is called so, it goes to a folder even if it is one alone.
	client get 'notes/o*' out
	cmp out/one.txt tree/notes/one.txt
	client get -r 'p*' --to all
	diff -r <(cd tree && cat photos/*/* photos-of.txt) <(cd all && cat photos/*/* photos-of.txt)
	run -2 client get 'notes/*' 'photos/*'
	[[ $output == *"--to"* ]]
	run -4 client get 'nothing*' none
	[ ! -e none ]
	run -3 client stat 'nothing*' empty
	[[ $output == *"nothing*: nothing has such a name"* && $output == *"path        /tester/empty"* ]]
	[ "$(client stat --json 'nothing*' | field code)" = 4 ]
	[ "$(client stat --json 'nothing*' | field path)" = '/tester/nothing*' ]
	# A folder is no file, whatever its name.
	run -4 client cat 'note*'
	[ "$(client stat --json 'note*' | field path)" = /tester/notes ]
	run -2 client list '/*/x'
	run -2 client delete 'a//*'

	# A name that is one is meant as it is; --exact has no patterns.
	for name in 'x[1]' x1 'x*' '*' '?'; do echo "$name" | client put - "$name"; done
	is_just stat --json 'x[1]' --quiet <<<"$(client stat --json --exact 'x[1]')"
	client delete 'x[1]'
	client cat x1 'x*' | cmp - <(printf 'x1\nx*\n')
	run -4 client delete --exact 'x[1]'
	client cat 'x1' | cmp - <(echo x1)
	client delete --exact '*'
	client delete 'x[1]'
	run -4 client stat x1
	# Behind a backslash, and in brackets, each is itself.
	client delete '[?]' 'x\*'
	is_just list '*' <<<$'empty\nnotes/\nphotos-of.txt\nphotos/'

	client share 'notes/*.txt' other
	is_just --user other list '/tester/*' <<<'/tester/notes/'
	client unshare 'notes/t*' other
	is_just --user other list '/tester/notes/*' <<<'/tester/notes/one.txt'

	server_kill 3
	client cat 'notes/*.txt' | cmp - <(cat tree/notes/*.txt)
	client delete 'notes/*.txt'
	is_just list notes <<<.hidden
	run -4 client delete 'notes/*.txt'
}

@test "4.1 find, tree and du go through trees; conditions, JSON, mistakes, and one server down" {
	local all down
	plant
	all=$(printf '/tester/%s\n' empty notes/ notes/.hidden notes/one.txt notes/two.txt \
		photos-of.txt photos/ photos/2025/ photos/2025/a.jpg photos/2026/ \
		photos/2026/b.jpg photos/2026/c.png)
	client put tree/photos-of.txt --to /shared/mine
	client --user other put tree/empty --to /shared/other

	for down in no yes; do
		is_just find <<<"$all"
		is_just find /tester <<<"$all"
		is_just find / --depth 1 <<<$'/shared/\n/tester/'
		is_just find notes photos-of.txt <<<"$(grep -E 'notes/.|-of' <<<"$all")"
		is_just find --type d <<<"$(grep '/$' <<<"$all")"
		is_just find --type f <<<"$(grep -v '/$' <<<"$all")"
		is_just find --name '*.jpg' <<<"$(grep 'jpg$' <<<"$all")"
		is_just find --name '*i*' <<<$'/tester/notes/.hidden'
		is_just find --name 'photos*' <<<$'/tester/photos-of.txt\n/tester/photos/'
		is_just find --size 3000 <<<'/tester/photos/2025/a.jpg'
		is_just find --size +3000 <<<'/tester/photos/2026/b.jpg'
		is_just find --size -1 <<<'/tester/empty'
		is_just find --size -0 <<<''
		is_just find --size 1K <<<'/tester/photos/2026/c.png'
		is_just find --size +1K --name '*.png' <<<''
		is_just find --newer 2021-01-01 notes <<<$'/tester/notes/.hidden\n/tester/notes/two.txt'
		is_just find --newer 2020-02-03T04:05:05Z notes --name o* <<<'/tester/notes/one.txt'
		is_just find --newer 2020-02-03T04:05:06Z notes --name o* <<<''
		is_just find --newer notes/one.txt notes --name '*.txt' <<<'/tester/notes/two.txt'
		is_just find --newer 1d notes --name 't*' <<<'/tester/notes/two.txt'
		is_just find /shared --user other <<<'/shared/other'
		is_just find --depth 2147483647 photos --type d <<<"$(grep '/photos/.*/$' <<<"$all")"
		is_just find --depth 2 photos <<<"$(grep /photos/. <<<"$all")"
		is_just find --depth 1 'p*' <<<"$(grep -E -e '-of|photos/[0-9]*/$' <<<"$all")"
		[ "$(client find --print0 notes | tr '\0\n' '\n!')" = "$(grep notes/. <<<"$all")" ]
		[ "$(client find --json --name two.txt | field size)" = 4 ]
		[ "$(client find --json --name notes | field type)" = folder ]

		is_just tree <<-'END'
			/tester/
			├── empty
			├── notes/
			│   ├── .hidden
			│   ├── one.txt
			│   └── two.txt
			├── photos-of.txt
			└── photos/
			    ├── 2025/
			    │   └── a.jpg
			    └── 2026/
			        ├── b.jpg
			        └── c.png

			4 folders, 8 files
		END
		LC_ALL=C is_just tree -L 1 photos empty <<-'END'
			photos
			|-- 2025/
			`-- 2026/
			empty

			2 folders, 1 file
		END
		[ "$(client tree --json photos | field path)" = "$(grep /photos/. <<<"$all")" ]

		is_just du <<-'END'
			15	/tester/notes/
			3000	/tester/photos/2025/
			71024	/tester/photos/2026/
			74024	/tester/photos/
			74044	/tester/
		END
		is_just du -s <<<$'74044\t/tester/'
		is_just du -d 0 <<<$'74044\t/tester/'
		is_just du -d 1 <<<$'15\t/tester/notes/\n74024\t/tester/photos/\n74044\t/tester/'
		is_just du -s photos 'photos-*' <<<$'74024\t/tester/photos/\n5\t/tester/photos-of.txt'
		[ "$(client du -s --json photos | field size)" = 74024 ]
		[ "$(client du -s --json photos | field files)" = 3 ]
		[ $down = yes ] || server_kill 2
	done

	for verb in find tree du; do
		run -4 client $verb nothing
		[[ $output == *"nothing: no such file or folder"* ]]
		run -3 client $verb nothing notes
		[ "$(client $verb --json nothing | field status)" = missing ]
		run -2 client $verb a//b
		run -2 client $verb --depth x
		run -2 client $verb --size
		run -2 client $verb -r
	done
	run -2 client find --depth 0
	run -2 client find --depth 2147483648
	run -2 client tree -L 0
	run -2 client du -s -d 1
	run -2 client find --type x
	run -2 client find -name x
	[[ $output == *"meant is --name"* ]]
	run -2 client find --size 1X
	run -2 client find --size -
	run -2 client find --user Nobody!
	run -2 client find --print0 --json
	run -4 client find --newer nothing
	run -7 client find --newer /other/file
	run -4 client --user other find /tester/
	server_kill 4
	run -0 --separate-stderr client find
	[ "$output" = "$all" ] && [[ $stderr == *"only two servers answered"* ]]
}

@test "4.1 find, tree, du and patterns see folders that were made, and links" {
	local down
	client mkdir -p made/empty
	echo text | client put - made/file
	client ln -s file made/link
	client touch -d 2020-01-01Z made/link
	for down in no yes; do
		is_just find <<<$'/tester/made/\n/tester/made/empty/\n/tester/made/file\n/tester/made/link'
		is_just find --type f <<<'/tester/made/file'
		is_just find --type d <<<$'/tester/made/\n/tester/made/empty/'
		is_just find --type l <<<'/tester/made/link'
		is_just find --type d --depth 1 made <<<'/tester/made/empty/'
		is_just find made/empty <<<''
		is_just find --newer 2021-01-01 made <<<'/tester/made/file'
		is_just find --newer @1577836799 made --name 'l*' <<<'/tester/made/link'
		[ "$(client find --json | field type)" = $'folder\nfolder\nfile\nlink' ]
		[ "$(client tree --json | field type)" = $'folder\nfolder\nfile\nlink' ]
		LC_ALL=C is_just tree made <<-'END'
			made
			|-- empty/
			|-- file
			`-- link

			1 folder, 2 files
		END
		is_just du <<<$'0\t/tester/made/empty/\n9\t/tester/made/\n9\t/tester/'
		is_just list 'made/*' <<<$'made/empty/\nmade/file\nmade/link'
		is_just list 'm*/e*/' <<<'made/empty/'
		[ $down = yes ] || server_kill 2
	done
	# Patterns of the verbs of folders; what is to be made is none.
	client mkdir 'new*'
	is_just list 'new\*' <<<'new*/'
	run -4 client touch -c 'no*'
	client touch -d 2001-01-01Z 'made/*'
	[ "$(client stat --json 'made/*' | field modified | sort -u)" = 2001-01-01T00:00:00Z ]
	run -3 client chmod +x 'made/*'
	[ "$(client stat --json made/file | field executable)" = true ]
	client rmdir 'made/e*' 'n*/'
	is_just list -R <<<$'made/\nmade/file\nmade/link'
	client delete -r 'm*'
	is_just list <<<''
}

@test "4.1 list --shared-with-me lists what others share alone; df what may still be put" {
	plant
	user_add third
	client share notes/one.txt other
	client share --write photos/2025/a.jpg other
	client share notes/two.txt third
	client --user third put tree/empty --to deep/file
	client --user third share deep/file other
	client put tree/empty --to /shared/everybodys
	client --user other put tree/empty --to own
	for down in no yes; do
		is_just --user other list --shared-with-me \
			<<<$'/tester/notes/one.txt\n/tester/photos/2025/a.jpg\n/third/deep/file'
		is_just --user third list --shared-with-me <<<'/tester/notes/two.txt'
		is_just list --shared-with-me <<<''
		is_just --user admin list --shared-with-me <<<''
		[ "$(client --user other list --json --shared-with-me | field owner)" = $'tester\ntester\nthird' ]
		client --user other list -l --shared-with-me | grep '^ *4 .*/tester/notes/one.txt'
		[ $down = yes ] || server_kill 4
	done
	client unshare notes/one.txt other
	run -0 client --user other list --shared-with-me
	[[ $output != *one.txt* ]]
	run -2 client list --shared-with-me notes

	# What the quota leaves, or else what the servers have room for; not known of two alone.
	user_add fourth --quota 20K
	client --user fourth put tree/photos-of.txt
	df_says()
	{
		client --user "$1" df --json | field "$2" | tail -1
	}
	[ "$(df_says fourth available)" = "$((20480 - $(df_says fourth used)))" ]
	[ "$(df_says tester quota)" = None ]
	[ "$(df_says tester available)" -gt 1000000 ]
	client --user fourth df | grep -qx "available  $(df_says fourth available)"
	server_kill 1
	[ "$(df_says tester available)" = None ]
	run client df
	[[ $output != *available* ]]
	run -2 client df x
}

@test "4.1 odd names are escaped on a terminal, by every verb that prints them, and nowhere else" {
	local verb name=$'turned \u202e name'
	need_terminal
	echo text >text
	client put text --to "$name/$name"
	client put text --to text
	# on_terminal ARG...: what the client prints there
	on_terminal()
	{
		script -qefc "'$DFS_BIN/client/client' $* --no-progress" /dev/null </dev/null
	}
	for verb in find "find --print0" tree du "list 't*'" "find --name 'turned*'" "head 't*/*' text"; do
		on_terminal "$verb" >shown
		grep -qF 'turned \xe2\x80\xae name' shown
		run ! grep -q $'\u202e' shown
		eval "client $verb" | grep -qF "$name"
	done
	# Sizes are for people there.
	on_terminal du -s >shown
	grep -q '^10 bytes' shown
	[ "$(client du -s)" = $'10\t/tester/' ]
}
