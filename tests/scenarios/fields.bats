# Acceptance 2.9: what servers store, field by field, is what doc/SECURITY.md says.
load helper

teardown()
{
	cluster_end
}

fields()
{
	"$PYTHON" "$TOOLS/fields.py" "$@"
}

@test "2.9 every byte of what is stored belongs to a field, and every field has a line in doc/SECURITY.md" {
	cluster_create
	servers_start
	random_file "$T/small" 5000
	random_file "$T/large" 3000000
	seq 200000 >"$T/text"
	client put "$T/small" "$T/large" "$T/text" --to files/
	client put "$T/small" --to /shared/small
	client put "$T/large" --to files/small
	client share files/text other --write
	client --user other put "$T/small" --to /tester/files/text
	client delete files/large
	# Something that was half done, and a server that was away.
	server_kill 3
	client put "$T/text" --to files/spare
	server_start 3
	servers_stop
	run fields "$SOURCE" "$SOURCE/doc/SECURITY.md" "$CLUSTER"/dfs?/data
	echo "$output"
	[ "$status" = 0 ]
	# Seals, units, files, tombstones, accounts and credentials were among it.
	for word in "1:" "3:" "'register of kind 1':" "'register of kind 2':" "'register of kind 4':" \
		"'register of kind 5':"; do
		[[ "${lines[-1]}" == *"$word"* ]]
	done
}

@test "2.9 a field that is added without a word about it is found" {
	mkdir -p "$T/tree/rpc" "$T/tree/server/store"
	cp "$SOURCE/rpc/dfs.x" "$T/tree/rpc"
	cp "$SOURCE/server/store/seal.h" "$T/tree/server/store"
	fields "$T/tree" "$SOURCE/doc/SECURITY.md"
	sed 's/^struct dfs_content {/&\n\topaque thumbnail<64>;/' "$SOURCE/rpc/dfs.x" >"$T/tree/rpc/dfs.x"
	run -1 fields "$T/tree" "$SOURCE/doc/SECURITY.md"
	[[ "$output" == *"without a word"*": dfs_content.thumbnail"* ]]
	# One that only something new leads to
	sed 's/^struct dfs_reader {/struct dfs_mood {\n\tuint32_t good;\n};\n&\n\tdfs_mood mood;/' \
		"$SOURCE/rpc/dfs.x" >"$T/tree/rpc/dfs.x"
	run -1 fields "$T/tree" "$SOURCE/doc/SECURITY.md"
	[[ "$output" == *": dfs_mood.good"* ]]
	[[ "$output" == *": dfs_reader.mood"* ]]
	cp "$SOURCE/rpc/dfs.x" "$T/tree/rpc"
	sed 's/^struct seal_entry {/&\n\tuint32_t color;/' "$SOURCE/server/store/seal.h" >"$T/tree/server/store/seal.h"
	run -1 fields "$T/tree" "$SOURCE/doc/SECURITY.md"
	[[ "$output" == *": seal_entry.color"* ]]
	cp "$SOURCE/server/store/seal.h" "$T/tree/server/store"
	# And a line that is missing, or about nothing
	grep -v '`dfs_content.row`' "$SOURCE/doc/SECURITY.md" >"$T/text"
	run -1 fields "$T/tree" "$T/text"
	[[ "$output" == *"without a word"*": dfs_content.row"* ]]
	sed 's/`dfs_content.row`/`dfs_content.column`/' "$SOURCE/doc/SECURITY.md" >"$T/text"
	run -1 fields "$T/tree" "$T/text"
	[[ "$output" == *"not stored: dfs_content.column"* ]]
}

@test "2.9 a byte that belongs to no field is found" {
	cluster_create
	mkdir -p "$T/copy/seg"
	segment=$(ls "$CLUSTER"/dfs1/data/seg/*.gdbm | tail -1)
	# The same segment with one record that is a byte longer than it says.
	gdbm_dump "$segment" "$T/dump" >/dev/null
	"$PYTHON" - "$T/dump" <<-'PY'
	import base64, re, sys
	text = open(sys.argv[1]).read()
	head, rest = text.split("# End of header\n")
	parts = re.split(r"^#:len=", rest.split("#:count=")[0], flags=re.M)[1:]
	value = base64.b64decode("".join(parts[1].split("\n")[1:])) + b"x"
	parts[1] = f"{len(value)}\n{base64.b64encode(value).decode()}\n"
	open(sys.argv[1], "w").write(head + "# End of header\n" + "".join("#:len=" + x for x in parts)
				     + "#:count=" + rest.split("#:count=")[1])
	PY
	gdbm_load -r "$T/dump" "$T/copy/seg/000000000000001-000000000000001.gdbm"
	run -1 fields "$SOURCE" "$SOURCE/doc/SECURITY.md" "$T/copy"
	[[ "$output" == *"bytes that belong to no field"* ]]
}
