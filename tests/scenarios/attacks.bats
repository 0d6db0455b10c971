# Acceptance 8.1 to 8.11: what users tried to do to each other (tests/attacks), and what became of it.
load helper

# A cluster for each: most attacks would leave something behind that the next one trips over.
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

@test "8.7 a value cannot claim space without content" {
	attack claimed_size
	client status
}
