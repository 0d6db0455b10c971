# For up and down: which servers of the source tree's cluster are running.

# The pid of server N if that very program is running, also when a newer one has been built in
# its place since; the file may be left from a kill.
server_pid()
{
	local pid exe
	pid=$(cat "dfs$1/pid" 2>/dev/null) || return 1
	exe=$(readlink "/proc/$pid/exe") || return 1
	[ "${exe% (deleted)}" = "$PWD/dfs$1/dfs$1" ] && echo "$pid"
}

# Does that process run another program than the one that lies there now?
server_is_old()
{
	[[ "$(readlink "/proc/$1/exe")" == *" (deleted)" ]]
}

# Ends a server cleanly and waits for it; 1 when it does not end.
server_end()
{
	kill -TERM "$1"
	for _ in $(seq 600); do
		[ -e "/proc/$1/exe" ] || return 0
		sleep 0.05
	done
	return 1
}
