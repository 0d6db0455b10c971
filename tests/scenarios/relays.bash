# Relays before the servers, which keep all that passes, between servers too (tools/relay.py).
#
#	relays_start		starts the servers behind them; what passed is in $T/relay, which exists

# Servers at ports of their own, which only the relays know; cluster.conf has those of the relays.
relays_start()
{
	local n pairs=()
	cp "$DFS_CONFIG" "$T/behind.conf"
	give_ports "$T/behind.conf"
	for n in 1 2 3 4; do
		pairs+=("$(server_port $n):$(DFS_CONFIG=$T/behind.conf server_port $n)")
	done
	background "$PYTHON" "$TOOLS/relay.py" "$T/relay" "${pairs[@]}"
	eventually 20 test -e "$T/relay/ready"
	for n in 1 2 3 4; do
		server_spawn $n --listen "127.0.0.1:${pairs[n - 1]#*:}"
	done
	for n in 1 2 3 4; do
		server_wait $n
	done
}
