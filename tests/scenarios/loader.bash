# Clients that store files while servers come and go, and what must be there afterwards.
#
#	a_moment [MS]	up to so long (250)
#	loader NAME	puts files below load/ until $T/stop is there
#	all_acknowledged_are_there

# The moment is what is random here, so this sleep is the test itself.
a_moment()
{
	sleep "0.$(printf %03d $((RANDOM % ${1:-250})))"
}

# Puts files until told to stop; notes what was acknowledged, and nothing else.
loader()
{
	local i=0 size
	until [ -e "$T/stop" ]; do
		i=$((i + 1))
		size=$((RANDOM % 8 == 0 ? 1300000 : RANDOM))
		head -c $size /dev/urandom >"$T/load.$1"
		if client put "$T/load.$1" "load/$1.$i" >/dev/null 2>&1; then
			echo "$1.$i $(sha256sum <"$T/load.$1" | cut -c-64)" >>"$T/acknowledged.$1"
		fi
	done
}

all_acknowledged_are_there()
{
	local name digest
	cat "$T"/acknowledged.* | while read -r name digest; do
		[ "$(client get "load/$name" - | sha256sum | cut -c-64)" = "$digest" ] || {
			echo "load/$name is not what was acknowledged"
			return 1
		}
	done
}
