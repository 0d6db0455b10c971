# The targets of tests/fuzz without an engine: each takes something of its corpus, and breaks at nothing.
load helper

@test "8.16 the corpus of every fuzz target is replayed" {
	local source target count=0
	while read -r source; do
		target=$(basename "$source" .c)
		"$DFS_TOOLS/fuzz/$target" "$SOURCE/tests/fuzz/corpus/$target" ||
			{ echo "$target breaks, or takes nothing of its corpus" && false; }
		count=$((count + 1))
	done < <(grep -l '^int LLVMFuzzerTestOneInput' "$SOURCE"/tests/fuzz/*.c)
	[ "$count" -ge 15 ]
}

@test "8.16 a corpus that is out of date, or not there, is found" {
	mkdir "$T/corpus"
	run -1 "$DFS_TOOLS/fuzz/seal" "$T/corpus"
	echo "this is not what a segment begins with" >"$T/corpus/old"
	run -1 "$DFS_TOOLS/fuzz/seal" "$T/corpus"
	[[ $output == "1 files, 0 inputs taken" ]]
	cp "$SOURCE/tests/fuzz/corpus/seal/all" "$T/corpus"
	"$DFS_TOOLS/fuzz/seal" "$T/corpus"
	run -1 "$DFS_TOOLS/fuzz/seal" "$T/not there"
}
