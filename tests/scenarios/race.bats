# Acceptance 1.7: writers that meet on one name, and a reader beside them.
load helper

WRITERS=8
ROUNDS=${DFS_RACE_ROUNDS:-6}

setup()
{
	cluster_create
	servers_start
	mkdir "$T/contents" "$T/codes"
}

teardown()
{
	cluster_end
}

# Every content that may ever be seen is a file called by its digest.
new_content()
{
	local size=$((RANDOM % 3 == 0 ? 1100000 + RANDOM : RANDOM * 3))
	head -c $size /dev/urandom >"$T/contents/new.$1"
	mv "$T/contents/new.$1" "$T/contents/$(sha256sum <"$T/contents/new.$1" | cut -c-64)"
}

writer()
{
	local round file
	for round in $(seq $ROUNDS); do
		file=$T/lists/$1.$round
		code=0
		client put "$(cat "$file")" contested 2>>"$T/said" || code=$?
		# 11 is honest here: more than eight operations have passed since this one was proposed.
		[ $code = 0 ] || [ $code = 11 ] || echo "writer $1: $code" >>"$T/codes/failed"
	done
	touch "$T/codes/done.$1"
}

# The number of the version that stat shows, which only grows.
version_number()
{
	client stat --json contested | field file_version | cut -d- -f1
}

one_of_the_contents()
{
	local digest
	digest=$(sha256sum <"$1" | cut -c-64)
	[ -e "$T/contents/$digest" ] || {
		echo "a content that nobody put: $(stat -c %s "$1") bytes"
		return 1
	}
}

@test "1.7 eight writers under one name: every get is one of the contents, whole; versions never go back" {
	mkdir "$T/lists"
	for w in $(seq $WRITERS); do
		for round in $(seq $ROUNDS); do
			new_content $w
			ls -t "$T/contents"/* | head -1 >"$T/lists/$w.$round"
		done
	done
	client put "$(cat "$T/lists/1.1")" contested

	writers=()
	for w in $(seq $WRITERS); do
		writer $w 3>&- &
		writers+=($!)
	done
	last=0 reads=0
	until [ "$(ls "$T/codes" | grep -c done)" = $WRITERS ]; do
		client get -f contested "$T/got"
		one_of_the_contents "$T/got"
		number=$(version_number)
		[ "$number" -ge "$last" ]
		last=$number
		reads=$((reads + 1))
	done
	wait "${writers[@]}"
	[ ! -e "$T/codes/failed" ] || { cat "$T/codes/failed" "$T/said"; false; }
	[ $reads -gt 0 ]
	[ "$(version_number)" -ge "$last" ]

	# After the last put has returned, all readers agree, whoever is asked.
	client get -f contested "$T/final"
	one_of_the_contents "$T/final"
	for n in 1 2 3 4; do
		server_kill $n
		client get contested - | cmp "$T/final" -
		server_start $n
	done
}
