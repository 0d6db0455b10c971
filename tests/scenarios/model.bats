# The search behind doc/AGREEMENT.md, as far as it takes seconds; make model has the rest.
load helper

@test "the quick cases of the model come out as they say" {
	"$SOURCE/tests/model/run" --quick --jobs 2 "$DFS_TOOLS/model"
}

@test "a case that does not come out as it says is found" {
	cp "$SOURCE/tests/model/run" "$T"
	echo 'holds quick 5441 1.5 register ops=WR nb=3 q1=3' >"$T/cases"
	run -1 "$T/run" "$DFS_TOOLS/model"
	[[ $output == *"has 5440 states, and not 5441"* ]]
	echo 'holds quick 1 3.3 register ops=WC nb=4 q1=3 fin=0' >"$T/cases"
	run -1 "$T/run" "$DFS_TOOLS/model"
	[[ $output == *"fails, and not as expected: holds"* ]]
	echo 'holds quick 100 1.5 register ops=WR nb=3 q1=3 max=0.0001' >"$T/cases"
	run -1 "$T/run" "$DFS_TOOLS/model"
	[[ $output == *"was not searched to its end"* ]]
}
